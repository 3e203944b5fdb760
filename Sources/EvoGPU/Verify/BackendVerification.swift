import GPUTensor

/// A way to run kernels: a device, its lanes, its threads, the form of its matrix products.
public struct BackendVariant: Sendable, CustomStringConvertible {
    public let device: Device
    public let lanes: Int?, threads: Int?
    public let form: MatrixForm?

    public var description: String {
        let parts = [
            lanes.map { "\($0) lanes" } ?? "default lanes", threads.map { "\($0) thread\($0 == 1 ? "" : "s")" },
            form.map { "\($0.rawValue) form" }
        ]
        return "\(device.identifier), \(parts.compactMap { $0 }.joined(separator: ", "))"
    }

    public func queue() throws -> Queue { try Queue(device, lanes: lanes, matrixForm: form, threads: threads) }

    /// Every variant of the CPU backend that this processor has, with one thread and with two; and every usable OpenCL
    /// device with its default lanes, with 1, 8 and 16, and with either form of matrix products.
    public static func all() -> [BackendVariant] {
        var variants: [BackendVariant] = []
        for device in Device.all() where device.unusable == nil {
            if device.identifier == "cpu" {
                for lanes in [16, 8, 4, 1] where (try? Queue(device, lanes: lanes)) != nil {
                    variants += [1, 2].map { BackendVariant(device: device, lanes: lanes, threads: $0, form: nil) }
                }
            } else {
                variants += [nil, 1, 8, 16].map {
                    BackendVariant(device: device, lanes: $0, threads: nil, form: .register)
                }
                variants += [nil, 16].map { BackendVariant(device: device, lanes: $0, threads: nil, form: .local) }
            }
        }
        return variants
    }
}

/// A training run on one backend beside the same run on the first one.
public struct BackendReport: Sendable, Encodable {
    public let backend: String, env: String, objective: String
    public let tensors: Int, values: Int
    /// Values that differ after the last iteration.
    public let differing: Int
    /// The first difference: a tensor's name and the iteration after which it was seen, from 1.
    public let firstDifference: String?

    private enum CodingKeys: String, CodingKey {
        case backend, env, objective, tensors, values, differing, firstDifference = "first_difference"
    }
}

/// Trains the same small population on every backend and compares every persistent tensor after every iteration, bit
/// for bit.
///
/// - Parameters:
///   - variants: the first is what the others are compared with.
///   - report: called after each backend, the first of each run included (which has nothing to differ from).
/// - Throws: ``DeviceError`` from a launch; whatever `report` throws.
public func verifyBackends(
    _ spec: EnvironmentSpec, objective: PolicyObjective, iterations: Int,
    variants: [BackendVariant] = BackendVariant.all(),
    report: (BackendReport) throws -> Void
) throws {
    // Sizes that fill neither a vector nor a chunk of 256 rows, and a batch that does not divide the rollout.
    var config = PPOConfig()
    (config.population, config.environments, config.rolloutSteps, config.batchSize, config.epochs) = (
        3, 5, 24, objective == .a2c ? 120 : 50, objective == .a2c ? 1 : 2
    )
    (config.hidden, config.valueHidden, config.objective) = ([17, 33], [19], objective)
    (config.learningRate, config.entropyCoefficient, config.totalSteps) = (1e-3, 0.01, iterations * 5 * 24)
    config.maxKL = PerMember([0, 0, 0.003])  // the third member stops early now and then
    try compare(spec, objective.rawValue, steps: iterations, variants: variants, report: report) { queue in
        let ppo = try PPO(config, spec, seeds: [7], on: queue)
        return ({ _ = try ppo.step() }, { ppo.tensors })
    }
}

/// The same with two rounds of GPO: data sharing, gates with refinement, crossovers with DAgger and all.
public func verifyEvolution(
    _ spec: EnvironmentSpec, variants: [BackendVariant] = BackendVariant.all(), report: (BackendReport) throws -> Void
) throws {
    var config = GPOConfig()
    (
        config.mutation.population, config.mutation.environments, config.mutation.rolloutSteps,
        config.mutation.batchSize, config.mutation.epochs
    ) = (3, 5, 24, 50, 2)
    (config.mutation.hidden, config.mutation.valueHidden, config.gateHidden, config.mutation.learningRate) = (
        [17, 33], [19], [7, 18], 1e-3
    )
    (config.rounds, config.recentRollouts, config.similarity, config.similarLimit, config.klStates) = (
        2, 2, 0.02, 3, 37
    )
    (config.gateBatchSize, config.gateRefinement, config.crossoverEnvironments, config.crossoverSteps) = (33, 1, 3, 17)
    (
        config.daggerPasses, config.imitationEpochs, config.imitationBatchSize, config.childStatistics,
        config.lineageEpisodes
    ) = (1, 2, 29, .merged, 0)
    (config.selection, config.diversityWeight) = (.mix, 0.5)
    config.totalSteps = 2 * 3 * (3 * 120 + config.crossoverStepsPerChild)
    try compare(spec, "gpo", steps: 6, variants: variants, report: report) { queue in
        let gpo = try GPO(config, spec, seeds: [7, 8], on: queue)
        return ({ _ = try gpo.step() }, { gpo.tensors })
    }
}

/// - Parameter make: gives what one step of a run does and the tensors that it changes.
private func compare(
    _ spec: EnvironmentSpec, _ objective: String, steps: Int, variants: [BackendVariant],
    report: (BackendReport) throws -> Void,
    make: (Queue) throws -> (step: () throws -> Void, tensors: () -> [(name: String, tensor: Tensor)])
) throws {
    var expected: [[Snapshot]] = []
    for (index, variant) in variants.enumerated() {
        let run = try make(variant.queue())
        var first: String?, differing = 0, values = 0
        for step in 0..<steps {
            try run.step()
            let now = try run.tensors().map { try Snapshot($0.name, $0.tensor) }
            if index == 0 { expected.append(now) }
            let counts = zip(now, expected[step]).map { $0.differing(from: $1) }
            (differing, values) = (counts.reduce(0, +), now.reduce(0) { $0 + $1.words.count })
            if first == nil, let at = counts.firstIndex(where: { $0 > 0 }) {
                first = "\(now[at].name) after iteration \(step + 1)"
            }
        }
        try report(
            BackendReport(
                backend: variant.description, env: spec.name, objective: objective, tensors: run.tensors().count,
                values: values, differing: differing, firstDifference: first))
    }
}

/// A tensor's bits on the host.
private struct Snapshot {
    let name: String, words: [UInt32]

    init(_ name: String, _ tensor: Tensor) throws {
        self.name = name
        switch tensor.type {
        case .float32: words = try tensor.read(as: Float.self).map(\.bitPattern)
        case .int32: words = try tensor.read(as: Int32.self).map { UInt32(bitPattern: $0) }
        case .uint32: words = try tensor.read()
        case .uint64:
            words = try tensor.read(as: UInt64.self).flatMap {
                [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)]
            }
        }
    }

    func differing(from other: Snapshot) -> Int { zip(words, other.words).count { $0 != $1 } }
}
