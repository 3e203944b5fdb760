import GPUTensor

/// The cross-entropy method: parameters are drawn from independent normal distributions, which are fitted to the best
/// of them.
///
/// Rubinstein 1999; with the extra variance of Szita and Lorincz 2006 ("Learning Tetris using the noisy cross-entropy
/// method", equation 3), which is added to the variance, not to the deviation.
public final class CEM: Search {
    private let config: CEMConfig
    private let population: Population
    private let queue: Queue
    /// The distributions, `[R, N]`.
    private let means: Tensor, variances: Tensor
    private let noise: Tensor, mask: Tensor
    /// Rows of the elites, `[R, K]`, and each run's extra variance, `[R]`.
    private let elites: Tensor, extra: Tensor
    private var generation: UInt32 = 0

    public init(_ config: CEMConfig, _ population: Population, centres: Tensor, on queue: Queue) throws {
        (self.config, self.population, self.queue, means) = (config, population, queue, centres)
        let runs = population.runs.count, count = population.parameterCount, mask = population.policy.layout.mask()
        variances = try queue.tensor(.float32, [runs, count])
        let first = try config.deviation.values(count: runs, name: "deviation")
        try variances.write(first.flatMap { deviation in mask.map { $0 * deviation * deviation } })
        noise = try queue.tensor(.float32, [population.count, count], padded: true)
        self.mask = try queue.tensor(mask)
        elites = try queue.tensor(.int32, [runs, config.elites])
        extra = try queue.tensor(.float32, [runs])
    }

    public func ask(_ generation: UInt32) throws -> Tensor {
        self.generation = generation
        try queue.randomNormal(noise, streams: population.streams, step: generation, purpose: "SRCH")
        try queue.perturb(population.rows, centres: means, variances: variances, noise: noise)
        return population.rows
    }

    public func tell(_ fitness: Tensor) throws {
        let all = try fitness.read(as: Float.self).map { Double($0) }
        try elites.write(
            population.runs.indices.flatMap { run in
                let members = population.members(ofRun: run)
                return ranked(all[members]).prefix(config.elites).map { Int32(members.lowerBound + $0) }
            })
        try queue.moments(means: means, variances: variances, of: population.rows, elites)
        // Linear to zero, or constant.
        let share = config.noiseGenerations == 0 ? 1 : 1 - Double(generation) / Double(config.noiseGenerations)
        let values = try config.noise.values(count: population.runs.count, name: "noise")
        try extra.write(values.map { $0 * Float(max(0, share)) })
        try queue.addVariance(variances, extra, mask: mask)
    }

    public var tensors: [(name: String, tensor: Tensor)] { [("variances", variances)] }

    public static let specs = [
        AlgorithmSpec(
            "cem", "cross-entropy method over a policy's parameters (Rubinstein 1999; Szita and Lorincz 2006)",
            SearchTraining<CEM>.self, CEMConfig())
    ]
}

/// Settings of the cross-entropy method. Settings of type ``PerMember`` take one number or one per run.
public struct CEMConfig: SearchConfig {
    public var search = SearchSettings()
    public var own = CEMSettings()

    public init() {}

    public var deviation: PerMember { own.deviation }
    public var noise: PerMember { own.noise }
    public var noiseGenerations: Int { own.noiseGenerations }
    /// K, how many policies the distributions are fitted to.
    public var elites: Int { max(1, Int(own.eliteFraction * Double(search.population))) }

    public func encode(to encoder: any Encoder) throws {
        try search.encode(to: encoder)
        try own.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        search = try SearchSettings(from: decoder)
        own = try CEMSettings(from: decoder)
    }

    public func validate(seeds: Int) throws {
        try search.checkEach(members: seeds)
        try own.checkEach(members: seeds)
    }
}

/// What the cross-entropy method has beside other searches.
public struct CEMSettings: SettingGroup, Codable, Sendable, Equatable {
    @Setting(
        "Part of the population that the distributions are fitted to (rho); at least one policy.",
        accepts: ({ $0 > 0 && $0 <= 1 }, "above 0 and at most 1"), also: ["rho", "elite_frac"])
    public var eliteFraction: Double = 0.125
    @Setting("First standard deviation of every parameter.", 0...1e6, also: ["sigma", "initial_std"])
    public var deviation: PerMember = 1
    @Setting(
        "Extra variance that is added in every generation (Z).", 0...1e6, origin: "ours; the paper's Tetris takes 4")
    public var noise: PerMember = 0.05
    @Setting(
        "Generations over which the extra variance goes linearly to zero; 0 for constant.", 0...1 << 30,
        origin: "ours; the paper's Tetris goes from 5 by a tenth a generation")
    public var noiseGenerations: Int = 50

    public init() {}
}
