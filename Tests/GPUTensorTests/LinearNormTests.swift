import Foundation
import GPUTensor
import Testing

@Suite struct LinearNormTests {
    // The fused launch and the two launches it stands for, on every backend, against one another bit by bit and against
    // Double.
    @Test(
        arguments: LayerNormForm.allCases,
        [ProductShape(1, 1, 1, 2), ProductShape(2, 3, 5, 7), ProductShape(3, 19, 17, 33), ProductShape(2, 37, 40, 128)])
    func fusedEqualsApartOnEveryBackend(form: LayerNormForm, shape: ProductShape) throws {
        var rng = SeededGenerator(seed: 11), layout = ParameterLayout()
        let layer = LinearLayer(
            inputs: shape.k, outputs: shape.n, activation: .identity,
            weights: layout.add("w", rows: shape.k, columns: shape.n, isWeight: true),
            bias: layout.add("b", columns: shape.n))
        let norm = LayerNorm(
            width: shape.n, form: form, gamma: layout.add("g", columns: shape.n),
            beta: layout.add("h", columns: shape.n), activation: .elu)
        let flat = (0..<shape.p).map { _ in rng.uniform(layout.parameterCount) }, row = flat.flatMap { layout.pack($0) }
        let values = rng.uniform(shape.p * shape.m * shape.k)
        var results: [(String, [UInt32])] = [], outputs: [Float] = []
        for backend in Backend.available {
            let queue = try backend.makeQueue()
            let x = try queue.tensor(values, [shape.p, shape.m, shape.k]),
                parameters = try queue.tensor(row, [shape.p, layout.rowCount])
            for fused in [true, false] {
                let y = try queue.tensor(.float32, [shape.p, shape.m, shape.n], padded: true),
                    xhat = try queue.tensor(.float32, [shape.p, shape.m, shape.n], padded: true)
                let scale = try queue.tensor(.float32, [shape.p, shape.m, 2])
                for tensor in [y, xhat] {
                    try tensor.withoutPadding.write([Float](repeating: .nan, count: tensor.paddedCount))
                }
                if fused {
                    try queue.linearNormForward(
                        MatrixView(y), MatrixView(x), layer, norm, parameters: parameters, xhat: xhat, scale: scale,
                        members: shape.p, rows: shape.m)
                } else {
                    try queue.linearForward(
                        MatrixView(y), MatrixView(x), layer, parameters: parameters, members: shape.p, rows: shape.m)
                    try queue.layerNormForward(
                        MatrixView(y), MatrixView(y), norm, parameters: parameters, xhat: xhat, scale: scale,
                        members: shape.p, rows: shape.m)
                }
                outputs = try y.read()
                results.append(
                    (
                        "\(backend), \(fused ? "fused" : "apart")",
                        try [y.withoutPadding, xhat.withoutPadding, scale].flatMap {
                            try $0.read(as: Float.self).map(\.bitPattern)
                        }
                    ))
            }
        }
        for (name, result) in results { #expect(result == results[0].1, "\(name) differs from \(results[0].0)") }

        var want: [Double] = []
        for p in 0..<shape.p {
            func parameter(_ slot: Int, _ index: Int) -> Double { Double(row[p * layout.rowCount + slot + index]) }
            for r in 0..<shape.m {
                let z = (0..<shape.n).map { j in
                    (0..<shape.k).reduce(parameter(layer.bias!, j)) {
                        $0 + Double(values[(p * shape.m + r) * shape.k + $1])
                            * parameter(layer.weights, $1 * padded(shape.n) + j)
                    }
                }
                let mean = z.reduce(0, +) / Double(shape.n), squares = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                let scale =
                    form == .pytorch
                    ? 1 / (squares / Double(shape.n) + 1e-5).squareRoot()
                    : 1 / ((squares / Double(shape.n - 1)).squareRoot() + 1e-6)
                want += (0..<shape.n).map {
                    let u = parameter(norm.gamma, $0) * (z[$0] - mean) * scale + parameter(norm.beta, $0)
                    return u > 0 ? u : expm1(u)
                }
            }
        }
        // |xhat| is at most sqrt(n); a row of k products is off by about k ulps of sqrt(k), and dividing by its
        // deviation, near sqrt(k) / 3 here, makes that k * 3 ulps; two outputs alone may lie close together, which
        // costs some digits more.
        expectClose(
            outputs, want, absolute: Double(shape.k + 8) * 12 * Double(Float.ulpOfOne) * (shape.n == 2 ? 100 : 1),
            "\(shape)")
    }
}
