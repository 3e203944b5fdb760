import Foundation
import GPUTensor
import Testing

@Suite struct ReduceTests {
    /// Rows and columns: one element, odd, a vector and its neighbours, many vectors.
    static let shapes = [(1, 1), (3, 7), (5, 16), (2, 17), (4, 1000)]

    private func rows(_ values: [Float], _ columns: Int) -> [[Double]] {
        stride(from: 0, to: values.count, by: columns).map { values[$0..<$0 + columns].map(Double.init) }
    }

    @Test(arguments: Backend.available, [0, 1]) func momentsMatchDoubleReference(backend: Backend, correction: Int)
        throws
    {
        for (count, columns) in Self.shapes {
            var rng = SeededGenerator(seed: 21)
            // far from zero: a variance that cancels would show
            let values = rng.uniform(count * columns, in: 2..<4), queue = try backend.makeQueue()
            func out() throws -> Tensor { try queue.tensor([Float](repeating: .nan, count: count)) }
            let moments = try RowMoments(sum: out(), mean: out(), variance: out())
            try queue.rowMoments(
                queue.tensor(values, [count, columns], padded: true), into: moments, correction: correction)
            let want = rows(values, columns).map { row -> (sum: Double, mean: Double, variance: Double) in
                let sum = row.reduce(0, +), mean = sum / Double(row.count),
                    squares = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                return (sum, mean, columns > correction ? squares / Double(columns - correction) : 0)
            }
            // Sixteen sums of columns / 16 terms, then a tree of four: so many roundings of the whole at worst.
            let relative = Double(columns / 16 + 6) * 0x1p-24
            expectClose(try moments.sum.read(), want.map(\.sum), relative: relative, "sum, \(backend) \(columns)")
            expectClose(
                try moments.mean.read(), want.map(\.mean), relative: relative + 0x1p-24, "mean, \(backend) \(columns)")
            // The mean's own error, below 4 relative, adds its square only; differences below 2 are exact to 2^-23.
            expectClose(
                try moments.variance.read(), want.map(\.variance), absolute: 8 * 0x1p-23, relative: relative,
                "variance, \(backend) \(columns)")
        }
    }

    @Test(arguments: Backend.available) func extremesAndOrders(backend: Backend) throws {
        let queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 22)
        var table: [[Float]] = [
            [1, 3, 2, 3, -5, 3, 0], [.nan, -2, .nan, -1, -2, -1, -.infinity], Array(repeating: .nan, count: 7),
            [0, -0.0, 0, -0.0, 0, -0.0, 0]
        ]
        table += (0..<3).map { _ in rng.uniform(7).map { ($0 * 2).rounded() } }
        let x = try queue.tensor(table.flatMap { $0 }, [table.count, 7], padded: true)
        let largest = try queue.tensor(.int32, [table.count]),
            order = try queue.tensor([Int32](repeating: -1, count: table.count * 7), [table.count, 7])
        try queue.argmax(x, into: largest)
        try queue.argsort(x, into: order)
        func isBefore(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
        let wantOrder = table.flatMap { row in
            row.indices.sorted { isBefore(row[$0], row[$1]) || (!isBefore(row[$1], row[$0]) && $0 < $1) }.map(
                Int32.init)
        }
        let wantLargest = table.map { row in
            Int32(
                row.indices.reduce(0) { best, i in row[i] > row[best] || (row[best].isNaN && !row[i].isNaN) ? i : best }
            )
        }
        #expect(try largest.read() == wantLargest, "\(backend)")
        #expect(try order.read() == wantOrder, "\(backend)")
    }

    @Test(arguments: Backend.available) func logSoftmaxMatchesDoubleReference(backend: Backend) throws {
        for (count, columns) in Self.shapes {
            var rng = SeededGenerator(seed: 23)
            // The first row is far from zero, so that exponentials overflow if the largest does not come off first.
            let values = rng.uniform(count * columns, in: -10..<10).enumerated().map {
                $0.offset < columns ? $0.element + 1000 : $0.element
            }
            let queue = try backend.makeQueue(), y = try queue.tensor(.float32, [count, columns], padded: true)
            try y.withoutPadding.write([Float](repeating: .nan, count: y.paddedCount))
            try queue.logSoftmax(y, queue.tensor(values, [count, columns], padded: true))
            let want = rows(values, columns).flatMap { row -> [Double] in
                let largest = row.max()!, sum = log(row.reduce(0) { $0 + exp($1 - largest) }) + largest
                return (0..<y.pitch).map { $0 < columns ? row[$0] - sum : 0 }
            }
            // The row's log sum is near 1010 in the first row: rounded, as is the difference, by half a place of 1024.
            expectClose(
                try y.withoutPadding.read(), want, absolute: 2 * 0x1p-14, relative: Double(columns / 16 + 8) * 0x1p-24,
                "\(backend) \(columns)")
        }
    }

    @Test(arguments: Backend.available) func rowsAreGatheredAndFilled(backend: Backend) throws {
        let queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 24)
        let values = rng.uniform(5 * 19), x = try queue.tensor(values, [5, 19], padded: true)
        let y = try queue.tensor([Float](repeating: 7, count: 4 * 19), [4, 19], padded: true)
        try queue.gatherRows(y, from: x, queue.tensor([4, 0, 5, 4] as [Int32]))  // 5 is no row: its target stays
        let got: [Float] = try y.read()
        for (row, from) in [4, 0, nil, 4].enumerated() {
            #expect(
                Array(got[row * 19..<(row + 1) * 19])
                    == (from.map { Array(values[$0 * 19..<($0 + 1) * 19]) } ?? [Float](repeating: 7, count: 19)),
                "\(backend) row \(row)")
        }
        let z = try queue.tensor(.float32, [3, 5])
        try queue.fill(z, 2.5)
        #expect(try z.read() == [Float](repeating: 2.5, count: 15), "\(backend)")
    }
}
