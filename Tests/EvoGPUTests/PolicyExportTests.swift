import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct PolicyExportTests {
    /// A finished run of two seeds with members of its own sizes, and its folder.
    private func trained(_ env: String, in folder: TemporaryFolder, normalised: Bool = true) throws -> TrainedPopulation
    {
        let path = folder("run"), queue = try Queue(Device.named("cpu"))
        var config = PPOTests.config()
        (config.totalSteps, config.normaliseObservations, config.hidden) = (120, normalised, [5, 7])
        _ = try TrainingRun(
            PPO.self, EnvironmentSpec.named(env), config: config, seeds: [4, 9], path: path, on: queue
        ).train { _ in }
        return try TrainedPopulation(path, on: queue)
    }

    /// The exported network in Double, before what the action's kind makes of it.
    private func output(_ observation: [Double], _ arrays: [NamedArray], _ metadata: [String: String]) throws
        -> [Double]
    {
        func array(_ name: String) throws -> [Double] {
            try #require(arrays.first { $0.name == name }).values(as: Float.self).map(Double.init)
        }
        var x = observation
        if metadata["observation_normalised"] == "true" {
            let (mean, variance) = try (array("observation.mean"), array("observation.variance"))
            let epsilon = try #require(Double(metadata["observation_epsilon"]!)),
                clip = try #require(Double(metadata["observation_clip"]!))
            x = zip(x.indices, x).map { min(max(($1 - mean[$0]) / (variance[$0] + epsilon).squareRoot(), -clip), clip) }
        }
        let sizes = try JSONDecoder().decode([Int].self, from: Data(metadata["layer_sizes"]!.utf8))
        for layer in 0..<sizes.count - 1 {
            let (w, b) = try (array("policy.\(layer).weight"), array("policy.\(layer).bias"))
            x = (0..<sizes[layer + 1]).map { o in
                let y = b[o] + (0..<sizes[layer]).reduce(0) { $0 + w[o * sizes[layer] + $1] * x[$1] }
                return layer < sizes.count - 2 ? tanh(y) : y
            }
        }
        return x
    }

    @Test(arguments: [("Pendulum-v1", true), ("MountainCarContinuous-v0", false), ("CartPole-v1", true)])
    func theExportedPolicyPlaysTheSameEpisode(env: String, normalised: Bool) throws {
        let folder = try TemporaryFolder(), population = try trained(env, in: folder, normalised: normalised),
            spec = population.saved.spec
        for member in try population.members([.number(1)], seed: nil, episodes: 0) {
            let (arrays, metadata) = try population.exported(member)
            // One episode by hand: the exported policy in Double, our environment on the device, from the start state
            // that `evaluate` gives.
            let queue = try Queue(Device.named("cpu")), streams = try queue.tensor([3, 0, 0, 1] as [UInt32], [1, 4])
            let environment = try VectorEnvironment(
                spec, members: 1, environmentsPerMember: 1, streams: streams, queue: queue)
            let reward = try queue.tensor(.float32, [1, 1]), terminated = try queue.tensor(.int32, [1, 1]),
                truncated = try queue.tensor(.int32, [1, 1])
            let next = try queue.tensor(.float32, [1, spec.observationCount], padded: true),
                action = try queue.tensor(.float32, [1, 1])
            try environment.reset(step: 0)
            var total = 0.0, steps = 0
            repeat {
                let x = try output(environment.observations.read(as: Float.self).map(Double.init), arrays, metadata)
                switch spec.action {
                case .discrete: try action.write([Float(x.indices.max { x[$0] < x[$1] }!)])
                case .box(let low, let high):
                    try action.write([low[0] + (min(max(Float(x[0]), -1), 1) + 1) / 2 * (high[0] - low[0])])
                }
                steps += 1
                try environment.step(
                    actions: action, reward: reward, terminated: terminated, truncated: truncated,
                    nextObservation: next, T: 1, t: 0, autoReset: false, step: UInt32(steps))
                total += Double(try reward.read(as: Float.self)[0])
            } while try terminated.read(as: Int32.self)[0] + truncated.read(as: Int32.self)[0] == 0
            let want = try population.evaluate(episodes: 1, seed: 3)[member.row]
            #expect(steps == want.lengths[0])
            // Double beside float32 over 200 to 999 steps of stable tasks; another member's return differs by far more.
            #expect(
                abs(total - want.returns[0]) < 1e-4 * (1 + abs(want.returns[0])),
                "seed \(member.seed): \(total), wanted \(want.returns[0])")
            #expect(metadata["env"] == env && metadata["seed"] == "\(member.seed)" && metadata["member"] == "1")
            #expect(arrays.contains { $0.name == "policy.log_std" } == (env != "CartPole-v1"))
            #expect(!arrays.contains { $0.name.hasPrefix("value") })
            #expect(metadata["return_mean"] == nil)
        }
    }

    @Test func theBestIsTheOneThatEvaluationChooses() throws {
        let folder = try TemporaryFolder(), population = try trained("Pendulum-v1", in: folder)
        let best = try population.evaluateBest(episodes: 4, seed: 1)
        for entry in best {
            let member = try population.member(.best, seed: entry.seed, episodes: 4)
            #expect(member.number == entry.member && member.seed == entry.seed && member.result == entry.result)
            let (_, metadata) = try population.exported(member)
            #expect(Double(metadata["return_mean"]!) == entry.result.mean && metadata["return_episodes"] == "4")
        }
        let chosen = try population.members([.best, .number(0), .number(1)], seed: nil, episodes: 4)
        #expect(chosen.map(\.seed) == [4, 4, 9, 9] && Set(chosen.map(\.row)).count == 4)
        #expect(best.contains { try! population.member(.best, seed: nil, episodes: 4).number == $0.member })
    }

    @Test func refusalsAreOneSentence() throws {
        let folder = try TemporaryFolder(), population = try trained("Pendulum-v1", in: folder)
        expectRefusal("there is no run of seed 5 in FOLDER/run; accepted: 4, 9", in: folder) {
            _ = try population.member(.best, seed: 5, episodes: 1)
        }
        expectRefusal("there is no member 3 in FOLDER/run; accepted: best, or 0 to 2", in: folder) {
            _ = try population.member(.number(3), seed: 4, episodes: 0)
        }
        expectRefusal("FOLDER/run has a member 1 for each of 2 seeds; choose one by its seed: 4, 9", in: folder) {
            _ = try population.member(.number(1), seed: nil, episodes: 0)
        }
        expectRefusal(
            """
            the best member is chosen by playing, and no episodes are asked for; accepted: at least 1, or a member's \
            number
            """
        ) { _ = try population.member(.best, seed: 4, episodes: 0) }
        expectRefusal("--member is -1; accepted: best, or a whole number from 0") {
            _ = try MemberChoice("-1", option: "--member")
        }
        expectRefusal("--member is first; accepted: best, or a whole number from 0") {
            _ = try MemberChoice("first", option: "--member")
        }
    }

    @Test func theProgramExports() throws {
        let folder = try TemporaryFolder(), population = try trained("Pendulum-v1", in: folder),
            out = folder("policy.safetensors")
        func export(_ arguments: String...) throws -> Int32 {
            try ChildProcess(["export", folder("run").path, "--device", "cpu", "--out", out.path] + arguments)
                .terminationStatus
        }
        #expect(try export("--member", "1", "--seed", "9", "--episodes", "0") == 0)
        let (arrays, metadata) = try Safetensors.read(out)
        let want = try population.exported(population.member(.number(1), seed: 9, episodes: 0))
        #expect(
            arrays.sorted { $0.name < $1.name } == want.arrays.sorted { $0.name < $1.name } && metadata == want.metadata
        )
        #expect(try export("--episodes", "2") == 0)
        #expect(try Safetensors.read(out).metadata["return_episodes"] == "2")
        #expect(try export("--format", "onnx") == 64)
        #expect(try export("--member", "none") == 64)
        #expect(try export("--member", "7", "--seed", "4") == 1)
        #expect(try ChildProcess(["export", folder("nowhere").path, "--out", out.path]).terminationStatus == 1)
        #expect(
            try ChildProcess([
                "export", folder("run").path, "--device", "cpu", "--episodes", "1", "--out",
                folder("no/such/folder/x").path
            ]).terminationStatus == 1)
    }
}
