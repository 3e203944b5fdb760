/// What rounding to float explains: the largest relative error of a value that `depth` rounded operations lead to.
///
/// An operation moves its result by up to u = 2^-24 of it. Such errors have changing signs, so n of them add up like a random walk, to
/// about sqrt(n) u of the size of what is summed; the reference's own inputs, rounded to float on the way in, count as one more each.
/// Five walks' deviations hold for arrays of a million elements (1 in 2 million falls outside five); three times that covers
/// sums whose terms cancel, and networks that stretch what reaches them.
///
/// - Parameter depth: the sum of the lengths of all sums on the way from the inputs.
func roundingTolerance(depth: Int) -> Double { 15 * 0x1p-24 * Double(max(depth, 1)).squareRoot() }

/// Operations on the way through a network and back: each layer's inputs, and a normalised layer's width twice (mean and deviation).
func passDepth(widths: [Int], normalised: Bool = false, batch: Int = 0) -> Int {
    let forward = widths.dropLast().reduce(0, +) + (normalised ? 2 * widths.dropFirst().dropLast().reduce(0, +) : 0)
    guard batch > 0 else { return forward }
    let backward = widths.dropFirst().reduce(0, +) + (normalised ? 2 * widths.dropFirst().dropLast().reduce(0, +) : 0)
    return forward + backward + batch
}
