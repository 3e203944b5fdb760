import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct GateLossTests {
    /// Values and slopes in double precision; far apart logits, where a naive softmax overflows, too.
    @Test(arguments: Backend.available, [(1, 1), (3, 7), (2, 257)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, batch: Int)) throws {
        let (members, batch) = shape, rows = members * batch, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 73)
        let scale: Float = 3
        var logits = rng.uniform(2 * rows).map { scale * $0 }
        if rows > 2 { (logits[0], logits[1], logits[2], logits[3]) = (80, -80, -300, 300) }
        let labels = (0..<rows).map { _ in Int32.random(in: 0...1, using: &rng) }
        let gradient = try queue.tensor(.float32, [members, batch, 2], padded: true),
            statistics = try queue.tensor(
                [Float](repeating: .nan, count: rows * rowPadding), [members, batch, rowPadding])
        try gradient.withoutPadding.write([Float](repeating: .nan, count: gradient.paddedCount))
        try queue.gateLoss(
            gradient: gradient, statistics: statistics, logits: queue.tensor(logits, [members, batch, 2], padded: true),
            labels: queue.tensor(labels, [members, batch]))

        var wantGradient: [Double] = [], wantStatistics: [Double] = []
        for r in 0..<rows {
            let d = Double(logits[2 * r + 1] - logits[2 * r]), z = labels[r] == 1 ? -d : d, p1 = 1 / (1 + exp(-d))
            let slope = (p1 - Double(labels[r])) / Double(batch)
            wantGradient += [-slope, slope] + [Double](repeating: 0, count: rowPadding - 2)
            wantStatistics +=
                [max(z, 0) + log1p(exp(-abs(z))), (d > 0) == (labels[r] == 1) ? 1 : 0]
                + [Double](repeating: 0, count: rowPadding - 2)
        }
        // A sigmoid and a softplus within two ulps each, of arguments that are exact.
        expectClose(
            try statistics.read(), wantStatistics, absolute: 4 * 0x1p-24, relative: 4 * 0x1p-24, "\(backend) \(shape)")
        expectClose(
            try gradient.withoutPadding.read(), wantGradient, absolute: 4 * 0x1p-24 / Double(batch),
            relative: 4 * 0x1p-24, "\(backend) \(shape)")
    }
}
