import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct PPOTests {
    /// A run of odd sizes, small enough for every backend.
    static func config(population: Int = 3) -> PPOConfig {
        var config = PPOConfig()
        (config.population, config.environments, config.rolloutSteps, config.batchSize, config.epochs) = (
            population, 5, 12, 25, 2
        )
        (config.hidden, config.valueHidden, config.totalSteps) = ([17, 18], [16], 60 * 40)
        return config
    }

    // One launch is one kernel over all members. Counted by hand from the loop in PPO.swift.
    @Test(arguments: Backend.available) func anIterationAllocatesNothingAndReadsBackOnce(backend: Backend) throws {
        let queue = try backend.makeQueue(), config = Self.config()
        let ppo = try PPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: queue)
        _ = try ppo.step()
        let before = queue.counts
        for _ in 0..<3 { _ = try ppo.step() }
        let after = queue.counts
        #expect(after.allocations == before.allocations)
        #expect(after.readBacks - before.readBacks == 3)
        // The local-memory form sums bias gradients in a launch of its own, for layers with more than 16 inputs and
        // outputs: 17 x 18 here.
        let local = queue.matrixForm == .local ? 1 : 0
        let rollout = 1 + 12 * (1 + 3 + 1 + 1)  // noise; observe, three layers, act, step
        // statistics, value network on three parts twice, rewards, advantage, log_std
        let advantages = 3 + 2 * 3 * (2 + 1) + 2 + 1 + 1
        let loss = 1 + 3 + 2 + 1 + 1 + 1 + 1  // gather, both networks, advantage statistics, loss, sums, progress
        // policy's gradients (weights, transposes, inputs), value's, log_std, optimiser
        let step = (3 + 2 + 2 + local) + (2 + 1 + 1) + 1 + 3
        let launches = rollout + advantages + 2 * (1 + 3 * (loss + step)) + 1
        #expect(after.launches - before.launches == 3 * launches)
    }

    @Test(arguments: ["Pendulum-v1", "CartPole-v1"]) func runsInLockStepEqualRunsAlone(environment: String) throws {
        let spec = try EnvironmentSpec.named(environment), queue = try Queue(Device.named("cpu")),
            config = Self.config()
        let together = try PPO(config, spec, seeds: [7, 8], on: queue),
            alone = try PPO(config, spec, seeds: [8], on: queue)
        for _ in 0..<4 { _ = try together.step(); _ = try alone.step() }
        let rows: [Float] = try together.parameters.read(), row: [Float] = try alone.parameters.read()
        #expect(rows.suffix(row.count).map(\.bitPattern) == row.map(\.bitPattern))
        #expect(rows.prefix(row.count).map(\.bitPattern) != row.map(\.bitPattern), "seed 7 learned what seed 8 did")
    }

    @Test func theSameSeedGivesTheSameBitsWhateverTheThreads() throws {
        let spec = try EnvironmentSpec.named("CartPole-v1")
        let results = try [1, 2, 3].map { threads in
            let ppo = try PPO(Self.config(), spec, seeds: [3], on: Queue(Device.named("cpu"), threads: threads))
            for _ in 0..<3 { _ = try ppo.step() }
            return try ppo.parameters.read(as: Float.self).map(\.bitPattern)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    // At the old policy every ratio is 1 and normalised advantages have mean 0, so the surrogate's mean is 0 whatever
    // the rewards were.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1", "MountainCarContinuous-v0", "Acrobot-v1"])
    func theFirstStepsSurrogateIsZero(environment: String) throws {
        var config = Self.config()
        (config.epochs, config.batchSize) = (1, 60)
        let ppo = try PPO(config, EnvironmentSpec.named(environment), seeds: [1], on: Queue(Device.named("cpu")))
        // 60 float32 advantages of size 1: rounding leaves a mean of a few 1e-8.
        for figures in try ppo.step() { #expect(abs(figures.policyLoss) < 1e-5 && figures.kl < 1e-6, "\(figures)") }
    }

    @Test func aStoppedMemberKeepsItsBits() throws {
        var config = Self.config(population: 2)
        // member 1 stops at its first minibatch with any KL at all: its second at the latest
        config.maxKL = PerMember([0, 1e-30])
        (config.epochs, config.learningRateSchedule) = (1, .constant)
        var few = config
        few.epochs = 3
        let spec = try EnvironmentSpec.named("Pendulum-v1")
        func tensors(_ config: PPOConfig) throws -> [[Float]] {
            let ppo = try PPO(config, spec, seeds: [1], on: Queue(Device.named("cpu")))
            let stopped = try ppo.step()[1].minibatches
            #expect(stopped <= 2, "member 1 went on for \(stopped) minibatches")
            return try [
                ppo.parameters, ppo.optimiser.firstMoments, ppo.optimiser.secondMoments, ppo.optimiser.corrections
            ].map { try $0.read() }
        }
        // Two more epochs change member 0, and not one bit of member 1, which has stopped before them.
        for (one, three) in try zip(tensors(config), tensors(few)) {
            let half = one.count / 2
            #expect(one[half...].map(\.bitPattern) == three[half...].map(\.bitPattern))
            #expect(one[..<half] != three[..<half])
        }
    }

    @Test func aMemberPastItsKLLimitStopsAndTheOthersGoOn() throws {
        var config = Self.config(population: 2)
        config.maxKL = PerMember([0, 1e-12])
        config.learningRateSchedule = .constant
        let ppo = try PPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        let figures = try ppo.step()
        // The first minibatch is at the old policy, where rounding alone may already make a KL above 1e-12; the second
        // surely is.
        #expect(figures[0].minibatches == 6)
        #expect((1...2).contains(figures[1].minibatches))
        #expect(try ppo.step()[1].minibatches >= 1, "the member starts again in the next iteration")
    }

    @Test func thePenaltyAdapts() throws {
        var config = Self.config(population: 2)
        config.objective = .penalty
        config.klTarget = PerMember([1e-9, 1e3])  // always passed, never reached
        let ppo = try PPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        var figures = try ppo.step()
        #expect(figures.map(\.klCoefficient) == [2, 0.5])
        figures = try ppo.step()
        #expect(figures.map(\.klCoefficient) == [4, 0.25])
    }

    @Test func learnsCartPoleALittle() throws {
        var config = PPOConfig()
        (
            config.population, config.environments, config.rolloutSteps, config.batchSize, config.totalSteps,
            config.learningRate
        ) = (2, 8, 64, 128, 20_480, 1e-3)
        let ppo = try PPO(config, EnvironmentSpec.named("CartPole-v1"), seeds: [1], on: Queue(Device.named("cpu")))
        let first = try ppo.step().compactMap(\.meanReturn)
        var last: [Double] = []
        while ppo.iteration < config.iterations { last = try ppo.step().compactMap(\.meanReturn) }
        // A random policy holds the pole for about 22 steps.
        #expect(first.allSatisfy { $0 < 60 } && last.allSatisfy { $0 > 120 }, "from \(first) to \(last)")
    }

    @Test func memoryThatDoesNotFitIsRefusedWithItsSum() throws {
        var config = PPOConfig()
        (config.population, config.environments, config.rolloutSteps) = (100_000, 1024, 4096)
        let queue = try Queue(Device.named("cpu"))
        let error = #expect(throws: DeviceError.self) {
            try PPO(config, EnvironmentSpec.named("Pendulum-v1"), seeds: [1], on: queue)
        }
        #expect(error?.description.contains("lower population") == true && error?.description.contains("MiB") == true)
        #expect(queue.counts.allocations == 0)
    }

    @Test(arguments: [
        ("population", "0"), ("batch_size", "1000000"), ("gamma", "1.5"), ("learning_rate", "[0.1, 0.2]"),
        ("hidden", "[0]"), ("total_steps", "-5")
    ])
    func aSettingThatCannotBeIsNamed(key: String, value: String) throws {
        let error = #expect(throws: RunError.self) {
            try Configuration.load(PPOConfig(), overrides: ["\(key)=\(value)"]).validate()
        }
        #expect(error?.description.contains(key) == true)
    }
}
