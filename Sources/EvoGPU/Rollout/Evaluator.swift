import GPUTensor

/// Noise on a learner's actions.
public enum ExplorationNoise: String, Choice {
    /// Ornstein and Uhlenbeck's process, which never starts anew; Lillicrap et al. 2016 (arXiv:1509.02971), section 7.
    case ou
    /// Independent normal numbers; Fujimoto et al. 2018 (arXiv:1802.09477).
    case gaussian
}

/// What came of one episode.
public struct Episode: Sendable, Equatable {
    public var reward: Double, length: Int
    /// Whether it ended because a state was not finite; the return then means nothing.
    public var isBroken: Bool
    /// Of all that the slot played.
    public var contactOverflows: Int
    /// How many of its transitions are kept: not the one into a state that is not finite.
    public var kept: Int { isBroken ? length - 1 : length }
}

/// Whole episodes of a population's policies, all at once: E of each of P members. Everything is allocated once.
///
/// A slot whose episode is over goes on with others, whose returns and transitions nobody looks at, until every slot
/// has ended one: that is asked every ``stride`` steps.
public final class Evaluator {
    /// What is played and what is kept of it.
    public struct Plan: Sendable {
        /// Episodes of each member (E).
        public var episodes = 1
        /// Act by the policy's own noise instead of the mean action or the most probable one.
        public var isSampled = false
        /// Whether ``play(_:number:statistics:)`` will be given statistics of observations.
        public var normalises = false
        /// Of deterministic policies: who explores in its first environment.
        public var exploration: Exploration?
        /// Of deterministic policies: keep every transition.
        public var keepsTransitions = false
        /// Whether the time limit counts as an end in what is kept.
        public var truncationMasks = false

        public init(episodes: Int = 1, isSampled: Bool = false, normalises: Bool = false) {
            (self.episodes, self.isSampled, self.normalises) = (episodes, isSampled, normalises)
        }
    }

    /// Which members explore in their first environment, and how.
    public struct Exploration: Sendable {
        /// The members, one per run; by the run's number in what follows.
        public let members: [Int]
        public let kind: ExplorationNoise, theta: Float, sigma: Float, scale: Float
        /// Whether each run's noisy actions are clipped to [-1, 1].
        public let clips: [Bool]

        /// - Parameters:
        ///   - theta, scale: of `ou` only.
        ///   - sigma: per step.
        public init(members: [Int], kind: ExplorationNoise, theta: Float, sigma: Float, scale: Float, clips: [Bool]) {
            (self.members, self.kind, self.sigma, self.clips) = (members, kind, sigma, clips)
            (self.theta, self.scale) = kind == .ou ? (theta, scale) : (1, 1)  // x <- sigma N(0, 1)
        }
    }

    public let policy: Policy
    public let members: Int, plan: Plan
    public var environments: Int { plan.episodes }
    /// Steps between two looks at who is done.
    public static let stride = 32
    /// `[P E, T, width]` and int32 `[P E]`, as ``TransitionMemory/append(_:lengths:order:)`` takes them; nil where
    /// nothing is kept.
    public var transitions: Tensor? { direct?.transitions }
    public var lengths: Tensor? { direct?.lengths }
    /// State of the explorers' noise, `[X, A]`. - Precondition: the policy is deterministic.
    public var noise: Tensor { direct!.noise }
    public let environment: VectorEnvironment
    private let streams: Tensor
    private let rollout: Rollout?
    private let direct: DeterministicEpisodes?
    private let queue: Queue

    /// Makes the memory and launches nothing; ``start(streams:)`` comes before the first episode.
    ///
    /// - Parameter streams: uint32 `[P, 4]`, kept; nil for its own.
    public init(
        _ policy: Policy, _ task: EnvironmentSpec, members: Int, _ plan: Plan, streams: Tensor? = nil,
        on queue: Queue
    ) throws {
        guard plan.episodes >= 1 else {
            throw RunError("episodes is \(plan.episodes); accepted: a whole number from 1")
        }
        (self.policy, self.members, self.plan, self.queue) = (policy, members, plan, queue)
        let streams = try streams ?? queue.tensor(.uint32, [members, 4])
        self.streams = streams
        var isDeterministic = false
        if case .deterministic = policy.kind { isDeterministic = true }
        precondition(
            isDeterministic && !plan.normalises || plan.exploration == nil && !plan.keepsTransitions,
            "transitions are kept, and noise is added, for deterministic policies of raw observations")
        if isDeterministic, !plan.normalises {
            let direct = try DeterministicEpisodes(policy, task, members: members, plan, streams: streams, on: queue)
            (self.direct, rollout, environment) = (direct, nil, direct.environment)
        } else {
            let rollout = try Rollout(
                task, policy: policy, members: members, environments: plan.episodes, steps: 1, normaliser: nil,
                deterministic: !plan.isSampled, streams: streams, on: queue)
            (self.rollout, direct, environment) = (rollout, nil, rollout.environment)
        }
    }

    /// Writes what does not change. To be called once, after the memory was planned.
    ///
    /// - Parameter words: the members' streams; explorers draw from those of their members.
    public func start(streams words: [UInt32]) throws {
        try streams.write(words)
        try direct?.start(streams: words)
        try rollout?.start()
    }

    /// The same with one stream for all members: each plays the same start states.
    public func start(seed: UInt64) throws {
        try start(
            streams: (0..<members).flatMap { _ in
                [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), 0, 1]
            })
    }

    /// Which explorers act at random from now on instead of by their policy and noise.
    public func setRandom(_ runs: [Bool]) throws { try direct!.setRandom(runs) }

    /// Plays until every slot has ended an episode. Reads a number per slot back every ``stride`` steps.
    ///
    /// - Parameters:
    ///   - rows: `[P, N]`, one policy each.
    ///   - number: counts calls, so that each has random numbers of its own.
    ///   - statistics: of observations, where policies see normalised ones.
    public func play(_ rows: Tensor, number: UInt32 = 0, statistics: ObservationNormaliser? = nil) throws {
        let limit = environment.spec.timeLimit, first = number &* UInt32(truncatingIfNeeded: limit + 1)
        precondition(plan.normalises || statistics == nil, "statistics for an evaluator of raw observations")
        rollout?.normaliser = statistics
        try direct?.begin(number: number)
        try environment.reset(step: first)
        for t in 0..<limit {
            if let rollout {
                try rollout.run(Int(first &+ UInt32(t)), parameters: rows, on: queue)
            } else {
                try direct!.step(t, first: first, parameters: rows)
            }
            if (t + 1).isMultiple(of: Self.stride), t + 1 < limit, try allDone() { return }
        }
    }

    private func allDone() throws -> Bool {
        let slots = members * environments, row = VectorEnvironment.EpisodeRow.finished.rawValue
        let pitch = environment.episode.pitch
        let finished: [Float] = try environment.episode.read(elements: row * pitch..<row * pitch + slots)
        return finished.allSatisfy { $0 >= 1 }
    }

    /// Every member's first episodes. Waits; one read-back.
    ///
    /// - Throws: ``RunError`` if one did not end.
    public func read() throws -> [[Episode]] {
        let all: [Float] = try environment.episode.read(), slots = members * environments
        func row(_ row: VectorEnvironment.EpisodeRow, _ slot: Int) -> Float { all[row.rawValue * slots + slot] }
        guard (0..<slots).allSatisfy({ row(.finished, $0) >= 1 }) else {
            throw RunError(
                """
                an episode of \(environment.spec.name) did not end within its limit of \(environment.spec.timeLimit) \
                steps
                """)
        }
        return (0..<members).map { member in
            (member * environments..<(member + 1) * environments).map { slot in
                Episode(
                    reward: Double(row(.firstReturn, slot)), length: Int(abs(row(.firstLength, slot))),
                    isBroken: row(.firstLength, slot) < 0, contactOverflows: Int(row(.overflow, slot)))
            }
        }
    }
}

/// Steps of deterministic policies with exploration and memory.
private final class DeterministicEpisodes {
    let environment: VectorEnvironment
    let transitions: Tensor?, lengths: Tensor?
    let noise: Tensor
    private let plan: Evaluator.Plan, members: Int, limit: Int
    private let forward: MLPWorkspace
    private let buffers: Buffers
    private let queue: Queue

    private struct Buffers {
        let actions: Tensor, bounds: Tensor
        /// Which explorer a member is, whether it acts at random, and whether its actions are clipped.
        let explorers: Tensor, random: Tensor, clips: Tensor
        let normals: Tensor, uniforms: Tensor, explorerStreams: Tensor
        let reward: Tensor, terminated: Tensor, truncated: Tensor, next: Tensor, nothing: Tensor

        init(_ task: EnvironmentSpec, members: Int, _ plan: Evaluator.Plan, on queue: Queue) throws {
            let width = task.action.width, slots = members * plan.episodes
            let runs = plan.exploration?.members.count ?? 1
            let draws = plan.exploration == nil ? 1 : task.timeLimit * width
            actions = try queue.tensor(.float32, [slots, width])
            bounds = try queue.tensor(.float32, [2, width])
            explorers = try queue.tensor(.int32, [members])
            random = try queue.tensor(.int32, [runs])
            clips = try queue.tensor(.int32, [runs])
            normals = try queue.tensor(.float32, [runs, draws], padded: true)
            uniforms = try queue.tensor(.float32, [runs, draws], padded: true)
            explorerStreams = try queue.tensor(.uint32, [runs, 4])
            reward = try queue.tensor(.float32, [members, plan.episodes])
            terminated = try queue.tensor(.int32, [members, plan.episodes])
            truncated = try queue.tensor(.int32, [members, plan.episodes])
            next = try queue.tensor(.float32, [slots, task.observationCount], padded: true)
            nothing = try queue.tensor(.float32, [1])
        }
    }

    init(
        _ policy: Policy, _ task: EnvironmentSpec, members: Int, _ plan: Evaluator.Plan, streams: Tensor,
        on queue: Queue
    ) throws {
        (self.plan, self.members, self.queue, limit) = (plan, members, queue, task.timeLimit)
        let slots = members * plan.episodes, width = task.action.width
        environment = try VectorEnvironment(
            task, members: members, environmentsPerMember: plan.episodes, streams: streams, queue: queue)
        let row = 2 * task.observationCount + width + 2
        transitions = plan.keepsTransitions ? try queue.tensor(.float32, [slots, limit, row]) : nil
        lengths = plan.keepsTransitions ? try queue.tensor(.int32, [slots]) : nil
        noise = try queue.tensor(.float32, [plan.exploration?.members.count ?? 1, width])
        forward = try MLPWorkspace(policy.mlp, members: members, rows: plan.episodes, backward: false, on: queue)
        buffers = try Buffers(task, members: members, plan, on: queue)
    }

    func start(streams: [UInt32]) throws {
        guard case .box(let low, let high) = environment.spec.action else {
            preconditionFailure("\(environment.spec.name) has no continuous actions")
        }
        try buffers.bounds.write(low + high)
        var which = [Int32](repeating: -1, count: members)
        if let exploration = plan.exploration {
            for (run, member) in exploration.members.enumerated() { which[member] = Int32(run) }
            try buffers.clips.write(exploration.clips.map { Int32($0 ? 1 : 0) })
            try buffers.explorerStreams.write(exploration.members.flatMap { streams[4 * $0..<4 * $0 + 4] })
        }
        try buffers.explorers.write(which)
    }

    func setRandom(_ runs: [Bool]) throws { try buffers.random.write(runs.map { Int32($0 ? 1 : 0) }) }

    func begin(number: UInt32) throws {
        if let lengths { try queue.zero(lengths) }
        guard plan.exploration != nil else { return }
        try queue.randomNormal(buffers.normals, streams: buffers.explorerStreams, step: number, purpose: "EXPN")
        try queue.randomUniform(buffers.uniforms, streams: buffers.explorerStreams, step: number, purpose: "EXPU")
    }

    func step(_ t: Int, first: UInt32, parameters: Tensor) throws {
        let slots = members * plan.episodes, observations = environment.observations
        let pitch = environment.episode.pitch, n = environment.spec.observationCount
        let width = environment.spec.action.width, exploration = plan.exploration, b = buffers
        let view = MatrixView(
            observations, memberStride: plan.episodes * observations.pitch, pitch: observations.pitch)
        try forward.forward(view, parameters: parameters, on: queue)
        try queue.launch(
            "episode_act", over: [slots], forward.output, observations, environment.episode, b.bounds, b.explorers,
            b.random, b.clips, b.normals, b.uniforms, noise, b.actions, transitions ?? b.nothing, slots,
            plan.episodes, pitch, limit, t, n, width,
            observations.pitch, forward.output.pitch, b.normals.pitch,
            transitions == nil ? 0 : 1, exploration?.theta ?? 0, exploration?.sigma ?? 0,
            exploration?.scale ?? 0)
        try environment.step(
            actions: b.actions, reward: b.reward, terminated: b.terminated, truncated: b.truncated,
            nextObservation: b.next, T: 1, t: 0, autoReset: true, step: first &+ UInt32(t) &+ 1)
        guard let transitions, let lengths else { return }
        try queue.launch(
            "episode_record", over: [slots], b.next, b.reward, b.terminated, b.truncated, environment.episode,
            transitions, lengths, slots, pitch, limit, t, n, width,
            b.next.pitch, plan.truncationMasks)
    }
}
