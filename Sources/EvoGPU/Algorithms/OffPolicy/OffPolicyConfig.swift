/// Settings of DDPG and TD3: the learner's, and those below.
@dynamicMemberLookup
public struct OffPolicyConfig: AlgorithmConfig {
    public var learning = LearnerConfig()
    public var own = OffPolicySettings()

    public init() {}

    public subscript<T>(dynamicMember path: WritableKeyPath<LearnerConfig, T>) -> T {
        get { learning[keyPath: path] }
        set { learning[keyPath: path] = newValue }
    }
    public subscript<T>(dynamicMember path: WritableKeyPath<OffPolicySettings, T>) -> T {
        get { own[keyPath: path] }
        set { own[keyPath: path] = newValue }
    }

    public var checkpointEvery: Int {
        get { own.checkpointEvery }
        set { own.checkpointEvery = newValue }
    }

    public func encode(to encoder: any Encoder) throws {
        try own.encode(to: encoder)
        try learning.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        own = try OffPolicySettings(from: decoder)
        learning = try LearnerConfig(from: decoder)
    }

    /// TD3 (Fujimoto et al. 2018, arXiv:1802.09477), with its paper's settings and ERL's networks.
    public static func td3() -> OffPolicyConfig {
        var config = OffPolicyConfig()
        (config.learning.learner, config.learning.noise, config.learning.noiseSigma) = (.td3, .gaussian, 0.1)
        (config.learning.actorLearningRate, config.learning.criticLearningRate) = (1e-3, 1e-3)
        (config.learning.tau, config.learning.maxGradientNorm) = (5e-3, 0)
        (config.learning.batchSize, config.learning.warmupSteps) = (100, 10_000)
        return config
    }

    public func validate(seeds: Int = 1) throws {
        try own.checkEach(members: seeds)
        try learning.validate(runs: seeds)
    }

    public func unread(_ given: Set<String>) -> [String: String] { learning.unread(given) }
}

/// What DDPG and TD3 have beside their learner.
public struct OffPolicySettings: SettingGroup, Codable, Sendable, Equatable {
    @Setting(
        "Environment steps of each run that are stored, without tests.", 1...1 << 30 - 1,
        also: ["steps", "frames", "timesteps", "total_timesteps", "total_frames"])
    public var totalSteps: Int = 1_000_000
    @Setting("Whether a time limit ends the discounted sum, as in the published code of ERL.")
    public var mode: ERLMode = .default
    @Setting(
        """
        Episodes without noise that test the learner after every one of its own, neither stored nor counted; 0 for \
        none.
        """,
        0...1 << 30 - 1, also: ["eval_episodes"])
    public var testEpisodes: Int = 1
    @Setting("Iterations between checkpoints, which hold the memories and are large.", 1...1 << 30 - 1)
    public var checkpointEvery: Int = 50

    public init() {}
}
