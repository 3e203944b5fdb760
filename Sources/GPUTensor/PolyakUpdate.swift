extension Queue {
    /// Moves each member's target network a step towards its online network. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - target: parameters, shape `[P, N]`; overwritten.
    ///   - online: parameters, shape `[P, N]`, N a multiple of ``rowPadding``.
    ///   - tau: step per member, shape `[P]`, dimensionless, in `[0, 1]`.
    /// - Throws: ``ShapeMismatch`` before anything is enqueued; ``DeviceError`` if the device refuses the launch.
    /// - Note: Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1, target update.
    public func polyakUpdate(_ target: Tensor, towards online: Tensor, tau: Tensor) throws {
        let (memberCount, parameterCount) = try online.matrixShape("online")
        guard parameterCount.isMultiple(of: rowPadding) else {
            throw ShapeMismatch("online", is: online.shape, expected: "rows of a multiple of \(rowPadding)")
        }
        try target.expectShape([memberCount, parameterCount], "target")
        try tau.expectShape([memberCount], "tau")
        try launch(
            "polyak_update", over: [parameterCount / lanes, memberCount], online, tau, target, memberCount,
            parameterCount)
    }
}
