import GPUTensor

/// A black-box search for policies: it asks for returns of perturbed parameters and is told them. No gradients, no
/// values. ``SearchTraining`` makes an ``Algorithm`` of it.
public protocol Search: AnyObject, SendableMetatype {
    associatedtype Config: SearchConfig

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: whose rows ``ask(_:)`` fills.
    ///   - centres: the runs' own parameters, `[R, N]`; ``tell(_:)`` moves them.
    init(_ config: Config, _ population: Population, centres: Tensor, on queue: Queue) throws

    /// Parameters to be tried, `[P, N]`. Enqueues and returns.
    ///
    /// - Parameter generation: from 0; a number that no other call has.
    func ask(_ generation: UInt32) throws -> Tensor

    /// Learns from what was asked for.
    ///
    /// - Parameter fitness: `[P]`, higher is better; NaN for a policy that broke its environment.
    func tell(_ fitness: Tensor) throws

    /// Everything that the next generation depends on beside the centres, by name.
    var tensors: [(name: String, tensor: Tensor)] { get }
}

/// Settings of a search: its own, and those that all searches have.
public protocol SearchConfig: AlgorithmConfig {
    var search: SearchSettings { get }
}

extension SearchConfig {
    public var checkpointEvery: Int { search.checkpointEvery }
}

/// What a search's centre is before the first generation.
public enum SearchStart: String, Choice { case zero, pytorch }

/// Settings that every search has.
public struct SearchSettings: SettingGroup, Codable, Sendable, Equatable {
    @Setting("Policies per run that are tried in a generation.", 2...1 << 24, also: ["popsize", "pop_size", "members"])
    public var population: Int = 64
    @Setting("Episodes that a policy's fitness is the mean of.", 1...1 << 16, also: ["trials", "rollouts"])
    public var episodes: Int = 1
    @Setting(
        "Environment steps of each run, without tests.", 1...1 << 40,
        also: ["steps", "frames", "timesteps", "total_timesteps", "total_frames"])
    public var totalSteps: Int = 1_000_000
    @Setting(
        widths: "Widths of the policies' hidden layers; none for a linear policy.",
        also: ["net_arch", "hidden_sizes", "layers"])
    public var hidden: [Int] = []
    @Setting("Non-linearity of the hidden layers.")
    public var activation: ActivationName = .tanh
    @Setting("First parameters of each run's centre: zero, or as torch.nn.Linear's.")
    public var start: SearchStart = .zero
    @Setting("Episodes that test each run's centre in every generation, not counted; 0 for none.", 0...1 << 16)
    public var testEpisodes: Int = 4
    @Setting("Generations between checkpoints.", 1...1 << 30)
    public var checkpointEvery: Int = 10

    public init() {}

    /// The policy for a task: deterministic for continuous actions, the most probable category for discrete ones.
    func policy(_ task: EnvironmentSpec) -> Policy {
        let kind: PolicyKind =
            switch task.action {
            case .discrete(let count): .categorical(count: count)
            case .box(let low, _): .deterministic(count: low.count)
            }
        return Policy(
            kind: kind, observations: task.observationCount, hidden: hidden, activation: activation.activation)
    }
}

extension Queue {
    /// Each member's parameters about its run's centre: `centre + sqrt(variance) noise`. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - rows: `[P, N]`, overwritten.
    ///   - centres, variances: `[R, N]`.
    ///   - noise: standard normals, `[P, N]`.
    public func perturb(_ rows: Tensor, centres: Tensor, variances: Tensor, noise: Tensor) throws {
        let (members, count) = try rows.matrixShape("rows"), runs = centres.shape[0]
        try variances.expectShape([runs, count], "variances")
        try launch(
            "perturb_rows", over: [(count + lanes - 1) / lanes, members], centres, variances, noise, rows, members,
            members / runs, count)
    }

    /// Mean and variance, by the number of rows, of some rows of each run. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - means, variances: `[R, N]`, overwritten.
    ///   - rows: `[P, N]`.
    ///   - chosen: int32 `[R, K]`.
    public func moments(means: Tensor, variances: Tensor, of rows: Tensor, _ chosen: Tensor) throws {
        let (runs, count) = try means.matrixShape("means")
        try variances.expectShape([runs, count], "variances")
        try launch(
            "row_moments", over: [(count + lanes - 1) / lanes, runs], rows, chosen, means, variances, runs,
            chosen.shape[1], count)
    }

    /// Adds a number to all variances of each run. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - variances: `[R, N]`.
    ///   - extra: `[R]`.
    ///   - mask: `[N]`, 0 where nothing is added.
    public func addVariance(_ variances: Tensor, _ extra: Tensor, mask: Tensor) throws {
        let (runs, count) = try variances.matrixShape("variances")
        try launch("add_variance", over: [(count + lanes - 1) / lanes, runs], variances, extra, mask, runs, count)
    }
}

extension Evaluator {
    /// Each member's mean return over its episodes into `[P]`; NaN where one met a state that is not finite. Enqueues
    /// and returns.
    public func fitness(into fitness: Tensor) throws {
        try fitness.expectShape([members], "fitness")
        let episode = environment.episode
        try environment.queue.launch(
            "episode_fitness", over: [members], episode, fitness, members, environments, episode.pitch)
    }
}
