extension Queue {
    /// The squared one-step error of a population's critics and its gradient. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - gradient: `[P, B, 1]` padded; overwritten with d loss / d Q of the batch's mean squared error.
    ///   - losses: `[P, B]`; overwritten with each row's squared error.
    ///   - q: the critics' values, `[P, B, 1]` padded.
    ///   - nextQ: the target critics' values of the next state and the target actors' action there, `[P, B, 1]` padded.
    ///   - rewards, done: `[P, B]`; done is 0 or 1.
    ///   - gamma: discount per step and member, `[P]`.
    /// - Note: Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1.
    package func temporalDifference(
        gradient: Tensor, losses: Tensor, q: Tensor, nextQ: Tensor, rewards: Tensor, done: Tensor, gamma: Tensor
    ) throws {
        let (members, batch) = try rewards.matrixShape("rewards")
        for (tensor, name) in [(q, "q"), (nextQ, "nextQ"), (gradient, "gradient")] {
            guard tensor.shape == [members, batch, 1], tensor.pitch == rowPadding else {
                throw ShapeMismatch(name, is: tensor.shape, expected: "[\(members), \(batch), 1], padded")
            }
        }
        try done.expectShape([members, batch], "done")
        try losses.expectShape([members, batch], "losses")
        try gamma.expectShape([members], "gamma")
        try launch(
            "temporal_difference", over: [batch, members], q, nextQ, rewards, done, gamma, gradient, losses, members,
            batch)
    }
}
