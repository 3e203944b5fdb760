import Foundation

/// A MuJoCo model's geoms, placed by its joints' positions in double precision.
public struct ModelScene: ReplayScene {
    public let view: ReplayView
    public let shapes: [ReplayShape]
    public let floor: Double?
    public let scenery: [[SIMD3<Double>]] = []
    public let timeStep: Double
    private let linked: LinkedModel
    /// For each shape: its link (-1 for the world) and its points in that link's frame.
    private let parts: [(link: Int, points: [Vector])]

    public init(_ model: PhysicsModel) throws {
        linked = try LinkedModel(model)
        timeStep = model.env.dt
        let follows = model.task.kind == .locomotion
        if let planar = model.planar {
            let axes = planar.in_plane_axes.compactMap { "xyz".firstIndex(of: $0)?.utf16Offset(in: "xyz") }
            guard axes.count == 2 else {
                throw RunError(
                    "\(model.name): planar.in_plane_axes is \(planar.in_plane_axes); accepted: two of x, y, z")
            }
            view = .plane(right: axes[0], up: axes[1], follows: follows)
        } else {
            view = .orbit
        }
        let bodyParts = Self.parts(parents: model.body.parentid)
        var shapes: [ReplayShape] = [], parts: [(Int, [Vector])] = [], floor: Double?
        for geom in model.geom.name.indices {
            let size = model.geom.size[geom], body = model.geom.bodyid[geom], place = linked.places[body]
            let centre = place.offset + place.rotation * Vector(model.geom.pos[geom]),
                axes = place.rotation * Rotation.quaternion(model.geom.quat[geom])
            let kind: ReplayShape.Kind, radius: Double, half: Vector
            switch model.geom.type[geom] {
            case "plane":
                // A plane that nothing touches is only scenery, and may lie far away.
                if place.link < 0, axes.z.z > 0.999,
                    model.collision_pairs.contains(where: { $0.geom1 == geom || $0.geom2 == geom })
                {
                    floor = centre.z
                }
                continue
            case "sphere": (kind, radius, half) = (.sphere, size[0], Vector())
            case "capsule": (kind, radius, half) = (.capsule, size[0], axes.z * size[1])
            case "cylinder":
                (kind, radius, half) = (.capsule, min(size[0], size[1]), axes.z * max(size[1] - size[0], 0))
            case "box", "ellipsoid":  // a capsule along the longest axis
                let longest = size.indices.max { size[$0] < size[$1] }!, width = (size.reduce(0, +) - size[longest]) / 2
                (kind, radius, half) = (
                    .capsule, width, [axes.x, axes.y, axes.z][longest] * max(size[longest] - width, 0)
                )
            default: continue  // meshes and height fields are not in the model's file
            }
            shapes.append(ReplayShape(kind: kind, radius: radius, part: bodyParts[body], isFixed: place.link < 0))
            parts.append((place.link, kind == .sphere ? [centre] : [centre - half, centre + half]))
        }
        (self.shapes, self.parts, self.floor) = (shapes, parts, floor)
    }

    public func points(_ position: [Double]) -> [SIMD3<Double>] {
        let frames = linked.frames(at: position)
        return parts.flatMap { link, points in
            link < 0 ? points : points.map { frames[link].origin + frames[link].rotation * $0 }
        }
    }

    /// A number per body: where a body has several children, each begins a part of its own, as do trees beside the
    /// first. In a chain every body is one.
    private static func parts(parents: [Int]) -> [Int] {
        var parts = [Int](repeating: 0, count: parents.count), next = 1
        let children = parents.indices.dropFirst().reduce(into: [Int](repeating: 0, count: parents.count)) {
            $0[parents[$1]] += 1
        }
        for body in parents.indices.dropFirst() where body > 1 {
            if children[parents[body]] > 1 {
                (parts[body], next) = (next, next + 1)
            } else {
                parts[body] = parts[parents[body]]
            }
        }
        return next == 1 ? parts.indices.map { max($0 - 1, 0) } : parts
    }
}

extension LinkedModel {
    /// Where every link's frame is in the world.
    func frames(at position: [Double]) -> [(origin: Vector, rotation: Rotation)] {
        var frames: [(origin: Vector, rotation: Rotation)] = []
        for link in links {
            let q = position[link.qpos]
            guard link.type != .free else {
                frames.append(
                    (
                        Vector(Array(position[link.qpos..<link.qpos + 3])),
                        Rotation.quaternion(Array(position[link.qpos + 3..<link.qpos + 7]))
                    ))
                continue
            }
            let parent = link.parent < 0 ? (origin: Vector(), rotation: Rotation()) : frames[link.parent]
            let start = parent.origin + parent.rotation * link.offset, rotation = parent.rotation * link.rotation
            switch link.type {
            case .slide: frames.append((start + rotation * link.axis * q, rotation))
            default: frames.append((start, rotation * Rotation.turn(about: link.axis, by: q - model.qpos0[link.qpos])))
            }
        }
        return frames
    }
}

extension Rotation {
    /// About an axis of length 1, by an angle in radians.
    static func turn(about axis: Vector, by angle: Double) -> Rotation {
        let half = angle / 2, v = axis * sin(half)
        return quaternion([cos(half), v.x, v.y, v.z])
    }
}
