import GPUTensor

/// What a round ended with.
public struct RoundRecord: Sendable {
    public var lineage: [LineageEntry] = []
    /// One sentence for each member that was retired.
    public var retired: [String] = []
    public var visited: VisitedStates?
}

/// Genetic policy optimisation: policies that mutate by policy gradients and are crossed by imitation. Gangwani and
/// Peng 2018 (arXiv:1711.01012), Algorithm 1; a frame is one environment step. All members of all runs are in
/// lock-step.
///
/// `single` and `joint` are the paper's baselines: the same loop without selection and crossover.
public final class GPO: Algorithm {
    public let config: GPOConfig
    public let ppo: PPO
    /// The round that is running, from 0, and iterations of its mutation so far.
    public private(set) var round = 0, iterationInRound = 0
    /// Crossovers so far.
    public private(set) var crossings = 0
    /// Members that were retired so far because they held numbers which are not finite.
    public private(set) var retiredCount = 0
    /// Environment steps that measured parents and children, which are no part of the budget.
    public private(set) var measuringSteps = 0
    private let queue: Queue
    private let parts: Parts
    /// Sums of returns and counts of episodes, of the last iterations of the round.
    private var recent: [[RecentEpisodes]] = []

    /// One member's episodes that ended in one iteration.
    public struct RecentEpisodes: Sendable, Equatable {
        public var sum: Double, count: Int
        /// Whether a state was not finite; returns then mean nothing, and none is counted.
        public var isBroken: Bool

        public init(sum: Double = 0, count: Int = 0, isBroken: Bool = false) {
            (self.sum, self.count, self.isBroken) = (sum, count, isBroken)
        }

        /// Mean return over iterations; NaN if all were broken, nil if no episode ended.
        ///
        /// - Parameter list: in order of time, up to the round's last.
        /// - Parameter foreign: how many of these may hold episodes that another policy began; they count only if
        ///   nothing else does.
        public static func mean(_ list: [RecentEpisodes], foreign: Int) -> Double? {
            for part in [list.dropFirst(foreign), list[...]] {
                let sum = part.reduce(0) { $0 + $1.sum }, count = part.reduce(0) { $0 + $1.count }
                if count > 0 { return sum / Double(count) }
            }
            return list.allSatisfy(\.isBroken) ? .nan : nil
        }
    }

    /// Policies whose samples each member learns from now, itself included.
    public var similarCounts: [Int] { parts.sharing?.sizes ?? Array(repeating: 1, count: ppo.members) }
    public var isDone: Bool { round >= config.rounds }
    /// Environment steps of each policy so far, with its share of crossovers, and of a whole run.
    public var stepsPerMember: Int { ppo.stepsPerMember + crossings * config.crossoverStepsPerChild }
    public var stepsPerRun: Int { stepsPerMember * ppo.config.population }
    /// What a whole run will have taken; at most the budget.
    public var plannedStepsPerRun: Int {
        ((0..<config.rounds).reduce(0) { $0 + config.iterations(ofRound: $1) } * config.stepsPerIteration
            + (config.crosses ? config.rounds - (config.finalCrossover ? 0 : 1) : 0) * config.crossoverStepsPerChild)
            * config.policies
    }

    /// What is allocated beside the mutation. Nearly all of it is nil where nothing is crossed.
    private struct Parts {
        /// Crossovers' random streams, `[P, 4]`; which members are finite, and rows to gather, `[P]`.
        let streams: Tensor, finite: Tensor, indices: Tensor
        let history: RolloutHistory?, distance: PairwiseDivergence?, sharing: DataSharing?
        let crossover: StateSpaceCrossover?, parameterCrossover: ParameterCrossover?
        /// Statistics of children that are crossed in parameter space.
        let heirs: ObservationNormaliser?
        let measuring: Evaluator?
        /// Plays to see where policies go.
        let visiting: Rollout?

        init(_ config: GPOConfig, _ task: EnvironmentSpec, _ ppo: PPO, on queue: Queue) throws {
            let members = ppo.members, population = ppo.config.population, network = ppo.network
            let crosses = config.crosses, inStates = config.crossover == .stateSpace, width = task.observationCount
            let measures = crosses && config.lineageEpisodes > 0, compares = config.comparedRounds > 0
            let limit = min(config.similarLimit, population)
            streams = try queue.tensor(.uint32, [members, 4])
            finite = try queue.tensor(.int32, [members])
            indices = try queue.tensor(.int32, [members])
            history =
                !crosses
                ? nil
                : try RolloutHistory(
                    members: members, slots: config.window, steps: config.mutation.rolloutSteps,
                    environments: config.mutation.environments, width: width, on: queue)
            distance =
                !crosses
                ? nil
                : try PairwiseDivergence(
                    network, members: members, population: population, states: config.klStates, on: queue)
            sharing =
                !crosses || !config.dataSharing || limit < 2
                ? nil
                : try DataSharing(
                    network, members: members, population: population, limit: limit, epsilon: config.similarity,
                    ratioLimit: config.sharedRatioLimit, rows: ppo.config.batchSize, on: queue)
            crossover =
                !crosses || !inStates
                ? nil
                : try StateSpaceCrossover(
                    config, task, network: network, members: members, streams: streams, on: queue)
            parameterCrossover =
                !crosses || (inStates && !compares)
                ? nil
                : try ParameterCrossover(
                    network, members: members, streams: streams, on: queue)
            heirs =
                !crosses || inStates || ppo.rollout.normaliser == nil
                ? nil
                : try ObservationNormaliser(
                    members: members, width: width, limit: Float(config.mutation.observationLimit), on: queue)
            measuring =
                !measures
                ? nil
                : try Evaluator(
                    network.actor, task, members: members,
                    Evaluator.Plan(
                        episodes: config.lineageEpisodes, isSampled: config.lineageActions == .sampled,
                        normalises: ppo.rollout.normaliser != nil),
                    on: queue)
            visiting =
                !measures || !inStates || !compares
                ? nil
                : try Rollout(
                    task, policy: network.actor, members: members, environments: 8, steps: 256, normaliser: nil,
                    deterministic: false, streams: streams, on: queue)
        }
    }

    public init(_ config: GPOConfig, _ spec: EnvironmentSpec, seeds: [UInt64], at place: Place) throws {
        try config.validate()
        let queue = place.queue, ppo = try PPO(config.ppo, spec, seeds: seeds, at: place)
        let members = ppo.members, population = ppo.config.population
        (self.config, self.ppo, self.queue) = (config, ppo, queue)
        let parts = try queue.plan(
            lower: "population, recent_rollouts, crossover_steps, dagger_passes or the number of seeds"
        ) { try Parts(config, spec, ppo, on: queue) }
        self.parts = parts
        // Crossovers draw other numbers than the mutation: their members count from 2^31.
        var words = Queue.streamWords(seeds: seeds, membersPerRun: population)
        for member in 0..<members { words[4 * member + 2] |= 0x8000_0000 }
        try parts.streams.write(words)
        guard let history = parts.history, let distance = parts.distance else { return }
        ppo.history = history
        if let sharing = parts.sharing {
            try ppo.share(sharing)
            // S_i as it is before these updates; in a round's first iteration the policies have acted, but have not
            // changed yet.
            ppo.beforeUpdates = { [unowned self] ppo in
                guard self.config.similarSets == .iteration || iterationInRound == 0 else { return }
                try distance.measure(ppo.parameters, normaliser: ppo.rollout.normaliser, history: history)
                try sharing.findSimilar(distance)
            }
        }
    }

    // MARK: The loop

    /// One iteration of the mutation; with a round's last one, selection and crossover.
    ///
    /// - Returns: the iteration's figures, and what the round ended with, if it did.
    public func step() throws -> (figures: [MemberFigures], round: RoundRecord?) {
        let figures = try mutate()
        guard iterationInRound == config.iterations(ofRound: round) else { return (figures, nil) }
        var record = RoundRecord()
        if config.crosses, round < config.rounds - 1 || config.finalCrossover {
            let returns = try performance(), healthy = try retireBroken(returns, &record)
            let couples = try select(returns, healthy)
            try ppo.afterPhase?("selection")
            try crossAndReplace(couples, returns, &record)
            try ppo.afterPhase?("crossover")
        }
        (round, iterationInRound, recent) = (round + 1, 0, [])
        return (figures, record)
    }

    /// MUTATE: all members, with data sharing if that is on.
    private func mutate() throws -> [MemberFigures] {
        let figures = try ppo.step()
        iterationInRound += 1
        recent.append(
            figures.map {
                $0.nonFiniteResets == 0
                    ? RecentEpisodes(sum: ($0.meanReturn ?? 0) * Double($0.episodes), count: $0.episodes)
                    : RecentEpisodes(isBroken: true)
            })
        if recent.count > config.recentRollouts { recent.removeFirst() }
        return figures
    }

    /// Mean return of every member over the episodes that ended in the round's last rollouts; of the running ones where
    /// none did.
    private func performance() throws -> [Double] {
        // Children go on with episodes that others began, which end within a time limit of the round's start.
        let steps = ppo.config.rolloutSteps,
            foreign =
                round == 0 || config.restartEpisodes
                ? 0 : (ppo.spec.timeLimit + steps - 1) / steps - (iterationInRound - recent.count)
        let means = (0..<ppo.members).map { member in
            RecentEpisodes.mean(recent.map { $0[member] }, foreign: max(0, foreign))
        }
        guard means.contains(nil) else { return means.map { $0! } }
        let episode: [Float] = try ppo.rollout.environment.episode.read(), e = ppo.config.environments,
            slots = ppo.members * e
        let running = VectorEnvironment.EpisodeRow.runningReturn.rawValue * slots
        return means.enumerated().map { member, mean in
            mean ?? episode[running + member * e..<running + (member + 1) * e].reduce(0) { $0 + Double($1) } / Double(e)
        }
    }

    /// Which members may be parents. The others hold numbers that are not finite; they are counted and leave no
    /// children.
    private func retireBroken(_ returns: [Double], _ record: inout RoundRecord) throws -> [Bool] {
        try queue.launch(
            "finite_rows", over: [ppo.members], ppo.parameters, parts.finite, ppo.members,
            ppo.parameters.pitch)
        let flags: [Int32] = try parts.finite.read()
        return (0..<ppo.members).map { member in
            let healthy = flags[member] == 1 && returns[member].isFinite
            if !healthy {
                retiredCount += 1
                record.retired.append(
                    """
                    seed \(ppo.seeds[member / ppo.config.population]) member \(member % ppo.config.population) is \
                    retired after round \(round + 1): its \(flags[member] == 1 ? "returns" : "parameters") are not \
                    finite
                    """
                )
            }
            return healthy
        }
    }

    /// SELECT: as many couples per run as it has members.
    private func select(_ returns: [Double], _ healthy: [Bool]) throws -> [Couple] {
        guard let distance = parts.distance, let history = parts.history else {
            preconditionFailure("selection in a variant without crossover")
        }
        let m = ppo.config.population
        try distance.measure(ppo.parameters, normaliser: ppo.rollout.normaliser, history: history)
        let divergences: [Float] = try distance.divergences.read()
        let selection = CoupleSelection(
            config.selection,
            diversityWeight: CoupleSelection.weight(
                from: config.diversityWeight, to: config.diversityWeightEnd, round: round, rounds: config.rounds))
        return try ppo.seeds.enumerated().flatMap { run, seed in
            let first = run * m, candidates = (0..<m).filter { healthy[first + $0] }
            guard !candidates.isEmpty else {
                throw RunError(
                    """
                    every policy of seed \(seed) holds numbers that are not finite, after round \(round + 1); lower \
                    learning_rate or set max_gradient_norm
                    """
                )
            }
            // A divergence that overflowed is as large as any.
            let matrix = (0..<m).map { i in
                (0..<m).map { j -> Double in
                    let value = Double(divergences[(first + i) * m + j])
                    return value.isFinite ? value : Double(Float.greatestFiniteMagnitude)
                }
            }
            return selection.couples(m, of: candidates, returns: Array(returns[first..<first + m]), divergences: matrix)
                .map { Couple(first + $0.first, first + $0.second) }
        }
    }

    /// CROSSOVER: a child of every couple; the children are the new population.
    private func crossAndReplace(_ couples: [Couple], _ returns: [Double], _ record: inout RoundRecord) throws {
        let fitter = couples.map { returns[$0.second] > returns[$0.first] ? $0.second : $0.first },
            m = ppo.config.population
        let step = 0x8000_0000 | UInt32(truncatingIfNeeded: round)
        var figures: [CrossoverFigures]?
        let children: Tensor, normaliser: ObservationNormaliser?
        if config.crossover == .parameterSpace || round < config.comparedRounds && config.lineageEpisodes > 0 {
            try parts.parameterCrossover?.cross(
                couples, parameters: ppo.parameters, step: UInt32(truncatingIfNeeded: round))
        }
        if let crossover = parts.crossover, let history = parts.history {
            figures = try crossover.cross(
                couples, fitter: fitter, parameters: ppo.parameters, normaliser: ppo.rollout.normaliser,
                history: history, round: round)
            (children, normaliser) = (crossover.children, crossover.normaliser)
        } else {
            children = parts.parameterCrossover!.children
            normaliser = try ppo.rollout.normaliser.map { try gathered($0, fitter) }
        }
        crossings += 1
        try ppo.afterPhase?("crossover")
        let measured = try measure(couples, children, normaliser, &record)
        try ppo.afterPhase?("measuring, outside the budget")
        for (child, couple) in couples.enumerated() {
            var entry = LineageEntry(
                round: round + 1, run: child / m, seed: ppo.seeds[child / m], child: child % m,
                parents: [couple.first % m, couple.second % m], fitter: fitter[child] % m,
                operator: config.crossover, fitness: [returns[couple.first], returns[couple.second]],
                total_steps: stepsPerRun)
            if let figures {
                (entry.kl_to_expert, entry.kl_to_parents) = (
                    figures[child].imitation, [figures[child].toFirst, figures[child].toSecond]
                )
                (entry.gate_loss, entry.gate_accuracy) = (figures[child].gateLoss, figures[child].gateAccuracy)
            }
            if let measured {
                (entry.measured_parents, entry.measured_child) = (
                    [measured.parents[couple.first], measured.parents[couple.second]], measured.children[child]
                )
                entry.measured_parameter_child = measured.parameterChildren?[child]
            }
            record.lineage.append(entry)
        }
        try ppo.replaceMembers(
            by: children, normaliser: normaliser, takingOverFrom: fitter, moments: config.childMoments == .fitter,
            restart: config.restartEpisodes ? step : nil)
    }

    private func gathered(_ normaliser: ObservationNormaliser, _ members: [Int]) throws -> ObservationNormaliser {
        let copy = parts.heirs!
        try parts.indices.write(members.map(Int32.init))
        for (to, from) in [
            (copy.count, normaliser.count), (copy.mean, normaliser.mean), (copy.variance, normaliser.variance)
        ] { try queue.gatherRows(to, from: from, parts.indices) }
        return copy
    }

    // MARK: Measuring

    /// Parents and children on the same start states, and in the first rounds what both kinds of child visit.
    private func measure(
        _ couples: [Couple], _ children: Tensor, _ normaliser: ObservationNormaliser?, _ record: inout RoundRecord
    ) throws -> (parents: [Double], children: [Double], parameterChildren: [Double]?)? {
        guard let measuring = parts.measuring else { return nil }
        try measuring.start(seed: 0x4C49_4E45 &+ UInt64(round))
        func play(_ parameters: Tensor, _ normaliser: ObservationNormaliser?) throws -> [Double] {
            try measuring.play(parameters, statistics: normaliser)
            return try measuring.read().map { episodes in
                measuringSteps += episodes.reduce(0) { $0 + $1.length }
                let isBroken = episodes.contains(where: \.isBroken)
                return isBroken ? -.infinity : EvaluationResult(episodes).mean
            }
        }
        let compared = round < config.comparedRounds && config.crossover == .stateSpace ? parts.parameterCrossover : nil
        let measured = try (
            play(ppo.parameters, ppo.rollout.normaliser), play(children, normaliser),
            compared.map { try play($0.children, normaliser) }
        )
        if let compared, round == 0 {
            let couple = couples[0],
                (parents, child, parameterChild) = try (
                    visits(ppo.parameters, ppo.rollout.normaliser), visits(children, normaliser),
                    visits(compared.children, normaliser)
                )
            record.visited = VisitedStates(
                seed: ppo.seeds[0], couple: couple, width: ppo.spec.observationCount, first: parents(couple.first),
                second: parents(couple.second), child: child(0), parameterChild: parameterChild(0))
        }
        return measured
    }

    /// Raw observations of every member over 8 environments of 256 steps, with the noise of training.
    private func visits(_ parameters: Tensor, _ normaliser: ObservationNormaliser?) throws -> (Int) -> [Float] {
        let rollout = parts.visiting!
        rollout.normaliser = normaliser
        try rollout.start(step: 0xFFFF_FFFF)
        try rollout.run(0x00FF_FFFF, parameters: parameters, on: queue)
        measuringSteps += ppo.members * 8 * 256
        let all: [Float] = try rollout.observations.read(), size = 8 * 256 * ppo.spec.observationCount
        return { Array(all[$0 * size..<($0 + 1) * size]) }
    }

    // MARK: Checkpoints

    /// What a checkpoint holds beside tensors.
    public struct State: Codable {
        var round: Int, iteration_in_round: Int, crossings: Int, retired: Int, measuring_steps: Int, kept_rollouts: Int
        var recent_returns: [[Double]], recent_episodes: [[Int]], recent_broken: [[Bool]]
    }

    public var state: State {
        State(
            round: round, iteration_in_round: iterationInRound, crossings: crossings, retired: retiredCount,
            measuring_steps: measuringSteps, kept_rollouts: parts.history?.kept ?? 0,
            recent_returns: recent.map { $0.map(\.sum) }, recent_episodes: recent.map { $0.map(\.count) },
            recent_broken: recent.map { $0.map(\.isBroken) })
    }

    public var tensors: [(name: String, tensor: Tensor)] {
        ppo.tensors + (parts.history?.tensors ?? []) + (parts.sharing?.tensors ?? [])
    }

    public func resume(_ state: State, at iteration: Int) throws {
        let recentCount = min(state.iteration_in_round, config.recentRollouts)
        guard (0...config.rounds).contains(state.round), state.iteration_in_round >= 0, state.kept_rollouts >= 0,
            [state.recent_returns.count, state.recent_episodes.count, state.recent_broken.count].allSatisfy({
                $0 == recentCount
            }),
            (state.recent_returns.map(\.count) + state.recent_episodes.map(\.count) + state.recent_broken.map(\.count))
                .allSatisfy({ $0 == ppo.members })
        else {
            throw RunError(
                """
                the checkpoint's state.json has a round \(state.round), iteration \(state.iteration_in_round) or \
                returns that can't be in this run
                """
            )
        }
        // A round that is longer than its settings have it would never end.
        let iterations = state.round < config.rounds ? config.iterations(ofRound: state.round) : 1
        guard state.iteration_in_round < iterations else {
            throw RunError(
                """
                the checkpoint is at iteration \(state.iteration_in_round) of round \(state.round + 1), which by \
                config.yaml has \(iterations); the settings that the run began with are accepted
                """
            )
        }
        (round, iterationInRound, crossings, retiredCount, measuringSteps) = (
            state.round, state.iteration_in_round, state.crossings, state.retired, state.measuring_steps
        )
        recent = (0..<recentCount).map { at in
            (0..<ppo.members).map {
                RecentEpisodes(
                    sum: state.recent_returns[at][$0], count: state.recent_episodes[at][$0],
                    isBroken: state.recent_broken[at][$0])
            }
        }
        try ppo.resume(Stateless(), at: iteration)
        parts.history?.resume(kept: state.kept_rollouts)
        try parts.sharing?.resume()
    }
}
