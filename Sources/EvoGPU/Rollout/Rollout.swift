import GPUTensor

/// A population's policies acting in their environments for T steps, and what came of it, all on the device.
///
/// Rows are ordered member, step, environment: `[P, T, E, ...]`.
public final class Rollout {
    public let members: Int, environments: Int, steps: Int
    public let policy: Policy
    public let environment: VectorEnvironment
    /// Raw observations while the rollout runs, normalised ones after ``finish(on:)``; `[P, T E, n]` padded.
    public let observations: Tensor
    /// What each step led to, before any reset; as above.
    public let nextObservations: Tensor
    /// The policy's own actions (before clipping), `[P, T E, A]` padded; column 0 holds the category of a categorical
    /// policy.
    public let actions: Tensor
    /// The mean, or the log probabilities, of each row's distribution, `[P, T E, A]` padded.
    public let distributions: Tensor
    /// Log probability of each action, reward, and the two kinds of end, `[P, T E]`.
    public let logProbabilities: Tensor, rewards: Tensor, terminated: Tensor, truncated: Tensor
    /// Running statistics of observations per member: count, mean, variance, `[P, n]` padded each.
    public internal(set) var normaliser: ObservationNormaliser?

    private let current: Tensor, environmentActions: Tensor, noise: Tensor, bounds: Tensor
    private let forward: MLPWorkspace
    private let deterministic: Bool, autoReset: Bool
    private let streams: Tensor

    /// - Parameters:
    ///   - normaliser: normalises what the policy sees; nil for raw observations.
    ///   - deterministic: act by the mean or the most probable category (evaluation).
    ///   - autoReset: start ended episodes anew.
    public init(
        _ spec: EnvironmentSpec, policy: Policy, members: Int, environments: Int, steps: Int,
        normaliser: ObservationNormaliser?,
        deterministic: Bool, autoReset: Bool = true, streams: Tensor, on queue: Queue
    ) throws {
        (self.members, self.environments, self.steps, self.policy) = (members, environments, steps, policy)
        (self.normaliser, self.deterministic, self.autoReset, self.streams) = (
            normaliser, deterministic, autoReset, streams
        )
        environment = try VectorEnvironment(
            spec, members: members, environmentsPerMember: environments, streams: streams, queue: queue)
        let rows = steps * environments, actionCount = policy.kind.count
        observations = try queue.tensor(.float32, [members, rows, spec.observationCount], padded: true)
        nextObservations = try queue.tensor(.float32, [members, rows, spec.observationCount], padded: true)
        actions = try queue.tensor(.float32, [members, rows, actionCount], padded: true)
        distributions = try queue.tensor(.float32, [members, rows, actionCount], padded: true)
        logProbabilities = try queue.tensor(.float32, [members, rows])
        rewards = try queue.tensor(.float32, [members, rows])
        terminated = try queue.tensor(.int32, [members, rows])
        truncated = try queue.tensor(.int32, [members, rows])
        current = try queue.tensor(.float32, [members, environments, spec.observationCount], padded: true)
        if case .box = spec.action {
            environmentActions = try queue.tensor(.float32, [members * environments, actionCount])
            bounds = try queue.tensor(.float32, [2, actionCount])
            noise = try queue.tensor(.float32, [members, rows * actionCount], padded: true)
        } else {
            environmentActions = try queue.tensor(.float32, [members * environments, 1])
            bounds = try queue.tensor(.float32, [1, 1])
            noise = try queue.tensor(.float32, [members, rows], padded: true)
        }
        forward = try MLPWorkspace(policy.mlp, members: members, rows: environments, backward: false, on: queue)
    }

    /// Writes the action bounds and starts every environment. To be called once, after the memory was planned.
    public func start(step: UInt32 = 0) throws {
        if case .box(let low, let high) = environment.spec.action { try bounds.write(low + high) }
        try environment.reset(step: step)
    }

    /// What acts in every slot at one step.
    struct Decision {
        /// Means, or logits or log probabilities, `[P, E, A]` padded.
        let distribution: Tensor
        /// Where log standard deviations lie: member p's, of environment e, at `offset + p memberStride + e
        /// slotStride`.
        let logStd: Tensor, offset: Int, memberStride: Int, slotStride: Int
    }

    /// T steps of every environment. Enqueues and returns.
    ///
    /// - Parameter number: counts rollouts, so that each has random numbers of its own.
    public func run(_ number: Int, parameters: Tensor, on queue: Queue) throws {
        try run(number, on: queue) { _, current in
            try forward.forward(MatrixView(current), parameters: parameters, on: queue)
            return Decision(
                distribution: forward.output, logStd: parameters, offset: policy.logStd ?? 0,
                memberStride: parameters.pitch, slotStride: 0)
        }
    }

    /// The same with something else than one network per member to act by.
    ///
    /// - Parameter decide: is given the step and the observations `[P, E, n]` as ``normaliser`` makes them; raw ones
    ///   are the environment's.
    func run(_ number: Int, on queue: Queue, decide: (Int, Tensor) throws -> Decision) throws {
        let spec = environment.spec, isDiscrete: Bool
        if case .discrete = spec.action { isDiscrete = true } else { isDiscrete = false }
        if !deterministic {
            if isDiscrete {
                try queue.randomUniform(
                    noise, streams: streams, step: UInt32(truncatingIfNeeded: number), purpose: "ACTC")
            } else {
                try queue.randomNormal(
                    noise, streams: streams, step: UInt32(truncatingIfNeeded: number), purpose: "ACTN")
            }
        }
        let slots = members * environments, e = environments, count = steps, width = spec.observationCount
        let actionCount = policy.kind.count, statistics = normaliser
        for t in 0..<steps {
            try queue.launch(
                "observe", over: [members * environments], environment.observations, statistics?.mean ?? current,
                statistics?.variance ?? current,
                observations, current, slots, e, count, t, width, observations.pitch,
                statistics == nil ? 0 : 1, ObservationNormaliser.epsilon, statistics?.limit ?? 0)
            let decision = try decide(t, current)
            if isDiscrete {
                try queue.launch(
                    "categorical_act", over: [members * environments], decision.distribution, noise, actions,
                    distributions, logProbabilities, environmentActions,
                    noise.pitch, slots, e, count, t, actionCount, actions.pitch,
                    deterministic)
            } else {
                try queue.launch(
                    "gaussian_act", over: [members * environments], decision.distribution, decision.logStd, noise,
                    bounds, actions, distributions, logProbabilities,
                    environmentActions, decision.offset, decision.memberStride,
                    decision.slotStride, noise.pitch, slots, e, count, t,
                    actionCount, actions.pitch, deterministic)
            }
            try environment.step(
                actions: environmentActions, reward: rewards, terminated: terminated, truncated: truncated,
                nextObservation: nextObservations,
                T: steps, t: t, autoReset: autoReset, step: UInt32(truncatingIfNeeded: number * steps + t + 1))
        }
    }

    /// Learns the observations' statistics and normalises the rollout with those that its actions were chosen with. The
    /// new ones wait for ``ObservationNormaliser/commit(on:)``. Enqueues and returns.
    public func finish(on queue: Queue) throws {
        guard let normaliser else { return }
        try normaliser.update(with: observations, on: queue)
        try normaliser.normalise(observations, on: queue)
        try normaliser.normalise(nextObservations, on: queue)
    }
}

/// Running mean and variance of observations, per member (Chan et al. 1979), and the normalisation by them.
public final class ObservationNormaliser {
    static let epsilon: Float = 1e-8
    public let count: Tensor, mean: Tensor, variance: Tensor
    /// Normalised observations are clipped to plus or minus this.
    public let limit: Float
    private let next: (count: Tensor, mean: Tensor, variance: Tensor)
    private let members: Int, width: Int

    public init(members: Int, width: Int, limit: Float, on queue: Queue) throws {
        (self.members, self.width, self.limit) = (members, width, limit)
        func statistic() throws -> Tensor { try queue.tensor(.float32, [members, width], padded: true) }
        (count, mean, variance) = try (statistic(), statistic(), statistic())
        next = try (statistic(), statistic(), statistic())
    }

    /// Mean 0 and variance 1, which count as no observation at all.
    public func start() throws { try variance.write([Float](repeating: 1, count: members * width)) }

    /// Merges a batch `[P, rows, n]` (padded) into the next statistics; ``commit(on:)`` makes them current. Enqueues
    /// and returns.
    public func update(with x: Tensor, on queue: Queue) throws {
        try queue.launch(
            "merge_statistics", over: [x.pitch / queue.lanes, members], x, count, mean, variance, next.count, next.mean,
            next.variance,
            members, x.shape[1], width, x.pitch)
    }
    /// Normalises `[P, rows, n]` (padded) in place with the current statistics. Enqueues and returns.
    public func normalise(_ x: Tensor, on queue: Queue) throws {
        try queue.launch(
            "normalise_rows", over: [x.shape[1], members], x, mean, variance, members, x.shape[1],
            width, x.pitch, Self.epsilon, limit)
    }
    /// Makes the statistics of the last update current. Enqueues and returns.
    public func commit(on queue: Queue) throws {
        try queue.copy(next.count, to: count)
        try queue.copy(next.mean, to: mean)
        try queue.copy(next.variance, to: variance)
    }
}
