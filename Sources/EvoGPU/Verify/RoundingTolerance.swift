import Foundation

/// What rounding to float explains: the largest error, relative to an array's scale, that `depth` rounded operations
/// lead to.
///
/// An operation moves its result by up to u = 2^-24 of it, u / sqrt(3) in the root mean square. Such errors have
/// changing signs, so n of them add up like a random walk, to u sqrt(n / 3) of the size of what is summed. The farthest
/// of a million walks goes five times as far, 2.9 u sqrt(n); twice that is allowed, for sums whose terms cancel: 6 u
/// sqrt(n).
///
/// - Parameters:
///   - depth: the sum of the lengths of all sums on the way from the inputs.
///   - stretch: how much the steepest step on the way enlarges what reaches it; see
///     ``normalisationStretch(width:rows:)``.
func roundingTolerance(depth: Int, stretch: Double = 1) -> Double {
    6 * 0x1p-24 * Double(max(depth, 1)).squareRoot() * stretch
}

/// Operations on the way through a network and, with a batch, back: each layer's inputs, and a normalised layer's width
/// twice (mean and deviation).
func passDepth(widths: [Int], normalised: Bool = false, batch: Int = 0) -> Int {
    let forward = widths.dropLast().reduce(0, +) + (normalised ? 2 * widths.dropFirst().dropLast().reduce(0, +) : 0)
    guard batch > 0 else { return forward }
    let backward = widths.dropFirst().reduce(0, +) + (normalised ? 2 * widths.dropFirst().dropLast().reduce(0, +) : 0)
    return forward + backward + batch
}

/// How much layer normalisation enlarges errors: it divides by the deviation of `width` values, which comes near zero
/// now and then in a narrow layer. The chance to fall below a share d of its usual size goes with d^(width - 1), so the
/// smallest of many rows is about rows^(-1 / (width - 1)) of it: a third for 9 rows of width 3, 0.96 for 100 rows of
/// width 128.
func normalisationStretch(width: Int, rows: Int) -> Double { pow(Double(rows), 1 / Double(max(width - 1, 1))) }
