/// The elementary functions of `math.cl`; numbers as in `map_math.cl`.
public enum MathFunction: Int32, Sendable, CaseIterable, CustomStringConvertible {
    case exp, expm1, log, log1p, tanh, sigmoid, softplus, sin, cos, elu
    /// The derivative of ELU at x, from y = elu(x).
    case eluSlope
    case relu
    /// sin(2 pi x) and cos(2 pi x), for |x| <= 2^20.
    case sinTurns, cosTurns

    public var description: String {
        switch self {
        case .exp: "exp"
        case .expm1: "expm1"
        case .log: "log"
        case .log1p: "log1p"
        case .tanh: "tanh"
        case .sigmoid: "sigmoid"
        case .softplus: "softplus"
        case .sin: "sin"
        case .cos: "cos"
        case .elu: "elu"
        case .eluSlope: "elu slope"
        case .relu: "relu"
        case .sinTurns: "sin 2 pi x"
        case .cosTurns: "cos 2 pi x"
        }
    }

    /// The worst error over all arguments that ``accepts(_:)`` allows, in units of the result's last place, as
    /// `math.cl` states it: rounded to hundredths there, so half a hundredth more here.
    package var worstError: Double {
        switch self {
        case .exp: 0.905
        case .expm1: 1.295
        case .log, .log1p: 0.925
        case .tanh: 1.965
        case .sigmoid: 2.415
        case .softplus: 1.705
        case .sin, .cos: 1.565
        case .elu: 0.875
        case .eluSlope: 0.5  // one correctly rounded sum
        case .relu: 0
        case .sinTurns: 0.975
        case .cosTurns: 0.885
        }
    }

    /// Whether the function is meant for this argument.
    package func accepts(_ x: Float) -> Bool {
        switch self {
        case .sinTurns, .cosTurns: abs(x) <= 0x1p20
        default: true
        }
    }
}

extension Queue {
    /// `y[i] = function(x[i])`. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - y: float, as many elements as `x`; may be the memory of `x`.
    ///   - x: float, any shape whose number of elements, padding included, is a multiple of ``rowPadding``.
    /// - Throws: ``ShapeMismatch``, ``DeviceError``.
    public func mapMath(_ y: Tensor, _ x: Tensor, _ function: MathFunction) throws {
        guard x.paddedCount.isMultiple(of: rowPadding), x.paddedCount <= Int(Int32.max) else {
            throw ShapeMismatch("x", is: x.shape, expected: "a multiple of \(rowPadding) elements, at most 2^31 - 16")
        }
        guard y.paddedCount == x.paddedCount else { throw ShapeMismatch("y", is: y.shape, expected: "\(x.shape)") }
        try launch("map_math", over: [x.paddedCount / lanes], x, y, function.rawValue, x.paddedCount)
    }
}
