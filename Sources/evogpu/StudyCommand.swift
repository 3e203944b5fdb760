import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct StudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "Looks closely at a trained population.",
        subcommands: [OperatorStudyCommand.self])
}

struct OperatorStudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operators",
        abstract: "What crossovers and mutations do to a population of erl, perl, derl or pderl.",
        discussion:
            """
            Writes operators.json, crossovers.csv, mutations.csv, magnitudes.csv, pairings.csv and operators.html: \
            children beside their parents, the states that both visit and how far these are apart.
            """
    )
    @Argument(help: "The run's folder.") var directory: String
    @Option(help: "Where to write; by default study in the run's folder.", completion: .directory) var out: String?
    @Option(name: .customLong("run"), help: "Which of the folder's runs in lock-step, from 0.") var number = 0
    @Option(help: "Couples, and policies to mutate.") var samples = 10
    @Option(help: "Episodes of every policy.") var episodes = 5
    @Option(help: "Magnitudes of proximal mutation, separated by commas.") var magnitudes = "0.01,0.02,0.05,0.1,0.2"
    @Option(help: "Children of each choice of parents.") var children = 4
    @Option(
        help:
            """
            Two entries of the observation that densities are over, as 0,1; by default the parents' first two \
            principal components.
            """
    ) var dimensions: String?
    @Option(help: "Of what is drawn.") var seed: UInt64 = 1
    @OptionGroup var device: DeviceOptions

    func run() throws {
        let settings = try usage { () -> OperatorStudy.Settings in
            var settings = OperatorStudy.Settings()
            (settings.samples, settings.episodes, settings.childrenPerPairing, settings.seed) = (
                samples, episodes, children, seed
            )
            settings.magnitudes = try magnitudes.split(separator: ",").map { word in
                guard let number = Double(word) else {
                    throw RunError("--magnitudes has \(word); accepted: numbers separated by commas, as 0.01,0.1")
                }
                return number
            }
            if let dimensions {
                let words = dimensions.split(separator: ",", omittingEmptySubsequences: false),
                    numbers = words.compactMap { Int($0) }
                guard numbers.count == 2, words.count == 2 else {
                    throw RunError("--dimensions is \(dimensions); accepted: two numbers, as 0,1")
                }
                settings.dimensions = (numbers[0], numbers[1])
            }
            return settings
        }
        let source = URL(fileURLWithPath: directory),
            folder = out.map { URL(fileURLWithPath: $0) } ?? source.appendingPathComponent("study")
        try usage { try OperatorStudy.check(folder) }
        let study = try studyOperators(source, run: number, settings: settings, on: device.queue())
        try study.write(to: folder)
        func mean(_ values: [Double]) -> String { decimal(values.reduce(0, +) / Double(values.count), 2) }
        print(
            """
            distilled children return \(mean(study.crossovers.map(\.distilled))), n-point children \
            \(mean(study.crossovers.flatMap(\.swapped))), their fitter parents \
            \(mean(study.crossovers.map(\.firstFitness)))
            """
        )
        print(
            """
            proximal mutants return \(mean(study.mutations.map(\.proximal))), Gaussian ones \
            \(mean(study.mutations.map(\.gaussian))), their parents \(mean(study.mutations.map(\.parentFitness)))
            """
        )
        print(
            """
            states of proximal mutants are \(mean(study.mutations.map(\.proximalDivergence))) nats from their \
            parents', of Gaussian ones \(mean(study.mutations.map(\.gaussianDivergence)))
            """
        )
        print("written to \(folder.path)")
    }
}
