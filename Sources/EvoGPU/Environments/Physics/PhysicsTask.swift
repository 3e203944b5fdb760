import Foundation
import GPUTensor
import Kernels

/// A robot with a task set in it: what its kernels are given beside their states.
public struct PhysicsTask: Sendable, Equatable {
    public let name: String
    /// What its kernels' names begin with.
    public let kernel: String
    public let model: PhysicsModel
    public private(set) var options: PhysicsModel.Task
    /// Gymnasium's version 4 instead of 5.
    public let isOld: Bool
    public let isHilly: Bool
    public let isPlanar: Bool
    /// A user's own model rather than a shipped one.
    public var isOwn: Bool { kernel.hasPrefix("own_") }
    public let summary: String
    /// Sliding friction of the floor with each geom that may touch it.
    private var friction: [Double]
    /// Where qpos has the root's x and y if they start every step at zero (``LinkedModel/recentred``).
    let recentred: (x: Int, y: Int)

    public static func == (a: PhysicsTask, b: PhysicsTask) -> Bool {
        a.name == b.name && a.options == b.options && a.friction == b.friction
    }

    /// The nine tasks as Gymnasium's version 5 has them, and three of them on hills.
    static let shipped: [PhysicsTask] = {
        let summaries = [
            "Ant": "a four-legged robot runs", "HalfCheetah": "a planar two-legged cheetah runs",
            "Hopper": "a planar one-legged robot hops",
            "Humanoid": "a humanoid runs and stays on its feet",
            "InvertedDoublePendulum": "balance two poles on a cart", "InvertedPendulum": "balance a pole on a cart",
            "Reacher": "bring an arm's fingertip to a target", "Swimmer": "a three-link robot swims",
            "Walker2d": "a planar two-legged robot walks"
        ]
        return models.keys.sorted().flatMap { name -> [PhysicsTask] in
            let summary = summaries[name]!, flat = PhysicsTask("\(name)-v5", name, summary: summary)
            guard ["HalfCheetah", "Hopper", "Walker2d"].contains(name) else { return [flat] }
            return [
                flat,
                PhysicsTask("\(name)-hilly", name, hilly: true, summary: summary + " over hills that it does not see")
            ]
        }
    }()
    static let older: [PhysicsTask] = shipped.filter { !$0.isHilly }.map {
        PhysicsTask("\($0.model.name)-v4", $0.model.name, old: true, summary: $0.summary)
    }

    private static let models: [String: PhysicsModel] = {
        var count: Int32 = 0
        let descriptions = physics_descriptions(&count)!
        return Dictionary(
            uniqueKeysWithValues: (0..<Int(count)).map { index in
                let name = String(cString: descriptions[index].name)
                do {
                    return (
                        name, try PhysicsModel(json: Data(String(cString: descriptions[index].json).utf8), path: name)
                    )
                } catch { preconditionFailure("\(error)") }
            })
    }()

    private init(_ name: String, _ model: String, old: Bool = false, hilly: Bool = false, summary: String) {
        self.init(
            name: name, kernel: Self.kernelName(model) + (hilly ? "_hilly" : ""), model: Self.models[model]!, old: old,
            hilly: hilly, summary: summary)
    }

    private init(
        name: String, kernel: String, model: PhysicsModel, isPlanar: Bool? = nil, old: Bool, hilly: Bool,
        summary: String
    ) {
        (self.name, self.kernel, self.model, isOld, isHilly, self.summary) = (name, kernel, model, old, hilly, summary)
        options = model.task
        self.isPlanar = isPlanar ?? (model.planar != nil)
        recentred = (try? LinkedModel(model).recentred) ?? (-1, -1)
        friction = model.collision_pairs.filter { model.geom.type[$0.geom1] == "plane" }.map { $0.friction[0] }
        for part in model.task.observation ?? [] {
            switch part {
            case "cinert": options.include_cinert_in_observation = true
            case "cvel": options.include_cvel_in_observation = true
            case "qfrc_actuator": options.include_qfrc_actuator_in_observation = true
            case "cfrc_ext": options.include_cfrc_ext_in_observation = true
            default: break
            }
        }
        if hilly { options.terrain_height = 0.2 }
        guard old else { return }
        switch model.name {
        case "Walker2d":  // version 4's right foot slides more easily
            let floor = model.collision_pairs.filter { model.geom.type[$0.geom1] == "plane" }
            friction[floor.firstIndex { model.geom.name[$0.geom2] == "foot_geom" }!] = 0.9
        case "Ant":
            options.contact_cost_weight = 0
            options.include_cfrc_ext_in_observation = false
        case "Humanoid": options.contact_cost_weight = 0
        default: break
        }
    }

    /// A model of the user's own, from `tools/export_model.py`. Its kernels are built when a device first needs them,
    /// so the CPU backend, which has only what it was compiled with, refuses it.
    ///
    /// - Throws: ``RunError`` if the file is none, or the model has what the engines lack.
    init(path: String) throws {
        let model = try PhysicsModel(contentsOf: URL(fileURLWithPath: path))
        let word = String(
            model.name.unicodeScalars.map {
                $0.properties.isAlphabetic && $0.isASCII || ("0"..."9").contains($0) ? Character($0) : "_"
            })
        let bytes = try FileSystem.read(URL(fileURLWithPath: path))
        let kernel = "own_\(word.lowercased())_\(SHA256.hexDigest(bytes).prefix(8))"
        let (text, isPlanar) = try model.kernelText(name: kernel, terrain: false)
        let engine = String(cString: isPlanar ? physics_planar_text() : physics_spatial_text())
        KernelCatalogue.register(
            name: kernel,
            text: [String(cString: physics_text()), text, engine, String(cString: physics_task_text())].joined(
                separator: "\n"))
        self.init(
            name: URL(fileURLWithPath: path).path, kernel: kernel, model: model, isPlanar: isPlanar, old: false,
            hilly: false, summary: "a model of your own")
    }

    static func kernelName(_ model: String) -> String {
        var name = ""
        for (index, character) in model.enumerated() {
            if character.isUppercase && index > 0 { name += "_" }
            name += character.lowercased()
        }
        return name
    }

    /// The task with options changed, each as `key=value`.
    func with(_ settings: [String]) throws -> PhysicsTask {
        var task = self
        let known =
            try ConfigurationEncoder.node(options).mapping?.keys.compactMap(\.string).filter {
                !Self.fixed.contains($0)
            } ?? []
        for setting in settings {
            let key = String(setting.prefix { $0 != "=" })
            guard known.contains(key) else {
                let reason =
                    Self.fixed.contains(key)
                    ? "\(key) belongs to the model and can't be set" : "\(name) has no option \(key)"
                throw RunError("--set env.\(setting): \(reason); accepted: \(known.joined(separator: ", "))")
            }
        }
        do { task.options = try Configuration.load(options, overrides: settings) } catch let error as RunError {
            throw RunError(error.description.replacing("--set ", with: "--set env."))
        }
        try task.validate()
        return task
    }
    private static let fixed = ["kind", "progress", "healthy_z_closed", "reset_velocity_noise", "observation"]

    /// The task with options as a run's config.yaml holds them.
    func with(_ options: PhysicsModel.Task) throws -> PhysicsTask {
        var task = self
        task.options = options
        try task.validate()
        return task
    }

    private func validate() throws {
        try options.validate(name)
        guard !columns.isEmpty else {
            throw RunError("\(name): nothing is left of its observation; something has to be included")
        }
        if isPlanar, let odd = options.observation?.first(where: { $0 != "qpos" && $0 != "qvel" }) {
            throw RunError("\(name): a planar model's observation includes \(odd); accepted: qpos, qvel")
        }
    }

    var solvedReturn: Double? {
        if isHilly || isOwn { return nil }
        return switch model.name {
        case "InvertedPendulum": 950
        case "InvertedDoublePendulum": 9100
        case "Reacher": -3.75
        case "Swimmer": 360
        case "Hopper": 3800
        case "HalfCheetah": 4800
        case "Ant": 6000
        default: nil
        }
    }

    // MARK: What the kernels are given

    private var bodies: Int { model.sizes.nbody - 1 }
    /// qpos, qvel, then what physics.cl says.
    var stateCount: Int { isPlanar ? 2 * model.sizes.nv + 2 + (isHilly ? 3 : 0) : model.sizes.nq + model.sizes.nv + 3 }
    /// Where the state keeps the distance that was taken off the root's x and y.
    var travelledAt: Int { model.sizes.nq + model.sizes.nv }

    /// Parts of all that an observation may show, in the kernels' order, and where each starts.
    private var parts: [(name: String, count: Int)] {
        let (nq, nv) = (model.sizes.nq, model.sizes.nv)
        if isPlanar {
            let extras =
                switch options.kind {
                case .inverted_double_pendulum: 5
                case .reacher: 6
                default: 0
                }
            return [("qpos", nq), ("qvel", nv), ("extras", extras), ("zero", 1)]
        }
        return [
            ("qpos", nq), ("qvel", nv), ("cinert", 10 * bodies), ("cvel", 6 * bodies), ("qfrc_actuator", nv),
            ("cfrc_ext", 6 * bodies), ("zero", 1)
        ]
    }
    private func range(_ part: String) -> Range<Int> {
        var start = 0
        for (name, count) in parts {
            if name == part { return start..<start + count }
            start += count
        }
        return start..<start
    }

    /// Where in an observation a part of it is shown, such as `cfrc_ext`.
    func observed(_ part: String) -> [Int] {
        let entries = range(part)
        return columns.indices.filter { entries.contains(Int(columns[$0])) }
    }

    /// Which of the kernels' entries an observation holds, in its order.
    var columns: [Int32] {
        let position = Array(range("qpos")), velocity = Array(range("qvel")), extras = Array(range("extras")),
            zero = range("zero").lowerBound
        var columns: [Int]
        switch options.kind {
        case .inverted_pendulum: columns = position + velocity
        case .inverted_double_pendulum:
            columns = [position[0]] + extras[0..<4] + velocity + [extras[4]] + (isOld ? [zero, zero] : [])
        case .reacher:
            columns = extras[0..<4] + position[2..<4] + velocity[0..<2] + extras[4..<6] + (isOld ? [zero] : [])
        case .locomotion:
            columns = []
            for part in options.observation ?? ["qpos", "qvel"] where options.includes(part) {
                var entries = Array(range(part))
                switch part {
                case "qpos" where options.exclude_current_positions_from_observation ?? true:
                    entries.removeAll { $0 == recentred.x || $0 == recentred.y }
                case "cinert" where isOld: entries = Array(repeating: zero, count: 10) + entries  // the world's body
                case "cvel" where isOld, "cfrc_ext" where isOld: entries = Array(repeating: zero, count: 6) + entries
                // of the root, always zero
                case "qfrc_actuator" where !isOld && model.joint.type.first == "free": entries.removeFirst(6)
                default: break
                }
                columns += entries
            }
        }
        return columns.map(Int32.init)
    }

    /// In the order of the SETTING_ indices of physics.cl, then the friction of each pair with the floor.
    var settings: [Float] {
        func range(_ bounds: [Double?]?) -> (Double, Double) { (bounds?[0] ?? -.infinity, bounds?[1] ?? .infinity) }
        let z = range(options.healthy_z_range),
            angle = range(options.kind == .inverted_pendulum ? [-0.2, 0.2] : options.healthy_angle_range),
            state = range(options.healthy_state_range), force = range(options.contact_force_range),
            cost = range(options.contact_cost_range)
        let ends = options.kind == .locomotion && options.terminate_when_unhealthy ?? false
        let always = isOld && (ends || options.kind == .inverted_pendulum || options.kind == .inverted_double_pendulum)
        let healthy = options.kind == .inverted_pendulum ? 1 : options.healthy_reward ?? 0
        let values: [Double] = [
            options.forward_reward_weight ?? 1, options.ctrl_cost_weight ?? options.reward_control_weight ?? 0, healthy,
            ends ? 1 : 0, always ? 1 : 0,
            z.0, z.1, angle.0, angle.1, state.0, state.1, options.reset_noise_scale ?? 0,
            options.contact_cost_weight ?? 0, force.0, force.1, cost.1,
            options.reward_dist_weight ?? 0, isOld ? 1 : 0, options.velocity_clip ?? .infinity,
            options.terrain_height ?? 0, cost.0
        ]
        return (values + friction).map { Float($0) }
    }
}

extension PhysicsModel.Task: Encodable {
    /// Only what the task has: those are the options that can be set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        func put<T: Encodable>(_ value: T?, _ key: CodingKeys) throws {
            if let value { try container.encode(value, forKey: key) }
        }
        try container.encode(kind, forKey: .kind)
        try put(progress, .progress)
        try put(forward_reward_weight, .forward_reward_weight)
        try put(ctrl_cost_weight, .ctrl_cost_weight)
        try put(healthy_reward, .healthy_reward)
        try put(terminate_when_unhealthy, .terminate_when_unhealthy)
        try put(healthy_z_range, .healthy_z_range)
        try put(healthy_z_closed, .healthy_z_closed)
        try put(healthy_angle_range, .healthy_angle_range)
        try put(healthy_state_range, .healthy_state_range)
        try put(contact_cost_weight, .contact_cost_weight)
        try put(contact_force_range, .contact_force_range)
        try put(contact_cost_range, .contact_cost_range)
        try put(reward_dist_weight, .reward_dist_weight)
        try put(reward_control_weight, .reward_control_weight)
        try put(reset_noise_scale, .reset_noise_scale)
        try put(reset_velocity_noise, .reset_velocity_noise)
        try put(velocity_clip, .velocity_clip)
        try put(exclude_current_positions_from_observation, .exclude_current_positions_from_observation)
        try put(observation, .observation)
        try put(include_cinert_in_observation, .include_cinert_in_observation)
        try put(include_cvel_in_observation, .include_cvel_in_observation)
        try put(include_qfrc_actuator_in_observation, .include_qfrc_actuator_in_observation)
        try put(include_cfrc_ext_in_observation, .include_cfrc_ext_in_observation)
        try put(terrain_height, .terrain_height)
        try put(time_limit, .time_limit)
    }

    /// Whether a part of the observation is shown; only some can be left out.
    func includes(_ part: String) -> Bool {
        switch part {
        case "cinert": include_cinert_in_observation ?? true
        case "cvel": include_cvel_in_observation ?? true
        case "qfrc_actuator": include_qfrc_actuator_in_observation ?? true
        case "cfrc_ext": include_cfrc_ext_in_observation ?? true
        default: true
        }
    }

    /// - Throws: ``RunError`` naming the option, its value and what is accepted.
    func validate(_ environment: String) throws {
        func refuse(_ key: String, _ value: any CustomStringConvertible, _ accepted: String) -> RunError {
            RunError("\(environment): env.\(key) is \(value); accepted: \(accepted)")
        }
        for (key, value) in [
            ("forward_reward_weight", forward_reward_weight), ("ctrl_cost_weight", ctrl_cost_weight),
            ("healthy_reward", healthy_reward), ("contact_cost_weight", contact_cost_weight),
            ("reward_dist_weight", reward_dist_weight), ("reward_control_weight", reward_control_weight)
        ] {
            if let value, !Float(value).isFinite { throw refuse(key, value, "a finite number of float32") }
        }
        for (key, value) in [("reset_noise_scale", reset_noise_scale), ("terrain_height", terrain_height)] {
            if let value, !(value >= 0 && value <= 10) { throw refuse(key, value, "a number from 0 to 10") }
        }
        if let velocity_clip, !(velocity_clip > 0) { throw refuse("velocity_clip", velocity_clip, "a number above 0") }
        if let time_limit, !(1...1_000_000).contains(time_limit) {
            throw refuse("time_limit", time_limit, "a whole number from 1 to 1000000")
        }
        for (key, bounds) in [
            ("healthy_z_range", healthy_z_range), ("healthy_angle_range", healthy_angle_range),
            ("healthy_state_range", healthy_state_range),
            ("contact_force_range", contact_force_range), ("contact_cost_range", contact_cost_range)
        ] {
            guard let bounds else { continue }
            let shown = "[\(bounds.map { $0.map { "\($0)" } ?? "null" }.joined(separator: ", "))]"
            guard bounds.count == 2, bounds.allSatisfy({ $0?.isFinite ?? true }),
                bounds[0] ?? -.infinity <= bounds[1] ?? .infinity
            else { throw refuse(key, shown, "a lower and an upper bound, each a number or null") }
        }
        if let noise = reset_velocity_noise, noise != "uniform", noise != "normal" {
            throw refuse("reset_velocity_noise", noise, "uniform, normal")
        }
        if let observation {
            let known = ["qpos", "qvel", "cinert", "cvel", "qfrc_actuator", "cfrc_ext"]
            guard !observation.isEmpty, observation.allSatisfy(known.contains),
                Set(observation).count == observation.count
            else {
                throw refuse("observation", observation, "each at most once: \(known.joined(separator: ", "))")
            }
        }
    }
}
