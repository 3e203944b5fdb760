import GPUTensor

/// One or more deterministic actor-critics that learn from batches, each with its target networks.
///
/// Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1, in the order of the published ERL and PDERL code: the critic
/// steps, then the actor through the updated critic, then both targets. Both gradients are clipped by their norm (the
/// code's, not the paper's).
public final class DDPG: OffPolicyLearner {
    public let actor: Policy, critic: CriticNetwork
    /// P, and rows B of a batch.
    public let members: Int, batch: Int
    /// Parameter rows `[P, N]`.
    public let actorParameters: Tensor, criticParameters: Tensor, targetActorParameters: Tensor,
        targetCriticParameters: Tensor
    public let actorOptimiser: Optimiser, criticOptimiser: Optimiser
    /// Discount per step and soft-update step, `[P]`; written by the caller.
    public let gamma: Tensor, tau: Tensor
    /// Squared errors of the last batch, `[P, B]`.
    public let criticLosses: Tensor
    /// Values of the actor's own actions in the last batch, `[P, B, 1]` padded: the actor's loss is minus their mean.
    public var actorValues: Tensor { onlineCritic.output }
    public var optimisers: [Optimiser] { [actorOptimiser, criticOptimiser] }
    public var networks: [(name: String, online: Tensor, target: Tensor)] {
        [("actor", actorParameters, targetActorParameters), ("critic", criticParameters, targetCriticParameters)]
    }
    private let policyGradient: DeterministicPolicyGradient
    private let targetActor: MLPWorkspace, onlineCritic: CriticWorkspace, targetCritic: CriticWorkspace
    private let criticGradients: Tensor
    private let queue: Queue

    /// Makes the memory; parameters, rates, limits, ``gamma`` and ``tau`` start at zero, and the optimisers' `active`
    /// too. ``start()`` comes before the first update.
    public init(
        _ actor: Policy, _ critic: CriticNetwork, members: Int, batch: Int, adam: Optimiser.Method = .adam(),
        on queue: Queue
    ) throws {
        (self.actor, self.critic, self.members, self.batch, self.queue) = (actor, critic, members, batch, queue)
        func rows(_ layout: ParameterLayout) throws -> Tensor { try queue.tensor(.float32, [members, layout.rowCount]) }
        (actorParameters, targetActorParameters) = try (rows(actor.layout), rows(actor.layout))
        (criticParameters, targetCriticParameters, criticGradients) = try (
            rows(critic.layout), rows(critic.layout), rows(critic.layout)
        )
        actorOptimiser = try Optimiser(adam, members: members, parameters: actor.layout.rowCount, on: queue)
        criticOptimiser = try Optimiser(adam, members: members, parameters: critic.layout.rowCount, on: queue)
        policyGradient = try DeterministicPolicyGradient(actor, members: members, batch: batch, on: queue)
        targetActor = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: false, on: queue)
        onlineCritic = try CriticWorkspace(critic, members: members, rows: batch, backward: true, on: queue)
        targetCritic = try CriticWorkspace(critic, members: members, rows: batch, backward: false, on: queue)
        gamma = try queue.tensor(.float32, [members])
        tau = try queue.tensor(.float32, [members])
        criticLosses = try queue.tensor(.float32, [members, batch])
    }

    public func start() throws { try policyGradient.start() }

    public func update(_ batch: TransitionBatch, number: Int, before: [Int], steps: Tensor, members: Int) throws {
        try update(
            states: MatrixView(batch.states), actions: MatrixView(batch.actions), rewards: batch.rewards,
            nextStates: MatrixView(batch.nextStates), done: batch.done, members: members)
    }

    /// One update of everything from one batch per member. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - states, nextStates: `[P, B, observations]`, any pitch.
    ///   - actions: `[P, B, actions]`, any pitch.
    ///   - rewards, done: `[P, B]`; done is 1 where the next state's value does not count.
    ///   - count: only the first so many members; nil for all.
    public func update(
        states: MatrixView, actions: MatrixView, rewards: Tensor, nextStates: MatrixView, done: Tensor,
        members count: Int? = nil
    ) throws {
        let count = count ?? members
        try updateCritic(
            states: states, actions: actions, rewards: rewards.first(count), nextStates: nextStates,
            done: done.first(count), count)
        try policyGradient.step(
            states, actorParameters: actorParameters, target: (targetActorParameters.first(count), tau.first(count)),
            optimiser: actorOptimiser,
            critic: onlineCritic, criticParameters: criticParameters, members: count, on: queue)
    }

    private func updateCritic(
        states: MatrixView, actions: MatrixView, rewards: Tensor, nextStates: MatrixView, done: Tensor, _ count: Int
    ) throws {
        try targetActor.forward(nextStates, parameters: targetActorParameters, members: count, on: queue)
        try targetCritic.forward(
            state: nextStates, action: MatrixView(targetActor.output), parameters: targetCriticParameters,
            members: count, on: queue)
        try onlineCritic.forward(
            state: states, action: actions, parameters: criticParameters, members: count, on: queue)
        try queue.temporalDifference(
            gradient: onlineCritic.outputGradient.first(count), losses: criticLosses.first(count),
            q: onlineCritic.output.first(count),
            nextQ: targetCritic.output.first(count), rewards: rewards, done: done, gamma: gamma.first(count))
        try onlineCritic.backward(
            state: states, action: actions, parameters: criticParameters, parameterGradients: criticGradients,
            members: count, on: queue)
        // The target is not read again in this update, so that it may follow already.
        try criticOptimiser.step(
            criticParameters.first(count), gradients: criticGradients.first(count),
            target: (targetCriticParameters.first(count), tau.first(count)),
            members: count, on: queue)
    }
}

/// The actor's half of an update: a step up the critic's value of the actor's own actions.
///
/// Silver et al. 2014, equation 9; Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1.
final class DeterministicPolicyGradient {
    private let actor: MLPWorkspace
    private let gradients: Tensor, valueSlope: Tensor

    init(_ network: Policy, members: Int, batch: Int, on queue: Queue) throws {
        actor = try MLPWorkspace(network.mlp, members: members, rows: batch, backward: true, on: queue)
        gradients = try queue.tensor(.float32, [members, network.layout.rowCount])
        valueSlope = try queue.tensor(.float32, [members, batch, 1], padded: true)
    }

    func start() throws { try valueSlope.write([Float](repeating: -1 / Float(actor.rows), count: valueSlope.count)) }

    /// Enqueues and returns; leaves the values in the critic's output. A `target` follows the actor, as in
    /// ``Optimiser/step``.
    func step(
        _ states: MatrixView, actorParameters: Tensor, target: (Tensor, tau: Tensor)? = nil, optimiser: Optimiser,
        critic: CriticWorkspace, criticParameters: Tensor, members count: Int, on queue: Queue
    ) throws {
        try actor.forward(states, parameters: actorParameters, members: count, on: queue)
        let actions = MatrixView(actor.output)
        try critic.forward(state: states, action: actions, parameters: criticParameters, members: count, on: queue)
        try queue.copy(valueSlope, to: critic.outputGradient)
        try critic.backward(
            state: states, action: actions, parameters: criticParameters, parameterGradients: nil,
            actionGradient: MatrixView(actor.outputGradient), through: (actions, .tanh), members: count, on: queue)
        try actor.backward(
            states, parameters: actorParameters, parameterGradients: gradients, members: count, on: queue)
        try optimiser.step(
            actorParameters.first(count), gradients: gradients.first(count), target: target, members: count, on: queue)
    }
}
