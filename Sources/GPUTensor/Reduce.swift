/// Sum, mean and variance of every row.
public struct RowMoments {
    public let sum: Tensor, mean: Tensor, variance: Tensor
    /// - Parameters: float tensors `[R]`, one element per row.
    public init(sum: Tensor, mean: Tensor, variance: Tensor) {
        (self.sum, self.mean, self.variance) = (sum, mean, variance)
    }
}

extension Queue {
    /// Sum, mean and variance of each row of `x` `[R, n]` (padded) into `[R]` tensors. Enqueues and returns.
    ///
    /// - Parameter correction: 0 for variance with 1/n, 1 for 1/(n - 1); the variance is 0 where n is not above it.
    public func rowMoments(_ x: Tensor, into moments: RowMoments, correction: Int = 0) throws {
        let (rows, columns) = try x.matrixShape("x")
        guard x.pitch == padded(columns) else { throw ShapeMismatch("x", is: x.shape, expected: "padded rows") }
        for tensor in [moments.sum, moments.mean, moments.variance] { try tensor.expectShape([rows], "moments") }
        try launch(
            "reduce_rows", over: [rows], x, moments.sum, moments.mean, moments.variance, rows, columns, x.pitch,
            correction)
    }

    /// The column of each row's largest element, the first of equals, into int32 `[R]`. Enqueues and returns.
    public func argmax(_ x: Tensor, into indices: Tensor) throws {
        let (rows, columns) = try x.matrixShape("x")
        try indices.expectShape([rows], "indices")
        try launch("argmax_rows", over: [rows], x, indices, rows, columns, x.pitch)
    }

    /// The columns of each row in ascending order of their elements, stable, NaN last, into int32 `[R, n]`. O(n^2) work
    /// per row, all of it in parallel. Enqueues and returns.
    public func argsort(_ x: Tensor, into order: Tensor) throws {
        let (rows, columns) = try x.matrixShape("x")
        try order.expectShape([rows, columns], "order")
        try launch("argsort_rows", over: [columns, rows], x, order, rows, columns, x.pitch, order.pitch)
    }

    /// `log softmax` of each row of `x` `[R, n]` into `y`, both padded. Enqueues and returns.
    public func logSoftmax(_ y: Tensor, _ x: Tensor) throws {
        let (rows, columns) = try x.matrixShape("x")
        try y.expectShape(x.shape, "y")
        guard x.pitch == padded(columns), y.pitch == x.pitch else {
            throw ShapeMismatch("x", is: x.shape, expected: "padded rows")
        }
        try launch("log_softmax_rows", over: [rows], x, y, rows, columns, x.pitch)
    }

    /// Copies rows: `y[r] = x[indices[r]]`; an index outside `x` leaves its row alone. Enqueues and returns.
    public func gatherRows(_ y: Tensor, from x: Tensor, _ indices: Tensor) throws {
        let (sources, columns) = try x.matrixShape("x")
        let (rows, _) = try y.matrixShape("y")
        try y.expectShape([rows, columns], "y")
        try indices.expectShape([rows], "indices")
        guard y.pitch == x.pitch else {
            throw ShapeMismatch("y", is: y.shape, expected: "the row pitch of x, \(x.pitch)")
        }
        try launch("gather_rows", over: [rows], x, indices, y, rows, x.pitch, sources)
    }

    /// Sets every element of a float tensor, padding too. Enqueues and returns.
    public func fill(_ tensor: Tensor, _ value: Float) throws {
        try launch("fill_float", over: [(tensor.paddedCount + lanes - 1) / lanes], tensor, tensor.paddedCount, value)
    }
}
