import EvoGPU
import GPUTensor
import Testing

@Suite struct TransitionMemoryTests {
    /// Rings kept as plain arrays, oldest first.
    struct Oracle {
        var rows: [[[Float]]], capacity: Int
        mutating func append(_ owner: Int, _ new: [[Float]]) {
            rows[owner] = Array((rows[owner] + new).suffix(capacity))
        }
    }

    static let n = 3, a = 2, width = 10, capacity = 37

    private func memory(owners: Int, on queue: Queue) throws -> TransitionMemory {
        let memory = try TransitionMemory(
            owners: owners, capacity: Self.capacity, observations: Self.n, actions: Self.a, inherits: true, on: queue)
        try memory.start()
        return memory
    }

    /// Every ring's rows from the oldest on, read from the device.
    private func contents(_ memory: TransitionMemory) throws -> [[[Float]]] {
        let all: [Float] = try memory.rows.read(), blocks: [Int32] = try memory.blocks.read(),
            heads: [Int32] = try memory.heads.read(), counts: [Int32] = try memory.counts.read()
        return (0..<memory.owners).map { owner in
            (0..<Int(counts[owner])).map { age in
                let slot = (Int(heads[owner]) - Int(counts[owner]) + age + memory.capacity) % memory.capacity
                let at = (Int(blocks[owner]) * memory.capacity + slot) * memory.width
                return Array(all[at..<at + memory.width])
            }
        }
    }

    // Episodes of different lengths, one longer than the ring, in an order that isn't theirs; four rounds, so that
    // heads wrap.
    @Test(arguments: Backend.available) func appendsAndInheritsAsWritten(backend: Backend) throws {
        let queue = try backend.makeQueue(), owners = 4, memory = try memory(owners: owners, on: queue), steps = 50,
            slots = 6
        var oracle = Oracle(rows: Array(repeating: [], count: owners), capacity: Self.capacity),
            rng = SeededGenerator(seed: 3)
        let streams = try queue.tensor(Queue.streamWords(seeds: [9], membersPerRun: owners), [owners, 4])
        for round in 0..<4 {
            let lengths = [7, 50, 0, 12, 1, 25].map { ($0 + 3 * round) % 51 },
                values = rng.uniform(slots * steps * Self.width)
            // owner 3 is given nothing before it inherits
            let order: [[Int]] = [[0, 3, -1], [1, 4, 5], [2, -1, 0], [-1, -1, -1]]
            try memory.append(
                queue.tensor(values, [slots, steps, Self.width]), lengths: queue.tensor(lengths.map(Int32.init)),
                order: queue.tensor(order.flatMap { $0.map(Int32.init) }, [owners, 3]))
            func row(_ slot: Int, _ t: Int) -> [Float] {
                let at = (slot * steps + t) * Self.width; return Array(values[at..<at + Self.width])
            }
            for (owner, list) in order.enumerated() {
                for slot in list where slot >= 0 { oracle.append(owner, (0..<lengths[slot]).map { row(slot, $0) }) }
            }
            #expect(try contents(memory) == oracle.rows, "\(backend), round \(round)")

            // Targets and sources overlap: 0 and 1 change places in part, 3 takes the whole of 1, as it was before.
            let before = oracle.rows, half = Self.capacity / 2
            try memory.inherit(
                [
                    Inheritance(0, first: 1, second: 2, limit: half, isShuffled: false), Inheritance(3, from: 1),
                    Inheritance(1, first: 0, second: 0, limit: half, isShuffled: false)
                ],
                streams: streams, step: UInt32(round), purpose: "TEST")
            oracle.rows[0] = Array(before[1].suffix(half) + before[2].suffix(half))
            oracle.rows[3] = before[1]
            oracle.rows[1] = Array(before[0].suffix(half) + before[0].suffix(half))
            #expect(try contents(memory) == oracle.rows, "\(backend), round \(round), inherited")
        }
        // Shuffled: the same rows in another order, and the ring goes on after them.
        try memory.inherit(
            [Inheritance(2, first: 3, second: 1, limit: 11, isShuffled: true)], streams: streams, step: 9,
            purpose: "TEST")
        let mixed = try contents(memory)[2], plain = oracle.rows[3].suffix(11) + oracle.rows[1].suffix(11)
        #expect(
            mixed != Array(plain)
                && mixed.sorted { $0.lexicographicallyPrecedes($1) }
                    == plain.sorted { $0.lexicographicallyPrecedes($1) }
        )
    }

    @Test(arguments: Backend.available) func drawsWhatItGathers(backend: Backend) throws {
        let queue = try backend.makeQueue(), memory = try memory(owners: 3, on: queue), steps = 60
        var rng = SeededGenerator(seed: 5)
        let values = rng.uniform(2 * steps * Self.width)
        try memory.append(
            queue.tensor(values, [2, steps, Self.width]), lengths: queue.tensor([60, 5] as [Int32]),
            order: queue.tensor([0, 1, -1] as [Int32], [3, 1]))
        let rings = try contents(memory),
            batch = try TransitionBatch(members: 4, rows: 19, observations: Self.n, actions: Self.a, on: queue)
        let owners = [0, 1, 2, 0], streams = try queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: 4), [4, 4]),
            members = try queue.tensor(owners.map(Int32.init))
        try memory.draw(
            batch.slots, of: members, streams: streams, steps: queue.tensor([0, 0, 0, 8] as [UInt32]), step: 2,
            purpose: "TEST")
        try memory.gather(batch, of: members)
        let states: [Float] = try batch.states.read(), actions: [Float] = try batch.actions.read(),
            next: [Float] = try batch.nextStates.read()
        let rewards: [Float] = try batch.rewards.read(), done: [Float] = try batch.done.read(),
            slots: [Int32] = try batch.slots.read()
        for member in 0..<4 {
            let drawn = (0..<19).map { b -> [Float] in
                let at = member * 19 + b
                return Array(states[at * Self.n..<(at + 1) * Self.n]) + actions[at * Self.a..<(at + 1) * Self.a]
                    + next[at * Self.n..<(at + 1) * Self.n] + [rewards[at], done[at]]
            }
            let held = min(19, rings[owners[member]].count)
            #expect(
                drawn[..<held].allSatisfy { rings[owners[member]].contains($0) } && Set(drawn[..<held]).count == held,
                "\(backend), member \(member)")
            #expect(
                drawn[held...].allSatisfy { $0.allSatisfy { $0 == 0 } }
                    && slots[member * 19 + held..<(member + 1) * 19].allSatisfy { $0 == -1 })
        }
        #expect(slots[0..<19] != slots[57..<76], "the offset of the step is not used")

        // Only the latest ones: of owner 0 the last 20.
        try memory.draw(
            batch.slots, of: members, latest: 20, streams: streams, steps: queue.tensor([0, 0, 0, 8] as [UInt32]),
            step: 2, purpose: "TEST")
        try memory.gather(batch, of: members)
        let late: [Float] = try batch.rewards.read()
        #expect(late[0..<19].allSatisfy { reward in rings[0].suffix(20).contains { $0[8] == reward } })
    }

    // 20,000 batches of 5 from 11 rows: each row is in 5/11 of them, each pair in 2/11. A count of N batches has
    // deviation sqrt(N q (1 - q)); the largest of 11 + 55 stays within 4.5 of them with probability above 0.999.
    @Test func drawsUniformly() throws {
        let queue = try Queue(Device.named("cpu")), memory = try memory(owners: 1, on: queue), m = 1000, rounds = 20,
            rows = 11, wanted = 5
        try memory.append(
            queue.tensor(Array(repeating: Float(1), count: rows * Self.width), [1, rows, Self.width]),
            lengths: queue.tensor([Int32(rows)]), order: queue.tensor([0] as [Int32], [1, 1]))
        let slots = try queue.tensor(.int32, [m, wanted], padded: true),
            members = try queue.tensor([Int32](repeating: 0, count: m)), steps = try queue.tensor(.uint32, [m])
        let streams = try queue.tensor(Queue.streamWords(seeds: [2], membersPerRun: m), [m, 4])
        var single = [Int](repeating: 0, count: rows), pairs = [Int](repeating: 0, count: rows * rows)
        for round in 0..<rounds {
            try memory.draw(slots, of: members, streams: streams, steps: steps, step: UInt32(round), purpose: "TEST")
            let all: [Int32] = try slots.read()
            for member in 0..<m {
                let drawn = all[member * wanted..<(member + 1) * wanted].map(Int.init)
                for (i, x) in drawn.enumerated() {
                    single[x] += 1; for y in drawn[(i + 1)...] { pairs[min(x, y) * rows + max(x, y)] += 1 }
                }
            }
        }
        let count = Double(m * rounds)
        func within(_ got: Int, _ q: Double) -> Bool {
            abs(Double(got) - count * q) < 4.5 * (count * q * (1 - q)).squareRoot()
        }
        #expect(single.allSatisfy { within($0, 5.0 / 11) }, "\(single)")
        for x in 0..<rows {
            for y in x + 1..<rows {
                #expect(within(pairs[x * rows + y], 2.0 / 11), "\(x), \(y): \(pairs[x * rows + y])")
            }
        }
    }
}
