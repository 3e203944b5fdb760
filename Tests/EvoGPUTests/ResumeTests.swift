import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ResumeTests {
    static let settings = [
        "population=2", "environments=4", "rollout_steps=32", "batch_size=64", "epochs=2", "total_steps=20000",
        "checkpoint_every=3", "hidden=[16]", "value_hidden=[16]"
    ].flatMap { ["--set", $0] }

    private func files(_ run: URL, of algorithm: String) throws -> [Data] {
        try
            (["checkpoint/arrays.safetensors", "checkpoint/state.json", "metrics.csv"]
            + (algorithm == "gpo" ? ["records.jsonl", "visited.safetensors"] : []))
            .map { try Data(contentsOf: run.appendingPathComponent($0)) }
    }

    static let rounds = [
        "population=3", "environments=4", "rollout_steps=64", "batch_size=128", "epochs=4", "rounds=6",
        "total_steps=60000", "crossover_steps=32", "imitation_epochs=4", "lineage_episodes=1",
        "checkpoint_every=4", "hidden=[32]", "value_hidden=[16]", "kl_states=32"
    ].flatMap { ["--set", $0] }

    /// A generation of erl's is short beside its checkpoint, replay included; 12 generations, of which 10 are learned
    /// from.
    static let evolution = [
        "population=3", "trials=1", "sync_period=2", "actor_hidden=[16]", "critic_hidden=[16, 16]", "batch_size=20",
        "replay_memory=3000", "genetic_memory=500", "distillation_epochs=2",
        "test_episodes=1", "total_steps=9000", "checkpoint_every=1", "variants=[pderl, erl]"
    ].flatMap { ["--set", $0] }

    @Test(arguments: [
        ("ppo", "Pendulum-v1"), ("ppo", "CartPole-v1"), ("gpo", "Pendulum-v1"), ("pderl", "Pendulum-v1"),
        ("pderl", "InvertedPendulum-v5")
    ]) func killedAndResumedEndsInTheSameBytes(algorithm: String, environment: String) throws {
        let folder = try TemporaryFolder(), whole = folder.url.appendingPathComponent("whole"),
            killed = folder.url.appendingPathComponent("killed")
        let common =
            ["train", algorithm, "--env", environment, "--device", "cpu", "--eval-episodes", "0"]
            + (algorithm == "ppo" ? Self.settings : algorithm == "gpo" ? Self.rounds : Self.evolution)
        let first = try ChildProcess(common + ["--out", whole.path])
        first.waitUntilExit()
        #expect(first.terminationStatus == 0)

        // Killed as soon as there is the first checkpoint, of no iteration; then when it has gone on; then left to
        // finish.
        func state() -> Data? { try? Data(contentsOf: killed.appendingPathComponent("checkpoint/state.json")) }
        var process = try ChildProcess(common + ["--out", killed.path]), kills = 0, seen: Data?
        for _ in 0..<2 {
            let deadline = Date().addingTimeInterval(120)
            while state() == seen || state() == nil, process.isRunning, Date() < deadline { usleep(300) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL); kills += 1 }
            process.waitUntilExit()
            seen = state()
            process = try ChildProcess(["resume", killed.path, "--device", "cpu", "--eval-episodes", "0"])
        }
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(kills == 2, "the run was over before it could be killed twice")
        #expect(try files(killed, of: algorithm) == files(whole, of: algorithm))
    }

    @Test func policiesOfVariantsAreToldApart() throws {
        let folder = try TemporaryFolder(), path = folder.url.appendingPathComponent("run"),
            queue = try Queue(Device.named("cpu"))
        var config = ERLTests.config([.pderl, .erl])
        config.totalSteps = 1
        let run = try TrainingRun(
            ERL.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: [4, 9],
            path: path, on: queue)
        #expect(try run.train { _ in } && run.policies.count == 4 * 6 && run.runCount == 4)
        let population = try TrainedPopulation(path, on: queue)
        #expect(try population.member(.number(2), seed: 9, variant: "erl", episodes: 0).row == 3 * 6 + 2)
        #expect(
            try population.members([.number(5)], seed: nil, variant: "pderl", episodes: 0).map(\.label) == [
                "pderl seed 4", "pderl seed 9"
            ])
        #expect(throws: RunError.self) { _ = try population.member(.number(2), seed: 9, episodes: 0) }
        #expect(throws: RunError.self) { _ = try population.member(.number(2), seed: 9, variant: "derl", episodes: 0) }
        #expect(
            try FinalEvaluation(population, episodes: 1, seed: 1, totalSteps: 1, seconds: nil).runs.map(\.variant) == [
                "pderl", "pderl", "erl", "erl"
            ])
        // What is exported acts as the policy did.
        let (arrays, metadata) = try population.exported(
            population.member(.number(0), seed: 4, variant: "pderl", episodes: 0))
        #expect(
            arrays.map(\.name).prefix(4) == [
                "policy.0.weight", "policy.0.bias", "policy.0.norm.weight", "policy.0.norm.bias"
            ] && metadata["policy"] == "deterministic" && metadata["layer_norm"] == "erl")
    }

    @Test func aSecondProcessIsRefused() throws {
        let folder = try TemporaryFolder(), path = folder.url.appendingPathComponent("run"),
            queue = try Queue(Device.named("cpu"))
        let run = try TrainingRun(
            PPO.self, EnvironmentSpec.named("Pendulum-v1"), config: PPOTests.config(), seeds: [1],
            path: path, on: queue)
        let second = try ChildProcess(["resume", path.path, "--device", "cpu", "--eval-episodes", "0"])
        second.waitUntilExit()
        #expect(second.terminationStatus == 1)
        #expect(try run.train { _ in }, "the first process was disturbed")
    }

    @Test func aRunMovesBetweenBackends() throws {
        let folder = try TemporaryFolder(), spec = try EnvironmentSpec.named("Acrobot-v1")
        var config = PPOTests.config()
        (config.totalSteps, config.checkpointEvery) = (60 * 6, 3)
        func train(_ name: String, _ queues: [Queue]) throws -> [Data] {
            let path = folder.url.appendingPathComponent(name)
            var iterations = 0
            _ = try TrainingRun(PPO.self, spec, config: config, seeds: [4], path: path, on: queues[0]).train(
                shouldStop: { iterations >= 3 && queues.count > 1 }) { _ in iterations += 1 }
            if queues.count > 1 { #expect(try TrainingRun(resuming: path, on: queues[1]).train { _ in }) }
            return try files(path, of: "ppo")
        }
        let whole = try train("whole", [Queue(Device.named("cpu"))])
        for (index, backend) in Backend.available.enumerated() {
            #expect(
                try train("moved\(index)", [Queue(Device.named("cpu")), backend.makeQueue()]) == whole,
                "moved to \(backend)")
        }
    }

    @Test func aDamagedCheckpointIsRefused() throws {
        let folder = try TemporaryFolder(), path = folder.url.appendingPathComponent("run"),
            queue = try Queue(Device.named("cpu"))
        var config = PPOTests.config()
        config.totalSteps = 60
        _ = try TrainingRun(
            PPO.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: [1], path: path,
            on: queue
        ).train { _ in }
        let arrays = path.appendingPathComponent("checkpoint/arrays.safetensors"), good = try Data(contentsOf: arrays)

        func refusal() -> String {
            #expect(throws: RunError.self) { try TrainingRun(resuming: path, on: queue) }?.description ?? ""
        }
        try good.dropLast(5).write(to: arrays)
        #expect(refusal().contains("arrays.safetensors"))
        try good.write(to: arrays)
        // Another shape: more hidden units than the checkpoint has.
        let file = path.appendingPathComponent("config.yaml"), yaml = try String(contentsOf: file, encoding: .utf8)
        try yaml.replacing("total_steps: 60", with: "total_steps: 600").replacing("[17, 18]", with: "[40, 18]").write(
            to: file, atomically: true, encoding: .utf8)
        #expect(refusal().contains("networks"))
        try FileManager.default.removeItem(at: path.appendingPathComponent("checkpoint"))
        #expect(refusal().contains("checkpoint"))
    }
}
