import GPUTensor

/// Random numbers for the host's few decisions, from the same counter-based source as the device's: what is drawn
/// depends only on the run's seed, the purpose, the step and how many were drawn before, whatever else draws.
/// Philox4x32-10 (Salmon et al. 2011).
public struct HostRandom: Sendable {
    private let key: [UInt32], step: UInt32, purpose: UInt32
    private var block: UInt32 = 0, words: [UInt32] = []

    public init(seed: UInt64, step: UInt32, purpose: RandomPurpose) {
        key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
        (self.step, self.purpose) = (step, purpose.rawValue)
    }

    /// 32 random bits.
    public mutating func word() -> UInt32 {
        if words.isEmpty {
            words = philox4x32(counter: [block, step, purpose, 0], key: key)
            block += 1
        }
        return words.removeFirst()
    }

    /// A whole number in `0..<n`, each equally probable: multiplied and shifted, with the uneven rest drawn again
    /// (Lemire 2019).
    public mutating func below(_ n: Int) -> Int {
        precondition(n > 0 && n <= Int(UInt32.max), "a number below \(n)")
        let bound = UInt32(n), rest = (0 &- bound) % bound
        while true {
            let product = word().multipliedFullWidth(by: bound)
            if product.low >= rest { return Int(product.high) }
        }
    }

    /// A number in [0, 1), in steps of 2^-32.
    public mutating func uniform() -> Double { Double(word()) * 0x1p-32 }

    /// The elements in a uniformly drawn order (Fisher and Yates).
    public mutating func shuffled<T>(_ elements: [T]) -> [T] {
        var result = elements
        for last in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(last, below(last + 1)) }
        return result
    }
}
