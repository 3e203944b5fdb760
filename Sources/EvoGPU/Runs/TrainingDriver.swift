import GPUTensor

/// An algorithm of whatever type as a ``TrainingRun`` drives it.
protocol TrainingDriver: AnyObject {
    var columns: [String] { get }
    var progress: AlgorithmProgress { get }
    /// One iteration, its rows as `metrics.csv` has them.
    func iterate() throws -> Outcome<[MetricValue]>
    /// What a checkpoint's arrays are, each read when it is asked for: all memories at once would need as much room
    /// again as they have.
    func arrays() throws -> [ArraySource]
    /// Calls `hook` with a phase's name whenever one has been enqueued, where the algorithm tells; for measuring.
    func onPhase(_ hook: @escaping (String) throws -> Void)
    func write(_ head: TrainingRun.Head, in directory: RunDirectory) throws
    /// Reads the checkpoint of `saved` and goes on from it.
    func resume(_ saved: SavedRun) throws -> TrainingRun.Head
}

final class Driver<A: Algorithm>: TrainingDriver {
    private let algorithm: A
    init(_ algorithm: A) { self.algorithm = algorithm }

    var columns: [String] { A.columns.map(\.name) }
    var progress: AlgorithmProgress { algorithm.progress }

    func iterate() throws -> Outcome<[MetricValue]> {
        let columns = A.columns, outcome = try algorithm.iterate()
        var written = Outcome<[MetricValue]>()
        written.rows = outcome.rows.map { row in columns.map { $0.value(row) } }
        (written.shown, written.faults, written.notes) = (outcome.shown, outcome.faults, outcome.notes)
        (written.records, written.files) = (outcome.records, outcome.files)
        return written
    }

    func onPhase(_ hook: @escaping (String) throws -> Void) { algorithm.onPhase(hook) }

    func arrays() throws -> [ArraySource] { try algorithm.checkpointArrays() }

    func write(_ head: TrainingRun.Head, in directory: RunDirectory) throws {
        try Checkpoint.write(
            arrays(), state: TrainingRun.State(head: head, algorithm: algorithm.state), in: directory.url)
    }

    func resume(_ saved: SavedRun) throws -> TrainingRun.Head {
        let (arrays, state) = try Checkpoint.read(state: TrainingRun.State<A.State>.self, in: saved.directory.url)
        try state.head.check(against: saved)
        try algorithm.restore(arrays, state.algorithm, at: state.head.iteration)
        return state.head
    }
}

extension Algorithm {
    /// What a checkpoint holds of tensors and stores.
    package func checkpointArrays() throws -> [ArraySource] {
        try tensors.map { try ArraySource($0.tensor.namedArray($0.name)) }
            + stores.flatMap { try $0.store.sources($0.name) }
    }

    /// Goes on from a checkpoint.
    package func restore(_ arrays: [String: NamedArray], _ state: State, at iteration: Int) throws {
        for (name, tensor) in tensors { try tensor.restore(name, from: arrays) }
        for (name, store) in stores { try store.restore(name, from: arrays) }
        try resume(state, at: iteration)
    }
}
