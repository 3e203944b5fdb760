extension Queue {
    /// A gradient with respect to a network's output, taken back through its last activation: `dy = g activation'(y)`.
    /// Enqueues and returns.
    ///
    /// - Parameters:
    ///   - dy: as ``MLPWorkspace/outputGradient`` wants it, `[P, rows, n]` padded; may be the memory of `g`.
    ///   - g: `[P, rows, n]`, padded with zeros.
    ///   - y: the output, `[P, rows, n]`, padded.
    public func outputGradient(_ dy: Tensor, from g: Tensor, output y: Tensor, activation: Activation) throws {
        try expectOutput(dy, like: y)
        try expectOutput(g, like: y)
        try launch("output_gradient", over: [y.paddedCount / lanes], g, y, dy, y.paddedCount, activation.rawValue)
    }

    /// The gradient of one output's sum over all rows, before its activation: the slope in `column`, zero elsewhere.
    /// Enqueues and returns.
    ///
    /// - Parameters:
    ///   - dy: `[P, rows, n]`, padded.
    ///   - y: the output, `[P, rows, n]`, padded.
    ///   - rowCounts: int32 `[P]`, rows of each member that count, the first ones; nil for all.
    package func outputColumnGradient(
        _ dy: Tensor, column: Int, output y: Tensor, activation: Activation, rowCounts: Tensor? = nil
    ) throws {
        try expectOutput(dy, like: y)
        try rowCounts?.expectShape([y.shape[0]], "rowCounts")
        precondition(column >= 0 && column < y.shape.last!, "column \(column) of \(y.shape)")
        try launch(
            "output_column_gradient", over: [y.rowCount], y, rowCounts ?? y.unread(as: .int32), dy, y.rowCount, y.pitch,
            y.rowCount / y.shape[0], rowCounts != nil, column, activation.rawValue)
    }

    private func expectOutput(_ tensor: Tensor, like y: Tensor) throws {
        guard tensor.shape == y.shape, tensor.pitch == y.pitch, y.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("gradient", is: tensor.shape, expected: "\(y.shape), padded")
        }
    }
}
