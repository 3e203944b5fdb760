import GPUTensor

/// KL divergences between all policies of a run, estimated on each other's states.
///
/// `KL[i, j]` is the mean of `KL(pi_i || pi_j)` over as many states of i as of j. Policies of one run only are
/// compared.
public final class PairwiseDivergence {
    /// `[P, M]`, M being a run's members: row i, column j is `KL[i, j]`.
    public let divergences: Tensor
    private let network: ActorCritic
    private let members: Int, population: Int, states: Int
    private let queue: Queue
    private let workspace: MLPWorkspace
    private let observations: Tensor, own: Tensor, other: Tensor, rows: Tensor, sums: Tensor

    /// - Parameter states: B, how many states of each member are looked at.
    public init(_ network: ActorCritic, members: Int, population: Int, states: Int, on queue: Queue) throws {
        (self.network, self.members, self.population, self.states, self.queue) = (
            network, members, population, states, queue
        )
        workspace = try MLPWorkspace(network.policy, members: members, rows: states, backward: false, on: queue)
        observations = try queue.tensor(.float32, [members, states, network.policy.inputs], padded: true)
        own = try queue.tensor(.float32, [members, states, network.kind.count], padded: true)
        other = try queue.tensor(.float32, [members, states, network.kind.count], padded: true)
        rows = try queue.tensor(.float32, [members, states, rowPadding])
        sums = try queue.tensor(.float32, [members, population * rowPadding])
        divergences = try queue.tensor(.float32, [members, population])
    }

    /// Fills ``divergences`` from the newest rollout of `history`. Enqueues and returns.
    ///
    /// - Parameter normaliser: the statistics that each policy sees states with; nil for raw states.
    public func measure(_ parameters: Tensor, normaliser: ObservationNormaliser?, history: RolloutHistory) throws {
        let count = network.kind.count, isGaussian = network.logStd != nil
        let flat = [members * states, network.kind.count]
        for shift in 0..<population {
            try queue.launch(
                "gather_states", over: [states, members], history.observations, normaliser?.mean ?? observations,
                normaliser?.variance ?? observations, observations, members, population, shift, history.rows,
                history.newest, history.slots, states, network.policy.inputs, observations.pitch, normaliser != nil,
                ObservationNormaliser.epsilon, normaliser?.limit ?? 0)
            try workspace.forward(MatrixView(observations), parameters: parameters, on: queue)
            if isGaussian {
                if shift == 0 { try queue.copy(workspace.output, to: own) }
                try queue.launch(
                    "gaussian_divergence", over: [states, members], workspace.output, own, parameters, rows,
                    network.logStd ?? 0, parameters.pitch, members, population, shift, states, count, own.pitch)
            } else {
                let target = shift == 0 ? own : other
                try queue.launch(
                    "log_softmax_rows", over: [flat[0]], workspace.output, target, flat[0], flat[1], target.pitch)
                try queue.launch(
                    "categorical_divergence", over: [states, members], target, own, rows, members, population, shift,
                    states, count, own.pitch)
            }
            try queue.columnSum(
                MatrixView(sums, offset: shift * rowPadding, memberStride: sums.pitch, pitch: rowPadding),
                MatrixView(rows), members: members, rows: states, columns: rowPadding)
        }
        try queue.launch("mixed_divergence", over: [members], sums, divergences, members, population, states)
    }
}
