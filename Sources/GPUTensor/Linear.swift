/// The non-linearities of network layers; numbers as in `activation.cl`.
public enum Activation: Int32, Sendable, CaseIterable, Codable { case identity, tanh, relu, elu, sigmoid, softplus }

/// Where a population's matrices lie in a tensor's memory: member p's row r starts at `offset + p * memberStride + r *
/// pitch`.
public struct MatrixView {
    public let tensor: Tensor
    /// Elements before member 0's first row.
    public let offset: Int
    /// Elements between members; 0 if all share one matrix.
    public let memberStride: Int
    /// Elements between rows.
    public let pitch: Int

    public init(_ tensor: Tensor, offset: Int = 0, memberStride: Int, pitch: Int) {
        precondition(tensor.type == .float32 && offset >= 0 && memberStride >= 0 && pitch > 0)
        (self.tensor, self.offset, self.memberStride, self.pitch) = (tensor, offset, memberStride, pitch)
    }

    /// The whole of a `[P, M, N]` tensor.
    public init(_ tensor: Tensor) {
        precondition(tensor.shape.count == 3, "a view of \(tensor.shape)")
        self.init(tensor, memberStride: tensor.shape[1] * tensor.pitch, pitch: tensor.pitch)
    }

    package func check(_ name: String, members: Int, rows: Int, columns: Int) throws {
        guard offset + (members - 1) * memberStride + (rows - 1) * pitch + columns <= tensor.paddedCount else {
            throw ShapeMismatch(
                name, is: tensor.shape,
                expected:
                    """
                    room for \(members) x \(rows) x \(columns) from \(offset), member stride \(memberStride), pitch \
                    \(pitch)
                    """
            )
        }
    }
}

/// One layer's place in a parameter row and its sizes: `y = activation(x w + b)`.
public struct LinearLayer: Sendable, Equatable {
    public let inputs: Int
    public let outputs: Int
    public let activation: Activation
    /// Offset of the weights `[inputs, padded(outputs)]` in a parameter row.
    public let weights: Int
    /// Offset of the bias `[padded(outputs)]`, or nil.
    public let bias: Int?
    public init(inputs: Int, outputs: Int, activation: Activation, weights: Int, bias: Int?) {
        (self.inputs, self.outputs, self.activation, self.weights, self.bias) = (
            inputs, outputs, activation, weights, bias
        )
    }
}

extension Queue {
    /// The range of the register-tiled kernels: row blocks by members, or with single values columns by row blocks by
    /// members.
    private func registerRange(rows: Int, columns: Int, members: Int, extraBlocks: Int = 0) -> [Int] {
        let tileRows = lanes == 1 ? 4 : lanes >= 16 ? 8 : 6, blocks = (rows + tileRows - 1) / tileRows + extraBlocks
        return lanes == 1 ? [padded(columns), blocks, members] : [blocks, members]
    }
    // The local-memory kernels' tile: 128 rows and 64 columns by 16 x 8 work-items.
    private func localRange(rows: Int, columns: Int, members: Int) -> [Int] {
        [(columns + 63) / 64 * 8, (rows + 127) / 128 * 16, members]
    }
    // Narrow or short products leave most of a 128 x 64 local tile idle, whatever the device.
    private func usesLocal(_ rows: Int, _ columns: Int) -> Bool { matrixForm == .local && columns > 16 && rows > 16 }

    /// A layer's outputs for every member: `y[p] = activation(x[p] w[p] + b[p])`. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - y: `[P, rows, outputs]`, pitch a multiple of ``rowPadding``; padding is written as zero.
    ///   - x: `[P, rows, inputs]`, any pitch.
    ///   - parameters: `[P, N]` rows that hold the layer at its offsets.
    /// - Throws: ``ShapeMismatch``, ``DeviceError``.
    public func linearForward(
        _ y: MatrixView, _ x: MatrixView, _ layer: LinearLayer, parameters: Tensor, members: Int, rows: Int
    ) throws {
        try x.check("x", members: members, rows: rows, columns: layer.inputs)
        try y.check("y", members: members, rows: rows, columns: padded(layer.outputs))
        let stride = try parameterStride(parameters, layer, members)
        let local = usesLocal(rows, layer.outputs)
        try launch(
            local ? "linear_local_forward" : "linear_forward",
            over: local
                ? localRange(rows: rows, columns: layer.outputs, members: members)
                : registerRange(rows: rows, columns: layer.outputs, members: members),
            x.tensor, parameters, parameters, y.tensor, x.offset, x.memberStride, x.pitch,
            layer.weights, stride, layer.bias ?? 0, stride, layer.bias != nil,
            y.offset, y.memberStride, y.pitch, members, rows, layer.outputs, layer.inputs,
            layer.activation.rawValue)
    }

    /// A layer with layer normalisation: `y[p] = activation(norm(x[p] w[p] + b[p]))`, in one launch where rows fit a
    /// work-item, else two; the bits are the same. `xhat` and `scale` are kept for
    /// ``layerNormBackward(_:_:_:parameters:xhat:scale:gradients:members:rows:)``. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - y, x, parameters: as in ``linearForward(_:_:_:parameters:members:rows:)``; the layer's own activation must
    ///     be identity.
    ///   - xhat: `[P, rows, outputs]`, padded.
    ///   - scale: `[P, rows, 2]`.
    public func linearNormForward(
        _ y: MatrixView, _ x: MatrixView, _ layer: LinearLayer, _ norm: LayerNorm, parameters: Tensor,
        xhat: Tensor, scale: Tensor, members: Int, rows: Int
    ) throws {
        precondition(layer.activation == .identity && norm.width == layer.outputs)
        guard lanes > 1, !usesLocal(rows, layer.outputs) else {
            try linearForward(y, x, layer, parameters: parameters, members: members, rows: rows)
            return try layerNormForward(
                y, y, norm, parameters: parameters, xhat: xhat, scale: scale, members: members, rows: rows)
        }
        try x.check("x", members: members, rows: rows, columns: layer.inputs)
        try y.check("y", members: members, rows: rows, columns: padded(layer.outputs))
        try checkNorm(norm, parameters, xhat, scale, members, rows)
        let stride = try parameterStride(parameters, layer, members)
        try launch(
            "linear_norm_forward", over: registerRange(rows: rows, columns: layer.outputs, members: members), x.tensor,
            parameters, parameters, y.tensor, xhat, scale, x.offset, x.memberStride, x.pitch, layer.weights, stride,
            layer.bias ?? 0, stride, layer.bias != nil, y.offset, y.memberStride, y.pitch, norm.gamma, norm.beta,
            members, rows, layer.outputs, layer.inputs, norm.form.rawValue, norm.form.epsilon, norm.activation.rawValue)
    }

    /// The gradient that reaches a layer's inputs, times the slope of the activation that made them:
    /// `dx[p] = (dy[p] w[p]^T) * activation'(a[p])`. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - dx: `[P, rows, inputs]`, pitch a multiple of ``rowPadding``.
    ///   - dy: `[P, rows, outputs]`, the gradient before this layer's own activation.
    ///   - transposed: member p's `[outputs, padded(inputs)]` from ``linearTranspose(_:_:parameters:members:)``.
    ///   - a: what the layer was given, `[P, rows, inputs]` with padded pitch, and the activation that gave it; nil for
    ///     none.
    public func linearInputGradient(
        _ dx: MatrixView, _ dy: MatrixView, _ layer: LinearLayer, transposed: MatrixView,
        through a: (MatrixView, Activation)?, members: Int, rows: Int
    ) throws {
        try dy.check("dy", members: members, rows: rows, columns: layer.outputs)
        try dx.check("dx", members: members, rows: rows, columns: padded(layer.inputs))
        try transposed.check("transposed", members: members, rows: layer.outputs, columns: padded(layer.inputs))
        if let a { try a.0.check("a", members: members, rows: rows, columns: padded(layer.inputs)) }
        let (view, activation) = a ?? (dx, .identity)
        let local = usesLocal(rows, layer.inputs)
        try launch(
            local ? "linear_local_input_gradient" : "linear_input_gradient",
            over: local
                ? localRange(rows: rows, columns: layer.inputs, members: members)
                : registerRange(rows: rows, columns: layer.inputs, members: members),
            dy.tensor, transposed.tensor, view.tensor, dx.tensor, dy.offset, dy.memberStride, dy.pitch,
            transposed.offset, transposed.memberStride, view.offset, view.memberStride, view.pitch,
            dx.offset, dx.memberStride, dx.pitch, members, rows, layer.outputs,
            layer.inputs, activation.rawValue)
    }

    /// The gradient of a layer's weights and bias, written into gradient rows laid out like parameter rows:
    /// `dw[p] = x[p]^T dy[p]`, `db[p]` = column sums of `dy[p]`. Enqueues and returns.
    public func linearWeightGradient(
        _ gradients: Tensor, _ x: MatrixView, _ dy: MatrixView, _ layer: LinearLayer, members: Int, rows: Int
    ) throws {
        try x.check("x", members: members, rows: rows, columns: layer.inputs)
        try dy.check("dy", members: members, rows: rows, columns: padded(layer.outputs))
        let stride = try parameterStride(gradients, layer, members)
        let local = usesLocal(layer.inputs, layer.outputs)
        try launch(
            local ? "linear_local_weight_gradient" : "linear_weight_gradient",
            over: local
                ? localRange(rows: layer.inputs, columns: layer.outputs, members: members)
                : registerRange(rows: layer.inputs, columns: layer.outputs, members: members, extraBlocks: 1),
            x.tensor, dy.tensor, gradients, x.offset, x.memberStride, x.pitch, dy.offset, dy.memberStride, dy.pitch,
            layer.weights, stride, layer.bias ?? 0, layer.bias != nil,
            members, rows, layer.outputs, layer.inputs)
        if local, let bias = layer.bias {
            try columnSum(
                MatrixView(gradients, offset: bias, memberStride: gradients.pitch, pitch: padded(layer.outputs)), dy,
                members: members, rows: rows, columns: layer.outputs)
        }
    }

    /// Sums over batch rows, per member and column: `sum[p, 0, c]` of `dy[p, :, c]`. Enqueues and returns.
    public func columnSum(_ sum: MatrixView, _ dy: MatrixView, members: Int, rows: Int, columns: Int) throws {
        try dy.check("dy", members: members, rows: rows, columns: padded(columns))
        precondition(dy.offset == 0)
        try launch(
            "linear_column_sum", over: [padded(columns) / lanes, members], dy.tensor, sum.tensor, dy.memberStride,
            dy.pitch, sum.offset, sum.memberStride, members, rows, columns)
    }

    /// Writes each member's transposed weights `[outputs, padded(inputs)]`, as ``linearInputGradient`` wants them.
    /// Enqueues and returns.
    public func linearTranspose(_ transposed: MatrixView, _ layer: LinearLayer, parameters: Tensor, members: Int) throws
    {
        try transposed.check("transposed", members: members, rows: layer.outputs, columns: padded(layer.inputs))
        let stride = try parameterStride(parameters, layer, members)
        try launch(
            "linear_transpose", over: [lanes == 1 ? layer.outputs : padded(layer.outputs) / rowPadding, members],
            parameters, transposed.tensor, layer.weights, stride, transposed.offset, transposed.memberStride, members,
            layer.outputs, layer.inputs)
    }

    private func parameterStride(_ parameters: Tensor, _ layer: LinearLayer, _ members: Int) throws -> Int {
        let (rows, columns) = try parameters.matrixShape("parameters")
        let end = max(layer.weights + layer.inputs * padded(layer.outputs), (layer.bias ?? 0) + padded(layer.outputs))
        guard rows >= members, columns >= end else {
            throw ShapeMismatch("parameters", is: parameters.shape, expected: "at least [\(members), \(end)]")
        }
        return parameters.pitch
    }
}
