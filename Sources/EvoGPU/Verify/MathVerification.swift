import Foundation
import GPUTensor

/// One elementary function of a device beside double precision and beside the CPU backend.
public struct MathReport: Sendable, Encodable {
    public let function: String
    /// Arguments tried.
    public let count: Int
    /// The worst error in units of the result's last place, and the argument it was met at. Infinite for a NaN, or a
    /// number in place of one.
    public let worst: Double, at: Float
    public let limit: Double
    /// Results whose bits differ from the CPU backend's; NaNs count as one.
    public let differing: Int
    public var passed: Bool { worst <= limit && differing == 0 }

    private enum CodingKeys: String, CodingKey { case function, count, worst, at, limit, differing, passed }

    // JSON knows neither infinity nor NaN: null stands for them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(function, forKey: .function)
        try container.encode(count, forKey: .count)
        try container.encode(worst.isFinite ? worst : nil, forKey: .worst)
        try container.encode(at.isFinite ? at : nil, forKey: .at)
        try container.encode(limit, forKey: .limit)
        try container.encode(differing, forKey: .differing)
        try container.encode(passed, forKey: .passed)
    }
}

extension MathFunction {
    /// The value in double precision, right to far below a float's last place.
    public func exact(_ x: Double) -> Double {
        switch self {
        case .exp: Foundation.exp(x)
        case .expm1: Foundation.expm1(x)
        case .log: Foundation.log(x)
        case .log1p: Foundation.log1p(x)
        case .tanh: Foundation.tanh(x)
        case .sigmoid: x < 0 ? Foundation.exp(x) / (1 + Foundation.exp(x)) : 1 / (1 + Foundation.exp(-x))
        case .softplus: x.isNaN ? x : max(x, 0) + Foundation.log1p(Foundation.exp(-abs(x)))
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .elu: x > 0 ? x : Foundation.expm1(x)
        case .eluSlope: x > 0 ? 1 : x + 1
        case .relu: x.isNaN ? x : max(x, 0)
        case .sinTurns: turns(x).sine
        case .cosTurns: turns(x).cosine
        }
    }

    // By whole quarters, which come off without rounding, so that the zeros are zeros.
    private func turns(_ x: Double) -> (sine: Double, cosine: Double) {
        let quarters = (4 * x).rounded(), rest = 2 * .pi * (x - quarters / 4),
            (s, c) = (Foundation.sin(rest), Foundation.cos(rest))
        switch Int(quarters) & 3 {
        case 0: return (s, c)
        case 1: return (c, -s)
        case 2: return (-s, -c)
        default: return (-c, s)
        }
    }
}

/// The distance of `got` from `want` in units of the last place of a float of `want`'s size. Infinity counts as 2^128.
public func ulpError(_ got: Float, _ want: Double) -> Double {
    if got.isNaN || want.isNaN { return got.isNaN && want.isNaN ? 0 : .infinity }
    let a = got.isInfinite ? (got < 0 ? -0x1p128 : 0x1p128) : Double(got), b = min(max(want, -0x1p128), 0x1p128)
    if a == b { return 0 }
    // The exponent of the largest float not above |b|; denormals share the smallest normal's.
    let exponent = min(max(Int((b.bitPattern >> 52) & 0x7FF) - 1023, -126), 127)
    return abs(a - b) * Double(sign: .plus, exponent: 23 - exponent, significand: 1)
}

/// Compares every elementary function with double precision and, bit for bit, with the CPU backend.
///
/// - Parameters:
///   - samples: arguments, spread evenly over all 2^32 bit patterns and starting at 0, with those around powers of two
///     beside them.
///   - report: called after each function.
/// - Throws: ``DeviceError`` from a launch; whatever `report` throws.
public func verifyMath(samples: Int, on queue: Queue, report: (MathReport) throws -> Void) throws {
    let host = try Queue(
        Device.named("cpu"),
        lanes: queue.device.identifier == "cpu" ? BackendVariant.otherHostLanes(than: queue.lanes) : nil)
    let chunk = 1 << 20, step = max(1, (1 << 32) / samples), total = ((1 << 32) + step - 1) / step
    let special = step == 1 ? [] : specialArguments()
    let (x, y) = try (queue.tensor(.float32, [chunk]), queue.tensor(.float32, [chunk])),
        (hostX, hostY) = try (host.tensor(.float32, [chunk]), host.tensor(.float32, [chunk]))
    for function in MathFunction.allCases {
        var worst = 0.0, at: Float = 0, differing = 0, count = 0
        for first in stride(from: 0, to: total + special.count, by: chunk) {
            let arguments = (0..<chunk).map { i -> Float in
                let index = first + i
                return index < total
                    ? Float(bitPattern: UInt32(truncatingIfNeeded: index * step))
                    : index - total < special.count ? special[index - total] : 0
            }
            try x.write(arguments)
            try queue.mapMath(y, x, function)
            let got: [Float] = try y.read()
            try hostX.write(arguments)
            try host.mapMath(hostY, hostX, function)
            let other: [Float] = try hostY.read()
            differing += zip(got, other).count { $0.bitPattern != $1.bitPattern && !($0.isNaN && $1.isNaN) }
            let parts = worstErrors(function, arguments, got)
            for part in parts where part.error > worst || count == 0 { (worst, at) = (part.error, part.at) }
            count += min(chunk, total + special.count - first)
        }
        try report(
            MathReport(
                function: function.description, count: count, worst: worst, at: at, limit: function.worstError,
                differing: differing))
    }
}

/// The worst error of each part of a chunk, on all cores.
private func worstErrors(_ function: MathFunction, _ arguments: [Float], _ got: [Float]) -> [(error: Double, at: Float)]
{
    let parts = ProcessInfo.processInfo.activeProcessorCount
    // Each iteration writes its own element.
    nonisolated(unsafe) let results = UnsafeMutableBufferPointer<(error: Double, at: Float)>.allocate(capacity: parts)
    defer { results.deallocate() }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
        var worst = (error: 0.0, at: Float(0))
        for i in arguments.count * part / parts..<arguments.count * (part + 1) / parts
        where function.accepts(arguments[i]) {
            let error = ulpError(got[i], function.exact(Double(arguments[i])))
            if error > worst.error { worst = (error, arguments[i]) }
        }
        results.initializeElement(at: part, to: worst)
    }
    return Array(results)
}

/// Arguments where functions change their way of computing, those where `math.cl` states its worst errors, and the
/// neighbours of both.
private func specialArguments() -> [Float] {
    let powers = (-149...127).map { Float(sign: .plus, exponent: $0, significand: 1) }
    let edges: [Float] = [
        0, .infinity, .nan, 88.72284, 89, 87.33655, 103.97208, 104, 18, 9.010913, 9.02, 65536, 0.25, 0.75, 1.5,
        0.34657359, 0.52, .greatestFiniteMagnitude
    ]
    let worst: [Float] = [
        26.7221527, 33.0967674, 0.739553094, 0.484809488, 0.519323409, 7.85921097, 4.1572938, 0.383948177, 1.27524233,
        0.517619193,
        4.94653131e+31, 88899.4688
    ]
    return (powers + edges + worst).flatMap { value -> [Float] in
        value.isFinite ? [value.nextDown, value, value.nextUp].flatMap { [$0, -$0] } : [value, -value]
    }
}

extension BackendVariant {
    /// Another number of lanes that the CPU backend has here, or nil.
    static func otherHostLanes(than lanes: Int) -> Int? {
        all().first { $0.device.identifier == "cpu" && $0.lanes != lanes }?.lanes
    }
}
