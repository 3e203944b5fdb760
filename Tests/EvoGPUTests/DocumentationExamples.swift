import EvoGPU
import Foundation
import GPUTensor
import Testing

// docs/your-own-algorithm.md shows what stands between the two marks.
// example: hill climbing
/// Keeps the best of some perturbations of the best policy so far.
final class HillClimbing: Search {
    private let population: Population, centres: Tensor, variances: Tensor, noise: Tensor, queue: Queue
    /// Fitness of each run's centre, `[R]`.
    private let best: Tensor

    init(_ config: HillClimbingConfig, _ population: Population, centres: Tensor, on queue: Queue) throws {
        (self.population, self.centres, self.queue) = (population, centres, queue)
        let mask = population.policy.layout.mask(), sigma = Float(config.own.deviation), runs = population.runs.count
        variances = try queue.tensor(.float32, centres.shape)
        try variances.write((0..<runs).flatMap { _ in mask.map { $0 * sigma * sigma } })
        noise = try queue.tensor(.float32, [population.count, population.parameterCount], padded: true)
        best = try queue.tensor([Float](repeating: -.infinity, count: runs))
    }

    func ask(_ generation: UInt32) throws -> Tensor {
        try queue.randomNormal(noise, streams: population.streams, step: generation, purpose: "HILL")
        try queue.perturb(population.rows, centres: centres, variances: variances, noise: noise)
        return population.rows
    }

    func tell(_ fitness: Tensor) throws {
        let all: [Float] = try fitness.read(), before: [Float] = try best.read()
        var after = before, rows = [Int32](repeating: -1, count: before.count)  // -1 keeps the centre
        for run in before.indices {
            let members = population.members(ofRun: run)
            let winner = members.lowerBound + ranked(all[members].map { Double($0) })[0]
            if all[winner] > before[run] { (after[run], rows[run]) = (all[winner], Int32(winner)) }
        }
        try queue.gatherRows(centres, from: population.rows, queue.tensor(rows))
        try best.write(after)
    }

    var tensors: [(name: String, tensor: Tensor)] { [("best", best)] }

    static let specs = [
        AlgorithmSpec(
            "hill-climbing", "the best of some perturbations", SearchTraining<HillClimbing>.self, HillClimbingConfig())
    ]
}

struct HillClimbingConfig: SearchConfig {
    struct Own: SettingGroup, Codable, Sendable, Equatable {
        @Setting("Standard deviation of a perturbation.", 0...100) var deviation: Double = 0.5
    }
    var search = SearchSettings(), own = Own()

    init() {}
    init(from decoder: any Decoder) throws { (search, own) = try (.init(from: decoder), .init(from: decoder)) }
    func encode(to encoder: any Encoder) throws { try search.encode(to: encoder); try own.encode(to: encoder) }
    func validate(seeds: Int) throws {
        guard own.deviation > 0 else { throw RunError("deviation is \(own.deviation); accepted: above 0") }
    }
}
// example ends

/// What the documentation shows works as it is shown.
@Suite struct DocumentationExamples {
    @Test func anAlgorithmOfYourOwnLearns() throws {
        var config = HillClimbingConfig()
        (config.search.population, config.search.totalSteps) = (16, 100_000)
        let training = try SearchTraining<HillClimbing>(
            config, EnvironmentSpec.named("CartPole-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        var score = 0.0
        while !training.progress.isDone, score < 400 { score = max(score, try training.iterate().shown[0] ?? 0) }
        #expect(score >= 400, "a random policy holds the pole for some 20 steps")
    }

    @Test func thePageShowsTheExample() throws {
        let file = URL(fileURLWithPath: #filePath),
            root = file.deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(text.range(of: "// example: hill climbing\n")).upperBound
        let end = try #require(text.range(of: "// example ends")).lowerBound
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/your-own-algorithm.md"), encoding: .utf8)
        #expect(page.contains(text[start..<end]), "docs/your-own-algorithm.md shows another text")
    }

    @Test func theLibraryTrains() throws {
        let folder = try TemporaryFolder()
        let queue = try Queue(Device.named("cpu"))
        let task = try EnvironmentSpec.named("Pendulum-v1")
        var config = try PPO.config(for: task)
        (config.population, config.totalSteps) = (2, 2048)
        config.learningRate = 3e-4
        let run = try TrainingRun(
            PPO.self, task, config: config, seeds: [1, 2, 3], path: folder("run"), on: queue)
        var iterations = 0
        let complete = try run.train { run in
            iterations = run.progress.iteration
            #expect(run.recentReturns.count == 6)
        }
        #expect(complete && iterations == 1)
        let best = try TrainedPopulation(run.directory.url, on: queue).evaluateBest(episodes: 2, seed: 1)
        #expect(best.map(\.seed) == [1, 2, 3] && best.allSatisfy { $0.result.mean < 0 })

        let x = try queue.tensor([3, 1, 2, 6, 5, 4] as [Float], [2, 3], padded: true)
        let order = try queue.tensor(.int32, [2, 3])
        try queue.argsort(x, into: order)
        #expect(try order.read(as: Int32.self) == [1, 2, 0, 2, 1, 0])
    }
}
