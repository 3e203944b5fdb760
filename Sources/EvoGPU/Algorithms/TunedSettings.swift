/// Settings that suit a task (of MuJoCo's, the model's name: all its variants) better than the general defaults; ours,
/// found by trying. The user's own settings come after them.
func tune(_ config: inout PPOConfig, algorithm: String, environment: String) {
    switch (algorithm, environment) {
    case ("ppo", "Pendulum-v1"):
        config.totalSteps = 500_000
        config.learningRate = 1e-3
        config.gamma = 0.9
    case ("ppo", "MountainCarContinuous-v0"):
        config.totalSteps = 300_000
    case ("ppo", "InvertedDoublePendulum"):
        config.totalSteps = 1_000_000
        (config.learningRate, config.gamma, config.batchSize) = (1e-3, 0.999, 128)
    case ("ppo", "Ant"), ("ppo", "HalfCheetah"), ("ppo", "Hopper"), ("ppo", "Humanoid"), ("ppo", "Reacher"),
        ("ppo", "Swimmer"), ("ppo", "Walker2d"):
        config.totalSteps = 1_000_000
        (config.environments, config.rolloutSteps, config.batchSize) = (4, 512, 64)
        config.learningRate = 2e-4
        config.maxGradientNorm = 0.8
        config.activation = .relu
        config.initialLogStd = -1
        switch environment {
        case "HalfCheetah": (config.gamma, config.gaeLambda) = (0.98, 0.92)
        case "Ant": (config.learningRate, config.clipRange) = (3e-4, 0.1)
        case "Reacher":
            config.learningRate = 3e-4
            config.gamma = 0.98
        case "Swimmer":  // what a stroke earns comes late: a shorter horizon stays at half the speed
            (config.gamma, config.gaeLambda) = (0.9999, 0.99)
            config.learningRate = 8e-4
            config.batchSize = 256
            config.initialLogStd = 0
        default: break
        }
    default:
        break
    }
}

/// The same for GPO.
func tune(_ config: inout GPOConfig, environment: String) {
    switch environment {
    case "Pendulum-v1":
        config.totalSteps = 2_000_000
        (config.mutation.learningRate, config.mutation.gamma) = (1e-3, 0.9)
        config.crossoverSteps = 200
    case "Ant", "HalfCheetah", "Hopper", "Humanoid", "Walker2d":
        config.mutation.initialLogStd = -1
    case "InvertedDoublePendulum":
        config.mutation.learningRate = 1e-3
    case "Swimmer":
        (config.mutation.gamma, config.mutation.gaeLambda) = (0.9999, 0.99)
    default:
        break
    }
}
