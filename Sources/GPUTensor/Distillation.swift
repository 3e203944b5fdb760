extension Queue {
    /// The action to imitate in each state: of two parents' actions the one with the higher value; ties go to the second.
    /// Enqueues and returns.
    ///
    /// - Parameters:
    ///   - teacher: `[P, R, A]` padded; overwritten.
    ///   - first, second: the parents' actions, `[P, R, A]` padded.
    ///   - firstQ, secondQ: the critic's values of them, as many rows of one, padded.
    /// - Note: Bodnar et al. 2020 (arXiv:1906.09807), section 3.2.
    public func distillationTeacher(_ teacher: Tensor, first: Tensor, second: Tensor, firstQ: Tensor, secondQ: Tensor) throws {
        for (tensor, name) in [(first, "first"), (second, "second")] where tensor.shape != teacher.shape || tensor.pitch != teacher.pitch {
            throw ShapeMismatch(name, is: tensor.shape, expected: "\(teacher.shape), padded")
        }
        for (tensor, name) in [(firstQ, "firstQ"), (secondQ, "secondQ")] where tensor.rowCount != teacher.rowCount || tensor.pitch != rowPadding {
            throw ShapeMismatch(name, is: tensor.shape, expected: "\(teacher.rowCount) rows of one value, padded")
        }
        guard teacher.pitch.isMultiple(of: rowPadding) else { throw ShapeMismatch("teacher", is: teacher.shape, expected: "padded rows") }
        try launch("distillation_teacher", over: [teacher.rowCount], first, second, firstQ, secondQ, teacher, Int32(teacher.rowCount), Int32(teacher.pitch))
    }

    /// The distillation loss of every member and its gradient before the policy's tanh. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - gradient: `[P, B, A]` padded; overwritten.
    ///   - losses: `[P, B]`; overwritten with each row's share of the loss.
    ///   - actions: the policies' outputs, `[P, B, A]` padded.
    ///   - teacher: rows with the pitch of `actions`.
    /// - Note: `sum((mu - teacher)^2) + mean(mu^2)`, as in the published PDERL code; the paper's formula has the batch's size alone
    ///   under the second term.
    public func distillationLoss(gradient: Tensor, losses: Tensor, actions: Tensor, teacher: MatrixView) throws {
        guard actions.shape.count == 3, actions.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("actions", is: actions.shape, expected: "three dimensions, padded")
        }
        let (members, batch, count) = (actions.shape[0], actions.shape[1], actions.shape[2])
        guard gradient.shape == actions.shape, gradient.pitch == actions.pitch else {
            throw ShapeMismatch("gradient", is: gradient.shape, expected: "\(actions.shape), padded")
        }
        try losses.expectShape([members, batch], "losses")
        try teacher.check("teacher", members: members, rows: batch, columns: actions.pitch)
        precondition(teacher.pitch == actions.pitch, "teacher rows are \(teacher.pitch) apart, actions \(actions.pitch)")
        try launch("distillation_loss", over: [batch, members], actions, teacher.tensor, gradient, losses, teacher.offset64, teacher.stride64,
                   Int32(members), Int32(batch), Int32(count), Int32(actions.pitch))
    }
}
