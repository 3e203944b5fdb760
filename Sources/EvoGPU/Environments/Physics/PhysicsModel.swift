import Foundation

/// A compiled MuJoCo model and the task set in it, as `tools/export_model.py` writes them. Arrays carry MuJoCo's own
/// names (`mjModel`), metres, kilograms, seconds and radians; quaternions are (w, x, y, z).
public struct PhysicsModel: Decodable, Sendable {
    public let name: String
    public let sizes: Sizes
    public let env: Environment
    let opt: Options
    let qpos0: [Double], qpos_spring: [Double]
    let body: Bodies
    let joint: Joints
    let dof: Dofs
    let geom: Geoms
    let site: Sites
    let actuator: Actuators
    let collision_pairs: [Pair]
    let planar: Planar?
    public let task: Task

    public struct Sizes: Decodable, Sendable { public let nq: Int, nv: Int, nu: Int, nbody: Int }
    public struct Environment: Decodable, Sendable {
        public let frame_skip: Int
        /// Seconds that one step takes.
        public let dt: Double
        let init_qpos: [Double], init_qvel: [Double], action_low: [Double], action_high: [Double]
    }
    struct Options: Decodable, Sendable {
        let timestep: Double, integrator: String, cone: String, gravity: [Double], density: Double, viscosity: Double,
            impratio: Double
    }
    struct Bodies: Decodable, Sendable {
        let name: [String], parentid: [Int], jntadr: [Int], jntnum: [Int], pos: [[Double]], quat: [[Double]],
            ipos: [[Double]], iquat: [[Double]]
        let mass: [Double], inertia: [[Double]], invweight0: [[Double]]
    }
    struct Joints: Decodable, Sendable {
        let name: [String], type: [String], bodyid: [Int], qposadr: [Int], dofadr: [Int], pos: [[Double]],
            axis: [[Double]], stiffness: [Double]
        let limited: [Int], range: [[Double]], margin: [Double], solref: [[Double]], solimp: [[Double]]
    }
    struct Dofs: Decodable, Sendable { let bodyid: [Int], armature: [Double], damping: [Double], invweight0: [Double] }
    struct Geoms: Decodable, Sendable {
        let name: [String], type: [String], bodyid: [Int], size: [[Double]], pos: [[Double]], quat: [[Double]]
    }
    struct Sites: Decodable, Sendable { let name: [String], bodyid: [Int], pos: [[Double]] }
    struct Actuators: Decodable, Sendable { let dof: [Int], gear: [Double], ctrlrange: [[Double]] }
    struct Pair: Decodable, Sendable {
        let geom1: Int, geom2: Int, body1: Int, body2: Int, condim: Int, margin: Double, friction: [Double],
            solref: [Double], solimp: [Double], invweight_tran: Double
    }
    struct Planar: Decodable, Sendable {
        let normal_axis: String, in_plane_axes: String, inertia_about_normal: [Double]
    }
    /// What is rewarded, what is observed and what ends an episode. Every number can be changed with `--set
    /// env.key=value`.
    public struct Task: Decodable, Sendable, Equatable {
        enum CodingKeys: String, CodingKey {
            case kind, progress, forward_reward_weight, ctrl_cost_weight, healthy_reward, terminate_when_unhealthy,
                healthy_z_range, healthy_z_closed, healthy_angle_range
            case healthy_state_range, contact_cost_weight, contact_force_range, contact_cost_range, reward_dist_weight,
                reward_control_weight, reset_noise_scale
            case reset_velocity_noise, velocity_clip, terrain_height, include_cinert_in_observation,
                include_cvel_in_observation, include_qfrc_actuator_in_observation
            case include_cfrc_ext_in_observation, exclude_current_positions_from_observation, observation, time_limit
        }
        public enum Kind: String, Codable, Sendable {
            case locomotion, inverted_pendulum, inverted_double_pendulum, reacher
        }
        /// What the forward reward is the speed of: the root's own coordinate, or the torso's position or the centre of
        /// mass, which lag behind by one Runge-Kutta stage as they do in Gymnasium.
        public enum Progress: String, Codable, Sendable { case root, torso, center_of_mass }
        public var kind: Kind
        public var progress: Progress?
        public var forward_reward_weight: Double?, ctrl_cost_weight: Double?, healthy_reward: Double?,
            terminate_when_unhealthy: Bool?
        public var healthy_z_range: [Double?]?, healthy_z_closed: Bool?, healthy_angle_range: [Double?]?,
            healthy_state_range: [Double?]?
        public var contact_cost_weight: Double?, contact_force_range: [Double?]?, contact_cost_range: [Double?]?
        public var reward_dist_weight: Double?, reward_control_weight: Double?
        public var reset_noise_scale: Double?, reset_velocity_noise: String?
        public var velocity_clip: Double?, terrain_height: Double?
        public var exclude_current_positions_from_observation: Bool?
        public var include_cinert_in_observation: Bool?, include_cvel_in_observation: Bool?,
            include_qfrc_actuator_in_observation: Bool?, include_cfrc_ext_in_observation: Bool?
        public var observation: [String]?
        public var time_limit: Int?
    }
}

/// Vectors of three, and rotations by their columns.
typealias Vector = SIMD3<Double>
struct Rotation: Sendable, Equatable {
    var x = Vector(1, 0, 0), y = Vector(0, 1, 0), z = Vector(0, 0, 1)
    static func * (a: Rotation, v: Vector) -> Vector { a.x * v.x + a.y * v.y + a.z * v.z }
    static func * (a: Rotation, b: Rotation) -> Rotation { Rotation(x: a * b.x, y: a * b.y, z: a * b.z) }
    /// Of a quaternion (w, x, y, z), normalised first.
    static func quaternion(_ q: [Double]) -> Rotation {
        let length = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).squareRoot()
        let (w, x, y, z) = (q[0] / length, q[1] / length, q[2] / length, q[3] / length)
        return Rotation(
            x: Vector(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
            y: Vector(2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
            z: Vector(2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)))
    }
}
func dot(_ a: Vector, _ b: Vector) -> Double { (a * b).sum() }
extension Vector { init(_ values: [Double]) { self.init(values[0], values[1], values[2]) } }

/// A symmetric matrix of three rows: moments and products of inertia, kg m^2.
struct Inertia: Sendable, Equatable {
    var xx = 0.0, yy = 0.0, zz = 0.0, xy = 0.0, xz = 0.0, yz = 0.0
    static func + (a: Inertia, b: Inertia) -> Inertia {
        Inertia(xx: a.xx + b.xx, yy: a.yy + b.yy, zz: a.zz + b.zz, xy: a.xy + b.xy, xz: a.xz + b.xz, yz: a.yz + b.yz)
    }
}
extension Inertia {
    /// Principal moments along the columns of `axes`.
    init(principal moments: Vector, axes: Rotation) {
        self.init()
        for (moment, axis) in [(moments.x, axes.x), (moments.y, axes.y), (moments.z, axes.z)] {
            xx += moment * axis.x * axis.x; yy += moment * axis.y * axis.y; zz += moment * axis.z * axis.z
            xy += moment * axis.x * axis.y; xz += moment * axis.x * axis.z; yz += moment * axis.y * axis.z
        }
    }
    /// Of a point mass at `o`.
    init(mass: Double, at o: Vector) {
        self.init()
        let squared = dot(o, o)
        xx = mass * (squared - o.x * o.x); yy = mass * (squared - o.y * o.y); zz = mass * (squared - o.z * o.z)
        xy = -mass * o.x * o.y; xz = -mass * o.x * o.z; yz = -mass * o.y * o.z
    }
}

/// A model cut into links: one per joint, so that a body with n joints is a chain of n of which the last one carries
/// its mass. A body without joints is part of the link above it. A link's frame has its origin at its joint's anchor,
/// so that a hinge turns about its own link's origin.
struct LinkedModel: Sendable {
    enum JointType: String, Sendable { case hinge, slide, free }
    struct Link: Sendable {
        /// Index of the link above, -1 for the world.
        let parent: Int
        let joint: Int, type: JointType
        /// First of its places in qpos and qvel.
        let qpos: Int, dof: Int
        /// Where its frame is in the parent link's frame with the joint at qpos0; for a slide, with the joint at 0.
        let offset: Vector, rotation: Rotation
        /// Of the joint, in the link's frame, of length 1.
        let axis: Vector
        /// Of everything rigidly on it; the inertia is about `centre`.
        var mass = 0.0, centre = Vector(), inertia = Inertia()
    }
    /// Where a body is: on which link (-1 for the world), and its frame in the link's.
    struct Place: Sendable { let link: Int, offset: Vector, rotation: Rotation }

    let model: PhysicsModel
    let links: [Link]
    let places: [Place]

    init(_ model: PhysicsModel) throws {
        self.model = model
        let bodies = model.body, joints = model.joint
        var links: [Link] = [], places = [Place(link: -1, offset: Vector(), rotation: Rotation())]
        for body in 1..<model.sizes.nbody {
            let parent = places[bodies.parentid[body]]
            var link = parent.link
            var offset = parent.offset + parent.rotation * Vector(bodies.pos[body])
            var rotation = parent.rotation * Rotation.quaternion(bodies.quat[body])
            for joint in (0..<bodies.jntnum[body]).map({ bodies.jntadr[body] + $0 }) {
                guard let type = JointType(rawValue: joints.type[joint]) else {
                    throw RunError(
                        """
                        \(model.name): joint \(joints.name[joint]) is of type \(joints.type[joint]); free, hinge and \
                        slide are accepted
                        """
                    )
                }
                guard type != .free || (link == -1 && bodies.jntnum[body] == 1) else {
                    throw RunError(
                        """
                        \(model.name): joint \(joints.name[joint]) is free on a body that has a parent or other \
                        joints; a free joint is accepted alone on a body of the world
                        """
                    )
                }
                // `offset` is the body's origin in the frame of `link`; the new link's frame starts at the anchor.
                let anchor = type == .hinge ? Vector(joints.pos[joint]) : Vector(),
                    q0 = model.qpos0[joints.qposadr[joint]]
                let axis = Vector(joints.axis[joint])
                let start =
                    type == .free
                    ? Vector() : offset + rotation * anchor - (type == .slide ? rotation * axis * q0 : Vector())
                links.append(
                    Link(
                        parent: link, joint: joint, type: type, qpos: joints.qposadr[joint], dof: joints.dofadr[joint],
                        offset: start, rotation: type == .free ? Rotation() : rotation, axis: axis))
                link = links.count - 1
                offset = Vector() - anchor
                rotation = Rotation()
            }
            places.append(Place(link: link, offset: offset, rotation: rotation))
            guard bodies.mass[body] > 0, link >= 0 else { continue }
            // Add the body's mass to its link: inertias about their common centre.
            let mass = bodies.mass[body], centre = offset + rotation * Vector(bodies.ipos[body])
            let inertia = Inertia(
                principal: Vector(bodies.inertia[body]), axes: rotation * Rotation.quaternion(bodies.iquat[body]))
            let sum = links[link].mass + mass, common = (links[link].centre * links[link].mass + centre * mass) / sum
            links[link].inertia =
                links[link].inertia + Inertia(mass: links[link].mass, at: links[link].centre - common) + inertia
                + Inertia(mass: mass, at: centre - common)
            links[link].mass = sum
            links[link].centre = common
        }
        for index in links.indices where links[index].mass == 0 && !links.contains(where: { $0.parent == index }) {
            throw RunError(
                """
                \(model.name): the mass that joint \(joints.name[links[index].joint]) moves is 0; accepted: a \
                positive mass
                """
            )
        }
        (self.links, self.places) = (links, places)
    }

    /// The slide along a direction of the world that comes before every hinge.
    func rootSlide(_ direction: Vector) -> Link? {
        var rotation = Rotation()
        for (index, link) in links.enumerated() {
            guard link.parent == index - 1, link.type == .slide else { return nil }
            rotation = rotation * link.rotation
            if dot(rotation * link.axis, direction) > 1 - 1e-9 { return link }
        }
        return nil
    }

    /// Where qpos has the root's x and y, on which nothing depends, so that they are counted from where a step starts
    /// and left out of what a policy sees; -1 where there is none, or where a limit or a spring holds it.
    var recentred: (x: Int, y: Int) {
        guard model.task.kind == .locomotion else { return (-1, -1) }
        if links[0].type == .free { return (0, 1) }
        func place(_ direction: Vector) -> Int {
            guard let slide = rootSlide(direction), model.joint.limited[slide.joint] == 0,
                model.joint.stiffness[slide.joint] == 0
            else { return -1 }
            return slide.qpos
        }
        return (place(Vector(1, 0, 0)), place(Vector(0, 1, 0)))
    }
}

extension PhysicsModel {
    /// Reads a model's description.
    ///
    /// - Throws: ``RunError`` if the file can't be read or isn't one.
    public init(contentsOf url: URL) throws {
        try self.init(json: FileSystem.read(url), path: url.path)
    }

    init(json: Data, path: String) throws {
        do { self = try JSONDecoder().decode(PhysicsModel.self, from: json) } catch let error as DecodingError {
            let (place, problem) =
                switch error {
                case .keyNotFound(let key, let context): (context.codingPath + [key], "is missing")
                case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                    (context.codingPath, context.debugDescription)
                @unknown default: ([], "\(error)")
                }
            throw RunError(
                """
                \(path): not a model description: \
                \(place.isEmpty ? "the file" : place.map(\.stringValue).joined(separator: ".")) \(problem); \
                tools/export_model.py writes one
                """
            )
        }
        try validate(path)
    }

    /// The lists that specialise the engine, and which engine it is: the planar one where the model moves in one plane.
    ///
    /// - Throws: ``RunError`` naming what no engine carries.
    public func kernelText(name: String, terrain: Bool) throws -> (text: String, isPlanar: Bool) {
        let linked = try LinkedModel(self)
        do { return (try linked.planarSource(name: name, terrain: terrain), true) } catch let reason as NotPlanar {
            guard !terrain else {
                throw RunError("\(self.name): hilly ground needs a model that moves in a plane; it has \(reason)")
            }
            return (try linked.spatialSource(name: name), false)
        }
    }
}
