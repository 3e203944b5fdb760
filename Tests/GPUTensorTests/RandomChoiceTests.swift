import GPUTensor
import Testing

@Suite struct RandomChoiceTests {
    @Test(arguments: Backend.available, [(1, 1), (3, 5), (17, 17), (40, 1000)]) func drawsWithoutReplacement(
        backend: Backend, sizes: (k: Int, n: Int)
    ) throws {
        let queue = try backend.makeQueue(), p = 3,
            streams = try queue.tensor(Queue.streamWords(seeds: [5], membersPerRun: p), [p, 4])
        let out = try queue.tensor(.int32, [p, sizes.k], padded: true),
            order = try queue.tensor(.int32, [p, sizes.n], padded: true)
        try queue.randomChoice(out, below: sizes.n, streams: streams, step: 4, purpose: "TEST")
        try queue.randomPermutation(order, streams: streams, step: 4, purpose: "TEST")
        let drawn: [Int32] = try out.read(), orders: [Int32] = try order.read()
        for member in 0..<p {
            let row = Array(drawn[member * sizes.k..<(member + 1) * sizes.k])
            #expect(
                Set(row).count == sizes.k && row.allSatisfy { (0..<Int32(sizes.n)).contains($0) },
                "\(backend) \(sizes): \(row)")
            #expect(row == Array(orders[member * sizes.n..<member * sizes.n + sizes.k]))
        }
        #expect(throws: ShapeMismatch.self) {
            try queue.randomChoice(out, below: sizes.k - 1, streams: streams, step: 4, purpose: "TEST")
        }
    }
}
