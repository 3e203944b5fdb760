import ArgumentParser
import EvoGPU
import GPUTensor

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures kernels, environments, or an algorithm's training with updates.",
        discussion: """
            kernels, envs and operators (of erl to pderl) are measured by themselves; with an algorithm's name a run \
            is \
            trained without a folder, and it is said where the time goes.
            """)
    @Argument(help: "What to measure: kernels, envs, operators, or an algorithm.") var subject: String
    @Option(help: "The environment: with envs only this one, with an algorithm Pendulum-v1 by default.") var env:
        String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "With an algorithm: a setting, key=value; may be repeated.") var settings: [String] = []
    @Option(help: "With an algorithm: independent runs in lock-step.") var seeds = 1
    @Option(help: "With an algorithm: iterations after the first; by default as many as fit into four seconds.")
    var iterations: Int?
    @Flag(help: "With an algorithm: the whole run, its first iteration included.") var whole = false
    @Option(help: "With operators: only this one; ddpg_update, distillation or proximal_mutation.") var only: String?
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print one JSON object per line.") var json = false
    @Flag(help: "Also time every launch and list the kernels by share; launches then don't overlap with the host.")
    var profile = false

    func run() throws {
        let queue = try device.queue(profiling: profile)
        switch subject {
        case "kernels": try benchmarkKernels(on: queue, report: show)
        case "envs":
            try benchmarkEnvironments(
                env.map { name in try usage { try EnvironmentSpec.named(name) } }, on: queue, report: show)
        case "operators": try benchmarkOperators(only: only, on: queue, report: show)
        default: try training(on: queue)
        }
        guard profile else { return }
        let kernels = try queue.profile(), total = kernels.values.reduce(0) { $0 + $1.seconds }
        for (name, time) in kernels.sorted(by: { $0.value.seconds > $1.value.seconds }) {
            let share = 100 * time.seconds / total, each = 1e6 * time.seconds / Double(time.launches)
            print("\(decimal(share, 1)) % \(name): \(time.launches) launches, \(decimal(each, 2)) us each")
        }
    }

    private func show(_ measurement: Measurement) throws {
        if json { return try printJSON(measurement, pretty: false) }
        func us(_ seconds: Double) -> String { decimal(seconds * 1e6, 2) }
        let share = measurement.fractionOfPeak.map { ", \(decimal(100 * $0, 0)) % of the device's peak" } ?? ""
        print(
            """
            \(measurement.name) \(measurement.shapes): \(us(measurement.median)) us (p10 \(us(measurement.p10)), \
            p90 \(us(measurement.p90)), \(us(measurement.cpu)) us of processors), \(decimal(measurement.rate, 1)) \
            \(measurement.unit)\(share)
            """)
    }

    private func training(on queue: Queue) throws {
        let (task, algorithm, config) = try usage {
            guard seeds >= 1, seeds <= 100_000 else {
                throw RunError("--seeds is \(seeds); accepted: a whole number from 1 to 100000")
            }
            guard iterations.map({ $0 >= 1 }) ?? true else {
                throw RunError("--iterations is \(iterations!); accepted: a whole number from 1")
            }
            guard let algorithm = AlgorithmSpec.all.first(where: { $0.name == subject }) else {
                let names = ["kernels", "envs", "operators"] + AlgorithmSpec.all.map(\.name)
                throw RunError(
                    "there is nothing called \(subject) to measure; accepted: \(names.joined(separator: ", "))")
            }
            let task = try EnvironmentSpec.named(env ?? "Pendulum-v1")
            return (task, algorithm, try algorithm.config(for: task, overrides: settings, seeds: seeds))
        }
        let times = try benchmarkTraining(
            algorithm, task, config: config, seeds: (1...UInt64(seeds)).map { $0 },
            iterations: whole ? Int.max : iterations, warmsUp: !whole, on: queue)
        if json { return try printJSON(times, pretty: false) }
        print(
            """
            \(times.algorithm) on \(times.environment), \(times.policies) policies, \(times.iterations) iterations: \
            \(times.steps) steps in \(decimal(times.total, 1)) s, \(Int(times.stepsPerSecond)) steps/s; an iteration \
            \(decimal(1e3 * times.median, 1)) ms (\(decimal(1e3 * times.fastest, 1)) to \
            \(decimal(1e3 * times.slowest, 1)))
            """)
        for (phase, seconds) in times.phases.sorted(by: { $0.value > $1.value }) {
            print("    \(decimal(seconds, 1)) s  \(decimal(100 * seconds / times.total, 1)) %  \(phase)")
        }
    }
}
