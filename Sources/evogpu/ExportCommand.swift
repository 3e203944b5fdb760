import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a trained policy's weights for other programs.",
        discussion:
            """
            Weights are as PyTorch keeps them; the file's metadata say how an action is made from an observation. \
            tools/play_in_mujoco.py plays the file in Gymnasium.
            """
    )
    @Argument(help: "The run's folder.") var directory: String
    @Option(help: "The file's format: safetensors.") var format = "safetensors"
    @Option(help: "The file to write.", completion: .file()) var out: String
    @Option(help: "best, or a member's number within its run.") var member = "best"
    @Option(help: "The training seed of the run that is meant; by default the best over all seeds.") var seed: UInt64?
    @Option(help: "Episodes that choose the best member, and others that judge it; 0 for none with a member's number.")
    var episodes = 100
    @Option(help: "Only runs of this variant, where the folder has several in lock-step; by default all.")
    var variant: String?
    @OptionGroup var device: DeviceOptions

    func run() throws {
        let choice = try usage {
            guard ExportFormat(rawValue: format) != nil else {
                throw RunError(
                    "--format is \(format); accepted: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            guard (0...1_000_000).contains(episodes) else {
                throw RunError("--episodes is \(episodes); accepted: a whole number from 0 to 1000000")
            }
            return try MemberChoice(member, option: "--member")
        }
        let population = try TrainedPopulation(URL(fileURLWithPath: directory), on: device.queue())
        let policy = try population.member(choice, seed: seed, variant: variant, episodes: episodes)
        let (arrays, metadata) = try population.exported(policy)
        try Safetensors.write(arrays, metadata: metadata, to: URL(fileURLWithPath: out))
        print("\(out): member \(policy.number) of \(policy.label), \(population.saved.spec.name)")
        if let result = policy.result {
            print(
                """
                mean return \(decimal(result.mean, 2)), standard error \(decimal(result.standardError, 2)) over \
                \(result.returns.count) episodes
                """
            )
        }
    }
}
