import GPUTensor

/// What a ``TrainingRun`` drives: an algorithm with all its runs in lock-step.
protocol TrainingSubject: AnyObject {
    /// Of `metrics.csv`.
    var columns: [String] { get }
    /// Whether it leaves a `lineage.jsonl`.
    var hasLineage: Bool { get }
    var isDone: Bool { get }
    /// Calls of ``advance()`` so far, and after how many a checkpoint is due.
    var iteration: Int { get }
    var checkpointEvery: Int { get }
    /// Environment steps so far and at the end, over all runs; and what they are counted for one by one, policies or
    /// runs.
    var steps: Int { get }
    var plannedSteps: Int { get }
    var counted: (name: String, count: Int) { get }
    /// Policies that are trained, over all runs.
    var policies: Int { get }
    /// Policies of each run.
    var population: Int { get }
    /// How many entries ``Advance/returns`` has.
    var returnCount: Int { get }
    /// Every slot of a parameter row, and the rest of what the networks are, in words: for readers of a checkpoint's
    /// arrays.
    var networks: [String] { get }
    /// Goes one iteration, generation or round on.
    func advance() throws -> Advance
    /// What a checkpoint holds.
    func arrays() throws -> [ArraySource]
    /// Adds what a checkpoint's `state.json` holds of this algorithm alone.
    func save(into state: inout TrainingRun.State)
    /// Goes on from a checkpoint that has been checked against the settings.
    func resume(_ state: TrainingRun.State, _ arrays: [String: NamedArray], path: String) throws
}

/// What one step of a ``TrainingSubject`` leaves behind.
struct Advance {
    /// Of `metrics.csv`.
    var rows: [[MetricValue]] = []
    /// Returns to show; nil leaves what was shown before.
    var returns: [Double?] = []
    /// In this step: resets because a state was not finite, refused gradient steps, contacts without room.
    var nonFiniteResets = 0, refusedSteps = 0, contactOverflows = 0
    var lineage: [LineageEntry] = []
    /// What a person should read.
    var sentences: [String] = []
    var visited: VisitedStates?
}

private func optional(_ value: Double?) -> MetricValue { value.map { MetricValue($0) } ?? .missing }

/// PPO and A2C.
class PPOTraining: TrainingSubject {
    let ppo: PPO
    init(_ ppo: PPO) { self.ppo = ppo }

    var columns: [String] {
        [
            "iteration", "steps_per_member", "run", "seed", "member", "episodes", "mean_return", "mean_length",
            "policy_loss", "value_loss",
            "entropy", "kl", "clip_fraction", "gradient_norm", "minibatches", "kl_coefficient", "kl_after",
            "non_finite_resets", "refused_steps", "contact_overflows"
        ]
    }
    var hasLineage: Bool { false }
    var isDone: Bool { ppo.iteration >= ppo.config.iterations }
    var iteration: Int { ppo.iteration }
    var checkpointEvery: Int { ppo.config.checkpointEvery }
    var steps: Int { ppo.stepsPerMember * ppo.members }
    var plannedSteps: Int { ppo.config.iterations * ppo.config.environments * ppo.config.rolloutSteps * ppo.members }
    var counted: (name: String, count: Int) { ("member", ppo.members) }
    var policies: Int { ppo.members }
    var population: Int { ppo.config.population }
    var returnCount: Int { ppo.members }
    var networks: [String] { TrainingRun.describe(ppo.network, activation: ppo.config.activation) }

    func advance() throws -> Advance { try record(ppo.iterate(), stepsPerMember: ppo.stepsPerMember) }

    func record(_ figures: [MemberFigures], stepsPerMember: Int, further: (Int) -> [MetricValue] = { _ in [] })
        -> Advance
    {
        var advance = Advance()
        for (member, figure) in figures.enumerated() {
            advance.returns.append(figure.nonFiniteResets == 0 ? figure.meanReturn : nil)
            advance.nonFiniteResets += figure.nonFiniteResets
            advance.refusedSteps += figure.refusedSteps
            advance.contactOverflows += figure.contactOverflows
            let run = member / ppo.config.population
            advance.rows.append(
                [
                    MetricValue(ppo.iteration), MetricValue(stepsPerMember), MetricValue(run),
                    MetricValue(ppo.seeds[run]), MetricValue(member % ppo.config.population),
                    MetricValue(figure.episodes), optional(figure.meanReturn), optional(figure.meanLength),
                    MetricValue(figure.policyLoss), MetricValue(figure.valueLoss),
                    MetricValue(figure.entropy), MetricValue(figure.kl), MetricValue(figure.clipFraction),
                    MetricValue(figure.gradientNorm), MetricValue(figure.minibatches),
                    MetricValue(figure.klCoefficient), MetricValue(figure.klAfter), MetricValue(figure.nonFiniteResets),
                    MetricValue(figure.refusedSteps),
                    MetricValue(figure.contactOverflows)
                ] + further(member))
        }
        return advance
    }

    func arrays() throws -> [ArraySource] {
        try ppo.persistentTensors.map { try ArraySource($0.tensor.namedArray($0.name)) }
    }
    func save(into state: inout TrainingRun.State) {}
    func resume(_ state: TrainingRun.State, _ arrays: [String: NamedArray], path: String) throws {
        for (name, tensor) in ppo.persistentTensors { try tensor.restore(name, from: arrays) }
        try ppo.resume(atIteration: state.iteration)
    }
}

/// GPO, which drives a PPO.
final class GPOTraining: PPOTraining {
    let gpo: GPO
    init(_ gpo: GPO) {
        self.gpo = gpo
        super.init(gpo.ppo)
    }

    /// `similar`: policies whose samples the member learns from, itself included. `total_steps`: of a whole run,
    /// crossovers included.
    override var columns: [String] { super.columns + ["round", "total_steps", "similar"] }
    override var hasLineage: Bool { true }
    override var isDone: Bool { gpo.isDone }
    override var steps: Int { gpo.stepsPerRun * ppo.seeds.count }
    override var plannedSteps: Int { gpo.plannedStepsPerRun * ppo.seeds.count }

    override func advance() throws -> Advance {
        let (round, crossings) = (gpo.round, gpo.crossings), (figures, ended) = try gpo.step()
        // a round's last iteration comes before its crossover
        let steps = ppo.stepsPerMember + crossings * gpo.config.crossoverStepsPerChild
        var advance = record(figures, stepsPerMember: steps) { member in
            [
                MetricValue(round + 1), MetricValue(steps * self.ppo.config.population),
                MetricValue(self.gpo.similarCounts[member])
            ]
        }
        if let ended {
            (advance.lineage, advance.sentences, advance.visited) = (ended.lineage, ended.retired, ended.visited)
        }
        return advance
    }

    override func arrays() throws -> [ArraySource] {
        try gpo.persistentTensors.map { try ArraySource($0.tensor.namedArray($0.name)) }
    }
    override func save(into state: inout TrainingRun.State) { state.gpo = gpo.state }
    override func resume(_ state: TrainingRun.State, _ arrays: [String: NamedArray], path: String) throws {
        for (name, tensor) in gpo.persistentTensors { try tensor.restore(name, from: arrays) }
        guard let its = state.gpo else {
            throw RunError(
                "\(path): the checkpoint's state.json has no state of gpo; config.yaml says it is a run of it")
        }
        try gpo.resume(its, atIteration: state.iteration)
    }
}

/// ERL and its family.
final class ERLTraining: TrainingSubject {
    let erl: ERL
    private var refused: [Int]
    init(_ erl: ERL) {
        self.erl = erl
        refused = Array(repeating: 0, count: erl.runs.count)
    }

    /// `frames`: stored environment steps, as the paper counts; `all_frames`: those of tests too. `paper_score`: mean
    /// of the last ten champion tests; every fourth row is one of the published code's. `injected_*`: what became of
    /// the learner's copies so far.
    var columns: [String] {
        [
            "generation", "frames", "all_frames", "run", "seed", "variant", "best_fitness", "mean_fitness",
            "champion_test", "learner_test", "paper_score", "learner_return", "updates", "critic_loss",
            "elites", "children", "mutants", "injected_slot", "injected_elite", "injected_selected",
            "injected_discarded", "broken_episodes", "refused_steps", "contact_overflows"
        ]
    }
    var hasLineage: Bool { false }
    var isDone: Bool { erl.isDone }
    var iteration: Int { erl.generation }
    var checkpointEvery: Int { erl.config.checkpointEvery }
    var steps: Int { erl.frames.reduce(0, +) }
    var plannedSteps: Int { max(steps, erl.config.totalSteps * erl.runs.count) }
    var counted: (name: String, count: Int) { ("run", erl.runs.count) }
    var policies: Int { erl.runs.count * erl.policies }
    var population: Int { erl.policies }
    var returnCount: Int { erl.runs.count }
    var networks: [String] { TrainingRun.describe(erl.actor, erl.critic, erl.config) }

    func advance() throws -> Advance {
        var advance = Advance()
        for (run, figures) in try erl.iterate().enumerated() {
            guard let figures else {
                advance.returns.append(nil)
                continue
            }
            let evolves = erl.config.population > 0, fates = figures.fates
            advance.returns.append(
                figures.championTest ?? figures.learnerTest ?? figures.fitness.max() ?? figures.learnerReturn)
            advance.nonFiniteResets += figures.brokenEpisodes
            advance.refusedSteps += max(0, figures.refusedSteps - refused[run])
            refused[run] = max(refused[run], figures.refusedSteps)
            advance.contactOverflows += figures.contactOverflows
            advance.rows.append([
                MetricValue(erl.generation), MetricValue(figures.frames), MetricValue(figures.allFrames),
                MetricValue(run), MetricValue(erl.runs[run].seed),
                MetricValue(evolves ? erl.runs[run].variant.rawValue : erl.config.learner.rawValue),
                optional(figures.fitness.max()),
                optional(evolves ? figures.fitness.reduce(0, +) / Double(figures.fitness.count) : nil),
                optional(figures.championTest), optional(figures.learnerTest), optional(figures.paperScore),
                MetricValue(figures.learnerReturn), MetricValue(figures.updates),
                optional(figures.updates > 0 ? figures.criticLoss : nil),
                MetricValue(figures.elites.map(String.init).joined(separator: " ")), MetricValue(figures.children),
                MetricValue(figures.mutants), figures.injected.map { MetricValue($0) } ?? .missing,
                MetricValue(fates.elite), MetricValue(fates.selected), MetricValue(fates.discarded),
                MetricValue(figures.brokenEpisodes), MetricValue(refused[run]), MetricValue(figures.contactOverflows)
            ])
        }
        return advance
    }

    func arrays() throws -> [ArraySource] { try erl.sources() }
    func save(into state: inout TrainingRun.State) { state.erl = erl.state }
    func resume(_ state: TrainingRun.State, _ arrays: [String: NamedArray], path: String) throws {
        guard let its = state.erl else {
            throw RunError(
                "\(path): the checkpoint's state.json has no state of erl; config.yaml says it is a run of its family")
        }
        try erl.resume(its, atGeneration: state.iteration, arrays)
        refused = erl.refusedSteps
    }
}
