import EvoGPU
import GPUTensor
import Testing

@Suite struct DistillationTests {
    @Test(arguments: Backend.available, [(1, 1, 1), (2, 5, 3), (2, 16, 16), (3, 9, 17)])
    func teacherIsTheParentWithTheHigherValue(backend: Backend, shape: (members: Int, rows: Int, actions: Int)) throws {
        let (members, rows, actions) = shape, count = members * rows, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 51)
        let first = rng.uniform(count * actions), second = rng.uniform(count * actions), q = rng.uniform(count)
        // Every third row is a tie, which goes to the second parent.
        let other = q.enumerated().map {
            $0.offset % 3 == 0 ? $0.element : $0.element + ($0.offset % 3 == 1 ? 1e-6 : -1e-6)
        }
        let teacher = try queue.tensor(.float32, [members, rows, actions], padded: true)
        try teacher.withoutPadding.write([Float](repeating: .nan, count: teacher.paddedCount))
        func tensor(_ values: [Float], _ columns: Int) throws -> Tensor {
            try queue.tensor(values, [members, rows, columns], padded: true)
        }
        try queue.distillationTeacher(
            MatrixView(teacher), first: tensor(first, actions), second: tensor(second, actions), firstQ: tensor(q, 1),
            secondQ: tensor(other, 1),
            members: members, rows: rows)
        let want = (0..<count * actions).map { q[$0 / actions] > other[$0 / actions] ? first[$0] : second[$0] }
        #expect(try teacher.read() == want, "\(backend) \(shape)")
        #expect(try teacher.withoutPadding.read(as: Float.self).allSatisfy { !$0.isNaN }, "\(backend) \(shape)")
    }

    /// The teacher's rows lie in a longer tensor, from the second of three batches on. Of member p's rows the last p do
    /// not count.
    @Test(arguments: Backend.available, [(1, 1, 1), (2, 5, 3), (2, 16, 16), (3, 9, 17)])
    func lossMatchesDoubleReference(backend: Backend, shape: (members: Int, batch: Int, actions: Int)) throws {
        let (members, batch, actions) = shape, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 52)
        let mu = rng.uniform(members * batch * actions), teachers = rng.uniform(members * 3 * batch * actions)
        let actionTensor = try queue.tensor(mu, [members, batch, actions], padded: true),
            teacher = try queue.tensor(teachers, [members, 3 * batch, actions], padded: true)
        let gradient = try queue.tensor(.float32, [members, batch, actions], padded: true),
            losses = try queue.tensor([Float](repeating: .nan, count: members * batch), [members, batch])
        try gradient.withoutPadding.write([Float](repeating: .nan, count: gradient.paddedCount))
        try queue.distillationLoss(
            gradient: gradient, losses: losses, actions: actionTensor,
            teacher: MatrixView(
                teacher, offset: batch * teacher.pitch, memberStride: 3 * batch * teacher.pitch, pitch: teacher.pitch),
            rowCounts: members == 1 ? nil : queue.tensor((0..<Int32(members)).map { Int32(batch) - $0 }))
        var wantLosses: [Double] = [], want: [Double] = []
        for p in 0..<members {
            for b in 0..<batch {
                var loss = 0.0
                guard b < batch - p else {
                    wantLosses.append(0); want += [Double](repeating: 0, count: gradient.pitch); continue
                }
                let rows = Double(batch - p)
                for c in 0..<gradient.pitch {
                    guard c < actions else { want.append(0); continue }
                    let m = Double(mu[(p * batch + b) * actions + c]),
                        t = Double(teachers[((p * 3 + 1) * batch + b) * actions + c])
                    loss += (m - t) * (m - t) + m * m / (rows * Double(actions))
                    want.append((2 * (m - t) + 2 * m / (rows * Double(actions))) * (1 - m * m))
                }
                wantLosses.append(loss)
            }
        }
        // Terms below 4 and so many sums of them; a gradient below 6 after four roundings.
        expectClose(try losses.read(), wantLosses, absolute: 4 * Double(actions + 4) * 0x1p-23, "\(backend) \(shape)")
        expectClose(try gradient.withoutPadding.read(), want, absolute: 4 * 6 * 0x1p-24, "\(backend) \(shape)")
    }
}
