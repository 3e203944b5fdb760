/// Which learner.
public enum LearnerKind: String, Choice { case ddpg, td3 }

/// How close a run stays to the published code, crisbodnar/pderl.
public enum ERLMode: String, Choice {
    /// As published, but: a time limit does not end the discounted sum, the learner never replaces an elite, parents
    /// are two different ones, of which each couple counts once, an elite's copy counts by the elite's fitness and
    /// takes an unselected slot, and distance pairing works; tournaments' winners are not padded to an even number,
    /// children's memories keep the order of time, and ERL is PDERL's code with its own operators: settings by task as
    /// PDERL has them, noisy actions clipped and the actor's gradients limited.
    case `default`
    /// As published in each of these; with ERL, where its own code (`neurips_paper_2018`) differs from PDERL's, as
    /// that.
    case faithful
}

/// Settings of a learner from stored transitions, alone or beside a population. Defaults are the PDERL paper's (Bodnar
/// et al. 2020, arXiv:1906.09807, Tables 3 and 4) where no other origin is named. Settings of type ``PerMember`` take
/// one number or one per run.
public struct LearnerConfig: SettingGroup, Codable, Sendable, Equatable {
    @Setting("The learner: DDPG (Lillicrap et al. 2016) or TD3 (Fujimoto et al. 2018).")
    public var learner: LearnerKind = .ddpg
    @Setting("Adam's step size for the actor.", 0...1, also: ["lr", "learning_rate", "actor_lr"])
    public var actorLearningRate: PerMember = 5e-5
    @Setting("Adam's step size for the critic.", 0...1, also: ["critic_lr"])
    public var criticLearningRate: PerMember = 5e-4
    @Setting("Discount per step.", 0...1, also: ["discount"])
    public var gamma: PerMember = 0.99
    @Setting("Step of the target networks per update.", 0...1, also: ["polyak"])
    public var tau: PerMember = 1e-3
    @Setting("Transitions per update.", 1...1 << 30 - 1)
    public var batchSize: Int = 128
    @Setting("Transitions that a run remembers.", 1...1 << 30 - 1, also: ["buffer_size", "replay_size"])
    public var replayMemory: Int = 1_000_000
    @Setting("Updates per stored environment step.", 0...100, also: ["gradient_steps", "utd"])
    public var updatesPerStep: Double = 1
    @Setting(
        "Steps of a run before which the learner acts at random and does not learn.", 0...1 << 30 - 1,
        also: ["learning_starts", "start_steps"])
    public var warmupSteps: Int = 0
    @Setting(
        "Limit of the gradients' norms; 0 for none.", 0...1e9, origin: "the published code",
        also: ["max_grad_norm", "grad_clip"])
    public var maxGradientNorm: Double = 10
    @Setting("Exploration: Ornstein and Uhlenbeck's process, or independent normal numbers.")
    public var noise: ExplorationNoise = .ou
    @Setting("Theta of the process.", 0...1)
    public var noiseTheta: Double = 0.15
    @Setting("Deviation of the noise per step.", 0...10)
    public var noiseSigma: Double = 0.2
    @Setting("What the process is scaled by.", 0...10)
    public var noiseScale: Double = 0.3
    @Setting("TD3: critic updates per actor update.", 1...1 << 30 - 1, origin: "Fujimoto et al. 2018, section 6.1")
    public var policyDelay: Int = 2
    @Setting("TD3: deviation of the noise on target actions.", 0...10, origin: "Fujimoto et al. 2018, section 6.1")
    public var targetNoise: Double = 0.2
    @Setting("TD3: limit of that noise.", 0...10, origin: "Fujimoto et al. 2018, section 6.1")
    public var targetNoiseLimit: Double = 0.5
    @Setting(
        widths: "Widths of the policies' hidden layers.", counts: 1...64, origin: "section 5",
        also: ["hidden", "net_arch", "hidden_sizes"])
    public var actorHidden: [Int] = [128, 128]
    @Setting(
        widths: "Widths of the critic's first layer, either half of it, and of its second.", counts: 2...2,
        origin: "section 5")
    public var criticHidden: [Int] = [200, 300]

    public init() {}

    /// - Parameter runs: how many numbers a list of one for each has to have.
    func validate(runs: Int) throws {
        try checkEach(members: runs)
        try check(
            replayMemory > 5 * batchSize, "replay_memory", replayMemory,
            "more than \(5 * batchSize), five times batch_size, before which the learner does not learn")
    }

    /// What nothing reads, with the reason.
    func unread(_ given: Set<String>) -> [String: String] {
        var unread: [String: String] = [:]
        func pass(_ keys: [String], unless isRead: Bool, _ reason: String) {
            for key in keys where !isRead && given.contains(key) { unread[key] = reason }
        }
        pass(
            ["policy_delay", "target_noise", "target_noise_limit"], unless: learner == .td3,
            "only learner=td3 reads it")
        pass(["noise_theta", "noise_scale"], unless: noise == .ou, "only noise=ou reads it")
        return unread
    }

    /// The networks for a task.
    ///
    /// - Throws: ``RunError`` for a task whose actions are discrete.
    func networks(_ task: EnvironmentSpec) throws -> (actor: Policy, critic: CriticNetwork) {
        guard case .box = task.action else {
            throw RunError(
                """
                \(task.name) has discrete actions; ERL, PERL, DERL, PDERL, DDPG and TD3 take tasks with continuous \
                ones, such as Pendulum-v1 (ppo, a2c and gpo take both)
                """)
        }
        let (observations, actions) = (task.observationCount, task.action.width)
        return (
            .erl(observations: observations, actions: actions, hidden: actorHidden),
            CriticNetwork(
                observations: observations, actions: actions, first: criticHidden[0], second: criticHidden[1])
        )
    }

    /// The learners' noise.
    ///
    /// - Parameters:
    ///   - members: the learner of each run among those that play.
    ///   - clips: whether each run's noisy actions are clipped.
    func exploration(members: [Int], clips: [Bool]) -> Evaluator.Exploration {
        Evaluator.Exploration(
            members: members, kind: noise, theta: Float(noiseTheta), sigma: Float(noiseSigma),
            scale: Float(noiseScale), clips: clips)
    }
}
