import Foundation
import GPUTensor
import Testing

@Suite struct LayerNormTests {
    /// Members, rows, width: one element, odd, a whole vector, more than two vectors, more rows than a chunk of 256.
    static let shapes = [(1, 1, 1), (2, 3, 7), (3, 9, 16), (2, 17, 33), (1, 257, 48)]

    /// A normalised layer in a parameter row that begins with another slot.
    private struct Case {
        let members: Int, rows: Int, width: Int, norm: LayerNorm, layout: ParameterLayout
        let x: [Float], du: [Float], parameters: [Float]

        init(_ shape: (Int, Int, Int), _ form: LayerNormForm, _ activation: Activation) {
            (members, rows, width) = shape
            var rng = SeededGenerator(seed: 11), layout = ParameterLayout()
            _ = layout.add("unused", columns: 3)
            let gamma = layout.add("gamma", columns: width), beta = layout.add("beta", columns: width)
            norm = LayerNorm(width: width, form: form, gamma: gamma, beta: beta, activation: activation)
            x = rng.uniform(members * rows * width)
            du = rng.uniform(members * rows * width)
            parameters = (0..<members).flatMap { _ in layout.pack(rng.uniform(layout.parameterCount)) }
            self.layout = layout
        }

        func parameter(_ p: Int, _ offset: Int, _ c: Int) -> Double {
            Double(parameters[p * layout.rowCount + offset + c])
        }

        /// gamma xhat + beta and the deviation of a row, in double precision.
        func row(_ x: [Double], _ p: Int) -> (u: [Double], deviation: Double) {
            let n = Double(width), mean = x.reduce(0, +) / n, squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let deviation: Double =
                switch norm.form {
                case .pytorch: (squares / n + 1e-5).squareRoot()
                case .erl: (width > 1 ? (squares / (n - 1)).squareRoot() : 0) + 1e-6
                }
            return (
                x.indices.map {
                    parameter(p, norm.gamma, $0) * (x[$0] - mean) / deviation + parameter(p, norm.beta, $0)
                }, deviation
            )
        }

        func inputs(_ r: Int) -> [Double] { x[r * width..<(r + 1) * width].map(Double.init) }

        /// A row's n + 4 roundings of values below 1 move its mean and deviation by as many times 2^-24; dividing by
        /// the deviation enlarges that, once in the values and again in their gradients. Four times that much for the
        /// handful of operations after it.
        func tolerance(power: Double) -> Double {
            let smallest = (0..<members * rows).map { row(inputs($0), $0 / rows).deviation }.min()!
            return 4 * Double(width + 4) * 0x1p-24 / pow(min(smallest, 1), power)
        }
    }

    @Test(arguments: Backend.available, LayerNormForm.allCases) func matchesDoubleReference(
        backend: Backend, form: LayerNormForm
    ) throws {
        for shape in Self.shapes {
            let data = Case(shape, form, .tanh), queue = try backend.makeQueue(), (members, rows, width) = shape
            let x = try queue.tensor(data.x, [members, rows, width], padded: true),
                y = try queue.tensor(.float32, [members, rows + 1, width], padded: true)
            let xhat = try queue.tensor(.float32, [members, rows, width], padded: true),
                scale = try queue.tensor(.float32, [members, rows, 2])
            try y.withoutPadding.write([Float](repeating: .nan, count: y.paddedCount))
            try queue.layerNormForward(
                MatrixView(y), MatrixView(x), data.norm,
                parameters: queue.tensor(data.parameters, [members, data.layout.rowCount]),
                xhat: xhat, scale: scale, members: members, rows: rows)
            let got: [Float] = try y.withoutPadding.read()
            var values: [Float] = [], want: [Double] = []
            for p in 0..<members {
                for r in 0...rows {
                    for c in 0..<y.pitch {
                        let value = got[(p * (rows + 1) + r) * y.pitch + c]
                        if r == rows { #expect(value.isNaN, "the sentinel row was written"); continue }
                        values.append(value)
                        want.append(c < width ? tanh(data.row(data.inputs(p * rows + r), p).u[c]) : 0)
                    }
                }
            }
            // One element has no deviation but epsilon, and no distance from its mean either: the result is exactly
            // beta's.
            expectClose(
                values, want, absolute: width == 1 ? 1e-6 : data.tolerance(power: 1), "\(backend) \(form) \(shape)")
        }
    }

    /// Against central differences of the double reference; in place, as networks use it.
    @Test(arguments: Backend.available, LayerNormForm.allCases) func gradientsMatchFiniteDifferences(
        backend: Backend, form: LayerNormForm
    ) throws {
        for shape in Self.shapes {
            let data = Case(shape, form, .identity), queue = try backend.makeQueue(), (members, rows, width) = shape
            let x = try queue.tensor(data.x, [members, rows, width], padded: true),
                du = try queue.tensor(data.du, [members, rows, width], padded: true)
            let y = try queue.tensor(.float32, [members, rows, width], padded: true)
            let xhat = try queue.tensor(.float32, [members, rows, width], padded: true),
                scale = try queue.tensor(.float32, [members, rows, 2])
            let parameters = try queue.tensor(data.parameters, [members, data.layout.rowCount])
            let gradients = try queue.tensor(
                [Float](repeating: .nan, count: members * data.layout.rowCount), [members, data.layout.rowCount])
            try queue.layerNormForward(
                MatrixView(y), MatrixView(x), data.norm, parameters: parameters, xhat: xhat, scale: scale,
                members: members, rows: rows)
            try queue.layerNormBackward(
                MatrixView(du), MatrixView(du), data.norm, parameters: parameters, xhat: xhat, scale: scale,
                gradients: gradients,
                members: members, rows: rows)
            let dx: [Float] = try du.withoutPadding.read(), dp: [Float] = try gradients.read()

            var want: [Double] = [], gamma = [Double](repeating: 0, count: members * width), beta = gamma
            for r in 0..<members * rows {
                let p = r / rows, inputs = data.inputs(r), slope = data.du[r * width..<(r + 1) * width].map(Double.init)
                func loss(_ x: [Double]) -> Double { zip(data.row(x, p).u, slope).reduce(0) { $0 + $1.0 * $1.1 } }
                let u = data.row(inputs, p).u
                for c in 0..<du.pitch {
                    guard c < width else { want.append(0); continue }
                    var (above, below) = (inputs, inputs)
                    above[c] += 1e-5
                    below[c] -= 1e-5
                    want.append((loss(above) - loss(below)) / 2e-5)
                    let scaled = data.parameter(p, data.norm.gamma, c)
                    gamma[p * width + c] +=
                        slope[c] * (scaled == 0 ? 0 : (u[c] - data.parameter(p, data.norm.beta, c)) / scaled)
                    beta[p * width + c] += slope[c]
                }
            }
            expectClose(
                dx, want, absolute: width == 1 ? 1e-4 : data.tolerance(power: 2) * 4 + 1e-8,
                "dx, \(backend) \(form) \(shape)")
            func slot(_ offset: Int) -> [Float] {
                (0..<members).flatMap { p in (0..<padded(width)).map { dp[p * data.layout.rowCount + offset + $0] } }
            }
            func spread(_ values: [Double]) -> [Double] {
                (0..<members * padded(width)).map {
                    $0 % padded(width) < width ? values[$0 / padded(width) * width + $0 % padded(width)] : 0
                }
            }
            // Sums over rows: each row's own error, and one rounding per row of sums below the number of rows.
            let tolerance = Double(rows) * (width == 1 ? 1e-6 : data.tolerance(power: 1) + Double(rows) * 0x1p-24)
            expectClose(
                slot(data.norm.gamma), spread(gamma), absolute: tolerance, "dgamma, \(backend) \(form) \(shape)")
            expectClose(slot(data.norm.beta), spread(beta), absolute: tolerance, "dbeta, \(backend) \(form) \(shape)")
            #expect(dp[..<16].count { $0.isNaN } == 16, "another slot was written")
        }
    }
}
