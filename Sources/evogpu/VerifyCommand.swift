import ArgumentParser
import EvoGPU

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "verify", abstract: "Checks a device against reference data and against the CPU backend.")
    func run() throws {}
}
