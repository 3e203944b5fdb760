import GPUTensor

/// How network weights begin.
public enum Initialisation: String, Choice {
    /// Orthogonal matrices times a gain (Saxe et al. 2014, arXiv:1312.6120), zero biases.
    case orthogonal
    /// Uniform in +- 1/sqrt(inputs) for weights and biases: `torch.nn.Linear`'s default.
    case pytorch
}

/// A policy network and a value network in one parameter row per member: policy, log standard deviation (Gaussian
/// only), value.
public struct ActorCritic: Sendable {
    /// The policy; a critic is what judges it.
    public let actor: Policy
    public let value: MLP
    public var kind: PolicyKind { actor.kind }
    public var layout: ParameterLayout { actor.layout }
    public var policy: MLP { actor.mlp }
    /// Offset of `log_std`, or nil.
    public var logStd: Int? { actor.logStd }
    /// Where the value network begins in a row.
    public var valueStart: Int { actor.parameterCount }

    public init(
        kind: PolicyKind, observations: Int, hidden: [Int], valueHidden: [Int], activation: Activation,
        norm: LayerNormForm? = nil
    ) {
        var layout = ParameterLayout(), value: MLP?
        actor = Policy(
            kind: kind, observations: observations, hidden: hidden, activation: activation, norm: norm, in: &layout
        ) {
            value = MLP(
                inputs: observations, hidden: valueHidden, outputs: 1, activation: activation, norm: norm,
                prefix: "value", in: &$0)
        }
        self.value = value!
    }

    /// First parameters for every member, from its own random stream. Reads `scratch` back: only to be used before
    /// training.
    ///
    /// - Parameters:
    ///   - scratch: float `[P, rowCount]`, overwritten with random numbers.
    ///   - step: a number that no other call has, for other random numbers.
    ///   - policyGain: gain of the policy's last layer; hidden layers take sqrt(2), the value's last takes 1
    ///     (orthogonal only).
    public func initialRows(
        _ method: Initialisation, scratch: Tensor, streams: Tensor, logStd initialLogStd: Float,
        policyGain: Double = 0.01, step: UInt32 = 0, on queue: Queue
    ) throws -> [Float] {
        let members = scratch.shape[0]
        if method == .orthogonal {
            try queue.randomNormal(scratch, streams: streams, step: step, purpose: "INIT")
        } else {
            try queue.randomUniform(scratch, streams: streams, step: step, purpose: "INIT")
        }
        var rows: [Float] = try scratch.read()
        let mask = layout.mask()
        for member in 0..<members {
            let base = member * layout.rowCount
            for (network, lastGain) in [(policy, policyGain), (value, 1.0)] {
                for (index, layer) in network.layers.enumerated() {
                    let linear = layer.linear, pitch = padded(linear.outputs)
                    let weights = base + linear.weights
                    switch method {
                    case .orthogonal:
                        let normals = (0..<linear.inputs * linear.outputs).map {
                            Double(rows[weights + $0 / linear.outputs * pitch + $0 % linear.outputs])
                        }
                        let gain = index == network.layers.count - 1 ? lastGain : 2.0.squareRoot()
                        let orthogonal = orthogonalMatrix(normals, rows: linear.inputs, columns: linear.outputs)
                        for row in 0..<linear.inputs {
                            for column in 0..<linear.outputs {
                                rows[weights + row * pitch + column] = Float(
                                    gain * orthogonal[row * linear.outputs + column])
                            }
                        }
                        if let bias = linear.bias { for column in 0..<pitch { rows[base + bias + column] = 0 } }
                    case .pytorch:
                        linear.fillLikeTorch(&rows, at: base)
                    }
                    if let norm = layer.norm {
                        for column in 0..<norm.width {
                            (rows[base + norm.gamma + column], rows[base + norm.beta + column]) = (1, 0)
                        }
                    }
                }
            }
            if let logStd { for column in 0..<kind.count { rows[base + logStd + column] = initialLogStd } }
            for at in 0..<layout.rowCount where mask[at] == 0 { rows[base + at] = 0 }
        }
        return rows
    }
}

/// A matrix with orthonormal rows or columns, whichever are fewer, from standard normal numbers: Gram-Schmidt, twice,
/// in double precision. Equal to the QR factor with a positive diagonal, so uniformly distributed (Mezzadri 2007,
/// arXiv:math-ph/0609050).
func orthogonalMatrix(_ normals: [Double], rows: Int, columns: Int) -> [Double] {
    let (count, length) = rows < columns ? (rows, columns) : (columns, rows)
    // Vectors lie one after the other while they are worked on.
    var vectors = [Double](unsafeUninitializedCapacity: count * length) { space, used in
        for vector in 0..<count {
            for element in 0..<length {
                space[vector * length + element] =
                    normals[rows < columns ? vector * columns + element : element * columns + vector]
            }
        }
        used = count * length
    }
    vectors.withUnsafeMutableBufferPointer { v in
        func dot(_ a: Int, _ b: Int) -> Double {  // in four sums, for speed; their order is fixed
            var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0), element = 0
            while element + 4 <= length {
                s0 += v[a + element] * v[b + element]
                s1 += v[a + element + 1] * v[b + element + 1]
                s2 += v[a + element + 2] * v[b + element + 2]
                s3 += v[a + element + 3] * v[b + element + 3]
                element += 4
            }
            while element < length { s0 += v[a + element] * v[b + element]; element += 1 }
            return (s0 + s1) + (s2 + s3)
        }
        for vector in 0..<count {
            let mine = vector * length
            for _ in 0..<2 {
                for other in 0..<vector {
                    let factor = dot(mine, other * length)
                    for element in 0..<length { v[mine + element] -= factor * v[other * length + element] }
                }
            }
            let norm = dot(mine, mine).squareRoot()
            for element in 0..<length { v[mine + element] /= norm }
        }
    }
    guard rows >= columns else { return vectors }
    return (0..<rows * columns).map { vectors[$0 % columns * length + $0 / columns] }
}
