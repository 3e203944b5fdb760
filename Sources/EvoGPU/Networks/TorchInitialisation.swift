import GPUTensor

extension LinearLayer {
    /// Turns uniform numbers in [0, 1) where a row has this layer into `torch.nn.Linear`'s first weights and biases:
    /// uniform in +- 1/sqrt(inputs).
    ///
    /// - Parameters:
    ///   - base: where the row begins.
    ///   - scale: multiplies them.
    func fillLikeTorch(_ rows: inout [Float], at base: Int, scale: Float = 1) {
        let bound = scale / Float(inputs).squareRoot(), pitch = padded(outputs)
        for at in base + weights..<base + weights + inputs * pitch { rows[at] = (2 * rows[at] - 1) * bound }
        if let bias { for at in base + bias..<base + bias + pitch { rows[at] = (2 * rows[at] - 1) * bound } }
    }
}

extension MLP {
    /// The same for every layer; normalisations start as the identity.
    ///
    /// - Parameter lastScale: multiplies the last layer's weights and biases.
    func fillLikeTorch(_ rows: inout [Float], at base: Int, lastScale: Float) {
        for (index, layer) in layers.enumerated() {
            layer.linear.fillLikeTorch(&rows, at: base, scale: index == layers.count - 1 ? lastScale : 1)
            if let norm = layer.norm {
                for column in 0..<norm.width {
                    (rows[base + norm.gamma + column], rows[base + norm.beta + column]) = (1, 0)
                }
            }
        }
    }
}

extension ParameterLayout {
    fileprivate func clearPadding(_ rows: inout [Float], at base: Int) {
        let mask = mask()
        for at in 0..<rowCount where mask[at] == 0 { rows[base + at] = 0 }
    }
}

extension Policy {
    /// Turns a row of uniform numbers in [0, 1) into PyTorch's first weights.
    func fillLikeTorch(_ rows: inout [Float], at base: Int, lastScale: Float) {
        mlp.fillLikeTorch(&rows, at: base, lastScale: lastScale)
        layout.clearPadding(&rows, at: base)
    }
}

extension CriticNetwork {
    /// Turns a row of uniform numbers in [0, 1) into PyTorch's first weights.
    func fillLikeTorch(_ rows: inout [Float], at base: Int, lastScale: Float) {
        for half in [state, action] { half.fillLikeTorch(&rows, at: base) }
        tail.fillLikeTorch(&rows, at: base, lastScale: lastScale)
        layout.clearPadding(&rows, at: base)
    }
}
