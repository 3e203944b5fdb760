import Foundation

/// Something that a replay draws: a sphere, or a capsule between two points.
public struct ReplayShape: Sendable, Equatable {
    public enum Kind: String, Sendable, Encodable { case sphere, capsule }
    public let kind: Kind
    /// Metres.
    public let radius: Double
    /// Shapes of one part of the body share a colour; 0 is the trunk.
    public let part: Int
    /// Stands still: its points are the same in every frame.
    public let isFixed: Bool
    /// Points that place it.
    var pointCount: Int { kind == .sphere ? 1 : 2 }
}

/// How positions of an environment become shapes in space: x forward, y to the left, z up, in metres.
public protocol ReplayScene: Sendable {
    var view: ReplayView { get }
    var shapes: [ReplayShape] { get }
    /// Height of the floor, if there is one.
    var floor: Double? { get }
    /// Lines that are part of the scenery, each a chain of points.
    var scenery: [[SIMD3<Double>]] { get }
    /// Seconds between two frames.
    var timeStep: Double { get }
    /// The points of every shape, in order.
    func points(_ position: [Double]) -> [SIMD3<Double>]
}

/// Where a replay is looked at from.
public enum ReplayView: Equatable, Sendable {
    /// Straight at the plane of two axes (0 to 2: to the right, up); `follows` keeps what moves in the middle.
    case plane(right: Int, up: Int, follows: Bool)
    /// From anywhere around what moves.
    case orbit
}

/// The classic control tasks, drawn from their state.
struct ClassicScene: ReplayScene {
    let view = ReplayView.plane(right: 0, up: 2, follows: false)
    let shapes: [ReplayShape]
    let floor: Double? = nil
    let scenery: [[SIMD3<Double>]]
    let timeStep: Double
    private let place: @Sendable ([Double]) -> [SIMD3<Double>]

    func points(_ position: [Double]) -> [SIMD3<Double>] { place(position) }

    /// The scene of an environment's kernel, or nil if none has been drawn.
    init?(kernel: String) {
        @Sendable func at(_ x: Double, _ z: Double) -> SIMD3<Double> { [x, 0, z] }
        func shape(_ kind: ReplayShape.Kind, _ radius: Double, part: Int = 0, fixed: Bool = false) -> ReplayShape {
            ReplayShape(kind: kind, radius: radius, part: part, isFixed: fixed)
        }
        switch kernel {
        case "pendulum":  // angle 0 is upright, and grows to the left
            timeStep = 0.05
            shapes = [shape(.capsule, 0.08), shape(.sphere, 0.04, part: 1, fixed: true)]
            scenery = [[at(-1.2, 0), at(-0.15, 0)], [at(0.15, 0), at(1.2, 0)]]
            place = { [at(0, 0), at(-sin($0[0]), cos($0[0])), at(0, 0)] }
        case "cartpole":
            timeStep = 0.02
            shapes = [shape(.capsule, 0.12), shape(.capsule, 0.045, part: 1)]
            scenery = [[at(-2.4, 0), at(2.4, 0)], [at(-2.4, -0.1), at(-2.4, 0.1)], [at(2.4, -0.1), at(2.4, 0.1)]]
            place = {
                [at($0[0] - 0.2, 0), at($0[0] + 0.2, 0), at($0[0], 0.05), at($0[0] + sin($0[2]), 0.05 + cos($0[2]))]
            }
        case "acrobot":  // angles from hanging down, the second from the first link
            timeStep = 0.2
            shapes = [shape(.capsule, 0.08), shape(.capsule, 0.07, part: 1)]
            scenery = [[at(-2.2, 1), at(2.2, 1)]]
            place = { s in
                let elbow = at(sin(s[0]), -cos(s[0]))
                return [at(0, 0), elbow, elbow, elbow + at(sin(s[0] + s[1]), -cos(s[0] + s[1]))]
            }
        case "mountain_car", "mountain_car_continuous":
            timeStep = 1.0 / 30
            @Sendable func height(_ x: Double) -> Double { 0.45 * sin(3 * x) + 0.55 }
            let goal = kernel == "mountain_car" ? 0.5 : 0.45
            shapes = [shape(.sphere, 0.05), shape(.sphere, 0.03, part: 1, fixed: true)]
            scenery = [
                (0...90).map {
                    let x = -1.2 + 0.02 * Double($0); return at(x, height(x))
                }, [at(goal, height(goal)), at(goal, height(goal) + 0.2)]
            ]
            place = { s in
                // Beside the slope by the radius.
                let slope = 0.45 * 3 * cos(3 * s[0]), length = (1 + slope * slope).squareRoot()
                return [at(s[0] - 0.05 * slope / length, height(s[0]) + 0.05 / length), at(goal, height(goal) + 0.2)]
            }
        default: return nil
        }
    }
}
