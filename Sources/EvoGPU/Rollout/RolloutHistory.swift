import GPUTensor

/// A population's last rollouts, with raw observations: what other members learn from and what a crossover's gate is
/// trained on.
public final class RolloutHistory {
    /// L, how many rollouts are kept; T and E of each.
    public let slots: Int, steps: Int, environments: Int
    /// `[P, L R, n]` padded, `[P, L R]`, and int32 `[P, L R]` with 1 where an episode ended; R = T E.
    public let observations: Tensor, rewards: Tensor, ended: Tensor
    /// Rollouts since the last ``restart()``, whether they are still kept or not.
    public private(set) var kept = 0
    public var rows: Int { steps * environments }
    /// Where the newest rollout lies.
    public var newest: Int { (kept + slots - 1) % slots }
    private let members: Int

    public init(members: Int, slots: Int, steps: Int, environments: Int, width: Int, on queue: Queue) throws {
        (self.members, self.slots, self.steps, self.environments) = (members, slots, steps, environments)
        observations = try queue.tensor(.float32, [members, slots * steps * environments, width], padded: true)
        rewards = try queue.tensor(.float32, [members, slots * steps * environments])
        ended = try queue.tensor(.int32, [members, slots * steps * environments])
    }

    /// Keeps a rollout whose observations are not normalised yet, in place of the oldest. Enqueues and returns.
    func keep(_ rollout: Rollout, on queue: Queue) throws {
        kept += 1
        try queue.launch(
            "keep_rollout", over: [rows, members], rollout.observations, rollout.rewards, rollout.terminated,
            rollout.truncated, observations, rewards, ended,
            members, rows, observations.pitch, newest, slots)
    }

    /// Forgets everything: the policies are new ones.
    func restart() { kept = 0 }
    /// Says how many rollouts the tensors hold, where not ``keep(_:on:)`` but somebody else filled them, such as a
    /// checkpoint.
    public func resume(kept: Int) { self.kept = kept }

    /// Oldest slot of the last `window` rollouts. - Precondition: so many are kept.
    func firstSlot(window: Int) -> Int {
        precondition(window <= min(kept, slots), "\(window) rollouts of \(min(kept, slots))")
        return (kept - window) % slots
    }

    var tensors: [(name: String, tensor: Tensor)] {
        [("history.observations", observations), ("history.rewards", rewards), ("history.ended", ended)]
    }
}
