import GPUTensor

extension GPO {
    public static let specs = [
        AlgorithmSpec(
            "gpo",
            "genetic policy optimisation: PPO or A2C mutates, imitation crosses (Gangwani and Peng 2018)",
            GPO.self, GPOConfig())
    ]

    /// One member's line of `metrics.csv`.
    public struct Row: Sendable {
        public let mutation: PPO.Row, round: Int, totalSteps: Int, similar: Int
    }

    public static var columns: [Column<Row>] {
        PPO.columns.map { $0.of(\.mutation) } + [
            Column("round", "The round, from 1.") { MetricValue($0.round) },
            Column("total_steps", "Environment steps of the whole run so far, crossovers included.", .steps) {
                MetricValue($0.totalSteps)
            },
            Column("similar", "Policies whose samples the member learns from, itself included.") {
                MetricValue($0.similar)
            }
        ]
    }

    public static func policies(_ config: GPOConfig, _ task: EnvironmentSpec, seeds: [UInt64]) throws -> PolicySet {
        let name =
            switch config.variant {
            case .gpo: "GPO"
            case .single: "Single"
            case .joint: "Joint"
            }
        return PPO.policies(
            config.ppo, task, seeds: seeds, method: config.mutation.objective == .a2c ? "\(name) (A2C)" : name)
    }

    public var progress: AlgorithmProgress {
        AlgorithmProgress(
            iteration: ppo.iteration, steps: stepsPerRun * ppo.seeds.count,
            planned: plannedStepsPerRun * ppo.seeds.count, isDone: isDone)
    }

    public func onPhase(_ hook: @escaping (String) throws -> Void) { ppo.afterPhase = hook }

    public func iterate() throws -> Outcome<Row> {
        let (round, crossings) = (round, crossings), (figures, ended) = try step()
        // A round's last iteration comes before its crossover.
        let steps = ppo.stepsPerMember + crossings * config.crossoverStepsPerChild
        var outcome = ppo.outcome(figures) { member in
            Row(
                mutation: ppo.row(member, figures[member], stepsPerMember: steps), round: round + 1,
                totalSteps: steps * ppo.config.population, similar: similarCounts[member])
        }
        guard let ended else { return outcome }
        outcome.records = ended.lineage
        outcome.notes = ended.retired
        outcome.faults.retired = ended.retired.count
        if let visited = ended.visited { outcome.files = [visited.file] }
        return outcome
    }
}

extension VisitedStates {
    /// `visited.safetensors`, for reports.
    var file: OutcomeFile {
        let shape = [first.count / width, width]
        return OutcomeFile(
            "visited",
            [
                NamedArray("first_parent", first, shape: shape), NamedArray("second_parent", second, shape: shape),
                NamedArray("child", child, shape: shape),
                NamedArray("parameter_child", parameterChild, shape: shape)
            ], metadata: ["seed": "\(seed)", "first": "\(couple.first)", "second": "\(couple.second)"])
    }
}
