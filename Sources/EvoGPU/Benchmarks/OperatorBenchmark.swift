import GPUTensor

/// The parts of PDERL at HalfCheetah's shapes, 17 observations and 6 actions, as in `benchmarks/peers/pderl_torch.py`
/// and `pderl_jax.py`: a DDPG update with its draw from the replay memory, four children that learn from 8,000
/// transitions each, nine mutants with 256 states each.
///
/// - Parameter only: one of their names; nil for all.
/// - Throws: ``RunError`` if there is no such name or a result is not finite; ``DeviceError`` from any launch.
public func benchmarkOperators(only: String? = nil, on queue: Queue, report: (Measurement) throws -> Void) throws {
    let names = ["ddpg_update", "distillation", "proximal_mutation"]
    guard only == nil || names.contains(only!) else {
        throw RunError("no operator is named \(only!); accepted: \(names.joined(separator: ", "))")
    }
    let bench = try OperatorBenchmark(on: queue)
    if only ?? names[0] == names[0] { try report(bench.update()) }
    for count in queue.device.isGPU ? [4, 1, 256] : [4, 1] where only ?? names[1] == names[1] {
        try report(bench.distillation(count))
    }
    for count in queue.device.isGPU ? [9, 1, 256] : [9, 1] where only ?? names[2] == names[2] {
        try report(bench.mutation(count))
    }
}

private struct OperatorBenchmark {
    let actor = Policy.erl(observations: 17, actions: 6), critic = CriticNetwork(observations: 17, actions: 6)
    let population = 10, capacity = 8000
    let queue: Queue, watch: Stopwatch, stream: Tensor
    /// Operations of a policy's and a critic's forward pass on 128 rows; those of a gradient of weights are as many.
    let policy = 2.0 * 128 * Double(17 * 128 + 128 * 128 + 128 * 6),
        value = 2.0 * 128 * Double(17 * 200 + 6 * 200 + 400 * 300 + 300)
    let firstLayer = 2.0 * 128 * 17 * 128  // whose input needs no gradient

    init(on queue: Queue) throws {
        (self.queue, watch) = (queue, Stopwatch(queue: queue))
        stream = try queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: 1), [1, 4])
    }

    func update() throws -> Measurement {
        let replay = try filled(owners: 1, rows: 100_000),
            batch = try TransitionBatch(members: 1, rows: 128, observations: 17, actions: 6, on: queue)
        let ddpg = try DDPG(actor, critic, members: 1, batch: 128, on: queue)
        try ddpg.start()
        for (network, layout) in zip(ddpg.networks, [actor.layout, critic.layout]) {
            try queue.copy(parameters(layout, 1), to: network.online)
            try queue.copy(network.online, to: network.target)
        }
        for (optimiser, rate) in zip(ddpg.optimisers, [5e-5, 5e-4] as [Float]) {
            try optimiser.rates.write([rate, rate])
            try optimiser.normLimits.write([10] as [Float])
            try optimiser.active.write([1] as [Int32])
        }
        try ddpg.gamma.write([0.99] as [Float])
        try ddpg.tau.write([0.001] as [Float])
        let owner = try queue.tensor([0] as [Int32]), steps = try queue.tensor([0] as [UInt32])
        // Forward passes: two of the policy, three of the critic; gradients of weights, of hidden layers, and of the
        // action.
        let work = 4 * policy - firstLayer + 4 * value + 2 * 128 * Double(400 * 300 + 300 + 200 * 300 + 300 + 6 * 200)
        var step: UInt32 = 0
        let result = try watch.measure(
            "ddpg_update", "17 x 6, 128-128 and 200-300, batch 128", work: work, unit: "GFLOP/s", scale: 1e-9, inner: 50
        ) {
            step += 1
            try replay.draw(batch.slots, of: owner, streams: stream, steps: steps, step: step, purpose: "BNCH")
            try replay.gather(batch, of: owner)
            try ddpg.update(
                states: MatrixView(batch.states), actions: MatrixView(batch.actions), rewards: batch.rewards,
                nextStates: MatrixView(batch.nextStates), done: batch.done)
        }
        try expectFinite(ddpg.actorParameters, result)
        return result
    }

    func distillation(_ count: Int) throws -> Measurement {
        let runs = (count + 4) / 5, all = runs * population, memory = try filled(owners: population, rows: capacity),
            table = try parameters(actor.layout, all), critics = try parameters(critic.layout, runs)
        let crossover = try DistillationCrossover(
            actor, critic, runs: runs, population: population, limit: count, capacity: capacity,
            owners: (0..<all).map { $0 % population },
            streams: Queue.streamWords(seeds: (0..<runs).map { UInt64($0) }, membersPerRun: population), on: queue)
        let children = (0..<count).map {
            GenerationPlan.Child(
                first: $0 / 5 * population + 8, second: $0 / 5 * population + 9, slot: $0 / 5 * population + $0 % 5)
        }
        // Both parents and the critic once over the memory, then 12 epochs of 62 batches.
        let work = Double(capacity) / 128 * 2 * (policy + value) + 12 * 62 * (3 * policy - firstLayer)
        var step: UInt32 = 0
        let result = try watch.measure(
            "distillation", "\(count) \(count == 1 ? "child" : "children") of 8,000 transitions, 12 epochs, batch 128",
            work: Double(count) * work, unit: "GFLOP/s", scale: 1e-9, seconds: 2
        ) {
            step += 1
            try crossover.distil(children, parameters: table, critics: critics, memory: memory, step: step)
        }
        try expectFinite(table, result)
        return result
    }

    func mutation(_ count: Int) throws -> Measurement {
        let all = max(population, count), memory = try filled(owners: population, rows: capacity),
            table = try parameters(actor.layout, all), start = try parameters(actor.layout, all)
        let mutation = try ProximalMutation(
            actor, population: all, limit: count, owners: (0..<all).map { $0 % population },
            streams: Queue.streamWords(seeds: [1], membersPerRun: all), on: queue)
        let work = Double(count) * 2 * (policy + 6 * (2 * policy - firstLayer))
        var step: UInt32 = 0
        let result = try watch.measure(
            "proximal_mutation", "\(count) \(count == 1 ? "mutant" : "mutants") of 256 states", work: work,
            unit: "GFLOP/s", scale: 1e-9
        ) {
            step += 1
            try queue.copy(start, to: table)  // lest the networks saturate
            try mutation.mutate(
                Array(0..<count), parameters: table, magnitudes: [Float](repeating: 0.1, count: all), memory: memory,
                step: step)
        }
        try expectFinite(table, result)
        return result
    }

    private func normals(_ count: Int) throws -> [Float] {
        let row = try queue.tensor(.float32, [1, count], padded: true)
        try queue.randomNormal(row, streams: stream, step: 1, purpose: "BNCH")
        return try row.read()
    }

    /// Full rings of normal numbers, of which none ends an episode.
    private func filled(owners: Int, rows: Int) throws -> TransitionMemory {
        let
            memory = try TransitionMemory(
                owners: owners, capacity: rows, observations: 17, actions: 6, inherits: false, on: queue),
            width = memory.width
        try memory.start()
        let values = try normals(owners * rows * width).enumerated().map {
            $0.offset % width == width - 1 ? 0 : 0.3 * $0.element
        }
        try memory.append(
            queue.tensor(values, [owners, rows, width]),
            lengths: queue.tensor([Int32](repeating: Int32(rows), count: owners)),
            order: queue.tensor((0..<Int32(owners)).map { $0 }, [owners, 1]))
        return memory
    }

    /// Parameters like those that PyTorch starts with: each layer's within 1 / sqrt(its inputs), here normal, and
    /// normalisation by ones and zeros.
    private func parameters(_ layout: ParameterLayout, _ members: Int) throws -> Tensor {
        var scales = layout.mask(), inputs = 1, offsets = [Float](repeating: 0, count: layout.rowCount)
        for slot in layout.slots {
            if slot.isWeight { inputs = slot.rows }
            let isNorm = slot.name.contains(".norm.")
            for i in slot.offset..<slot.offset + slot.rows * slot.pitch {
                offsets[i] = isNorm && slot.name.hasSuffix("weight") ? scales[i] : 0
                scales[i] *= isNorm ? 0 : 0.5 / Float(inputs).squareRoot()
            }
        }
        let values = try normals(members * layout.rowCount).enumerated().map {
            $0.element * scales[$0.offset % layout.rowCount] + offsets[$0.offset % layout.rowCount]
        }
        return try queue.tensor(values, [members, layout.rowCount])
    }

    private func expectFinite(_ rows: Tensor, _ result: Measurement) throws {
        guard try rows.read(as: Float.self).allSatisfy(\.isFinite) else {
            throw RunError("\(result.name) gave values that are not finite; the benchmark does not count")
        }
    }
}
