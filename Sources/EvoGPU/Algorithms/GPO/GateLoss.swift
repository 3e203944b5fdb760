import GPUTensor

extension Queue {
    /// Cross-entropy of a softmax over two classes, and its gradient. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - gradient: `[P, B, 2]` padded; overwritten with the gradient of the mean over `rows`.
    ///   - statistics: `[P, B, rowPadding]`; overwritten: column 0 holds each row's loss, column 1 whether the larger
    ///     logit is the label's.
    ///   - logits: `[P, B, 2]` padded.
    ///   - labels: int32 `[P, B]`, 0 or 1.
    ///   - rows: how many of the B rows there are, densely; nil for all.
    package func gateLoss(gradient: Tensor, statistics: Tensor, logits: Tensor, labels: Tensor, rows: Int? = nil) throws
    {
        guard logits.shape.count == 3, logits.shape[2] == 2, logits.pitch == rowPadding else {
            throw ShapeMismatch("logits", is: logits.shape, expected: "[P, B, 2], padded")
        }
        let (members, most) = (logits.shape[0], logits.shape[1]), batch = rows ?? most
        try gradient.expectShape(logits.shape, "gradient")
        guard gradient.pitch == rowPadding, batch <= most else {
            throw ShapeMismatch("gradient", is: gradient.shape, expected: "padded rows, at least \(batch)")
        }
        guard statistics.paddedCount >= members * batch * rowPadding, labels.count >= members * batch else {
            throw ShapeMismatch("statistics", is: statistics.shape, expected: "room for \(members) x \(batch)")
        }
        try launch("gate_loss", over: [batch, members], logits, labels, gradient, statistics, members, batch)
    }
}
