import GPUTensor

/// The action-value network of ERL and PDERL: an ELU layer of the state beside one of the action, both into a
/// normalised ELU layer, then one value.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), with the published code's normalisation on the second layer only. A row's
/// slots are, in order, Ws, bs, Wa, ba, W2, b2, gamma2, beta2, W3, b3.
public struct CriticNetwork: Sendable, Equatable {
    public let layout: ParameterLayout
    /// The first layer's two halves, of equal width.
    public let state: LinearLayer, action: LinearLayer
    /// What follows on both halves side by side.
    public let tail: MLP

    /// - Parameters:
    ///   - first: width of either half of the first layer.
    ///   - second: width of the second layer.
    public init(observations: Int, actions: Int, first: Int = 200, second: Int = 300) {
        var layout = ParameterLayout()
        func half(_ name: String, inputs: Int) -> LinearLayer {
            let weights = layout.add("critic.\(name).weight", rows: inputs, columns: first, isWeight: true)
            return LinearLayer(
                inputs: inputs, outputs: first, activation: .elu, weights: weights,
                bias: layout.add("critic.\(name).bias", columns: first))
        }
        state = half("state", inputs: observations)
        action = half("action", inputs: actions)
        tail = MLP(
            inputs: 2 * first, hidden: [second], outputs: 1, activation: .elu, norm: .erl, prefix: "critic.tail",
            in: &layout)
        self.layout = layout
    }

    /// The part of the tail's first layer that acts on one half: its rows of the weights, which lie together.
    fileprivate func tailPart(offset: Int) -> LinearLayer {
        let whole = tail.layers[0].linear
        return LinearLayer(
            inputs: state.outputs, outputs: whole.outputs, activation: .identity,
            weights: whole.weights + offset * padded(whole.outputs), bias: nil)
    }
}

/// The memory that a ``CriticNetwork``'s passes use for a number of members and up to a number of rows.
public final class CriticWorkspace {
    public let network: CriticNetwork
    public let members: Int, rows: Int
    /// Both halves' outputs side by side. The second half is written behind the first with its padding, hence the long
    /// pitch.
    private let joined: Tensor
    private let tail: MLPWorkspace
    /// Gradients before the ELU of each half, `[P, rows, first]` padded.
    private let stateGradient: Tensor?, actionGradient: Tensor?
    private let tailTransposed: Tensor?, actionTransposed: Tensor?

    /// The values, `[P, rows, 1]` padded.
    public var output: Tensor { tail.output }
    /// Where the caller writes the gradient of the values, `[P, rows, 1]` padded.
    public var outputGradient: Tensor { tail.outputGradient }

    /// - Parameter backward: also make room for gradients.
    public init(_ network: CriticNetwork, members: Int, rows: Int, backward: Bool, on queue: Queue) throws {
        (self.network, self.members, self.rows) = (network, members, rows)
        let first = network.state.outputs, second = network.tail.layers[0].linear.outputs
        joined = try queue.tensor(.float32, [members, rows, padded(first + padded(first))])
        tail = try MLPWorkspace(network.tail, members: members, rows: rows, backward: backward, on: queue)
        func room(_ rows: Int, _ columns: Int) throws -> Tensor? {
            try backward ? queue.tensor(.float32, [members, rows, columns], padded: true) : nil
        }
        stateGradient = try room(rows, first)
        actionGradient = try room(rows, first)
        tailTransposed = try room(second, first)
        actionTransposed = try room(first, network.action.inputs)
    }

    private func view(_ tensor: Tensor, rows: Int, offset: Int = 0) -> MatrixView {
        MatrixView(tensor, offset: offset, memberStride: rows * tensor.pitch, pitch: tensor.pitch)
    }

    /// The values of `rows` states and actions of every member, into ``output``. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - state: `[P, rows, observations]`, any pitch.
    ///   - action: `[P, rows, actions]`, any pitch.
    ///   - rows: at most the workspace's.
    ///   - members: the first ones only; nil for all.
    public func forward(
        state: MatrixView, action: MatrixView, parameters: Tensor, rows: Int? = nil, members: Int? = nil,
        on queue: Queue
    ) throws {
        let rows = rows ?? self.rows, members = members ?? self.members, first = network.state.outputs
        precondition(
            rows <= self.rows && members <= self.members,
            "\(members) x \(rows) rows in a workspace for \(self.members) x \(self.rows)")
        // In this order: each layer writes whole padded rows, and the second one writes over the first one's padding.
        try queue.linearForward(
            view(joined, rows: rows), state, network.state, parameters: parameters, members: members, rows: rows)
        try queue.linearForward(
            view(joined, rows: rows, offset: first), action, network.action, parameters: parameters, members: members,
            rows: rows)
        try tail.forward(view(joined, rows: rows), parameters: parameters, rows: rows, members: members, on: queue)
    }

    /// Gradients from ``outputGradient`` and the last forward pass. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - parameterGradients: `[P, N]` rows laid out like `parameters`; overwritten. Nil if only the action's gradient
    ///     is wanted.
    ///   - actionGradient: `[P, rows, actions]` padded, for the action's gradient; nil if it is not wanted.
    ///   - through: the actions with padded pitch and the activation that made them, to have the gradient before it;
    ///     nil for the gradient of the actions themselves.
    ///   - members: the first ones only; nil for all.
    public func backward(
        state: MatrixView, action: MatrixView, parameters: Tensor, parameterGradients: Tensor?,
        actionGradient wanted: MatrixView? = nil,
        through: (MatrixView, Activation)? = nil, rows: Int? = nil, members: Int? = nil, on queue: Queue
    ) throws {
        let rows = rows ?? self.rows, members = members ?? self.members, first = network.state.outputs
        guard let stateGradient, let actionGradient, let tailTransposed, let actionTransposed else {
            preconditionFailure("the workspace was made without room for gradients")
        }
        try tail.backward(
            view(joined, rows: rows), parameters: parameters, parameterGradients: parameterGradients, rows: rows,
            members: members, on: queue)
        let beforeNorm = view(tail.gradients[0], rows: rows), flipped = MatrixView(tailTransposed)
        func half(_ gradient: Tensor, offset: Int) throws -> MatrixView {
            let part = network.tailPart(offset: offset), result = view(gradient, rows: rows)
            try queue.linearTranspose(flipped, part, parameters: parameters, members: members)
            try queue.linearInputGradient(
                result, beforeNorm, part, transposed: flipped,
                through: (view(joined, rows: rows, offset: offset), .elu),
                members: members, rows: rows)
            return result
        }
        if let parameterGradients {
            try queue.linearWeightGradient(
                parameterGradients, state, half(stateGradient, offset: 0), network.state, members: members, rows: rows)
        }
        let beforeELU = try half(actionGradient, offset: first)
        if let parameterGradients {
            try queue.linearWeightGradient(
                parameterGradients, action, beforeELU, network.action, members: members, rows: rows)
        }
        if let wanted {
            let flipped = MatrixView(actionTransposed)
            try queue.linearTranspose(flipped, network.action, parameters: parameters, members: members)
            try queue.linearInputGradient(
                wanted, beforeELU, network.action, transposed: flipped, through: through, members: members, rows: rows)
        }
    }
}
