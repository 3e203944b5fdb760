import Foundation

/// One child's origin, a line of `records.jsonl`. Members count within their run; returns are means over episodes.
public struct LineageEntry: Sendable, Codable, Equatable {
    /// From 1; a child of round r is an individual of generation r, and its parents are of generation r - 1.
    public var round: Int, run: Int, seed: UInt64, child: Int
    public var parents: [Int], fitter: Int, `operator`: CrossoverOperator
    /// Of either parent, in the mutation's last rollouts: what selection went by.
    public var fitness: [Double]
    /// `KL[child || expert]` and of the child to either parent, in nats on the states of the crossover's last rollout,
    /// the child's own, or the expert's without `dagger_passes`; nil for parameter space.
    public var kl_to_expert: Double?, kl_to_parents: [Double]?
    public var gate_loss: Double?, gate_accuracy: Double?
    /// Measured side by side on the same start states: either parent, the child, and a child of parameter-space
    /// crossover; nil where it was not measured.
    public var measured_parents: [Double]?, measured_child: Double?, measured_parameter_child: Double?
    /// Environment steps of the whole run so far, this crossover's included.
    public var total_steps: Int
}

extension [LineageEntry] {
    /// A child and everyone it descends from, newest first, each once.
    ///
    /// - Parameter round: in which the child was born.
    public func ancestors(of child: Int, bornIn round: Int) -> [LineageEntry] {
        var found: [LineageEntry] = [], wanted: Set<Int> = [child]
        for born in stride(from: round, through: 1, by: -1) {
            let generation = filter { $0.round == born && wanted.contains($0.child) }
            found += generation
            wanted = Set(generation.flatMap(\.parents))
        }
        return found
    }
}

/// States that the parents of the first couple and both kinds of their child visit, raw, `[rows, n]` each.
public struct VisitedStates: Sendable {
    public let seed: UInt64, couple: Couple, width: Int
    public let first: [Float], second: [Float], child: [Float], parameterChild: [Float]
}

extension SavedRun {
    /// Every child of a run of GPO, in the order of their making.
    ///
    /// - Throws: ``RunError`` if nothing is crossed in the run.
    public func lineage() throws -> [LineageEntry] {
        guard let config = config as? GPOConfig, config.crosses else {
            let name = (config as? GPOConfig).map { "gpo's variant \($0.variant.rawValue)" } ?? algorithm.name
            throw RunError(
                "\(directory.url.path): a run of \(name), which keeps no record of parents; a run of gpo is accepted")
        }
        return try RecordLog.read(directory.recordsFile)
    }
}
