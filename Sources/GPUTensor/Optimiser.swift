/// Adam or SGD for a population's parameter rows, with per-member rates, gradient-norm limits and a mask of who steps.
public final class Optimiser {
    public enum Method: Sendable, Equatable {
        /// Kingma and Ba 2015 (arXiv:1412.6980), in PyTorch's form.
        case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
        /// With momentum per member, `[P]`; see ``Optimiser/momentum``.
        case sgd
    }
    package let method: Method
    /// Learning rates `[P, 2]`: for elements before ``split``, and from it on.
    public let rates: Tensor
    /// Limit of the gradient's norm per member, `[P]`; 0 or less means none.
    public let normLimits: Tensor
    /// 1 for members that step, `[P]` int32.
    public let active: Tensor
    /// The last gradient norm, before clipping, `[P]`.
    public let norms: Tensor
    /// Steps refused because the gradient was not finite, `[P]` int32.
    public let skipped: Tensor
    /// First and second moments `[P, N]`; the second is a single element for SGD.
    package let firstMoments: Tensor, secondMoments: Tensor
    /// `1 - beta^t` of both moments, `[P, 2]`.
    package let corrections: Tensor
    /// Momentum of SGD, `[P]`.
    public let momentum: Tensor
    /// Where the second learning rate begins, a multiple of ``rowPadding``.
    package let split: Int
    private let squares: Tensor, factors: Tensor, scales: Tensor
    private let members: Int, parameters: Int, blocks: Int

    public init(_ method: Method, members: Int, parameters: Int, split: Int? = nil, on queue: Queue) throws {
        precondition(parameters.isMultiple(of: rowPadding) && (split ?? 0).isMultiple(of: rowPadding))
        (self.method, self.members, self.parameters, self.split) = (method, members, parameters, split ?? parameters)
        blocks = (parameters + 4095) / 4096
        rates = try queue.tensor(.float32, [members, 2])
        normLimits = try queue.tensor(.float32, [members])
        active = try queue.tensor(.int32, [members])
        norms = try queue.tensor(.float32, [members])
        skipped = try queue.tensor(.int32, [members])
        firstMoments = try queue.tensor(.float32, [members, parameters])
        secondMoments = try queue.tensor(.float32, method == .sgd ? [1, 1] : [members, parameters])
        corrections = try queue.tensor(.float32, [members, 2])
        momentum = try queue.tensor(.float32, [members])
        squares = try queue.tensor(.float32, [members, blocks])
        factors = try queue.tensor(.float32, [members])
        scales = try queue.tensor(.float32, [members, 2])
    }

    /// One step of every active member along its gradient, clipped to its norm limit. Enqueues three launches and
    /// returns.
    ///
    /// - Parameters:
    ///   - parameters: `[P, N]`; overwritten.
    ///   - gradients: `[P, N]`, zero in the padding.
    ///   - rateScale: multiplies every rate, for schedules.
    ///   - target: `[P, N]` rows that follow the parameters by their `tau`, `[P]`, after the step, as
    ///     ``Queue/polyakUpdate(_:towards:tau:)`` has them follow, in the same launch; of every member, active or not.
    ///     With Adam only.
    ///   - members: the first ones only; nil for all.
    public func step(
        _ parameters: Tensor, gradients: Tensor, rateScale: Float = 1, target: (Tensor, tau: Tensor)? = nil,
        members: Int? = nil, on queue: Queue
    ) throws {
        let members = members ?? self.members
        precondition(members <= self.members, "\(members) members, of \(self.members)")
        try parameters.expectShape([members, self.parameters], "parameters")
        try gradients.expectShape([members, self.parameters], "gradients")
        try queue.launch(
            "gradient_squares", over: [blocks, members], gradients, squares, members, self.parameters, blocks)
        var (beta1, beta2, epsilon) = (0.0, 0.0, 0.0)
        if case .adam(let b1, let b2, let e) = method { (beta1, beta2, epsilon) = (b1, b2, e) }
        let (b1, c1, b2, c2) = (Float(beta1), Float(1 - beta1), Float(beta2), Float(1 - beta2))
        try queue.launch(
            "optimiser_prepare", over: [members], squares, normLimits, active, factors, norms, corrections, scales,
            skipped, members, blocks, b1, c1, b2, c2)
        let range = [self.parameters / queue.lanes, members]
        if method == .sgd {
            precondition(target == nil, "only Adam moves a target along")
            try queue.launch(
                "sgd_update", over: range, gradients, factors, rates, momentum, parameters, firstMoments, members,
                self.parameters, split, rateScale)
        } else if let (target, tau) = target {
            try target.expectShape([members, self.parameters], "target")
            try tau.expectShape([members], "tau")
            try queue.launch(
                "adam_polyak_update", over: range, gradients, factors, scales, rates, tau, parameters, firstMoments,
                secondMoments, target, members, self.parameters, split, b1, c1, b2, c2, Float(epsilon), rateScale)
        } else {
            try queue.launch(
                "adam_update", over: range, gradients, factors, scales, rates, parameters, firstMoments, secondMoments,
                members, self.parameters, split, b1, c1, b2, c2, Float(epsilon), rateScale)
        }
    }

    /// Forgets every member's moments, as at the start. Enqueues and returns.
    public func reset(on queue: Queue) throws {
        for tensor in [firstMoments, secondMoments, corrections] { try queue.zero(tensor) }
    }
}
