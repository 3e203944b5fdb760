import GPUTensor

/// The policies of all runs as flat rows, run by run: what operators of evolution work on.
public struct Population {
    public let policy: Policy
    public let runs: [RunLabel]
    /// Members of each run (M).
    public let perRun: Int
    /// Parameters, `[P, N]` with P = R M.
    public let rows: Tensor
    /// Random streams of the members, by their numbers within their runs, uint32 `[P, 4]`.
    public let streams: Tensor

    public var count: Int { runs.count * perRun }
    /// Floats of a row (N).
    public var parameterCount: Int { policy.layout.rowCount }

    /// Makes the memory; streams are written.
    public init(_ policy: Policy, runs: [RunLabel], perRun: Int, on queue: Queue) throws {
        (self.policy, self.runs, self.perRun) = (policy, runs, perRun)
        rows = try queue.tensor(.float32, [runs.count * perRun, policy.layout.rowCount])
        streams = try queue.tensor(
            Queue.streamWords(seeds: runs.map(\.seed), members: 0..<perRun), [runs.count * perRun, 4])
    }

    /// The rows of one run.
    public func members(ofRun run: Int) -> Range<Int> { run * perRun..<(run + 1) * perRun }
}

/// Members in the order of their fitness, best first: of equals the lower number, and what is not finite last.
///
/// - Parameter fitness: of every member of a run.
public func ranked(_ fitness: some Collection<Double>) -> [Int] {
    let fitness = fitness.map { $0.isFinite ? $0 : -.infinity }
    return fitness.indices.sorted { fitness[$0] != fitness[$1] ? fitness[$0] > fitness[$1] : $0 < $1 }
}
