/// A multilayer perceptron's sizes and its place in a parameter row, one network per member.
///
/// Hidden layers are `activation(norm(x w + b))`, with or without normalisation; the last is `outputActivation(x w +
/// b)`.
public struct MLP: Sendable, Equatable {
    package struct Layer: Sendable, Equatable {
        package let linear: LinearLayer
        package let norm: LayerNorm?
        package var activation: Activation { norm?.activation ?? linear.activation }
    }
    package let layers: [Layer]
    public var inputs: Int { layers[0].linear.inputs }
    public var outputs: Int { layers.last!.linear.outputs }

    /// Adds a network's slots to a layout: `prefix.0.weight`, `prefix.0.bias`, `prefix.0.norm.weight`, ...
    ///
    /// - Parameter hidden: widths of the hidden layers, may be empty.
    public init(
        inputs: Int, hidden: [Int], outputs: Int, activation: Activation, outputActivation: Activation = .identity,
        norm: LayerNormForm? = nil, prefix: String, in layout: inout ParameterLayout
    ) {
        precondition(inputs > 0 && outputs > 0 && hidden.allSatisfy { $0 > 0 })
        var layers: [Layer] = [], width = inputs
        for (index, next) in (hidden + [outputs]).enumerated() {
            let isLast = index == hidden.count, name = "\(prefix).\(index)"
            let weights = layout.add("\(name).weight", rows: width, columns: next, isWeight: true)
            let bias = layout.add("\(name).bias", columns: next)
            var layerNorm: LayerNorm?
            if let norm, !isLast {
                let gamma = layout.add("\(name).norm.weight", columns: next),
                    beta = layout.add("\(name).norm.bias", columns: next)
                layerNorm = LayerNorm(width: next, form: norm, gamma: gamma, beta: beta, activation: activation)
            }
            let own: Activation = isLast ? outputActivation : norm == nil ? activation : .identity
            layers.append(
                Layer(
                    linear: LinearLayer(inputs: width, outputs: next, activation: own, weights: weights, bias: bias),
                    norm: layerNorm))
            width = next
        }
        self.layers = layers
    }
}

/// The memory that an ``MLP``'s forward and backward passes use for up to a number of members and rows.
public final class MLPWorkspace {
    package let mlp: MLP
    package let members: Int, rows: Int
    /// What each layer gives, `[P, rows, outputs]` padded. The last is the network's output.
    package let activations: [Tensor]
    /// Gradients before each layer's activation, `[P, rows, outputs]` padded; the caller writes the last one. Nil
    /// without backward pass.
    package let gradients: [Tensor]
    private let normalised: [Tensor?], scales: [Tensor?]
    private let transposed: [Tensor]  // of layer i: [P, outputs, inputs] padded
    private let inputGradientUsed: Bool

    /// The network's output, `[P, rows, outputs]` padded.
    public var output: Tensor { activations.last! }
    /// Where the caller writes the gradient before the last activation, `[P, rows, outputs]` padded.
    public var outputGradient: Tensor { gradients.last! }

    /// - Parameters:
    ///   - backward: also make room for gradients.
    ///   - inputGradient: also transpose the first layer, for the gradient of the network's input.
    public init(_ mlp: MLP, members: Int, rows: Int, backward: Bool, inputGradient: Bool = false, on queue: Queue)
        throws
    {
        (self.mlp, self.members, self.rows, inputGradientUsed) = (mlp, members, rows, inputGradient)
        activations = try mlp.layers.map {
            try queue.tensor(.float32, [members, rows, $0.linear.outputs], padded: true)
        }
        gradients =
            try backward
            ? mlp.layers.map { try queue.tensor(.float32, [members, rows, $0.linear.outputs], padded: true) } : []
        normalised = try mlp.layers.map {
            try $0.norm == nil ? nil : queue.tensor(.float32, [members, rows, $0.linear.outputs], padded: true)
        }
        scales = try mlp.layers.map { try $0.norm == nil ? nil : queue.tensor(.float32, [members, rows, 2]) }
        transposed =
            try backward
            ? mlp.layers.enumerated().map { index, layer in
                let unused = index == 0 && !inputGradient
                return try queue.tensor(
                    .float32, [members, unused ? 1 : layer.linear.outputs, unused ? 1 : layer.linear.inputs],
                    padded: true)
            } : []
    }

    private func view(_ tensor: Tensor, rows: Int) -> MatrixView {
        MatrixView(tensor, memberStride: rows * tensor.pitch, pitch: tensor.pitch)
    }

    /// The network's output for `rows` rows of every member, into ``output`` (densely: member p's rows start at `p *
    /// rows`). Enqueues and returns.
    ///
    /// - Parameters:
    ///   - x: `[P, rows, inputs]`, any pitch.
    ///   - rows: at most the workspace's.
    ///   - members: the first ones only; nil for all.
    public func forward(_ x: MatrixView, parameters: Tensor, rows: Int? = nil, members: Int? = nil, on queue: Queue)
        throws
    {
        let rows = rows ?? self.rows, members = members ?? self.members
        precondition(
            rows <= self.rows && members <= self.members,
            "\(members) x \(rows) rows in a workspace for \(self.members) x \(self.rows)")
        var input = x
        for (index, layer) in mlp.layers.enumerated() {
            let output = view(activations[index], rows: rows)
            if let norm = layer.norm {
                try queue.linearNormForward(
                    output, input, layer.linear, norm, parameters: parameters, xhat: normalised[index]!,
                    scale: scales[index]!, members: members, rows: rows)
            } else {
                try queue.linearForward(
                    output, input, layer.linear, parameters: parameters, members: members, rows: rows)
            }
            input = output
        }
    }

    /// The gradient of every parameter, from ``outputGradient`` and the last forward pass. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - parameterGradients: `[P, N]` rows laid out like `parameters`; this network's slots are overwritten. Nil:
    ///     only the input's gradient.
    ///   - inputGradient: `[P, rows, inputs]` padded, for the gradient of the input; nil if it is not wanted.
    ///   - isRepeated: the last backward pass had the same parameters, so that their transposed copies need not be made
    ///     again.
    ///   - normGradients: false leaves the gradients of normalisations' own parameters alone.
    public func backward(
        _ x: MatrixView, parameters: Tensor, parameterGradients: Tensor?, inputGradient: MatrixView? = nil,
        rows: Int? = nil, members: Int? = nil,
        isRepeated: Bool = false, normGradients: Bool = true, on queue: Queue
    ) throws {
        let rows = rows ?? self.rows, members = members ?? self.members
        precondition(
            !gradients.isEmpty && (inputGradient == nil || inputGradientUsed),
            "the workspace was made without room for this gradient")
        for (index, layer) in mlp.layers.enumerated().reversed() {
            let gradient = view(gradients[index], rows: rows)
            if let norm = layer.norm {
                try queue.layerNormBackward(
                    gradient, gradient, norm, parameters: parameters, xhat: normalised[index]!, scale: scales[index]!,
                    gradients: normGradients ? parameterGradients : nil, members: members, rows: rows)
            }
            let input = index == 0 ? x : view(activations[index - 1], rows: rows)
            if let parameterGradients {
                try queue.linearWeightGradient(
                    parameterGradients, input, gradient, layer.linear, members: members, rows: rows)
            }
            guard index > 0 || inputGradient != nil else { continue }
            let flipped = view(transposed[index], rows: layer.linear.outputs)
            if !isRepeated {
                try queue.linearTranspose(flipped, layer.linear, parameters: parameters, members: members)
            }
            if index > 0 {
                try queue.linearInputGradient(
                    view(gradients[index - 1], rows: rows), gradient, layer.linear, transposed: flipped,
                    through: (input, mlp.layers[index - 1].activation), members: members, rows: rows)
            } else if let inputGradient {
                try queue.linearInputGradient(
                    inputGradient, gradient, layer.linear, transposed: flipped, through: nil, members: members,
                    rows: rows)
            }
        }
    }
}
