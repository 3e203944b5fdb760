/// What random numbers are for. It is part of their counter, so that no two uses share numbers.
public struct RandomPurpose: RawRepresentable, Sendable, Equatable, ExpressibleByStringLiteral {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// From four letters.
    public init(stringLiteral name: String) {
        precondition(name.utf8.count == 4, "a purpose has four letters, not \(name)")
        rawValue = name.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension Queue {
    /// Words for a `[P, 4]` tensor of random streams, one per member: its run's seed and its number within the run, so
    /// that a member draws the same numbers however many runs share the population axis.
    ///
    /// - Parameter seeds: one per run; members come run by run.
    public static func streamWords(seeds: [UInt64], membersPerRun: Int) -> [UInt32] {
        streamWords(seeds: seeds, members: 0..<membersPerRun)
    }

    /// The same of some members of every run, by their numbers within it.
    public static func streamWords(seeds: [UInt64], members: Range<Int>) -> [UInt32] {
        seeds.flatMap { seed in
            members.flatMap {
                [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), UInt32($0), 0]
            }
        }
    }

    /// Random words (Philox4x32-10; Salmon et al. 2011). `out`: uint32 `[P, N]`, padded. Enqueues and returns.
    public func randomBits(_ out: Tensor, streams: Tensor, step: UInt32, purpose: RandomPurpose) throws {
        try random("random_bits", out, .uint32, itemsOf: 4, streams, step, purpose)
    }
    /// Uniform numbers in [0, 1). `out`: float `[P, N]`, padded. Enqueues and returns.
    public func randomUniform(_ out: Tensor, streams: Tensor, step: UInt32, purpose: RandomPurpose) throws {
        try random("random_uniform", out, .float32, itemsOf: 4, streams, step, purpose)
    }
    /// Standard normal numbers (Box and Muller). `out`: float `[P, N]`, padded. Enqueues and returns.
    public func randomNormal(_ out: Tensor, streams: Tensor, step: UInt32, purpose: RandomPurpose) throws {
        try random("random_normal", out, .float32, itemsOf: 4, streams, step, purpose)
    }
    /// A uniformly drawn order of 0..<N per member; its first k values are k draws without replacement. `out`: int32
    /// `[P, N]`, padded. Enqueues and returns.
    public func randomPermutation(_ out: Tensor, streams: Tensor, step: UInt32, purpose: RandomPurpose) throws {
        try random("random_permutation", out, .int32, itemsOf: 1, streams, step, purpose)
    }

    /// Different numbers below `n` per member, drawn without replacement: the first ones of a drawn order. `out`: int32
    /// `[P, k]`, padded, with k at most n. Enqueues and returns.
    public func randomChoice(_ out: Tensor, below n: Int, streams: Tensor, step: UInt32, purpose: RandomPurpose) throws
    {
        let (members, count) = try out.matrixShape("out")
        try streams.expectShape([members, 4], "streams")
        guard out.type == .int32, out.pitch == padded(count), count <= n else {
            throw ShapeMismatch("out", is: out.shape, expected: "padded rows of at most \(n) int32")
        }
        try launch(
            "random_choice", over: [out.pitch / lanes, members], streams, out, members, count, out.pitch, n, step,
            purpose.rawValue)
    }

    private func random(
        _ kernel: String, _ out: Tensor, _ type: ElementType, itemsOf elements: Int, _ streams: Tensor, _ step: UInt32,
        _ purpose: RandomPurpose
    ) throws {
        let (members, count) = try out.matrixShape("out")
        try streams.expectShape([members, 4], "streams")
        guard out.type == type, out.pitch == padded(count) else {
            throw ShapeMismatch("out", is: out.shape, expected: "padded rows of \(type)")
        }
        try launch(
            kernel, over: [(out.pitch + elements * lanes - 1) / (elements * lanes), members], streams, out, members,
            count, out.pitch, step, purpose.rawValue)
    }
}
