import GPUTensor

extension Queue {
    /// Adds the squares of one output's parameter gradient to the squared sensitivity. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - squares: `[P, N]`, zero before the first output.
    ///   - gradients: `[P, N]`: of that output, summed over states.
    package func addGradientSquares(to squares: Tensor, _ gradients: Tensor) throws {
        let (members, parameters) = try sensitivityShape(squares)
        try gradients.expectShape(squares.shape, "gradients")
        try launch("add_gradient_squares", over: [parameters / lanes, members], gradients, squares, members, parameters)
    }

    /// Moves parameters by `magnitude * noise / divisor`, where the divisor is the sensitivity, at least 0.01, and 1
    /// where it is 0. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - parameters: `[P, N]`; overwritten.
    ///   - noise: `[P, N]`.
    ///   - magnitude: `[P]`, dimensionless: the standard deviation of a step where the divisor is 1 and noise is
    ///     standard normal.
    ///   - squares: squared sensitivities `[P, N]`, from ``addGradientSquares(to:_:)``.
    ///   - mask: `[N]`, 1 where a parameter may move; 0 in the padding.
    ///   - divisor: `[P, N]`; overwritten.
    /// - Note: SM-G-SUM of Lehman et al. 2018 (arXiv:1712.06563) with the limits of the published PDERL code.
    package func mutateProximally(
        _ parameters: Tensor, noise: Tensor, magnitude: Tensor, squares: Tensor, mask: Tensor, divisor: Tensor
    ) throws {
        let (members, count) = try sensitivityShape(squares)
        for (tensor, name) in [(parameters, "parameters"), (noise, "noise"), (divisor, "divisor")] {
            try tensor.expectShape(squares.shape, name)
        }
        try mask.expectShape([count], "mask")
        try magnitude.expectShape([members], "magnitude")
        try launch(
            "mutate_proximally", over: [count / lanes, members], squares, noise, magnitude, mask, divisor, parameters,
            members, count)
    }

    private func sensitivityShape(_ squares: Tensor) throws -> (Int, Int) {
        let (members, parameters) = try squares.matrixShape("squares")
        guard parameters.isMultiple(of: rowPadding), squares.pitch == parameters else {
            throw ShapeMismatch("squares", is: squares.shape, expected: "rows of a multiple of \(rowPadding)")
        }
        return (members, parameters)
    }
}
