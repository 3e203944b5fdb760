import GPUTensor

extension Queue {
    /// The action to imitate in each state: of two parents' actions the one with the higher value; ties go to the
    /// second. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - teacher: `[P, rows, A]` with the pitch of the actions; overwritten.
    ///   - first, second: the parents' actions, `[P, rows, A]` padded, densely: member p's rows start at `p * rows`.
    ///   - firstQ, secondQ: the critic's values of them, as many rows of one, padded.
    /// - Note: Bodnar et al. 2020 (arXiv:1906.09807), section 3.2.
    package func distillationTeacher(
        _ teacher: MatrixView, first: Tensor, second: Tensor, firstQ: Tensor, secondQ: Tensor, members: Int, rows: Int
    ) throws {
        for (tensor, name) in [(first, "first"), (second, "second")]
        where tensor.pitch != teacher.pitch || tensor.rowCount < members * rows {
            throw ShapeMismatch(name, is: tensor.shape, expected: "\(members) x \(rows) rows, \(teacher.pitch) apart")
        }
        for (tensor, name) in [(firstQ, "firstQ"), (secondQ, "secondQ")]
        where tensor.rowCount < members * rows || tensor.pitch != rowPadding {
            throw ShapeMismatch(name, is: tensor.shape, expected: "\(members) x \(rows) rows of one value, padded")
        }
        guard teacher.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("teacher", is: teacher.tensor.shape, expected: "padded rows")
        }
        try teacher.check("teacher", members: members, rows: rows, columns: teacher.pitch)
        try launch(
            "distillation_teacher", over: [rows, members], first, second, firstQ, secondQ, teacher.tensor,
            teacher.offset, teacher.memberStride, members, rows, teacher.pitch)
    }

    /// The distillation loss of every member and its gradient before the policy's tanh. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - gradient: `[P, B, A]` padded; overwritten.
    ///   - losses: `[P, B]`; overwritten with each row's share of the loss.
    ///   - actions: the policies' outputs, `[P, B, A]` padded.
    ///   - teacher: rows with the pitch of `actions`.
    ///   - rowCounts: int32 `[P]`, rows of each member that count, the first ones; nil for all.
    /// - Note: `sum((mu - teacher)^2) + mean(mu^2)`, as in the published PDERL code; the paper's formula has the
    ///   batch's size alone under the second term.
    package func distillationLoss(
        gradient: Tensor, losses: Tensor, actions: Tensor, teacher: MatrixView, rowCounts: Tensor? = nil
    ) throws {
        guard actions.shape.count == 3, actions.pitch.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("actions", is: actions.shape, expected: "three dimensions, padded")
        }
        let (members, batch, count) = (actions.shape[0], actions.shape[1], actions.shape[2])
        guard gradient.shape == actions.shape, gradient.pitch == actions.pitch else {
            throw ShapeMismatch("gradient", is: gradient.shape, expected: "\(actions.shape), padded")
        }
        try losses.expectShape([members, batch], "losses")
        try rowCounts?.expectShape([members], "rowCounts")
        try teacher.check("teacher", members: members, rows: batch, columns: actions.pitch)
        precondition(
            teacher.pitch == actions.pitch, "teacher rows are \(teacher.pitch) apart, actions \(actions.pitch)")
        try launch(
            "distillation_loss", over: [batch, members], actions, teacher.tensor,
            rowCounts ?? losses.unread(as: .int32), gradient, losses, teacher.offset, teacher.memberStride, members,
            batch, count, actions.pitch, rowCounts != nil)
    }
}
