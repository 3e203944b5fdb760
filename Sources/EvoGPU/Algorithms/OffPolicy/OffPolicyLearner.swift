import GPUTensor

/// One or more actor-critics that learn from batches of stored transitions, each from its own: ``DDPG`` or ``TD3``.
public protocol OffPolicyLearner: AnyObject {
    var actor: Policy { get }
    var critic: CriticNetwork { get }
    /// P.
    var members: Int { get }
    /// `[P, N]`; of several critics the one that the actor follows.
    var actorParameters: Tensor { get }
    var criticParameters: Tensor { get }
    /// The actor's, then the critics'.
    var optimisers: [Optimiser] { get }
    /// Discount per step and step of the targets, `[P]`.
    var gamma: Tensor { get }
    var tau: Tensor { get }
    /// Squared errors of the last batch, `[P, B]`.
    var criticLosses: Tensor { get }
    /// Every online network beside its target, in the order of ``optimisers``.
    var networks: [(name: String, online: Tensor, target: Tensor)] { get }

    /// Writes what does not change, once the memory is there.
    func start() throws
    /// One update of everything from one batch per member, of the first ones; the others keep every bit. Enqueues and
    /// returns.
    ///
    /// - Parameters:
    ///   - number: counts updates since a moment of the caller's choosing.
    ///   - before: each member's updates up to then, so that the sum counts all of its updates.
    ///   - steps: the same, uint32 `[P]`.
    ///   - members: how many.
    func update(_ batch: TransitionBatch, number: Int, before: [Int], steps: Tensor, members: Int) throws
}

extension OffPolicyLearner {
    /// Every tensor that the next update depends on, by name.
    var persistentTensors: [(name: String, tensor: Tensor)] {
        zip(networks, optimisers).flatMap { network, optimiser in
            [
                ("learner.\(network.name)", network.online), ("learner.\(network.name).target", network.target),
                ("learner.\(network.name).first_moments", optimiser.firstMoments),
                ("learner.\(network.name).second_moments", optimiser.secondMoments),
                ("learner.\(network.name).corrections", optimiser.corrections)
            ]
        }
    }
}
