import Foundation
import GPUTensor

/// Training throughput of PPO on Pendulum-v1, updates included: 8 environments x 256 steps, 10 epochs, batch 256, 64-64
/// networks, for a population of 8 counted together. The settings of `benchmarks/peers/ppo_sb3.py`.
public func benchmarkPPO(on queue: Queue, report: (Measurement) throws -> Void) throws {
    for population in queue.device.isGPU ? [8, 64, 512] : [1, 8] {
        var config = PPOConfig()
        config.population = population
        config.totalSteps = 1 << 30
        let ppo = try PPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: queue)
        let steps = Double(config.environments * config.rolloutSteps * population)
        try report(
            Stopwatch(queue: queue).measure(
                "ppo", "Pendulum-v1, \(population) members x 8 environments x 256 steps, 10 epochs, batch 256",
                work: steps, unit: "steps/s", scale: 1, seconds: 4
            ) {
                _ = try ppo.iterate()
            })
    }
}
