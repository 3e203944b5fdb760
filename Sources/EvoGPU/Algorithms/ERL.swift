import GPUTensor

/// What one generation of one run came to. Returns are undiscounted.
public struct GenerationFigures: Sendable, Equatable {
    /// Stored environment steps so far, as the paper counts them, and all of them with tests.
    public var frames = 0, allFrames = 0
    /// Every policy's fitness; empty without a population.
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
/// now and then takes a place in the population. ERL, PERL, DERL and PDERL, and without a population DDPG and TD3.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), Algorithm 1; Bodnar et al. 2020 (arXiv:1906.09807). A frame is one
/// environment step. All runs are in lock-step: every launch works on all of them, and a run's results do not depend on
/// which others there are.
public final class ERL {
    /// One of the runs.
    public struct Run: Sendable, Equatable { public let variant: ERLVariant, seed: UInt64 }

    public let config: ERLConfig
    public let spec: EnvironmentSpec
    /// Every variant with every seed, variant by variant.
    public let runs: [Run]
    public let actor: ActorNetwork, critic: CriticNetwork
    /// Policies `[P, N]`, run by run: the population, then the learner's actor.
    public let actors: Tensor
    public let learner: any OffPolicyLearner
    /// A ring per policy, and one per run.
    public let genetic: TransitionMemory?, replay: TransitionMemory
    public let episodes: Episodes
    public private(set) var generation = 0
    /// Per run: stored environment steps, all environment steps, and updates of the learner so far.
    public private(set) var frames: [Int], allFrames: [Int], updates: [Int]
    /// Per run: steps of the learner's networks so far that were refused because a gradient was not finite.
    public private(set) var refusedSteps: [Int]
    /// Called when a part of a generation has been enqueued, with its name. For measuring.
    public var afterPhase: ((String) throws -> Void)?
    private var injected: [Int?], fates: [LearnerFates], scores: [[Double]]
    /// Per run: the part of an update that its steps so far are worth beyond ``updates``.
    private var owed: [Double]
    /// Rows of each policy's memory.
    private var remembered: [Int]

    private let queue: Queue
    private let words: [UInt32]
    private let selections: [TournamentSelection]
    private let variation: Variation?
    private let tests: Episodes?, testActors: Tensor
    private let batch: TransitionBatch
    private let streams: Tensor, runStreams: Tensor, testStreams: Tensor
    private let geneticOrder: Tensor, replayOrder: Tensor, runNumbers: Tensor, updateCounts: Tensor, indices: Tensor,
        testIndices: Tensor, nextActors: Tensor
    private let runIndices: Tensor, spares: [Tensor]

    /// Policies of a run, and its learner's number among them.
    public var policies: Int { config.policies }
    private var k: Int { config.population }
    private func row(_ run: Int, _ policy: Int) -> Int { run * policies + policy }

    /// The networks that a config makes for a task.
    ///
    /// - Throws: ``RunError`` for a task whose actions are discrete.
    public static func networks(_ config: ERLConfig, _ spec: EnvironmentSpec) throws -> (
        actor: ActorNetwork, critic: CriticNetwork
    ) {
        guard case .box = spec.action else {
            throw RunError(
                "\(spec.name) has discrete actions; ERL, PERL, DERL, PDERL, DDPG and TD3 take tasks with continuous ones, such as Pendulum-v1 (ppo, a2c and gpo take both)"
            )
        }
        return (
            ActorNetwork(observations: spec.observationCount, actions: spec.action.width, hidden: config.actorHidden),
            CriticNetwork(
                observations: spec.observationCount, actions: spec.action.width, first: config.criticHidden[0],
                second: config.criticHidden[1])
        )
    }

    /// Allocates everything and draws the first parameters.
    ///
    /// - Throws: ``RunError`` for a setting that can't be; ``DeviceError`` if the memory does not suffice, before
    ///   anything is allocated.
    public init(_ config: ERLConfig, _ spec: EnvironmentSpec, seeds: [UInt64], on queue: Queue) throws {
        guard !seeds.isEmpty else { throw RunError("seeds is empty; accepted: at least one seed") }
        try config.validate(seeds: seeds.count)
        let (actor, critic) = try Self.networks(config, spec)
        let runs = config.variants.flatMap { variant in seeds.map { Run(variant: variant, seed: $0) } }, r = runs.count,
            m = config.policies, p = r * m
        let slots = p.multipliedReportingOverflow(by: config.trials)
        guard !slots.overflow, slots.partialValue < 1 << 24 else {
            throw RunError(
                "(population + 1) * trials over all runs is \(m) * \(config.trials) * \(r); accepted: a product below \(1 << 24)"
            )
        }
        (self.config, self.spec, self.runs, self.actor, self.critic, self.queue) = (
            config, spec, runs, actor, critic, queue
        )
        // A member's stream is its number's within the run; tests and the learner have numbers behind the population's.
        func streamWords(_ numbers: Range<Int>) -> [UInt32] {
            runs.flatMap {
                Queue.streamWords(seeds: [$0.seed], membersPerRun: numbers.upperBound).suffix(4 * numbers.count)
            }
        }
        words = streamWords(0..<m)
        selections =
            try config.population == 0
            ? []
            : runs.map { run in
                try TournamentSelection(
                    population: config.population, elites: config.elites,
                    crossover: run.variant.distils ? .distillation : .nPoint, isFaithful: config.isFaithful,
                    score: config.pairing.score, distanceWeight: config.pairingDistanceWeight,
                    mutationProbability: config.mutationProbability)
            }
        let words = words
        let memory = try queue.plan(
            lower: config.population == 0
                ? "replay_memory, batch_size, test_episodes or the number of seeds"
                : "replay_memory, genetic_memory, trials, test_episodes, population, batch_size, mutation_batch_size, variants or the number of seeds"
        ) {
            func integers(_ shape: [Int]) throws -> Tensor { try queue.tensor(.int32, shape) }
            func rows(_ count: Int) throws -> Tensor { try queue.tensor(.float32, [count, actor.layout.rowCount]) }
            let streams = try queue.tensor(.uint32, [p, 4]), runStreams = try queue.tensor(.uint32, [r, 4]),
                testStreams = try queue.tensor(.uint32, [2 * r, 4])
            let exploration = Episodes.Exploration(
                members: (0..<r).map { $0 * m + m - 1 }, kind: config.noise, theta: Float(config.noiseTheta),
                sigma: Float(config.noiseSigma), scale: Float(config.noiseScale),
                // point 12: ERL's code drops the clipped action
                clips: runs.map { !(config.isFaithful && $0.variant == .erl && config.population > 0) })
            func memory(_ owners: Int, _ capacity: Int, inherits: Bool) throws -> TransitionMemory {
                try TransitionMemory(
                    owners: owners, capacity: capacity, observations: spec.observationCount, actions: spec.action.width,
                    inherits: inherits, on: queue)
            }
            let learner: any OffPolicyLearner =
                switch config.learner {
                case .ddpg: try DDPG(actor, critic, members: r, batch: config.batchSize, on: queue)
                case .td3:
                    try TD3(
                        actor, critic, members: r, batch: config.batchSize, delay: config.policyDelay,
                        noise: Float(config.targetNoise), noiseLimit: Float(config.targetNoiseLimit),
                        streams: runStreams, on: queue)
                }
            return try (
                streams: (streams, runStreams, testStreams), actors: (rows(p), rows(p), rows(2 * r)), learner: learner,
                episodes: (
                    Episodes(
                        spec, actor: actor, members: p, environments: config.population == 0 ? 1 : config.trials,
                        streams: streams, exploration: exploration, keeps: true, truncationMasks: config.isFaithful,
                        on: queue),
                    config.testEpisodes == 0
                        ? nil
                        : Episodes(
                            spec, actor: actor, members: 2 * r, environments: config.testEpisodes, streams: testStreams,
                            exploration: nil, keeps: false, truncationMasks: false, on: queue)
                ),
                memories: (
                    config.population == 0 ? nil : memory(p, config.geneticMemory, inherits: true),
                    memory(r, config.replayMemory, inherits: false)
                ),
                batch: TransitionBatch(
                    members: r, rows: config.batchSize, observations: spec.observationCount, actions: spec.action.width,
                    on: queue),
                orders: (integers([p, config.trials]), integers([r, config.population * config.trials + 1])),
                indices: (integers([r]), queue.tensor(.uint32, [r]), integers([p]), integers([2 * r]), integers([r])),
                spares: [rows(r), queue.tensor(.float32, [r, critic.layout.rowCount]), queue.tensor(.float32, [r, 2])],
                variation: config.population == 0
                    ? nil : Variation(config, runs: runs, actor: actor, critic: critic, words: words, on: queue)
            )
        }
        (streams, runStreams, testStreams) = memory.streams
        (actors, nextActors, testActors) = memory.actors
        learner = memory.learner
        (episodes, tests) = memory.episodes
        (genetic, replay) = memory.memories
        batch = memory.batch
        (geneticOrder, replayOrder) = memory.orders
        (runNumbers, updateCounts, indices, testIndices, runIndices) = memory.indices
        spares = memory.spares
        variation = memory.variation
        (frames, allFrames, updates, refusedSteps) = (
            Array(repeating: 0, count: r), Array(repeating: 0, count: r), Array(repeating: 0, count: r),
            Array(repeating: 0, count: r)
        )
        (injected, fates, scores) = (
            Array(repeating: nil, count: r), Array(repeating: LearnerFates(), count: r), Array(repeating: [], count: r)
        )
        owed = Array(repeating: 0, count: r)
        remembered = Array(repeating: 0, count: p)

        try streams.write(words)
        try testStreams.write(streamWords(m..<m + 2))
        try genetic?.start()
        try replay.start()
        try learner.start()
        try episodes.start(streams: words)
        try tests?.start(streams: streamWords(m..<m + 2))
        for optimiser in learner.optimisers { try optimiser.active.write([Int32](repeating: 1, count: r)) }
        try writeSettings(Array(0..<r))
        try drawParameters()
    }

    /// What the learner is told of each run, row by row.
    ///
    /// - Parameter order: which run each row is.
    private func writeSettings(_ order: [Int]) throws {
        func ordered(_ setting: PerMember, _ name: String) throws -> [Float] {
            let values = try setting.values(count: runs.count, name: name); return order.map { values[$0] }
        }
        for (index, optimiser) in learner.optimisers.enumerated() {
            try optimiser.rates.write(
                (index == 0
                    ? ordered(config.actorLearningRate, "actor_learning_rate")
                    : ordered(config.criticLearningRate, "critic_learning_rate")).flatMap { [$0, $0] })
            // Point 7: in the actor's step ERL's code clips the critic's gradients instead of the actor's.
            try optimiser.normLimits.write(
                order.map {
                    index == 0 && config.isFaithful && runs[$0].variant == .erl && k > 0
                        ? 0 : Float(config.maxGradientNorm)
                })
        }
        try learner.gamma.write(ordered(config.gamma, "gamma"))
        try learner.tau.write(ordered(config.tau, "tau"))
        try runNumbers.write(order.map { Int32($0) })
        try runStreams.write(order.flatMap { words[4 * row($0, k)..<4 * row($0, k) + 4] })
        try updateCounts.write(order.map { UInt32(truncatingIfNeeded: updates[$0]) })
    }

    /// PyTorch's first weights; the learner's networks end in a tenth of them (point 4).
    private func drawParameters() throws {
        try queue.randomUniform(actors, streams: streams, step: 0, purpose: "INIA")
        var rows: [Float] = try actors.read()
        for run in runs.indices {
            for policy in 0..<policies {
                actor.fillLikeTorch(&rows, at: row(run, policy) * actors.pitch, lastScale: policy == k ? 0.1 : 1)
            }
        }
        try actors.write(rows)
        try pickRows(runs.indices.map { row($0, k) }, of: actors, to: learner.actorParameters)
        for (number, network) in learner.networks.enumerated() where number > 0 {
            try queue.randomUniform(network.online, streams: runStreams, step: UInt32(number), purpose: "INIC")
            var rows: [Float] = try network.online.read()
            for run in runs.indices { critic.fillLikeTorch(&rows, at: run * network.online.pitch, lastScale: 0.1) }
            try network.online.write(rows)
        }
        for network in learner.networks { try queue.copy(network.online, to: network.target) }
    }

    private func pickRows(_ rows: [Int], of source: Tensor, to target: Tensor) throws {
        let indices = [runIndices, testIndices, self.indices].first { $0.shape[0] == rows.count }!
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
    public func iterate() throws -> [GenerationFigures?] {
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
            (figures[run].frames, figures[run].allFrames, figures[run].fates, figures[run].refusedSteps) = (
                frames[run], allFrames[run], fates[run], refusedSteps[run]
            )
        }
        return runs.indices.map { live[$0] ? figures[$0] : nil }
    }

    /// Episodes of everybody into their own memories and their run's.
    private func play(_ live: [Bool]) throws -> [PlayedEpisode] {
        try episodes.setRandom(frames.map { $0 < config.warmupSteps })
        try episodes.play(generation, parameters: actors)
        let trials = episodes.environments
        func slots(_ run: Int, _ policy: Int) -> [Int32] {
            // the learner plays once
            (0..<trials).map { live[run] && (policy < k || $0 == 0) ? Int32(row(run, policy) * trials + $0) : -1 }
        }
        if let genetic, let lengths = episodes.lengths, let transitions = episodes.transitions {
            try geneticOrder.write(runs.indices.flatMap { run in (0..<policies).flatMap { slots(run, $0) } })
            try genetic.append(transitions, lengths: lengths, order: geneticOrder)
        }
        try replayOrder.write(runs.indices.flatMap { run in (0..<k).flatMap { slots(run, $0) } + [slots(run, k)[0]] })
        try replay.append(episodes.transitions!, lengths: episodes.lengths!, order: replayOrder)
        return try episodes.read()
    }

    /// Fitness, frames and what went wrong.
    private func count(_ played: [PlayedEpisode], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        let trials = episodes.environments
        for run in runs.indices where live[run] {
            let own = (0..<k).map { policy in (0..<trials).map { played[row(run, policy) * trials + $0] } },
                learners = played[row(run, k) * trials]
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
        guard let variation, let genetic else { return runs.map { _ in nil } }
        if tests != nil {
            // The champion as it played: what follows changes it.
            try pickRows(
                runs.indices.flatMap { run in [live[run] ? row(run, champion(fitness[run])) : -1, -1] }, of: actors,
                to: testActors)
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
                fates[run].count(plan.fate(of: slot)); injected[run] = nil
            }
        }
        try copyElites(plans, genetic)
        try variation.cross(
            plans, parameters: actors, critics: learner.criticParameters, memory: genetic, remembered: &remembered,
            streams: streams, generation: generation)
        try variation.mutate(plans, parameters: actors, memory: genetic, generation: generation)
        return plans
    }

    /// The first of the best, as numpy's argmax has it.
    private func champion(_ fitness: [Double]) -> Int {
        fitness.indices.max { fitness[$0] < fitness[$1] || (fitness[$0] == fitness[$1] && $0 > $1) }!
    }

    /// Elites over the slots that selection gave them, with all that they remember.
    private func copyElites(_ plans: [GenerationPlan?], _ genetic: TransitionMemory) throws {
        let all = runs.count * policies,
            origin = GenerationPlan.joined(plans.map { $0 ?? GenerationPlan() }, population: policies).origins(
                population: all)
        let moved = origin.indices.filter { origin[$0] != $0 }
        guard !moved.isEmpty else { return }
        try queue.copy(actors, to: nextActors)
        try pickRows(origin, of: nextActors, to: actors)
        try genetic.inherit(
            moved.map { Inheritance($0, from: origin[$0]) }, streams: streams, step: UInt32(generation), purpose: "CLON"
        )
        remembered = origin.map { remembered[$0] }
    }

    /// As many updates as the run has stored steps in this generation, or `updates_per_step` times as many, in one
    /// burst of launches. What is left of an update is owed to the next generation.
    private func learn(_ newFrames: [Int], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        let counts = runs.indices.map { run -> Int in
            let stored = min(frames[run], config.replayMemory)
            guard live[run], stored > 5 * config.batchSize, frames[run] >= config.warmupSteps else { return 0 }
            owed[run] += Double(newFrames[run]) * config.updatesPerStep
            let count = Int(owed[run])
            owed[run] -= Double(count)
            return count
        }
        guard let longest = counts.max(), longest > 0 else { return }
        // The busiest run first, so that those which still learn are always the first rows.
        let order = runs.indices.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
        try arrange(order)
        try writeSettings(order)
        for optimiser in learner.optimisers { try queue.zero(optimiser.skipped) }
        let before = order.map { updates[$0] }
        for number in 0..<longest {
            let count = counts.count { $0 > number }
            try replay.draw(
                batch.slots.first(count), of: runNumbers.first(count), streams: runStreams.first(count),
                steps: updateCounts.first(count), step: UInt32(number), purpose: "RPLY")
            try replay.gather(batch.first(count), of: runNumbers.first(count))
            try learner.update(batch, number: number, before: before, steps: updateCounts, members: count)
        }
        let losses: [Float] = try learner.criticLosses.read(),
            refused = try learner.optimisers.map { try $0.skipped.read(as: Int32.self) }
        try arrange(runs.indices.map { order.firstIndex(of: $0)! })
        try showLearners()
        for (row, run) in order.enumerated() {
            updates[run] += counts[run]
            refusedSteps[run] += refused.reduce(0) { $0 + Int($1[row]) }
            figures[run].updates = counts[run]
            guard counts[run] > 0 else { continue }
            figures[run].criticLoss =
                losses[row * config.batchSize..<(row + 1) * config.batchSize].reduce(0) { $0 + Double($1) }
                / Double(config.batchSize)
        }
    }

    /// The learners' actors to their places behind the populations.
    private func showLearners() throws {
        try pickRows(
            (0..<runs.count * policies).map { $0 % policies == k ? $0 / policies : -1 }, of: learner.actorParameters,
            to: actors)
    }

    /// Puts the learner's rows into another order: row i becomes what row `order[i]` was.
    private func arrange(_ order: [Int]) throws {
        guard order != Array(runs.indices) else { return }
        for (_, tensor) in learner.persistentTensors {
            let spare = spares.first { $0.shape == tensor.shape }!
            try queue.copy(tensor, to: spare)
            try pickRows(order, of: spare, to: tensor)
        }
    }

    /// The champion as it was before selection and the learner after its updates, without noise; nothing is stored.
    private func test(_ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        guard let tests else { return }
        try pickRows(runs.indices.flatMap { k == 0 ? [$0, $0] : [-1, $0] }, of: learner.actorParameters, to: testActors)
        try tests.play(generation, parameters: testActors)
        let played = try tests.read(), count = config.testEpisodes
        for run in runs.indices where live[run] {
            func mean(_ which: Int) -> Double {
                let list = played[(2 * run + which) * count..<(2 * run + which + 1) * count]
                return list.contains(where: \.isBroken) ? -.infinity : list.reduce(0) { $0 + $1.reward } / Double(count)
            }
            for which in k == 0 ? [1] : [0, 1] {
                allFrames[run] += played[(2 * run + which) * count..<(2 * run + which + 1) * count].reduce(0) {
                    $0 + $1.length
                }
            }
            figures[run].learnerTest = mean(1)
            if k > 0 { figures[run].championTest = mean(0) }
            scores[run] = (scores[run] + [figures[run].championTest ?? mean(1)]).suffix(10)
            figures[run].paperScore = scores[run].reduce(0, +) / Double(scores[run].count)
        }
    }

    /// The learner, with what it remembers, into a place in the population; it is first judged in the next generation.
    private func inject(_ plans: [GenerationPlan?], _ live: [Bool], _ figures: inout [GenerationFigures]) throws {
        guard let genetic, (generation + 1).isMultiple(of: config.syncPeriod) else { return }
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
        try genetic.inherit(heirs, streams: streams, step: UInt32(generation), purpose: "SYNC")
    }

    // MARK: Checkpoints

    /// What a checkpoint holds beside arrays.
    public struct State: Codable {
        var frames: [Int], all_frames: [Int], updates: [Int], owed_updates: [Double], refused_steps: [Int],
            injected: [Int?], fates: [LearnerFates], scores: [[Double]]
    }

    public var state: State {
        State(
            frames: frames, all_frames: allFrames, updates: updates, owed_updates: owed, refused_steps: refusedSteps,
            injected: injected, fates: fates, scores: scores)
    }

    private var persistentTensors: [(name: String, tensor: Tensor)] {
        [("parameters", actors), ("noise", episodes.noise)] + learner.persistentTensors
    }

    /// Everything that the next generation depends on; of the memories what is filled.
    public func arrays() throws -> [NamedArray] {
        try sources().map { NamedArray(name: $0.name, dtype: $0.dtype, shape: $0.shape, bytes: try $0.bytes()) }
    }

    /// The same, each read when it is asked for: all memories at once would need as much room again as they have.
    func sources() throws -> [ArraySource] {
        try persistentTensors.map { try ArraySource($0.tensor.namedArray($0.name)) }
            + (genetic?.sources("genetic") ?? []) + replay.sources("replay")
    }

    /// Goes on from a checkpoint.
    public func resume(_ state: State, atGeneration generation: Int, _ arrays: [String: NamedArray]) throws {
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
                "the checkpoint's state.json has counts for \(counts) runs or numbers that can't be; this run has \(runs.count)"
            )
        }
        for (name, tensor) in persistentTensors { try tensor.restore(name, from: arrays) }
        try showLearners()
        try genetic?.restore("genetic", from: arrays)
        try replay.restore("replay", from: arrays)
        if let genetic { remembered = try genetic.counts.read(as: Int32.self).map { Int($0) } }
        self.generation = generation
        (frames, allFrames, updates, refusedSteps) = (
            state.frames, state.all_frames, state.updates, state.refused_steps
        )
        (injected, fates, scores, owed) = (state.injected, state.fates, state.scores, state.owed_updates)
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
