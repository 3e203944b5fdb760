import EvoGPU
import Foundation
import GPUTensor
import Testing

/// Robots that are none of the shipped ones: what MuJoCo makes of them (`tools/own_models.py`), and files that are
/// refused.
@Suite struct OwnModelTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let model: String, qpos: [[Float]], qvel: [[Float]], action: [[Float]], qpos_next: [[Double]],
            qvel_next: [[Double]], sensitivity: [Double]
        var testDescription: String { model }
    }
    static let folder = Bundle.module.resourceURL!.appendingPathComponent("Fixtures/own-models")
    static let cases: [Case] = try! JSONDecoder().decode(
        [Case].self, from: Data(contentsOf: folder.appendingPathComponent("cases.json")))
    private let backend = Backend.available.first { $0.device != "cpu" && $0.lanes == 16 }
    private func spec(_ model: String) throws -> EnvironmentSpec {
        try .named(Self.folder.appendingPathComponent("\(model).json").path)
    }

    /// Three physics steps from 24 states each.
    @Test(arguments: cases) func stepsAreMuJoCos(of wanted: Case) throws {
        guard let backend else { return }
        let spec = try spec(wanted.model), count = wanted.qpos.count,
            (nq, nv) = (wanted.qpos[0].count, wanted.qvel[0].count)
        let world = try World(spec, members: 1, environments: count, on: backend.makeQueue())
        try world.environment.place(positions: wanted.qpos.flatMap { $0 }, velocities: wanted.qvel.flatMap { $0 })
        try world.step(wanted.action.flatMap { $0 }, autoReset: false)
        let positions = try world.environment.positions(), velocities = try world.environment.velocities()
        func error(_ got: ArraySlice<Double>, _ want: [Double]) -> Double {
            zip(got, want).map { abs($0 - $1) / (1 + abs($1)) }.max()!
        }
        for slot in 0..<count {
            // As `verify physics` asks: 300 times what MuJoCo's own answer moves by when its input does by 1e-7, and as
            // much again.
            let room = 300 * (wanted.sensitivity[slot] + 1e-7)
            #expect(
                error(velocities[slot * nv..<(slot + 1) * nv].map(Double.init)[...], wanted.qvel_next[slot]) <= room,
                "state \(slot), qvel")
            #expect(
                error(positions[slot * nq..<(slot + 1) * nq], wanted.qpos_next[slot]) <= room, "state \(slot), qpos")
        }
    }

    /// The root's x and y are hidden where nothing depends on them, wherever they are in qpos; forces of motors are
    /// shown but for a free root's.
    @Test func observationsHideWhatMovesFreely() throws {
        for (model, hidden) in [("slides-zxy", [1, 2]), ("held", []), ("planar-euler", [0]), ("slide-only", [0])] {
            let spec = try spec(model), wanted = try #require(Self.cases.first { $0.model == model }),
                (q, v) = (wanted.qpos[0], wanted.qvel[0])
            #expect(spec.observationCount == q.count - hidden.count + v.count, "\(model)")
            guard let backend else { continue }
            let world = try World(spec, members: 1, environments: 1, on: backend.makeQueue())
            try world.environment.place(positions: q, velocities: v)
            #expect(
                try world.floats(world.environment.observations) == q.indices.filter { !hidden.contains($0) }.map {
                    q[$0]
                } + v, "\(model)")
        }
        #expect(try spec("free-euler").observationCount == 136)
        var model =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: Self.folder.appendingPathComponent("slides-zxy.json"))) as! [String: Any]
        model["task"] = (model["task"] as! [String: Any]).merging(["observation": ["qfrc_actuator"]]) { $1 }
        let folder = try TemporaryFolder()
        try folder.file("robot.json", JSONSerialization.data(withJSONObject: model))
        #expect(try EnvironmentSpec.named(folder("robot.json").path).observationCount == 10)
    }

    /// One sentence for each thing that doesn't fit, and no crash.
    @Test func filesThatDoNotFitAreRefused() throws {
        let folder = try TemporaryFolder()
        func refusal(in model: String = "planar-euler", _ path: [Any], _ value: Any?, says: String...) throws {
            func changed(_ node: Any, _ path: ArraySlice<Any>) -> Any {
                guard let step = path.first else { return value! }
                if let index = step as? Int {
                    var list = node as! [Any]
                    list[index] = changed(list[index], path.dropFirst())
                    return list
                }
                var object = node as! [String: Any]
                if path.count == 1 && value == nil {
                    object[step as! String] = nil
                } else {
                    object[step as! String] = changed(object[step as! String] ?? NSNull(), path.dropFirst())
                }
                return object
            }
            let object = try JSONSerialization.jsonObject(
                with: Data(contentsOf: Self.folder.appendingPathComponent("\(model).json")))
            try folder.file("robot.json", JSONSerialization.data(withJSONObject: changed(object, path[...])))
            let
                error = #expect(throws: RunError.self, "\(path)") {
                    _ = try EnvironmentSpec.named(folder("robot.json").path)
                }, text = error?.description ?? ""
            #expect(!text.contains("\n") && says.allSatisfy { text.contains($0) }, "\(path): \(text)")
        }
        try refusal(["name"], "a\n#define", says: "name", "a line of text")
        try refusal(["name"], "", says: "name")
        for key in ["nq", "nv", "nu", "nbody"] {
            for value in [-1, 0, 3000, Int.max] { try refusal(["sizes", key], value, says: "accepted") }
        }
        for section in [
            "env", "opt", "body", "joint", "dof", "geom", "site", "actuator", "task", "qpos0", "collision_pairs"
        ] { try refusal([section], nil, says: section, "missing") }
        try refusal(["body", "mass"], [0, 1], says: "body.mass", "2", "5")
        try refusal(["body", "mass", 2], -1, says: "body.mass", "-1")
        try refusal(["body", "mass", 2], 1e300, says: "body.mass", "1e+300")
        try refusal(["body", "mass", 4], 0, says: "joint tail moves is 0")
        try refusal(in: "free-euler", ["body", "mass", 5], 0, says: "joint b1 moves is 0")
        try refusal(["body", "inertia", 2], [0, 1, 1], says: "body.inertia of body 2")
        try refusal(["body", "inertia"], [], says: "body.inertia")
        try refusal(["body", "quat", 1], [0, 0, 0, 0], says: "body.quat")
        for parent in [-3, 2, 77] { try refusal(["body", "parentid", 2], parent, says: "body.parentid", "\(parent)") }
        for number in [-1, 9] { try refusal(["body", "jntnum", 2], number, says: "body 2") }
        try refusal(["joint", "qposadr", 2], 55, says: "joint pitch", "55")
        try refusal(["joint", "type", 2], "screw", says: "joint pitch", "screw")
        try refusal(["joint", "axis", 2], [0, 0, 0], says: "joint pitch")
        try refusal(["dof", "armature", 1], -2, says: "dof.armature")
        try refusal(["dof", "invweight0", 3], 0, says: "joint hip, which is limited")
        try refusal(["geom", "size", 1], [-0.05, 0.2, 0], says: "capsule 1")
        try refusal(in: "free-euler", ["geom", "size", 1], [0.05, 0, 0], says: "capsule 1")
        try refusal(["geom", "size", 1], [], says: "geom.size")
        try refusal(["actuator", "dof", 0], 40, says: "actuator.dof", "40")
        try refusal(["actuator", "ctrlrange", 0], [1, -1], says: "actuator.ctrlrange")
        try refusal(["actuator", "gear"], [1], says: "actuator.gear")
        try refusal(["env", "frame_skip"], 0, says: "env.frame_skip")
        try refusal(["env", "dt"], 0, says: "env.dt")
        try refusal(["env", "action_low", 0], 1, says: "action's range")
        try refusal(["opt", "timestep"], 0, says: "opt.timestep")
        try refusal(["opt", "cone"], "elliptic", says: "opt.cone", "pyramidal")
        try refusal(["opt", "impratio"], 10, says: "opt.impratio")
        try refusal(["collision_pairs", 0, "geom2"], 50, says: "collision_pairs", "50")
        try refusal(["collision_pairs", 0, "friction"], [0, 0, 0, 0, 0], says: "friction")
        try refusal(["collision_pairs", 0, "friction"], [], says: "friction")
        try refusal(["collision_pairs", 0, "friction", 1], 0.5, says: "two equal numbers")
        try refusal(["collision_pairs", 0, "invweight_tran"], 0, says: "invweight_tran")
        try refusal(["task", "kind"], "reacher", says: "reacher", "locomotion")
        try refusal(["task", "kind"], "inverted_double_pendulum", says: "locomotion")
        try refusal(["task", "observation"], ["qpos", "smell"], says: "observation")
        try refusal(in: "slide-only", ["task", "healthy_z_range"], [0.1, 1], says: "healthy_z_range")
        try refusal(in: "planar-rail", ["task", "healthy_z_range"], [0.1, 1], says: "healthy_z_range")
    }
}
