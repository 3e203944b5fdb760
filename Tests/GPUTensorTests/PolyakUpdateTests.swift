import GPUTensor
import Testing

@Suite struct PolyakUpdateTests {
    /// Members and parameters: one vector, an odd number of vectors, a work-group of 256 and one vector past it.
    @Test(arguments: Backend.available, [(1, 16), (3, 48), (10, 256), (10, 272)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, parameters: Int)) throws {
        var rng = SeededGenerator(seed: 7)
        let (members, parameters) = shape, count = members * parameters
        // in [-1, 1); the first stays
        let online = rng.uniform(count), before = rng.uniform(count), tau = [0] + rng.uniform(members - 1, in: 0..<1)
        let queue = try backend.makeQueue(), target = try queue.tensor(before, [members, parameters])
        try queue.polyakUpdate(target, towards: queue.tensor(online, [members, parameters]), tau: queue.tensor(tau))
        let got: [Float] = try target.read()
        let want = before.indices.map { i in
            let t = Double(tau[i / parameters])
            return t * Double(online[i]) + (1 - t) * Double(before[i])
        }
        // A difference below 2 is rounded by at most 2^-24 and the sum, below 1, by at most 2^-25: 1.5 * 2^-24; one ulp
        // of 1 is 2^-23.
        expectClose(got, want, absolute: Double(Float.ulpOfOne), "\(backend) \(shape)")
        #expect(Array(got[..<parameters]) == Array(before[..<parameters]), "tau 0 moved something")
    }

    @Test(arguments: Backend.available) func wrongShapesAreRefused(backend: Backend) throws {
        let queue = try backend.makeQueue(), rows = try queue.tensor(.float32, [2, 32]),
            tau = try queue.tensor(.float32, [2])
        #expect(throws: ShapeMismatch.self) {
            try queue.polyakUpdate(queue.tensor(.float32, [2, 16]), towards: rows, tau: tau)
        }
        #expect(throws: ShapeMismatch.self) {
            try queue.polyakUpdate(rows, towards: rows, tau: queue.tensor(.float32, [3]))
        }
        #expect(throws: ShapeMismatch.self) {
            try queue.polyakUpdate(queue.tensor(.float32, [2, 17]), towards: queue.tensor(.float32, [2, 17]), tau: tau)
        }
    }
}
