import GPUTensor

/// Noise on a learner's actions.
public enum ExplorationNoise: String, Choice {
    /// Ornstein and Uhlenbeck's process, which never starts anew; Lillicrap et al. 2016 (arXiv:1509.02971), section 7.
    case ou
    /// Independent normal numbers; Fujimoto et al. 2018 (arXiv:1802.09477).
    case gaussian
}

/// What came of one slot's first episode.
public struct PlayedEpisode: Sendable, Equatable {
    public var reward: Double, length: Int
    /// Whether it ended because a state was not finite; the return then means nothing.
    public var isBroken: Bool
    /// Of all that the slot played.
    public var contactOverflows: Int
    /// How many of its transitions are kept: not the one into a state that is not finite.
    public var kept: Int { isBroken ? length - 1 : length }
}

/// One whole episode in each of E environments for each of P deterministic actors, all at once, with every transition
/// where they are wanted.
///
/// A slot whose episode is over goes on with others up to the time limit, whose returns and transitions nobody looks
/// at.
public final class Episodes {
    /// Which members explore in their first environment, and how.
    public struct Exploration {
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

    public let members: Int, environments: Int, limit: Int
    public let environment: VectorEnvironment
    /// `[P E, T, width]` and int32 `[P E]`, as ``TransitionMemory/append(_:lengths:order:)`` takes them; nil where
    /// nothing is kept.
    public let transitions: Tensor?, lengths: Tensor?
    /// The noise's state, `[X, A]`.
    public let noise: Tensor
    private let exploration: Exploration?
    private let forward: MLPWorkspace
    private let actions: Tensor, bounds: Tensor, explorers: Tensor, random: Tensor, clips: Tensor, normals: Tensor,
        uniforms: Tensor, explorerStreams: Tensor
    private let reward: Tensor, terminated: Tensor, truncated: Tensor, next: Tensor, nothing: Tensor
    private let truncationMasks: Bool
    private let queue: Queue

    /// Makes the memory and launches nothing; ``start(streams:)`` comes before the first episode.
    ///
    /// - Parameters:
    ///   - streams: uint32 `[P, 4]`, kept.
    ///   - keeps: whether transitions are kept.
    ///   - truncationMasks: whether the time limit counts as an end in what is kept.
    public init(
        _ spec: EnvironmentSpec, actor: ActorNetwork, members: Int, environments: Int, streams: Tensor,
        exploration: Exploration?, keeps: Bool, truncationMasks: Bool, on queue: Queue
    ) throws {
        (self.members, self.environments, self.exploration, self.truncationMasks, self.queue) = (
            members, environments, exploration, truncationMasks, queue
        )
        limit = spec.timeLimit
        let slots = members * environments, n = spec.observationCount, width = spec.action.width,
            runs = exploration?.members.count ?? 1
        environment = try VectorEnvironment(
            spec, members: members, environmentsPerMember: environments, streams: streams, queue: queue)
        transitions = keeps ? try queue.tensor(.float32, [slots, limit, 2 * n + width + 2]) : nil
        lengths = keeps ? try queue.tensor(.int32, [slots]) : nil
        noise = try queue.tensor(.float32, [runs, width])
        forward = try MLPWorkspace(actor.mlp, members: members, rows: environments, backward: false, on: queue)
        actions = try queue.tensor(.float32, [slots, width])
        bounds = try queue.tensor(.float32, [2, width])
        explorers = try queue.tensor(.int32, [members])
        random = try queue.tensor(.int32, [runs])
        clips = try queue.tensor(.int32, [runs])
        let draws = exploration == nil ? 1 : limit * width
        normals = try queue.tensor(.float32, [runs, draws], padded: true)
        uniforms = try queue.tensor(.float32, [runs, draws], padded: true)
        explorerStreams = try queue.tensor(.uint32, [runs, 4])
        reward = try queue.tensor(.float32, [members, environments])
        terminated = try queue.tensor(.int32, [members, environments])
        truncated = try queue.tensor(.int32, [members, environments])
        next = try queue.tensor(.float32, [slots, n], padded: true)
        nothing = try queue.tensor(.float32, [1])
    }

    /// Writes what does not change. To be called once, after the memory was planned.
    ///
    /// - Parameter streams: the words of the members' streams; explorers draw from those of their members.
    public func start(streams: [UInt32]) throws {
        guard case .box(let low, let high) = environment.spec.action else {
            preconditionFailure("\(environment.spec.name) has no continuous actions")
        }
        try bounds.write(low + high)
        var which = [Int32](repeating: -1, count: members)
        if let exploration {
            for (run, member) in exploration.members.enumerated() { which[member] = Int32(run) }
            try clips.write(exploration.clips.map { Int32($0 ? 1 : 0) })
            try explorerStreams.write(exploration.members.flatMap { streams[4 * $0..<4 * $0 + 4] })
        }
        try explorers.write(which)
    }

    /// Which explorers act at random from now on instead of by their policy and noise.
    public func setRandom(_ runs: [Bool]) throws { try random.write(runs.map { Int32($0 ? 1 : 0) }) }

    /// Plays. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - number: counts calls, so that each has random numbers of its own.
    ///   - parameters: `[P, N]` rows of the actors.
    public func play(_ number: Int, parameters: Tensor) throws {
        let spec = environment.spec, slots = Int32(members * environments), pitch = Int32(environment.episode.pitch),
            n = Int32(spec.observationCount), width = Int32(spec.action.width)
        let first = UInt32(truncatingIfNeeded: number * (limit + 1)), rows = transitions ?? nothing
        if let lengths { try queue.zero(lengths) }
        if exploration != nil {
            try queue.randomNormal(
                normals, streams: explorerStreams, step: UInt32(truncatingIfNeeded: number), purpose: "EXPN")
            try queue.randomUniform(
                uniforms, streams: explorerStreams, step: UInt32(truncatingIfNeeded: number), purpose: "EXPU")
        }
        try environment.reset(step: first)
        let view = MatrixView(
            environment.observations, memberStride: environments * environment.observations.pitch,
            pitch: environment.observations.pitch)
        for t in 0..<limit {
            try forward.forward(view, parameters: parameters, on: queue)
            try queue.launch(
                "episode_act", over: [members * environments], forward.output, environment.observations,
                environment.episode, bounds, explorers, random, clips, normals, uniforms, noise,
                actions, rows, slots, Int32(environments), pitch, Int32(limit), Int32(t), n, width,
                Int32(environment.observations.pitch), Int32(forward.output.pitch),
                Int32(normals.pitch), Int32(transitions == nil ? 0 : 1), exploration?.theta ?? 0,
                exploration?.sigma ?? 0, exploration?.scale ?? 0)
            try environment.step(
                actions: actions, reward: reward, terminated: terminated, truncated: truncated, nextObservation: next,
                T: 1, t: 0, autoReset: true, step: first &+ UInt32(t) &+ 1)
            guard let transitions, let lengths else { continue }
            try queue.launch(
                "episode_record", over: [members * environments], next, reward, terminated, truncated,
                environment.episode, transitions, lengths,
                slots, pitch, Int32(limit), Int32(t), n, width, Int32(next.pitch), Int32(truncationMasks ? 1 : 0))
        }
    }

    /// Every slot's first episode, slot by slot. Waits; one read-back.
    public func read() throws -> [PlayedEpisode] {
        let all: [Float] = try environment.episode.read(), slots = members * environments
        func row(_ row: VectorEnvironment.EpisodeRow, _ slot: Int) -> Float { all[row.rawValue * slots + slot] }
        return (0..<slots).map { slot in
            PlayedEpisode(
                reward: Double(row(.firstReturn, slot)), length: Int(abs(row(.firstLength, slot))),
                isBroken: row(.firstLength, slot) < 0, contactOverflows: Int(row(.overflow, slot)))
        }
    }
}
