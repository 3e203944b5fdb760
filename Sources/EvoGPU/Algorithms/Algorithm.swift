import GPUTensor

/// Settings of an algorithm: ``Setting``s with their defaults, and what holds between them.
public protocol AlgorithmConfig: SettingGroup, Codable, Sendable, Equatable {
    /// Iterations between checkpoints.
    var checkpointEvery: Int { get }
    /// - Throws: ``RunError`` naming the first setting that a training of so many seeds can't be run with.
    func validate(seeds: Int) throws
    /// Which of the settings that were given by name nothing would read, each with the reason.
    func unread(_ given: Set<String>) -> [String: String]
}

extension AlgorithmConfig {
    public func unread(_ given: Set<String>) -> [String: String] { [:] }
}

/// An algorithm with all its runs in lock-step. One folder, and one line in ``AlgorithmSpec/all``.
///
/// A run is what one seed (and, where an algorithm has several in lock-step, one variant) trains; its policies are the
/// rows of ``PolicySet``. What a checkpoint holds is ``tensors``, ``stores`` and ``state``, and nothing else may change
/// what the next iteration does.
public protocol Algorithm: AnyObject, SendableMetatype {
    associatedtype Config: AlgorithmConfig
    /// What a line of `metrics.csv` is made of.
    associatedtype Row
    /// Counters that a checkpoint holds beside tensors.
    associatedtype State: Codable = Stateless

    /// The columns of `metrics.csv`.
    static var columns: [Column<Row>] { get }

    /// Settings that suit a task better than the defaults; the user's own come after them.
    ///
    /// - Parameters:
    ///   - config: the defaults of that name.
    ///   - name: the algorithm's, which may have several.
    ///   - wanted: what the user's settings make of the defaults, where others depend on them.
    static func tune(_ config: inout Config, as name: String, for task: EnvironmentSpec, wanted: Config)

    /// Which policies there are.
    ///
    /// - Throws: ``RunError`` for a task that the algorithm can't take.
    static func policies(_ config: Config, _ task: EnvironmentSpec, seeds: [UInt64]) throws -> PolicySet

    /// Allocates everything and draws the first parameters.
    ///
    /// - Throws: ``RunError`` for a setting that can't be; `DeviceError` if the memory does not suffice, before
    ///   anything is allocated.
    init(_ config: Config, _ task: EnvironmentSpec, seeds: [UInt64], at place: Place) throws

    var progress: AlgorithmProgress { get }

    /// One iteration, generation or round.
    func iterate() throws -> Outcome<Row>

    /// Every tensor that the next iteration depends on. One named `parameters` holds the policies' rows, and where
    /// policies see normalised observations `observation.mean` and `observation.variance` hold the statistics.
    var tensors: [(name: String, tensor: Tensor)] { get }
    /// Memories of which only what is filled is kept.
    var stores: [(name: String, store: any ArrayStore)] { get }
    var state: State { get }

    /// Goes on from a checkpoint whose tensors and stores have been restored.
    ///
    /// - Throws: ``RunError`` for a state that can't be this run's.
    func resume(_ state: State, at iteration: Int) throws

    /// Calls `hook` from now on with the name of each part of an iteration when it has been enqueued. For measuring; by
    /// default there are no parts.
    func onPhase(_ hook: @escaping (String) throws -> Void)

    /// What a report shows of one folder's runs beside curves and final populations, as HTML; empty by default.
    static func reportSections(_ run: ReportedRun, _ options: ReportOptions) throws -> String
}

extension Algorithm {
    public static func tune(_ config: inout Config, as name: String, for task: EnvironmentSpec, wanted: Config) {}
    public var stores: [(name: String, store: any ArrayStore)] { [] }
    public func onPhase(_ hook: @escaping (String) throws -> Void) {}
    public static func reportSections(_ run: ReportedRun, _ options: ReportOptions) throws -> String { "" }

    /// On one device, in this process alone.
    public init(_ config: Config, _ task: EnvironmentSpec, seeds: [UInt64], on queue: Queue) throws {
        try self.init(config, task, seeds: seeds, at: Place(queue))
    }
}

extension Algorithm where State == Stateless {
    public var state: Stateless { Stateless() }
    public func resume(_ state: Stateless, at iteration: Int) throws {}
}

/// The state of an algorithm that has no counters of its own.
public struct Stateless: Codable, Sendable { public init() {} }

/// How far all runs are together.
public struct AlgorithmProgress: Sendable, Equatable {
    /// Calls of ``Algorithm/iterate()`` so far.
    public var iteration: Int
    /// Environment steps so far and at the end, over all runs.
    public var steps: Int, planned: Int
    public var isDone: Bool

    public init(iteration: Int, steps: Int, planned: Int, isDone: Bool) {
        (self.iteration, self.steps) = (iteration, steps)
        (self.planned, self.isDone) = (planned, isDone)
    }
}

/// A metric: its name in `metrics.csv`, its meaning and its value, declared once.
public struct Column<Row> {
    public let name: String, meaning: String
    public let role: ColumnRole?
    let value: (Row) -> MetricValue

    /// - Parameter meaning: what the number is, with its unit, as a sentence.
    public init(
        _ name: String, _ meaning: String, _ role: ColumnRole? = nil, value: @escaping (Row) -> MetricValue
    ) {
        (self.name, self.meaning) = (name, meaning)
        (self.role, self.value) = (role, value)
    }

    /// The value as `metrics.csv` has it.
    package func written(_ row: Row) -> String { value(row).text }

    /// The same metric of a row that holds this one's.
    func of<Other>(_ part: @escaping (Other) -> Row) -> Column<Other> {
        Column<Other>(name, meaning, role) { value(part($0)) }
    }
}

/// What a metric is to a report. Rows are one per run with ``best`` and ``mean``, or one per member with
/// ``episodeReturn`` and ``episodes``, of which a report makes both.
public enum ColumnRole: String, Sendable {
    /// The run's number, from 0; every algorithm has it.
    case run
    /// Environment steps of the whole run so far, or of one member.
    case steps, memberSteps
    /// Returns of the run's best policy, and mean over its policies. Of several columns the last with a value counts.
    case best, mean
    case member, episodeReturn, episodes
    /// More than zero where the row's returns mean nothing.
    case faults
}

/// What went wrong while nothing stopped.
public struct Faults: Codable, Sendable, Equatable {
    /// Environments reset because their state was not finite.
    public var nonFiniteResets = 0
    /// Gradient steps refused because the gradient was not finite.
    public var refusedSteps = 0
    /// Contacts between moving bodies that found no room.
    public var contactOverflows = 0
    /// Members retired because they held numbers that are not finite.
    public var retired = 0

    public init() {}

    static func += (a: inout Faults, b: Faults) {
        a.nonFiniteResets += b.nonFiniteResets
        a.refusedSteps += b.refusedSteps
        a.contactOverflows += b.contactOverflows
        a.retired += b.retired
    }
}

/// What one iteration leaves behind.
public struct Outcome<Row> {
    /// Of `metrics.csv`.
    public var rows: [Row] = []
    /// Returns to show; nil leaves what was shown before.
    public var shown: [Double?] = []
    public var faults = Faults()
    /// What a person should read.
    public var notes: [String] = []
    /// Lines of `records.jsonl`: children, archive insertions, whatever has a history.
    public var records: [any Encodable & Sendable] = []
    /// Arrays that are written beside the metrics, as `NAME.safetensors`.
    public var files: [OutcomeFile] = []

    public init() {}
}

/// Arrays for a file of a run's folder.
public struct OutcomeFile: Sendable {
    public let name: String, arrays: [NamedArray], metadata: [String: String]

    public init(_ name: String, _ arrays: [NamedArray], metadata: [String: String] = [:]) {
        (self.name, self.arrays, self.metadata) = (name, arrays, metadata)
    }
}

/// Something that keeps a changing number of rows, of which a checkpoint holds those that are there.
public protocol ArrayStore: AnyObject {
    func sources(_ prefix: String) throws -> [ArraySource]
    func restore(_ prefix: String, from arrays: [String: NamedArray]) throws
}

// MARK: Policies

/// What `eval`, `replay`, `export` and `report` need of a folder's policies, whatever trained them.
public struct PolicySet: Sendable {
    public let policy: Policy
    public let runs: [RunLabel]
    /// Policies of each run; the rows of all runs follow each other.
    public let perRun: Int
    /// Where policies see normalised observations: the limit that these are clipped to.
    public let observationLimit: Double?
    /// Every slot of a parameter row, and what else of the networks a checkpoint has to agree with, in words.
    public let networks: [String]

    public var count: Int { runs.count * perRun }

    /// - Parameters:
    ///   - layouts: of all networks, the policy's first.
    ///   - further: what else a checkpoint has to agree with.
    public init(
        _ policy: Policy, runs: [RunLabel], perRun: Int, observationLimit: Double? = nil,
        layouts: [ParameterLayout], further: [String] = []
    ) {
        (self.policy, self.runs, self.perRun) = (policy, runs, perRun)
        self.observationLimit = observationLimit
        networks =
            layouts.flatMap { $0.slots.map { "\($0.name) \($0.offset) \($0.rows) \($0.columns)" } } + further
    }
}

/// One of the runs of a folder.
public struct RunLabel: Codable, Sendable, Hashable, CustomStringConvertible {
    public let seed: UInt64
    /// Where an algorithm has several variants in lock-step, this run's.
    public let variant: String?
    /// What its curve is called in a report.
    public let method: String

    public init(seed: UInt64, variant: String? = nil, method: String) {
        (self.seed, self.variant, self.method) = (seed, variant, method)
    }

    /// What a run is called beside others of the folder.
    public var description: String { (variant.map { "\($0) " } ?? "") + "seed \(seed)" }
}
