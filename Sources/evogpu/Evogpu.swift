import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

@main struct Evogpu: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evogpu",
        abstract: "Trains whole populations of reinforcement-learning policies on any OpenCL device, or on the CPU.",
        version: evogpuVersion,
        subcommands: [
            DevicesCommand.self, EnvsCommand.self, ModelCommand.self, AlgorithmsCommand.self, TrainCommand.self,
            ResumeCommand.self, EvalCommand.self, LineageCommand.self, ReportCommand.self, StudyCommand.self,
            ExportCommand.self, ReplayCommand.self, BenchCommand.self, VerifyCommand.self
        ])
}

/// The `--device` option of every command that runs kernels.
struct DeviceOptions: ParsableArguments {
    @Option(help: "Where kernels run: auto (a GPU if one is there, else the CPU backend), cpu, opencl or opencl:I.")
    var device = "auto"

    /// Opens the device and says on standard error what was chosen.
    func queue(announce: Bool = true, profiling: Bool = false) throws -> Queue {
        let queue = try Queue(usage { try Device.named(device) }, profiling: profiling)
        if announce {
            let form =
                queue.device.identifier == "cpu"
                ? "\(queue.device.driver), CPU backend" : "\(queue.device.platform), \(queue.device.driver)"
            note("device \(queue.device.identifier): \(queue.device.name) (\(form), \(queue.lanes) lanes)")
        }
        return queue
    }
}

/// Runs `body`; what it refuses is bad usage: one sentence on standard error and exit status 64.
func usage<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch {
        note("Error: \(error)")
        throw ExitCode(64)
    }
}

/// A line on standard error.
func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// A value as JSON with sorted keys on standard output.
func printJSON(_ value: some Encodable, pretty: Bool = true) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
        pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
