import GPUTensor

/// PDERL's mutation: normal noise on the parameters, divided by how strongly the actions depend on each, over states
/// that the member has seen.
///
/// Bodnar et al. 2020 (arXiv:1906.09807), Algorithm 2 and equation 1, after SM-G-SUM of Lehman et al. 2018
/// (arXiv:1712.06563). All members are mutated together: a forward pass over their states and a backward pass for each
/// action dimension.
public final class ProximalMutation {
    /// Which parameters move.
    public enum Scope: String, Choice {
        /// Weight matrices only, as in the published code.
        case matrices
        /// Biases and normalisation too, as in the paper.
        case all
    }
    public let states: Int
    private let actor: Policy, scope: Scope
    private let mutants: MemberRows, owners: [Int]
    private let batch: TransitionBatch, memoryMembers: Tensor, rowCounts: Tensor, steps: Tensor
    private let pass: MLPWorkspace
    private let parameters: Tensor, gradients: Tensor, squares: Tensor, noise: Tensor, divisor: Tensor,
        magnitudes: Tensor, mask: Tensor
    private let queue: Queue

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: P, members of all runs.
    ///   - limit: C, how many are mutated at once, at most.
    ///   - states: N_M, of a member's memory.
    ///   - owners: `[P]`, which ring of the memory is each member's.
    ///   - streams: `[P, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    public init(
        _ actor: Policy, population: Int, limit: Int, states: Int = 256, scope: Scope = .matrices, owners: [Int],
        streams: [UInt32], on queue: Queue
    ) throws {
        guard states >= 1 else { throw RunError("mutation batch: \(states) states; at least 1 is accepted") }
        precondition(owners.count == population)
        // A processor takes as many members at a time as it has cores: what six backward passes of a member need then
        // stays in a core's cache.
        let limit = queue.device.isGPU ? limit : min(limit, queue.device.computeUnits)
        (self.actor, self.states, self.scope, self.owners, self.queue) = (actor, states, scope, owners, queue)
        mutants = try MemberRows(population: population, limit: limit, streams: streams, on: queue)
        let n = actor.mlp.inputs, count = actor.mlp.outputs, shape = [limit, actor.layout.rowCount]
        batch = try TransitionBatch(members: limit, rows: states, observations: n, actions: count, on: queue)
        memoryMembers = try queue.tensor(.int32, [limit])
        rowCounts = try queue.tensor(.int32, [limit])
        steps = try queue.tensor(.uint32, [limit])
        pass = try MLPWorkspace(actor.mlp, members: limit, rows: states, backward: true, on: queue)
        (parameters, gradients, squares) = try (
            queue.tensor(.float32, shape), queue.tensor(.float32, shape), queue.tensor(.float32, shape)
        )
        (noise, divisor) = try (queue.tensor(.float32, shape), queue.tensor(.float32, shape))
        magnitudes = try queue.tensor(.float32, [limit])
        var movable = [Float](repeating: 0, count: actor.layout.rowCount)
        for slot in actor.layout.slots where scope == .all || slot.isWeight {
            for row in 0..<slot.rows {
                for column in 0..<slot.columns { movable[slot.offset + row * slot.pitch + column] = 1 }
            }
        }
        mask = try queue.tensor(movable)
    }

    /// Mutates members in place. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - members: by their numbers in the whole population, none twice.
    ///   - parameters: `[P, N]`.
    ///   - magnitudes: sigma, `[P]`, dimensionless.
    ///   - memory: what each has seen; a member whose ring is empty stays as it is but for noise without divisor.
    ///   - step: a number that no other mutation of the run has.
    public func mutate(
        _ members: [Int], parameters all: Tensor, magnitudes sigma: [Float], memory: TransitionMemory, step: UInt32
    ) throws {
        try all.expectShape([mutants.population, actor.layout.rowCount], "parameters")
        precondition(sigma.count == mutants.population)
        for start in stride(from: 0, to: members.count, by: mutants.limit) {
            try mutants.choose(Array(members[start..<min(start + mutants.limit, members.count)]))
            try magnitudes.write(padded(mutants.list.map { sigma[$0] }, with: 0, to: mutants.limit))
            try memoryMembers.write(padded(mutants.list.map { Int32(owners[$0]) }, with: 0, to: mutants.limit))
            try mutateChosen(all, memory, step)
        }
    }

    private func mutateChosen(_ all: Tensor, _ memory: TransitionMemory, _ step: UInt32) throws {
        let count = mutants.count, owners = memoryMembers.first(count), batch = batch.first(count),
            rowCounts = rowCounts.first(count)
        try mutants.take(parameters, from: all)
        try memory.draw(
            batch.slots, of: owners, streams: mutants.streams, steps: steps.first(count), step: step, purpose: "PMST")
        try memory.gather(batch, of: owners)
        try queue.launch("held_rows", over: [count], owners, memory.counts, rowCounts, count, states)

        let mine = parameters.first(count), slopes = gradients.first(count), sums = squares.first(count),
            x = MatrixView(batch.states)
        try pass.forward(x, parameters: mine, members: count, on: queue)
        try queue.zero(squares)
        for column in 0..<actor.mlp.outputs {
            try queue.outputColumnGradient(
                pass.outputGradient.first(count), column: column, output: pass.output.first(count), activation: .tanh,
                rowCounts: rowCounts)
            try pass.backward(
                x, parameters: mine, parameterGradients: slopes, members: count, isRepeated: column > 0,
                normGradients: scope == .all, on: queue)
            try queue.addGradientSquares(to: sums, slopes)
        }
        try queue.randomNormal(noise.first(count), streams: mutants.streams, step: step, purpose: "PMUT")
        try queue.mutateProximally(
            mine, noise: noise.first(count), magnitude: magnitudes.first(count), squares: sums, mask: mask,
            divisor: divisor.first(count))
        try mutants.put(parameters, into: all)
    }
}
