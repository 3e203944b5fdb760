import Foundation
import GPUTensor

/// A training run with its folder: config, metrics, records, checkpoints.
public final class TrainingRun {
    public let algorithm: AlgorithmSpec
    public let directory: RunDirectory
    public let policies: PolicySet
    /// Is given a sentence now and then that a person should see.
    public var tell: (String) -> Void = { _ in }
    private let driver: any TrainingDriver
    private let spec: EnvironmentSpec, seeds: [UInt64], checkpointEvery: Int
    private let metrics: MetricsLog, records: RecordLog
    private var metricsRows = 0, recordCount = 0
    /// Returns for the progress line, as the algorithm shows them: mean return of each member's last finished episodes,
    /// or of each run's best policy; nil before there is one.
    public private(set) var recentReturns: [Double?] = []
    /// Over the whole run.
    public private(set) var faults = Faults()

    /// Starts a run: everything is checked and allocated before its folder is made.
    ///
    /// - Parameters:
    ///   - config: of the algorithm's type; see ``AlgorithmSpec/config(for:file:overrides:seeds:)``.
    ///   - path: the run's folder, absent or empty; nil for a new one in `runs`.
    public init(
        _ algorithm: AlgorithmSpec, _ task: EnvironmentSpec, config: any AlgorithmConfig, seeds: [UInt64],
        path: URL?, at place: Place
    ) throws {
        (self.algorithm, spec, self.seeds) = (algorithm, task, seeds)
        driver = try algorithm.driver(config, task, seeds: seeds, at: place)
        policies = try algorithm.policies(config, task, seeds: seeds)
        checkpointEvery = config.checkpointEvery
        directory = try RunDirectory.create(algorithm: algorithm.name, env: task.name, path: path)
        metrics = try MetricsLog(creating: directory.metricsFile, columns: driver.columns)  // first: only one can
        records = RecordLog(creating: directory.recordsFile)
        try directory.writeConfig(
            record: [("algorithm", algorithm.name), ("env", task.name)]
                + (task.physics.map { [("env_options", $0.options)] } ?? []) + [
                    ("seeds", seeds), ("version", evogpuVersion), ("device", place.queue.device.identifier)
                ], config: config)
        try writeCheckpoint()  // a run killed in its first iterations can be resumed too
    }

    /// The same for an algorithm by its type.
    ///
    /// - Parameter name: one of the algorithm's; nil for its first.
    public convenience init<A: Algorithm>(
        _ type: A.Type, named name: String? = nil, _ task: EnvironmentSpec, config: A.Config, seeds: [UInt64],
        path: URL? = nil, on queue: Queue
    ) throws {
        try self.init(A.spec(name), task, config: config, seeds: seeds, path: path, at: Place(queue))
    }

    /// Continues a run from its checkpoint, on any device.
    ///
    /// - Throws: ``RunError`` if the folder holds no run, or its checkpoint is damaged, of another version or of
    ///   another shape.
    public init(resuming url: URL, at place: Place) throws {
        let saved = try SavedRun(url)
        (algorithm, directory, spec, seeds) = (saved.algorithm, saved.directory, saved.spec, saved.seeds)
        (policies, checkpointEvery) = (saved.policies, saved.config.checkpointEvery)
        driver = try algorithm.driver(saved.config, saved.spec, seeds: saved.seeds, at: place)
        let head = try driver.resume(saved)
        (metricsRows, recordCount) = (head.metrics_rows, head.records)
        (recentReturns, faults) = (head.recent_returns, head.faults)
        metrics = try MetricsLog(
            resuming: directory.metricsFile, columns: driver.columns, keepingRows: metricsRows)
        records = try RecordLog(resuming: directory.recordsFile, keepingLines: recordCount)
    }

    public convenience init(resuming url: URL, on queue: Queue) throws {
        try self.init(resuming: url, at: Place(queue))
    }

    public var progress: AlgorithmProgress { driver.progress }
    public var isDone: Bool { progress.isDone }
    public var runCount: Int { policies.runs.count }

    /// Trains to the end, or until `shouldStop` says so; writes a checkpoint either way.
    ///
    /// - Parameter report: called after every iteration.
    /// - Returns: whether the run is complete.
    public func train(shouldStop: () -> Bool = { false }, report: (TrainingRun) throws -> Void) throws -> Bool {
        while !isDone {
            try record(driver.iterate())
            try report(self)
            let stop = shouldStop()
            if stop || isDone || progress.iteration.isMultiple(of: checkpointEvery) { try writeCheckpoint() }
            if stop { return isDone }
        }
        return true
    }

    private func record(_ outcome: Outcome<[MetricValue]>) throws {
        if recentReturns.count != outcome.shown.count {
            recentReturns = Array(repeating: nil, count: outcome.shown.count)
        }
        for (index, value) in outcome.shown.enumerated() { if let value { recentReturns[index] = value } }
        faults += outcome.faults
        for row in outcome.rows { try metrics.append(row) }
        metricsRows += outcome.rows.count
        for record in outcome.records { try records.append(record) }
        recordCount += outcome.records.count
        for note in outcome.notes { tell(note) }
        for file in outcome.files {
            try Safetensors.write(file.arrays, metadata: file.metadata, to: directory.arraysFile(file.name))
        }
    }

    public func writeCheckpoint() throws {
        try metrics.sync()
        try records.sync()
        try driver.write(
            Head(
                algorithm: algorithm.name, environment: spec.name, seeds: seeds, population: policies.perRun,
                iteration: progress.iteration, metrics_rows: metricsRows, records: recordCount,
                recent_returns: recentReturns, faults: faults, layout: policies.networks), in: directory)
    }

    // MARK: Checkpoints

    /// What a checkpoint's `state.json` holds of any algorithm.
    struct Head: Codable {
        var algorithm: String, environment: String, seeds: [UInt64], population: Int, iteration: Int
        /// Lines of `metrics.csv` without its header, and of `records.jsonl`, that belong to it.
        var metrics_rows: Int, records: Int
        var recent_returns: [Double?], faults: Faults
        /// Name, offset, rows and columns of every slot of a parameter row: for readers of the arrays, and compared
        /// with what config.yaml makes.
        var layout: [String]

        func check(against saved: SavedRun) throws {
            let path = saved.directory.url.path
            func same(
                _ name: String, _ mine: some CustomStringConvertible, _ inConfig: some CustomStringConvertible
            ) throws {
                guard mine.description == inConfig.description else {
                    throw RunError(
                        "\(path): the checkpoint has \(name) \(mine) and config.yaml \(inConfig); they have to agree")
                }
            }
            try same("algorithm", algorithm, saved.algorithm.name)
            try same("env", environment, saved.spec.name)
            try same("seeds", seeds, saved.seeds)
            try same("population", population, saved.policies.perRun)
            try same("networks", layout, saved.policies.networks)
            guard iteration >= 0, metrics_rows >= 0, records >= 0 else {
                throw RunError(
                    """
                    \(path): the checkpoint's state.json has counts that can't be: iteration \(iteration), \
                    \(metrics_rows) rows of metrics, \(records) records
                    """)
            }
        }
    }

    /// The whole of `state.json`.
    struct State<Own: Codable>: Codable { var head: Head, algorithm: Own }
    /// The same for who does not care what the algorithm keeps.
    struct AnyOwn: Codable {
        init(from decoder: any Decoder) throws {}
        func encode(to encoder: any Encoder) throws {}
    }
}
