import Foundation
import GPUTensor

/// Settings of some algorithm.
public enum AlgorithmSettings: Sendable {
    case ppo(PPOConfig), gpo(GPOConfig), erl(ERLConfig)

    public var encodable: any Encodable & Sendable {
        switch self {
        case .ppo(let config): config
        case .gpo(let config): config
        case .erl(let config): config
        }
    }

    /// These as defaults, with a file and `key=value` settings merged over them and checked. See
    /// ``Configuration/load(_:file:overrides:)``.
    public func merged(file: URL?, overrides: [String] = [], seeds: Int = 1) throws -> AlgorithmSettings {
        let merged: AlgorithmSettings =
            switch self {
            case .ppo(let config): .ppo(try Configuration.load(config, file: file, overrides: overrides))
            case .gpo(let config): .gpo(try Configuration.load(config, file: file, overrides: overrides))
            case .erl(let config): .erl(try Configuration.load(config, file: file, overrides: overrides))
            }
        switch merged {
        case .ppo(let config): try config.validate()
        case .gpo(let config): try config.validate()
        case .erl(let config):
            try config.validate(seeds: seeds)
            try config.refuseUnread(overrides)
        }
        return merged
    }

    func subject(_ spec: EnvironmentSpec, seeds: [UInt64], on queue: Queue) throws -> any TrainingSubject {
        switch self {
        case .ppo(let config): PPOTraining(try PPO(config, spec, seeds: seeds, on: queue))
        case .gpo(let config): GPOTraining(try GPO(config, spec, seeds: seeds, on: queue))
        case .erl(let config): ERLTraining(try ERL(config, spec, seeds: seeds, on: queue))
        }
    }
}

/// What `evogpu algorithms` lists.
public struct AlgorithmSpec: Sendable {
    public let name: String
    public let summary: String
    public let defaults: AlgorithmSettings

    public static let all = [
        AlgorithmSpec(
            name: "ppo",
            summary: "proximal policy optimisation, clipped or with adaptive KL penalty (Schulman et al. 2017)",
            defaults: .ppo(PPOConfig())),
        AlgorithmSpec(
            name: "a2c", summary: "advantage actor-critic, one step per rollout (Mnih et al. 2016)",
            defaults: .ppo(.a2c())),
        AlgorithmSpec(
            name: "gpo",
            summary: "genetic policy optimisation: PPO or A2C mutates, imitation crosses (Gangwani and Peng 2018)",
            defaults: .gpo(GPOConfig())),
        AlgorithmSpec(
            name: "pderl",
            summary:
                "proximal distilled evolutionary RL: a population beside a DDPG learner, crossed by distillation, mutated by sensitivity (Bodnar et al. 2020)",
            defaults: .erl(ERLConfig())),
        AlgorithmSpec(
            name: "derl", summary: "the same with ERL's Gaussian mutation (Bodnar et al. 2020)",
            defaults: .erl(ERLConfig(.derl))),
        AlgorithmSpec(
            name: "perl", summary: "the same with ERL's n-point crossover and proximal mutation (Bodnar et al. 2020)",
            defaults: .erl(ERLConfig(.perl))),
        AlgorithmSpec(
            name: "erl",
            summary:
                "evolutionary RL: a population beside a DDPG learner, n-point crossover, Gaussian mutation (Khadka and Tumer 2018)",
            defaults: .erl(ERLConfig(.erl))),
        AlgorithmSpec(
            name: "ddpg",
            summary: "deep deterministic policy gradients, the learner of ERL alone (Lillicrap et al. 2016)",
            defaults: .erl(.ddpg())),
        AlgorithmSpec(
            name: "td3", summary: "twin delayed deterministic policy gradients (Fujimoto et al. 2018)",
            defaults: .erl(.td3()))
    ]

    /// - Throws: ``RunError`` with the list of algorithms.
    public static func named(_ name: String) throws -> AlgorithmSpec {
        guard let found = all.first(where: { $0.name == name }) else {
            throw RunError("there is no algorithm \(name); accepted: \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    /// The defaults with what suits a task, before the user's own settings.
    ///
    /// - Parameter mode: of ERL's family, whose faithful mode has other settings for some tasks.
    public func settings(for spec: EnvironmentSpec, mode: ERLMode = .default) -> AlgorithmSettings {
        let task = spec.physics?.model.name ?? spec.name
        switch defaults {
        case .ppo(var config):
            tune(&config, algorithm: name, environment: task)
            return .ppo(config)
        case .gpo(var config):
            tune(&config, environment: task)
            return .gpo(config)
        case .erl(var config):
            config.mode = mode
            tune(&config, algorithm: name, environment: task)
            return .erl(config)
        }
    }
}

/// A training run with its folder: config, metrics, checkpoints.
public final class TrainingRun {
    public let algorithm: AlgorithmSpec
    public let directory: RunDirectory
    /// Is given a sentence now and then that a person should see.
    public var tell: (String) -> Void = { _ in }
    private let subject: any TrainingSubject
    private let spec: EnvironmentSpec, seeds: [UInt64]
    private let metrics: MetricsLog, lineage: LineageLog?
    private var metricsRows = 0, lineageRows = 0
    /// Mean return of each member's last finished episodes, of ERL's family of each run's champion; nil before there is
    /// one.
    public private(set) var recentReturns: [Double?]
    /// Environment resets because a state was not finite, refused steps, and contacts without room, over the whole run.
    public private(set) var nonFiniteResets = 0, refusedSteps = 0, contactOverflows = 0

    /// What a checkpoint's `state.json` holds beside the arrays.
    struct State: Codable {
        var algorithm: String, environment: String, seeds: [UInt64], population: Int, iteration: Int, metrics_rows: Int
        var recent_returns: [Double?], non_finite_resets: Int, refused_steps: Int, contact_overflows: Int
        /// Name, offset, rows and columns of every slot of a parameter row, and the activation: for readers of the
        /// arrays, and compared with what config.yaml makes.
        var layout: [String]
        var gpo: GPO.State?
        var erl: ERL.State?
    }

    /// Starts a run: everything is checked and allocated before its folder is made.
    public init(
        _ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, settings: AlgorithmSettings, seeds: [UInt64], path: URL?,
        on queue: Queue
    ) throws {
        (self.algorithm, self.spec, self.seeds) = (algorithm, spec, seeds)
        subject = try settings.subject(spec, seeds: seeds, on: queue)
        recentReturns = Array(repeating: nil, count: subject.returnCount)
        directory = try RunDirectory.create(algorithm: algorithm.name, env: spec.name, path: path)
        // first: only one process can
        metrics = try MetricsLog(creating: directory.metricsFile, columns: subject.columns)
        lineage = subject.hasLineage ? try LineageLog(creating: directory.lineageFile) : nil
        try directory.writeConfig(
            record: [("algorithm", algorithm.name), ("env", spec.name)]
                + (spec.physics.map { [("env_options", $0.options)] } ?? []) + [
                    ("seeds", seeds), ("version", evogpuVersion), ("device", queue.device.identifier)
                ], config: settings.encodable)
        try writeCheckpoint()  // a run killed in its first iterations can be resumed too
    }

    public convenience init(
        _ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, config: PPOConfig, seeds: [UInt64], path: URL?,
        on queue: Queue
    ) throws {
        try self.init(algorithm, spec, settings: .ppo(config), seeds: seeds, path: path, on: queue)
    }

    public convenience init(
        _ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, config: GPOConfig, seeds: [UInt64], path: URL?,
        on queue: Queue
    ) throws {
        try self.init(algorithm, spec, settings: .gpo(config), seeds: seeds, path: path, on: queue)
    }

    public convenience init(
        _ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, config: ERLConfig, seeds: [UInt64], path: URL?,
        on queue: Queue
    ) throws {
        try self.init(algorithm, spec, settings: .erl(config), seeds: seeds, path: path, on: queue)
    }

    /// Continues a run from its checkpoint, on any device.
    ///
    /// - Throws: ``RunError`` if the folder holds no run, or its checkpoint is damaged, of another version or of
    ///   another shape.
    public init(resuming url: URL, on queue: Queue) throws {
        let saved = try SavedRun(url)
        (algorithm, directory, spec, seeds) = (saved.algorithm, saved.directory, saved.spec, saved.trainingSeeds)
        let checkpoint = try Checkpoint.read(state: State.self, in: url)
        subject = try saved.settings.subject(saved.spec, seeds: saved.trainingSeeds, on: queue)
        try Self.check(checkpoint.state, against: saved)
        let state = checkpoint.state
        try subject.resume(state, checkpoint.arrays, path: url.path)
        lineageRows = state.gpo?.lineage_rows ?? 0
        (metricsRows, recentReturns) = (state.metrics_rows, state.recent_returns)
        (nonFiniteResets, refusedSteps, contactOverflows) = (
            state.non_finite_resets, state.refused_steps, state.contact_overflows
        )
        metrics = try MetricsLog(resuming: directory.metricsFile, columns: subject.columns, keepingRows: metricsRows)
        lineage = subject.hasLineage ? try LineageLog(resuming: directory.lineageFile, keepingLines: lineageRows) : nil
    }

    static func check(_ state: State, against saved: SavedRun) throws {
        func same(
            _ name: String, _ inCheckpoint: some Equatable & CustomStringConvertible,
            _ inConfig: some CustomStringConvertible
        ) throws {
            guard inCheckpoint.description == inConfig.description else {
                throw RunError(
                    "\(saved.directory.url.path): the checkpoint has \(name) \(inCheckpoint) and config.yaml \(inConfig); they have to agree"
                )
            }
        }
        try same("algorithm", state.algorithm, saved.algorithm.name)
        try same("env", state.environment, saved.spec.name)
        try same("seeds", state.seeds, saved.trainingSeeds)
        try same("population", state.population, saved.population)
        try same("networks", state.layout, saved.networks)
        guard state.iteration >= 0, state.metrics_rows >= 0, state.recent_returns.count == saved.returnCount else {
            throw RunError(
                "\(saved.directory.url.path): the checkpoint's state.json has counts that can't be: iteration \(state.iteration), \(state.metrics_rows) rows of metrics, \(state.recent_returns.count) returns"
            )
        }
    }

    /// Every slot of a parameter row and the activation, in words.
    static func describe(_ network: ActorCritic, activation: ActivationName) -> [String] {
        words(network.layout) + ["activation \(activation.rawValue)"]
    }
    static func describe(_ actor: ActorNetwork, _ critic: CriticNetwork, _ config: ERLConfig) -> [String] {
        words(actor.layout) + words(critic.layout) + [
            "learner \(config.learner.rawValue)", "runs \(config.variants.map(\.rawValue).joined(separator: " "))"
        ]
    }
    private static func words(_ layout: ParameterLayout) -> [String] {
        layout.slots.map { "\($0.name) \($0.offset) \($0.rows) \($0.columns)" }
    }

    public var isDone: Bool { subject.isDone }
    /// Environment steps so far and at the end, over all runs and members.
    public var steps: Int { subject.steps }
    public var plannedSteps: Int { subject.plannedSteps }
    /// Policies over all runs, and how many runs there are.
    public var policies: Int { subject.policies }
    public var runCount: Int { subject.policies / subject.population }
    /// What steps are told for one by one: members, or runs.
    public var counted: (name: String, count: Int) { subject.counted }
    /// Members of GPO that were retired.
    public var retiredCount: Int { (subject as? GPOTraining)?.gpo.retiredCount ?? 0 }

    /// Trains to the end, or until `shouldStop` says so; writes a checkpoint either way.
    ///
    /// - Parameter report: called after every iteration.
    /// - Returns: whether the run is complete.
    public func train(shouldStop: () -> Bool = { false }, report: (TrainingRun) throws -> Void) throws -> Bool {
        while !isDone {
            try record(subject.advance())
            try report(self)
            let stop = shouldStop()
            if stop || isDone || subject.iteration.isMultiple(of: subject.checkpointEvery) { try writeCheckpoint() }
            if stop { return isDone }
        }
        return true
    }

    private func record(_ advance: Advance) throws {
        for (index, value) in advance.returns.enumerated() { if let value { recentReturns[index] = value } }
        nonFiniteResets += advance.nonFiniteResets
        refusedSteps += advance.refusedSteps
        contactOverflows += advance.contactOverflows
        for row in advance.rows { try metrics.append(row) }
        metricsRows += advance.rows.count
        for entry in advance.lineage { try lineage?.append(entry) }
        lineageRows += advance.lineage.count
        for sentence in advance.sentences { tell(sentence) }
        if let visited = advance.visited { try directory.writeVisited(visited) }
    }

    public func writeCheckpoint() throws {
        try metrics.sync()
        try lineage?.sync()
        var state = State(
            algorithm: algorithm.name, environment: spec.name, seeds: seeds, population: subject.population,
            iteration: subject.iteration,
            metrics_rows: metricsRows, recent_returns: recentReturns, non_finite_resets: nonFiniteResets,
            refused_steps: refusedSteps, contact_overflows: contactOverflows,
            layout: subject.networks)
        subject.save(into: &state)
        state.gpo?.lineage_rows = lineageRows
        try Checkpoint.write(subject.arrays(), state: state, in: directory.url)
    }
}

/// A run's folder read back: what was trained, with which settings.
public struct SavedRun {
    public let directory: RunDirectory
    public let algorithm: AlgorithmSpec
    public let spec: EnvironmentSpec
    public let settings: AlgorithmSettings
    /// The seeds that were asked for.
    public let trainingSeeds: [UInt64]
    /// Of each run: its seed, and in ERL's family its variant.
    public let seeds: [UInt64], variants: [ERLVariant?]
    /// The policies' networks.
    public let network: ActorCritic
    /// Policies of each run. In ERL's family the last is the learner's.
    public let population: Int
    /// Where policies see normalised observations: the limit that these are clipped to.
    public let observationLimit: Double?
    /// Of the policies' hidden layers.
    public let activation: ActivationName
    let networks: [String]

    /// What PPO runs with, of `gpo` for its mutation; nil for ERL's family.
    public var ppo: PPOConfig? {
        switch settings {
        case .ppo(let config): config
        case .gpo(let config): config.ppo
        case .erl: nil
        }
    }
    /// Settings of `gpo`; nil for the others.
    public var gpo: GPOConfig? { if case .gpo(let config) = settings { config } else { nil } }
    /// Settings of ERL's family; nil for the others.
    public var erl: ERLConfig? { if case .erl(let config) = settings { config } else { nil } }
    var returnCount: Int { erl == nil ? seeds.count * population : seeds.count }

    public init(_ url: URL) throws {
        directory = try RunDirectory(existing: url)
        algorithm = try AlgorithmSpec.named(directory.record("algorithm"))
        let named = try EnvironmentSpec.named(directory.record("env"))
        if let physics = named.physics {
            spec = EnvironmentSpec(try physics.with(directory.record("env_options", as: PhysicsModel.Task.self)))
        } else {
            spec = named
        }
        let trainingSeeds: [UInt64] = try directory.record("seeds")
        guard (1...100_000).contains(trainingSeeds.count) else {
            throw RunError(
                "\(directory.configFile.path): there are \(trainingSeeds.count) seeds; accepted: 1 to 100000")
        }
        self.trainingSeeds = trainingSeeds
        settings = try algorithm.defaults.merged(file: directory.configFile, seeds: trainingSeeds.count)
        let spec = spec
        func ofPPO(_ config: PPOConfig) -> (ActorCritic, Int, Double?, ActivationName, [String]) {
            let network = PPO.network(config, spec)
            return (
                network, config.population, config.normaliseObservations ? config.observationLimit : nil,
                config.activation, TrainingRun.describe(network, activation: config.activation)
            )
        }
        switch settings {
        case .ppo(let config):
            (network, population, observationLimit, activation, networks) = ofPPO(config)
            (seeds, variants) = (trainingSeeds, trainingSeeds.map { _ in nil })
        case .gpo(let config):
            (network, population, observationLimit, activation, networks) = ofPPO(config.ppo)
            (seeds, variants) = (trainingSeeds, trainingSeeds.map { _ in nil })
        case .erl(let config):
            let (actor, critic) = try ERL.networks(config, spec)
            (network, population, observationLimit, activation, networks) = (
                ActorCritic(actor), config.policies, nil, .tanh, TrainingRun.describe(actor, critic, config)
            )
            (seeds, variants) = (
                config.variants.flatMap { _ in trainingSeeds },
                config.variants.flatMap { variant in trainingSeeds.map { _ in config.population > 0 ? variant : nil } }
            )
        }
    }

    /// What a run is called beside others of the folder.
    public func label(ofRun run: Int) -> String {
        (variants[run].map { "\($0.rawValue) " } ?? "") + "seed \(seeds[run])"
    }
}

extension Tensor {
    /// The elements without padding, for a checkpoint.
    func namedArray(_ name: String) throws -> NamedArray {
        switch type {
        case .float32: NamedArray(name, try read(as: Float.self), shape: shape)
        case .int32: NamedArray(name, try read(as: Int32.self), shape: shape)
        case .uint32: NamedArray(name, try read(as: UInt32.self), shape: shape)
        case .uint64: NamedArray(name, try read(as: UInt64.self), shape: shape)
        }
    }

    /// - Throws: ``RunError`` if the array is missing or of another type or shape.
    func restore(_ name: String, from arrays: [String: NamedArray]) throws {
        let dtype: DType =
            switch type {
            case .float32: .f32
            case .int32: .i32
            case .uint32: .u32
            case .uint64: .u64
            }
        let bytes = try Checkpoint.expect(arrays[name], name: name, dtype: dtype, shape: shape)
        switch type {
        case .float32: try write(bytes.elements(Float.self))
        case .int32: try write(bytes.elements(Int32.self))
        case .uint32: try write(bytes.elements(UInt32.self))
        case .uint64: try write(bytes.elements(UInt64.self))
        }
    }
}

extension Data {
    fileprivate func elements<T: BitwiseCopyable>(_: T.Type) -> [T] {
        [T](unsafeUninitializedCapacity: count / MemoryLayout<T>.stride) { space, used in
            _ = copyBytes(to: space)
            used = count / MemoryLayout<T>.stride
        }
    }
}
