/// Settings that suit a task better than the general defaults; ours, found by trying. The user's own settings come after them.
func tune(_ config: inout PPOConfig, algorithm: String, environment: String) {
    switch (algorithm, environment) {
    case ("ppo", "Pendulum-v1"):
        config.totalSteps = 500_000
        config.learningRate = 1e-3
        config.gamma = 0.9
    case ("ppo", "MountainCarContinuous-v0"):
        config.totalSteps = 300_000
    default:
        break
    }
}
