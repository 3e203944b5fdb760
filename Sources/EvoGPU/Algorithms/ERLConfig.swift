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

public enum LearnerKind: String, Choice { case ddpg, td3 }

/// How two parents are chosen.
public enum Pairing: String, Choice { case fitness, distance, mix }

/// Which parent's weights a distilled child starts with.
public enum DistilledStart: String, Choice { case lessFit = "less_fit", fitter }

/// Settings of ERL, PERL, DERL and PDERL, and of DDPG and TD3, which are the same without a population. Defaults are
/// the PDERL paper's (Bodnar et al. 2020, arXiv:1906.09807, Tables 3 and 4) where no other origin is named. Settings of
/// type ``PerMember`` take one number or one per run.
public struct ERLConfig: Codable, Sendable, Equatable {
    /// Evolved policies per run (k); 0 for the learner alone.
    public var population = 10
    /// One run for each of these with every seed, all in lock-step.
    public var variants = [ERLVariant.pderl]
    public var mode = ERLMode.default
    /// Environment steps of each run that are stored: the population's and the learner's, without tests.
    public var totalSteps = 6_000_000
    /// Part of the population that is copied unchanged (at least one). Table 4.
    public var eliteFraction = 0.1
    /// Episodes that a policy's fitness is the mean of. Table 4.
    public var trials = 1
    /// Generations from one injection of the learner into the population to the next. Table 4.
    public var syncPeriod = 10
    /// Chance of a policy that is no elite to be mutated.
    public var mutationProbability = 0.9
    /// Standard deviation of proximal mutation, before the division by sensitivities. Table 4.
    public var mutationMagnitude: PerMember = 0.1
    /// States that sensitivities are summed over.
    public var mutationBatchSize = 256
    /// Move biases and normalisations too; the published code moves weight matrices only.
    public var mutateAllParameters = false
    public var pairing = Pairing.fitness
    /// Weight of distance where pairing is a mix.
    public var pairingDistanceWeight = 0.5
    public var distillationEpochs = 12
    public var distillationBatchSize = 128
    public var distillationLearningRate = 1e-3
    /// The published code starts with the less fit parent.
    public var distillationStart = DistilledStart.lessFit
    /// Transitions that each policy remembers (kappa).
    public var geneticMemory = 8_000
    public var learner = LearnerKind.ddpg
    public var actorLearningRate: PerMember = 5e-5
    public var criticLearningRate: PerMember = 5e-4
    /// Discount per step.
    public var gamma: PerMember = 0.99
    /// Step of the target networks per update.
    public var tau: PerMember = 1e-3
    public var batchSize = 128
    /// Transitions that a run remembers.
    public var replayMemory = 1_000_000
    /// Updates of the learner per stored environment step.
    public var updatesPerStep = 1.0
    /// Steps of a run before which the learner acts at random and does not learn.
    public var warmupSteps = 0
    /// Limit of the gradients' norms, of the published code; 0 for none.
    public var maxGradientNorm = 10.0
    /// The learner's exploration.
    public var noise = ExplorationNoise.ou
    /// Theta of the process, its deviation per step, and what it is scaled by. `gaussian` takes the deviation alone.
    public var noiseTheta = 0.15
    public var noiseSigma = 0.2
    public var noiseScale = 0.3
    /// TD3: critic updates per actor update, deviation and limit of the noise on target actions. Fujimoto et al. 2018,
    /// section 6.1.
    public var policyDelay = 2
    public var targetNoise = 0.2
    public var targetNoiseLimit = 0.5
    /// Widths of the policies' hidden layers, and of the critics' first (either half) and second. Section 5.
    public var actorHidden = [128, 128]
    public var criticHidden = [200, 300]
    /// Episodes that test champion and learner in every generation, neither stored nor counted; 0 for none.
    public var testEpisodes = 5
    /// Generations between checkpoints, which hold the memories and are large.
    public var checkpointEvery = 50

    public init() {}
    public init(_ variant: ERLVariant) { variants = [variant] }

    enum CodingKeys: String, CodingKey {
        case population, variants, mode, totalSteps = "total_steps", eliteFraction = "elite_fraction", trials,
            syncPeriod = "sync_period"
        case mutationProbability = "mutation_probability", mutationMagnitude = "mutation_magnitude", mutationBatchSize =
            "mutation_batch_size", mutateAllParameters = "mutate_all_parameters"
        case pairing, pairingDistanceWeight = "pairing_distance_weight", distillationEpochs = "distillation_epochs",
            distillationBatchSize = "distillation_batch_size"
        case distillationLearningRate = "distillation_learning_rate", distillationStart = "distillation_start",
            geneticMemory = "genetic_memory"
        case learner, actorLearningRate = "actor_learning_rate", criticLearningRate = "critic_learning_rate", gamma,
            tau, batchSize = "batch_size", replayMemory = "replay_memory"
        case updatesPerStep = "updates_per_step", warmupSteps = "warmup_steps", maxGradientNorm = "max_gradient_norm"
        case noise, noiseTheta = "noise_theta", noiseSigma = "noise_sigma", noiseScale = "noise_scale"
        case policyDelay = "policy_delay", targetNoise = "target_noise", targetNoiseLimit = "target_noise_limit"
        case actorHidden = "actor_hidden", criticHidden = "critic_hidden", testEpisodes = "test_episodes",
            checkpointEvery = "checkpoint_every"

        /// What a learner alone has no use for. ``validate(seeds:)`` looks at two more, so that a file's can be
        /// corrected: variants and mutation_magnitude.
        static let evolution: [CodingKeys] = [
            .eliteFraction, .trials, .syncPeriod, .mutationProbability, .mutationBatchSize, .mutateAllParameters,
            .pairing, .pairingDistanceWeight,
            .distillationEpochs, .distillationBatchSize, .distillationLearningRate, .distillationStart, .geneticMemory
        ]
    }

    /// DDPG without a population: the same learner, one noisy episode after the other.
    public static func ddpg() -> ERLConfig {
        var config = ERLConfig()
        (config.population, config.variants, config.totalSteps, config.testEpisodes) = (0, [.erl], 1_000_000, 1)
        return config
    }

    /// TD3 (Fujimoto et al. 2018, arXiv:1802.09477), with its paper's settings and ERL's networks.
    public static func td3() -> ERLConfig {
        var config = ddpg()
        (config.learner, config.noise, config.noiseSigma) = (.td3, .gaussian, 0.1)
        (
            config.actorLearningRate, config.criticLearningRate, config.tau, config.maxGradientNorm, config.batchSize,
            config.warmupSteps
        ) = (1e-3, 1e-3, 5e-3, 0, 100, 10_000)
        return config
    }

    /// e, the number of elites.
    public var elites: Int { max(1, Int(eliteFraction * Double(population))) }
    public var isFaithful: Bool { mode == .faithful }
    /// Policies per run: the population, and the learner's behind it.
    public var policies: Int { population + 1 }

    /// - Throws: ``RunError`` naming the first setting that can't be run with.
    public func validate(seeds: Int = 1) throws {
        func check(
            _ isGood: Bool, _ key: String, _ value: @autoclosure () -> Any, _ accepted: @autoclosure () -> String
        ) throws {
            if !isGood { throw RunError("\(key) is \(value()); accepted: \(accepted())") }
        }
        for (key, value) in [
            ("total_steps", totalSteps), ("trials", trials), ("sync_period", syncPeriod),
            ("mutation_batch_size", mutationBatchSize),
            ("distillation_batch_size", distillationBatchSize), ("genetic_memory", geneticMemory),
            ("batch_size", batchSize), ("replay_memory", replayMemory), ("policy_delay", policyDelay),
            ("checkpoint_every", checkpointEvery)
        ] {
            try check(value >= 1 && value < 1 << 30, key, value, "a whole number from 1 to \(1 << 30 - 1)")
        }
        try check(
            (1...100_000).contains(distillationEpochs), "distillation_epochs", distillationEpochs,
            "a whole number from 1 to 100000")
        try check(
            population >= 0 && population <= 10_000 && population != 1, "population", population,
            "0 for the learner alone, or 2 to 10000")
        try check(
            !variants.isEmpty && Set(variants).count == variants.count, "variants", variants.map(\.rawValue),
            "a list of different ones of \(ERLVariant.allCases.map(\.rawValue).joined(separator: ", "))")
        try check(
            population > 0 || variants.count == 1, "variants", variants.map(\.rawValue),
            "one, where population is 0 and nothing evolves")
        try check(
            eliteFraction >= 0 && eliteFraction < 1 && (population == 0 || elites < population), "elite_fraction",
            eliteFraction, "0 up to below 1, with fewer elites than the population of \(population)")
        try check(
            replayMemory > 5 * batchSize, "replay_memory", replayMemory,
            "more than \(5 * batchSize), five times batch_size, before which the learner does not learn")
        try check(
            population == 0 || geneticMemory >= distillationBatchSize, "genetic_memory", geneticMemory,
            "at least distillation_batch_size, \(distillationBatchSize)")
        for (key, value) in [("warmup_steps", warmupSteps), ("test_episodes", testEpisodes)] {
            try check(value >= 0 && value < 1 << 30, key, value, "a whole number from 0")
        }
        for (key, value, range) in [
            ("mutation_probability", mutationProbability, 0.0...1.0),
            ("pairing_distance_weight", pairingDistanceWeight, 0...1),
            ("updates_per_step", updatesPerStep, 0...100), ("max_gradient_norm", maxGradientNorm, 0...1e9),
            ("noise_theta", noiseTheta, 0...1), ("noise_sigma", noiseSigma, 0...10),
            ("noise_scale", noiseScale, 0...10), ("target_noise", targetNoise, 0...10),
            ("target_noise_limit", targetNoiseLimit, 0...10)
        ] {
            try check(range.contains(value), key, value, "\(range.lowerBound) to \(range.upperBound)")
        }
        try check(
            distillationLearningRate > 0 && distillationLearningRate <= 1, "distillation_learning_rate",
            distillationLearningRate, "above 0 and at most 1")
        for (key, setting, range) in perRun {
            if setting.given.count > 1 { _ = try setting.values(count: variants.count * seeds, name: key) }
            try check(
                setting.given.allSatisfy { range.contains($0) }, key,
                setting.given.count == 1 ? "\(setting.given[0])" : "\(setting.given)",
                "\(range.lowerBound) to \(range.upperBound)")
        }
        try check(
            !actorHidden.isEmpty && actorHidden.allSatisfy { (1...4096).contains($0) }, "actor_hidden", actorHidden,
            "a list of widths from 1 to 4096")
        try check(
            criticHidden.count == 2 && criticHidden.allSatisfy { (1...4096).contains($0) }, "critic_hidden",
            criticHidden, "two widths from 1 to 4096: of either half of the first layer, and of the second")
    }

    /// - Parameter overrides: `key=value` as the user gave them. A file may hold more than is read, as a run's own
    ///   does.
    /// - Throws: ``RunError`` naming the first one that neither a run of these settings nor a study of it would read.
    func refuseUnread(_ overrides: [String]) throws {
        let evolution = CodingKeys.evolution.map(\.rawValue),
            twins = [CodingKeys.policyDelay, .targetNoise, .targetNoiseLimit].map(\.rawValue)
        for override in overrides {
            let key = String(override.prefix { $0 != "=" })
            func refuse(_ reason: String) -> RunError {
                RunError("\(key) is set (\(override)), but \(reason); leave it out")
            }
            if population == 0, evolution.contains(key) { throw refuse("without a population nothing reads it") }
            if population > 0, !variants.contains(where: \.distils), key == CodingKeys.pairing.rawValue {
                throw refuse("only derl and pderl read it")
            }
            if learner == .ddpg, twins.contains(key) { throw refuse("only learner=td3 reads it") }
            if noise == .gaussian, [CodingKeys.noiseTheta, .noiseScale].map(\.rawValue).contains(key) {
                throw refuse("only noise=ou reads it")
            }
        }
    }

    private var perRun: [(String, PerMember, ClosedRange<Double>)] {
        [
            ("mutation_magnitude", mutationMagnitude, 0...10), ("actor_learning_rate", actorLearningRate, 0...1),
            ("critic_learning_rate", criticLearningRate, 0...1), ("gamma", gamma, 0...1), ("tau", tau, 0...1)
        ]
    }
}

/// What the papers and their code set by task. Of MuJoCo's tasks the model's name stands for all versions.
///
/// PDERL's Table 4 and `parameters.py`; of ERL in faithful mode `run_erl.py` of its branch neurips_paper_2018.
func tune(_ config: inout ERLConfig, algorithm: String, environment: String) {
    if config.population == 0 {
        // Ours, found by trying: the papers have no such small tasks.
        guard
            ["Pendulum-v1", "InvertedPendulum", "InvertedDoublePendulum", "MountainCarContinuous-v0"].contains(
                environment)
        else { return }
        (config.totalSteps, config.actorLearningRate, config.criticLearningRate, config.tau, config.warmupSteps) = (
            20_000, 1e-3, 1e-3, 5e-3, 1_000
        )
        // three seeds hold the pole for good from 19,400 to 25,300 on
        if config.learner == .td3, environment == "InvertedPendulum" { config.totalSteps = 40_000 }
        return
    }
    switch environment {
    case "Swimmer": config.totalSteps = 2_000_000
    case "Hopper": (config.totalSteps, config.eliteFraction, config.trials, config.syncPeriod) = (4_000_000, 0.2, 3, 1)
    case "Walker2d": (config.eliteFraction, config.trials, config.syncPeriod) = (0.2, 5, 1)
    case "Ant": (config.eliteFraction, config.syncPeriod, config.mutationMagnitude) = (0.2, 1, 0.01)
    case "Reacher": (config.totalSteps, config.eliteFraction, config.trials) = (2_000_000, 0.2, 3)
    case "InvertedPendulum", "InvertedDoublePendulum", "Pendulum-v1": config.totalSteps = 300_000
    default: break
    }
    guard algorithm == "erl", config.isFaithful else { return }
    switch environment {
    case "HalfCheetah": config.totalSteps = 2_000_000
    case "Hopper": (config.eliteFraction, config.trials) = (0.3, 5)
    case "Walker2d": (config.totalSteps, config.trials, config.syncPeriod) = (8_000_000, 3, 10)
    case "Ant": config.eliteFraction = 0.3
    case "Reacher": config.trials = 5
    default: break
    }
}
