import GPUTensor

/// Where an algorithm runs: its device, and the processes that share the work.
///
/// Members draw from streams of their global numbers, so that who computes them does not show in the results. Rank 0
/// alone owns the run's folder.
public struct Place {
    public let queue: Queue
    public let ranks: any Ranks

    public init(_ queue: Queue, ranks: any Ranks = OneRank()) { (self.queue, self.ranks) = (queue, ranks) }
}

/// The processes of a run.
public protocol Ranks {
    var rank: Int { get }
    var count: Int { get }
    /// Everybody's numbers, in the order of ranks. Waits for all.
    func gather(_ mine: [Double]) throws -> [Double]
    /// One rank's rows to all. Waits for all.
    func broadcast(_ rows: Tensor, from rank: Int) throws
}

/// A process alone.
public struct OneRank: Ranks {
    public var rank: Int { 0 }
    public var count: Int { 1 }
    public init() {}
    public func gather(_ mine: [Double]) throws -> [Double] { mine }
    public func broadcast(_ rows: Tensor, from rank: Int) throws {}
}
