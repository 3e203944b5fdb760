import Foundation

/// A web page that shows episodes, complete in one file: no network, no libraries.
///
/// Coordinates go into it as 16-bit multiples of ``Content/unit`` around a point that follows the robot,
/// base64-encoded.
public struct ReplayPage {
    /// One policy: what it is called and its episodes.
    public struct Panel: Sendable {
        public let label: String
        public let episodes: [Trajectory]
        public init(label: String, episodes: [Trajectory]) { (self.label, self.episodes) = (label, episodes) }
    }

    private struct Content: Encodable {
        struct Shape: Encodable { let kind: ReplayShape.Kind, radius: Double, part: Int, still: [Double]? }
        struct Episode: Encodable {
            let steps: Int, terminated: Bool, total: Double, focus, points, returns: String, ground: Ground?
        }
        /// Heights of hilly ground from `first` on, `step` metres apart.
        struct Ground: Encodable { let first: Double, step: Double, heights: String }
        struct Panel: Encodable { let label: String, episodes: [Episode] }
        let title, subtitle, view: String
        /// `side` or `top` for planes, and whether the view follows.
        let follows: Bool
        let dt: Double, floor: Double?, unit: Double
        let shapes: [Shape], scenery: [[Double]], panels: [Panel]
    }

    /// - Parameters:
    ///   - title: the environment's name.
    ///   - subtitle: what else is known of the run, one line.
    public static func html(title: String, subtitle: String, scene: any ReplayScene, panels: [Panel]) throws -> String {
        let axes: [Int], follows: Bool, view: String
        switch scene.view {
        case .plane(let right, let up, let followsIt):
            (axes, follows, view) = ([right, up], followsIt, up == 2 ? "side" : "top")
        case .orbit: (axes, follows, view) = ([0, 1, 2], true, "orbit")
        }
        func flat(_ points: [SIMD3<Double>]) -> [Double] { points.flatMap { point in axes.map { point[$0] } } }
        func rounded(_ x: Double) -> Double { (x * 1e5).rounded() / 1e5 }

        // Where each shape's points begin; fixed shapes are written once.
        var starts: [Int] = [], next = 0
        for shape in scene.shapes { starts.append(next); next += shape.pointCount }
        let moving = scene.shapes.indices.filter { !scene.shapes[$0].isFixed }.flatMap {
            starts[$0]..<starts[$0] + scene.shapes[$0].pointCount
        }
        guard !moving.isEmpty else {
            throw RunError(
                "\(title) has nothing to draw that moves: its geoms are planes, meshes or fixed to the world")
        }
        let first = scene.points(panels[0].episodes[0].positions[0])
        let shapes = scene.shapes.indices.map { index in
            let shape = scene.shapes[index]
            return Content.Shape(
                kind: shape.kind, radius: rounded(shape.radius), part: shape.part,
                still: shape.isFixed
                    ? flat(Array(first[starts[index]..<starts[index] + shape.pointCount])).map(rounded) : nil)
        }

        // Frames as points relative to their focus, then quantised with one unit for all.
        struct Frames { var focus: [Float] = [], offsets: [Double] = [] }
        let frames = panels.map { panel in
            panel.episodes.map { episode in
                var frames = Frames()
                for position in episode.positions {
                    let all = scene.points(position), points = moving.map { all[$0] }
                    var focus = follows ? points.reduce(SIMD3<Double>(), +) / Double(points.count) : SIMD3<Double>()
                    if view != "top" { focus.z = 0 }
                    let rounded = SIMD3<Float>(focus)  // offsets are from what the page reads
                    frames.focus += axes.map { rounded[$0] }
                    frames.offsets += flat(points.map { $0 - SIMD3<Double>(rounded) })
                }
                return frames
            }
        }
        guard frames.joined().allSatisfy({ $0.offsets.allSatisfy(\.isFinite) }) else {
            throw RunError("\(title): a position is not finite; there is no replay of it")
        }
        let largest = frames.joined().lazy.flatMap(\.offsets).reduce(0) { max($0, abs($1)) }
        let unit = max(largest / 32767, 1e-5)
        let content = Content(
            title: title, subtitle: subtitle, view: view, follows: follows, dt: scene.timeStep, floor: scene.floor,
            unit: unit, shapes: shapes,
            scenery: scene.scenery.map { flat($0).map(rounded) },
            panels: zip(panels, frames).map { panel, frames in
                Content.Panel(
                    label: panel.label,
                    episodes: zip(panel.episodes, frames).map { episode, frames in
                        var total = 0.0, returns: [Float] = [0]
                        for reward in episode.rewards {
                            total += reward
                            returns.append(Float(total))
                        }
                        return Content.Episode(
                            steps: episode.rewards.count, terminated: episode.terminated, total: total,
                            focus: base64(frames.focus),
                            points: base64(frames.offsets.map { offset -> Int16 in Int16((offset / unit).rounded()) }),
                            returns: base64(returns),
                            ground: episode.hills.map {
                                ground(
                                    $0, from: frames.focus.min(every: axes.count),
                                    to: frames.focus.max(every: axes.count))
                            })
                    })
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Nothing in the data may end the script element that holds it.
        let json = String(decoding: try encoder.encode(content), as: UTF8.self).replacingOccurrences(
            of: "<", with: "\\u003c")
        return replayPageSource.replacingOccurrences(of: "TITLE", with: escaped(title)).replacingOccurrences(
            of: "DATA", with: json)
    }

    /// The hills under a robot that went from one place to another, and some way on.
    private static func ground(_ hills: Hills, from: Float, to: Float) -> Content.Ground {
        let step = 0.05, first = (Double(from) - 15).rounded(), count = Int((Double(to) + 15 - first) / step)
        return Content.Ground(
            first: first, step: step,
            heights: base64((0...count).map { Float(hills.elevation(first + Double($0) * step)) }))
    }

    private static func base64<T: BitwiseCopyable>(_ values: [T]) -> String {
        values.withUnsafeBytes { Data($0) }.base64EncodedString()
    }
    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: "\"", with: "&quot;")
    }
}

extension [Float] {
    /// The least and the greatest of every n-th element, from the first on.
    fileprivate func min(every n: Int) -> Float {
        stride(from: 0, to: count, by: n).reduce(.infinity) { Swift.min($0, self[$1]) }
    }
    fileprivate func max(every n: Int) -> Float {
        stride(from: 0, to: count, by: n).reduce(-.infinity) { Swift.max($0, self[$1]) }
    }
}
