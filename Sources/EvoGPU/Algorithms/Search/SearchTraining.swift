import GPUTensor

/// Any ``Search`` as an ``Algorithm``: ask, evaluate, tell, for all runs in lock-step. A run's policy is its centre.
public final class SearchTraining<S: Search>: Algorithm {
    public typealias Config = S.Config

    /// One run's line of `metrics.csv`.
    public struct Row: Sendable {
        public let generation: Int, steps: Int, run: Int, seed: UInt64
        public let best: Double?, mean: Double?, centre: Double?, broken: Int
    }

    public struct State: Codable {
        var generation: Int, steps: [Int]
    }

    public static var columns: [Column<Row>] {
        [
            Column("generation", "Generations so far.") { MetricValue($0.generation) },
            Column("steps", "Environment steps of the run so far, without tests.", .steps) { MetricValue($0.steps) },
            Column("run", "Number of the run, from 0.", .run) { MetricValue($0.run) },
            Column("seed", "The run's seed.") { MetricValue($0.seed) },
            Column("best_return", "Highest mean return among the generation's policies.", .best) {
                MetricValue($0.best)
            },
            Column("mean_return", "Mean of all their mean returns.", .mean) { MetricValue($0.mean) },
            // What the search is after counts before what it tried.
            Column("centre_return", "Mean return of the centre, on fresh episodes; empty without tests.", .best) {
                MetricValue($0.centre)
            },
            Column("broken", "Policies that met a state which is not finite.") { MetricValue($0.broken) }
        ]
    }

    public static func policies(_ config: S.Config, _ task: EnvironmentSpec, seeds: [UInt64]) throws -> PolicySet {
        let policy = config.search.policy(task), method = String(describing: S.self)
        return PolicySet(
            policy, runs: seeds.map { RunLabel(seed: $0, method: method) }, perRun: 1, layouts: [policy.layout],
            further: ["activation \(config.search.activation.rawValue)"])
    }

    public let config: S.Config
    public let population: Population
    public let search: S
    /// `[R, N]`.
    public let centres: Tensor
    public private(set) var generation = 0
    /// Environment steps of each run so far, without tests.
    public private(set) var steps: [Int]
    private let evaluator: Evaluator, tests: Evaluator?
    private let fitness: Tensor
    /// Centres before a generation, and which of them runs that are done keep.
    private let before: Tensor, kept: Tensor
    private let queue: Queue

    public init(_ config: S.Config, _ task: EnvironmentSpec, seeds: [UInt64], at place: Place) throws {
        guard !seeds.isEmpty else { throw RunError("seeds is empty; accepted: at least one seed") }
        try config.validate(seeds: seeds.count)
        let settings = config.search, queue = place.queue, members = seeds.count * settings.population
        let slots = members.multipliedReportingOverflow(by: settings.episodes)
        guard !slots.overflow, slots.partialValue < 1 << 30 else {
            throw RunError(
                """
                population * episodes over all seeds is \(settings.population) * \(settings.episodes) * \
                \(seeds.count); accepted: a product below \(1 << 30)
                """)
        }
        self.config = config
        let policies = try Self.policies(config, task, seeds: seeds), policy = policies.policy
        let memory = try queue.plan(lower: "population, episodes, test_episodes, hidden or the number of seeds") {
            let population = try Population(policy, runs: policies.runs, perRun: settings.population, on: queue)
            let centres = try queue.tensor(.float32, [seeds.count, policy.layout.rowCount])
            return try (
                population: population, centres: centres,
                search: S(config, population, centres: centres, on: queue),
                evaluator: Evaluator(
                    policy, task, members: members, Evaluator.Plan(episodes: settings.episodes), on: queue),
                tests: settings.testEpisodes == 0
                    ? nil
                    : Evaluator(
                        policy, task, members: seeds.count, Evaluator.Plan(episodes: settings.testEpisodes),
                        on: queue),
                fitness: queue.tensor(.float32, [members]),
                kept: (queue.tensor(.float32, centres.shape), queue.tensor(.int32, [seeds.count]))
            )
        }
        (population, centres, search) = (memory.population, memory.centres, memory.search)
        (evaluator, tests, fitness) = (memory.evaluator, memory.tests, memory.fitness)
        (before, kept) = memory.kept
        self.queue = queue
        steps = Array(repeating: 0, count: seeds.count)
        // All members of a run meet the same start states in a generation, so that luck does not choose; centres have a
        // number behind them.
        try evaluator.start(
            streams: seeds.flatMap { seed in
                (0..<settings.population).flatMap { _ in Queue.streamWords(seeds: [seed], members: 0..<1) }
            })
        let behind = settings.population
        try tests?.start(streams: Queue.streamWords(seeds: seeds, members: behind..<behind + 1))
        if settings.start == .pytorch { try drawCentres(seeds, on: queue) }
    }

    private func drawCentres(_ seeds: [UInt64], on queue: Queue) throws {
        let streams = try queue.tensor(Queue.streamWords(seeds: seeds, members: 0..<1), [seeds.count, 4])
        try queue.randomUniform(centres, streams: streams, step: 0, purpose: "INIS")
        var rows: [Float] = try centres.read()
        for run in seeds.indices { population.policy.fillLikeTorch(&rows, at: run * centres.pitch, lastScale: 1) }
        try centres.write(rows)
    }

    private var live: [Bool] { steps.map { $0 < config.search.totalSteps } }

    public var progress: AlgorithmProgress {
        let all = steps.reduce(0, +)
        return AlgorithmProgress(
            iteration: generation, steps: all, planned: max(all, config.search.totalSteps * steps.count),
            isDone: !live.contains(true))
    }

    /// The search learns; runs that are done keep their centres.
    private func tell(_ live: [Bool]) throws {
        guard live.contains(false) else { return try search.tell(fitness) }
        try queue.copy(centres, to: before)
        try search.tell(fitness)
        try kept.write(live.indices.map { live[$0] ? -1 : Int32($0) })
        try queue.gatherRows(centres, from: before, kept)
    }

    /// One generation of every run that is not done.
    public func iterate() throws -> Outcome<Row> {
        let live = live, number = UInt32(truncatingIfNeeded: generation)
        try evaluator.play(search.ask(number), number: number)
        try evaluator.fitness(into: fitness)
        let played = try evaluator.read()
        try tell(live)
        try tests?.play(centres, number: number)
        let tested = try tests?.read()
        generation += 1
        var outcome = Outcome<Row>()
        for run in steps.indices {
            let members = played[population.members(ofRun: run)]
            let returns = members.filter { !$0.contains(where: \.isBroken) }.map { EvaluationResult($0).mean }
            let centre = tested.map { EvaluationResult($0[run]).mean }
            outcome.shown.append(live[run] ? centre ?? returns.max() : nil)
            guard live[run] else { continue }
            steps[run] += members.reduce(0) { $0 + $1.reduce(0) { $0 + $1.length } }
            let broken = members.count - returns.count
            outcome.faults.nonFiniteResets += broken
            outcome.rows.append(
                Row(
                    generation: generation, steps: steps[run], run: run, seed: population.runs[run].seed,
                    best: returns.max(),
                    mean: returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count), centre: centre,
                    broken: broken))
        }
        return outcome
    }

    // MARK: Checkpoints

    public var tensors: [(name: String, tensor: Tensor)] { [("parameters", centres)] + search.tensors }

    public var state: State { State(generation: generation, steps: steps) }

    public func resume(_ state: State, at iteration: Int) throws {
        guard state.generation == iteration, state.steps.count == steps.count,
            state.steps.allSatisfy({ (0..<1 << 60).contains($0) })
        else {
            throw RunError(
                """
                the checkpoint's state.json has generation \(state.generation) and steps of \(state.steps.count) runs; \
                this run is at \(iteration) and has \(steps.count)
                """)
        }
        (generation, steps) = (state.generation, state.steps)
    }
}
