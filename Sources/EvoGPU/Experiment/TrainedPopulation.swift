import Foundation
import GPUTensor

/// A run's policies as its checkpoint holds them, ready to be evaluated on any device.
public final class TrainedPopulation {
    public let saved: SavedRun
    public let network: ActorCritic
    public let iteration: Int
    private let parameters: Tensor
    private let normaliser: ObservationNormaliser?
    private let queue: Queue

    public init(_ url: URL, on queue: Queue) throws {
        saved = try SavedRun(url)
        self.queue = queue
        let checkpoint = try Checkpoint.read(state: TrainingRun.State.self, in: url)
        try TrainingRun.check(checkpoint.state, against: saved)
        let (config, spec) = (saved.config, saved.spec), members = saved.seeds.count * config.population
        let network = saved.network
        (parameters, normaliser) = try queue.plan(lower: "nothing; the population itself does not fit") {
            (try queue.tensor(.float32, [members, network.layout.rowCount]),
             try config.normaliseObservations ? ObservationNormaliser(members: members, width: spec.observationCount, limit: Float(config.observationLimit), on: queue) : nil)
        }
        self.network = network
        iteration = checkpoint.state.iteration
        try parameters.restore("parameters", from: checkpoint.arrays)
        if let normaliser {
            try normaliser.mean.restore("observation.mean", from: checkpoint.arrays)
            try normaliser.variance.restore("observation.variance", from: checkpoint.arrays)
        }
    }

    /// Every member's returns, by its mean or most probable action. See ``evaluate(_:_:parameters:normaliser:episodes:seed:on:)``.
    public func evaluate(episodes: Int, seed: UInt64) throws -> [EvaluationResult] {
        try EvoGPU.evaluate(network, saved.spec, parameters: parameters, normaliser: normaliser, episodes: episodes, seed: seed, on: queue)
    }

    /// The best member of every run, chosen by one set of episodes and then judged by another, so that the choice does not flatter it.
    public func evaluateBest(episodes: Int, seed: UInt64) throws -> [(run: Int, seed: UInt64, member: Int, result: EvaluationResult)] {
        let choice = try evaluate(episodes: episodes, seed: seed &+ 0x5EEC7), judged = try evaluate(episodes: episodes, seed: seed)
        return saved.seeds.enumerated().map { run, seed in
            let members = run * saved.config.population..<(run + 1) * saved.config.population
            // A member that met numbers which are not finite is never the best while there is another.
            func standing(_ member: Int) -> Double { choice[member].nonFinite > 0 || judged[member].nonFinite > 0 ? -.infinity : choice[member].mean }
            let best = members.max { standing($0) < standing($1) }!
            return (run, seed, best - members.lowerBound, judged[best])
        }
    }
}
