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

/// Settings of PPO and A2C. Where a comment names no origin, the default is ours. Per-member settings take one number
/// or a list.
public struct PPOConfig: Codable, Sendable, Equatable {
    /// Independent policies per run.
    public var population = 8
    /// Environments per member.
    public var environments = 8
    /// Environment steps per member, over all its environments.
    public var totalSteps = 200_000
    /// Steps per environment and iteration (T).
    public var rolloutSteps = 256
    /// Passes over each rollout.
    public var epochs = 10
    /// Rows per minibatch and member; at most `environments * rollout_steps`.
    public var batchSize = 256
    public var objective = PolicyObjective.clip
    /// Adam's step size. Schulman et al. 2017, Table 3.
    public var learningRate: PerMember = 3e-4
    /// The value network's step size; null for the same.
    public var valueLearningRate: PerMember?
    /// `constant`, or `linear` to zero at the end.
    public var learningRateSchedule = Schedule.linear
    public var adamEpsilon = 1e-5
    /// Discount per step.
    public var gamma: PerMember = 0.99
    /// Lambda of generalised advantage estimation.
    public var gaeLambda: PerMember = 0.95
    /// Epsilon of the clipped ratio. Schulman et al. 2017, Table 3.
    public var clipRange: PerMember = 0.2
    /// First beta of the KL penalty. Schulman et al. 2017, section 4: it adapts quickly.
    public var klCoefficient: PerMember = 1
    /// Target of the mean KL per iteration (penalty only).
    public var klTarget: PerMember = 0.01
    /// A member stops an iteration's updates once a minibatch's mean KL passes this; 0 for never.
    public var maxKL: PerMember = 0
    public var entropyCoefficient: PerMember = 0
    /// Weight of `(V - return)^2 / 2`.
    public var valueCoefficient: PerMember = 1
    /// Limit of the gradient's norm over both networks; 0 for none.
    public var maxGradientNorm: PerMember = 0.5
    /// Advantages of each minibatch to mean 0 and deviation 1.
    public var normaliseAdvantage = true
    public var normaliseObservations = true
    /// Rewards divided by the running deviation of their discounted sums.
    public var normaliseRewards = true
    /// Normalised observations and scaled rewards are clipped to plus or minus this.
    public var observationLimit = 10.0
    public var rewardLimit = 10.0
    /// Widths of the policy's hidden layers, and of the value network's.
    public var hidden = [64, 64]
    public var valueHidden = [64, 64]
    public var activation = ActivationName.tanh
    public var initialisation = Initialisation.orthogonal
    public var initialLogStd = 0.0
    /// Iterations between checkpoints.
    public var checkpointEvery = 10

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

    enum CodingKeys: String, CodingKey {
        case population, environments
        case totalSteps = "total_steps", rolloutSteps = "rollout_steps", epochs, batchSize = "batch_size", objective
        case learningRate = "learning_rate", valueLearningRate = "value_learning_rate", learningRateSchedule =
            "learning_rate_schedule", adamEpsilon = "adam_epsilon"
        case gamma, gaeLambda = "gae_lambda", clipRange = "clip_range", klCoefficient = "kl_coefficient", klTarget =
            "kl_target", maxKL = "max_kl"
        case entropyCoefficient = "entropy_coefficient", valueCoefficient = "value_coefficient", maxGradientNorm =
            "max_gradient_norm"
        case normaliseAdvantage = "normalise_advantage", normaliseObservations = "normalise_observations",
            normaliseRewards = "normalise_rewards"
        case observationLimit = "observation_limit", rewardLimit = "reward_limit", hidden, valueHidden = "value_hidden",
            activation, initialisation
        case initialLogStd = "initial_log_std", checkpointEvery = "checkpoint_every"
    }

    /// Iterations that `totalSteps` make, at least one.
    public var iterations: Int {
        max(1, (totalSteps + environments * rolloutSteps - 1) / (environments * rolloutSteps))
    }

    /// - Throws: ``RunError`` naming the first setting that can't be run with.
    public func validate() throws {
        func check(
            _ isGood: Bool, _ key: String, _ value: @autoclosure () -> Any, _ accepted: @autoclosure () -> String
        ) throws {
            if !isGood { throw RunError("\(key) is \(value()); accepted: \(accepted())") }
        }
        for (key, value) in [
            ("population", population), ("environments", environments), ("total_steps", totalSteps),
            ("rollout_steps", rolloutSteps),
            ("epochs", epochs), ("batch_size", batchSize), ("checkpoint_every", checkpointEvery)
        ] {
            try check(value >= 1 && value <= 1 << 30, key, value, "a whole number from 1 to \(1 << 30)")
        }
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
        for (key, widths) in [("hidden", hidden), ("value_hidden", valueHidden)] {
            try check(widths.allSatisfy { (1...4096).contains($0) }, key, widths, "a list of widths from 1 to 4096")
        }
        for (key, value, range) in [
            ("learning_rate", learningRate, 0.0...1.0), ("value_learning_rate", valueLearningRate ?? 0, 0...1),
            ("gamma", gamma, 0...1), ("gae_lambda", gaeLambda, 0...1),
            ("clip_range", clipRange, 0...10), ("kl_coefficient", klCoefficient, 0...1e6),
            ("kl_target", klTarget, 0...1e3), ("max_kl", maxKL, 0...1e6),
            ("entropy_coefficient", entropyCoefficient, -10...10), ("value_coefficient", valueCoefficient, 0...1e3),
            ("max_gradient_norm", maxGradientNorm, 0...1e9)
        ] {
            let values = value.given
            // a list has one number per member
            if values.count > 1 { _ = try value.values(count: population, name: key) }
            try check(
                values.allSatisfy { range.contains($0) }, key, values.count == 1 ? "\(values[0])" : "\(values)",
                "\(range.lowerBound) to \(range.upperBound)")
        }
        for (key, value) in [
            ("observation_limit", observationLimit), ("reward_limit", rewardLimit), ("adam_epsilon", adamEpsilon)
        ] {
            // as float32 neither zero nor infinite
            try check((1e-20...1e30).contains(value), key, value, "1e-20 to 1e30")
        }
        try check((-20.0...5.0).contains(initialLogStd), "initial_log_std", initialLogStd, "-20 to 5")
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
