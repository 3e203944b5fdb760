import Foundation
import GPUTensor

/// Where the time of a GPO run goes: seconds per phase over a whole run of `rounds` rounds, with the default settings.
public struct PhaseTimes: Codable, Sendable {
    public let environment: String, device: String, lanes: Int, population: Int, rounds: Int
    /// Of the whole run, crossovers included.
    public let steps: Int
    public let seconds: [String: Double]
    public var total: Double { seconds.values.reduce(0, +) }
}

/// - Parameters:
///   - steps: the budget.
///   - rounds: of the paper's twelve.
///   - variant: `single` is the mutation alone: PPO for a population.
public func benchmarkGPO(_ spec: EnvironmentSpec, variant: GPOVariant = .gpo, steps: Int, rounds: Int, on queue: Queue)
    throws -> PhaseTimes
{
    guard case .gpo(var config) = try AlgorithmSpec.named("gpo").settings(for: spec) else {
        preconditionFailure("gpo has other settings")
    }
    (config.variant, config.totalSteps, config.rounds) = (variant, steps, rounds)
    let gpo = try GPO(config, spec, seeds: [1], on: queue)
    var seconds: [String: Double] = [:], last = monotonicSeconds()
    gpo.ppo.afterPhase = { phase in
        try queue.finish()  // launches do not wait by themselves
        let now = monotonicSeconds()
        seconds[phase, default: 0] += now - last
        last = now
    }
    while !gpo.isDone { _ = try gpo.step() }
    return PhaseTimes(
        environment: spec.name, device: queue.device.name, lanes: queue.lanes, population: config.mutation.population,
        rounds: rounds, steps: gpo.stepsPerRun, seconds: seconds)
}
