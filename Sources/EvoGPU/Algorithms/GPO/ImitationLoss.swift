import GPUTensor

extension Queue {
    /// Closed-form `KL(student || expert)` of Gaussian policies and its gradient. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - meanGradient, logStdGradient: `[P, B, A]` padded; overwritten with gradients of the mean over `rows`.
    ///   - losses: `[P, B]`; overwritten with each row's KL.
    ///   - mean: the students' means, `[P, B, A]` padded.
    ///   - parameters: `[P, N]`, with the students' log standard deviations at `logStd`.
    ///   - expertMean, expertLogStd: `[P, B, A]` padded: each row has an expert of its own.
    ///   - rows: how many of the B rows there are; tensors hold them densely, member p's from `p * rows`. Nil for all.
    /// - Note: Gangwani and Peng 2018 (arXiv:1711.01012), equation 1.
    package func gaussianImitationLoss(
        meanGradient: Tensor, logStdGradient: Tensor, losses: Tensor, mean: Tensor, parameters: Tensor, logStd: Int,
        expertMean: Tensor, expertLogStd: Tensor, rows: Int? = nil
    ) throws {
        let (members, batch, count) = try imitationShape(
            mean, [meanGradient, logStdGradient, expertMean, expertLogStd], losses, rows)
        let (parameterRows, columns) = try parameters.matrixShape("parameters")
        guard parameterRows == members, logStd + padded(count) <= columns else {
            throw ShapeMismatch(
                "parameters", is: parameters.shape, expected: "\(members) rows with \(count) values from \(logStd)")
        }
        try launch(
            "gaussian_imitation_loss", over: [batch, members], mean, parameters, expertMean, expertLogStd, meanGradient,
            logStdGradient, losses, logStd, parameters.pitch, members, batch, count, mean.pitch)
    }

    /// The same of categorical policies. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - logitGradient: `[P, B, A]` padded; overwritten.
    ///   - logProbabilities: `[P, B, A]` padded: work space, left with the student's log probabilities.
    ///   - logits: the students', `[P, B, A]` padded.
    ///   - expert: log probabilities of every row's expert, `[P, B, A]` padded.
    package func categoricalImitationLoss(
        logitGradient: Tensor, logProbabilities: Tensor, losses: Tensor, logits: Tensor, expert: Tensor,
        rows: Int? = nil
    ) throws {
        let (members, batch, count) = try imitationShape(
            logits, [logitGradient, logProbabilities, expert], losses, rows)
        try launch(
            "categorical_imitation_loss", over: [batch, members], logits, expert, logProbabilities, logitGradient,
            losses, members, batch, count, logits.pitch)
    }

    private func imitationShape(_ output: Tensor, _ others: [Tensor], _ losses: Tensor, _ rows: Int?) throws -> (
        members: Int, batch: Int, count: Int
    ) {
        guard output.shape.count == 3, output.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("the student's output", is: output.shape, expected: "three dimensions, padded")
        }
        let (members, most, count) = (output.shape[0], output.shape[1], output.shape[2]), batch = rows ?? most
        for tensor in others {
            guard tensor.shape.count == 3, tensor.shape[0] == members, tensor.shape[1] >= batch,
                tensor.shape[2] == count, tensor.pitch == output.pitch
            else {
                throw ShapeMismatch(
                    "a tensor of the imitation loss", is: tensor.shape,
                    expected: "[\(members), at least \(batch), \(count)], padded")
            }
        }
        guard batch <= most, losses.count >= members * batch else {
            throw ShapeMismatch("losses", is: losses.shape, expected: "room for \(members) x \(batch)")
        }
        return (members, batch, count)
    }
}
