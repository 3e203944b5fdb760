import GPUTensor

extension ERL {
    public static let specs = [
        AlgorithmSpec(
            "pderl",
            """
            proximal distilled evolutionary RL: a population beside a DDPG learner, crossed by distillation, mutated \
            by sensitivity (Bodnar et al. 2020)
            """, ERL.self, ERLConfig()),
        AlgorithmSpec(
            "derl", "the same with ERL's Gaussian mutation (Bodnar et al. 2020)", ERL.self, ERLConfig(.derl)),
        AlgorithmSpec(
            "perl", "the same with ERL's n-point crossover and proximal mutation (Bodnar et al. 2020)", ERL.self,
            ERLConfig(.perl)),
        AlgorithmSpec(
            "erl",
            """
            evolutionary RL: a population beside a DDPG learner, n-point crossover, Gaussian mutation (Khadka and \
            Tumer 2018)
            """, ERL.self, ERLConfig(.erl))
    ]

    /// One run's line of `metrics.csv`.
    public struct Row: Sendable {
        public let generation: Int, run: Int, seed: UInt64, variant: ERLVariant, figures: GenerationFigures
    }

    public static var columns: [Column<Row>] {
        [
            Column("generation", "Generations so far.") { MetricValue($0.generation) },
            Column("frames", "Stored environment steps so far, as the paper counts.", .steps) {
                MetricValue($0.figures.frames)
            },
            Column("all_frames", "All environment steps so far, those of tests too.") {
                MetricValue($0.figures.allFrames)
            },
            Column("run", "Number of the run, from 0.", .run) { MetricValue($0.run) },
            Column("seed", "The run's seed.") { MetricValue($0.seed) },
            Column("variant", "Which operators the run has: erl, perl, derl or pderl.") {
                MetricValue($0.variant.rawValue)
            },
            Column("best_fitness", "Highest fitness of the population.", .best) {
                MetricValue($0.figures.fitness.max())
            },
            Column("mean_fitness", "Mean fitness of the population.", .mean) {
                MetricValue($0.figures.fitness.reduce(0, +) / Double($0.figures.fitness.count))
            },
            Column("champion_test", "Mean return of the generation's best in its tests, without noise.") {
                MetricValue($0.figures.championTest)
            },
            Column("learner_test", "The same of the learner.") { MetricValue($0.figures.learnerTest) },
            // What the papers plot counts before the fitness.
            Column("paper_score", "Mean of the last ten champion tests; empty without tests.", .best) {
                MetricValue($0.figures.paperScore)
            },
            Column("learner_return", "Return of the learner's noisy episode.") {
                MetricValue($0.figures.learnerReturn)
            },
            Column("updates", "Updates of the learner in this generation.") { MetricValue($0.figures.updates) },
            Column("critic_loss", "The critic's mean squared error in the last of them.") {
                MetricValue($0.figures.updates > 0 ? $0.figures.criticLoss : nil)
            },
            Column("elites", "Slots of the elites.") {
                MetricValue($0.figures.elites.map(String.init).joined(separator: " "))
            },
            Column("children", "Children of crossover.") { MetricValue($0.figures.children) },
            Column("mutants", "Policies that were mutated.") { MetricValue($0.figures.mutants) },
            Column("injected_slot", "Where the learner was put; empty where it was not.") {
                MetricValue($0.figures.injected)
            },
            Column("injected_elite", "Injected learners so far that were among the elites.") {
                MetricValue($0.figures.fates.elite)
            },
            Column("injected_selected", "Those that won a tournament.") { MetricValue($0.figures.fates.selected) },
            Column("injected_discarded", "Those that did neither.") { MetricValue($0.figures.fates.discarded) },
            Column("broken_episodes", "Episodes that met states which are not finite.") {
                MetricValue($0.figures.brokenEpisodes)
            },
            Column("refused_steps", "Steps of the learner's networks so far that were refused.") {
                MetricValue($0.figures.refusedSteps)
            },
            Column("contact_overflows", "Contacts between moving bodies that found no room.") {
                MetricValue($0.figures.contactOverflows)
            }
        ]
    }

    public static func policies(_ config: ERLConfig, _ task: EnvironmentSpec, seeds: [UInt64]) throws -> PolicySet {
        let (actor, critic) = try config.learning.networks(task), isFaithful = config.isFaithful
        let runs = config.variants.flatMap { variant in
            seeds.map {
                RunLabel(
                    seed: $0, variant: variant.rawValue,
                    method: variant.rawValue.uppercased() + (isFaithful ? " (faithful)" : ""))
            }
        }
        return PolicySet(
            actor, runs: runs, perRun: config.policies, layouts: [actor.layout, critic.layout],
            further: [
                "learner \(config.learner.rawValue)",
                "runs \(config.variants.map(\.rawValue).joined(separator: " "))"
            ])
    }

    public var progress: AlgorithmProgress {
        let all = frames.reduce(0, +)
        return AlgorithmProgress(
            iteration: generation, steps: all, planned: max(all, config.totalSteps * runs.count), isDone: isDone)
    }

    public func onPhase(_ hook: @escaping (String) throws -> Void) { afterPhase = hook }

    public func iterate() throws -> Outcome<Row> {
        var outcome = Outcome<Row>()
        let before = learning.refusedSteps
        for (run, figures) in try step().enumerated() {
            outcome.shown.append(figures.map { $0.championTest ?? $0.fitness.max() ?? $0.learnerReturn })
            guard let figures else { continue }
            outcome.faults.nonFiniteResets += figures.brokenEpisodes
            outcome.faults.refusedSteps += figures.refusedSteps - before[run]
            outcome.faults.contactOverflows += figures.contactOverflows
            outcome.rows.append(
                Row(
                    generation: generation, run: run, seed: runs[run].seed, variant: runs[run].variant,
                    figures: figures))
        }
        return outcome
    }
}
