extension Queue {
    /// Closed-form `KL(student || expert)` of Gaussian policies, the expert being one of two parents, and its gradient.
    /// Enqueues and returns.
    ///
    /// - Parameters:
    ///   - meanGradient, logStdGradient: `[P, B, A]` padded; overwritten with gradients of the batch's mean.
    ///   - losses: `[P, B]`; overwritten with each row's KL.
    ///   - mean: the students' means, `[P, B, A]` padded.
    ///   - parameters: `[P, N]`, with the students' log standard deviations at `logStd`.
    ///   - parentMeans: `[2, P, B, A]` padded.
    ///   - parentLogStd: `[2, P, A]` padded.
    ///   - picks: int32 `[P, B]`: 0 or 1, the expert of each row.
    /// - Note: Gangwani and Peng 2018 (arXiv:1711.01012), equation 1, with a hard gate.
    public func gaussianImitationLoss(meanGradient: Tensor, logStdGradient: Tensor, losses: Tensor, mean: Tensor, parameters: Tensor, logStd: Int,
                                      parentMeans: Tensor, parentLogStd: Tensor, picks: Tensor) throws {
        guard mean.shape.count == 3, mean.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("mean", is: mean.shape, expected: "three dimensions, padded")
        }
        let (members, batch, count) = (mean.shape[0], mean.shape[1], mean.shape[2])
        try meanGradient.expectShape(mean.shape, "meanGradient")
        try logStdGradient.expectShape(mean.shape, "logStdGradient")
        try parentMeans.expectShape([2] + mean.shape, "parentMeans")
        try parentLogStd.expectShape([2, members, count], "parentLogStd")
        for tensor in [meanGradient, logStdGradient, parentMeans, parentLogStd] where tensor.pitch != mean.pitch {
            throw ShapeMismatch("a tensor of the imitation loss", is: tensor.shape, expected: "padded rows")
        }
        try picks.expectShape([members, batch], "picks")
        try losses.expectShape([members, batch], "losses")
        let (rows, columns) = try parameters.matrixShape("parameters")
        guard rows == members, logStd + padded(count) <= columns else {
            throw ShapeMismatch("parameters", is: parameters.shape, expected: "\(members) rows with \(count) values from \(logStd)")
        }
        try launch("gaussian_imitation_loss", over: [batch, members], mean, parameters, parentMeans, parentLogStd, picks, meanGradient, logStdGradient, losses,
                   UInt64(logStd), UInt64(parameters.pitch), Int32(members), Int32(batch), Int32(count), Int32(mean.pitch))
    }
}
