import GPUTensor

/// One or more deterministic actor-critics that learn from batches, each with its target networks.
///
/// Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1, in the order of the published ERL and PDERL code: the critic steps, then the actor
/// through the updated critic, then both targets. Both gradients are clipped by their norm (the code's, not the paper's).
public final class DDPG {
    public let actor: ActorNetwork, critic: CriticNetwork
    /// P, and rows B of a batch.
    public let members: Int, batch: Int
    /// Parameter rows `[P, N]`.
    public let actorParameters: Tensor, criticParameters: Tensor, targetActorParameters: Tensor, targetCriticParameters: Tensor
    public let actorOptimiser: Optimiser, criticOptimiser: Optimiser
    /// Discount per step and soft-update step, `[P]`; written by the caller.
    public let gamma: Tensor, tau: Tensor
    /// Squared errors of the last batch, `[P, B]`.
    public let criticLosses: Tensor
    /// Values of the actor's own actions in the last batch, `[P, B, 1]` padded: the actor's loss is minus their mean.
    public var actorValues: Tensor { onlineCritic.output }
    private let onlineActor: MLPWorkspace, targetActor: MLPWorkspace
    private let onlineCritic: CriticWorkspace, targetCritic: CriticWorkspace
    private let actorGradients: Tensor, criticGradients: Tensor, valueSlope: Tensor
    private let queue: Queue

    /// Makes the memory; parameters, rates, limits, ``gamma`` and ``tau`` start at zero, and the optimisers' `active` too.
    public init(_ actor: ActorNetwork, _ critic: CriticNetwork, members: Int, batch: Int, adam: Optimiser.Method = .adam(), on queue: Queue) throws {
        (self.actor, self.critic, self.members, self.batch, self.queue) = (actor, critic, members, batch, queue)
        func rows(_ layout: ParameterLayout) throws -> Tensor { try queue.tensor(.float32, [members, layout.rowCount]) }
        (actorParameters, targetActorParameters, actorGradients) = try (rows(actor.layout), rows(actor.layout), rows(actor.layout))
        (criticParameters, targetCriticParameters, criticGradients) = try (rows(critic.layout), rows(critic.layout), rows(critic.layout))
        actorOptimiser = try Optimiser(adam, members: members, parameters: actor.layout.rowCount, on: queue)
        criticOptimiser = try Optimiser(adam, members: members, parameters: critic.layout.rowCount, on: queue)
        onlineActor = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: true, on: queue)
        targetActor = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: false, on: queue)
        onlineCritic = try CriticWorkspace(critic, members: members, rows: batch, backward: true, on: queue)
        targetCritic = try CriticWorkspace(critic, members: members, rows: batch, backward: false, on: queue)
        gamma = try queue.tensor(.float32, [members])
        tau = try queue.tensor(.float32, [members])
        criticLosses = try queue.tensor(.float32, [members, batch])
        valueSlope = try queue.tensor([Float](repeating: -1 / Float(batch), count: members * batch), [members, batch, 1], padded: true)
    }

    /// One update of everything from one batch per member. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - states, nextStates: `[P, B, observations]`, any pitch.
    ///   - actions: `[P, B, actions]`, any pitch.
    ///   - rewards, done: `[P, B]`; done is 1 where the next state's value does not count.
    public func update(states: MatrixView, actions: MatrixView, rewards: Tensor, nextStates: MatrixView, done: Tensor) throws {
        try updateCritic(states: states, actions: actions, rewards: rewards, nextStates: nextStates, done: done)
        try updateActor(states: states)
        try queue.polyakUpdate(targetActorParameters, towards: actorParameters, tau: tau)
        try queue.polyakUpdate(targetCriticParameters, towards: criticParameters, tau: tau)
    }

    private func updateCritic(states: MatrixView, actions: MatrixView, rewards: Tensor, nextStates: MatrixView, done: Tensor) throws {
        try targetActor.forward(nextStates, parameters: targetActorParameters, on: queue)
        try targetCritic.forward(state: nextStates, action: MatrixView(targetActor.output), parameters: targetCriticParameters, on: queue)
        try onlineCritic.forward(state: states, action: actions, parameters: criticParameters, on: queue)
        try queue.temporalDifference(gradient: onlineCritic.outputGradient, losses: criticLosses, q: onlineCritic.output, nextQ: targetCritic.output,
                                     rewards: rewards, done: done, gamma: gamma)
        try onlineCritic.backward(state: states, action: actions, parameters: criticParameters, parameterGradients: criticGradients, on: queue)
        try criticOptimiser.step(criticParameters, gradients: criticGradients, on: queue)
    }

    private func updateActor(states: MatrixView) throws {
        try onlineActor.forward(states, parameters: actorParameters, on: queue)
        let actions = MatrixView(onlineActor.output)
        try onlineCritic.forward(state: states, action: actions, parameters: criticParameters, on: queue)
        try queue.copy(valueSlope, to: onlineCritic.outputGradient)
        try onlineCritic.backward(state: states, action: actions, parameters: criticParameters, parameterGradients: nil,
                                  actionGradient: MatrixView(onlineActor.outputGradient), through: (actions, .tanh), on: queue)
        try onlineActor.backward(states, parameters: actorParameters, parameterGradients: actorGradients, on: queue)
        try actorOptimiser.step(actorParameters, gradients: actorGradients, on: queue)
    }
}
