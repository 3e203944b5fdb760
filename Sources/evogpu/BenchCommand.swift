import ArgumentParser
import EvoGPU
import GPUTensor

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench", abstract: "Measures kernels, environments, or training with updates.")
    enum Subject: String, ExpressibleByArgument, CaseIterable { case kernels, envs, ppo }
    @Argument(help: "What to measure: kernels, envs or ppo.") var subject: Subject
    @Option(help: "With envs: only this environment.") var env: String?
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print one JSON object per line.") var json = false
    @Flag(help: "Also time every launch and list the kernels by share; launches then don't overlap with the host.") var profile = false

    func run() throws {
        let queue = try device.queue(profiling: profile)
        let report: (Measurement) throws -> Void = { measurement in
            if json { return try printJSON(measurement, pretty: false) }
            let share = measurement.fractionOfPeak.map { ", \(decimal(100 * $0, 0)) % of the device's peak" } ?? ""
            print("\(measurement.name) \(measurement.shapes): \(decimal(measurement.median * 1e6, 2)) us (p10 \(decimal(measurement.p10 * 1e6, 2)), p90 \(decimal(measurement.p90 * 1e6, 2))), \(decimal(measurement.rate, 1)) \(measurement.unit)\(share)")
        }
        switch subject {
        case .kernels: try benchmarkKernels(on: queue, report: report)
        case .envs: try benchmarkEnvironments(env.map { name in try usage { try EnvironmentSpec.named(name) } }, on: queue, report: report)
        case .ppo: try benchmarkPPO(on: queue, report: report)
        }
        guard profile else { return }
        let kernels = try queue.profile(), total = kernels.values.reduce(0) { $0 + $1.seconds }
        for (name, time) in kernels.sorted(by: { $0.value.seconds > $1.value.seconds }) {
            let share = 100 * time.seconds / total, each = 1e6 * time.seconds / Double(time.launches)
            print("\(decimal(share, 1)) % \(name): \(time.launches) launches, \(decimal(each, 2)) us each")
        }
    }
}
