import GPUTensor

/// The returns of one member over a number of episodes.
public struct EvaluationResult: Sendable, Equatable {
    public let returns: [Double]
    public let lengths: [Int]
    /// Environments whose state was not finite while they were played: the policy is broken, and its returns mean
    /// nothing.
    public let nonFinite: Int
    public var mean: Double { returns.reduce(0, +) / Double(returns.count) }
    public var minimum: Double { returns.min()! }
    public var maximum: Double { returns.max()! }
    /// Standard deviation over episodes, with 1/(n - 1).
    public var standardDeviation: Double {
        guard returns.count > 1 else { return 0 }
        let mean = mean
        return (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(returns.count - 1)).squareRoot()
    }
    /// Standard error of the mean.
    public var standardError: Double { standardDeviation / Double(returns.count).squareRoot() }
}

extension EvaluationResult {
    init(_ episodes: [Episode]) {
        self.init(
            returns: episodes.map(\.reward), lengths: episodes.map(\.length),
            nonFinite: episodes.count(where: \.isBroken))
    }
}
