import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct OperatorStudyTests {
    private func trained(_ folder: TemporaryFolder, on queue: Queue) throws -> URL {
        var config = ERLTests.config([.pderl, .erl])
        config.totalSteps = 2 * 2200 - 1
        _ = try TrainingRun(
            ERL.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: [3],
            path: folder("run"), on: queue
        ).train { _ in }
        return folder("run")
    }

    @Test func childrenAreMeasuredBesideTheirParents() throws {
        let folder = try TemporaryFolder(), queue = try Queue(Device.named("cpu")), run = try trained(folder, on: queue)
        _ = try TrainingRun(
            ERL.self, EnvironmentSpec.named("Pendulum-v1"),
            config: ERLTests.config([.pderl]), seeds: [3], path: folder("fresh"), on: queue)
        expectRefusal(
            """
            FOLDER/fresh: the run has no generation behind it, so that nobody remembers anything; a run from its first \
            generation on is accepted
            """,
            in: folder
        ) { _ = try studyOperators(folder("fresh"), on: queue) }
        var settings = OperatorStudy.Settings()
        (settings.samples, settings.episodes, settings.magnitudes, settings.childrenPerPairing) = (
            4, 3, [1e-5, 0.01, 0.3], 2
        )
        let study = try studyOperators(run, settings: settings, on: queue)
        #expect(
            study.variant == "pderl" && study.crossovers.count == 4 && study.mutations.count == 4
                && study.magnitudes.map(\.magnitude) == [1e-5, 0.01, 0.3] && study.pairings.count == 3)
        // A member has one fitness wherever it turns up, the fitter parent comes first, and the whole is the same
        // again.
        var fitness: [Int: Double] = [:]
        for (member, value) in study.crossovers.flatMap({ [($0.first, $0.firstFitness), ($0.second, $0.secondFitness)] }
        ) + study.mutations.map({ ($0.parent, $0.parentFitness) }) {
            #expect(fitness[member] ?? value == value && value < 0 && value > -2000)
            fitness[member] = value
        }
        #expect(study.crossovers.allSatisfy { $0.first != $0.second })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(studyOperators(run, settings: settings, on: queue)) == encoder.encode(study))
        // What hardly moves parameters hardly moves states; what moves them far does.
        for parent in 0..<4 {
            let divergences = study.magnitudes.map { $0.divergences[parent] }
            #expect(divergences[0] < 0.01 && divergences[2] > divergences[0], "\(divergences)")
            // A pendulum that swings over the top at another moment changes its return by more than its states'
            // density.
            #expect(
                abs(study.magnitudes[0].fitness[parent] / study.mutations[parent].parentFitness - 1) < 0.2,
                "\(study.magnitudes[0].fitness[parent]) beside \(study.mutations[parent].parentFitness)")
        }
        // The best pair by distance is the most distant one of all three choices.
        #expect(
            study.pairings[1].distances[0] >= study.pairings.flatMap(\.distances).max()!
                && study.pairings.allSatisfy { $0.couples.count == 2 && $0.childFitness.allSatisfy(\.isFinite) })
        for density in study.crossoverDensities + study.mutationDensities + study.magnitudeDensities {
            #expect(abs(density.probabilities.reduce(0, +) - 1) < 1e-4, "\(density.name)")
        }

        try "x".write(to: folder("taken"), atomically: true, encoding: .utf8)
        expectRefusal("FOLDER/taken: this is a file; a folder, or one that is not there yet, is accepted", in: folder) {
            try OperatorStudy.check(folder("taken"))
        }
        try OperatorStudy.check(folder("study"))
        try study.write(to: folder("study"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("study").path).sorted() == [
                "crossovers.csv", "magnitudes.csv", "mutations.csv", "operators.html", "operators.json", "pairings.csv"
            ])
        #expect(try folder.text("study/magnitudes.csv").split(separator: "\n").count == 1 + 3 * 4)
        let page = try folder.text("study/operators.html")
        #expect(
            page.contains("<svg") && page.contains("Mutants of 4 drawn parents") && !page.contains("nan")
                && !page.contains("http"))
        #expect(
            try JSONDecoder().decode(OperatorStudy.self, from: Data(contentsOf: folder("study/operators.json")))
                .crossovers.count == 4)

        // The other run of the folder has other policies.
        let other = try studyOperators(run, run: 1, settings: settings, on: queue)
        #expect(other.variant == "erl" && other.crossovers[0].firstFitness != study.crossovers[0].firstFitness)
        expectRefusal("--run is 2; accepted: 0 to 1") { _ = try studyOperators(run, run: 2, on: queue) }
        for magnitude in [0, -1, 1e39, 1e-60, .nan] {
            settings.magnitudes = [0.1, magnitude]
            #expect(throws: RunError.self, "\(magnitude)") {
                _ = try studyOperators(run, settings: settings, on: queue)
            }
        }
        settings.magnitudes = [0.1]
        settings.dimensions = (0, 3)
        expectRefusal("--dimensions is 0,3; accepted: two numbers from 0 to 2, entries of Pendulum-v1's observation") {
            _ = try studyOperators(run, settings: settings, on: queue)
        }
    }

    /// A checkpoint is written after its generation's mutations, so parents play before they are crossed: their
    /// memories of 333 hold nothing but their two new episodes of 200 steps, whatever was saved.
    @Test func parentsRememberWhatTheyHaveDoneThemselves() throws {
        let folder = try TemporaryFolder(), queue = try Queue(Device.named("cpu")), run = try trained(folder, on: queue)
        var settings = OperatorStudy.Settings()
        (settings.samples, settings.episodes, settings.magnitudes, settings.childrenPerPairing) = (3, 2, [0.1], 1)
        func children() throws -> [Double] {
            let study = try studyOperators(run, settings: settings, on: queue)
            return study.crossovers.map(\.distilled) + study.mutations.map(\.proximal)
                + study.pairings.flatMap(\.childFitness)
        }
        let before = try children(), (arrays, state) = try Checkpoint.read(state: JSON.self, in: run)
        let memories = arrays.keys.filter {
            $0.hasPrefix("genetic.") && Int($0.dropFirst(8)) != nil && arrays[$0]!.shape[0] > 0
        }
        #expect(memories.count >= 5)
        for name in memories { #expect(arrays[name]!.shape[0] == 333) }
        try Checkpoint.write(
            arrays.values.map {
                memories.contains($0.name)
                    ? NamedArray($0.name, [Float](repeating: 0.5, count: $0.shape.reduce(1, *)), shape: $0.shape) : $0
            }, state: state, in: run)
        #expect(try children() == before)
        // The critic, which filters what a child learns, is the saved one.
        try Checkpoint.write(
            arrays.values.map {
                $0.name == "learner.critic"
                    ? NamedArray($0.name, try $0.values().map { -($0 as Float) }, shape: $0.shape) : $0
            }, state: state, in: run)
        #expect(try children() != before)
    }

    @Test func otherRunsAreRefused() throws {
        let folder = try TemporaryFolder(), queue = try Queue(Device.named("cpu"))
        var config = PPOConfig()
        (
            config.population, config.environments, config.rolloutSteps, config.batchSize, config.totalSteps,
            config.hidden
        ) = (2, 2, 8, 16, 32, [8])
        _ = try TrainingRun(
            PPO.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: [1],
            path: folder("run"), on: queue)
        expectRefusal(
            """
            FOLDER/run: a run of ppo without a population that ERL evolves; runs of erl, perl, derl and pderl are \
            accepted
            """,
            in: folder
        ) { _ = try studyOperators(folder("run"), on: queue) }
    }
}
