import Foundation

/// How one array of ours compares with its reference: quantiles of `|a - b| / (scale + |b|)`, b being the reference.
public struct ArrayCheck: Sendable, Equatable, Encodable {
    public let array: String
    public let count: Int
    /// Infinite where something is not a number that should be, or the other way round.
    public let median: Double, p99: Double, worst: Double
    /// Where the worst was met, as an index into the elements in order.
    public let worstAt: Int
    /// Of the worst; infinite where single elements may be off.
    public let tolerance: Double
    /// Limits of the median and of the 99th percentile; infinite where there is none.
    public let medianLimit: Double, p99Limit: Double
    public var passed: Bool { worst <= tolerance && median <= medianLimit && p99 <= p99Limit }

    /// - Parameters:
    ///   - errors: one per record, infinite where something is not a number; at least one.
    ///   - medianLimit, p99Limit, tolerance: of the median, the 99th percentile and the worst; infinite for none.
    public init(
        _ array: String, errors: [Double], medianLimit: Double = .infinity, p99Limit: Double = .infinity,
        tolerance: Double = .infinity
    ) {
        let errors = errors.map { $0.isNaN ? .infinity : $0 }, sorted = errors.sorted()
        (self.array, count) = (array, errors.count)
        (self.tolerance, self.medianLimit, self.p99Limit) = (tolerance, medianLimit, p99Limit)
        (median, p99, worst) = (sorted.median, sorted.quantile(0.99), sorted.last ?? 0)
        worstAt = errors.firstIndex(of: worst) ?? 0
    }

    /// - Parameter scale: one for every element, above 0.
    public init(_ array: String, _ got: [Double], _ want: [Double], scales: [Double], tolerance: Double) {
        precondition(
            got.count == want.count && scales.count == want.count, "\(array): \(got.count) values beside \(want.count)")
        let errors = want.indices.map { i -> Double in
            let error = abs(got[i] - want[i]) / (scales[i] + abs(want[i]))
            if error.isFinite { return error }
            return got[i] == want[i] || got[i].isNaN && want[i].isNaN ? 0 : .infinity
        }
        self.init(array, errors: errors, tolerance: tolerance)
    }

    /// - Parameter scale: nil for the root mean square of `want`, so that an element near zero is held to the array's
    ///   size.
    public init(_ array: String, _ got: [Double], _ want: [Double], scale: Double? = nil, tolerance: Double) {
        let scale = max(scale ?? want.rootMeanSquare, .leastNormalMagnitude)
        self.init(array, got, want, scales: Array(repeating: scale, count: want.count), tolerance: tolerance)
    }

    public init(_ array: String, _ got: [Float], _ want: [Double], scale: Double? = nil, tolerance: Double) {
        self.init(array, got.map(Double.init), want, scale: scale, tolerance: tolerance)
    }

    /// A gradient of flat parameter rows, or a leading part of each. An element's scale is the root mean square of the
    /// whole or of its own slot (a weight matrix, a bias), whichever is larger: the last layer's and the log standard
    /// deviation's are sums of terms far larger than most others, and may cancel.
    ///
    /// - Parameter absolute: an error that any element may have beside that, per element of a row; nil for none.
    public init(
        gradient array: String, _ got: [Double], _ want: [Double], slots: [Range<Int>], absolute: [Double]? = nil,
        tolerance: Double
    ) {
        let count = slots.last?.upperBound ?? 0
        let scales = stride(from: 0, to: want.count, by: max(count, 1)).flatMap { first in
            let sizes = Self.sizes(Array(want[first..<first + count]), slots: slots)
            return absolute.map { zip(sizes, $0).map { $0 + $1 / tolerance } } ?? sizes
        }
        self.init(array, got, want, scales: scales.map { max($0, .leastNormalMagnitude) }, tolerance: tolerance)
    }

    /// For each element the root mean square of all or of its slot, whichever is larger.
    static func sizes(_ values: [Double], slots: [Range<Int>]) -> [Double] {
        let whole = values.rootMeanSquare
        return slots.flatMap { slot in
            Array(repeating: max(whole, Array(values[slot]).rootMeanSquare), count: slot.count)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case array, count, median, p99, worst, worstAt = "worst_at", tolerance, medianLimit = "median_limit", p99Limit =
            "p99_limit", passed
    }

    // JSON knows no infinity: null stands for it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(array, forKey: .array)
        try container.encode(count, forKey: .count)
        for (key, value) in [(CodingKeys.median, median), (.p99, p99), (.worst, worst), (.tolerance, tolerance)] {
            try container.encode(value.isFinite ? value : nil, forKey: key)
        }
        for (key, value) in [(CodingKeys.medianLimit, medianLimit), (.p99Limit, p99Limit)] where value.isFinite {
            try container.encode(value, forKey: key)
        }
        try container.encode(worstAt, forKey: .worstAt)
        try container.encode(passed, forKey: .passed)
    }
}

/// One figure beside its limit: a count, a z-score, a sum.
public struct FigureCheck: Sendable, Equatable, Encodable {
    public let name: String
    /// What it is of, such as `of 512 records`; empty if the name says it.
    public let of: String
    public let value: Double
    /// The largest magnitude accepted; infinite where the figure is only shown.
    public let limit: Double
    public var passed: Bool { abs(value) <= limit }

    public init(_ name: String, of: String = "", _ value: Double, limit: Double) {
        (self.name, self.of, self.value, self.limit) = (name, of, value, limit)
    }

    private enum CodingKeys: String, CodingKey { case name = "figure", of, value, limit, passed }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        if !of.isEmpty { try container.encode(of, forKey: .of) }
        try container.encode(value.isFinite ? value : nil, forKey: .value)
        try container.encode(limit.isFinite ? limit : nil, forKey: .limit)
        try container.encode(passed, forKey: .passed)
    }
}

/// What became of one reference case.
public struct CaseReport: Sendable, Encodable {
    public let name: String
    public var checks: [ArrayCheck] = []
    public var figures: [FigureCheck] = []
    /// Why the case, or a part of it, has no counterpart here.
    public var notCovered: [String] = []
    public var passed: Bool { checks.allSatisfy(\.passed) && figures.allSatisfy(\.passed) }

    private enum CodingKeys: String, CodingKey {
        case name = "case", checks, figures, notCovered = "not_covered", passed
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(checks, forKey: .checks)
        if !figures.isEmpty { try container.encode(figures, forKey: .figures) }
        try container.encode(notCovered, forKey: .notCovered)
        try container.encode(passed, forKey: .passed)
    }
}

extension [Double] {
    var rootMeanSquare: Double { isEmpty ? 0 : (reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot() }
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
    /// Of a sorted array: the middle, or halfway between the two in the middle.
    var median: Double {
        isEmpty ? 0 : count.isMultiple(of: 2) ? (self[count / 2 - 1] + self[count / 2]) / 2 : self[count / 2]
    }
    /// The mean's standard error, from the deviation with 1/(n - 1).
    var standardError: Double {
        let mean = mean
        return count < 2 ? 0 : (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count * (count - 1))).squareRoot()
    }

    /// Of a sorted array: the smallest element that at least this share is not above.
    func quantile(_ share: Double) -> Double {
        isEmpty ? 0 : self[Swift.min(count - 1, Swift.max(0, Int((share * Double(count)).rounded(.up)) - 1))]
    }
}
