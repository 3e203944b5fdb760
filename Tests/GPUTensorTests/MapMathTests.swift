import Foundation
import GPUTensor
import Testing

@Suite struct MapMathTests {
    /// 2^18 floats, spread evenly over all bit patterns, beside powers of two and the arguments of the stated worst
    /// errors.
    static let arguments: [Float] = {
        let dense = (0..<1 << 18).map { Float(bitPattern: UInt32($0) << 14) }
        let special = (-149...127).flatMap {
            [Float(sign: .plus, exponent: $0, significand: 1), Float(sign: .minus, exponent: $0, significand: 1).nextUp]
        }
        let worst: [Float] = [
            26.7221527, 33.0967674, 0.739553094, 0.484809488, 0.519323409, -0.519323409, 7.85921097, -4.1572938,
            0.383948177, -1.27524233,
            -0.517619193, 4.94653131e+31, 88899.4688, 0.5, 0.25, 88.72284, -103.97208, .infinity, -.infinity, .nan
        ]
        let all = dense + special + worst
        return all + [Float](repeating: 0, count: padded(all.count) - all.count)
    }()

    private func exact(_ function: MathFunction, _ x: Double) -> Double {
        switch function {
        case .exp: exp(x)
        case .expm1: expm1(x)
        case .log: log(x)
        case .log1p: log1p(x)
        case .tanh: tanh(x)
        case .sigmoid: x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
        case .softplus: x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
        case .sin: sin(x)
        case .cos: cos(x)
        case .elu: x > 0 ? x : expm1(x)
        case .eluSlope: x > 0 ? 1 : x + 1
        case .relu: x < 0 ? 0 : x
        // Whole quarters come off exactly, so that the zeros are zeros.
        case .sinTurns: Self.turns(x, from: 0)
        case .cosTurns: Self.turns(x, from: 1)
        }
    }

    private static func turns(_ x: Double, from quarter: Int) -> Double {
        let quarters = (4 * x).rounded(), rest = 2 * .pi * (x - quarters / 4), which = (Int(quarters) + quarter) & 3
        return (which & 1 == 0 ? sin(rest) : cos(rest)) * (which & 2 == 0 ? 1 : -1)
    }

    /// Units of the last place of a float of the value's size; denormals share the smallest normal's, infinity is
    /// 2^128.
    private func ulps(_ got: Float, _ want: Double) -> Double {
        if got.isNaN || want.isNaN { return got.isNaN == want.isNaN ? 0 : .infinity }
        let a = got.isInfinite ? (got < 0 ? -0x1p128 : 0x1p128) : Double(got), b = max(-0x1p128, min(0x1p128, want))
        return a == b ? 0 : abs(a - b) / pow(2, Double(max(-126, min(127, b == 0 ? -126 : Int(b.exponent)))) - 23)
    }

    @Test(arguments: Backend.available, MathFunction.allCases) func errorsStayBelowTheStatedOnes(
        backend: Backend, function: MathFunction
    ) throws {
        let queue = try backend.makeQueue(), x = try queue.tensor(Self.arguments)
        let y = try queue.tensor([Float](repeating: -77, count: Self.arguments.count))
        try queue.mapMath(y, x, function)
        var worst = 0.0, at = Float(0)
        for (argument, got) in zip(Self.arguments, try y.read(as: Float.self)) where function.accepts(argument) {
            let error = ulps(got, exact(function, Double(argument)))
            if error > worst { (worst, at) = (error, argument) }
        }
        #expect(worst <= function.worstError, "\(function) on \(backend) is \(worst) ulp off at \(at)")
    }

    @Test(arguments: MathFunction.allCases) func everyBackendGivesTheSameBits(function: MathFunction) throws {
        var first: [UInt32]?
        for backend in Backend.available {
            let queue = try backend.makeQueue(), y = try queue.tensor(.float32, [Self.arguments.count])
            try queue.mapMath(y, queue.tensor(Self.arguments), function)
            let bits = try y.read(as: Float.self).map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
            if first == nil { first = bits }
            #expect(bits == first, "\(function) on \(backend) differs from \(Backend.available[0])")
        }
    }

    /// Signs of zeros, ends of ranges, and what is no number.
    @Test(arguments: Backend.available) func edges(backend: Backend) throws {
        let queue = try backend.makeQueue()
        func value(_ function: MathFunction, _ x: Float) throws -> Float {
            let t = try queue.tensor([x] + [Float](repeating: 0, count: 15))
            try queue.mapMath(t, t, function)
            return try t.read(as: Float.self)[0]
        }
        for function in [MathFunction.expm1, .log1p, .tanh, .sin, .elu] {
            #expect(try value(function, -0.0).bitPattern == Float(-0.0).bitPattern, "\(function) of -0 on \(backend)")
            #expect(try value(function, 1e-44) == 1e-44, "\(function) of a denormal on \(backend)")
        }
        for function in MathFunction.allCases {
            #expect(try value(function, .nan).isNaN, "\(function) of NaN on \(backend)")
        }
        for (function, x, want) in [
            (MathFunction.exp, Float.infinity, Float.infinity), (.exp, -.infinity, 0), (.exp, 0, 1),
            (.expm1, -.infinity, -1), (.log, 0, -.infinity),
            (.log, 1, 0), (.log, .infinity, .infinity), (.log1p, -1, -.infinity), (.tanh, .infinity, 1),
            (.tanh, -100, -1), (.cos, 0, 1),
            (.sigmoid, -.infinity, 0), (.sigmoid, 0, 0.5), (.softplus, .infinity, .infinity), (.relu, -3, 0),
            (.relu, 3, 3)
        ] {
            #expect(try value(function, x) == want, "\(function) of \(x) on \(backend)")
        }
        for (function, x) in [(MathFunction.log, Float(-1)), (.log1p, -1.5), (.sin, .infinity), (.cos, -.infinity)] {
            #expect(try value(function, x).isNaN, "\(function) of \(x) on \(backend)")
        }
    }

    @Test func oddSizesAreRefused() throws {
        let queue = try Backend.available[0].makeQueue(), x = try queue.tensor(.float32, [17])
        #expect(throws: ShapeMismatch.self) { try queue.mapMath(x, x, .exp) }
        #expect(throws: ShapeMismatch.self) {
            try queue.mapMath(queue.tensor(.float32, [32]), queue.tensor(.float32, [16]), .exp)
        }
    }
}
