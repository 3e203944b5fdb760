import GPUTensor

/// How far parameters may stray from a reference while Adam steps on them.
///
/// A step is rate * m / sqrt(v), whatever the gradient's size. So an absolute gradient error of e G (G being the
/// gradient's scale as in ``ArrayCheck``, e its relative tolerance) becomes an error of up to 2 e G / sqrt(v) of the
/// rate: harmless for large gradients, the whole step for a parameter whose gradient is itself rounding noise. This
/// adds up those shares per parameter, step by step, from the device's own second moments. Compared is the way that a
/// parameter went, not where it ended, so that the parameters' own size hides nothing.
struct AdamTrajectory {
    private let layout: ParameterLayout, optimiser: Optimiser, members: Int
    /// Which of a member's flat parameters are looked at.
    private let range: Range<Int>, slots: [Range<Int>]
    private let beta2: Double, rate: Double
    private(set) var steps = 0
    /// Per parameter, in units of the rate: the sum over steps of 1 + 2 G / sqrt(v), each at most `cap`.
    private var shares: [Double]
    private let cap: Double
    private let extra: [Double]

    /// - Parameters:
    ///   - slots: which of a member's flat parameters to look at, slot by slot without gaps; nil for all.
    ///   - absolute: a gradient error that any element may have beside that, per element of a row; nil for none.
    ///   - tolerance: relative to the gradient's scale.
    init(
        _ optimiser: Optimiser, _ layout: ParameterLayout, slots: [Range<Int>]? = nil, members: Int, rate: Double,
        beta2: Double, absolute: [Double]? = nil,
        tolerance: Double
    ) {
        (self.layout, self.optimiser, self.members, self.rate, self.beta2) = (layout, optimiser, members, rate, beta2)
        let chosen = slots ?? layout.flatSlots, first = chosen[0].lowerBound
        range = first..<chosen[chosen.count - 1].upperBound
        self.slots = chosen.map { $0.lowerBound - first..<$0.upperBound - first }
        shares = Array(repeating: 0, count: members * self.range.count)
        extra = absolute?.map { $0 / tolerance } ?? Array(repeating: 0, count: range.count)
        cap = 2 / tolerance  // two steps in opposite directions
    }

    /// To be called after every step. Reads the second moments back.
    mutating func advance() throws {
        steps += 1
        let moments = layout.unpackRows(try optimiser.secondMoments.read()).map(Double.init),
            correction = 1 - power(beta2, steps)
        for member in 0..<members {
            let own = range.map { (moments[member * layout.parameterCount + $0] / correction).squareRoot() }
            for (i, (own, whole)) in zip(own, ArrayCheck.sizes(own, slots: slots)).enumerated() {
                let size = whole + extra[i]
                shares[member * range.count + i] += min(cap, 1 + (own > 0 ? 2 * size / own : size > 0 ? .infinity : 0))
            }
        }
    }

    /// What an error of `tolerance` may come to per parameter, and the roundings of the sums themselves beside it.
    func scales(around parameters: [Double], tolerance: Double) -> [Double] {
        shares.indices.map { rate * shares[$0] + Double(steps) * 0x1p-24 * abs(parameters[$0]) / tolerance }
    }

    /// Compares ways gone: `got - start` beside `want - wantStart`.
    func check(_ name: String, start: [Float], got: [Float], wantStart: [Double], want: [Double], tolerance: Double)
        -> ArrayCheck
    {
        ArrayCheck(
            "\(name), way gone", zip(got, start).map { Double($0) - Double($1) }, zip(want, wantStart).map { $0 - $1 },
            scales: scales(around: want, tolerance: tolerance).map { max($0, .leastNormalMagnitude) },
            tolerance: tolerance)
    }
}

func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * base } }
