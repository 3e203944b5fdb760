import GPUTensor

/// What a run of `gpo` is: the algorithm itself, or one of the two that its paper compares it with.
public enum GPOVariant: String, Choice {
    /// Genetic policy optimisation.
    case gpo
    /// As many independent policies, each with an equal share of the steps; the best at the end counts.
    case single
    /// One policy with all the steps, each gradient from as many samples as a population's together.
    case joint
}

/// What makes a couple fit to have a child.
public enum CoupleFitness: String, Choice {
    /// The sum of both returns.
    case performance
    /// How far apart the two policies are.
    case diversity
    /// A convex mix of both, each scaled to [0, 1] over the couples.
    case mix
}

/// How a child is made.
public enum CrossoverOperator: String, Choice {
    /// Imitation of a two-level policy over the parents.
    case stateSpace = "state_space"
    /// Each unit's weights from either parent.
    case parameterSpace = "parameter_space"
}

/// Which recent rollouts a gate is trained on: the best of each parent in equal parts, or the best of both together,
/// most of which are the better parent's.
public enum GateData: String, Choice { case each, pooled }

/// Which weights a child starts with before it imitates, and which its value network has.
public enum ChildStart: String, Choice { case fitter, weaker, fresh }
/// The Adam moments that a child's mutation starts with.
public enum ChildMoments: String, Choice { case fitter, fresh }
/// Whose statistics of observations a child sees the world with.
public enum ChildStatistics: String, Choice { case fitter, merged }

/// When it is settled whose samples a member learns from too: once before a round's mutation, as the paper has it, or
/// anew before the updates of each iteration, since members move apart while they mutate.
public enum SimilarSets: String, Choice { case round, iteration }

/// How parents and children act while they are measured: with the noise that they were trained and selected with, or by
/// their mean action (the most probable one, of a discrete task), as policies are judged at the end.
public enum MeasuredActions: String, Choice { case sampled, mean }

/// Settings of genetic policy optimisation: the mutation's, which are ``PPOConfig``'s under the same names, and
/// ``GPOSettings``, whose names are here too. `population`, `environments` and `batch_size` are a policy's, whatever
/// the variant, and `total_steps` is the whole run's.
@dynamicMemberLookup
public struct GPOConfig: AlgorithmConfig {
    /// Adaptive-KL PPO with ten full-batch steps on 2,048 samples, and the networks of section 4.1.
    public var mutation = PPOConfig()
    public var own = GPOSettings()

    public init() {
        (mutation.objective, mutation.environments, mutation.rolloutSteps) = (.penalty, 16, 128)
        (mutation.batchSize, mutation.epochs) = (2048, 10)
        (mutation.hidden, mutation.valueHidden) = ([64, 64], [32, 32])
        (mutation.learningRate, mutation.valueLearningRate, mutation.learningRateSchedule) = (3e-4, 1e-3, .constant)
        mutation.totalSteps = 1  // nobody reads it
    }

    public subscript<T>(dynamicMember path: WritableKeyPath<GPOSettings, T>) -> T {
        get { own[keyPath: path] }
        set { own[keyPath: path] = newValue }
    }

    public var checkpointEvery: Int {
        get { mutation.checkpointEvery }
        set { mutation.checkpointEvery = newValue }
    }

    // One flat list of settings; own total_steps takes the mutation's place.
    public func encode(to encoder: any Encoder) throws {
        try mutation.encode(to: encoder)
        try own.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        mutation = try PPOConfig(from: decoder)
        own = try GPOSettings(from: decoder)
        mutation.totalSteps = 1
    }

    // MARK: Budget

    /// Policies of a run: the population, or 1 for `joint`.
    public var policies: Int { own.variant == .joint ? 1 : mutation.population }
    /// Whether members are crossed; otherwise the whole budget is the mutation's.
    public var crosses: Bool { own.variant == .gpo }
    /// Environment steps of each child while it is made.
    public var crossoverStepsPerChild: Int {
        crosses && own.crossover == .stateSpace
            ? (1 + own.daggerPasses + own.gateRefinement) * own.crossoverEnvironments * own.crossoverSteps : 0
    }
    /// Environment steps of each policy in one iteration of the mutation.
    public var stepsPerIteration: Int {
        mutation.environments * mutation.rolloutSteps * (own.variant == .joint ? mutation.population : 1)
    }
    private func crossings(through round: Int) -> Int {
        !crosses ? 0 : round < own.rounds || own.finalCrossover ? round : round - 1
    }

    /// Iterations of mutation in a round, from 0: as many as the budget up to its end has room for beside crossovers.
    public func iterations(ofRound round: Int) -> Int { iterations(through: round + 1) - iterations(through: round) }
    private func iterations(through rounds: Int) -> Int {
        // In whole numbers, so that no rounding shows: the share of `rounds` of the budget, less crossovers.
        let share =
            own.totalSteps / policies * rounds / own.rounds - crossings(through: rounds) * crossoverStepsPerChild
        return rounds == 0 ? 0 : max(0, share / stepsPerIteration)
    }
    /// Rollouts that a round ends with and that a gate is trained on: as many in every round.
    var window: Int { min(own.recentRollouts, (0..<own.rounds).map { iterations(ofRound: $0) }.min() ?? 1) }
    /// Half of the steps that each gate is trained on: those of either parent, if not pooled.
    var eliteSteps: Int { max(1, Int((own.eliteFraction * Double(recentSteps)).rounded())) }
    /// Steps of each parent that a gate may be trained on.
    private var recentSteps: Int { window * mutation.environments * mutation.rolloutSteps }
    /// A parent's best steps that are put in order for that.
    var rankedSteps: Int { own.gateData == .pooled ? min(2 * eliteSteps, recentSteps) : eliteSteps }

    /// The mutation as PPO runs it.
    var ppo: PPOConfig {
        var config = mutation
        if own.variant == .joint {
            (config.environments, config.batchSize) = (
                mutation.environments * mutation.population, mutation.batchSize * mutation.population
            )
            config.population = 1
        }
        config.totalSteps = max(1, iterations(through: own.rounds)) * stepsPerIteration
        return config
    }

    public func validate(seeds: Int = 1) throws {
        try own.checkEach(members: mutation.population)
        let population = mutation.population
        try check(
            own.variant != .gpo || population >= 2, "population", population,
            "at least 2 with variant gpo, whose children have two parents")
        try check(population >= 1, "population", population, "at least 1")
        var plain = mutation
        plain.totalSteps = 1
        try plain.validate()
        let rows = mutation.environments * mutation.rolloutSteps
        let rollouts = 1 + own.daggerPasses + own.gateRefinement
        for (key, product) in [
            (
                "recent_rollouts * environments * rollout_steps",
                own.recentRollouts.multipliedReportingOverflow(by: rows)
            ),
            (
                "(1 + dagger_passes + gate_refinement) * crossover_environments * crossover_steps",
                rollouts.multipliedReportingOverflow(by: own.crossoverEnvironments * own.crossoverSteps)
            )
        ] {
            try check(
                !product.overflow && product.partialValue < 1 << 28, key,
                product.overflow ? "above \(Int.max)" : "\(product.partialValue)", "a product below \(1 << 28)")
        }
        try ppo.validate()
        try check(
            own.gateRefinement == 0 || own.gateLearningRate > 0, "gate_learning_rate", own.gateLearningRate,
            "above 0 where gate_refinement is \(own.gateRefinement)")
        try check(
            own.crossover == .stateSpace || own.childStatistics == .fitter, "child_statistics",
            own.childStatistics.rawValue, "fitter with crossover \(own.crossover.rawValue)")
        for round in 0..<own.rounds where iterations(ofRound: round) < 1 {
            let share = own.totalSteps / policies / own.rounds
            let least = (stepsPerIteration + crossoverStepsPerChild) * policies * own.rounds
            throw RunError(
                """
                total_steps is \(own.totalSteps), \(share) for each of \(policies) policies in each of \(own.rounds) \
                rounds; accepted: enough for an iteration's \(stepsPerIteration) steps beside a crossover's \
                \(crossoverStepsPerChild), from \(least)
                """)
        }
        try check(
            !crosses || own.klStates <= rows, "kl_states", own.klStates,
            "at most environments * rollout_steps, \(rows)")
    }
}

/// What genetic policy optimisation has beside its mutation. Where no origin is named, the default is ours: the paper
/// (Gangwani and Peng 2018, arXiv:1711.01012) left it out. Sections are the paper's.
public struct GPOSettings: SettingGroup, Codable, Sendable, Equatable {
    @Setting("The algorithm itself, or one of its paper's baselines: policies for themselves, or one with all samples.")
    public var variant: GPOVariant = .gpo
    @Setting("Rounds of mutation, selection and crossover (k).", 1...1 << 20, origin: "section 4.3")
    public var rounds: Int = 12
    @Setting(
        "Environment steps over all policies of a run, rollouts of crossovers included.", 1...1 << 40,
        origin: "section 4.3", also: ["steps", "frames", "timesteps", "total_timesteps", "total_frames"])
    public var totalSteps: Int = 8_000_000
    @Setting("Learn from the samples of similar policies too.", origin: "section 3.3.2")
    public var dataSharing: Bool = true
    @Setting("When similar policies are looked for: once a round, or in every iteration.", origin: "section 3.3.2")
    public var similarSets: SimilarSets = .round
    @Setting("Policies with a KL below this, in nats, are similar (epsilon).", 0...1e6)
    public var similarity: Double = 0.05
    @Setting(
        "How many policies a set of similar ones may hold, the policy itself with them; the nearest stay.",
        1...1 << 24)
    public var similarLimit: Int = 4
    @Setting(
        """
        The most that another policy's sample may weigh, which is the ratio of both policies' probabilities otherwise; \
        0 for no limit, as in the paper. With the clipped objective its clip holds instead.
        """, 0...1e6)
    public var sharedRatioLimit: Double = 1
    @Setting("States of each policy that a KL between policies is estimated on.", 1...1 << 24)
    public var klStates: Int = 256
    @Setting("What makes a couple fit: both returns, how far apart the two are, or a mix of both.")
    public var selection: CoupleFitness = .performance
    @Setting(
        "With mix: the weight of diversity in the first round, from which it goes linearly to diversity_weight_end.",
        0...1, origin: "section 3.3.3")
    public var diversityWeight: Double = 0.5
    @Setting("The same in the last round.", 0...1)
    public var diversityWeightEnd: Double = 0
    @Setting("How a child is made: by imitation of a two-level policy over the parents, or of each unit's weights.")
    public var crossover: CrossoverOperator = .stateSpace
    @Setting("Cross after the last round's mutation too.", origin: "the paper's Algorithm 1")
    public var finalCrossover: Bool = true
    @Setting(
        "The last rollouts of a round that returns are taken from, and that gates are trained on.", 1...1 << 24)
    public var recentRollouts: Int = 8
    @Setting(
        "Which part of those rollouts' steps, from the episodes with the highest rewards, a gate is trained on.",
        accepts: ({ $0 > 0 && $0 <= 1 }, "above 0 and at most 1"))
    public var eliteFraction: Double = 0.25
    @Setting("Whether each parent's best count, or the best of both.")
    public var gateData: GateData = .pooled
    @Setting(widths: "Widths of the gate's hidden layers.", counts: 1...64, origin: "section 4.1")
    public var gateHidden: [Int] = [32, 32]
    @Setting("Passes over the gate's data.", 1...1 << 24)
    public var gateEpochs: Int = 5
    @Setting("Rows per minibatch of the gate.", 1...1 << 24)
    public var gateBatchSize: Int = 256
    @Setting("The gate's step size.", 0...1)
    public var gateLearningRate: Double = 1e-3
    @Setting(
        """
        Policy-gradient steps on the gate after that, each from a rollout of the two-level policy. Section 3.3.1 \
        mentions them; it took none.
        """, 0...1 << 24)
    public var gateRefinement: Int = 0
    @Setting("Step size of these.", 0...1)
    public var gateRefinementRate: Double = 1e-3
    @Setting("Environments of each rollout in a crossover.", 1...1 << 24)
    public var crossoverEnvironments: Int = 8
    @Setting("Steps per environment of each rollout in a crossover.", 1...1 << 24)
    public var crossoverSteps: Int = 256
    @Setting(
        """
        Rollouts of the child that the expert labels, each followed by training on all data so far (Ross et al. 2011, \
        arXiv:1011.0686).
        """, 0...1 << 24)
    public var daggerPasses: Int = 3
    @Setting("Passes over the data in each of those trainings.", 0...1 << 24)
    public var imitationEpochs: Int = 10
    @Setting("Rows per minibatch of these.", 1...1 << 24)
    public var imitationBatchSize: Int = 256
    @Setting("Step size of these.", 0...1)
    public var imitationLearningRate: Double = 1e-3
    @Setting("With state-space crossover: what a child's policy starts with.")
    public var childStart: ChildStart = .fitter
    @Setting("With state-space crossover: whose value network a child has.")
    public var childValue: ChildStart = .fitter
    @Setting("The Adam moments that a child's mutation starts with.")
    public var childMoments: ChildMoments = .fitter
    @Setting("Whose statistics of observations a child sees the world with.")
    public var childStatistics: ChildStatistics = .fitter
    @Setting(
        """
        Begin new episodes with children. Otherwise they go on where the member was whose place they take, so that a \
        rollout's environments stay in different parts of their episodes.
        """)
    public var restartEpisodes: Bool = false
    @Setting(
        """
        Episodes that parents and children are measured by for records.jsonl, outside the budget; 0 for none, and no \
        comparison of crossovers either.
        """, 0...1 << 24)
    public var lineageEpisodes: Int = 5
    @Setting("How they act meanwhile: with the noise that they were trained with, or by their mean action.")
    public var lineageActions: MeasuredActions = .mean
    @Setting(
        """
        In so many first rounds a child of parameter-space crossover is measured beside each child, and visited states \
        are kept for reports.
        """, 0...1 << 24)
    public var comparedRounds: Int = 1

    public init() {}
}

extension GPO {
    /// Ours, found by trying.
    public static func tune(_ config: inout GPOConfig, as name: String, for task: EnvironmentSpec, wanted: GPOConfig) {
        switch task.task {
        case "Pendulum-v1":
            config.totalSteps = 2_000_000
            (config.mutation.learningRate, config.mutation.gamma) = (1e-3, 0.9)
            config.crossoverSteps = 200
        case "Ant", "HalfCheetah", "Hopper", "Humanoid", "Walker2d":
            config.mutation.initialLogStd = -1
        case "InvertedDoublePendulum":
            config.mutation.learningRate = 1e-3
        case "Swimmer":
            (config.mutation.gamma, config.mutation.gaeLambda) = (0.9999, 0.99)
        default:
            break
        }
    }
}
