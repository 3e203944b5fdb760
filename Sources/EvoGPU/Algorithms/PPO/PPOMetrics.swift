import GPUTensor

extension PPO {
    public static let specs = [
        AlgorithmSpec(
            "ppo", "proximal policy optimisation, clipped or with adaptive KL penalty (Schulman et al. 2017)",
            PPO.self, PPOConfig()),
        AlgorithmSpec("a2c", "advantage actor-critic, one step per rollout (Mnih et al. 2016)", PPO.self, .a2c())
    ]

    /// One member's line of `metrics.csv`.
    public struct Row: Sendable {
        public let iteration: Int, stepsPerMember: Int, run: Int, seed: UInt64, member: Int
        public let figures: MemberFigures
    }

    public static var columns: [Column<Row>] {
        [
            Column("iteration", "Iterations so far.") { MetricValue($0.iteration) },
            Column("steps_per_member", "Environment steps of each member so far.", .memberSteps) {
                MetricValue($0.stepsPerMember)
            },
            Column("run", "Number of the run, from 0.", .run) { MetricValue($0.run) },
            Column("seed", "The run's seed.") { MetricValue($0.seed) },
            Column("member", "Number of the policy within its run, from 0.", .member) { MetricValue($0.member) },
            Column("episodes", "Episodes that ended in this iteration.", .episodes) {
                MetricValue($0.figures.episodes)
            },
            Column("mean_return", "Their mean undiscounted return; empty if none ended.", .episodeReturn) {
                MetricValue($0.figures.meanReturn)
            },
            Column("mean_length", "Their mean length in steps; empty if none ended.") {
                MetricValue($0.figures.meanLength)
            },
            Column("policy_loss", "Mean of the policy's loss over this iteration's minibatches.") {
                MetricValue($0.figures.policyLoss)
            },
            Column("value_loss", "Mean of the value network's loss over the same.") {
                MetricValue($0.figures.valueLoss)
            },
            Column("entropy", "Mean entropy of the policy over the same, in nats.") {
                MetricValue($0.figures.entropy)
            },
            Column("kl", "Mean KL(old || new) over the same, in nats.") { MetricValue($0.figures.kl) },
            Column("clip_fraction", "Share of samples whose ratio is beyond the clip range.") {
                MetricValue($0.figures.clipFraction)
            },
            Column("gradient_norm", "Norm of the last gradient before its limit.") {
                MetricValue($0.figures.gradientNorm)
            },
            Column("minibatches", "Minibatches before the member stopped (max_kl).") {
                MetricValue($0.figures.minibatches)
            },
            Column("kl_coefficient", "Beta of the KL penalty.") { MetricValue($0.figures.klCoefficient) },
            Column("kl_after", "Mean KL(old || new) after the update, in nats; with objective penalty only.") {
                MetricValue($0.figures.klAfter)
            },
            Column("non_finite_resets", "Environments reset because their state was not finite.", .faults) {
                MetricValue($0.figures.nonFiniteResets)
            },
            Column("refused_steps", "Gradient steps refused because the gradient was not finite.") {
                MetricValue($0.figures.refusedSteps)
            },
            Column("contact_overflows", "Contacts between moving bodies that found no room.") {
                MetricValue($0.figures.contactOverflows)
            }
        ]
    }

    public static func policies(_ config: PPOConfig, _ task: EnvironmentSpec, seeds: [UInt64]) throws -> PolicySet {
        policies(config, task, seeds: seeds, method: config.objective == .a2c ? "A2C" : "PPO")
    }

    /// - Parameter method: what a run's curve is called.
    static func policies(_ config: PPOConfig, _ task: EnvironmentSpec, seeds: [UInt64], method: String) -> PolicySet {
        let network = network(config, task)
        return PolicySet(
            network.actor, runs: seeds.map { RunLabel(seed: $0, method: method) }, perRun: config.population,
            observationLimit: config.normaliseObservations ? config.observationLimit : nil,
            layouts: [network.layout], further: ["activation \(config.activation.rawValue)"])
    }

    public var progress: AlgorithmProgress {
        AlgorithmProgress(
            iteration: iteration, steps: stepsPerMember * members,
            planned: config.iterations * config.environments * config.rolloutSteps * members,
            isDone: iteration >= config.iterations)
    }

    public func onPhase(_ hook: @escaping (String) throws -> Void) { afterPhase = hook }

    public func iterate() throws -> Outcome<Row> {
        let figures = try step()
        return outcome(figures) { member in row(member, figures[member], stepsPerMember: stepsPerMember) }
    }

    func row(_ member: Int, _ figures: MemberFigures, stepsPerMember: Int) -> Row {
        let run = member / config.population
        return Row(
            iteration: iteration, stepsPerMember: stepsPerMember, run: run, seed: seeds[run],
            member: member % config.population, figures: figures)
    }

    /// Figures of all members as an iteration leaves them, with rows of some kind.
    func outcome<R>(_ figures: [MemberFigures], row: (Int) -> R) -> Outcome<R> {
        var outcome = Outcome<R>()
        for (member, figure) in figures.enumerated() {
            outcome.rows.append(row(member))
            outcome.shown.append(figure.nonFiniteResets == 0 ? figure.meanReturn : nil)
            outcome.faults.nonFiniteResets += figure.nonFiniteResets
            outcome.faults.refusedSteps += figure.refusedSteps
            outcome.faults.contactOverflows += figure.contactOverflows
        }
        return outcome
    }
}
