import GPUTensor

/// A member of the family: which crossover and which mutation evolve the population beside the learner.
public enum ERLVariant: String, Choice {
    /// n-point crossover and Gaussian mutation. Khadka and Tumer 2018 (arXiv:1805.07917).
    case erl
    /// n-point crossover and proximal mutation. Bodnar et al. 2020 (arXiv:1906.09807), section 4.
    case perl
    /// Distillation crossover and Gaussian mutation. The same.
    case derl
    /// Distillation crossover and proximal mutation. The same.
    case pderl

    public var distils: Bool { self == .derl || self == .pderl }
    public var mutatesProximally: Bool { self == .perl || self == .pderl }
}

/// How two parents are chosen.
public enum Pairing: String, Choice { case fitness, distance, mix }

/// Which parent's weights a distilled child starts with.
public enum DistilledStart: String, Choice { case lessFit = "less_fit", fitter }

/// Settings of ERL, PERL, DERL and PDERL: ``ERLSettings``, and ``LearnerConfig`` of the learner beside the population.
@dynamicMemberLookup
public struct ERLConfig: AlgorithmConfig {
    public var own = ERLSettings()
    public var learning = LearnerConfig()

    public init() {}
    public init(_ variant: ERLVariant) { own.variants = [variant] }

    public subscript<T>(dynamicMember path: WritableKeyPath<ERLSettings, T>) -> T {
        get { own[keyPath: path] }
        set { own[keyPath: path] = newValue }
    }
    public subscript<T>(dynamicMember path: WritableKeyPath<LearnerConfig, T>) -> T {
        get { learning[keyPath: path] }
        set { learning[keyPath: path] = newValue }
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
        own = try ERLSettings(from: decoder)
        learning = try LearnerConfig(from: decoder)
    }

    /// e, the number of elites.
    public var elites: Int { max(1, Int(own.eliteFraction * Double(own.population))) }
    public var isFaithful: Bool { own.mode == .faithful }
    /// Policies per run: the population, and the learner's behind it.
    public var policies: Int { own.population + 1 }

    public func validate(seeds: Int = 1) throws {
        let runs = own.variants.count * seeds
        try own.checkEach(members: runs)
        try check(
            elites < own.population, "elite_fraction", own.eliteFraction,
            "0 up to below 1, with fewer elites than the population of \(own.population)")
        try learning.validate(runs: runs)
        try check(
            own.geneticMemory >= own.distillationBatchSize, "genetic_memory", own.geneticMemory,
            "at least distillation_batch_size, \(own.distillationBatchSize)")
    }

    public func unread(_ given: Set<String>) -> [String: String] {
        var unread = learning.unread(given)
        if given.contains("pairing"), !own.variants.contains(where: \.distils) {
            unread["pairing"] = "only derl and pderl read it"
        }
        return unread
    }
}

/// What ERL, PERL, DERL and PDERL have beside their learner. Defaults are the PDERL paper's (Bodnar et al. 2020,
/// arXiv:1906.09807, Tables 3 and 4) where no other origin is named.
public struct ERLSettings: SettingGroup, Codable, Sendable, Equatable {
    @Setting("Evolved policies per run (k).", 2...10_000, also: ["members", "pop_size"])
    public var population: Int = 10
    @Setting(
        "One run for each of these with every seed, all in lock-step.",
        accepts: (
            { !$0.isEmpty && Set($0).count == $0.count }, "a list of different ones of \(ERLVariant.listed)"
        ))
    public var variants: [ERLVariant] = [.pderl]
    @Setting("With corrections, or faithful to the published code also where it differs from the paper.")
    public var mode: ERLMode = .default
    @Setting(
        "Environment steps of each run that are stored: the population's and the learner's, without tests.",
        1...1 << 30 - 1, also: ["steps", "frames", "timesteps", "total_timesteps", "total_frames"])
    public var totalSteps: Int = 6_000_000
    @Setting(
        "Part of the population that is copied unchanged (at least one).",
        accepts: ({ $0 >= 0 && $0 < 1 }, "0 up to below 1"), origin: "Table 4")
    public var eliteFraction: Double = 0.1
    @Setting("Episodes that a policy's fitness is the mean of.", 1...1 << 30 - 1, origin: "Table 4")
    public var trials: Int = 1
    @Setting(
        "Generations from one injection of the learner into the population to the next.", 1...1 << 30 - 1,
        origin: "Table 4")
    public var syncPeriod: Int = 10
    @Setting("Chance of a policy that is no elite to be mutated.", 0...1, origin: "Table 3")
    public var mutationProbability: Double = 0.9
    @Setting(
        "Standard deviation of proximal mutation, before the division by sensitivities.", 0...10, origin: "Table 4")
    public var mutationMagnitude: PerMember = 0.1
    @Setting("States that sensitivities are summed over.", 1...1 << 30 - 1, origin: "Table 3")
    public var mutationBatchSize: Int = 256
    @Setting("Move biases and normalisations too; the published code moves weight matrices only.")
    public var mutateAllParameters: Bool = false
    @Setting("How two parents are chosen: by fitness, by the distance of their behaviour, or by a mix of both.")
    public var pairing: Pairing = .fitness
    @Setting("Weight of distance where pairing is a mix.", 0...1)
    public var pairingDistanceWeight: Double = 0.5
    @Setting("Passes over a child's data while it is distilled.", 1...100_000, origin: "Table 3")
    public var distillationEpochs: Int = 12
    @Setting("Transitions per minibatch of it.", 1...1 << 30 - 1, origin: "Table 3")
    public var distillationBatchSize: Int = 128
    @Setting(
        "Step size of it.", accepts: ({ $0 > 0 && $0 <= 1 }, "above 0 and at most 1"), origin: "Table 3")
    public var distillationLearningRate: Double = 1e-3
    @Setting("Which parent's weights a distilled child starts with.", origin: "the published code")
    public var distillationStart: DistilledStart = .lessFit
    @Setting("Transitions that each policy remembers (kappa).", 1...1 << 30 - 1, origin: "Table 3")
    public var geneticMemory: Int = 8_000
    @Setting(
        "Episodes that test champion and learner in every generation, neither stored nor counted; 0 for none.",
        0...1 << 30 - 1, also: ["eval_episodes"])
    public var testEpisodes: Int = 5
    @Setting("Generations between checkpoints, which hold the memories and are large.", 1...1 << 30 - 1)
    public var checkpointEvery: Int = 50

    public init() {}
}

extension ERL {
    /// What the papers and their code set by task. Of MuJoCo's tasks the model's name stands for all versions.
    ///
    /// PDERL's Table 4 and `parameters.py`; of ERL in faithful mode `run_erl.py` of its branch neurips_paper_2018.
    public static func tune(_ config: inout ERLConfig, as name: String, for task: EnvironmentSpec, wanted: ERLConfig) {
        switch task.task {
        case "Swimmer": config.own.totalSteps = 2_000_000
        case "Hopper":
            (config.own.totalSteps, config.own.eliteFraction) = (4_000_000, 0.2)
            (config.own.trials, config.own.syncPeriod) = (3, 1)
        case "Walker2d": (config.own.eliteFraction, config.own.trials, config.own.syncPeriod) = (0.2, 5, 1)
        case "Ant": (config.own.eliteFraction, config.own.syncPeriod, config.own.mutationMagnitude) = (0.2, 1, 0.01)
        case "Reacher": (config.own.totalSteps, config.own.eliteFraction, config.own.trials) = (2_000_000, 0.2, 3)
        case "InvertedPendulum", "InvertedDoublePendulum", "Pendulum-v1": config.own.totalSteps = 300_000
        default: break
        }
        guard name == "erl", wanted.isFaithful else { return }
        switch task.task {
        case "HalfCheetah": config.own.totalSteps = 2_000_000
        case "Hopper": (config.own.eliteFraction, config.own.trials) = (0.3, 5)
        case "Walker2d": (config.own.totalSteps, config.own.trials, config.own.syncPeriod) = (8_000_000, 3, 10)
        case "Ant": config.own.eliteFraction = 0.3
        case "Reacher": config.own.trials = 5
        default: break
        }
    }
}
