import GPUTensor

/// The two-level policy of GPO's crossover: a gate chooses one of two parents, whose distribution then is the expert's.
///
/// Gangwani and Peng 2018 (arXiv:1711.01012), section 3.3.1. The choice is hard, so that divergences from the expert
/// have a closed form.
final class ExpertRows {
    /// Who is the expert: one parent everywhere, the one that the gate finds more probable, or one drawn by the gate's
    /// probabilities.
    enum Choice: Int32 { case first, second, larger, drawn }
    /// int32 `[P, B]`: 0 or 1.
    let picks: Tensor
    /// Means, or log probabilities, and log standard deviations of every row, `[P, B, A]` padded.
    let distributions: Tensor, logStd: Tensor
    private let members: Int, count: Int

    /// - Parameter count: A, actions or categories.
    init(members: Int, rows: Int, count: Int, on queue: Queue) throws {
        (self.members, self.count) = (members, count)
        picks = try queue.tensor(.int32, [members, rows])
        distributions = try queue.tensor(.float32, [members, rows, count], padded: true)
        logStd = try queue.tensor(.float32, [members, rows, count], padded: true)
    }

    /// Enqueues and returns. All rows lie densely: member p's from `p * rows`.
    ///
    /// - Parameters:
    ///   - logits: the gate's, `[P, rows, 2]` padded.
    ///   - first, second: what either parent's network gave, `[P, rows, A]` padded, and its parameters `[P, N]`.
    ///   - logStd: where log standard deviations lie in a parameter row; nil for categories.
    ///   - uniform: numbers in [0, 1), `[P, n]` padded, of which those from `from` on are used; only for
    ///     ``Choice/drawn``.
    func pick(
        _ choice: Choice, logits: Tensor, first: (Tensor, Tensor), second: (Tensor, Tensor), logStd offset: Int?,
        rows: Int,
        uniform: (Tensor, from: Int)? = nil, on queue: Queue
    ) throws {
        precondition(
            rows <= picks.shape[1] && logits.pitch == rowPadding && first.0.pitch == distributions.pitch
                && second.0.pitch == distributions.pitch)
        try queue.launch(
            "pick_expert", over: [rows, members], logits, uniform?.0 ?? logits, first.0, second.0, first.1, second.1,
            picks, distributions, logStd, offset ?? 0, first.1.pitch, members, rows, count, distributions.pitch,
            uniform?.from ?? 0, uniform?.0.pitch ?? 0, choice.rawValue, offset == nil)
    }
}
