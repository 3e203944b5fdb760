import GPUTensor

/// What a run of `gpo` is: the algorithm itself, or one of the two that its paper compares it with.
public enum GPOVariant: String, Choice {
    /// Genetic policy optimisation.
    case gpo
    /// As many independent policies, each with an equal share of the steps; the best at the end counts.
    case single
    /// One policy with all the steps, each gradient from as many samples as a population's together.
    case joint
}

/// What makes a couple fit to have a child.
public enum CoupleFitness: String, Choice {
    /// The sum of both returns.
    case performance
    /// How far apart the two policies are.
    case diversity
    /// A convex mix of both, each scaled to [0, 1] over the couples.
    case mix
}

/// How a child is made.
public enum CrossoverOperator: String, Choice {
    /// Imitation of a two-level policy over the parents.
    case stateSpace = "state_space"
    /// Each unit's weights from either parent.
    case parameterSpace = "parameter_space"
}

/// Which recent rollouts a gate is trained on: the best of each parent in equal parts, or the best of both together,
/// most of which are the better parent's.
public enum GateData: String, Choice { case each, pooled }

/// Which weights a child starts with before it imitates, and which its value network has.
public enum ChildStart: String, Choice { case fitter, weaker, fresh }
/// The Adam moments that a child's mutation starts with.
public enum ChildMoments: String, Choice { case fitter, fresh }
/// Whose statistics of observations a child sees the world with.
public enum ChildStatistics: String, Choice { case fitter, merged }

/// When it is settled whose samples a member learns from too: once before a round's mutation, as the paper has it, or
/// anew before the updates of each iteration, since members move apart while they mutate.
public enum SimilarSets: String, Choice { case round, iteration }

/// How parents and children act while they are measured: with the noise that they were trained and selected with, or by
/// their mean action (the most probable one, of a discrete task), as policies are judged at the end.
public enum MeasuredActions: String, Choice { case sampled, mean }

/// Settings of genetic policy optimisation. Where a comment names no origin, the default is ours: the paper left it
/// out.
///
/// The settings of ``PPOConfig`` are settings of the mutation, under the same names; `population`, `environments` and
/// `batch_size` are a policy's, whatever the variant, and `total_steps` is the whole run's.
public struct GPOConfig: Codable, Sendable, Equatable {
    /// Mutation.
    public var mutation = GPOConfig.defaultMutation
    public var variant = GPOVariant.gpo
    /// Rounds of mutation, selection and crossover (k). Gangwani and Peng 2018 (arXiv:1711.01012), section 4.3.
    public var rounds = 12
    /// Environment steps over all policies, rollouts of crossovers included. Section 4.3.
    public var totalSteps = 8_000_000
    /// Learn from the samples of similar policies too. Section 3.3.2.
    public var dataSharing = true
    /// When similar policies are looked for. Section 3.3.2 has `round`.
    public var similarSets = SimilarSets.round
    /// Policies with a KL below this, in nats, are similar (epsilon).
    public var similarity = 0.05
    /// How many policies a set of similar ones may hold, the policy itself with them; the nearest stay.
    public var similarLimit = 4
    /// The most that another policy's sample may weigh, which is the ratio of both policies' probabilities otherwise; 0
    /// for no limit, as in the paper. With the clipped objective its clip holds instead.
    public var sharedRatioLimit = 1.0
    /// States of each policy that a KL between policies is estimated on.
    public var klStates = 256
    public var selection = CoupleFitness.performance
    /// With `mix`: the weight of diversity in the first round, from which it goes linearly to `diversity_weight_end` in
    /// the last. Section 3.3.3.
    public var diversityWeight = 0.5
    public var diversityWeightEnd = 0.0
    public var crossover = CrossoverOperator.stateSpace
    /// Cross after the last round's mutation too, as the paper's Algorithm 1 has it.
    public var finalCrossover = true
    /// The last rollouts of a round that returns are taken from, and that gates are trained on.
    public var recentRollouts = 8
    /// Which part of those rollouts' steps, from the episodes with the highest rewards, a gate is trained on.
    public var eliteFraction = 0.25
    /// Whether each parent's best count, or the best of both.
    public var gateData = GateData.pooled
    /// Widths of the gate's hidden layers. Section 4.1.
    public var gateHidden = [32, 32]
    public var gateEpochs = 5
    public var gateBatchSize = 256
    public var gateLearningRate = 1e-3
    /// Policy-gradient steps on the gate after that, each from a rollout of the two-level policy. Section 3.3.1
    /// mentions them; it took none.
    public var gateRefinement = 0
    public var gateRefinementRate = 1e-3
    /// Environments and steps per environment of each rollout in a crossover.
    public var crossoverEnvironments = 8
    public var crossoverSteps = 256
    /// Rollouts of the child that the expert labels, each followed by training on all data so far (Ross et al. 2011,
    /// arXiv:1011.0686).
    public var daggerPasses = 3
    /// Passes over the data in each of those trainings.
    public var imitationEpochs = 10
    public var imitationBatchSize = 256
    public var imitationLearningRate = 1e-3
    /// With state-space crossover: what a child's policy starts with.
    public var childStart = ChildStart.fitter
    /// With state-space crossover: whose value network a child has.
    public var childValue = ChildStart.fitter
    public var childMoments = ChildMoments.fitter
    public var childStatistics = ChildStatistics.fitter
    /// Begin new episodes with children. Otherwise they go on where the member was whose place they take, so that a
    /// rollout's environments stay in different parts of their episodes.
    public var restartEpisodes = false
    /// Episodes that parents and children are measured by for `lineage.jsonl`, outside the budget; 0 for none, and no
    /// comparison of crossovers either.
    public var lineageEpisodes = 5
    public var lineageActions = MeasuredActions.mean
    /// In so many first rounds a child of parameter-space crossover is measured beside each child, and visited states
    /// are kept for reports.
    public var comparedRounds = 1

    public init() {}

    /// Adaptive-KL PPO with ten full-batch steps on 2,048 samples, and the networks of section 4.1.
    private static var defaultMutation: PPOConfig {
        var config = PPOConfig()
        (config.objective, config.environments, config.rolloutSteps, config.batchSize, config.epochs) = (
            .penalty, 16, 128, 2048, 10
        )
        (config.hidden, config.valueHidden) = ([64, 64], [32, 32])
        (config.learningRate, config.valueLearningRate, config.learningRateSchedule) = (3e-4, 1e-3, .constant)
        return config
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case variant, rounds, totalSteps = "total_steps", dataSharing = "data_sharing", similarSets = "similar_sets",
            similarity, similarLimit = "similar_limit", sharedRatioLimit = "shared_ratio_limit", klStates = "kl_states"
        case selection, diversityWeight = "diversity_weight", diversityWeightEnd = "diversity_weight_end", crossover,
            finalCrossover = "final_crossover"
        case recentRollouts = "recent_rollouts", eliteFraction = "elite_fraction", gateData = "gate_data", gateHidden =
            "gate_hidden", gateEpochs = "gate_epochs"
        case gateBatchSize = "gate_batch_size", gateLearningRate = "gate_learning_rate", gateRefinement =
            "gate_refinement", gateRefinementRate = "gate_refinement_rate"
        case crossoverEnvironments = "crossover_environments", crossoverSteps = "crossover_steps", daggerPasses =
            "dagger_passes"
        case imitationEpochs = "imitation_epochs", imitationBatchSize = "imitation_batch_size", imitationLearningRate =
            "imitation_learning_rate"
        case childStart = "child_start", childValue = "child_value", childMoments = "child_moments", childStatistics =
            "child_statistics", restartEpisodes = "restart_episodes", lineageEpisodes = "lineage_episodes",
            lineageActions = "lineage_actions", comparedRounds = "compared_rounds"
    }

    // One flat list of settings: the mutation's, then those of its own, whose total_steps takes the mutation's place.
    public func encode(to encoder: any Encoder) throws {
        try mutation.encode(to: encoder)
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(variant, forKey: .variant)
        try keys.encode(rounds, forKey: .rounds)
        try keys.encode(totalSteps, forKey: .totalSteps)
        try keys.encode(dataSharing, forKey: .dataSharing)
        try keys.encode(similarSets, forKey: .similarSets)
        try keys.encode(similarity, forKey: .similarity)
        try keys.encode(similarLimit, forKey: .similarLimit)
        try keys.encode(sharedRatioLimit, forKey: .sharedRatioLimit)
        try keys.encode(klStates, forKey: .klStates)
        try keys.encode(selection, forKey: .selection)
        try keys.encode(diversityWeight, forKey: .diversityWeight)
        try keys.encode(diversityWeightEnd, forKey: .diversityWeightEnd)
        try keys.encode(crossover, forKey: .crossover)
        try keys.encode(finalCrossover, forKey: .finalCrossover)
        try keys.encode(recentRollouts, forKey: .recentRollouts)
        try keys.encode(eliteFraction, forKey: .eliteFraction)
        try keys.encode(gateData, forKey: .gateData)
        try keys.encode(gateHidden, forKey: .gateHidden)
        try keys.encode(gateEpochs, forKey: .gateEpochs)
        try keys.encode(gateBatchSize, forKey: .gateBatchSize)
        try keys.encode(gateLearningRate, forKey: .gateLearningRate)
        try keys.encode(gateRefinement, forKey: .gateRefinement)
        try keys.encode(gateRefinementRate, forKey: .gateRefinementRate)
        try keys.encode(crossoverEnvironments, forKey: .crossoverEnvironments)
        try keys.encode(crossoverSteps, forKey: .crossoverSteps)
        try keys.encode(daggerPasses, forKey: .daggerPasses)
        try keys.encode(imitationEpochs, forKey: .imitationEpochs)
        try keys.encode(imitationBatchSize, forKey: .imitationBatchSize)
        try keys.encode(imitationLearningRate, forKey: .imitationLearningRate)
        try keys.encode(childStart, forKey: .childStart)
        try keys.encode(childValue, forKey: .childValue)
        try keys.encode(childMoments, forKey: .childMoments)
        try keys.encode(childStatistics, forKey: .childStatistics)
        try keys.encode(restartEpisodes, forKey: .restartEpisodes)
        try keys.encode(lineageEpisodes, forKey: .lineageEpisodes)
        try keys.encode(lineageActions, forKey: .lineageActions)
        try keys.encode(comparedRounds, forKey: .comparedRounds)
    }

    public init(from decoder: any Decoder) throws {
        mutation = try PPOConfig(from: decoder)
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, as type: T.Type = T.self) throws -> T {
            try keys.decode(T.self, forKey: key)
        }
        variant = try value(.variant)
        rounds = try value(.rounds)
        totalSteps = try value(.totalSteps)
        dataSharing = try value(.dataSharing)
        similarSets = try value(.similarSets)
        similarity = try value(.similarity)
        similarLimit = try value(.similarLimit)
        sharedRatioLimit = try value(.sharedRatioLimit)
        klStates = try value(.klStates)
        selection = try value(.selection)
        diversityWeight = try value(.diversityWeight)
        diversityWeightEnd = try value(.diversityWeightEnd)
        crossover = try value(.crossover)
        finalCrossover = try value(.finalCrossover)
        recentRollouts = try value(.recentRollouts)
        eliteFraction = try value(.eliteFraction)
        gateData = try value(.gateData)
        gateHidden = try value(.gateHidden)
        gateEpochs = try value(.gateEpochs)
        gateBatchSize = try value(.gateBatchSize)
        gateLearningRate = try value(.gateLearningRate)
        gateRefinement = try value(.gateRefinement)
        gateRefinementRate = try value(.gateRefinementRate)
        crossoverEnvironments = try value(.crossoverEnvironments)
        crossoverSteps = try value(.crossoverSteps)
        daggerPasses = try value(.daggerPasses)
        imitationEpochs = try value(.imitationEpochs)
        imitationBatchSize = try value(.imitationBatchSize)
        imitationLearningRate = try value(.imitationLearningRate)
        childStart = try value(.childStart)
        childValue = try value(.childValue)
        childMoments = try value(.childMoments)
        childStatistics = try value(.childStatistics)
        restartEpisodes = try value(.restartEpisodes)
        lineageEpisodes = try value(.lineageEpisodes)
        lineageActions = try value(.lineageActions)
        comparedRounds = try value(.comparedRounds)
        mutation.totalSteps = totalSteps
    }

    // MARK: Budget

    /// Policies of a run: the population, or 1 for `joint`.
    public var policies: Int { variant == .joint ? 1 : mutation.population }
    /// Whether members are crossed; otherwise the whole budget is the mutation's.
    public var crosses: Bool { variant == .gpo }
    /// Environment steps of each child while it is made.
    public var crossoverStepsPerChild: Int {
        crosses && crossover == .stateSpace
            ? (1 + daggerPasses + gateRefinement) * crossoverEnvironments * crossoverSteps : 0
    }
    /// Environment steps of each policy in one iteration of the mutation.
    public var stepsPerIteration: Int {
        mutation.environments * mutation.rolloutSteps * (variant == .joint ? mutation.population : 1)
    }
    private func crossings(through round: Int) -> Int {
        !crosses ? 0 : round < rounds || finalCrossover ? round : round - 1
    }

    /// Iterations of mutation in a round, from 0: as many as the budget up to its end has room for beside crossovers.
    public func iterations(ofRound round: Int) -> Int { iterations(through: round + 1) - iterations(through: round) }
    private func iterations(through rounds: Int) -> Int {
        // In whole numbers, so that no rounding shows: the share of `rounds` of the budget, less crossovers.
        let share = totalSteps / policies * rounds / self.rounds - crossings(through: rounds) * crossoverStepsPerChild
        return rounds == 0 ? 0 : max(0, share / stepsPerIteration)
    }
    /// Rollouts that a round ends with and that a gate is trained on: as many in every round.
    var window: Int { min(recentRollouts, (0..<rounds).map { iterations(ofRound: $0) }.min() ?? 1) }
    /// Half of the steps that each gate is trained on: those of either parent, if not pooled.
    var eliteSteps: Int { max(1, Int((eliteFraction * Double(recentSteps)).rounded())) }
    /// Steps of each parent that a gate may be trained on.
    private var recentSteps: Int { window * mutation.environments * mutation.rolloutSteps }
    /// A parent's best steps that are put in order for that.
    var rankedSteps: Int { gateData == .pooled ? min(2 * eliteSteps, recentSteps) : eliteSteps }

    /// The mutation as PPO runs it.
    var ppo: PPOConfig {
        var config = mutation
        if variant == .joint {
            (config.environments, config.batchSize) = (
                mutation.environments * mutation.population, mutation.batchSize * mutation.population
            )
            config.population = 1
        }
        config.totalSteps = max(1, iterations(through: rounds)) * stepsPerIteration
        return config
    }

    /// - Throws: ``RunError`` naming the first setting that can't be run with.
    public func validate() throws {
        func check(
            _ isGood: Bool, _ key: String, _ value: @autoclosure () -> Any, _ accepted: @autoclosure () -> String
        ) throws {
            if !isGood { throw RunError("\(key) is \(value()); accepted: \(accepted())") }
        }
        for (key, value, low) in [
            ("total_steps", totalSteps, 1), ("similar_limit", similarLimit, 1), ("kl_states", klStates, 1),
            ("recent_rollouts", recentRollouts, 1),
            ("gate_epochs", gateEpochs, 1), ("gate_batch_size", gateBatchSize, 1),
            ("gate_refinement", gateRefinement, 0),
            ("crossover_environments", crossoverEnvironments, 1), ("crossover_steps", crossoverSteps, 1),
            ("dagger_passes", daggerPasses, 0),
            ("imitation_epochs", imitationEpochs, 0), ("imitation_batch_size", imitationBatchSize, 1),
            ("lineage_episodes", lineageEpisodes, 0), ("compared_rounds", comparedRounds, 0)
        ] {
            try check(
                value >= low && value <= 1 << 40 && (value <= 1 << 24 || key == "total_steps"), key, value,
                "a whole number from \(low) to \(key == "total_steps" ? 1 << 40 : 1 << 24)")
        }
        try check((1...1 << 20).contains(rounds), "rounds", rounds, "a whole number from 1 to \(1 << 20)")
        try check(
            variant != .gpo || mutation.population >= 2, "population", mutation.population,
            "at least 2 with variant gpo, whose children have two parents")
        try check(mutation.population >= 1, "population", mutation.population, "at least 1")
        for (key, value, range) in [
            ("similarity", similarity, 0.0...1e6), ("shared_ratio_limit", sharedRatioLimit, 0...1e6),
            ("diversity_weight", diversityWeight, 0...1), ("diversity_weight_end", diversityWeightEnd, 0...1),
            ("gate_learning_rate", gateLearningRate, 0...1), ("gate_refinement_rate", gateRefinementRate, 0...1),
            ("imitation_learning_rate", imitationLearningRate, 0...1)
        ] {
            try check(range.contains(value), key, value, "\(range.lowerBound) to \(range.upperBound)")
        }
        try check(eliteFraction > 0 && eliteFraction <= 1, "elite_fraction", eliteFraction, "above 0 and at most 1")
        try check(
            !gateHidden.isEmpty && gateHidden.allSatisfy { (1...4096).contains($0) }, "gate_hidden", gateHidden,
            "a list of widths from 1 to 4096")
        var plain = mutation
        plain.totalSteps = 1
        try plain.validate()
        for (key, product) in [
            (
                "recent_rollouts * environments * rollout_steps",
                recentRollouts.multipliedReportingOverflow(by: mutation.environments * mutation.rolloutSteps)
            ),
            (
                "(1 + dagger_passes + gate_refinement) * crossover_environments * crossover_steps",
                (1 + daggerPasses + gateRefinement).multipliedReportingOverflow(
                    by: crossoverEnvironments * crossoverSteps)
            )
        ] {
            try check(
                !product.overflow && product.partialValue < 1 << 28, key,
                product.overflow ? "above \(Int.max)" : "\(product.partialValue)", "a product below \(1 << 28)")
        }
        try ppo.validate()
        try check(
            gateRefinement == 0 || gateLearningRate > 0, "gate_learning_rate", gateLearningRate,
            "above 0 where gate_refinement is \(gateRefinement)")
        try check(
            crossover == .stateSpace || childStatistics == .fitter, "child_statistics", childStatistics.rawValue,
            "fitter with crossover \(crossover.rawValue)")
        for round in 0..<rounds where iterations(ofRound: round) < 1 {
            let share = totalSteps / policies / rounds
            throw RunError(
                "total_steps is \(totalSteps), \(share) for each of \(policies) policies in each of \(rounds) rounds; accepted: enough for an iteration's \(stepsPerIteration) steps beside a crossover's \(crossoverStepsPerChild), from \((stepsPerIteration + crossoverStepsPerChild) * policies * rounds)"
            )
        }
        let rows = mutation.environments * mutation.rolloutSteps
        try check(!crosses || klStates <= rows, "kl_states", klStates, "at most environments * rollout_steps, \(rows)")
    }
}
