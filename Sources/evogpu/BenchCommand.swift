import ArgumentParser
import EvoGPU
import GPUTensor

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures kernels, environments, or training with updates.")
    enum Subject: String, ExpressibleByArgument, CaseIterable { case kernels, envs, ppo, operators, gpo, pderl }
    @Argument(
        help:
            "What to measure: kernels, envs, ppo, the operators and updates of pderl, or where the time of gpo or pderl goes."
    ) var subject: Subject
    @Option(help: "With envs: only this environment; with gpo: which, HalfCheetah-v5 by default.") var env: String?
    @Option(help: "With gpo: environment steps of the run.") var steps = 8_000_000
    @Option(help: "With gpo: its rounds.") var rounds = 12
    @Option(help: "With gpo: gpo, single or joint.") var variant = GPOVariant.gpo
    @Option(help: "With pderl: variants in lock-step, separated by commas.") var variants = "pderl"
    @Option(help: "With pderl: seeds of each variant.") var seeds = 1
    @Option(help: "With pderl: generations, after a first one that is not counted.") var generations = 2
    @Option(name: .customLong("set"), parsing: .singleValue, help: "With pderl: a setting, key=value; may be repeated.")
    var settings: [String] = []
    @Option(help: "With operators: only this one; ddpg_update, distillation or proximal_mutation.") var only: String?
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print one JSON object per line.") var json = false
    @Flag(help: "Also time every launch and list the kernels by share; launches then don't overlap with the host.")
    var profile = false

    func run() throws {
        let queue = try device.queue(profiling: profile)
        let report: (Measurement) throws -> Void = { measurement in
            if json { return try printJSON(measurement, pretty: false) }
            let share = measurement.fractionOfPeak.map { ", \(decimal(100 * $0, 0)) % of the device's peak" } ?? ""
            print(
                "\(measurement.name) \(measurement.shapes): \(decimal(measurement.median * 1e6, 2)) us (p10 \(decimal(measurement.p10 * 1e6, 2)), p90 \(decimal(measurement.p90 * 1e6, 2)), \(decimal(measurement.cpu * 1e6, 2)) us of processors), \(decimal(measurement.rate, 1)) \(measurement.unit)\(share)"
            )
        }
        switch subject {
        case .kernels: try benchmarkKernels(on: queue, report: report)
        case .envs:
            try benchmarkEnvironments(
                env.map { name in try usage { try EnvironmentSpec.named(name) } }, on: queue, report: report)
        case .ppo: try benchmarkPPO(on: queue, report: report)
        case .operators: try benchmarkOperators(only: only, on: queue, report: report)
        case .gpo:
            let times = try benchmarkGPO(
                usage { try EnvironmentSpec.named(env ?? "HalfCheetah-v5") }, variant: variant, steps: steps,
                rounds: rounds, on: queue)
            try printPhases(times, "rounds")
        case .pderl:
            let (spec, config) = try usage {
                let spec = try EnvironmentSpec.named(env ?? "HalfCheetah-v5")
                guard
                    case .erl(let config) = try AlgorithmSpec.named("pderl").settings(for: spec).merged(
                        file: nil, overrides: ["variants=[\(variants)]"] + settings, seeds: seeds)
                else { preconditionFailure("pderl has other settings") }
                return (spec, config)
            }
            try printPhases(
                benchmarkERL(
                    config, spec, seeds: (0..<UInt64(seeds)).map { $0 + 1 }, generations: generations, on: queue),
                "generations")
        }
        guard profile else { return }
        let kernels = try queue.profile(), total = kernels.values.reduce(0) { $0 + $1.seconds }
        for (name, time) in kernels.sorted(by: { $0.value.seconds > $1.value.seconds }) {
            let share = 100 * time.seconds / total, each = 1e6 * time.seconds / Double(time.launches)
            print("\(decimal(share, 1)) % \(name): \(time.launches) launches, \(decimal(each, 2)) us each")
        }
    }

    private func printPhases(_ times: PhaseTimes, _ unit: String) throws {
        if json { return try printJSON(times, pretty: false) }
        print(
            "\(subject) on \(times.environment), \(times.population) policies, \(times.rounds) \(unit): \(times.steps) steps in \(decimal(times.total, 1)) s, \(Int(Double(times.steps) / times.total)) steps/s"
        )
        for (phase, seconds) in times.seconds.sorted(by: { $0.value > $1.value }) {
            print("    \(decimal(seconds, 1)) s  \(decimal(100 * seconds / times.total, 1)) %  \(phase)")
        }
    }
}

extension GPOVariant: ExpressibleByArgument {}
