import Foundation
import GPUTensor
import Testing

@Suite struct OutputGradientTests {
    private func slope(_ y: Double, _ activation: Activation) -> Double {
        switch activation {
        case .identity: 1
        case .tanh: 1 - y * y
        case .relu: y > 0 ? 1 : 0
        case .elu: y > 0 ? 1 : y + 1
        case .sigmoid: y * (1 - y)
        case .softplus: 1 - exp(-y)
        }
    }

    /// Members, rows, columns: one element, odd, a whole vector, one past it.
    @Test(arguments: Backend.available, Activation.allCases) func matchesDoubleReference(
        backend: Backend, activation: Activation
    ) throws {
        let queue = try backend.makeQueue()
        for (members, rows, columns) in [(1, 1, 1), (2, 3, 5), (3, 7, 16), (2, 5, 17)] {
            var rng = SeededGenerator(seed: 31)
            let shape = [members, rows, columns], count = members * rows * columns
            let g = rng.uniform(count), y = rng.uniform(count, in: activation == .softplus ? 0..<2 : -1..<1)
            let output = try queue.tensor(y, shape, padded: true), dy = try queue.tensor(.float32, shape, padded: true)
            try dy.withoutPadding.write([Float](repeating: .nan, count: dy.paddedCount))
            try queue.outputGradient(
                dy, from: queue.tensor(g, shape, padded: true), output: output, activation: activation)
            // Three roundings of values below 1, and the exponential's two ulps.
            expectClose(
                try dy.read(), zip(g, y).map { Double($0) * slope(Double($1), activation) }, absolute: 4 * 0x1p-23,
                "\(backend) \(shape)")
            let all: [Float] = try dy.withoutPadding.read()
            #expect(
                all.enumerated().allSatisfy { $0.offset % dy.pitch < columns || $0.element == 0 },
                "padding on \(backend)")

            for column in Set([0, columns / 2, columns - 1]) {
                try dy.withoutPadding.write([Float](repeating: .nan, count: dy.paddedCount))
                try queue.outputColumnGradient(dy, column: column, output: output, activation: activation)
                let want = (0..<members * rows * dy.pitch).map { i in
                    i % dy.pitch == column ? slope(Double(y[i / dy.pitch * columns + column]), activation) : 0
                }
                expectClose(
                    try dy.withoutPadding.read(), want, absolute: 4 * 0x1p-23, "column \(column), \(backend) \(shape)")
                // Of member p's rows the last p do not count.
                let all: [Float] = try dy.withoutPadding.read()
                try queue.outputColumnGradient(
                    dy, column: column, output: output, activation: activation,
                    rowCounts: queue.tensor((0..<Int32(members)).map { Int32(rows) - $0 }))
                let counting: [Float] = try dy.withoutPadding.read()
                #expect(
                    counting == all.indices.map { $0 / dy.pitch % rows < rows - $0 / dy.pitch / rows ? all[$0] : 0 },
                    "column \(column), \(backend) \(shape)")
            }
        }
    }
}
