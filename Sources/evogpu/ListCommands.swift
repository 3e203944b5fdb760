import ArgumentParser
import EvoGPU
import GPUTensor

struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Lists every device that kernels can run on.")
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        let id, name, vendor, platform, driver: String, compute_units, memory_bytes, local_memory_bytes,
            preferred_lanes: Int, gpu: Bool, unusable: String?
    }

    func run() throws {
        let devices = Device.all()
        if json {
            return try printJSON(
                devices.map {
                    Row(
                        id: $0.identifier, name: $0.name, vendor: $0.vendor, platform: $0.platform, driver: $0.driver,
                        compute_units: $0.computeUnits, memory_bytes: $0.memoryBytes,
                        local_memory_bytes: $0.localMemoryBytes, preferred_lanes: $0.preferredLanes, gpu: $0.isGPU,
                        unusable: $0.unusable)
                })
        }
        for device in devices {
            print("\(device.identifier): \(device.name)")
            print("    \(device.vendor), \(device.platform), \(device.driver)")
            print(
                """
                    \(device.computeUnits) compute units, \(device.memoryBytes >> 20) MiB, \
                \(device.localMemoryBytes >> 10) KiB of local memory, \(device.preferredLanes) lanes
                """
            )
            if let reason = device.unusable { print("    can't be used: \(reason)") }
        }
        if devices.count == 1 { print("No OpenCL device is installed; the CPU backend serves.") }
    }
}

struct EnvsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "envs", abstract: "Lists the environments.")
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        let name, summary, action: String, observations, actions, time_limit: Int, solved_return: Double?
    }

    func run() throws {
        let rows = EnvironmentSpec.all.map { spec in
            var action = "continuous"
            if case .discrete = spec.action { action = "discrete" }
            let count: Int =
                switch spec.action {
                case .discrete(let count): count
                case .box(let low, _): low.count
                }
            return Row(
                name: spec.name, summary: spec.summary, action: action, observations: spec.observationCount,
                actions: count, time_limit: spec.timeLimit, solved_return: spec.solvedReturn)
        }
        if json { return try printJSON(rows) }
        for row in rows {
            print("\(row.name): \(row.summary)")
            print(
                """
                    \(row.observations) observations, \(row.actions) \(row.action) \
                action\(row.actions == 1 ? "" : "s"), \(row.time_limit) steps at \
                most\(row.solved_return.map { ", solved at \($0)" } ?? "")
                """
            )
        }
    }
}

struct AlgorithmsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "algorithms",
        abstract: "Lists the algorithms; with a name, its settings with their meanings and defaults.")
    @Argument(help: "An algorithm.") var name: String?
    @Flag(help: "Its columns of metrics.csv instead.") var metrics = false
    @Flag(help: "Print JSON.") var json = false

    private struct Metric: Encodable { let name, meaning: String }
    private struct Row: Encodable {
        let algorithm: AlgorithmSpec
        enum CodingKeys: CodingKey { case name, summary, settings, metrics }

        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(algorithm.name, forKey: .name)
            try keys.encode(algorithm.summary, forKey: .summary)
            try keys.encode(algorithm.settings, forKey: .settings)
            try keys.encode(algorithm.metrics.map { Metric(name: $0.name, meaning: $0.meaning) }, forKey: .metrics)
        }
    }

    func run() throws {
        let algorithms = try name.map { name in [try usage { try AlgorithmSpec.named(name) }] } ?? AlgorithmSpec.all
        if metrics && name == nil {
            try usage { throw RunError("--metrics is given without an algorithm; name one, such as ppo") }
        }
        if json { return try printJSON(algorithms.map { Row(algorithm: $0) }) }
        for algorithm in algorithms {
            print("\(algorithm.name): \(algorithm.summary)")
            if metrics {
                for metric in algorithm.metrics { print("\(metric.name): \(metric.meaning)") }
            } else if name != nil {
                print(try Configuration.described(algorithm.defaults), terminator: "")
            }
        }
    }
}
