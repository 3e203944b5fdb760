import Foundation
import GPUTensor
import Testing

@Suite struct ImitationLossTests {
    /// Values beside the closed form, gradients beside central differences of it, all in double precision.
    @Test(arguments: Backend.available, [(1, 1, 1), (2, 5, 3), (3, 7, 16), (2, 3, 17)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, batch: Int, actions: Int)) throws {
        let (members, batch, actions) = shape, queue = try backend.makeQueue(), rows = members * batch
        var rng = SeededGenerator(seed: 71)
        let mean = rng.uniform(rows * actions), parents = rng.uniform(2 * rows * actions), logStd = rng.uniform(members * actions), parentLogStd = rng.uniform(2 * members * actions)
        let picks = (0..<rows).map { _ in Int32.random(in: 0...1, using: &rng) }
        // The students' log standard deviations lie behind another slot of their rows.
        let pitch = padded(actions), row = 16 + pitch
        var parameters = [Float](repeating: 0, count: members * row)
        for p in 0..<members {
            for c in 0..<16 { parameters[p * row + c] = 9 }
            for c in 0..<actions { parameters[p * row + 16 + c] = logStd[p * actions + c] }
        }
        func tensor(_ values: [Float], _ shape: [Int]) throws -> Tensor { try queue.tensor(values, shape, padded: true) }
        func empty() throws -> Tensor {
            let tensor = try queue.tensor(.float32, [members, batch, actions], padded: true)
            try tensor.withoutPadding.write([Float](repeating: .nan, count: tensor.paddedCount))
            return tensor
        }
        let meanGradient = try empty(), logStdGradient = try empty(), losses = try queue.tensor([Float](repeating: .nan, count: rows), [members, batch])
        try queue.gaussianImitationLoss(meanGradient: meanGradient, logStdGradient: logStdGradient, losses: losses, mean: tensor(mean, [members, batch, actions]),
                                        parameters: queue.tensor(parameters, [members, row]), logStd: 16, parentMeans: tensor(parents, [2, members, batch, actions]),
                                        parentLogStd: tensor(parentLogStd, [2, members, actions]), picks: queue.tensor(picks, [members, batch]))

        func term(_ r: Int, _ c: Int, _ m: Double, _ l: Double) -> Double {
            let e = Int(picks[r]), me = Double(parents[(e * rows + r) * actions + c]), le = Double(parentLogStd[(e * members + r / batch) * actions + c])
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
        // Terms up to (e^2 + 4) e^2 / 2 + 3 = 45, gradients up to e^4 = 55, with some ten roundings each; differences are right to 1e-8.
        expectClose(try losses.read(), wantLosses, absolute: 45 * Double(actions + 10) * 0x1p-24, "loss, \(backend) \(shape)")
        expectClose(try meanGradient.withoutPadding.read(), wantMean, absolute: (55 * 10 * 0x1p-24 + 1e-8) / Double(batch), "mean, \(backend) \(shape)")
        expectClose(try logStdGradient.withoutPadding.read(), wantLogStd, absolute: (55 * 10 * 0x1p-24 + 1e-8) / Double(batch), "log std, \(backend) \(shape)")
    }
}
