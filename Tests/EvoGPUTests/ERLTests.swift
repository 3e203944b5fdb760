import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ERLTests {
    /// All four variants, two elites of five, every option that three generations of odd sizes can reach.
    static func config(_ variants: [ERLVariant] = ERLVariant.allCases) -> ERLConfig {
        var config = ERLConfig()
        (config.population, config.variants, config.trials, config.eliteFraction, config.syncPeriod) = (
            5, variants, 2, 0.4, 2
        )
        (config.actorHidden, config.criticHidden, config.batchSize, config.replayMemory, config.geneticMemory) = (
            [17, 18], [19, 21], 13, 5_000, 333
        )
        (
            config.distillationBatchSize, config.distillationEpochs, config.mutationBatchSize, config.testEpisodes,
            config.updatesPerStep
        ) = (29, 1, 37, 2, 0.01)
        (config.totalSteps, config.checkpointEvery) = (3 * 2200 - 1, 1)
        return config
    }

    static func words(_ erl: ERL) throws -> [String: Data] {
        try erl.saved().mapValues(\.bytes)
    }

    // Three whole generations: everybody plays, selection, both crossovers, both mutations, updates, tests, an
    // injection.
    @Test(arguments: [(ERLMode.default, LearnerKind.ddpg, Pairing.mix), (.faithful, .td3, .fitness)])
    func threeGenerationsGiveTheSameBits(mode: ERLMode, learner: LearnerKind, pairing: Pairing) throws {
        var config = Self.config()
        (config.mode, config.learner, config.pairing) = (mode, learner, pairing)
        let spec = try EnvironmentSpec.named("Pendulum-v1")
        var expected: [[String: Data]] = [], figures: [[GenerationFigures?]] = []
        for backend in Backend.available {
            let erl = try ERL(config, spec, seeds: [7], on: backend.makeQueue())
            for generation in 0..<3 {
                let now = try erl.step(), words = try Self.words(erl)
                if backend.description == Backend.available[0].description {
                    expected.append(words); figures.append(now)
                }
                #expect(words.keys == expected[generation].keys)
                for (name, bytes) in expected[generation] {
                    #expect(words[name] == bytes, "\(name) after generation \(generation + 1) on \(backend)")
                }
                #expect(now == figures[generation])
            }
        }
        #expect(figures[1].allSatisfy { $0?.injected != nil } && figures[0].allSatisfy { $0?.injected == nil })
        #expect(figures.allSatisfy { $0.allSatisfy { ($0?.updates ?? 0) > 0 } })
        #expect(figures.contains { $0.contains { ($0?.children ?? 0) > 0 } })
    }

    @Test(arguments: [(LearnerKind.ddpg, 0.01), (.td3, 0.03)]) func runsInLockStepEqualRunsAlone(
        learner: LearnerKind, updatesPerStep: Double
    ) throws {
        // episodes of different lengths
        let spec = try EnvironmentSpec.named("InvertedPendulum-v5"), queue = try Queue(Device.named("cpu"))
        var config = Self.config([.pderl, .erl])
        (config.totalSteps, config.learner, config.updatesPerStep) = (1 << 20, learner, updatesPerStep)
        let together = try ERL(config, spec, seeds: [7, 8], on: queue)
        for _ in 0..<3 { _ = try together.step() }
        #expect(
            learner == .ddpg || Set(together.learning.updates.map { $0 % 2 }).count == 2,
            "every run's actor is due at the same time: \(together.learning.updates)")
        #expect(Set(together.frames).count > 1, "every run has as many steps, which says little")
        let all: [Float] = try together.actors.read(), size = all.count / 4
        for (number, run) in together.runs.enumerated() {
            config.variants = [run.variant]
            let alone = try ERL(config, spec, seeds: [run.seed], on: queue)
            for _ in 0..<3 { _ = try alone.step() }
            #expect(alone.frames == [together.frames[number]])
            #expect(
                try alone.actors.read(as: Float.self).map(\.bitPattern)
                    == all[number * size..<(number + 1) * size].map(\.bitPattern), "\(run)")
        }
        #expect(all[..<size] != all[size..<2 * size])
    }

    // A run that is done stays as it is while others go on.
    @Test func aRunThatEndsEarlierEqualsItselfAlone() throws {
        let spec = try EnvironmentSpec.named("InvertedPendulum-v5"), queue = try Queue(Device.named("cpu"))
        var config = Self.config([.pderl, .erl])
        (config.totalSteps, config.updatesPerStep, config.checkpointEvery) = (700, 0.1, 1000)
        func whole(_ erl: ERL) throws -> [[GenerationFigures]] {
            var figures = [[GenerationFigures]](repeating: [], count: erl.runs.count)
            while !erl.isDone {
                for (run, now) in try erl.step().enumerated() { if let now { figures[run].append(now) } }
            }
            return figures
        }
        let together = try ERL(config, spec, seeds: [7, 8], on: queue), figures = try whole(together)
        #expect(Set(figures.map(\.count)).count > 1, "every run took as many generations: \(figures.map(\.count))")
        let all: [Float] = try together.actors.read(), size = all.count / 4
        for (number, run) in together.runs.enumerated() {
            config.variants = [run.variant]
            let alone = try ERL(config, spec, seeds: [run.seed], on: queue)
            #expect(try whole(alone) == [figures[number]], "\(run)")
            #expect(
                try alone.actors.read(as: Float.self).map(\.bitPattern)
                    == all[number * size..<(number + 1) * size].map(\.bitPattern), "\(run)")
        }
    }

    // What a generation's steps are worth beyond whole updates is not lost, however short episodes are.
    @Test func partsOfUpdatesAddUp() throws {
        var config = OffPolicyConfig()
        (
            config.actorHidden, config.criticHidden, config.batchSize, config.replayMemory, config.testEpisodes,
            config.updatesPerStep
        ) = ([8], [8, 8], 2, 1000, 0, 0.03)
        let ddpg = try OffPolicy(
            config, EnvironmentSpec.named("InvertedPendulum-v5"), seeds: [1], on: Queue(Device.named("cpu")))
        var learnedFrom = 0, shortest = Int.max
        for _ in 0..<40 {
            let before = ddpg.steps[0]
            _ = try ddpg.step()
            shortest = min(shortest, ddpg.steps[0] - before)
            if ddpg.steps[0] > 10 { learnedFrom += ddpg.steps[0] - before }
        }
        #expect(shortest < 33 && learnedFrom > 100)
        #expect(
            abs(0.03 * Double(learnedFrom) - Double(ddpg.learning.updates[0]) - 0.5) <= 0.5,
            "\(ddpg.learning.updates[0]) updates for \(learnedFrom) steps")
    }

    // Ornstein and Uhlenbeck's process in Double, through two episodes without a new start; before them the warm-up's
    // random actions.
    @Test func theLearnerExploresAsItIsTold() throws {
        var config = OffPolicyConfig()
        (config.actorHidden, config.criticHidden, config.testEpisodes, config.updatesPerStep, config.warmupSteps) = (
            [17], [8, 8], 0, 0, 300
        )
        let queue = try Queue(Device.named("cpu")),
            ddpg = try OffPolicy(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [3], on: queue),
            learning = ddpg.learning, width = learning.replay.width
        for _ in 0..<4 { _ = try ddpg.step() }
        let rows: [Float] = try learning.replay.rows.read(elements: 0..<800 * width),
            taken = (0..<800).map { rows[$0 * width + 3] }
        let forward = try MLPWorkspace(learning.actor.mlp, members: 1, rows: 800, backward: false, on: queue)
        try forward.forward(
            MatrixView(queue.tensor(rows, [1, 800, width])), parameters: learning.learner.actorParameters, on: queue)
        let policy: [Float] = try forward.output.read()
        let streams = try queue.tensor(Queue.streamWords(seeds: [3], membersPerRun: 1), [1, 4]),
            drawn = try queue.tensor(.float32, [1, 200], padded: true)
        var x = 0.0
        for generation in 0..<4 {
            let steps = 200 * generation..<200 * (generation + 1)
            if generation < 2 {  // 0 and 200 steps are below 300
                try queue.randomUniform(drawn, streams: streams, step: UInt32(generation), purpose: "EXPU")
                let uniforms: [Float] = try drawn.read()
                #expect(steps.allSatisfy { taken[$0] == 2 * uniforms[$0 - steps.lowerBound] - 1 })
                continue
            }
            try queue.randomNormal(drawn, streams: streams, step: UInt32(generation), purpose: "EXPN")
            let normals: [Float] = try drawn.read()
            for step in steps {
                x += 0.15 * (0 - x) + 0.2 * Double(normals[step - steps.lowerBound])
                let want = min(max(Double(policy[step]) + 0.3 * x, -1), 1)
                #expect(abs(Double(taken[step]) - want) < 1e-5, "step \(step)")
            }
        }
    }

    // Table 2: what became of each injected learner in the generation after, when the first two of five are elites.
    @Test func fatesOfInjectedLearnersAreCounted() throws {
        var config = Self.config([.pderl])
        (config.syncPeriod, config.updatesPerStep, config.testEpisodes, config.totalSteps) = (1, 0, 0, 1 << 20)
        let erl = try ERL(
            config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2, 3, 4], on: Queue(Device.named("cpu")))
        var last = [GenerationFigures?](repeating: nil, count: 4), kinds = [0, 0, 0]
        for generation in 0..<12 {
            let now = try erl.step()
            for run in 0..<4 {
                let fates = now[run]!.fates, before = last[run]?.fates.elite ?? 0
                #expect(fates.elite + fates.selected + fates.discarded == generation)
                if let slot = last[run]?.injected {
                    #expect(
                        now[run]!.elites.contains(slot) == (fates.elite == before + 1),
                        "run \(run), generation \(generation)")
                }
                kinds = zip(kinds, [fates.elite, fates.selected, fates.discarded]).map { $0 + $1 }
            }
            last = now
        }
        #expect(kinds.allSatisfy { $0 > 0 }, "\(kinds)")
    }

    // The other checkpoints: two critics and their delay, the code's mode, distances between policies.
    @Test func everyKindOfRunGoesOnFromItsCheckpoint() throws {
        let spec = try EnvironmentSpec.named("InvertedPendulum-v5"), queue = try Queue(Device.named("cpu"))
        for (learner, mode, pairing) in [
            (LearnerKind.td3, ERLMode.faithful, Pairing.distance), (.ddpg, .faithful, .fitness), (.td3, .default, .mix)
        ] {
            var config = Self.config([.pderl, .erl])
            (config.learner, config.mode, config.pairing, config.totalSteps, config.updatesPerStep) = (
                learner, mode, pairing, 1 << 20, 0.07
            )
            let erl = try ERL(config, spec, seeds: [5, 6], on: queue),
                other = try ERL(config, spec, seeds: [5, 6], on: queue)
            for _ in 0..<2 { _ = try erl.step() }
            let state = try JSONDecoder().decode(ERL.State.self, from: JSONEncoder().encode(erl.state))
            try other.restore(erl.saved(), state, at: erl.generation)
            for _ in 0..<2 {
                #expect(try other.step() == erl.step())
                #expect(try Self.words(other) == Self.words(erl), "\(learner), \(mode), \(pairing)")
            }
        }
    }

    // Both critics learn the reward and the smaller of both targets' values of where the target actor would go.
    @Test(arguments: Backend.available) func bothCriticsLearnTheSmallerTarget(backend: Backend) throws {
        let queue = try backend.makeQueue(), members = 2, b = 7,
            actor = Policy.erl(observations: 3, actions: 2, hidden: [9]),
            critic = CriticNetwork(observations: 3, actions: 2, first: 8, second: 10)
        let streams = try queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: members), [members, 4]),
            steps = try queue.tensor([0, 0] as [UInt32])
        let td3 = try TD3(
            actor, critic, members: members, batch: b, delay: 2, noise: 0, noiseLimit: 0, streams: streams, on: queue)
        try td3.start()
        var rng = SeededGenerator(seed: 5)
        func fill(_ tensor: Tensor, _ layout: ParameterLayout) throws {
            try tensor.write((0..<members).flatMap { _ in layout.pack(rng.uniform(layout.parameterCount)) })
        }
        for network in td3.networks {
            for tensor in [network.online, network.target] {
                try fill(tensor, network.name == "actor" ? actor.layout : critic.layout)
            }
        }
        let gamma: [Float] = [0.9, 0.5], reward = rng.uniform(members * b),
            done = (0..<members * b).map { Float($0 % 3 == 0 ? 1 : 0) }
        try td3.gamma.write(gamma)
        // rates are zero: nothing moves
        for optimiser in td3.optimisers { try optimiser.active.write([1, 1] as [Int32]) }
        let batch = try TransitionBatch(members: members, rows: b, observations: 3, actions: 2, on: queue)
        for (tensor, width) in [(batch.states, 3), (batch.actions, 2), (batch.nextStates, 3)] {
            try tensor.write(rng.uniform(members * b * width))
        }
        try batch.rewards.write(reward)
        try batch.done.write(done)
        try td3.update(batch, number: 0, before: [0, 0], steps: steps, members: members)
        let losses: [Float] = try td3.criticLosses.read()  // of the second critic, the last one

        let policy = try MLPWorkspace(actor.mlp, members: members, rows: b, backward: false, on: queue),
            value = try CriticWorkspace(critic, members: members, rows: b, backward: false, on: queue)
        func values(_ parameters: Tensor, _ states: Tensor, _ actions: Tensor) throws -> [Float] {
            try value.forward(state: MatrixView(states), action: MatrixView(actions), parameters: parameters, on: queue)
            return try value.output.read()
        }
        try policy.forward(MatrixView(batch.nextStates), parameters: td3.targetActorParameters, on: queue)
        let
            (first, second) = try (
                values(td3.targetCritics[0], batch.nextStates, policy.output),
                values(td3.targetCritics[1], batch.nextStates, policy.output)
            ), q = try values(td3.critics[1], batch.states, batch.actions)
        #expect(zip(first, second).contains { $0 < $1 } && zip(first, second).contains { $0 > $1 })
        for i in 0..<members * b {
            let error =
                Double(q[i])
                - (Double(reward[i]) + Double(gamma[i / b]) * (1 - Double(done[i])) * Double(min(first[i], second[i])))
            #expect(abs(Double(losses[i]) - error * error) < 1e-5 * max(1, error * error), "row \(i) on \(backend)")
        }
    }

    // Noise on target actions: normal, cut at its limit, and the action at its own; padding stays what it was.
    @Test(arguments: Backend.available) func targetActionsAreSmoothed(backend: Backend) throws {
        let queue = try backend.makeQueue(), members = 2, rows = 401, a = 3, pitch = 16
        let streams = try queue.tensor(Queue.streamWords(seeds: [9], membersPerRun: members), [members, 4]),
            steps = try queue.tensor([0, 4] as [UInt32])
        let plain: [Float] = (0..<members * rows * a).map { $0 % a == 2 ? 0.9 : 0 },
            actions = try queue.tensor(plain, [members, rows, a], padded: true)
        #expect(actions.pitch == pitch)
        try queue.launch(
            "smooth_target_actions", over: [(rows * pitch + 4 * queue.lanes - 1) / (4 * queue.lanes), members], streams,
            steps, actions, Int32(members), Int32(rows * pitch), Int32(a), Int32(pitch),
            Float(0.2), Float(0.5), UInt32(3), RandomPurpose("TD3N").rawValue)
        let padding: [Float] = try actions.withoutPadding.read(), moved: [Float] = try actions.read()
        #expect(padding.indices.allSatisfy { $0 % pitch < a || padding[$0] == 0 })
        let free = moved.indices.filter { $0 % a < 2 }.map { Double(moved[$0]) },
            edge = moved.indices.filter { $0 % a == 2 }.map { moved[$0] }
        let mean = free.reduce(0, +) / Double(free.count),
            deviation = (free.reduce(0) { $0 + $1 * $1 } / Double(free.count) - mean * mean).squareRoot()
        // 1,604 numbers: 0.005 and 0.0035 are their standard errors; 1.2 % of them are cut.
        #expect(abs(mean) < 0.02 && abs(deviation - 0.1965) < 0.014, "mean \(mean), deviation \(deviation)")
        #expect(free.allSatisfy { abs($0) <= 0.5 } && (5...40).contains(free.count { abs($0) == 0.5 }))
        #expect(
            edge.allSatisfy { $0 <= 1 } && edge.contains(1) && edge.contains { $0 < 0.6 }
                && Set(moved[..<(rows * a)]) != Set(moved[(rows * a)...]))
    }

    // A first generation is the same whatever the variant, and so is who has to make room for a child.
    @Test func childrenAreCountedRatherThanCouples() throws {
        var config = Self.config([.erl, .pderl])
        (config.population, config.eliteFraction, config.updatesPerStep, config.testEpisodes, config.trials) = (
            10, 0.1, 0, 0, 1
        )
        let seeds: [UInt64] = [1, 2, 3],
            erl = try ERL(
                config, EnvironmentSpec.named("InvertedPendulum-v5"), seeds: seeds, on: Queue(Device.named("cpu")))
        let counts = try erl.step().map { $0!.children }
        #expect(counts[..<3] == counts[3...] && counts.contains { $0 > 1 }, "\(counts)")
    }

    @Test func theModeIsAnOptionOfLearnersAloneToo() throws {
        let folder = try TemporaryFolder()
        for algorithm in ["ddpg", "td3"] {
            let process = try ChildProcess([
                "train", algorithm, "--env", "Pendulum-v1", "--set", "mode=faithful", "--device", "cpu",
                "--eval-episodes",
                "0", "--set", "total_steps=1", "--out", folder(algorithm).path
            ])
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try folder.text("\(algorithm)/config.yaml").contains("mode: faithful"))
        }
    }

    // What a run leaves behind is the learner as it is, not as it played its last episode.
    @Test(arguments: [2, 3]) func theLearnerAmongThePoliciesIsTheTrainedOne(population: Int) throws {
        var config = Self.config([.pderl])
        (config.population, config.updatesPerStep, config.testEpisodes) = (population, 0.02, 0)
        let erl = try ERL(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2], on: Queue(Device.named("cpu")))
        let first: [Float] = try erl.learner.actorParameters.read()
        _ = try erl.step()
        let all: [Float] = try erl.actors.read(), trained: [Float] = try erl.learner.actorParameters.read(),
            n = erl.actors.pitch
        for run in 0..<2 {
            let row = Array(all[(run * erl.policies + population) * n..<(run * erl.policies + population + 1) * n])
            #expect(row == Array(trained[run * n..<(run + 1) * n]) && row != Array(first[run * n..<(run + 1) * n]))
        }
    }

    // Bursts of 5 updates: the 12th is the third generation's second, whatever a generation's own numbers are.
    @Test func theDelayCountsAllUpdates() throws {
        var config = OffPolicyConfig.td3()
        (
            config.actorHidden, config.criticHidden, config.batchSize, config.replayMemory, config.warmupSteps,
            config.updatesPerStep
        ) = ([8], [8, 8], 10, 1000, 0, 0.025)
        (config.policyDelay, config.testEpisodes) = (12, 0)
        let td3 = try OffPolicy(
            config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        let learner = td3.learning.learner
        func words() throws -> [[Float]] {
            try learner.networks.map { try $0.target.read() } + [learner.actorParameters.read()]
        }
        let first = try words()
        var moved: [Bool] = []
        for _ in 0..<5 { _ = try td3.step(); moved.append(try words() != first) }
        #expect(td3.learning.updates == [25] && moved == [false, false, true, true, true])
    }

    // What the host reads: the episodes, the tests, the learner's losses, and of each of its optimisers the refused
    // steps.
    @Test(arguments: Backend.available) func aGenerationAllocatesNothingAndReadsFitnessAndLogFiguresOnly(
        backend: Backend
    ) throws {
        var config = Self.config([.pderl])
        (config.trials, config.updatesPerStep, config.totalSteps) = (1, 0.05, 1 << 20)
        let queue = try backend.makeQueue(),
            erl = try ERL(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1, 2], on: queue)
        _ = try erl.step()
        let before = queue.counts
        var phases: [String: Int] = [:], last = before.launches
        erl.afterPhase = { phase in (phases[phase], last) = (queue.counts.launches - last, queue.counts.launches) }
        let figures = try erl.step(), after = queue.counts
        #expect(after.allocations == before.allocations)
        // Who is done is asked after every 32 of 200 steps, of either evaluator.
        let looks = 2 * (200 / Evaluator.stride)
        #expect(after.readBacks - before.readBacks == looks + 1 + 1 + 1 + 2)
        // Per step three layers, act, environment, record; in front two kinds of noise and a reset, behind both
        // memories.
        let layers = queue.lanes == 1 ? 5 : 3  // one lane: a normalised layer takes two launches
        #expect(phases["episodes"] == 2 + 1 + 200 * (layers + 3) + 2 + 2)
        #expect(phases["tests"] == 1 + 1 + 200 * (layers + 2))
        #expect(figures.allSatisfy { $0?.updates == 60 })
        // Drawn and gathered; target actor and critic, critic, its error, its gradients and step; actor, critic,
        // gradients through the critic and of the actor, its step; the targets move in the steps' own launches. One
        // lane: seven normalised layers twice. Local form: bias sums of 17 x 18 and 38 x 21.
        let update =
            2 + (3 + 4 + 4 + 1 + 12 + 3) + (3 + 4 + 7 + 11 + 3) + (queue.lanes == 1 ? 7 : 0)
            + (queue.matrixForm == .local ? 2 : 0)
        #expect(phases["learner"] == 60 * update + 1)  // and its row among the policies
    }

    @Test func memoriesHoldWhatWasPlayed() throws {
        var config = Self.config([.pderl])
        (config.population, config.trials, config.geneticMemory, config.testEpisodes) = (2, 2, 500, 0)
        let queue = try Queue(Device.named("cpu")), spec = try EnvironmentSpec.named("Pendulum-v1"),
            erl = try ERL(config, spec, seeds: [3], on: queue)
        let before: [Float] = try erl.actors.read()
        _ = try erl.step()
        // The run's memory: both members' two episodes, then the learner's one, each in the order of time.
        let width = erl.replay.width, counts: [Int32] = try erl.replay.counts.read()
        #expect(counts == [1000] && erl.frames == [1000])
        let rows: [Float] = try erl.replay.rows.read(elements: 0..<1000 * width)
        func row(_ t: Int) -> ArraySlice<Float> { rows[t * width..<(t + 1) * width] }
        for t in 0..<1000 where t % 200 != 199 {
            #expect(
                Array(row(t).dropFirst(4).prefix(3)) == Array(row(t + 1).prefix(3)),
                "step \(t) does not lead to the next")
        }
        #expect(
            (0..<1000).allSatisfy { row($0).last == 0 },
            "Pendulum ends by its time limit alone, after which values go on")
        // Members act by their networks; the learner's actions are off by the noise.
        let forward = try MLPWorkspace(erl.actor.mlp, members: 1, rows: 1000, backward: false, on: queue)
        for (member, part) in [(0, 0..<400), (1, 400..<800), (2, 800..<1000)] {
            let parameters = try queue.tensor(
                Array(before[member * erl.actors.pitch..<(member + 1) * erl.actors.pitch]), [1, erl.actors.pitch])
            try forward.forward(MatrixView(queue.tensor(rows, [1, 1000, width])), parameters: parameters, on: queue)
            let actions: [Float] = try forward.output.read(),
                gaps = part.map { abs(actions[$0] - row($0)[row($0).startIndex + 3]) }
            if member < 2 { #expect(gaps.max()! == 0) } else { #expect(gaps.max()! > 0.05 && gaps.max()! < 1) }
        }
    }

    @Test func theTimeLimitMasksInFaithfulModeOnly() throws {
        for mode in ERLMode.allCases {
            var config = Self.config([.pderl])
            config.mode = mode
            let erl = try ERL(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [3], on: Queue(Device.named("cpu")))
            _ = try erl.step()
            let rows: [Float] = try erl.replay.rows.read(elements: 0..<2200 * erl.replay.width)
            #expect((0..<2200).count { rows[($0 + 1) * erl.replay.width - 1] == 1 } == (mode == .faithful ? 11 : 0))
        }
    }

    @Test(arguments: ["ddpg", "td3"]) func aLearnerAloneSolvesInvertedPendulum(algorithm: String) throws {
        let spec = try EnvironmentSpec.named("InvertedPendulum-v5")
        var config = try OffPolicy.config(algorithm, for: spec)
        (config.actorHidden, config.criticHidden, config.batchSize, config.totalSteps) = (
            [32, 32], [32, 64], 64, 30_000
        )
        let learner = try OffPolicy(config, spec, seeds: [1], on: Queue(Device.named("cpu")))
        var best = 0.0
        while !learner.isDone, best <= 500 { best = max(best, try learner.step()[0]?.test ?? 0) }
        #expect(best > 500, "held the pole for \(best) steps of 1000 at best")  // at random for about 6
    }

    @Test(arguments: [
        ("sync_period=0", "sync_period"), ("elite_fraction=1", "elite_fraction"),
        ("replay_memory=100", "replay_memory"), ("replay_memory=640", "replay_memory"),
        ("distillation_learning_rate=0", "distillation_learning_rate"),
        ("distillation_epochs=100001", "distillation_epochs"), ("genetic_memory=100", "genetic_memory"),
        ("population=1", "population"),
        ("variants=[]", "variants"), ("variants=[pderl, pderl]", "variants"), ("tau=[0.1, 0.2]", "tau"),
        ("gamma=1.5", "gamma"), ("critic_hidden=[200]", "critic_hidden"), ("trials=0", "trials"), ("mode=fast", "mode"),
        ("noise=pink", "noise")
    ])
    func aSettingThatCannotBeIsNamed(setting: String, key: String) throws {
        let error = #expect(throws: RunError.self) {
            _ = try AlgorithmSpec.named("pderl").config(for: nil, overrides: [setting])
        }
        #expect(error?.description.contains(key) == true, "\(error?.description ?? "")")
    }

    /// What the algorithm or the other settings leave unread is not taken in silence; a file may hold it, as a run's
    /// own does.
    @Test func aSettingThatNothingReadsIsRefused() throws {
        func merge(_ algorithm: String, _ overrides: String...) throws {
            _ = try AlgorithmSpec.named(algorithm).config(for: nil, overrides: overrides)
        }
        expectRefusal("policy_delay is set (policy_delay=3), but only learner=td3 reads it; leave it out") {
            try merge("pderl", "policy_delay=3")
        }
        expectRefusal("noise_theta is set (noise_theta=0.1), but only noise=ou reads it; leave it out") {
            try merge("td3", "noise_theta=0.1")
        }
        expectRefusal("pairing is set (pairing=mix), but only derl and pderl read it; leave it out") {
            try merge("perl", "pairing=mix")
        }
        try merge("perl", "variants=[perl, derl]", "pairing=mix")
        try merge("pderl", "trials=3", "genetic_memory=900", "noise_theta=0.1")
        try merge("pderl", "policy_delay=3", "learner=td3")
        try merge("td3", "policy_delay=3", "noise_sigma=0.3")
        let folder = try TemporaryFolder()
        try Configuration.yaml(OffPolicyConfig.td3()).write(
            to: folder("all.yaml"), atomically: true, encoding: .utf8)
        _ = try AlgorithmSpec.named("td3").config(for: nil, file: folder("all.yaml"), overrides: ["learner=ddpg"])
    }

    @Test func discreteTasksAndMemoryThatDoesNotFitAreRefused() throws {
        let queue = try Queue(Device.named("cpu"))
        let discrete = #expect(throws: RunError.self) {
            try ERL(Self.config(), EnvironmentSpec.named("CartPole-v1"), seeds: [1], on: queue)
        }
        #expect(discrete?.description.contains("CartPole-v1 has discrete actions") == true)
        var config = Self.config()
        config.replayMemory = 1 << 29
        let large = #expect(throws: DeviceError.self) {
            try ERL(config, EnvironmentSpec.named("Pendulum-v1"), seeds: Array(1...1000), on: queue)
        }
        #expect(
            large?.description.contains("lower replay_memory") == true && large?.description.contains("MiB") == true)
        (config.replayMemory, config.testEpisodes) = (5000, 1 << 28)
        let long = #expect(throws: DeviceError.self) {
            try ERL(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: queue)
        }
        #expect(long?.description.contains("test_episodes") == true)
        var learner = OffPolicyConfig()
        learner.testEpisodes = 1 << 28
        let alone = #expect(throws: DeviceError.self) {
            try OffPolicy(learner, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: queue)
        }
        #expect(
            alone?.description.contains("test_episodes") == true && alone?.description.contains("population") == false)
        #expect(queue.counts.allocations == 0)
    }

    @Test func tasksHaveThePapersSettings() throws {
        func config(_ algorithm: String, _ task: String, _ mode: ERLMode = .default) throws -> ERLConfig {
            let config = try AlgorithmSpec.named(algorithm).config(
                for: EnvironmentSpec.named(task), overrides: ["mode=\(mode.rawValue)"])
            return try #require(config as? ERLConfig)
        }
        let walker = try config("pderl", "Walker2d-v5"), ant = try config("derl", "Ant-v5"),
            swimmer = try config("perl", "Swimmer-v5"), cheetah = try config("pderl", "HalfCheetah-v5")
        #expect((walker.elites, walker.trials, walker.syncPeriod, walker.totalSteps) == (2, 5, 1, 6_000_000))
        #expect((ant.elites, ant.trials, ant.syncPeriod, ant.mutationMagnitude) == (2, 1, 1, 0.01))
        #expect(
            (swimmer.elites, swimmer.trials, swimmer.syncPeriod, swimmer.totalSteps, swimmer.mutationMagnitude) == (
                1, 1, 10, 2_000_000, 0.1
            ))
        #expect((cheetah.elites, cheetah.trials, cheetah.syncPeriod, cheetah.totalSteps) == (1, 1, 10, 6_000_000))
        let hopper = try config("erl", "Hopper-v5", .faithful)
        #expect((hopper.elites, hopper.trials) == (3, 5))
        #expect(try config("erl", "Hopper-v5").elites == 2)
    }
}
