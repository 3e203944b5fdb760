import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct CEMTests {
    /// Three generations beside the formula in Double, from the same noise: rows about the mean, elites by fitness,
    /// mean and variance of the elites, extra variance.
    @Test(arguments: Backend.available) func generationsFollowTheFormula(backend: Backend) throws {
        let queue = try backend.makeQueue(), runs = 2
        var config = CEMConfig()
        (config.search.population, config.own.eliteFraction) = (11, 0.3)
        (config.own.deviation, config.own.noise, config.own.noiseGenerations) = (PerMember([0.5, 2]), 0.3, 2)
        let policy = Policy(
            kind: .deterministic(count: 2), observations: 3, hidden: [5], activation: .tanh)
        let labels = [UInt64(5), 6].map { RunLabel(seed: $0, method: "CEM") }
        let population = try Population(policy, runs: labels, perRun: 11, on: queue)
        let n = population.parameterCount, mask = policy.layout.mask()
        let centres = try queue.tensor(.float32, [runs, n])
        let cem = try CEM(config, population, centres: centres, on: queue)
        var means = [[Double]](repeating: [Double](repeating: 0, count: n), count: runs)
        var variances = [0.5, 2].map { deviation in mask.map { Double($0) * deviation * deviation } }
        let streams = try queue.tensor(Queue.streamWords(seeds: [5, 6], members: 0..<11), [22, 4])
        let noise = try queue.tensor(.float32, [22, n], padded: true)
        var generator = SeededGenerator(seed: 3)
        for generation in 0..<3 {
            let rows: [Float] = try cem.ask(UInt32(generation)).read()
            try queue.randomNormal(noise, streams: streams, step: UInt32(generation), purpose: "SRCH")
            let z: [Float] = try noise.read()
            let wanted = (0..<22 * n).map { at in
                means[at / n / 11][at % n] + variances[at / n / 11][at % n].squareRoot() * Double(z[at])
            }
            // A root, a product and a sum of numbers below 16, each rounded to float32.
            expectClose(rows, wanted, absolute: 16 * 3 * 6e-8, relative: 2e-6, "rows of generation \(generation)")
            // Two are equal, one is broken.
            var fitness = generator.uniform(22)
            (fitness[3], fitness[7], fitness[13]) = (fitness[2], .nan, .nan)
            try cem.tell(queue.tensor(fitness))
            let share = max(0, 1 - Double(generation) / 2)
            for run in 0..<runs {
                let mine = (0..<11).map { Double(fitness[run * 11 + $0]) }.map { $0.isNaN ? -Double.infinity : $0 }
                let best = (0..<11).sorted { mine[$0] != mine[$1] ? mine[$0] > mine[$1] : $0 < $1 }.prefix(3)
                for at in 0..<n {
                    let values = best.map { Double(rows[(run * 11 + $0) * n + at]) }, mean = values.reduce(0, +) / 3
                    means[run][at] = mean
                    variances[run][at] =
                        values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3 + 0.3 * share * Double(mask[at])
                }
            }
            expectClose(
                try centres.read(), means.flatMap { $0 }, absolute: 1e-6, relative: 1e-6, "means \(generation)")
            let spread: [Float] = try cem.tensors[0].tensor.read()
            expectClose(spread, variances.flatMap { $0 }, absolute: 2e-6, relative: 2e-6, "variances \(generation)")
        }
    }

    @Test func equalFitnessKeepsTheOrderAndWhatIsNotFiniteIsLast() {
        #expect(ranked([1, .nan, 3, 3, -.infinity, 2]) == [2, 3, 5, 0, 1, 4])
    }

    /// A linear policy holds the pole for all 500 steps in every one of 20 episodes.
    @Test func aLinearPolicySolvesCartPole() throws {
        let task = try EnvironmentSpec.named("CartPole-v1"), queue = try Queue(Device.named("cpu"))
        var config = CEMConfig()
        (config.search.population, config.search.episodes, config.search.testEpisodes) = (32, 2, 20)
        config.search.totalSteps = 400_000
        let training = try SearchTraining<CEM>(config, task, seeds: [1, 2], on: queue)
        var solved: [Int?] = [nil, nil]
        while !training.progress.isDone, solved.contains(nil) {
            for (run, score) in try training.iterate().shown.enumerated() where solved[run] == nil && score == 500 {
                solved[run] = training.steps[run]
            }
        }
        #expect(!solved.contains(nil), "solved after \(solved) steps of \(config.search.totalSteps)")
    }
}
