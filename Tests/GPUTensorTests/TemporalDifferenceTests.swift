import GPUTensor
import Testing

@Suite struct TemporalDifferenceTests {
    /// One element, odd, a work-group of 256, one past it.
    @Test(arguments: Backend.available, [(1, 1), (3, 7), (2, 256), (2, 257)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, batch: Int)) throws {
        let (members, batch) = shape, count = members * batch, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 41)
        let q = rng.uniform(count), next = rng.uniform(count), reward = rng.uniform(count),
            gamma = rng.uniform(members, in: 0.9..<1)
        let done = rng.uniform(count).map { $0 > 0.5 ? Float(1) : 0 }
        func value(_ values: [Float]) throws -> Tensor { try queue.tensor(values, [members, batch, 1], padded: true) }
        let gradient = try value(Array(repeating: .nan, count: count)),
            losses = try queue.tensor([Float](repeating: .nan, count: count), [members, batch])
        try gradient.withoutPadding.write([Float](repeating: .nan, count: gradient.paddedCount))
        try queue.temporalDifference(
            gradient: gradient, losses: losses, q: value(q), nextQ: value(next),
            rewards: queue.tensor(reward, [members, batch]),
            done: queue.tensor(done, [members, batch]), gamma: queue.tensor(gamma))
        let error = (0..<count).map { i -> Double in
            let target = Double(reward[i]) + Double(gamma[i / batch]) * (1 - Double(done[i])) * Double(next[i])
            return Double(q[i]) - target
        }
        // Errors below 3 after two roundings of values below 4: 2^-22 in all; doubled by the gradient, six times by the
        // square.
        expectClose(try losses.read(), error.map { $0 * $0 }, absolute: 8 * 0x1p-22, "\(backend) \(shape)")
        let want = (0..<count * rowPadding).map { i -> Double in
            i % rowPadding == 0 ? 2 * error[i / rowPadding] / Double(batch) : 0
        }
        expectClose(
            try gradient.withoutPadding.read(), want, absolute: 4 * 0x1p-22 / Double(batch), "\(backend) \(shape)")
    }
}
