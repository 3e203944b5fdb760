import Foundation
import GPUTensor
import Testing

@Suite struct OptimiserTests {
    /// A member's Adam in double precision.
    private struct Reference {
        var x: [Double], m: [Double], v: [Double], t = 0

        init(_ x: ArraySlice<Float>) {
            (self.x, m, v) = (
                x.map(Double.init), Array(repeating: 0, count: x.count), Array(repeating: 0, count: x.count)
            )
        }

        mutating func step(_ gradient: [Double], limit: Double, rates: (Double, Double), split: Int, epsilon: Double) {
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot(),
                factor = limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
            t += 1
            for i in x.indices {
                let g = gradient[i] * factor
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                x[i] -=
                    (i < split ? rates.0 : rates.1) * (m[i] / (1 - pow(0.9, Double(t))))
                    / ((v[i] / (1 - pow(0.999, Double(t)))).squareRoot() + epsilon)
            }
        }
    }

    /// Six steps of three members: one plain, one clipped, one that never steps. The first meets a NaN in its fourth
    /// step and refuses it.
    @Test(arguments: Backend.available, [(16, 0), (48, 16), (4112, 4096)])
    func adamMatchesDoubleReference(backend: Backend, size: (parameters: Int, split: Int)) throws {
        let (n, split) = size, queue = try backend.makeQueue(), members = 3
        var rng = SeededGenerator(seed: 3)
        let start = rng.uniform(members * n), rates: [Float] = [1e-3, 3e-3, 2e-3, 5e-4, 1e-2, 1e-2],
            limits: [Float] = [0, 0.5, 0]
        let optimiser = try Optimiser(.adam(), members: members, parameters: n, split: split, on: queue),
            parameters = try queue.tensor(start, [members, n])
        try optimiser.rates.write(rates)
        try optimiser.normLimits.write(limits)
        try optimiser.active.write([1, 1, 0] as [Int32])
        var references = (0..<members).map { Reference(start[$0 * n..<($0 + 1) * n]) }
        for step in 0..<6 {
            var gradients = rng.uniform(members * n)
            // Members' gradients differ a thousandfold in size; one element is zero throughout.
            for i in 0..<n { gradients[i] *= 1e-3 }
            for p in 0..<members { gradients[p * n + 5] = 0 }
            let scale: Float = step < 3 ? 1 : 0.5
            if step == 3 { gradients[7] = .nan }
            try optimiser.step(
                parameters, gradients: queue.tensor(gradients, [members, n]), rateScale: scale, on: queue)
            for p in 0..<2 where !(p == 0 && step == 3) {
                references[p].step(
                    gradients[p * n..<(p + 1) * n].map(Double.init), limit: Double(limits[p]),
                    rates: (Double(rates[2 * p] * scale), Double(rates[2 * p + 1] * scale)), split: split, epsilon: 1e-8
                )
            }
            let norms: [Float] = try optimiser.norms.read()
            let want = (0..<members).map { p in
                gradients[p * n..<(p + 1) * n].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
            // Sixteen sums of n / 16 squares each; half of their relative error is the norm's.
            for p in 0..<members where !want[p].isNaN {
                #expect(
                    abs(Double(norms[p]) - want[p]) <= want[p] * Double(n / 16 + 8) * 0x1p-24, "\(backend) norm of \(p)"
                )
            }
            #expect(norms[0].isNaN == (step == 3))
        }
        let got: [Float] = try parameters.read(), want = references.flatMap(\.x)
        // Each step rounds a parameter below 2 by at most 2^-24 and is itself right to some ten roundings (moments,
        // corrections, square root) of its own size, at most the rate 5e-3 here: six steps.
        expectClose(got, want, absolute: 6 * (0x1p-24 + 5e-3 * 16 * 0x1p-24), "\(backend) parameters")
        #expect(Array(got[(2 * n)...]) == Array(start[(2 * n)...]), "an inactive member moved")
        expectClose(
            // six roundings of values below 0.5
            try optimiser.firstMoments.read(), references.flatMap(\.m), absolute: 0x1p-22, "\(backend) first moments")
        expectClose(
            // the same below 0.006
            try optimiser.secondMoments.read(), references.flatMap(\.v), absolute: 0x1p-26, "\(backend) second moments")
        #expect(try optimiser.skipped.read() == [1, 0, 0] as [Int32])
        let corrections: [Float] = try optimiser.corrections.read()
        expectClose(
            corrections, [5, 6, 0].flatMap { [1 - pow(0.9, $0), 1 - pow(0.999, $0)] }, relative: 16 * 0x1p-24,
            "\(backend) corrections")
    }

    @Test(arguments: Backend.available) func sgdMatchesDoubleReference(backend: Backend) throws {
        let n = 33 * 16, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 5)
        let start = rng.uniform(n), optimiser = try Optimiser(.sgd, members: 1, parameters: n, on: queue),
            parameters = try queue.tensor(start, [1, n])
        try optimiser.rates.write([Float(0.1), 0.1])
        try optimiser.momentum.write([Float(0.75)])
        try optimiser.active.write([1] as [Int32])
        var x = start.map(Double.init), m = [Double](repeating: 0, count: n)
        for _ in 0..<4 {
            let gradient = rng.uniform(n)
            try optimiser.step(parameters, gradients: queue.tensor(gradient, [1, n]), on: queue)
            for i in 0..<n {
                m[i] = 0.75 * m[i] + Double(gradient[i])
                x[i] -= Double(Float(0.1)) * m[i]
            }
        }
        // Values below 2 and momentum below 4: a rounding of each per step.
        expectClose(try parameters.read(), x, absolute: 4 * (0x1p-24 + 0.1 * 0x1p-22), "\(backend)")
    }

    @Test(arguments: [16, 4112]) func everyBackendGivesTheSameBits(n: Int) throws {
        var first: [[UInt32]]?
        for backend in Backend.available {
            var rng = SeededGenerator(seed: 9)
            let queue = try backend.makeQueue(),
                optimiser = try Optimiser(.adam(), members: 2, parameters: n, split: 16, on: queue)
            let parameters = try queue.tensor(rng.uniform(2 * n), [2, n])
            try optimiser.rates.write([1e-3, 2e-3, 3e-3, 4e-3] as [Float])
            try optimiser.normLimits.write([0.5, 0] as [Float])
            try optimiser.active.write([1, 1] as [Int32])
            for _ in 0..<3 {
                try optimiser.step(parameters, gradients: queue.tensor(rng.uniform(2 * n), [2, n]), on: queue)
            }
            let bits = try [parameters, optimiser.firstMoments, optimiser.secondMoments, optimiser.norms].map {
                try $0.read(as: Float.self).map(\.bitPattern)
            }
            if first == nil { first = bits }
            #expect(bits == first, "\(backend) differs from \(Backend.available[0])")
        }
    }

    /// Two steps beside the same two in separate launches, of a member that steps, one that does not and one whose
    /// gradient is refused.
    @Test(arguments: Backend.available) func aTargetFollowsInTheSameLaunchAsInOneOfItsOwn(backend: Backend) throws {
        let n = 4112, members = 3, queue = try backend.makeQueue()
        func run(fused: Bool) throws -> [[UInt32]] {
            var rng = SeededGenerator(seed: 11)
            let optimiser = try Optimiser(.adam(), members: members, parameters: n, split: 16, on: queue)
            let parameters = try queue.tensor(rng.uniform(members * n), [members, n]),
                target = try queue.tensor(rng.uniform(members * n), [members, n])
            let tau = try queue.tensor([0.1, 0.5, 0.9] as [Float])
            try optimiser.rates.write([Float](repeating: 1e-2, count: 2 * members))
            try optimiser.active.write([1, 0, 1] as [Int32])
            for _ in 0..<2 {
                var gradients = rng.uniform(members * n)
                gradients[2 * n + 3] = .infinity
                try optimiser.step(
                    parameters, gradients: queue.tensor(gradients, [members, n]),
                    target: fused ? (target, tau: tau) : nil, on: queue)
                if !fused { try queue.polyakUpdate(target, towards: parameters, tau: tau) }
            }
            return try [parameters, target, optimiser.firstMoments, optimiser.secondMoments].map {
                try $0.read(as: Float.self).map(\.bitPattern)
            }
        }
        #expect(try run(fused: true) == run(fused: false))
    }
}
