import GPUTensor

/// DDPG and TD3: one noisy episode of every run after the other, and as many updates as it had steps.
///
/// Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1; Fujimoto et al. 2018 (arXiv:1802.09477), Algorithm 1. Both
/// with the networks of ERL, whose learner they are. All runs are in lock-step, and a run's results do not depend on
/// which others there are.
public final class OffPolicy: Algorithm {
    /// What one iteration of one run came to. Returns are undiscounted.
    public struct Figures: Sendable, Equatable {
        /// Stored environment steps so far, and all of them with tests.
        public var steps = 0, allSteps = 0
        /// Of the noisy episode.
        public var episodeReturn = 0.0
        /// Mean return in the test episodes, and mean of the last ten of these; nil where none were played.
        public var test: Double?, recentTests: Double?
        /// Updates in this iteration, and the critic's mean squared error in the last one.
        public var updates = 0, criticLoss = 0.0
        public var brokenEpisodes = 0, contactOverflows = 0
        /// Steps of the networks so far that were refused because a gradient was not finite.
        public var refusedSteps = 0
    }

    public let config: OffPolicyConfig
    public let spec: EnvironmentSpec
    public let seeds: [UInt64]
    public let learning: ReplayLearning
    public let episodes: Evaluator
    public private(set) var iteration = 0
    /// Per run: stored environment steps and all environment steps so far.
    public private(set) var steps: [Int], allSteps: [Int]
    private var scores: [[Double]]
    private let tests: Evaluator?
    private let replayOrder: Tensor
    private let queue: Queue

    public init(_ config: OffPolicyConfig, _ task: EnvironmentSpec, seeds: [UInt64], at place: Place) throws {
        guard !seeds.isEmpty else { throw RunError("seeds is empty; accepted: at least one seed") }
        try config.validate(seeds: seeds.count)
        let queue = place.queue, runs = seeds.count
        (self.config, spec, self.seeds, self.queue) = (config, task, seeds, queue)
        // The learner is each run's member 0; its tests draw from numbers behind it, as ERL's do.
        let words = Queue.streamWords(seeds: seeds, members: 0..<1),
            testWords = Queue.streamWords(seeds: seeds, members: 2..<3)
        let memory = try queue.plan(lower: "replay_memory, batch_size, test_episodes or the number of seeds") {
            let learning = try ReplayLearning(config.learning, task, words: words, on: queue), actor = learning.actor
            var plan = Evaluator.Plan()
            plan.exploration = config.learning.exploration(
                members: Array(0..<runs), clips: [Bool](repeating: true, count: runs))
            (plan.keepsTransitions, plan.truncationMasks) = (true, config.mode == .faithful)
            return try (
                learning: learning,
                episodes: Evaluator(actor, task, members: runs, plan, on: queue),
                tests: config.testEpisodes == 0
                    ? nil
                    : Evaluator(actor, task, members: runs, Evaluator.Plan(episodes: config.testEpisodes), on: queue),
                order: queue.tensor(.int32, [runs, 1])
            )
        }
        (learning, episodes, tests, replayOrder) = (memory.learning, memory.episodes, memory.tests, memory.order)
        steps = Array(repeating: 0, count: runs)
        allSteps = steps
        scores = Array(repeating: [], count: runs)

        try learning.start()
        try episodes.start(streams: words)
        try tests?.start(streams: testWords)
        try drawParameters()
    }

    /// PyTorch's first weights, with the last layer's tenth.
    private func drawParameters() throws {
        let rows = learning.learner.actorParameters
        try queue.randomUniform(rows, streams: learning.streams, step: 0, purpose: "INIA")
        var values: [Float] = try rows.read()
        for run in seeds.indices { learning.actor.fillLikeTorch(&values, at: run * rows.pitch, lastScale: 0.1) }
        try rows.write(values)
        try learning.drawCritics()
    }

    public var isDone: Bool { !live.contains(true) }
    /// Runs that go on; as ERL's loop does while the steps are not above the budget.
    private var live: [Bool] { steps.map { $0 <= config.totalSteps } }

    /// One episode, updates and test of every run that is not done.
    ///
    /// - Returns: a run's figures; nil for one that was done before.
    public func step() throws -> [Figures?] {
        let live = live
        var figures = seeds.map { _ in Figures() }
        try play(live, &figures)
        let newSteps = figures.map(\.steps), learned = try learning.learn(steps, newFrames: newSteps, live: live)
        try test(live, &figures)
        iteration += 1
        return seeds.indices.map { run in
            guard live[run] else { return nil }
            (figures[run].steps, figures[run].allSteps) = (steps[run], allSteps[run])
            (figures[run].updates, figures[run].criticLoss) = learned[run]
            figures[run].refusedSteps = learning.refusedSteps[run]
            return figures[run]
        }
    }

    /// A noisy episode into each run's memory.
    private func play(_ live: [Bool], _ figures: inout [Figures]) throws {
        try episodes.setRandom(steps.map { $0 < config.warmupSteps })
        try episodes.play(learning.learner.actorParameters, number: UInt32(truncatingIfNeeded: iteration))
        try replayOrder.write(live.indices.map { live[$0] ? Int32($0) : -1 })
        try learning.replay.append(episodes.transitions!, lengths: episodes.lengths!, order: replayOrder)
        let played = try episodes.read()
        for run in seeds.indices where live[run] {
            let episode = played[run][0]
            (figures[run].episodeReturn, figures[run].steps) = (episode.reward, episode.kept)
            (figures[run].brokenEpisodes, figures[run].contactOverflows) = (
                episode.isBroken ? 1 : 0, episode.contactOverflows
            )
            steps[run] += episode.kept
            allSteps[run] += episode.length
        }
    }

    /// The learner after its updates, without noise; nothing is stored.
    private func test(_ live: [Bool], _ figures: inout [Figures]) throws {
        guard let tests else { return }
        try tests.play(learning.learner.actorParameters, number: UInt32(truncatingIfNeeded: iteration))
        let played = try tests.read(), count = config.testEpisodes
        for run in seeds.indices where live[run] {
            let list = played[run]
            let mean =
                list.contains(where: \.isBroken)
                ? -.infinity : list.reduce(0) { $0 + $1.reward } / Double(count)
            allSteps[run] += list.reduce(0) { $0 + $1.length }
            scores[run] = (scores[run] + [mean]).suffix(10)
            figures[run].test = mean
            figures[run].recentTests = scores[run].reduce(0, +) / Double(scores[run].count)
        }
    }

    // MARK: Checkpoints

    public struct State: Codable {
        var steps: [Int], all_steps: [Int], updates: [Int], owed_updates: [Double], refused_steps: [Int]
        var scores: [[Double]]
    }

    public var state: State {
        State(
            steps: steps, all_steps: allSteps, updates: learning.updates, owed_updates: learning.owed,
            refused_steps: learning.refusedSteps, scores: scores)
    }

    public var tensors: [(name: String, tensor: Tensor)] {
        [("parameters", learning.learner.actorParameters), ("noise", episodes.noise)]
            + learning.learner.persistentTensors.filter { $0.name != "learner.actor" }  // which are the parameters
    }

    public var stores: [(name: String, store: any ArrayStore)] { [("replay", learning.replay)] }

    public func resume(_ state: State, at iteration: Int) throws {
        let counts = [
            state.steps.count, state.all_steps.count, state.updates.count, state.owed_updates.count,
            state.refused_steps.count, state.scores.count
        ]
        guard (0..<1 << 31).contains(iteration), counts.allSatisfy({ $0 == seeds.count }),
            (state.steps + state.all_steps + state.updates + state.refused_steps).allSatisfy({
                (0..<1 << 60).contains($0)
            }), state.owed_updates.allSatisfy({ (0..<1).contains($0) })
        else {
            throw RunError(
                """
                the checkpoint's state.json has counts for \(counts) runs or numbers that can't be; this run has \
                \(seeds.count)
                """)
        }
        self.iteration = iteration
        (steps, allSteps, scores) = (state.steps, state.all_steps, state.scores)
        learning.resume(updates: state.updates, refusedSteps: state.refused_steps, owed: state.owed_updates)
    }
}
