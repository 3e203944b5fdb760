import EvoGPU
import Foundation
import GPUTensor
import Testing

/// What every algorithm promises, whatever it does. A new one gets these tests by being registered.
@Suite struct AlgorithmContractTests {
    @Test(arguments: AlgorithmSpec.all) func theSameSeedGivesTheSameBitsOnEveryBackend(_ spec: AlgorithmSpec) throws {
        try spec.type.checkBits(spec)
    }

    @Test(arguments: AlgorithmSpec.all) func runsInLockStepEqualRunsAlone(_ spec: AlgorithmSpec) throws {
        try spec.type.checkLockStep(spec)
    }

    @Test(arguments: AlgorithmSpec.all) func whatIsResumedEndsInTheSameBytes(_ spec: AlgorithmSpec) throws {
        try spec.type.checkResume(spec)
    }

    @Test(arguments: AlgorithmSpec.all) func nothingIsAllocatedAfterTheFirstIteration(_ spec: AlgorithmSpec) throws {
        try spec.type.checkCounts(spec)
    }

    @Test(arguments: AlgorithmSpec.all) func aBrokenRunTouchesNoOther(_ spec: AlgorithmSpec) throws {
        try spec.type.checkIsolation(spec)
    }

    /// Every setting says what it means and what it accepts, and what it does not accept is refused by its name.
    @Test(arguments: AlgorithmSpec.all) func settingsAreDeclaredAndChecked(_ spec: AlgorithmSpec) throws {
        let settings = spec.settings
        #expect(Set(settings.map(\.key)).count == settings.count && settings.count > 5)
        for setting in settings {
            #expect(setting.meaning.hasSuffix(".") && setting.meaning.count > 10, "\(setting.key)")
            #expect(!setting.accepted.isEmpty && setting.accepted != "any value of its type", "\(setting.key)")
            let error = #expect(throws: RunError.self, "\(setting.key) took a word that means nothing") {
                _ = try spec.config(for: nil, overrides: ["\(setting.key)=nonsense"])
            }
            #expect(error?.description.contains(setting.key) == true, "\(error?.description ?? "")")
            // What a number may be: -1e300 is beyond every range.
            #expect(throws: RunError.self, "\(setting.key) took -1e300") {
                _ = try spec.config(for: nil, overrides: ["\(setting.key)=-1e300"])
            }
        }
        let unknown = #expect(throws: RunError.self) { _ = try spec.config(for: nil, overrides: ["steps=1"]) }
        #expect(unknown?.description.contains("the nearest known key is \"total_steps\"") == true)
        // What `evogpu algorithms` prints is a file that gives the same settings.
        let folder = try TemporaryFolder(), file = folder("printed.yaml")
        try Configuration.described(spec.defaults).write(to: file, atomically: true, encoding: .utf8)
        let back = try spec.config(for: nil, file: file)
        #expect(try Configuration.yaml(back) == Configuration.yaml(spec.defaults))
    }

    @Test(arguments: AlgorithmSpec.all) func metricsAreDeclared(_ spec: AlgorithmSpec) throws {
        let metrics = spec.metrics, roles = metrics.compactMap(\.role)
        #expect(Set(metrics.map(\.name)).count == metrics.count)
        #expect(metrics.allSatisfy { $0.meaning.hasSuffix(".") && $0.name == settingName($0.name) })
        #expect(roles.contains(.run) && (roles.contains(.steps) || roles.contains(.memberSteps)))
        #expect(roles.contains(.best) || roles.contains(.episodeReturn), "nothing to plot")
    }

    private func settingName(_ name: String) -> String {
        name.filter { $0.isLowercase || $0.isNumber || $0 == "_" }
    }

    /// No file outside an algorithm's own folder tells algorithms apart. Verify's cases are those of reference data.
    @Test func nobodyElseKnowsAnAlgorithmByName() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let names = AlgorithmSpec.all.map(\.name).joined(separator: "|")
        let known = try Regex("case \\.(\(names))\\b|(==|case) \"(\(names))\"")
        var looked = 0
        for folder in ["EvoGPU", "evogpu"] {
            let walk = try #require(FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path))
            for case let path as String in walk
            where path.hasSuffix(".swift") && !path.hasPrefix("Algorithms/") && !path.hasPrefix("Verify/") {
                let file = root.appendingPathComponent(folder).appendingPathComponent(path)
                looked += 1
                for (number, line) in try String(contentsOf: file, encoding: .utf8).split(
                    separator: "\n", omittingEmptySubsequences: false
                ).enumerated() where line.contains(known) {
                    Issue.record("\(folder)/\(path):\(number + 1) knows an algorithm: \(line)")
                }
            }
        }
        #expect(looked > 50, "the sources were not found")
    }
}

extension AlgorithmSpec: CustomTestStringConvertible {
    public var testDescription: String { name }
}

// MARK: One run of each

extension Algorithm {
    /// Small values of the settings that algorithms have; each takes those that it knows.
    private static func small(_ spec: AlgorithmSpec) throws -> Config {
        let values = [
            "population": "4", "environments": "4", "rollout_steps": "16", "batch_size": "64", "epochs": "1",
            "hidden": "[9]", "value_hidden": "[7]", "actor_hidden": "[9]", "critic_hidden": "[8, 9]",
            "gate_hidden": "[7]", "rounds": "2", "recent_rollouts": "2", "crossover_environments": "2",
            "crossover_steps": "16", "dagger_passes": "1", "imitation_epochs": "1", "kl_states": "16",
            "lineage_episodes": "1", "replay_memory": "3000", "genetic_memory": "300",
            "distillation_batch_size": "16", "distillation_epochs": "1", "mutation_batch_size": "16",
            "test_episodes": "1", "updates_per_step": "0.02", "warmup_steps": "0", "sync_period": "1",
            "episodes": "1", "total_steps": "1536"
        ]
        let known = Set(spec.settings.map(\.key))
        let overrides = values.filter { known.contains($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
        return try #require(spec.config(for: nil, overrides: overrides, seeds: 1) as? Config)
    }

    private static var task: EnvironmentSpec { get throws { try EnvironmentSpec.named("Pendulum-v1") } }

    private static func make(_ spec: AlgorithmSpec, _ seeds: [UInt64], on queue: Queue) throws -> Self {
        try Self(small(spec), task, seeds: seeds, on: queue)
    }

    /// One iteration's metrics as they are written.
    private func written() throws -> [[String]] {
        try iterate().rows.map { row in Self.columns.map { $0.written(row) } }
    }

    /// The rows of one run's policies, bit by bit.
    private func policies(_ spec: AlgorithmSpec, ofRun run: Int, seeds: [UInt64]) throws -> [UInt32] {
        let set = try Self.policies(Self.small(spec), Self.task, seeds: seeds)
        let parameters = try #require(tensors.first { $0.name == "parameters" }).tensor
        let all: [Float] = try parameters.read(), size = all.count / set.runs.count
        return all[run * size..<(run + 1) * size].map(\.bitPattern)
    }

    static func checkBits(_ spec: AlgorithmSpec) throws {
        var expected: [String: NamedArray] = [:], rows: [[String]] = []
        for (index, backend) in Backend.available.enumerated() {
            let run = try make(spec, [7], on: backend.makeQueue())
            let now = try run.written() + run.written(), saved = try run.saved()
            if index == 0 { (expected, rows) = (saved, now) }
            #expect(now == rows, "metrics on \(backend)")
            #expect(saved.keys == expected.keys)
            for (name, array) in expected { #expect(saved[name] == array, "\(name) on \(backend)") }
        }
        let other = try make(spec, [8], on: Queue(Device.named("cpu")))
        _ = try other.written() + other.written()
        #expect(try other.saved()["parameters"] != expected["parameters"], "another seed gives the same policies")
    }

    static func checkLockStep(_ spec: AlgorithmSpec) throws {
        let queue = try Queue(Device.named("cpu")), seeds: [UInt64] = [3, 1 << 40 + 4]
        let together = try make(spec, seeds, on: queue)
        for _ in 0..<3 where !together.progress.isDone { _ = try together.iterate() }
        for (run, seed) in seeds.enumerated() {
            let alone = try make(spec, [seed], on: queue)
            for _ in 0..<3 where !alone.progress.isDone { _ = try alone.iterate() }
            #expect(
                try alone.policies(spec, ofRun: 0, seeds: [seed]) == together.policies(spec, ofRun: run, seeds: seeds),
                "seed \(seed)")
        }
    }

    static func checkResume(_ spec: AlgorithmSpec) throws {
        let queue = try Queue(Device.named("cpu")), whole = try make(spec, [3, 4], on: queue)
        _ = try whole.iterate()
        let arrays = try whole.saved(), state = try JSONEncoder().encode(whole.state)
        let resumed = try make(spec, [3, 4], on: queue)
        try resumed.restore(
            arrays, JSONDecoder().decode(State.self, from: state), at: whole.progress.iteration)
        #expect(resumed.progress == whole.progress)
        while !whole.progress.isDone, whole.progress.iteration < 4 {
            #expect(try resumed.written() == whole.written())
        }
        let (a, b) = try (whole.saved(), resumed.saved())
        #expect(a.keys == b.keys)
        for (name, array) in a { #expect(b[name] == array, "\(name)") }
        #expect(resumed.progress == whole.progress)
    }

    static func checkCounts(_ spec: AlgorithmSpec) throws {
        let queue = try Queue(Device.named("cpu")), run = try make(spec, [3], on: queue)
        _ = try run.iterate()
        let before = queue.counts
        _ = try run.iterate()
        let after = queue.counts
        #expect(after.allocations == before.allocations, "an iteration allocates")
        let recorded = try RecordedCounts.read()[spec.name]
        let now = RecordedCounts(
            launches: after.launches - before.launches, readBacks: after.readBacks - before.readBacks)
        #expect(recorded == now, "\(spec.name) \(now): if it is meant, change Fixtures/counts.json and say why")
    }

    static func checkIsolation(_ spec: AlgorithmSpec) throws {
        let queue = try Queue(Device.named("cpu")), seeds: [UInt64] = [3, 4]
        let clean = try make(spec, seeds, on: queue), broken = try make(spec, seeds, on: queue)
        let parameters = try #require(broken.tensors.first { $0.name == "parameters" }).tensor
        var rows: [Float] = try parameters.read()
        for at in 0..<rows.count / seeds.count { rows[at] = .nan }
        try parameters.write(rows)
        for _ in 0..<2 {
            _ = try clean.iterate()
            // All of a run's policies being broken may end the training with a sentence.
            do { _ = try broken.iterate() } catch is RunError { return }
        }
        #expect(
            try broken.policies(spec, ofRun: 1, seeds: seeds) == clean.policies(spec, ofRun: 1, seeds: seeds),
            "another run's NaN was seen")
    }
}

/// Launches and read-backs of the second iteration on the CPU backend, as they were recorded.
private struct RecordedCounts: Codable, Equatable, CustomStringConvertible {
    let launches: Int, readBacks: Int
    var description: String { "{\"launches\": \(launches), \"readBacks\": \(readBacks)}" }

    static func read() throws -> [String: RecordedCounts] {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/counts", withExtension: "json"))
        return try JSONDecoder().decode([String: RecordedCounts].self, from: Data(contentsOf: file))
    }
}
