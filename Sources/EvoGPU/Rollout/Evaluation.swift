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

/// Plays every member's policy for a number of episodes at once.
///
/// - Parameters:
///   - parameters: `[P, N]` rows of `network`, on `queue`.
///   - normaliser: the statistics that the policies were trained with, or nil.
///   - seed: chooses the start states; every member gets the same ones.
///   - sampled: act by the policy's own noise, the same random numbers for every member, instead of the mean action or
///     the most probable one.
/// - Returns: one result per member. Each environment plays one episode to its end. Waits.
public func evaluate(
    _ network: ActorCritic, _ spec: EnvironmentSpec, parameters: Tensor, normaliser: ObservationNormaliser?,
    episodes: Int, seed: UInt64, sampled: Bool = false, on queue: Queue
) throws -> [EvaluationResult] {
    guard episodes >= 1 else { throw RunError("episodes is \(episodes); accepted: a whole number from 1") }
    let members = parameters.shape[0]
    let (streams, rollout) = try queue.plan(lower: "the number of episodes") {
        let streams = try queue.tensor(.uint32, [members, 4])
        return (
            streams,
            try Rollout(
                spec, network: network, members: members, environments: episodes, steps: 1, normaliser: normaliser,
                deterministic: !sampled, streams: streams, on: queue)
        )
    }
    try streams.write(
        (0..<members).flatMap { _ in [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), 0, 1] })
    try rollout.start()
    for step in 0..<spec.timeLimit { try rollout.run(step, parameters: parameters, on: queue) }
    let all: [Float] = try rollout.environment.episode.read()
    func row(_ row: VectorEnvironment.EpisodeRow, _ slot: Int) -> Float {
        all[row.rawValue * members * episodes + slot]
    }
    return try (0..<members).map { member in
        let slots = member * episodes..<(member + 1) * episodes
        guard slots.allSatisfy({ row(.finished, $0) >= 1 }) else {
            throw RunError("an episode of \(spec.name) did not end within its limit of \(spec.timeLimit) steps")
        }
        return EvaluationResult(
            returns: slots.map { Double(row(.firstReturn, $0)) },
            lengths: slots.map { Int(abs(row(.firstLength, $0))) }, nonFinite: slots.count { row(.firstLength, $0) < 0 }
        )
    }
}
