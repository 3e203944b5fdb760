import GPUTensor

/// Which surrogate the policy follows.
public enum PolicyObjective: String, Choice {
    /// PPO with a clipped ratio. Schulman et al. 2017 (arXiv:1707.06347), equation 7.
    case clip
    /// PPO with an adaptive KL penalty. The same, equation 8 and section 4.
    case penalty
    /// Advantage actor-critic. Mnih et al. 2016 (arXiv:1602.01783).
    case a2c

    var form: Int32 {
        switch self {
        case .clip: 0
        case .penalty: 1
        case .a2c: 2
        }
    }
}

/// How a step size changes over a run.
public enum Schedule: String, Choice { case constant, linear }

/// Non-linearities by name, for configurations.
public enum ActivationName: String, Choice {
    case tanh, relu, elu, sigmoid, softplus
    public var activation: Activation {
        switch self {
        case .tanh: .tanh
        case .relu: .relu
        case .elu: .elu
        case .sigmoid: .sigmoid
        case .softplus: .softplus
        }
    }
}

/// Settings of PPO and A2C. Where no origin is named, the default is ours. Per-member settings take one number or a
/// list.
public struct PPOConfig: AlgorithmConfig {
    @Setting("Independent policies per run.", 1...1 << 30, also: ["members", "pop_size"])
    public var population: Int = 8
    @Setting("Environments per member.", 1...1 << 30, also: ["n_envs", "num_envs"])
    public var environments: Int = 8
    @Setting(
        "Environment steps per member, over all its environments.", 1...1 << 30,
        also: ["steps", "frames", "timesteps", "total_timesteps", "total_frames"])
    public var totalSteps: Int = 200_000
    @Setting("Steps per environment and iteration (T).", 1...1 << 30, also: ["n_steps", "horizon", "num_steps"])
    public var rolloutSteps: Int = 256
    @Setting("Passes over each rollout.", 1...1 << 30, also: ["n_epochs", "update_epochs"])
    public var epochs: Int = 10
    @Setting(
        "Rows per minibatch and member; at most environments * rollout_steps.", 1...1 << 30,
        also: ["minibatch_size"])
    public var batchSize: Int = 256
    @Setting("What the policy follows: PPO with a clipped ratio or with a KL penalty that adapts, or A2C's gradient.")
    public var objective: PolicyObjective = .clip
    @Setting("Adam's step size.", 0...1, origin: "Schulman et al. 2017, Table 3", also: ["lr"])
    public var learningRate: PerMember = 3e-4
    @Setting("The value network's step size; null for the same.", 0...1)
    public var valueLearningRate: PerMember? = nil
    @Setting("Whether step sizes stay, or go linearly to zero at the end.", also: ["lr_schedule", "anneal_lr"])
    public var learningRateSchedule: Schedule = .linear
    // As float32 neither zero nor infinite.
    @Setting("Adam's epsilon.", 1e-20...1e30)
    public var adamEpsilon: Double = 1e-5
    @Setting("Discount per step.", 0...1, also: ["discount"])
    public var gamma: PerMember = 0.99
    @Setting("Lambda of generalised advantage estimation.", 0...1, also: ["lambda", "lam"])
    public var gaeLambda: PerMember = 0.95
    @Setting(
        "Epsilon of the clipped ratio.", 0...10, origin: "Schulman et al. 2017, Table 3",
        also: ["clip", "epsilon", "clip_coef", "clip_param"])
    public var clipRange: PerMember = 0.2
    @Setting(
        "First beta of the KL penalty, which adapts quickly.", 0...1e6, origin: "Schulman et al. 2017, section 4",
        also: ["beta"])
    public var klCoefficient: PerMember = 1
    @Setting("Target of the mean KL per iteration, in nats; with objective penalty only.", 0...1e3)
    public var klTarget: PerMember = 0.01
    @Setting(
        "A member stops an iteration's updates once a minibatch's mean KL passes this, in nats; 0 for never.",
        0...1e6, also: ["target_kl"])
    public var maxKL: PerMember = 0
    @Setting("Weight of the policy's entropy.", -10...10, also: ["ent_coef", "entropy"])
    public var entropyCoefficient: PerMember = 0
    @Setting("Weight of (V - return)^2 / 2.", 0...1e3, also: ["vf_coef"])
    public var valueCoefficient: PerMember = 1
    @Setting(
        "Limit of the gradient's norm over both networks; 0 for none.", 0...1e9, also: ["max_grad_norm", "grad_clip"])
    public var maxGradientNorm: PerMember = 0.5
    @Setting("Advantages of each minibatch to mean 0 and deviation 1.", also: ["normalize_advantage", "norm_adv"])
    public var normaliseAdvantage: Bool = true
    @Setting("Observations by their running mean and deviation.", also: ["normalize_observations", "norm_obs"])
    public var normaliseObservations: Bool = true
    @Setting(
        "Rewards divided by the running deviation of their discounted sums.",
        also: ["normalize_rewards", "norm_reward"])
    public var normaliseRewards: Bool = true
    @Setting("Normalised observations are clipped to plus or minus this.", 1e-20...1e30)
    public var observationLimit: Double = 10
    @Setting("Scaled rewards are clipped to plus or minus this.", 1e-20...1e30)
    public var rewardLimit: Double = 10
    @Setting(widths: "Widths of the policy's hidden layers.", also: ["net_arch", "hidden_sizes", "layers"])
    public var hidden: [Int] = [64, 64]
    @Setting(widths: "Widths of the value network's hidden layers.")
    public var valueHidden: [Int] = [64, 64]
    @Setting("Non-linearity of the hidden layers.", also: ["activation_fn"])
    public var activation: ActivationName = .tanh
    @Setting("How weights begin: orthogonal matrices with gains, or as torch.nn.Linear's.")
    public var initialisation: Initialisation = .orthogonal
    @Setting("First log standard deviation of a Gaussian policy.", -20...5, also: ["log_std_init"])
    public var initialLogStd: Double = 0
    @Setting("Iterations between checkpoints.", 1...1 << 30)
    public var checkpointEvery: Int = 10

    public init() {}

    /// A2C's: one step on the whole of a short rollout; Mnih et al. 2016 took 5 steps, we take 8.
    public static func a2c() -> PPOConfig {
        var config = PPOConfig()
        config.objective = .a2c
        config.rolloutSteps = 8
        config.epochs = 1
        config.batchSize = 64
        config.learningRate = 7e-4
        config.normaliseAdvantage = false
        return config
    }

    /// Iterations that `totalSteps` make, at least one.
    public var iterations: Int {
        max(1, (totalSteps + environments * rolloutSteps - 1) / (environments * rolloutSteps))
    }

    public func validate(seeds: Int = 1) throws {
        try checkEach(members: population)
        // Rows are numbered by 32-bit integers on the device; products are checked without overflow.
        let rows = environments.multipliedReportingOverflow(by: rolloutSteps)
        try check(
            !rows.overflow && rows.partialValue < 1 << 30, "environments * rollout_steps",
            "\(environments) * \(rolloutSteps)", "a product below \(1 << 30)")
        try check(
            batchSize <= rows.partialValue, "batch_size", batchSize,
            "at most environments * rollout_steps, \(rows.partialValue)")
        try check(
            objective != .a2c || epochs == 1, "epochs", epochs,
            "1 with objective a2c, whose gradient holds for fresh samples only")
        try check(
            objective != .a2c || batchSize == rows.partialValue, "batch_size", batchSize,
            "environments * rollout_steps, \(rows.partialValue), with objective a2c, for the same reason")
    }
}

extension PPO {
    /// Ours, found by trying. Of MuJoCo's tasks the model's name stands for all its variants.
    public static func tune(_ config: inout PPOConfig, as name: String, for task: EnvironmentSpec, wanted: PPOConfig) {
        guard name == "ppo" else { return }
        switch task.task {
        case "Pendulum-v1":
            config.totalSteps = 500_000
            config.learningRate = 1e-3
            config.gamma = 0.9
        case "MountainCarContinuous-v0":
            config.totalSteps = 300_000
        case "InvertedDoublePendulum":
            config.totalSteps = 1_000_000
            (config.learningRate, config.gamma, config.batchSize) = (1e-3, 0.999, 128)
        case "Ant", "HalfCheetah", "Hopper", "Humanoid", "Reacher", "Swimmer", "Walker2d":
            config.totalSteps = 1_000_000
            (config.environments, config.rolloutSteps, config.batchSize) = (4, 512, 64)
            config.learningRate = 2e-4
            config.maxGradientNorm = 0.8
            config.activation = .relu
            config.initialLogStd = -1
            switch task.task {
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
}
