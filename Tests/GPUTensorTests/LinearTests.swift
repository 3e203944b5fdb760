import GPUTensor
import Foundation
import Testing

/// One product's sizes: members, batch rows, inputs, outputs.
struct ProductShape: Sendable, CustomStringConvertible {
    let p: Int, m: Int, k: Int, n: Int
    init(_ p: Int, _ m: Int, _ k: Int, _ n: Int) { (self.p, self.m, self.k, self.n) = (p, m, k, n) }
    var description: String { "\(p) x (\(m) x \(k) x \(n))" }
}

@Suite struct LinearTests {
    static let shapes = [
        ProductShape(1, 1, 1, 1), ProductShape(2, 3, 5, 7), ProductShape(3, 9, 17, 16), ProductShape(2, 33, 31, 33),
        ProductShape(1, 257, 64, 65),
        ProductShape(2, 513, 13, 48), ProductShape(2, 8, 512, 3), ProductShape(1, 130, 3, 512)
    ]

    /// Inputs in a row longer than they need, so that pitch and stride matter.
    struct Case {
        let x: [Float], dy: [Float], row: [Float], layer: LinearLayer, layout: ParameterLayout
        init(_ shape: ProductShape, _ activation: Activation, seed: UInt64) {
            var rng = SeededGenerator(seed: seed)
            var layout = ParameterLayout()
            _ = layout.add("unused", columns: 5)
            let weights = layout.add("w", rows: shape.k, columns: shape.n, isWeight: true),
                bias = layout.add("b", columns: shape.n)
            layer = LinearLayer(inputs: shape.k, outputs: shape.n, activation: activation, weights: weights, bias: bias)
            x = rng.uniform(shape.p * shape.m * shape.k)
            dy = rng.uniform(shape.p * shape.m * shape.n)
            row = (0..<shape.p).flatMap { _ in layout.pack(rng.uniform(layout.parameterCount)) }
            self.layout = layout
        }
        func weight(_ p: Int, _ k: Int, _ n: Int) -> Double {
            Double(row[p * layout.rowCount + layer.weights + k * padded(layer.outputs) + n])
        }
        func bias(_ p: Int, _ n: Int) -> Double { Double(row[p * layout.rowCount + layer.bias! + n]) }
    }

    // A sum of k products of values within [-1, 1] in order: k roundings of at most (k + 1) * ulp/2, so k * (k + 1) / 2
    // * 2^-24 at worst; in the mean far less. Twice k ulps holds with room and still sees a missing or doubled term.
    private func tolerance(_ k: Int) -> Double { 2 * Double(k + 1) * Double(Float.ulpOfOne) }

    @Test(arguments: Backend.available, shapes) func forwardMatchesDoubleReference(
        backend: Backend, shape: ProductShape
    ) throws {
        let data = Case(shape, .tanh, seed: 1), queue = try backend.makeQueue()
        let x = try queue.tensor(data.x, [shape.p, shape.m, shape.k]),
            y = try queue.tensor(.float32, [shape.p, shape.m + 1, shape.n], padded: true)
        let parameters = try queue.tensor(data.row, [shape.p, data.layout.rowCount])
        try y.withoutPadding.write([Float](repeating: .nan, count: y.paddedCount))
        try queue.linearForward(
            MatrixView(y), MatrixView(x), data.layer, parameters: parameters, members: shape.p, rows: shape.m)
        let got = try y.withoutPadding.read(as: Float.self)
        var values: [Float] = [], want: [Double] = []
        for p in 0..<shape.p {
            for r in 0...shape.m {
                for c in 0..<y.pitch {
                    let value = got[(p * (shape.m + 1) + r) * y.pitch + c]
                    if r == shape.m { #expect(value.isNaN, "row \(r) was written"); continue }  // the sentinel row
                    if c >= shape.n { #expect(value == 0, "padding of row \(r)"); continue }
                    values.append(value)
                    want.append(
                        tanh(
                            (0..<shape.k).reduce(data.bias(p, c)) {
                                $0 + Double(data.x[(p * shape.m + r) * shape.k + $1]) * data.weight(p, $1, c)
                            }))
                }
            }
        }
        expectClose(values, want, absolute: tolerance(shape.k), "\(backend) \(shape)")
    }

    @Test(arguments: Backend.available, shapes) func inputGradientMatchesDoubleReference(
        backend: Backend, shape: ProductShape
    ) throws {
        let data = Case(shape, .identity, seed: 2), queue = try backend.makeQueue()
        let a = try queue.tensor(data.x, [shape.p, shape.m, shape.k], padded: true),
            dx = try queue.tensor(.float32, [shape.p, shape.m, shape.k], padded: true)
        let dy = try queue.tensor(data.dy, [shape.p, shape.m, shape.n], padded: true)
        let parameters = try queue.tensor(data.row, [shape.p, data.layout.rowCount]),
            flipped = try queue.tensor(.float32, [shape.p, shape.n, shape.k], padded: true)
        try dx.withoutPadding.write([Float](repeating: .nan, count: dx.paddedCount))
        try queue.linearTranspose(MatrixView(flipped), data.layer, parameters: parameters, members: shape.p)
        try queue.linearInputGradient(
            MatrixView(dx), MatrixView(dy), data.layer, transposed: MatrixView(flipped),
            through: (MatrixView(a), .tanh),
            members: shape.p, rows: shape.m)
        var want: [Double] = []
        for p in 0..<shape.p {
            for r in 0..<shape.m {
                for k in 0..<dx.pitch {
                    guard k < shape.k else { want.append(0); continue }
                    let value = Double(data.x[(p * shape.m + r) * shape.k + k])
                    want.append(
                        (1 - value * value)
                            * (0..<shape.n).reduce(0) {
                                $0 + Double(data.dy[(p * shape.m + r) * shape.n + $1]) * data.weight(p, k, $1)
                            })
                }
            }
        }
        expectClose(try dx.withoutPadding.read(), want, absolute: tolerance(shape.n), "\(backend) \(shape)")
    }

    @Test(arguments: Backend.available, shapes) func weightGradientMatchesDoubleReference(
        backend: Backend, shape: ProductShape
    ) throws {
        let data = Case(shape, .identity, seed: 3), queue = try backend.makeQueue()
        let x = try queue.tensor(data.x, [shape.p, shape.m, shape.k]),
            dy = try queue.tensor(data.dy, [shape.p, shape.m, shape.n], padded: true)
        let gradients = try queue.tensor(
            [Float](repeating: .nan, count: shape.p * data.layout.rowCount), [shape.p, data.layout.rowCount])
        try queue.linearWeightGradient(
            gradients, MatrixView(x), MatrixView(dy), data.layer, members: shape.p, rows: shape.m)
        let got = try gradients.read(as: Float.self)
        var values: [Float] = [], want: [Double] = []
        for p in 0..<shape.p {
            let row = Array(got[p * data.layout.rowCount..<(p + 1) * data.layout.rowCount])
            #expect(row[..<16].count { $0.isNaN } == 16, "another slot was written")
            for k in 0...shape.k {  // the last one is the bias
                for c in 0..<padded(shape.n) {
                    values.append(row[(k == shape.k ? data.layer.bias! : data.layer.weights + k * padded(shape.n)) + c])
                    guard c < shape.n else { want.append(0); continue }
                    want.append(
                        (0..<shape.m).reduce(0) { sum, r in
                            sum + Double(data.dy[(p * shape.m + r) * shape.n + c])
                                * (k == shape.k ? 1 : Double(data.x[(p * shape.m + r) * shape.k + k]))
                        })
                }
            }
        }
        expectClose(values, want, absolute: tolerance(shape.m), "\(backend) \(shape)")
    }

    @Test(arguments: shapes) func everyBackendGivesTheSameBits(shape: ProductShape) throws {
        var results: [[UInt32]] = []
        for backend in Backend.available {
            let data = Case(shape, .tanh, seed: 4), queue = try backend.makeQueue()
            let x = try queue.tensor(data.x, [shape.p, shape.m, shape.k], padded: true),
                dy = try queue.tensor(data.dy, [shape.p, shape.m, shape.n], padded: true)
            let y = try queue.tensor(.float32, [shape.p, shape.m, shape.n], padded: true),
                dx = try queue.tensor(.float32, [shape.p, shape.m, shape.k], padded: true)
            let parameters = try queue.tensor(data.row, [shape.p, data.layout.rowCount]),
                gradients = try queue.tensor(.float32, [shape.p, data.layout.rowCount])
            let flipped = try queue.tensor(.float32, [shape.p, shape.n, shape.k], padded: true)
            try queue.linearForward(
                MatrixView(y), MatrixView(x), data.layer, parameters: parameters, members: shape.p, rows: shape.m)
            try queue.linearTranspose(MatrixView(flipped), data.layer, parameters: parameters, members: shape.p)
            try queue.linearInputGradient(
                MatrixView(dx), MatrixView(dy), data.layer, transposed: MatrixView(flipped),
                through: (MatrixView(x), .tanh), members: shape.p, rows: shape.m)
            try queue.linearWeightGradient(
                gradients, MatrixView(x), MatrixView(dy), data.layer, members: shape.p, rows: shape.m)
            results.append(try [y, dx, gradients].flatMap { try $0.read(as: Float.self).map(\.bitPattern) })
        }
        for (backend, result) in zip(Backend.available, results) {
            let differing = zip(result, results[0]).count { $0 != $1 }
            #expect(
                differing == 0,
                "\(backend) differs from \(Backend.available[0]) in \(differing) of \(result.count) values at \(shape)")
        }
    }
}
