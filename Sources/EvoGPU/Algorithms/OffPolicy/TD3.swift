import GPUTensor

/// Twin delayed deterministic policy gradients: DDPG with two critics, of whose targets the smaller counts, noise on
/// the target's actions, and an actor that learns at every d-th update only, when the targets move too.
///
/// Fujimoto, van Hoof and Meger 2018 (arXiv:1802.09477), Algorithm 1.
public final class TD3: OffPolicyLearner {
    public let actor: Policy, critic: CriticNetwork
    public let members: Int, batch: Int
    public let actorParameters: Tensor, targetActorParameters: Tensor
    /// Both critics and their targets, `[P, N]` each; the actor follows the first.
    public let critics: [Tensor], targetCritics: [Tensor]
    public let actorOptimiser: Optimiser, criticOptimisers: [Optimiser]
    public let gamma: Tensor, tau: Tensor, criticLosses: Tensor
    /// d; and deviation and limit of the noise on target actions.
    public let delay: Int, noise: Float, noiseLimit: Float
    public var criticParameters: Tensor { critics[0] }
    public var optimisers: [Optimiser] { [actorOptimiser] + criticOptimisers }
    private let policyGradient: DeterministicPolicyGradient
    private let targetActor: MLPWorkspace, onlineCritic: CriticWorkspace, targetWorkspaces: [CriticWorkspace]
    private let criticGradients: Tensor, dueTau: Tensor
    private let streams: Tensor
    private let queue: Queue

    /// Makes the memory; parameters, rates, limits, ``gamma`` and ``tau`` start at zero, and the critics' optimisers'
    /// `active` too; the actor's is written by every update that is some member's d-th.
    ///
    /// - Parameter streams: uint32 `[P, 4]`, for the noise on target actions.
    public init(
        _ actor: Policy, _ critic: CriticNetwork, members: Int, batch: Int, delay: Int, noise: Float,
        noiseLimit: Float, streams: Tensor, on queue: Queue
    ) throws {
        precondition(delay >= 1)
        (
            self.actor, self.critic, self.members, self.batch, self.delay, self.noise, self.noiseLimit, self.streams,
            self.queue
        ) = (actor, critic, members, batch, delay, noise, noiseLimit, streams, queue)
        func rows(_ layout: ParameterLayout) throws -> Tensor { try queue.tensor(.float32, [members, layout.rowCount]) }
        (actorParameters, targetActorParameters, criticGradients) = try (
            rows(actor.layout), rows(actor.layout), rows(critic.layout)
        )
        critics = try (0..<2).map { _ in try rows(critic.layout) }
        targetCritics = try (0..<2).map { _ in try rows(critic.layout) }
        actorOptimiser = try Optimiser(.adam(), members: members, parameters: actor.layout.rowCount, on: queue)
        criticOptimisers = try (0..<2).map { _ in
            try Optimiser(.adam(), members: members, parameters: critic.layout.rowCount, on: queue)
        }
        policyGradient = try DeterministicPolicyGradient(actor, members: members, batch: batch, on: queue)
        targetActor = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: false, on: queue)
        onlineCritic = try CriticWorkspace(critic, members: members, rows: batch, backward: true, on: queue)
        targetWorkspaces = try (0..<2).map { _ in
            try CriticWorkspace(critic, members: members, rows: batch, backward: false, on: queue)
        }
        gamma = try queue.tensor(.float32, [members])
        tau = try queue.tensor(.float32, [members])
        dueTau = try queue.tensor(.float32, [members])
        criticLosses = try queue.tensor(.float32, [members, batch])
    }

    public func start() throws { try policyGradient.start() }

    public func update(_ batch: TransitionBatch, number: Int, before: [Int], steps: Tensor, members count: Int) throws {
        let states = MatrixView(batch.states), nextStates = MatrixView(batch.nextStates), rows = count * self.batch
        try targetActor.forward(nextStates, parameters: targetActorParameters, members: count, on: queue)
        let next = targetActor.output, elements = self.batch * next.pitch
        try queue.launch(
            "smooth_target_actions", over: [(elements + 4 * queue.lanes - 1) / (4 * queue.lanes), count], streams,
            steps, next, count, elements, next.shape[2], next.pitch,
            noise, noiseLimit, UInt32(truncatingIfNeeded: number), RandomPurpose("TD3N").rawValue)
        for (workspace, parameters) in zip(targetWorkspaces, targetCritics) {
            try workspace.forward(
                state: nextStates, action: MatrixView(next), parameters: parameters, members: count, on: queue)
        }
        try queue.launch(
            "twin_minimum", over: [rows], targetWorkspaces[0].output, targetWorkspaces[1].output, rows)
        for (parameters, optimiser) in zip(critics, criticOptimisers) {
            try onlineCritic.forward(
                state: states, action: MatrixView(batch.actions), parameters: parameters, members: count, on: queue)
            try queue.temporalDifference(
                gradient: onlineCritic.outputGradient.first(count), losses: criticLosses.first(count),
                q: onlineCritic.output.first(count),
                nextQ: targetWorkspaces[0].output.first(count), rewards: batch.rewards.first(count),
                done: batch.done.first(count), gamma: gamma.first(count))
            try onlineCritic.backward(
                state: states, action: MatrixView(batch.actions), parameters: parameters,
                parameterGradients: criticGradients, members: count, on: queue)
            try optimiser.step(
                parameters.first(count), gradients: criticGradients.first(count), members: count, on: queue)
        }
        // Members have learned unequally often: of those that are not due neither actor nor targets move.
        guard before.prefix(count).contains(where: { ($0 + number + 1).isMultiple(of: delay) }) else { return }
        try queue.launch(
            "delay_actors", over: [count], steps, tau, actorOptimiser.active, dueTau, count,
            UInt32(truncatingIfNeeded: number), UInt32(delay))
        try policyGradient.step(
            states, actorParameters: actorParameters, optimiser: actorOptimiser, critic: onlineCritic,
            criticParameters: critics[0], members: count, on: queue)
        for network in networks {
            try queue.polyakUpdate(
                network.target.first(count), towards: network.online.first(count), tau: dueTau.first(count))
        }
    }

    public var networks: [(name: String, online: Tensor, target: Tensor)] {
        [
            ("actor", actorParameters, targetActorParameters), ("critic", critics[0], targetCritics[0]),
            ("second_critic", critics[1], targetCritics[1])
        ]
    }
}
