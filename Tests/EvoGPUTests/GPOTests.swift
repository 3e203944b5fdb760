import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct GPOTests {
    /// Three rounds of odd sizes, two iterations each: small enough for every backend.
    static func config(rounds: Int = 3, iterations: Int = 2) -> GPOConfig {
        var config = GPOConfig()
        (
            config.mutation.population, config.mutation.environments, config.mutation.rolloutSteps,
            config.mutation.batchSize, config.mutation.epochs
        ) = (3, 5, 12, 25, 2)
        (config.mutation.hidden, config.mutation.valueHidden, config.gateHidden, config.mutation.learningRate) = (
            [17, 18], [16], [7], 1e-3
        )
        (
            config.rounds, config.recentRollouts, config.similarity, config.similarLimit, config.klStates,
            config.mutation.checkpointEvery
        ) = (rounds, 2, 0.02, 3, 20, 3)
        (config.gateBatchSize, config.crossoverEnvironments, config.crossoverSteps, config.daggerPasses) = (
            33, 3, 10, 1
        )
        (config.imitationEpochs, config.imitationBatchSize, config.lineageEpisodes) = (2, 25, 2)
        config.totalSteps = rounds * 3 * (iterations * 60 + config.crossoverStepsPerChild)
        return config
    }

    private func words(_ gpo: GPO) throws -> [[UInt32]] {
        try gpo.tensors.map { tensor in
            tensor.tensor.type == .int32
                ? try tensor.tensor.read(as: Int32.self).map { UInt32(bitPattern: $0) }
                : try tensor.tensor.read(as: Float.self).map(\.bitPattern)
        }
    }

    /// Two whole rounds on every variant of the CPU backend and every OpenCL device, compared after every iteration.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1"]) func twoRoundsGiveTheSameBits(environment: String) throws {
        var reports: [BackendReport] = []
        try verifyEvolution(EnvironmentSpec.named(environment)) { reports.append($0) }
        #expect(reports.count == BackendVariant.all().count)
        for report in reports {
            #expect(
                report.firstDifference == nil && report.differing == 0,
                """
                \(report.backend): \(report.differing) of \(report.values) values, first in \
                \(report.firstDifference ?? "")
                """
            )
            #expect(report.values > 10_000)
        }
    }

    @Test(arguments: ["Pendulum-v1", "CartPole-v1"]) func runsInLockStepEqualRunsAlone(environment: String) throws {
        let spec = try EnvironmentSpec.named(environment), queue = try Queue(Device.named("cpu"))
        let together = try GPO(Self.config(), spec, seeds: [7, 8], on: queue),
            alone = try GPO(Self.config(), spec, seeds: [8], on: queue)
        var both: [LineageEntry] = [], one: [LineageEntry] = []
        while !together.isDone {
            both += try together.step().round?.lineage ?? []; one += try alone.step().round?.lineage ?? []
        }
        let rows: [Float] = try together.ppo.parameters.read(), row: [Float] = try alone.ppo.parameters.read()
        #expect(rows.suffix(row.count).map(\.bitPattern) == row.map(\.bitPattern))
        #expect(rows.prefix(row.count) != row[...])
        #expect(
            both.filter { $0.seed == 8 }.map {
                var entry = $0; entry.run = 0; return entry
            } == one)
    }

    // After the first of two iterations a member's actions are moved away from the others', which a round's sets don't
    // notice.
    @Test(arguments: [SimilarSets.round, .iteration]) func setsOfAnIterationFollowMembersThatMoveApart(
        sets: SimilarSets
    ) throws {
        var config = Self.config()
        (config.similarSets, config.similarity) = (sets, 0.5)
        let gpo = try GPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        _ = try gpo.step()
        #expect(gpo.similarCounts == [3, 3, 3])
        var rows: [Float] = try gpo.ppo.parameters.read()
        let output = gpo.ppo.network.policy.layers.last!.linear
        for i in 0..<18 { rows[gpo.ppo.parameters.pitch + output.weights + 16 * i] += i.isMultiple(of: 2) ? 20 : -20 }
        try gpo.ppo.parameters.write(rows)
        _ = try gpo.step()
        #expect(gpo.similarCounts == (sets == .round ? [3, 3, 3] : [2, 1, 2]))
    }

    @Test(arguments: [true, false]) func episodesGoOnWithChildrenUnlessTheyRestart(restart: Bool) throws {
        var config = Self.config()
        config.restartEpisodes = restart
        let gpo = try GPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu"))),
            environment = gpo.ppo.rollout.environment
        var before: [[Float]] = []
        func state() throws -> [[Float]] {
            try environment.tensors.filter { $0.tensor.type == .float32 }.map { try $0.tensor.read() }
        }
        gpo.ppo.afterPhase = { phase in if phase == "selection" { before = try state() } }
        _ = try gpo.step()
        _ = try gpo.step()
        #expect(before.flatMap { $0 }.count > 15)
        #expect(try (state() == before) == !restart)
    }

    @Test(arguments: [ChildMoments.fitter, .fresh]) func aChildStartsWithTheMomentsAskedFor(moments: ChildMoments)
        throws
    {
        var config = Self.config()
        config.childMoments = moments
        let gpo = try GPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2], on: Queue(Device.named("cpu"))),
            optimiser = gpo.ppo.optimiser
        func rows() throws -> [[Float]] {
            try [optimiser.firstMoments, optimiser.secondMoments, optimiser.corrections].map { try $0.read() }
        }
        var before: [[Float]] = []
        gpo.ppo.afterPhase = { phase in if phase == "selection" { before = try rows() } }
        _ = try gpo.step()
        let lineage = try #require(try gpo.step().round).lineage
        #expect(Set(lineage.map(\.fitter)).count > 1 || lineage.contains { $0.fitter != $0.child })
        for (was, now) in try zip(before, rows()) {
            let width = was.count / 6
            #expect(was.contains { $0 != 0 })
            for entry in lineage {
                let child = 3 * entry.run + entry.child, fitter = 3 * entry.run + entry.fitter
                #expect(
                    now[child * width..<(child + 1) * width]
                        == (moments == .fitter
                            ? was[fitter * width..<(fitter + 1) * width] : ArraySlice(repeating: 0, count: width)))
            }
        }
    }

    // One launch is one kernel over all members. Beside PPO's own: keeping the rollout; in a round's first iteration
    // the divergences and the sets.
    @Test(arguments: Backend.available) func anIterationAllocatesNothingAndReadsBackOnce(backend: Backend) throws {
        var config = Self.config(rounds: 1, iterations: 4)
        config.similarity = 0  // everyone alone
        let queue = try backend.makeQueue(), spec = try EnvironmentSpec.named("Pendulum-v1")
        var plain = config.mutation
        plain.totalSteps = 60 * 4
        let ppo = try PPO(plain, spec, seeds: [1], on: queue)
        func counts(_ body: () throws -> Void) rethrows -> (launches: Int, allocations: Int, readBacks: Int) {
            let before = queue.counts
            try body()
            return (
                queue.counts.launches - before.launches, queue.counts.allocations - before.allocations,
                queue.counts.readBacks - before.readBacks
            )
        }
        let own = try counts { _ = try ppo.step() }, gpo = try GPO(config, spec, seeds: [1], on: queue)
        let first = try counts { _ = try gpo.step() }, second = try counts { _ = try gpo.step() }
        #expect(own.allocations == 0 && first.allocations == 0 && second.allocations == 0)
        #expect(second.launches == own.launches + 1 && second.readBacks == own.readBacks)
        // For each shift of the population: gathering, three layers, divergence, sum. Then the matrix and the sets,
        // whose sizes are read back.
        #expect(first.launches == own.launches + 1 + 3 * (1 + 3 + 1 + 1) + 2 && first.readBacks == own.readBacks + 1)
    }

    @Test func theBudgetIsKept() throws {
        for (total, rounds, passes, final) in [
            (8_000_000, 12, 3, true), (8_000_000, 12, 3, false), (1_000_000, 5, 0, true),
            (811_008 + 500_000, 7, 2, true)
        ] {
            var config = GPOConfig()
            (config.totalSteps, config.rounds, config.daggerPasses, config.finalCrossover) = (
                total, rounds, passes, final
            )
            for variant in [GPOVariant.gpo, .single, .joint] {
                config.variant = variant
                try config.validate()
                let iterations = (0..<rounds).map { config.iterations(ofRound: $0) }, perIteration = 16 * 128 * 8
                let crossovers = variant == .gpo ? (final ? rounds : rounds - 1) * config.crossoverStepsPerChild * 8 : 0
                let used = iterations.reduce(0, +) * perIteration + crossovers
                #expect(used <= total && used > total - 2 * perIteration, "\(variant) takes \(used) of \(total)")
            }
        }
        // 83,333 steps for each policy and round, 8,192 of them in crossovers.
        #expect(GPOConfig().crossoverStepsPerChild == 8192 && (36...37).contains(GPOConfig().iterations(ofRound: 0)))
    }

    @Test func whatIsTakenIsWhatWasPlanned() throws {
        for variant in [GPOVariant.gpo, .single, .joint] {
            var config = Self.config()
            (config.variant, config.totalSteps) = (variant, config.totalSteps + 77)
            let gpo = try GPO(
                config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2], on: Queue(Device.named("cpu")))
            while !gpo.isDone { _ = try gpo.step() }
            #expect(gpo.stepsPerRun == gpo.plannedStepsPerRun && gpo.stepsPerRun <= config.totalSteps)
            #expect(gpo.ppo.members == (variant == .joint ? 2 : 6))
            #expect(gpo.ppo.config.batchSize == (variant == .joint ? 75 : 25))
        }
    }

    /// A member whose parameters turn NaN leaves no child; the run goes on with as many members as before, all of them
    /// finite.
    @Test func aBrokenMemberIsRetired() throws {
        let gpo = try GPO(
            Self.config(), EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2], on: Queue(Device.named("cpu")))
        _ = try gpo.step()
        var rows: [Float] = try gpo.ppo.parameters.read()
        rows[4 * gpo.ppo.parameters.pitch + 40] = .nan  // member 1 of the second run
        try gpo.ppo.parameters.write(rows)
        let record = try #require(try gpo.step().round)
        #expect(
            gpo.retiredCount == 1
                && record.retired == ["seed 2 member 1 is retired after round 1: its parameters are not finite"])
        #expect(record.lineage.count == 6 && !record.lineage.contains { $0.run == 1 && $0.parents.contains(1) })
        while !gpo.isDone { _ = try gpo.step() }
        let last: [Float] = try gpo.ppo.parameters.read()
        #expect(gpo.retiredCount == 1 && last.allSatisfy { $0.isFinite })
    }

    @Test func aRunOfBrokenMembersOnlyIsRefused() throws {
        let gpo = try GPO(
            Self.config(), EnvironmentSpec.named("Pendulum-v1"), seeds: [5], on: Queue(Device.named("cpu")))
        _ = try gpo.step()
        try gpo.ppo.parameters.write([Float](repeating: .nan, count: gpo.ppo.parameters.count))
        let error = #expect(throws: RunError.self) { _ = try gpo.step() }
        #expect(error?.description.hasPrefix("every policy of seed 5 holds numbers that are not finite") == true)
    }

    @Test(arguments: ["Pendulum-v1", "CartPole-v1"]) func everyOptionRuns(environment: String) throws {
        let edits: [(inout GPOConfig) -> Void] = [
            { $0.crossover = .parameterSpace },
            {
                $0.selection = .diversity; $0.childStart = .weaker; $0.childValue = .fresh; $0.childMoments = .fresh
                $0.restartEpisodes = true; $0.lineageActions = .sampled; $0.gateData = .each
            },
            {
                $0.selection = .mix; $0.similarSets = .iteration; $0.childStart = .fresh; $0.childStatistics = .merged
                $0.gateRefinement = 2
            },
            {
                $0.mutation.normaliseObservations = false; $0.finalCrossover = false; $0.sharedRatioLimit = 0
            },
            {
                $0.mutation.population = 2; $0.dataSharing = false; $0.daggerPasses = 0; $0.imitationEpochs = 0
            }
        ]
        for (index, edit) in edits.enumerated() {
            var config = Self.config()
            edit(&config)
            config.totalSteps += 3 * 3 * config.crossoverStepsPerChild
            let gpo = try GPO(config, EnvironmentSpec.named(environment), seeds: [1], on: Queue(Device.named("cpu"))),
                m = config.mutation.population
            var lineage: [LineageEntry] = []
            while !gpo.isDone { lineage += try gpo.step().round?.lineage ?? [] }
            #expect(lineage.count == m * (config.finalCrossover ? 3 : 2), "option \(index)")
            #expect(
                lineage.allSatisfy {
                    $0.parents[0] < $0.parents[1] && $0.parents.contains($0.fitter)
                        && ($0.kl_to_expert == nil) == (config.crossover == .parameterSpace)
                })
            let last: [Float] = try gpo.ppo.parameters.read()
            #expect(last.allSatisfy { $0.isFinite }, "option \(index)")
        }
    }

    /// Without imitation a child is what it started with: its policy from one parent, its value network from the other.
    @Test(arguments: [(ChildStart.fitter, ChildStart.weaker), (.weaker, .fitter)])
    func aChildTakesItsPartsFromWhomItIsTold(start: ChildStart, value: ChildStart) throws {
        var config = Self.config()
        (config.childStart, config.childValue, config.imitationEpochs, config.daggerPasses, config.lineageEpisodes) = (
            start, value, 0, 0, 0
        )
        let gpo = try GPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu"))),
            n = gpo.ppo.parameters.pitch
        var before: [Float] = []
        gpo.ppo.afterPhase = { if $0 == "selection" { before = try gpo.ppo.parameters.read() } }
        var round: RoundRecord?
        while round == nil { round = try gpo.step().round }
        let after: [Float] = try gpo.ppo.parameters.read(), half = gpo.ppo.network.valueStart
        for entry in try #require(round).lineage {
            let weaker = entry.parents[0] == entry.fitter ? entry.parents[1] : entry.parents[0]
            let (policy, values) = (start == .fitter ? entry.fitter : weaker, value == .fitter ? entry.fitter : weaker)
            #expect(after[entry.child * n..<entry.child * n + half] == before[policy * n..<policy * n + half])
            #expect(
                after[entry.child * n + half..<(entry.child + 1) * n] == before[values * n + half..<(values + 1) * n])
        }
    }

    @Test func settingsAreOneFlatList() throws {
        let config = try Configuration.load(
            GPOConfig(),
            overrides: [
                "population=4", "total_steps=5000000", "variant=joint", "learning_rate=0.002", "gate_hidden=[8]",
                "selection=mix"
            ])
        #expect(
            config.mutation.population == 4 && config.totalSteps == 5_000_000 && config.variant == .joint
                && config.mutation.learningRate == 0.002 && config.gateHidden == [8] && config.selection == .mix)
        let yaml = try Configuration.yaml(config)
        #expect(yaml.contains("total_steps: 5000000\n") && yaml.components(separatedBy: "total_steps").count == 2)
        // Every setting of its own is encoded.
        for key in [
            "variant", "similar_limit", "shared_ratio_limit", "diversity_weight_end", "final_crossover",
            "elite_fraction", "gate_data", "gate_refinement_rate", "similar_sets", "lineage_actions", "dagger_passes",
            "child_value", "child_moments", "child_statistics", "restart_episodes", "compared_rounds"
        ] { #expect(yaml.contains("\n\(key): "), "\(key)") }
        let folder = try TemporaryFolder(), file = try folder.file("config.yaml", Data(yaml.utf8))
        #expect(try Configuration.load(GPOConfig(), file: file) == config)
    }

    @Test(arguments: [
        ("population=1", "population is 1; accepted: at least 2 with variant gpo"), ("rounds=0", "rounds is 0"),
        ("elite_fraction=0", "elite_fraction is 0"), ("similarity=-1", "similarity is -1"),
        ("total_steps=1000", "total_steps is 1000, 10 for each of 8 policies in each of 12 rounds"),
        ("gate_hidden=[]", "gate_hidden is []"),
        ("kl_states=5000", "kl_states is 5000; accepted: at most environments * rollout_steps, 2048"),
        ("batch_size=4096", "batch_size is 4096"), ("crossover_steps=100000000", "crossover_steps is 100000000"),
        ("objective=a2c", "epochs is 10; accepted: 1 with objective a2c"),
        ("rounds=2000000", "rounds is 2000000; accepted: a whole number from 1 to 1048576")
    ])
    func aSettingThatCannotBeIsNamed(setting: String, sentence: String) throws {
        let error = #expect(throws: RunError.self) {
            try Configuration.load(GPOConfig(), overrides: [setting]).validate()
        }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        (["variant=single", "population=0"], "population is 0; accepted: at least 1"),
        (["variant=joint", "population=0"], "population is 0; accepted: at least 1"),
        (
            ["dagger_passes=16777216", "crossover_environments=16777216", "crossover_steps=16777216"],
            "crossover_steps is above 9223372036854775807; accepted: a product below 268435456"
        ),
        (
            ["gate_refinement=1", "gate_learning_rate=0"],
            "gate_learning_rate is 0.0; accepted: above 0 where gate_refinement is 1"
        ),
        (
            ["crossover=parameter_space", "child_statistics=merged"],
            "child_statistics is merged; accepted: fitter with crossover parameter_space"
        )
    ])
    func settingsThatCannotBeTogetherAreNamed(settings: [String], sentence: String) throws {
        let error = #expect(throws: RunError.self) {
            try Configuration.load(GPOConfig(), overrides: settings).validate()
        }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    /// What selection goes by: whole episodes of the member's own, none of broken iterations, and nothing rather than a
    /// part.
    @Test func returnsOfOthersAndOfBrokenStatesDoNotCount() {
        typealias Episodes = GPO.RecentEpisodes
        let list = [
            Episodes(sum: 100, count: 1), Episodes(sum: -6, count: 3), Episodes(isBroken: true),
            Episodes(sum: -2, count: 1)
        ]
        #expect(
            Episodes.mean(list, foreign: 0) == 92.0 / 5 && Episodes.mean(list, foreign: 1) == -2
                && Episodes.mean(list, foreign: 3) == -2)
        // no others
        #expect(Episodes.mean(list, foreign: 4) == 92.0 / 5 && Episodes.mean(list, foreign: 9) == 92.0 / 5)
        #expect(Episodes.mean([Episodes(isBroken: true), Episodes(isBroken: true)], foreign: 0)?.isNaN == true)
        #expect(
            Episodes.mean([Episodes(isBroken: true), Episodes()], foreign: 0) == nil
                && Episodes.mean([Episodes()], foreign: 0) == nil)
    }

    /// Children go on with their predecessors' episodes. With five iterations in a round, all of them kept, those that
    /// end first do not count.
    @Test func aChildIsNotJudgedByWhatItsPredecessorBegan() throws {
        var config = Self.config()
        (config.mutation.rolloutSteps, config.recentRollouts, config.rounds, config.lineageEpisodes) = (100, 8, 2, 0)
        config.totalSteps = 2 * config.policies * (5 * config.stepsPerIteration + config.crossoverStepsPerChild)
        let gpo = try GPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        for round in 0..<2 {
            var returns: [[(sum: Double, count: Int)]] = [], record: RoundRecord?
            while record == nil {
                let (figures, end) = try gpo.step()
                returns.append(figures.map { (($0.meanReturn ?? 0) * Double($0.episodes), $0.episodes) })
                record = end
            }
            #expect(
                returns.count == 5 && returns.contains { $0[0].count == 0 }
                    && returns.prefix(2).contains { $0[0].count > 0 })
            for entry in record!.lineage {
                for (place, parent) in entry.parents.enumerated() {
                    let own = returns.dropFirst(round == 0 ? 0 : 2).map { $0[parent] }  // 200 steps are two iterations
                    let mean = own.reduce(0) { $0 + $1.sum } / Double(own.reduce(0) { $0 + $1.count })
                    #expect(abs(entry.fitness[place] - mean) < 1e-9 * abs(mean), "round \(round + 1)")
                }
            }
        }
    }

    @Test func aRoundThatItsSettingsHaveShorterIsRefused() throws {
        let folder = try TemporaryFolder(), path = folder("run"), queue = try Queue(Device.named("cpu")),
            config = Self.config(iterations: 4)
        var iterations = 0
        _ = try TrainingRun(
            GPO.self, EnvironmentSpec.named("CartPole-v1"), config: config, seeds: [1], path: path,
            on: queue
        ).train(shouldStop: { iterations >= 3 }) { _ in iterations += 1 }
        let file = path.appendingPathComponent("config.yaml"), text = try String(contentsOf: file, encoding: .utf8)
        let shorter = config.totalSteps - config.rounds * config.policies * config.stepsPerIteration
        #expect(config.iterations(ofRound: 0) == 4)
        try text.replacingOccurrences(of: "total_steps: \(config.totalSteps)\n", with: "total_steps: \(shorter)\n")
            .write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: RunError.self) { _ = try TrainingRun(resuming: path, on: queue) }
        #expect(
            error?.description.contains("is at iteration 3 of round 1, which by config.yaml has 3;") == true,
            "\(error?.description ?? "")")
    }

    /// Stopped in the middle of a round and resumed on every backend: the same files, byte for byte.
    @Test func aRunMovesBetweenBackendsInTheMiddleOfARound() throws {
        let folder = try TemporaryFolder(), spec = try EnvironmentSpec.named("CartPole-v1")
        func train(_ name: String, _ queues: [Queue]) throws -> [Data] {
            let path = folder.url.appendingPathComponent(name)
            var iterations = 0
            _ = try TrainingRun(GPO.self, spec, config: Self.config(), seeds: [4, 5], path: path, on: queues[0]).train(
                shouldStop: { iterations >= 3 && queues.count > 1 }) { _ in iterations += 1 }
            if queues.count > 1 { #expect(try TrainingRun(resuming: path, on: queues[1]).train { _ in }) }
            return try [
                "checkpoint/arrays.safetensors", "checkpoint/state.json", "metrics.csv", "records.jsonl",
                "visited.safetensors"
            ].map { try Data(contentsOf: path.appendingPathComponent($0)) }
        }
        let whole = try train("whole", [Queue(Device.named("cpu"))])
        for (index, backend) in Backend.available.enumerated() {
            #expect(
                try train("moved\(index)", [Queue(Device.named("cpu")), backend.makeQueue()]) == whole,
                "moved to \(backend)")
        }
    }

    @Test func lineageIsAQueryAway() throws {
        let folder = try TemporaryFolder(), path = folder.url.appendingPathComponent("run"),
            queue = try Queue(Device.named("cpu"))
        let run = try TrainingRun(
            GPO.self, EnvironmentSpec.named("Pendulum-v1"), config: Self.config(), seeds: [1, 2],
            path: path, on: queue)
        #expect(try run.train { _ in })
        let entries = try SavedRun(path).lineage()
        #expect(
            entries.count == 3 * 2 * 3 && entries.map(\.round) == (1...3).flatMap { Array(repeating: $0, count: 6) })
        #expect(
            entries.allSatisfy {
                $0.measured_parents?.count == 2 && $0.measured_child != nil
                    && ($0.measured_parameter_child != nil) == ($0.round == 1)
            })
        // One member's ancestors: itself, its parents, and theirs, newest first.
        let mine = entries.filter { $0.seed == 2 }, family = mine.ancestors(of: 0, bornIn: 3)
        func born(_ round: Int) -> Set<Int> { Set(family.filter { $0.round == round }.map(\.child)) }
        func parents(_ round: Int) -> Set<Int> { Set(family.filter { $0.round == round }.flatMap(\.parents)) }
        #expect(
            born(3) == [0] && born(2) == parents(3) && born(2).count == 2 && born(1) == parents(2)
                && family.count == 1 + born(2).count + born(1).count)
        #expect(family.map(\.round) == family.map(\.round).sorted(by: >) && family.allSatisfy { $0.seed == 2 })
        let told = try ChildProcess(["lineage", path.path, "--seed", "2", "--member", "0", "--json"])
        told.waitUntilExit()
        #expect(told.terminationStatus == 0)
        // The saved policies can be played as any other's.
        let population = try TrainedPopulation(path, on: queue)
        #expect(try population.evaluateFinal(episodes: 2, seed: 1).map(\.members.count) == [3, 3])
    }
}
