/// Two parents, by their numbers within their run, the lower one first.
public struct Couple: Sendable, Equatable, Codable {
    public let first: Int, second: Int
    public init(_ first: Int, _ second: Int) { (self.first, self.second) = (first, second) }
}

/// SELECT of GPO: the couples of one run that have children. Gangwani and Peng 2018 (arXiv:1711.01012), section 3.3.3.
public struct CoupleSelection: Sendable {
    public let fitness: CoupleFitness
    /// Weight of diversity where the fitness is a mix.
    public let diversityWeight: Double

    public init(_ fitness: CoupleFitness, diversityWeight: Double = 0) {
        (self.fitness, self.diversityWeight) = (fitness, diversityWeight)
    }

    /// The weight of a round, from 0: linear from the first to the last.
    public static func weight(from first: Double, to last: Double, round: Int, rounds: Int) -> Double {
        rounds <= 1 ? first : first + (last - first) * Double(round) / Double(rounds - 1)
    }

    /// The fittest `count` of all couples among `candidates`, best first; of equals the one with the lower numbers.
    /// Where there are fewer couples, the list starts again from the best. A single candidate is a couple with itself.
    ///
    /// - Parameters:
    ///   - returns: `[M]`, of every member.
    ///   - divergences: `[M][M]`; a couple's is the mean of both directions, so that its order does not matter.
    public func couples(_ count: Int, of candidates: [Int], returns: [Double], divergences: [[Double]]) -> [Couple] {
        precondition(!candidates.isEmpty, "no member to select from")
        guard candidates.count > 1 else { return Array(repeating: Couple(candidates[0], candidates[0]), count: count) }
        var couples: [Couple] = []
        for (index, first) in candidates.enumerated() {
            for second in candidates[(index + 1)...] { couples.append(Couple(min(first, second), max(first, second))) }
        }
        let performance = couples.map { returns[$0.first] + returns[$0.second] }
        let diversity = couples.map { (divergences[$0.first][$0.second] + divergences[$0.second][$0.first]) / 2 }
        let fitness: [Double] =
            switch self.fitness {
            case .performance: performance
            case .diversity: diversity
            case .mix:
                zip(scaledToUnit(performance), scaledToUnit(diversity)).map {
                    (1 - diversityWeight) * $0 + diversityWeight * $1
                }
            }
        let order = couples.indices.sorted { fitness[$0] != fitness[$1] ? fitness[$0] > fitness[$1] : $0 < $1 }
        return (0..<count).map { couples[order[$0 % order.count]] }
    }
}
