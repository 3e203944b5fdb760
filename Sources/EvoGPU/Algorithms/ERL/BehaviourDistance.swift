import GPUTensor

/// How differently the members of a run behave: `d(x, y)` is the mean squared gap between x's actions and those that y
/// took in y's states, and the other way round.
///
/// Bodnar et al. 2020 (arXiv:1906.09807), Parent selection mechanism, estimated as in the published code: on so many
/// rows drawn from the latest of each memory, anew for every pair. Where a memory holds less than is asked for, all of
/// it counts; the code then draws as many from the other.
public final class BehaviourDistance {
    private let actor: Policy, runs: Int, population: Int, states: Int, latest: Int
    private let rotatedOwners: [Tensor], rotatedStreams: [Tensor]
    private let batch: TransitionBatch, rowCounts: Tensor, steps: Tensor, gaps: Tensor
    private let pass: MLPWorkspace
    private let queue: Queue

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: M, members of each run.
    ///   - states: rows for each direction of a pair.
    ///   - latest: rows of a memory that they are drawn from.
    ///   - owners: `[runs M]`, which ring of the memory is each member's.
    ///   - streams: `[runs M, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    public init(
        _ actor: Policy, runs: Int, population: Int, states: Int = 256, latest: Int = 1000, owners: [Int],
        streams: [UInt32], on queue: Queue
    ) throws {
        let members = runs * population
        precondition(owners.count == members && streams.count == 4 * members && population > 1)
        (self.actor, self.runs, self.population, self.states, self.latest, self.queue) = (
            actor, runs, population, states, latest, queue
        )
        // The member of the same run that is `shift` places further on.
        func other(_ member: Int, _ shift: Int) -> Int {
            member / population * population + (member + shift) % population
        }
        rotatedOwners = try (1..<population).map { shift in
            try queue.tensor((0..<members).map { Int32(owners[other($0, shift)]) })
        }
        rotatedStreams = try (1..<population).map { shift in
            let words = (0..<members).flatMap { streams[4 * other($0, shift)..<4 * other($0, shift) + 4] }
            return try queue.tensor(words, [members, 4])
        }
        batch = try TransitionBatch(
            members: members, rows: states, observations: actor.mlp.inputs, actions: actor.mlp.outputs, on: queue)
        (rowCounts, steps) = try (queue.tensor(.int32, [members]), queue.tensor(.uint32, [members]))
        gaps = try queue.tensor(.float32, [members, population - 1])
        pass = try MLPWorkspace(actor.mlp, members: members, rows: states, backward: false, on: queue)
    }

    /// Enqueues what ``read()`` waits for.
    ///
    /// - Parameters:
    ///   - parameters: `[P, N]`.
    ///   - step: a number that no other measurement of the run has.
    public func measure(_ parameters: Tensor, memory: TransitionMemory, step: UInt32) throws {
        let members = runs * population
        for shift in 1..<population {
            let owners = rotatedOwners[shift - 1]
            try memory.draw(
                batch.slots, of: owners, latest: latest, streams: rotatedStreams[shift - 1], steps: steps,
                step: step &* UInt32(population) &+ UInt32(shift), purpose: "DISP")
            try memory.gather(batch, of: owners)
            try queue.launch(
                "held_rows", over: [members], owners, memory.counts, rowCounts, members, min(states, latest))
            try pass.forward(MatrixView(batch.states), parameters: parameters, on: queue)
            try queue.launch(
                "action_gaps", over: [members], pass.output, batch.actions, rowCounts, gaps, members, states,
                batch.actions.pitch, population - 1, shift - 1)
        }
    }

    /// The last measurement's `d`, `[runs][M][M]`, symmetric, 0 on the diagonal. Waits.
    public func read() throws -> [[[Double]]] {
        let gaps: [Float] = try gaps.read()
        return (0..<runs).map { run in
            var distances = Array(repeating: Array(repeating: 0.0, count: population), count: population)
            for member in 0..<population {
                for shift in 1..<population {
                    let to = (member + shift) % population,
                        gap = Double(gaps[(run * population + member) * (population - 1) + shift - 1])
                    distances[member][to] += gap
                    distances[to][member] += gap
                }
            }
            return distances
        }
    }
}
