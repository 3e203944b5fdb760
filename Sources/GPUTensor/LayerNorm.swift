/// The two forms of layer normalisation; numbers as in `layer_norm.cl`.
public enum LayerNormForm: Int32, Sendable, CaseIterable {
    /// `(x - mean) / sqrt(var + epsilon)`, variance with 1/n. Ba et al. 2016; `torch.nn.LayerNorm`.
    case pytorch = 1
    /// `(x - mean) / (std + epsilon)`, standard deviation with 1/(n-1): the published ERL and PDERL code.
    case erl = 2

    /// The epsilon of the published form.
    public var epsilon: Float { self == .pytorch ? 1e-5 : 1e-6 }

    /// In words, for the readers of exported policies.
    package var formula: String {
        switch self {
        case .pytorch:
            "norm.weight * (y - mean(y)) / sqrt(variance(y) + layer_norm_epsilon) + norm.bias, variance with 1/n"
        case .erl: "norm.weight * (y - mean(y)) / (std(y) + layer_norm_epsilon) + norm.bias, std with 1/(n - 1)"
        }
    }
}

/// A layer normalisation's place in a parameter row.
public struct LayerNorm: Sendable, Equatable {
    public let width: Int
    public let form: LayerNormForm
    /// Offsets of gamma and beta, `[padded(width)]` each.
    public let gamma: Int, beta: Int
    /// The non-linearity after it.
    public let activation: Activation
    public init(width: Int, form: LayerNormForm, gamma: Int, beta: Int, activation: Activation) {
        (self.width, self.form, self.gamma, self.beta, self.activation) = (width, form, gamma, beta, activation)
    }
}

extension Queue {
    /// `y = activation(gamma xhat + beta)` row by row; `xhat` and `scale` are kept for the gradient. Enqueues and
    /// returns.
    ///
    /// - Parameters:
    ///   - y: `[P, rows, width]`, padded pitch; may be the memory of `x`.
    ///   - x: `[P, rows, width]`, padded pitch, zeros in the padding.
    ///   - xhat: `[P, rows, width]`, padded.
    ///   - scale: `[P, rows, 2]`.
    public func layerNormForward(
        _ y: MatrixView, _ x: MatrixView, _ norm: LayerNorm, parameters: Tensor, xhat: Tensor, scale: Tensor,
        members: Int, rows: Int
    ) throws {
        try checkNorm(norm, parameters, xhat, scale, members, rows)
        try x.check("x", members: members, rows: rows, columns: padded(norm.width))
        try y.check("y", members: members, rows: rows, columns: padded(norm.width))
        try launch(
            "layer_norm_forward", over: [rows, members], x.tensor, parameters, xhat, scale, y.tensor, x.offset,
            x.memberStride, x.pitch, norm.gamma, norm.beta, parameters.pitch, y.offset, y.memberStride, y.pitch,
            members, rows, norm.width, norm.form.rawValue, norm.form.epsilon, norm.activation.rawValue)
    }

    /// The gradient before a layer normalisation, `dx`, from that before its activation, `du`; and, if `gradients` is
    /// given, those of gamma and beta. `dx` may be `du`: the parameter gradients are taken first. Enqueues and returns.
    public func layerNormBackward(
        _ dx: MatrixView, _ du: MatrixView, _ norm: LayerNorm, parameters: Tensor, xhat: Tensor, scale: Tensor,
        gradients: Tensor?, members: Int, rows: Int
    ) throws {
        try checkNorm(norm, parameters, xhat, scale, members, rows)
        try du.check("du", members: members, rows: rows, columns: padded(norm.width))
        try dx.check("dx", members: members, rows: rows, columns: padded(norm.width))
        precondition(du.offset == 0 && dx.offset == 0)
        if let gradients {
            try launch(
                "layer_norm_parameter_gradient", over: [padded(norm.width) / lanes, members], du.tensor, xhat,
                gradients, du.memberStride, du.pitch, norm.gamma, norm.beta, gradients.pitch, members, rows, norm.width)
        }
        try launch(
            "layer_norm_input_gradient", over: [rows, members], du.tensor, parameters, xhat, scale, dx.tensor,
            du.memberStride, du.pitch, norm.gamma, parameters.pitch, dx.memberStride, dx.pitch, members, rows,
            norm.width, norm.form.rawValue)
    }

    func checkNorm(
        _ norm: LayerNorm, _ parameters: Tensor, _ xhat: Tensor, _ scale: Tensor, _ members: Int, _ rows: Int
    ) throws {
        let (have, columns) = try parameters.matrixShape("parameters")
        let end = max(norm.gamma, norm.beta) + padded(norm.width)
        guard have >= members, columns >= end else {
            throw ShapeMismatch("parameters", is: parameters.shape, expected: "at least [\(members), \(end)]")
        }
        // Workspaces may be sized for more rows than this call's.
        guard xhat.paddedCount >= members * rows * padded(norm.width) else {
            throw ShapeMismatch("xhat", is: xhat.shape, expected: "[\(members), \(rows), \(norm.width)], padded")
        }
        guard scale.paddedCount >= members * rows * 2 else {
            throw ShapeMismatch("scale", is: scale.shape, expected: "[\(members), \(rows), 2]")
        }
    }
}
