import Foundation
import GPUTensor

/// What an algorithm's training takes, updates included, and where the time goes.
public struct TrainingTimes: Codable, Sendable {
    public let algorithm: String, environment: String, device: String, lanes: Int
    /// Policies of all runs.
    public let policies: Int
    /// What was counted, after one iteration that was not.
    public let iterations: Int
    /// Environment steps in these, over all runs.
    public let steps: Int
    /// Seconds of the fastest, the middle and the slowest iteration.
    public let fastest: Double, median: Double, slowest: Double
    /// Seconds in all, and by phase where the algorithm tells its phases; each phase ends in a wait.
    public let total: Double, phases: [String: Double]
    public var stepsPerSecond: Double { Double(steps) / total }
}

/// Trains without a folder for `iterations`, or to the end of the run, or for `seconds` and at least three iterations.
///
/// - Parameters:
///   - config: of the algorithm's type.
///   - warmsUp: leave the first iteration out, which builds kernels and fills memories.
public func benchmarkTraining(
    _ algorithm: AlgorithmSpec, _ task: EnvironmentSpec, config: any AlgorithmConfig, seeds: [UInt64],
    iterations: Int?, seconds: Double = 4, warmsUp: Bool = true, on queue: Queue
) throws -> TrainingTimes {
    let driver = try algorithm.driver(config, task, seeds: seeds, at: Place(queue))
    if warmsUp { _ = try driver.iterate() }
    try queue.finish()
    var phases: [String: Double] = [:], mark = monotonicSeconds(), times: [Double] = []
    driver.onPhase { phase in
        try queue.finish()  // launches do not wait by themselves
        let now = monotonicSeconds()
        phases[phase, default: 0] += now - mark
        mark = now
    }
    let before = driver.progress.steps, begin = monotonicSeconds()
    mark = begin
    while !driver.progress.isDone {
        let start = monotonicSeconds()
        _ = try driver.iterate()
        try queue.finish()
        times.append(monotonicSeconds() - start)
        if let iterations, times.count >= iterations { break }
        if iterations == nil, times.count >= 3, monotonicSeconds() - begin >= seconds { break }
    }
    let total = monotonicSeconds() - begin, sorted = times.sorted()
    guard !sorted.isEmpty else {
        throw RunError("the run has one iteration, which warms up; accepted: settings that make at least two")
    }
    return TrainingTimes(
        algorithm: algorithm.name, environment: task.name, device: queue.device.name, lanes: queue.lanes,
        policies: try algorithm.policies(config, task, seeds: seeds).count, iterations: times.count,
        steps: driver.progress.steps - before, fastest: sorted[0], median: sorted[sorted.count / 2],
        slowest: sorted[sorted.count - 1], total: total, phases: phases)
}
