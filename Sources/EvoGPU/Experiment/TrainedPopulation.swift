import Foundation
import GPUTensor

/// A run's policies as its checkpoint holds them, ready to be evaluated on any device.
public final class TrainedPopulation {
    public let saved: SavedRun
    public let network: ActorCritic
    public let iteration: Int
    let parameters: Tensor
    let normaliser: ObservationNormaliser?
    let queue: Queue

    public init(_ url: URL, on queue: Queue) throws {
        saved = try SavedRun(url)
        self.queue = queue
        let checkpoint = try Checkpoint.read(state: TrainingRun.State.self, in: url)
        try TrainingRun.check(checkpoint.state, against: saved)
        let spec = saved.spec, members = saved.seeds.count * saved.population, limit = saved.observationLimit
        let network = saved.network
        (parameters, normaliser) = try queue.plan(lower: "nothing; the population itself does not fit") {
            (
                try queue.tensor(.float32, [members, network.layout.rowCount]),
                try limit.map {
                    try ObservationNormaliser(
                        members: members, width: spec.observationCount, limit: Float($0), on: queue)
                }
            )
        }
        self.network = network
        iteration = checkpoint.state.iteration
        try parameters.restore("parameters", from: checkpoint.arrays)
        if let normaliser {
            try normaliser.mean.restore("observation.mean", from: checkpoint.arrays)
            try normaliser.variance.restore("observation.variance", from: checkpoint.arrays)
        }
    }

    /// Every member's returns, by its mean or most probable action. See
    /// ``evaluate(_:_:parameters:normaliser:episodes:seed:on:)``.
    public func evaluate(episodes: Int, seed: UInt64) throws -> [EvaluationResult] {
        try EvoGPU.evaluate(
            network, saved.spec, parameters: parameters, normaliser: normaliser, episodes: episodes, seed: seed,
            on: queue)
    }

    /// The best member of every run, chosen by one set of episodes and then judged by another, so that the choice does
    /// not flatter it.
    public func evaluateBest(episodes: Int, seed: UInt64) throws -> [(
        run: Int, seed: UInt64, member: Int, result: EvaluationResult
    )] {
        try evaluateFinal(episodes: episodes, seed: seed).map { ($0.run, $0.seed, $0.best, $0.members[$0.best]) }
    }

    /// Every member of every run, judged, and which of them is the best, chosen by other episodes than those.
    public func evaluateFinal(episodes: Int, seed: UInt64) throws -> [(
        run: Int, seed: UInt64, best: Int, members: [EvaluationResult]
    )] {
        let (choice, judged) = try chooseAndJudge(episodes: episodes, seed: seed)
        return saved.seeds.enumerated().map { run, seed in
            let members = run * saved.population..<(run + 1) * saved.population
            return (run, seed, best(of: members, choice, judged) - members.lowerBound, Array(judged[members]))
        }
    }

    /// The returns that members are chosen by, and those that they are judged by: other start states.
    func chooseAndJudge(episodes: Int, seed: UInt64) throws -> (choice: [EvaluationResult], judged: [EvaluationResult])
    {
        (try evaluate(episodes: episodes, seed: seed &+ 0x5EEC7), try evaluate(episodes: episodes, seed: seed))
    }

    /// Which of the rows is best. A member that met numbers which are not finite is never the best while there is
    /// another.
    func best(of rows: some Sequence<Int>, _ choice: [EvaluationResult], _ judged: [EvaluationResult]) -> Int {
        func standing(_ row: Int) -> Double {
            choice[row].nonFinite > 0 || judged[row].nonFinite > 0 ? -.infinity : choice[row].mean
        }
        return rows.max { standing($0) < standing($1) }!
    }
}

/// `final.json`: how the finished run's policies did, each over the same start states, by the mean or most probable
/// action.
public struct FinalEvaluation: Codable, Sendable {
    public struct Member: Codable, Sendable { public let mean, std, min, max: Double, non_finite: Int }
    /// `best` was chosen by other episodes than these.
    public struct Run: Codable, Sendable {
        public let seed: UInt64
        /// Of ERL's family.
        public let variant: ERLVariant?
        public let best: Int, members: [Member]
    }
    public let environment: String, algorithm: String, episodes: Int, total_steps: Int, seconds: Double?
    public private(set) var runs: [Run]

    /// The same of some runs only.
    func part(_ range: Range<Int>) -> FinalEvaluation {
        var part = self
        part.runs = Array(runs[range.clamped(to: 0..<runs.count)])
        return part
    }

    /// - Parameters:
    ///   - totalSteps: environment steps of each run.
    ///   - seconds: of training, in this process; nil where the run was resumed.
    public init(_ population: TrainedPopulation, episodes: Int, seed: UInt64, totalSteps: Int, seconds: Double?) throws
    {
        (environment, algorithm, self.episodes, total_steps, self.seconds) = (
            population.saved.spec.name, population.saved.algorithm.name, episodes, totalSteps, seconds
        )
        runs = try population.evaluateFinal(episodes: episodes, seed: seed).map { run in
            Run(
                seed: run.seed, variant: population.saved.variants[run.run], best: run.best,
                members: run.members.map {
                    Member(
                        mean: $0.mean, std: $0.standardDeviation, min: $0.minimum, max: $0.maximum,
                        non_finite: $0.nonFinite)
                })
        }
    }

    public func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try FileSystem.writeAtomically(encoder.encode(self), to: url)
    }

    public static func read(_ url: URL) throws -> FinalEvaluation {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let content = try FileSystem.read(url)
        do { return try decoder.decode(FinalEvaluation.self, from: content) } catch {
            throw RunError("\(url.path): not what a finished run writes")
        }
    }
}
