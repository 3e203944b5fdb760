import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Plays a run's policies by their mean or most probable action.")
    @Argument(help: "The run's folder.") var directory: String
    @Option(help: "Episodes per member.") var episodes = 100
    @Option(help: "Seed of the start states.") var seed: UInt64 = 1
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        let run: Int, seed: UInt64, variant: String?, member, episodes, non_finite: Int, mean, std, min,
            max: Double, returns: [Double], lengths: [Int]
    }

    func run() throws {
        try usage {
            guard (1...1_000_000).contains(episodes) else {
                throw RunError("--episodes is \(episodes); accepted: a whole number from 1 to 1000000")
            }
        }
        let population = try TrainedPopulation(URL(fileURLWithPath: directory), on: device.queue())
        let size = population.saved.policies.perRun, runs = population.saved.policies.runs
        let rows = try population.evaluate(episodes: episodes, seed: seed).enumerated().map { member, result in
            Row(
                run: member / size, seed: runs[member / size].seed, variant: runs[member / size].variant,
                member: member % size, episodes: episodes,
                non_finite: result.nonFinite, mean: result.mean,
                std: result.standardDeviation, min: result.minimum, max: result.maximum, returns: result.returns,
                lengths: result.lengths)
        }
        if json { return try printJSON(rows) }
        for row in rows {
            let warning =
                row.non_finite == 0
                ? "" : ", \(row.non_finite) of them with states that are not finite: these returns mean nothing"
            print(
                """
                \(runs[row.run]) member \(row.member): mean \(decimal(row.mean, 2)), std \(decimal(row.std, 2)), min \
                \(decimal(row.min, 2)), max \(decimal(row.max, 2)) over \(episodes) \
                episodes\(warning)
                """
            )
        }
    }
}
