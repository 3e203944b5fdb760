import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct NormaliserTests {
    /// Numbers with means and deviations of their own per column.
    private func observations(_ rng: inout SeededGenerator, _ shape: [Int]) -> [Float] {
        let width = shape.last!
        return rng.uniform(shape.reduce(1, *)).enumerated().map { $1 * Float($0 % width + 1) + Float($0 % width) * 3 }
    }

    @Test(arguments: Backend.available) func statisticsAndValuesMatchDouble(backend: Backend) throws {
        let queue = try backend.makeQueue(), (p, width) = (2, 5)
        let normaliser = try ObservationNormaliser(members: p, width: width, limit: 1.5, on: queue)
        try normaliser.start()
        var rng = SeededGenerator(seed: 3),
            seen = [[[Double]]](repeating: [[Double]](repeating: [], count: width), count: p)
        for rows in [1, 7, 300] {
            let values = observations(&rng, [p, rows, width])
            for (index, value) in values.enumerated() {
                seen[index / (rows * width)][index % width].append(Double(value))
            }
            let x = try queue.tensor(values, [p, rows, width], padded: true)
            try normaliser.update(with: x, on: queue)
            try normaliser.commit(on: queue)
        }
        func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
        let means = seen.flatMap { $0.map(mean) }
        let variances = seen.flatMap {
            $0.map { x in x.reduce(0) { $0 + ($1 - mean(x)) * ($1 - mean(x)) } / Double(x.count) }
        }
        // Sums of 308 numbers in float32: a few hundred roundings of half an ulp at worst, far fewer in the mean.
        expectClose(try normaliser.mean.read(), means, relative: 2e-5, "mean on \(backend)")
        expectClose(try normaliser.variance.read(), variances, relative: 5e-5, "variance on \(backend)")
        #expect(try normaliser.count.read(as: Float.self) == [Float](repeating: 308, count: p * width))

        let values = observations(&rng, [p, 4, width]), x = try queue.tensor(values, [p, 4, width], padded: true)
        try normaliser.normalise(x, on: queue)
        let got: [Float] = try x.read()
        let want = values.enumerated().map { index, value in
            let column = index / (4 * width) * width + index % width
            return min(max((Double(value) - means[column]) / (variances[column] + 1e-8).squareRoot(), -1.5), 1.5)
        }
        expectClose(got, want, absolute: 1e-4, "normalised on \(backend)")
        #expect(got.contains(1.5) || got.contains(-1.5), "nothing was clipped")
        let width16 = padded(width)
        #expect(
            try x.withoutPadding.read(as: Float.self).enumerated().allSatisfy { $0 % width16 < width || $1 == 0 },
            "padding on \(backend)")
    }

    @Test func aTrainedPolicyIsEvaluatedTheSameOnEveryBackend() throws {
        let folder = try TemporaryFolder(), path = folder.url.appendingPathComponent("run")
        var config = PPOTests.config()
        config.totalSteps = 60 * 3
        _ = try TrainingRun(
            PPO.self, EnvironmentSpec.named("Acrobot-v1"), config: config, seeds: [1], path: path,
            on: Queue(Device.named("cpu"))
        ).train { _ in }
        let want = try TrainedPopulation(path, on: Queue(Device.named("cpu"))).evaluate(episodes: 3, seed: 9)
        #expect(want.count == 3 && want.allSatisfy { $0.returns.count == 3 && (-500...0).contains($0.mean) })
        #expect(
            want[0].returns
                != (try TrainedPopulation(path, on: Queue(Device.named("cpu"))).evaluate(episodes: 3, seed: 10)[0]
                    .returns) || want[0].mean == -500)
        for backend in Backend.available {
            #expect(
                try TrainedPopulation(path, on: backend.makeQueue()).evaluate(episodes: 3, seed: 9) == want,
                "on \(backend)")
        }
    }
}
