import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ReplayTests {
    private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    private static func model(_ name: String) throws -> PhysicsModel {
        let file = source.appendingPathComponent("../../Sources/Kernels/models/\(name).json")
        return try JSONDecoder().decode(PhysicsModel.self, from: Data(contentsOf: file))
    }

    /// States of every MuJoCo task with the points of its spheres and capsules, from MuJoCo itself:
    /// `tools/geom_poses.py`.
    private struct State: Decodable { let qpos: [Double], points: [[Double]] }

    @Test func geomsAreWhereMuJoCoPutsThem() throws {
        let file = source(of: "geom-poses", "json"),
            states = try JSONDecoder().decode([String: [State]].self, from: Data(contentsOf: file))
        #expect(states.count == 9)
        for (name, states) in states {
            let scene = try ModelScene(Self.model(name))
            for state in states {
                let points = scene.points(state.qpos)
                // Cylinders (Reacher's pivot) are drawn too, after the geoms that the reference has; they stand still.
                let drawn = zip(
                    scene.shapes.flatMap { shape in
                        [ReplayShape](repeating: shape, count: shape.kind == .sphere ? 1 : 2)
                    }, points
                ).filter { name != "Reacher" || !($0.0.isFixed && abs($0.1.x) < 0.01 && abs($0.1.y) < 0.01) }.map(\.1)
                #expect(drawn.count == state.points.count, "\(name)")
                for (got, want) in zip(drawn, state.points) {
                    for axis in 0..<3 {
                        #expect(abs(got[axis] - want[axis]) < 1e-10, "\(name): \(got), wanted \(want)")
                    }  // the reference has 12 decimals
                }
            }
        }
    }

    private func source(of name: String, _ type: String) -> URL {
        Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name).\(type)")
    }

    @Test func viewsFollowTheTask() throws {
        for (name, view, hasFloor) in [
            ("Hopper", ReplayView.plane(right: 0, up: 2, follows: true), true),
            ("Swimmer", .plane(right: 0, up: 1, follows: true), false),
            ("Reacher", .plane(right: 0, up: 1, follows: false), false),
            ("InvertedPendulum", .plane(right: 0, up: 2, follows: false), false), ("Ant", .orbit, true)
        ] {
            let scene = try ModelScene(Self.model(name))
            #expect(scene.view == view && (scene.floor != nil) == hasFloor, "\(name)")
        }
        // trunk, waist, two arms, two legs
        #expect(try Set(ModelScene(Self.model("Humanoid")).shapes.map(\.part)).count == 6)
        #expect(try Set(ModelScene(Self.model("Hopper")).shapes.map(\.part)).count == 4)
    }

    private func population(_ env: String, settings: [String] = [], in folder: TemporaryFolder) throws
        -> TrainedPopulation
    {
        let queue = try Queue(Device.named("cpu"))
        var config = PPOTests.config()
        config.totalSteps = 120
        _ = try TrainingRun(
            PPO.self, EnvironmentSpec.named(env, settings: settings), config: config, seeds: [4, 9],
            path: folder(env), on: queue
        ).train { _ in }
        return try TrainedPopulation(folder(env), on: queue)
    }

    @Test(arguments: [
        "CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCarContinuous-v0", "Hopper-v5",
        "InvertedDoublePendulum-v5", "Reacher-v5", "Walker2d-hilly"
    ]) func episodesAreThoseOfEvaluation(env: String) throws {
        let folder = try TemporaryFolder(), population = try population(env, in: folder),
            source = try ReplaySource(population.saved.spec)
        let members = try population.members([.number(2), .number(0)], seed: nil, episodes: 0)
        #expect(members.map(\.row) == [2, 0, 5, 3])
        let recorded = try population.record(members, source: source, episodes: 3, seed: 7),
            evaluated = try population.evaluate(episodes: 3, seed: 7)
        for (member, episodes) in zip(members, recorded) {
            let want = evaluated[member.row]
            #expect(episodes.map(\.rewards.count) == want.lengths)
            for (episode, wanted) in zip(episodes, want.returns) {
                // summed in float32, as the device does
                #expect(Double(episode.rewards.reduce(Float(0)) { $0 + Float($1) }) == wanted)
                #expect(
                    Set(episode.positions.map { source.scene.points($0).count }) == [
                        source.scene.points(episode.positions[0]).count
                    ])
                // The last frame is where the episode ended, not where the next one began.
                if env == "CartPole-v1", episode.terminated {
                    #expect(abs(episode.positions.last![2]) > 0.2095 || abs(episode.positions.last![0]) > 2.4)
                }
            }
        }
        #expect(
            recorded[0][0].positions[0] == recorded[1][0].positions[0]
                && recorded[0][0].positions[0] != recorded[0][1].positions[0])
    }

    @Test func hillsAreWhereTheRobotFeelsThem() throws {
        let folder = try TemporaryFolder(),
            population = try population("HalfCheetah-hilly", settings: ["terrain_height=1.5"], in: folder),
            source = try ReplaySource(population.saved.spec)
        let recorded = try population.record(
            population.members([.number(0), .number(1)], seed: nil, episodes: 0), source: source, episodes: 6, seed: 2)
        var clearances: [Double] = [], flat: [Double] = []
        for episode in recorded.joined() {
            let hills = try #require(episode.hills)
            #expect(hills.height == 1.5 && hills.phases.allSatisfy { (0..<1).contains($0) } && hills.elevation(0) == 0)
            let last = episode.positions.last!
            guard abs(last[0]) > 0.7 else { continue }  // nearer to its start the ground is nearly level
            // A robot that has come to rest touches the ground, along its normal, with some of its capsules' ends.
            let ends = source.scene.points(last).enumerated().map { index, p in
                let slope = (hills.elevation(p.x + 1e-5) - hills.elevation(p.x - 1e-5)) / 2e-5
                return (p.z - hills.elevation(p.x)) / (1 + slope * slope).squareRoot()
                    - source.scene.shapes[index / 2].radius
            }
            clearances.append(ends.min()!)
            flat.append(
                zip(source.scene.points(last), source.scene.shapes.flatMap { [$0, $0] }).map { $0.z - $1.radius }.min()!
            )
        }
        #expect(clearances.count >= 3 && clearances.allSatisfy { abs($0) < 0.03 }, "\(clearances)")
        #expect(flat.contains { abs($0) > 0.05 }, "the robots came nowhere near a hill: \(flat)")
    }

    /// What the page's script reads.
    private struct Content: Decodable {
        struct Shape: Decodable { let kind: String, radius: Double, part: Int, still: [Double]? }
        struct Episode: Decodable {
            let steps: Int, terminated: Bool, total: Double, focus: Data, points: Data, returns: Data
        }
        struct Panel: Decodable { let label: String, episodes: [Episode] }
        let title, view: String, follows: Bool, dt: Double, floor: Double?, unit: Double, shapes: [Shape],
            panels: [Panel]
    }
    private func content(_ page: String) throws -> Content {
        let begin = try #require(page.range(of: #"<script type="application/json" id="data">"#)),
            end = try #require(page.range(of: "</script>", range: begin.upperBound..<page.endIndex))
        return try JSONDecoder().decode(Content.self, from: Data(page[begin.upperBound..<end.lowerBound].utf8))
    }
    private func values<T: BitwiseCopyable>(_ data: Data, as type: T.Type) -> [T] {
        data.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<T>.size).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
            }
        }
    }

    @Test(arguments: [("Walker2d", 2), ("Ant", 3)]) func thePageHoldsEveryFrame(name: String, dimensions: Int) throws {
        let model = try Self.model(name), scene = try ModelScene(model)
        let file = source(of: "geom-poses", "json"),
            states = try JSONDecoder().decode([String: [State]].self, from: Data(contentsOf: file))[name]!.map(\.qpos)
        let far = states.map { [1000 + $0[0]] + $0.dropFirst() }  // far away the robot is drawn as finely
        let trajectory = Trajectory(positions: [far[0], far[1], far[0]], rewards: [1, -2.5], terminated: true)
        let page = try ReplayPage.html(
            title: "a </script> & \"b\"", subtitle: "s", scene: scene,
            panels: [.init(label: "one", episodes: [trajectory, trajectory])])
        let content = try content(page)
        #expect(
            content.title == "a </script> & \"b\"" && content.panels.count == 1 && content.panels[0].episodes.count == 2
                && content.dt == model.env.dt && content.floor == 0)
        #expect(content.view == (dimensions == 3 ? "orbit" : "side") && content.shapes.count == scene.shapes.count)
        let episode = content.panels[0].episodes[1], focus = values(episode.focus, as: Float.self),
            points = values(episode.points, as: Int16.self)
        #expect(episode.steps == 2 && episode.terminated && values(episode.returns, as: Float.self) == [0, 1, -1.5])
        let axes = dimensions == 3 ? [0, 1, 2] : [0, 2], perFrame = points.count / 3
        for frame in 0..<3 {
            let want = scene.points(trajectory.positions[frame]).flatMap { point in axes.map { point[$0] } }
            #expect(want.count == perFrame)
            for (index, value) in want.enumerated() {
                let got =
                    Double(focus[frame * dimensions + index % dimensions]) + Double(points[frame * perFrame + index])
                    * content.unit
                #expect(abs(got - value) <= content.unit * 0.5001)
            }
        }
        #expect(content.unit < 1e-3)
        // One file: nothing is fetched, and the only scripts are the page's own two.
        #expect(
            !page.contains("http:") && !page.contains("https:") && !page.contains("src=") && !page.contains("@import")
                && !page.contains("fetch("))
        #expect(
            page.components(separatedBy: "<script").count == 3 && page.components(separatedBy: "</script").count == 3)
    }

    @Test func positionsThatAreNotFiniteAreRefused() throws {
        let scene = try ModelScene(Self.model("Hopper"))
        let trajectory = Trajectory(positions: [[0, 1.25, 0, 0, 0, .nan]], rewards: [], terminated: true)
        expectRefusal("Hopper: a position is not finite; there is no replay of it") {
            _ = try ReplayPage.html(
                title: "Hopper", subtitle: "", scene: scene, panels: [.init(label: "x", episodes: [trajectory])])
        }
    }

    @Test func theProgramWritesThePage() throws {
        let folder = try TemporaryFolder(), page = folder("page.html")
        _ = try population("CartPole-v1", in: folder)
        func replay(_ arguments: String...) throws -> Int32 {
            try ChildProcess(
                ["replay", folder("CartPole-v1").path, "--device", "cpu", "--out", page.path, "--eval-episodes", "2"]
                    + arguments
            ).terminationStatus
        }
        #expect(try replay("--members", "best,1", "--episodes", "2") == 0)
        let content = try content(String(contentsOf: page, encoding: .utf8))
        #expect(
            (2...4).contains(content.panels.count) && content.panels.allSatisfy { $0.episodes.count == 2 }
                && content.title == "CartPole-v1")
        #expect(try replay("--members", "0,0,2", "--seed", "9") == 0)
        #expect(
            try self.content(String(contentsOf: page, encoding: .utf8)).panels.map(\.label) == [
                "seed 9 \u{b7} member 0", "seed 9 \u{b7} member 2"
            ])
        #expect(try replay("--members", "1,") == 64)
        #expect(try replay("--episodes", "0") == 64)
        #expect(try replay("--members", "3") == 1)
        #expect(try replay("--seed", "5") == 1)
    }
}
