import ArgumentParser
import EvoGPU
import GPUTensor

struct VerifyKernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract:
            """
            Launches every kernel at small odd sizes and lists them, for simulators that watch memory such as \
            Oclgrind.
            """,
        discussion: "Results are not compared with anything, so devices that are unusable otherwise serve as well.")
    @Option(help: "cpu or opencl:I.") var device = "opencl:0"
    @Option(help: "Lanes: 1, 4, 8 or 16; by default what suits the device.") var lanes: Int?
    @Option(help: "How matrix products are computed: register or local. By default what suits the device.") var form:
        MatrixForm?

    func run() throws {
        let queue = try usage {
            guard let chosen = Device.all().first(where: { $0.identifier == device }) else {
                throw RunError(
                    "--device is \(device); accepted: \(Device.all().map(\.identifier).joined(separator: ", "))")
            }
            return try Queue(chosen, lanes: lanes, matrixForm: form, profiling: true)
        }
        try exerciseKernels(on: queue)
        for (name, time) in try queue.profile().sorted(by: { $0.key < $1.key }) {
            print("\(name): \(time.launches) launches")
        }
    }
}

extension MatrixForm: ExpressibleByArgument {}
