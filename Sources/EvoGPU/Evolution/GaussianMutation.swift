import GPUTensor

/// ERL's mutation: some weights of some matrices are changed by normal noise in proportion to themselves, now and then
/// strongly, or drawn anew.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), Algorithm 3, as in the published code: biases and normalisation stay as
/// they are.
public final class GaussianMutation {
    /// The constants of the published code.
    public struct Settings: Sendable, Equatable, Codable {
        /// Hits are drawn uniformly below this share of a matrix's weights, rounded up.
        public var fraction = 0.1
        /// Standard deviation of a change, in units of the weight.
        public var strength = 0.1
        /// The same of a strong change, and how often there is one.
        public var superStrength = 10.0, superProbability = 0.05
        /// How often a weight is drawn anew, and with which standard deviation.
        public var resetProbability = 0.05, resetStrength = 1.0
        /// Weights are kept within so much of 0.
        public var limit = 1e6
        public init() {}
    }
    public let settings: Settings
    private let layout: ParameterLayout, matrices: [ParameterLayout.Slot], hits: [Int]
    private let mutants: MemberRows
    private let bits: Tensor, normals: Tensor, slots: Tensor, hitLimits: Tensor
    private let queue: Queue

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: P, members of all runs.
    ///   - limit: C, how many are mutated at once.
    ///   - streams: `[P, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    /// - Throws: ``RunError`` naming a setting that cannot be used.
    public init(
        _ layout: ParameterLayout, population: Int, limit: Int, settings: Settings = Settings(), streams: [UInt32],
        on queue: Queue
    ) throws {
        for (name, value) in [
            ("fraction", settings.fraction), ("super probability", settings.superProbability),
            ("reset probability", settings.resetProbability)
        ] {
            guard (0...1).contains(value) else {
                throw RunError("mutation \(name): \(value); a number from 0 to 1 is accepted")
            }
        }
        for (name, value) in [
            ("strength", settings.strength), ("super strength", settings.superStrength),
            ("reset strength", settings.resetStrength), ("limit", settings.limit)
        ] {
            guard value >= 0, value.isFinite else {
                throw RunError("mutation \(name): \(value); a number from 0 up is accepted")
            }
        }
        (self.layout, self.settings, self.queue) = (layout, settings, queue)
        matrices = layout.slots.filter(\.isWeight)
        hits = matrices.map { Int((settings.fraction * Double($0.count)).rounded(.up)) }
        mutants = try MemberRows(population: population, limit: limit, streams: streams, on: queue)
        bits = try queue.tensor(.uint32, [limit, hits.reduce(0) { $0 + 3 + 2 * $1 }], padded: true)
        normals = try queue.tensor(.float32, [limit, max(1, hits.reduce(0, +))], padded: true)
        var word = 0, normal = 0, rows: [Int32] = []
        for (slot, count) in zip(matrices, hits) {
            rows += [slot.offset, slot.rows, slot.columns, slot.pitch, word, normal].map { Int32($0) }
            word += 3 + 2 * count
            normal += count
        }
        slots = try queue.tensor(rows, [matrices.count, 6])
        hitLimits = try queue.tensor(hits.map { Int32($0) })
    }

    /// Mutates members in place. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - members: by their numbers in the whole population, none twice.
    ///   - parameters: `[P, N]`.
    ///   - step: a number that no other mutation of the run has.
    public func mutate(_ members: [Int], parameters: Tensor, step: UInt32) throws {
        try parameters.expectShape([mutants.population, layout.rowCount], "parameters")
        for start in stride(from: 0, to: members.count, by: mutants.limit) {
            try mutants.choose(Array(members[start..<min(start + mutants.limit, members.count)]))
            let count = mutants.count
            try queue.randomBits(bits.first(count), streams: mutants.streams, step: step, purpose: "MUTB")
            try queue.randomNormal(normals.first(count), streams: mutants.streams, step: step, purpose: "MUTN")
            try queue.launch(
                "mutate_weights", over: [matrices.count, count], bits, normals, slots, mutants.indices, hitLimits,
                parameters, count, matrices.count, layout.rowCount, bits.pitch, normals.pitch, Float(settings.strength),
                Float(settings.superStrength), Float(settings.superProbability), Float(settings.resetStrength),
                Float(settings.resetProbability), Float(settings.limit))
        }
    }
}
