import Foundation
import GPUTensor

/// A run's policies as its checkpoint holds them, ready to be evaluated on any device.
public final class TrainedPopulation {
    public let saved: SavedRun
    public let iteration: Int
    public var policy: Policy { saved.policies.policy }
    let parameters: Tensor
    let normaliser: ObservationNormaliser?
    let queue: Queue
    /// Of the last number of episodes that was asked for.
    private var held: Evaluator?

    public init(_ url: URL, on queue: Queue) throws {
        saved = try SavedRun(url)
        self.queue = queue
        let (arrays, state) = try Checkpoint.read(state: TrainingRun.State<TrainingRun.AnyOwn>.self, in: url)
        try state.head.check(against: saved)
        let policies = saved.policies, width = saved.spec.observationCount
        (parameters, normaliser) = try queue.plan(lower: "nothing; the population itself does not fit") {
            (
                try queue.tensor(.float32, [policies.count, policies.policy.layout.rowCount]),
                try policies.observationLimit.map {
                    try ObservationNormaliser(members: policies.count, width: width, limit: Float($0), on: queue)
                }
            )
        }
        iteration = state.head.iteration
        try parameters.restore("parameters", from: arrays)
        if let normaliser {
            try normaliser.mean.restore("observation.mean", from: arrays)
            try normaliser.variance.restore("observation.variance", from: arrays)
        }
    }

    /// Every member's returns, by its mean or most probable action, all from the same start states. Waits.
    public func evaluate(episodes: Int, seed: UInt64) throws -> [EvaluationResult] {
        let evaluator = try evaluator(episodes: episodes)
        try evaluator.start(seed: seed)
        try evaluator.play(parameters, statistics: normaliser)
        return try evaluator.read().map { EvaluationResult($0) }
    }

    private func evaluator(episodes: Int) throws -> Evaluator {
        if let held, held.plan.episodes == episodes { return held }
        held = nil
        held = try queue.plan(lower: "the number of episodes") {
            try Evaluator(
                policy, saved.spec, members: saved.policies.count,
                Evaluator.Plan(episodes: episodes, normalises: normaliser != nil), on: queue)
        }
        return held!
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
        return saved.policies.runs.enumerated().map { run, label in
            let members = run * saved.policies.perRun..<(run + 1) * saved.policies.perRun
            return (run, label.seed, best(of: members, choice, judged) - members.lowerBound, Array(judged[members]))
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
        /// Where an algorithm has several in lock-step.
        public let variant: String?
        public let best: Int, members: [Member]
    }
    public let environment: String, algorithm: String, episodes: Int, total_steps: Int, seconds: Double?
    public private(set) var runs: [Run]

    /// The same of some runs only.
    func part(_ wanted: [Int]) -> FinalEvaluation {
        var part = self
        part.runs = wanted.filter { runs.indices.contains($0) }.map { runs[$0] }
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
                seed: run.seed, variant: population.saved.policies.runs[run.run].variant, best: run.best,
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
