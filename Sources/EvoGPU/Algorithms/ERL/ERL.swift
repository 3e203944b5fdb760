import GPUTensor

/// What one generation of one run came to. Returns are undiscounted.
public struct GenerationFigures: Sendable, Equatable {
    /// Stored environment steps so far, as the paper counts them, and all of them with tests.
    public var frames = 0, allFrames = 0
    /// Every policy's fitness.
    public var fitness: [Double] = []
    /// Mean return of the best of this generation in its test episodes, and of the learner in its; nil where none were
    /// played.
    public var championTest: Double?, learnerTest: Double?
    /// What the tables of the ERL and PDERL papers show: the mean of the last ten ``championTest``.
    public var paperScore: Double?
    /// Of the learner's noisy episode.
    public var learnerReturn = 0.0
    /// Updates of the learner in this generation, and the critic's mean squared error in the last one.
    public var updates = 0, criticLoss = 0.0
    public var elites: [Int] = [], children = 0, mutants = 0
    /// Which slot the learner was put into.
    public var injected: Int?
    /// What became of injected learners so far.
    public var fates = LearnerFates()
    /// Episodes that met states which are not finite, and contacts without room.
    public var brokenEpisodes = 0, contactOverflows = 0
    /// Steps of the learner's networks so far that were refused because a gradient was not finite.
    public var refusedSteps = 0
}

/// How often an injected learner was among the elites, won a tournament, or did neither; the PDERL paper's Table 2.
public struct LearnerFates: Sendable, Equatable, Codable {
    public var elite = 0, selected = 0, discarded = 0

    mutating func count(_ fate: GenerationPlan.Fate) {
        switch fate {
        case .elite: elite += 1
        case .selected: selected += 1
        case .discarded: discarded += 1
        }
    }
}

/// Evolutionary reinforcement learning: a population beside a learner that is trained on everybody's transitions and
/// now and then takes a place in the population. ERL, PERL, DERL and PDERL.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), Algorithm 1; Bodnar et al. 2020 (arXiv:1906.09807). A frame is one
/// environment step. All runs are in lock-step: every launch works on all of them, and a run's results do not depend on
/// which others there are. Numbers of points are those of docs/pderl-code-vs-paper.md.
public final class ERL: Algorithm {
    /// One of the runs.
    public struct Run: Sendable, Equatable { public let variant: ERLVariant, seed: UInt64 }

    public let config: ERLConfig
    public let spec: EnvironmentSpec
    /// Every variant with every seed, variant by variant.
    public let runs: [Run]
    /// Policies `[P, N]`, run by run: the population, then the learner's actor.
    public let actors: Tensor
    /// The runs' learners, with a memory of everybody's transitions each.
    public let learning: ReplayLearning
    public var actor: Policy { learning.actor }
    public var critic: CriticNetwork { learning.critic }
    public var learner: any OffPolicyLearner { learning.learner }
    public var replay: TransitionMemory { learning.replay }
    /// A ring per policy.
    public let genetic: TransitionMemory
    public let episodes: Evaluator
    public private(set) var generation = 0
    /// Per run: stored environment steps and all environment steps so far.
    public private(set) var frames: [Int], allFrames: [Int]
    /// Called when a part of a generation has been enqueued, with its name. For measuring.
    public var afterPhase: ((String) throws -> Void)?
    private var injected: [Int?], fates: [LearnerFates], scores: [[Double]]
    /// Rows of each policy's memory.
    private var remembered: [Int]

    private let queue: Queue
    private let selections: [TournamentSelection]
    private let variation: Variation
    private let tests: Evaluator?
    private let buffers: Buffers

    private struct Buffers {
        /// Random streams of the policies, `[P, 4]`.
        let streams: Tensor
        /// Rows of policies: room for elites, and champion and learner of each run.
        let nextActors: Tensor, testActors: Tensor
        /// Which slots each memory takes rows from.
        let geneticOrder: Tensor, replayOrder: Tensor
        /// Rows to gather: P, 2 R and R of them.
        let indices: Tensor, testIndices: Tensor, runIndices: Tensor

        init(_ config: ERLConfig, runs: Int, rowCount: Int, on queue: Queue) throws {
            let policies = runs * config.policies
            func integers(_ shape: [Int]) throws -> Tensor { try queue.tensor(.int32, shape) }
            streams = try queue.tensor(.uint32, [policies, 4])
            nextActors = try queue.tensor(.float32, [policies, rowCount])
            testActors = try queue.tensor(.float32, [2 * runs, rowCount])
            geneticOrder = try integers([policies, config.trials])
            replayOrder = try integers([runs, config.population * config.trials + 1])
            indices = try integers([policies])
            testIndices = try integers([2 * runs])
            runIndices = try integers([runs])
        }
    }

    /// Policies of a run, and its learner's number among them.
    public var policies: Int { config.policies }
    private var k: Int { config.population }
    private func row(_ run: Int, _ policy: Int) -> Int { run * policies + policy }

    public init(_ config: ERLConfig, _ spec: EnvironmentSpec, seeds: [UInt64], at place: Place) throws {
        guard !seeds.isEmpty else { throw RunError("seeds is empty; accepted: at least one seed") }
        try config.validate(seeds: seeds.count)
        let queue = place.queue, (actor, critic) = try config.learning.networks(spec)
        let runs = config.variants.flatMap { variant in seeds.map { Run(variant: variant, seed: $0) } }
        let r = runs.count, m = config.policies, p = r * m
        let slots = p.multipliedReportingOverflow(by: config.trials)
        guard !slots.overflow, slots.partialValue < 1 << 24 else {
            throw RunError(
                """
                (population + 1) * trials over all runs is \(m) * \(config.trials) * \(r); accepted: a product below \
                \(1 << 24)
                """)
        }
        (self.config, self.spec, self.runs, self.queue) = (config, spec, runs, queue)
        // A member's stream is its number's within the run; tests and the learner have numbers behind the population's.
        func streamWords(_ numbers: Range<Int>) -> [UInt32] {
            Queue.streamWords(seeds: runs.map(\.seed), members: numbers)
        }
        let words = streamWords(0..<m), testWords = streamWords(m..<m + 2)
        selections = try runs.map { run in
            try TournamentSelection(
                population: config.population, elites: config.elites,
                crossover: run.variant.distils ? .distillation : .nPoint, isFaithful: config.isFaithful,
                score: config.pairing.score, distanceWeight: config.pairingDistanceWeight,
                mutationProbability: config.mutationProbability)
        }
        // Where ERL's code differs from PDERL's: point 12, it drops the clipped action; point 7, in the actor's step it
        // clips the critic's gradients instead of the actor's.
        let departs = runs.map { config.isFaithful && $0.variant == .erl }
        let memory = try queue.plan(
            lower: """
                replay_memory, genetic_memory, trials, test_episodes, population, batch_size, mutation_batch_size, \
                variants or the number of seeds
                """
        ) {
            let buffers = try Buffers(config, runs: r, rowCount: actor.layout.rowCount, on: queue)
            var plan = Evaluator.Plan(episodes: config.trials)
            plan.exploration = config.learning.exploration(
                members: (0..<r).map { $0 * m + m - 1 }, clips: departs.map { !$0 })
            (plan.keepsTransitions, plan.truncationMasks) = (true, config.isFaithful)
            return try (
                buffers: buffers, actors: queue.tensor(.float32, [p, actor.layout.rowCount]),
                learning: ReplayLearning(
                    config.learning, spec, words: streamWords(m - 1..<m),
                    actorNormLimits: departs.map { $0 ? 0 : Float(config.maxGradientNorm) }, on: queue),
                episodes: Evaluator(actor, spec, members: p, plan, streams: buffers.streams, on: queue),
                tests: config.testEpisodes == 0
                    ? nil
                    : Evaluator(
                        actor, spec, members: 2 * r, Evaluator.Plan(episodes: config.testEpisodes), on: queue),
                genetic: TransitionMemory(
                    owners: p, capacity: config.geneticMemory, observations: spec.observationCount,
                    actions: spec.action.width, inherits: true, on: queue),
                variation: Variation(config, runs: runs, actor: actor, critic: critic, words: words, on: queue)
            )
        }
        (buffers, actors, learning) = (memory.buffers, memory.actors, memory.learning)
        (episodes, tests) = (memory.episodes, memory.tests)
        (genetic, variation) = (memory.genetic, memory.variation)
        frames = Array(repeating: 0, count: r)
        allFrames = frames
        injected = Array(repeating: nil, count: r)
        fates = Array(repeating: LearnerFates(), count: r)
        scores = Array(repeating: [], count: r)
        remembered = Array(repeating: 0, count: p)

        try genetic.start()
        try learning.start()
        try episodes.start(streams: words)
        try tests?.start(streams: testWords)
        try drawParameters()
    }

    /// PyTorch's first weights; the learner's networks end in a tenth of them (point 4).
    private func drawParameters() throws {
        try queue.randomUniform(actors, streams: buffers.streams, step: 0, purpose: "INIA")
        var rows: [Float] = try actors.read()
        for run in runs.indices {
            for policy in 0..<policies {
                actor.fillLikeTorch(&rows, at: row(run, policy) * actors.pitch, lastScale: policy == k ? 0.1 : 1)
            }
        }
        try actors.write(rows)
        try pickRows(runs.indices.map { row($0, k) }, of: actors, to: learner.actorParameters)
        try learning.drawCritics()
    }

    private func pickRows(_ rows: [Int], of source: Tensor, to target: Tensor) throws {
        let all = [buffers.runIndices, buffers.testIndices, buffers.indices]
        let indices = all.first { $0.shape[0] == rows.count }!
        try indices.write(rows.map(Int32.init))
        try queue.gatherRows(target, from: source, indices)
    }

    // MARK: The loop

    public var isDone: Bool { !live.contains(true) }
    /// Runs that go on; the published loop runs while the steps are not above the budget.
    private var live: [Bool] { frames.map { $0 <= config.totalSteps } }

    /// One generation of every run that is not done. Reads back every episode's return, the tests' and the learner's
    /// losses.
    ///
    /// - Returns: a run's figures; nil for one that was done before.
    public func step() throws -> [GenerationFigures?] {
        let live = live
        var figures = runs.indices.map { _ in GenerationFigures() }
        // Everybody plays, the learner with noise; its episode does not depend on the population's.
        let played = try play(live)
        try count(played, live, &figures)
        try afterPhase?("episodes")

        let plans = try evolve(figures.map(\.fitness), live)
        try afterPhase?("evolution")
        try learn(figures.map(\.frames), live, &figures)
        try afterPhase?("learner")
        try test(live, &figures)
        try afterPhase?("tests")
        try inject(plans, live, &figures)

        generation += 1
        for run in runs.indices where live[run] {
            if let plan = plans[run] {
                (figures[run].elites, figures[run].children, figures[run].mutants) = (
                    plan.elites, plan.childCount, plan.mutated.count
                )
            }
            (figures[run].frames, figures[run].allFrames) = (frames[run], allFrames[run])
            (figures[run].fates, figures[run].refusedSteps) = (fates[run], learning.refusedSteps[run])
        }
        return runs.indices.map { live[$0] ? figures[$0] : nil }
    }

    /// Episodes of everybody into their own memories and their run's.
    private func play(_ live: [Bool]) throws -> [[Episode]] {
        try episodes.setRandom(frames.map { $0 < config.warmupSteps })
        try episodes.play(actors, number: UInt32(truncatingIfNeeded: generation))
        let trials = episodes.environments
        func slots(_ run: Int, _ policy: Int) -> [Int32] {
            // the learner plays once
            (0..<trials).map { live[run] && (policy < k || $0 == 0) ? Int32(row(run, policy) * trials + $0) : -1 }
        }
        let transitions = episodes.transitions!, lengths = episodes.lengths!
        try buffers.geneticOrder.write(runs.indices.flatMap { run in (0..<policies).flatMap { slots(run, $0) } })
        try genetic.append(transitions, lengths: lengths, order: buffers.geneticOrder)
        try buffers.replayOrder.write(
            runs.indices.flatMap { run in (0..<k).flatMap { slots(run, $0) } + [slots(run, k)[0]] })
        try replay.append(transitions, lengths: lengths, order: buffers.replayOrder)
        return try episodes.read()
    }

    /// Fitness, frames and what went wrong.
    private func count(_ played: [[Episode]], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        let trials = episodes.environments
        for run in runs.indices where live[run] {
            let own = (0..<k).map { played[row(run, $0)] }, learners = played[row(run, k)][0]  // which plays once
            figures[run].fitness = own.map { list in
                list.contains(where: \.isBroken) ? -.infinity : list.reduce(0) { $0 + $1.reward } / Double(trials)
            }
            figures[run].learnerReturn = learners.reward
            let all = own.flatMap { $0 } + [learners]
            for (policy, list) in (own + [[learners]]).enumerated() {
                remembered[row(run, policy)] = min(
                    config.geneticMemory, remembered[row(run, policy)] + list.reduce(0) { $0 + $1.kept })
            }
            figures[run].frames = all.reduce(0) { $0 + $1.kept }
            (figures[run].brokenEpisodes, figures[run].contactOverflows) = (
                all.count(where: \.isBroken), all.reduce(0) { $0 + $1.contactOverflows }
            )
            frames[run] += figures[run].frames
            allFrames[run] += all.reduce(0) { $0 + $1.length }
        }
    }

    /// Selection, crossover and mutation. The host decides, from fitness alone; distance pairing reads distances back.
    private func evolve(_ fitness: [[Double]], _ live: [Bool]) throws -> [GenerationPlan?] {
        if tests != nil {
            // The champion as it played: what follows changes it.
            try pickRows(
                runs.indices.flatMap { run in [live[run] ? row(run, champion(fitness[run])) : -1, -1] }, of: actors,
                to: buffers.testActors)
        }
        let distances = try variation.distances(actors, memory: genetic, generation: generation)
        let plans = runs.indices.map { run in
            live[run]
                ? selections[run].plan(
                    fitness: fitness[run], distances: distances?[run] ?? [], seed: runs[run].seed,
                    generation: UInt32(generation)) : nil
        }
        for run in runs.indices {
            if let plan = plans[run], let slot = injected[run] {
                fates[run].count(plan.fate(of: slot))
                injected[run] = nil
            }
        }
        try copyElites(plans)
        try variation.cross(
            plans, parameters: actors, critics: learner.criticParameters, memory: genetic, remembered: &remembered,
            streams: buffers.streams, generation: generation)
        try variation.mutate(plans, parameters: actors, memory: genetic, generation: generation)
        return plans
    }

    /// The first of the best, as numpy's argmax has it.
    private func champion(_ fitness: [Double]) -> Int {
        fitness.indices.max { fitness[$0] < fitness[$1] || (fitness[$0] == fitness[$1] && $0 > $1) }!
    }

    /// Elites over the slots that selection gave them, with all that they remember.
    private func copyElites(_ plans: [GenerationPlan?]) throws {
        let all = runs.count * policies,
            origin = GenerationPlan.joined(plans.map { $0 ?? GenerationPlan() }, population: policies).origins(
                population: all)
        let moved = origin.indices.filter { origin[$0] != $0 }
        guard !moved.isEmpty else { return }
        try queue.copy(actors, to: buffers.nextActors)
        try pickRows(origin, of: buffers.nextActors, to: actors)
        try genetic.inherit(
            moved.map { Inheritance($0, from: origin[$0]) }, streams: buffers.streams, step: UInt32(generation),
            purpose: "CLON")
        remembered = origin.map { remembered[$0] }
    }

    /// As many updates of the learner as the run has stored steps in this generation.
    private func learn(_ newFrames: [Int], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        let learned = try learning.learn(frames, newFrames: newFrames, live: live)
        guard learned.contains(where: { $0.updates > 0 }) else { return }
        try showLearners()
        for run in runs.indices { (figures[run].updates, figures[run].criticLoss) = learned[run] }
    }

    /// The learners' actors to their places behind the populations.
    private func showLearners() throws {
        try pickRows(
            (0..<runs.count * policies).map { $0 % policies == k ? $0 / policies : -1 }, of: learner.actorParameters,
            to: actors)
    }

    /// The champion as it was before selection and the learner after its updates, without noise; nothing is stored.
    private func test(_ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        guard let tests else { return }
        try pickRows(runs.indices.flatMap { [-1, $0] }, of: learner.actorParameters, to: buffers.testActors)
        try tests.play(buffers.testActors, number: UInt32(truncatingIfNeeded: generation))
        let played = try tests.read(), count = config.testEpisodes
        for run in runs.indices where live[run] {
            func mean(_ which: Int) -> Double {
                let list = played[2 * run + which]
                return list.contains(where: \.isBroken) ? -.infinity : list.reduce(0) { $0 + $1.reward } / Double(count)
            }
            allFrames[run] += (played[2 * run] + played[2 * run + 1]).reduce(0) { $0 + $1.length }
            (figures[run].championTest, figures[run].learnerTest) = (mean(0), mean(1))
            scores[run] = (scores[run] + [mean(0)]).suffix(10)
            figures[run].paperScore = scores[run].reduce(0, +) / Double(scores[run].count)
        }
    }

    /// The learner, with what it remembers, into a place in the population; it is first judged in the next generation.
    private func inject(_ plans: [GenerationPlan?], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        guard (generation + 1).isMultiple(of: config.syncPeriod) else { return }
        var sources = [Int](repeating: -1, count: runs.count * policies), heirs: [Inheritance] = []
        for run in runs.indices {
            guard let plan = plans[run] else { continue }
            let slot = selections[run].injectionSlot(
                plan, fitness: figures[run].fitness, sparesChampion: runs[run].variant != .erl)
            sources[row(run, slot)] = run
            heirs.append(Inheritance(row(run, slot), from: row(run, k)))
            remembered[row(run, slot)] = remembered[row(run, k)]
            (injected[run], figures[run].injected) = (slot, slot)
        }
        try pickRows(sources, of: learner.actorParameters, to: actors)
        try genetic.inherit(heirs, streams: buffers.streams, step: UInt32(generation), purpose: "SYNC")
    }

    // MARK: Checkpoints

    /// What a checkpoint holds beside arrays.
    public struct State: Codable {
        var frames: [Int], all_frames: [Int], updates: [Int], owed_updates: [Double], refused_steps: [Int],
            injected: [Int?], fates: [LearnerFates], scores: [[Double]]
    }

    public var state: State {
        State(
            frames: frames, all_frames: allFrames, updates: learning.updates, owed_updates: learning.owed,
            refused_steps: learning.refusedSteps, injected: injected, fates: fates, scores: scores)
    }

    public var tensors: [(name: String, tensor: Tensor)] {
        [("parameters", actors), ("noise", episodes.noise)] + learner.persistentTensors
    }

    public var stores: [(name: String, store: any ArrayStore)] { [("genetic", genetic), ("replay", replay)] }

    public func resume(_ state: State, at generation: Int) throws {
        let counts = [
            state.frames.count, state.all_frames.count, state.updates.count, state.owed_updates.count,
            state.refused_steps.count, state.injected.count, state.fates.count, state.scores.count
        ]
        guard (0..<1 << 31).contains(generation), counts.allSatisfy({ $0 == runs.count }),
            state.injected.allSatisfy({ $0 == nil || (0..<k).contains($0!) }),
            (state.frames + state.updates + state.all_frames + state.refused_steps).allSatisfy({
                (0..<1 << 60).contains($0)
            }), state.owed_updates.allSatisfy({ (0..<1).contains($0) })
        else {
            throw RunError(
                """
                the checkpoint's state.json has counts for \(counts) runs or numbers that can't be; this run has \
                \(runs.count)
                """)
        }
        try showLearners()
        remembered = try genetic.counts.read(as: Int32.self).map { Int($0) }
        self.generation = generation
        (frames, allFrames) = (state.frames, state.all_frames)
        (injected, fates, scores) = (state.injected, state.fates, state.scores)
        learning.resume(updates: state.updates, refusedSteps: state.refused_steps, owed: state.owed_updates)
    }
}

extension Pairing {
    var score: PairScore {
        switch self {
        case .fitness: .fitness
        case .distance: .distance
        case .mix: .mix
        }
    }
}
