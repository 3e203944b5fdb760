import Foundation
import GPUTensor

/// What `evogpu algorithms` lists.
public struct AlgorithmSpec: Sendable {
    public let name: String
    public let summary: String
    /// Default settings; of `gpo`, its mutation's.
    public let config: PPOConfig
    /// Default settings of `gpo`; nil for the others.
    public let gpo: GPOConfig?
    /// Default settings, whatever their type.
    public var defaults: any Encodable { gpo ?? config as any Encodable }

    init(name: String, summary: String, config: PPOConfig, gpo: GPOConfig? = nil) { (self.name, self.summary, self.config, self.gpo) = (name, summary, config, gpo) }

    public static let all = [
        AlgorithmSpec(name: "ppo", summary: "proximal policy optimisation, clipped or with adaptive KL penalty (Schulman et al. 2017)", config: PPOConfig()),
        AlgorithmSpec(name: "a2c", summary: "advantage actor-critic, one step per rollout (Mnih et al. 2016)", config: .a2c()),
        AlgorithmSpec(name: "gpo", summary: "genetic policy optimisation: PPO or A2C mutates, imitation crosses (Gangwani and Peng 2018)", config: GPOConfig().mutation, gpo: GPOConfig()),
    ]

    /// - Throws: ``RunError`` with the list of algorithms.
    public static func named(_ name: String) throws -> AlgorithmSpec {
        guard let found = all.first(where: { $0.name == name }) else {
            throw RunError("there is no algorithm \(name); accepted: \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    /// The defaults with what suits a task, before the user's own settings.
    public func config(for spec: EnvironmentSpec) -> PPOConfig {
        var config = config
        tune(&config, algorithm: name, environment: spec.physics?.model.name ?? spec.name)
        return config
    }

    /// The same of `gpo`; nil for the others.
    public func gpoConfig(for spec: EnvironmentSpec) -> GPOConfig? {
        guard var config = gpo else { return nil }
        tune(&config, environment: spec.name)
        return config
    }
}

/// A training run with its folder: config, metrics, checkpoints.
public final class TrainingRun {
    public let algorithm: AlgorithmSpec
    public let ppo: PPO
    /// What drives ``ppo``, of algorithm `gpo`.
    public let gpo: GPO?
    public let directory: RunDirectory
    /// Is given a sentence now and then that a person should see.
    public var tell: (String) -> Void = { _ in }
    private let queue: Queue
    private let metrics: MetricsLog, lineage: LineageLog?
    private var metricsRows = 0, lineageRows = 0
    /// Mean return of each member's last finished episodes; nil before there is one.
    public private(set) var recentReturns: [Double?]
    /// Environment resets because a state was not finite, refused steps, and contacts without room, over the whole run.
    public private(set) var nonFiniteResets = 0, refusedSteps = 0, contactOverflows = 0

    /// What a checkpoint's `state.json` holds beside the arrays.
    struct State: Codable {
        var algorithm: String, environment: String, seeds: [UInt64], population: Int, iteration: Int, metrics_rows: Int
        var recent_returns: [Double?], non_finite_resets: Int, refused_steps: Int, contact_overflows: Int
        /// Name, offset, rows and columns of every slot of a parameter row, and the activation: for readers of the arrays, and compared
        /// with what config.yaml makes.
        var layout: [String]
        var gpo: GPO.State?
    }

    private static let ppoColumns = ["iteration", "steps_per_member", "run", "seed", "member", "episodes", "mean_return", "mean_length", "policy_loss", "value_loss",
                                 "entropy", "kl", "clip_fraction", "gradient_norm", "minibatches", "kl_coefficient", "kl_after", "non_finite_resets", "refused_steps", "contact_overflows"]
    /// `similar`: policies whose samples the member learns from, itself included. `total_steps`: of a whole run, crossovers included.
    private static let gpoColumns = ["round", "total_steps", "similar"]
    private static func columns(isGPO: Bool) -> [String] { ppoColumns + (isGPO ? gpoColumns : []) }

    /// Starts a run: everything is checked and allocated before its folder is made.
    public convenience init(_ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, config: PPOConfig, seeds: [UInt64], path: URL?, on queue: Queue) throws {
        try self.init(algorithm, spec, PPO(config, spec, seeds: seeds, on: queue), nil, settings: config, seeds, path, queue)
    }

    /// The same with algorithm `gpo`.
    public convenience init(_ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, config: GPOConfig, seeds: [UInt64], path: URL?, on queue: Queue) throws {
        let gpo = try GPO(config, spec, seeds: seeds, on: queue)
        try self.init(algorithm, spec, gpo.ppo, gpo, settings: config, seeds, path, queue)
    }

    private init(_ algorithm: AlgorithmSpec, _ spec: EnvironmentSpec, _ ppo: PPO, _ gpo: GPO?, settings: some Encodable, _ seeds: [UInt64], _ path: URL?, _ queue: Queue) throws {
        (self.algorithm, self.ppo, self.gpo, self.queue) = (algorithm, ppo, gpo, queue)
        recentReturns = Array(repeating: nil, count: ppo.members)
        directory = try RunDirectory.create(algorithm: algorithm.name, env: spec.name, path: path)
        metrics = try MetricsLog(creating: directory.metricsFile, columns: Self.columns(isGPO: gpo != nil))   // first: only one process can
        lineage = gpo == nil ? nil : try LineageLog(creating: directory.lineageFile)
        try directory.writeConfig(record: [("algorithm", algorithm.name), ("env", spec.name)] + (spec.physics.map { [("env_options", $0.options)] } ?? []) + [("seeds", seeds), ("version", evogpuVersion), ("device", queue.device.identifier)], config: settings)
        try writeCheckpoint()   // a run killed in its first iterations can be resumed too
    }

    /// Continues a run from its checkpoint, on any device.
    ///
    /// - Throws: ``RunError`` if the folder holds no run, or its checkpoint is damaged, of another version or of another shape.
    public init(resuming url: URL, on queue: Queue) throws {
        let saved = try SavedRun(url)
        (algorithm, directory, self.queue) = (saved.algorithm, saved.directory, queue)
        let checkpoint = try Checkpoint.read(state: State.self, in: url)
        gpo = try saved.gpo.map { try GPO($0, saved.spec, seeds: saved.seeds, on: queue) }
        ppo = try gpo?.ppo ?? PPO(saved.config, saved.spec, seeds: saved.seeds, on: queue)
        try Self.check(checkpoint.state, against: saved)
        for (name, tensor) in gpo?.persistentTensors ?? ppo.persistentTensors { try tensor.restore(name, from: checkpoint.arrays) }
        let state = checkpoint.state
        if let gpo {
            guard let its = state.gpo else { throw RunError("\(url.path): the checkpoint's state.json has no state of gpo; config.yaml says it is a run of it") }
            try gpo.resume(its, atIteration: state.iteration)
            lineageRows = its.lineage_rows
        } else {
            try ppo.resume(atIteration: state.iteration)
        }
        (metricsRows, recentReturns) = (state.metrics_rows, state.recent_returns)
        (nonFiniteResets, refusedSteps, contactOverflows) = (state.non_finite_resets, state.refused_steps, state.contact_overflows)
        metrics = try MetricsLog(resuming: directory.metricsFile, columns: Self.columns(isGPO: gpo != nil), keepingRows: metricsRows)
        lineage = gpo == nil ? nil : try LineageLog(resuming: directory.lineageFile, keepingLines: lineageRows)
    }

    static func check(_ state: State, against saved: SavedRun) throws {
        func same(_ name: String, _ inCheckpoint: some Equatable & CustomStringConvertible, _ inConfig: some CustomStringConvertible) throws {
            guard inCheckpoint.description == inConfig.description else {
                throw RunError("\(saved.directory.url.path): the checkpoint has \(name) \(inCheckpoint) and config.yaml \(inConfig); they have to agree")
            }
        }
        try same("algorithm", state.algorithm, saved.algorithm.name)
        try same("env", state.environment, saved.spec.name)
        try same("seeds", state.seeds, saved.seeds)
        try same("population", state.population, saved.config.population)
        try same("networks", state.layout, describe(saved.network, saved.config))
        guard state.iteration >= 0, state.metrics_rows >= 0, state.recent_returns.count == saved.seeds.count * saved.config.population else {
            throw RunError("\(saved.directory.url.path): the checkpoint's state.json has counts that can't be: iteration \(state.iteration), \(state.metrics_rows) rows of metrics, \(state.recent_returns.count) returns")
        }
    }

    /// Every slot of a parameter row and the activation, in words.
    static func describe(_ network: ActorCritic, _ config: PPOConfig) -> [String] {
        network.layout.slots.map { "\($0.name) \($0.offset) \($0.rows) \($0.columns)" } + ["activation \(config.activation.rawValue)"]
    }

    public var isDone: Bool { gpo?.isDone ?? (ppo.iteration >= ppo.config.iterations) }
    /// Environment steps so far and at the end, over all runs and members.
    public var steps: Int { gpo.map { $0.stepsPerRun * ppo.seeds.count } ?? ppo.stepsPerMember * ppo.members }
    public var plannedSteps: Int { gpo.map { $0.plannedStepsPerRun * ppo.seeds.count } ?? ppo.config.iterations * ppo.config.environments * ppo.config.rolloutSteps * ppo.members }

    /// Trains to the end, or until `shouldStop` says so; writes a checkpoint either way.
    ///
    /// - Parameter report: called after every iteration.
    /// - Returns: whether the run is complete.
    public func train(shouldStop: () -> Bool = { false }, report: (TrainingRun) throws -> Void) throws -> Bool {
        while !isDone {
            if let gpo { try evolve(gpo) } else { try record(ppo.iterate(), stepsPerMember: ppo.stepsPerMember) }
            try report(self)
            let stop = shouldStop()
            if stop || isDone || ppo.iteration.isMultiple(of: ppo.config.checkpointEvery) { try writeCheckpoint() }
            if stop { return isDone }
        }
        return true
    }

    /// One step of GPO with what it leaves in the folder.
    private func evolve(_ gpo: GPO) throws {
        let (round, crossings) = (gpo.round, gpo.crossings), (figures, ended) = try gpo.step()
        let steps = ppo.stepsPerMember + crossings * gpo.config.crossoverStepsPerChild   // a round's last iteration comes before its crossover
        try record(figures, stepsPerMember: steps) { member in [MetricValue(round + 1), MetricValue(steps * self.ppo.config.population), MetricValue(gpo.similarCounts[member])] }
        guard let ended else { return }
        for entry in ended.lineage {
            try lineage?.append(entry)
            lineageRows += 1
        }
        for sentence in ended.retired { tell(sentence) }
        if let visited = ended.visited { try directory.writeVisited(visited) }
    }

    private func record(_ figures: [MemberFigures], stepsPerMember: Int, further: (Int) -> [MetricValue] = { _ in [] }) throws {
        for (member, figure) in figures.enumerated() {
            if let mean = figure.meanReturn, figure.nonFiniteResets == 0 { recentReturns[member] = mean }
            nonFiniteResets += figure.nonFiniteResets
            refusedSteps += figure.refusedSteps
            contactOverflows += figure.contactOverflows
            let run = member / ppo.config.population
            func optional(_ value: Double?) -> MetricValue { value.map { MetricValue($0) } ?? .missing }
            try metrics.append([
                MetricValue(ppo.iteration), MetricValue(stepsPerMember), MetricValue(run), MetricValue(ppo.seeds[run]), MetricValue(member % ppo.config.population),
                MetricValue(figure.episodes), optional(figure.meanReturn), optional(figure.meanLength), MetricValue(figure.policyLoss), MetricValue(figure.valueLoss),
                MetricValue(figure.entropy), MetricValue(figure.kl), MetricValue(figure.clipFraction), MetricValue(figure.gradientNorm), MetricValue(figure.minibatches),
                MetricValue(figure.klCoefficient), MetricValue(figure.klAfter), MetricValue(figure.nonFiniteResets), MetricValue(figure.refusedSteps),
                MetricValue(figure.contactOverflows),
            ] + further(member))
            metricsRows += 1
        }
    }

    public func writeCheckpoint() throws {
        try metrics.sync()
        try lineage?.sync()
        let arrays = try (gpo?.persistentTensors ?? ppo.persistentTensors).map { try $0.tensor.namedArray($0.name) }
        let state = State(algorithm: algorithm.name, environment: ppo.spec.name, seeds: ppo.seeds, population: ppo.config.population, iteration: ppo.iteration,
                          metrics_rows: metricsRows, recent_returns: recentReturns, non_finite_resets: nonFiniteResets, refused_steps: refusedSteps, contact_overflows: contactOverflows,
                          layout: Self.describe(ppo.network, ppo.config), gpo: gpo.map { var state = $0.state; state.lineage_rows = lineageRows; return state })
        try Checkpoint.write(arrays, state: state, in: directory.url)
    }
}

/// A run's folder read back: what was trained, with which settings.
public struct SavedRun {
    public let directory: RunDirectory
    public let algorithm: AlgorithmSpec
    public let spec: EnvironmentSpec
    /// What PPO runs with; of `gpo`, for its mutation.
    public let config: PPOConfig
    /// Settings of `gpo`; nil for the others.
    public let gpo: GPOConfig?
    public let seeds: [UInt64]
    public var network: ActorCritic { PPO.network(config, spec) }

    public init(_ url: URL) throws {
        directory = try RunDirectory(existing: url)
        algorithm = try AlgorithmSpec.named(directory.record("algorithm"))
        let named = try EnvironmentSpec.named(directory.record("env"))
        if let physics = named.physics { spec = EnvironmentSpec(try physics.with(directory.record("env_options", as: PhysicsModel.Task.self))) } else { spec = named }
        seeds = try directory.record("seeds")
        if let defaults = algorithm.gpo { gpo = try Configuration.load(defaults, file: directory.configFile) } else { gpo = nil }
        try gpo?.validate()
        if let gpo { config = gpo.ppo } else { config = try Configuration.load(algorithm.config, file: directory.configFile) }
        try config.validate()
        guard (1...100_000).contains(seeds.count) else { throw RunError("\(directory.configFile.path): there are \(seeds.count) seeds; accepted: 1 to 100000") }
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
        let dtype: DType = switch type { case .float32: .f32; case .int32: .i32; case .uint32: .u32; case .uint64: .u64 }
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
