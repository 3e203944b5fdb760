import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ImitationLossTests {
    /// Values beside the closed form, gradients beside central differences of it, all in double precision.
    @Test(arguments: Backend.available, [(1, 1, 1), (2, 5, 3), (3, 7, 16), (2, 3, 17)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, batch: Int, actions: Int)) throws {
        let (members, batch, actions) = shape, queue = try backend.makeQueue(), rows = members * batch
        var rng = SeededGenerator(seed: 71)
        let mean = rng.uniform(rows * actions), expert = rng.uniform(rows * actions),
            logStd = rng.uniform(members * actions), expertLogStd = rng.uniform(rows * actions)
        // The students' log standard deviations lie behind another slot of their rows.
        let pitch = padded(actions), row = 16 + pitch
        var parameters = [Float](repeating: 0, count: members * row)
        for p in 0..<members {
            for c in 0..<16 { parameters[p * row + c] = 9 }
            for c in 0..<actions { parameters[p * row + 16 + c] = logStd[p * actions + c] }
        }
        func tensor(_ values: [Float], _ shape: [Int]) throws -> Tensor {
            try queue.tensor(values, shape, padded: true)
        }
        func empty() throws -> Tensor {
            let tensor = try queue.tensor(.float32, [members, batch, actions], padded: true)
            try tensor.withoutPadding.write([Float](repeating: .nan, count: tensor.paddedCount))
            return tensor
        }
        let meanGradient = try empty(), logStdGradient = try empty(),
            losses = try queue.tensor([Float](repeating: .nan, count: rows), [members, batch])
        try queue.gaussianImitationLoss(
            meanGradient: meanGradient, logStdGradient: logStdGradient, losses: losses,
            mean: tensor(mean, [members, batch, actions]),
            parameters: queue.tensor(parameters, [members, row]), logStd: 16,
            expertMean: tensor(expert, [members, batch, actions]),
            expertLogStd: tensor(expertLogStd, [members, batch, actions]))

        func term(_ r: Int, _ c: Int, _ m: Double, _ l: Double) -> Double {
            let me = Double(expert[r * actions + c]), le = Double(expertLogStd[r * actions + c])
            return le - l + (exp(2 * l) + (m - me) * (m - me)) / (2 * exp(2 * le)) - 0.5
        }
        var wantLosses: [Double] = [], wantMean: [Double] = [], wantLogStd: [Double] = []
        for r in 0..<rows {
            var loss = 0.0
            for c in 0..<pitch {
                guard c < actions else { wantMean.append(0); wantLogStd.append(0); continue }
                let m = Double(mean[r * actions + c]), l = Double(logStd[r / batch * actions + c]), h = 1e-5
                loss += term(r, c, m, l)
                wantMean.append((term(r, c, m + h, l) - term(r, c, m - h, l)) / (2 * h) / Double(batch))
                wantLogStd.append((term(r, c, m, l + h) - term(r, c, m, l - h)) / (2 * h) / Double(batch))
            }
            wantLosses.append(loss)
        }
        // Terms up to (e^2 + 4) e^2 / 2 + 3 = 45, gradients up to e^4 = 55, with some ten roundings each; differences
        // are right to 1e-8.
        expectClose(
            try losses.read(), wantLosses, absolute: 45 * Double(actions + 10) * 0x1p-24, "loss, \(backend) \(shape)")
        expectClose(
            try meanGradient.withoutPadding.read(), wantMean, absolute: (55 * 10 * 0x1p-24 + 1e-8) / Double(batch),
            "mean, \(backend) \(shape)")
        expectClose(
            try logStdGradient.withoutPadding.read(), wantLogStd, absolute: (55 * 10 * 0x1p-24 + 1e-8) / Double(batch),
            "log std, \(backend) \(shape)")
    }

    /// The same of categories: logits beside the log probabilities of an expert.
    @Test(arguments: Backend.available, [(1, 1, 1), (2, 5, 3), (3, 7, 16), (2, 3, 17)])
    func categoriesMatchDoubleReference(backend: Backend, shape: (members: Int, batch: Int, categories: Int)) throws {
        let (members, batch, categories) = shape, queue = try backend.makeQueue(), rows = members * batch
        var rng = SeededGenerator(seed: 72)
        func logSoftmax(_ x: [Double]) -> [Double] {
            let shift = log(x.map(exp).reduce(0, +)); return x.map { $0 - shift }
        }
        let logits = rng.uniform(rows * categories, in: -2..<2)
        let expert = (0..<rows).flatMap { _ in
            logSoftmax(rng.uniform(categories, in: -2..<2).map(Double.init)).map { Float($0) }
        }
        let dims = [members, batch, categories], gradient = try queue.tensor(.float32, dims, padded: true),
            losses = try queue.tensor([Float](repeating: .nan, count: rows), [members, batch])
        try gradient.withoutPadding.write([Float](repeating: .nan, count: gradient.paddedCount))
        try queue.categoricalImitationLoss(
            logitGradient: gradient, logProbabilities: queue.tensor(.float32, dims, padded: true), losses: losses,
            logits: queue.tensor(logits, dims, padded: true), expert: queue.tensor(expert, dims, padded: true))
        func loss(_ r: Int, _ x: [Double]) -> Double {
            zip(logSoftmax(x), 0..<categories).reduce(0) {
                $0 + exp($1.0) * ($1.0 - Double(expert[r * categories + $1.1]))
            }
        }
        var wantLosses: [Double] = [], want: [Double] = []
        for r in 0..<rows {
            let x = logits[r * categories..<(r + 1) * categories].map(Double.init), h = 1e-5
            wantLosses.append(loss(r, x))
            want += (0..<gradient.pitch).map { c in
                guard c < categories else { return 0 }
                var (up, down) = (x, x)
                (up[c], down[c]) = (x[c] + h, x[c] - h)
                return (loss(r, up) - loss(r, down)) / (2 * h) / Double(batch)
            }
        }
        // Log probabilities of size up to 7 with an error of a few of their ulps each, weighted by probabilities that
        // sum to 1; differences are right to 1e-9.
        expectClose(try losses.read(), wantLosses, absolute: 7 * 30 * 0x1p-24, "loss, \(backend) \(shape)")
        expectClose(
            try gradient.withoutPadding.read(), want, absolute: (7 * 60 * 0x1p-24 + 1e-8) / Double(batch),
            "gradient, \(backend) \(shape)")
    }
}
