import EvoGPU
import Foundation
import GPUTensor
import Testing

/// What the robots' tasks do around their physics: ends, resets, options, distance, hills. The physics itself is beside
/// MuJoCo's in `PhysicsReferenceTests.swift`.
@Suite struct PhysicsTaskTests {
    static let robots = EnvironmentSpec.all.filter { $0.physics != nil }
    private let cpu = Backend.available[0]

    private func world(_ spec: EnvironmentSpec, environments: Int = 1, T: Int = 1, on queue: Queue) throws -> World {
        try World(spec, members: 1, environments: environments, T: T, on: queue)
    }
    private func world(_ name: String, _ settings: [String] = [], environments: Int = 1) throws -> World {
        try world(.named(name, settings: settings), environments: environments, on: cpu.makeQueue())
    }
    /// One slot's worth of positions and velocities at rest in the model's start.
    private func start(_ spec: EnvironmentSpec) throws -> (q: [Float], v: [Float]) {
        let still = try world(.named(spec.name, settings: ["reset_noise_scale=0"]), on: cpu.makeQueue())
        return try (still.environment.positions().map { Float($0) }, still.environment.velocities())
    }
    private func rewards(_ world: World) throws -> [Float] { try world.floats(world.reward) }

    // MARK: The same bits everywhere

    /// 64 environments of each robot for 1,000 steps of random actions, every end followed by a reset. The sums of
    /// returns and lengths remember what resets wipe away.
    @Test(arguments: robots) func thousandStepsGiveTheSameBits(spec: EnvironmentSpec) throws {
        var first: [[UInt32]]?
        for backend in Backend.telling(of: spec) {
            var rng = SeededGenerator(seed: 11)
            let world = try World(spec, members: 2, environments: 32, on: backend.makeQueue())
            for k in 0..<1000 { try world.step(spec.randomActions(64, &rng), number: UInt32(k + 1)) }
            let bits = try world.bits()
            if first == nil { first = bits }
            let same = bits == first
            #expect(same, "\(spec.name): \(backend) differs from \(Backend.available[0])")
            #expect(try world.episode(.nonFinite).allSatisfy { $0 == 0 })
            #expect(try world.episode(.overflow).allSatisfy { $0 == 0 })
        }
    }

    /// Values of every size in every part of one slot's state, among slots that touch the ground: its neighbours don't
    /// notice.
    @Test(arguments: robots, [Float.nan, -Float.infinity, 3e38, 1e11, 1e6]) func poisonStaysInItsSlot(
        spec: EnvironmentSpec, poison: Float
    ) throws {
        let slots = 16, victim = 5, queue = try cpu.makeQueue()
        var rng = SeededGenerator(seed: 17)
        let clean = try world(spec, environments: slots, on: queue),
            spoiled = try world(spec, environments: slots, on: queue)
        for k in 1...40 { try clean.step(spec.randomActions(slots, &rng), autoReset: false, number: UInt32(k)) }
        let state = try clean.floats(clean.environment.state), actions = spec.randomActions(slots, &rng)
        let before = try clean.episode(.nonFinite)
        try clean.step(actions, autoReset: false, number: 50)
        let want = try clean.bits()
        for component in 0..<spec.stateCount {
            var bad = state
            bad[component * slots + victim] = poison
            try spoiled.environment.reset(step: 0)
            try spoiled.environment.state.write(bad)
            try spoiled.step(actions, autoReset: false, number: 50)
            let got = try spoiled.bits(), what = "\(spec.name), component \(component)"
            for (array, width) in [
                (0, 1), (1, spoiled.environment.observations.pitch), (3, 1), (4, 1), (6, spec.observationCount)
            ] {
                let same = got[array].indices.allSatisfy {
                    $0 / width % slots == victim || got[array][$0] == want[array][$0]
                }
                #expect(same, "\(what): array \(array)")
            }
            let counted = try spoiled.episode(.nonFinite)
            #expect(
                counted.enumerated().allSatisfy { $0.offset == victim || $0.element == 0 }
                    && before.allSatisfy { $0 == 0 }, "\(what): \(counted)")
            // A finite number of any size may be damped, normalised or travelled distance; what is left of it decides.
            if !poison.isFinite {
                #expect(
                    try counted[victim] == 1 && spoiled.integers(spoiled.terminated)[victim] == 1
                        && rewards(spoiled)[victim] == 0, "\(what)")
            }
            for tensor in [
                spoiled.environment.state, spoiled.environment.observations, spoiled.nextObservation, spoiled.reward
            ] {
                #expect(try spoiled.floats(tensor).allSatisfy(\.isFinite), "\(what)")
            }
        }
    }

    /// Robots thrown far and fast end as those that aren't finite before anything is shown that float32 can't square
    /// and sum.
    @Test(arguments: ["Humanoid-v5", "Humanoid-v4", "Ant-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-hilly"])
    func nothingHugeIsShown(name: String) throws {
        let
            spec = try EnvironmentSpec.named(
                name, settings: name == "Ant-v5" ? ["contact_force_range=[null, null]"] : []), slots = 33
        let world = try world(spec, environments: slots, on: cpu.makeQueue()),
            scales: [Float] = [1, 30, 1e3, 1e5, 1e8, 9e9]
        let q = try world.environment.positions().map { Float($0) }, v = try world.environment.velocities()
        var rng = SeededGenerator(seed: 5)
        for round in 0..<36 {
            func thrown(_ x: Float, _ scale: Float) -> Float {
                x + (Bool.random(using: &rng) ? scale : 0.3) * Float.random(in: -1...1, using: &rng)
            }
            try world.environment.place(
                positions: q.map { thrown($0, scales[round % 6]) }, velocities: v.map { thrown($0, scales[round / 6]) })
            for k in 1...3 {
                try world.step(spec.randomActions(slots, &rng), number: UInt32(10 * round + k))
                for tensor in [world.environment.state, world.environment.observations, world.nextObservation] {
                    let largest = try world.floats(tensor).map { abs($0) }.max()!
                    #expect(largest <= 1e10, "\(name), round \(round)")
                }
                #expect(try rewards(world).allSatisfy { $0.isFinite })
            }
        }
    }

    // MARK: Ends

    /// A state that ends the episode between two that don't, in every slot's place: the flag, the reward without the
    /// bonus, the reset, and neighbours that notice nothing. Positions are free of the ground, so a step at rest
    /// changes little.
    @Test(
        arguments: [
            (
                "Hopper",
                [
                    "z 0.69": [0, 0.69, 0, -1.5708, 0, 0], "angle 0.21": [0, 1.5, 0.21, 0, 0, 0],
                    "angle -0.21": [0, 1.5, -0.21, 0, 0, 0]
                ], [0, 1.5, 0.19, 0, 0, 0]
            ),
            (
                "Walker2d",
                [
                    "z 2.1": [0, 2.1, 0, 0, 0, 0, 0, 0, 0], "z 0.79": [0, 0.79, 0, -1.5708, 0, 0, -1.5708, 0, 0],
                    "angle 1.01": [0, 1.8, 1.01, 0, 0, 0, 0, 0, 0]
                ], [0, 1.8, 0.98, 0, 0, 0, 0, 0, 0]
            ),
            ("InvertedPendulum", ["angle 0.21": [0, 0.21], "angle -0.21": [0, -0.21]], [0, 0.18]),
            ("InvertedDoublePendulum", ["down": [0, 1, 0.2]], [0, 0.5, -0.4])
        ] as [(String, [String: [Float]], [Float])])
    func unhealthyStatesEnd(name: String, ends: [String: [Float]], stays: [Float]) throws {
        let nq = stays.count, rest = [Float](repeating: 0, count: 5 * nq),
            none = [Float](repeating: 0, count: 5 * (try EnvironmentSpec.named(name).action.width))
        for (what, end) in ends {
            let queue = try cpu.makeQueue()
            func run(_ states: [[Float]], _ variant: String) throws -> World {
                let world = try world(.named(name + variant), environments: states.count, on: queue)
                try world.environment.place(positions: states.flatMap { $0 }, velocities: rest)
                try world.step(none, number: 9)
                return world
            }
            let clean = try run([stays, stays, stays, stays, stays], "-v5"),
                mixed = try run([stays, end, stays, end, stays], "-v5"),
                old = try run([stays, end, stays, end, stays], "-v4")
            #expect(try clean.integers(clean.terminated) == [0, 0, 0, 0, 0], "\(name), \(what)")
            #expect(try mixed.integers(mixed.terminated) == [0, 1, 0, 1, 0], "\(name), \(what)")
            #expect(try mixed.integers(mixed.truncated) == [0, 0, 0, 0, 0])
            #expect(try mixed.episode(.finished) == [0, 1, 0, 1, 0] && mixed.episode(.elapsed) == [1, 0, 1, 0, 1])
            // Neighbours, bit for bit.
            let width = clean.spec.observationCount, want = try clean.floats(clean.nextObservation),
                got = try mixed.floats(mixed.nextObservation)
            for slot in [0, 2, 4] {
                #expect(
                    want[slot * width..<(slot + 1) * width].map(\.bitPattern)
                        == got[slot * width..<(slot + 1) * width].map(\.bitPattern), "\(name), \(what)")
                #expect(try rewards(clean)[slot] == rewards(mixed)[slot])
            }
            // The ended slots show where the step led, and stand at a start by now.
            let start = try start(mixed.spec), now = try mixed.environment.positions(),
                noise: Double = name == "InvertedDoublePendulum" ? 0.1 : 0.01
            for slot in [1, 3] {
                #expect(
                    (0..<nq).allSatisfy { abs(now[slot * nq + $0] - Double(start.q[$0])) <= noise },
                    "\(name), \(what): \(now)")
            }
            #expect(got[width..<2 * width].map(\.bitPattern) == got[3 * width..<4 * width].map(\.bitPattern))
            // Version 4 gives the bonus on the last step too: 1, or the double pendulum's 10.
            let bonus: Float = name == "InvertedDoublePendulum" ? 10 : 1
            #expect(try abs(rewards(old)[1] - rewards(mixed)[1] - bonus) <= 2e-6, "\(name), \(what)")
            #expect(try rewards(old)[0] == rewards(mixed)[0])
            #expect(try old.integers(old.terminated) == [0, 1, 0, 1, 0])
        }
    }

    /// Speeds beyond 100 end Hopper's episode as angles do; other tasks never end by themselves.
    @Test func otherEnds() throws {
        let hopper = try world("Hopper", environments: 3), q: [Float] = [0, 1.5, 0, -0.5, 0, 0]
        try hopper.environment.place(
            positions: q + q + q, velocities: [0, 90, 0, 0, 0, 0] + [0, 110, 0, 0, 0, 0] + [-110, 0, 0, 0, 0, 0])
        try hopper.step([Float](repeating: 0, count: 9))
        #expect(try hopper.integers(hopper.terminated) == [0, 1, 1])
        for name in ["HalfCheetah", "Swimmer", "Reacher"] {
            let world = try world(name), nq = try world.environment.positions().count
            try world.environment.place(
                positions: [Float](repeating: 3, count: nq), velocities: [Float](repeating: 5, count: nq))
            for k in 1...10 {
                try world.step([Float](repeating: 1, count: world.spec.action.width), number: UInt32(k))
                #expect(
                    try world.integers(world.terminated) == [0] && world.integers(world.truncated) == [0], "\(name)")
            }
        }
    }

    /// Time limits are Gymnasium's: 1,000 steps, Reacher's 50. The observation before the reset is kept.
    @Test(arguments: [("HalfCheetah", 1000), ("Reacher", 50), ("Swimmer", 1000)]) func timeLimitsTruncate(
        name: String, limit: Int
    ) throws {
        let world = try world(name, environments: 2),
            actions = [Float](repeating: 0.5, count: 2 * world.spec.action.width)
        var last: [Float] = []
        for k in 1...limit + 1 {
            try world.step(actions, number: UInt32(k))
            #expect(try world.integers(world.truncated) == (k == limit ? [1, 1] : [0, 0]), "\(name), step \(k)")
            #expect(try world.integers(world.terminated) == [0, 0])
            let next = try world.floats(world.nextObservation), now = try world.floats(world.environment.observations)
            #expect((next == now) == (k != limit), "\(name), step \(k)")
            if k == limit { last = now }
        }
        #expect(
            try world.episode(.finished) == [1, 1] && world.episode(.firstLength) == [Float(limit), Float(limit)]
                && world.episode(.elapsed) == [1, 1])
        #expect(!last.isEmpty)
    }

    // MARK: Resets

    /// 8,192 starts of each robot have the mean, variance and range of what its task says; velocities may be normal.
    @Test(arguments: robots) func startsAreDistributedAsStated(spec: EnvironmentSpec) throws {
        let task = try #require(spec.physics), (nq, nv) = (task.model.sizes.nq, task.model.sizes.nv), count = 8192,
            start = try start(spec)
        let world = try World(spec, members: 8, environments: 1024, on: cpu.makeQueue())
        let q = try world.environment.positions(), v = try world.environment.velocities().map(Double.init),
            n = Double(count)
        let noise = try #require(task.options.reset_noise_scale), isReacher = spec.name.hasPrefix("Reacher")
        /// 5 standard errors of the mean and of the variance: width^2 / 12 and its fourth moment of a uniform number, 1
        /// and 3 of a normal one.
        func check(_ values: [Double], around centre: Double, by scale: Double, normal: Bool, _ what: String) {
            let mean = values.reduce(0, +) / n, variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n,
                farthest = values.map { abs($0 - centre) }.max()!
            let wanted = scale * scale / (normal ? 1 : 3)
            #expect(abs(mean - centre) <= 5 * (wanted / n).squareRoot() + 1e-7, "\(spec.name) \(what): mean \(mean)")
            #expect(
                abs(variance - wanted) <= 5 * wanted * ((normal ? 2 : 0.8) / n).squareRoot(),
                "\(spec.name) \(what): variance \(variance)")
            // Of 8,192 normal numbers the largest is beyond 3 and within 6 but once in 10^5; a uniform one comes within
            // a hundredth of the end.
            #expect(
                normal ? (3 * scale...6 * scale ~= farthest) : (0.99 * scale...scale + 2e-7 ~= farthest),
                "\(spec.name) \(what): farthest \(farthest)")
        }
        for c in 0..<nq where !(isReacher && c >= 2) {
            check(
                (0..<count).map { q[$0 * nq + c] }, around: Double(start.q[c]), by: noise, normal: false, "qpos[\(c)]")
        }
        for c in 0..<nv where !(isReacher && c >= 2) {
            check(
                (0..<count).map { v[$0 * nv + c] }, around: 0, by: isReacher ? 0.005 : noise,
                normal: task.options.reset_velocity_noise == "normal", "qvel[\(c)]")
        }
        guard isReacher else { return }
        // The target is uniform in the disc of 0.2 m, at rest: x and y are symmetric, r^2 is uniform in [0, 0.04], and
        // so is the angle.
        let square = (0..<count).map { q[$0 * nq + 2] * q[$0 * nq + 2] + q[$0 * nq + 3] * q[$0 * nq + 3] }
        check(square, around: 0.02, by: 0.02, normal: false, "target's r^2")
        check(
            (0..<count).map { atan2(q[$0 * nq + 3], q[$0 * nq + 2]) }, around: 0, by: .pi, normal: false,
            "target's angle")
        #expect((0..<count).allSatisfy { v[$0 * nv + 2] == 0 && v[$0 * nv + 3] == 0 })
    }

    /// No two numbers of a start are tied to each other.
    @Test(arguments: robots) func startsAreIndependent(spec: EnvironmentSpec) throws {
        let count = 8192, world = try World(spec, members: 8, environments: 1024, on: cpu.makeQueue()),
            state = try world.floats(world.environment.state)
        let columns = (0..<spec.stateCount).compactMap { c -> [Double]? in
            let values = state[c * count..<(c + 1) * count].map(Double.init), mean = values.reduce(0, +) / Double(count)
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
            return deviation > 0 ? values.map { ($0 - mean) / deviation } : nil
        }
        // Reacher's state ends with fingertip - target, a 3D robot's with the progress read last; both are functions of
        // the rest.
        for i in columns.indices.dropLast(spec.name.hasPrefix("Reacher") ? 2 : spec.physics!.isPlanar ? 0 : 1) {
            for j in 0..<i {
                let correlation = zip(columns[i], columns[j]).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
                #expect(
                    abs(correlation) <= 5.5 / Double(count).squareRoot(),
                    "\(spec.name): columns \(j) and \(i) correlate by \(correlation)")  // 5.5 standard errors
            }
        }
    }

    // MARK: Options

    private func reward(_ name: String, _ settings: [String], at q: [Float], _ v: [Float], action: [Float]) throws -> (
        reward: Float, terminated: Int32
    ) {
        let world = try world(name, settings)
        try world.environment.place(positions: q, velocities: v)
        try world.step(action)
        return try (rewards(world)[0], world.integers(world.terminated)[0])
    }

    @Test func rewardWeightsAreSet() throws {
        let q: [Float] = [0, 1.5, 0, -0.5, 0, 0], v: [Float] = [2, 0, 0, 0, 0, 0], action: [Float] = [0.5, -0.5, 1]
        func hopper(_ settings: String...) throws -> Float {
            try reward("Hopper", settings, at: q, v, action: action).reward
        }
        // a few roundings of values near 3
        let forward = try hopper("healthy_reward=0", "ctrl_cost_weight=0"), close: Float = 2e-6
        #expect(abs(forward - 2) < 0.1)  // in flight at 2 m/s
        #expect(try abs(hopper() - (forward + 1 - 1e-3 * 1.5)) <= close)
        #expect(try abs(hopper("healthy_reward=2") - (forward + 2 - 1e-3 * 1.5)) <= close)
        #expect(try abs(hopper("forward_reward_weight=3") - (3 * forward + 1 - 1e-3 * 1.5)) <= 3 * close)
        #expect(try abs(hopper("ctrl_cost_weight=0.4") - (forward + 1 - 0.6)) <= close)
        #expect(try abs(hopper("ctrl_cost_weight=0.4", "healthy_reward=0", "forward_reward_weight=0") + 0.6) <= 1e-6)
        let arm: [Float] = [0.3, 0.4, 0.1, -0.1], still: [Float] = [0, 0, 0, 0]
        func reacher(_ settings: String...) throws -> Float {
            try reward("Reacher", settings, at: arm, still, action: [0.5, 1]).reward
        }
        let distance = try -reacher("reward_control_weight=0")
        #expect(distance > 0.05 && distance < 0.5)
        #expect(try abs(reacher() + distance + 1.25) <= close)
        #expect(try abs(reacher("reward_dist_weight=2", "reward_control_weight=0.4") + 2 * distance + 0.5) <= close)
    }

    @Test func healthyRangesAreSet() throws {
        let q: [Float] = [0, 1.5, 0.1, -0.5, 0, 0], v = [Float](repeating: 0, count: 6), none: [Float] = [0, 0, 0]
        func ended(_ settings: String...) throws -> Bool {
            try reward("Hopper", settings, at: q, v, action: none).terminated == 1
        }
        #expect(try !ended())
        #expect(
            try ended("healthy_z_range=[1.6, null]") && !ended("healthy_z_range=[1.4, null]")
                && ended("healthy_z_range=[null, 1.4]") && !ended("healthy_z_range=[null, 1.6]"))
        #expect(try ended("healthy_angle_range=[-0.05, 0.05]") && ended("healthy_angle_range=[0.2, 1]"))
        #expect(try ended("healthy_state_range=[-0.4, 100]") && !ended("healthy_state_range=[-0.6, 100]"))
        // Without termination an unhealthy robot goes on, and goes without the bonus, as version 5 has it; version 4
        // then looks at its health too.
        let low: [Float] = [0, 1.5, 0.5, -0.5, 0, 0]
        for version in ["Hopper-v5", "Hopper-v4"] {
            let free = try reward(version, ["terminate_when_unhealthy=false"], at: low, v, action: none),
                bound = try reward("Hopper-v5", [], at: low, v, action: none)
            #expect(free.terminated == 0 && bound.terminated == 1 && free.reward == bound.reward, "\(version)")
        }
    }

    @Test func resetNoiseIsSet() throws {
        for name in ["Hopper", "HalfCheetah", "InvertedDoublePendulum"] {
            let task = try #require(EnvironmentSpec.named(name).physics),
                still = try world(name, ["reset_noise_scale=0"], environments: 3)
            #expect(
                try Set(still.environment.positions()).count <= 2
                    && still.environment.velocities().allSatisfy { $0 == 0 }, "\(name)")
            let wide = try world(name, ["reset_noise_scale=1"], environments: 300), nq = task.model.sizes.nq,
                positions = try wide.environment.positions()
            let farthest = (0..<300).map { abs(positions[$0 * nq]) }.max()!
            #expect(farthest > 0.9 && farthest <= 1, "\(name)")
        }
    }

    @Test func observationsMayShowWhereTheRobotIs() throws {
        for (name, shown) in [("Hopper", 1), ("Swimmer", 2), ("HalfCheetah", 1), ("Walker2d", 1)] {
            let open = try world(name, ["exclude_current_positions_from_observation=false"], environments: 2),
                closed = try world(name, environments: 2)
            let width = open.spec.observationCount, nq = try #require(open.spec.physics).model.sizes.nq
            #expect(width == closed.spec.observationCount + shown, "\(name)")
            var rng = SeededGenerator(seed: 2)
            for k in 1...30 {
                let actions = open.spec.randomActions(2, &rng)
                try open.step(actions, autoReset: false, number: UInt32(k))
                try closed.step(actions, autoReset: false, number: UInt32(k))
            }
            let wide = try open.floats(open.environment.observations),
                narrow = try closed.floats(closed.environment.observations),
                positions = try open.environment.positions()
            for slot in 0..<2 {
                #expect(
                    Array(wide[slot * width + shown..<(slot + 1) * width])
                        == Array(narrow[slot * (width - shown)..<(slot + 1) * (width - shown)]))
                for c in 0..<shown {
                    #expect(abs(Double(wide[slot * width + c]) - positions[slot * nq + c]) <= 1e-6, "\(name)")
                }
            }
        }
    }

    @Test func timeLimitIsSet() throws {
        let world = try world("HalfCheetah", ["time_limit=7"])
        #expect(world.spec.timeLimit == 7)
        for k in 1...7 {
            try world.step([Float](repeating: 0, count: 6), number: UInt32(k))
            #expect(try world.integers(world.truncated) == [k == 7 ? 1 : 0])
        }
    }

    /// What version 4 has otherwise, beside the bonus on the last step (`unhealthyStatesEnd`).
    @Test func versionFourDiffers() throws {
        let sizes = [
            "InvertedPendulum-v4": 4, "InvertedDoublePendulum-v4": 11, "Reacher-v4": 11, "Swimmer-v4": 8,
            "Hopper-v4": 11, "HalfCheetah-v4": 17, "Walker2d-v4": 17,
            "InvertedPendulum-v5": 4, "InvertedDoublePendulum-v5": 9, "Reacher-v5": 10, "Swimmer-v5": 8,
            "Hopper-v5": 11, "HalfCheetah-v5": 17, "Walker2d-v5": 17
        ]
        for (name, size) in sizes { #expect(try EnvironmentSpec.named(name).observationCount == size, "\(name)") }
        #expect(EnvironmentSpec.older.allSatisfy { old in !EnvironmentSpec.all.contains { $0.name == old.name } })

        // Reacher's distance is that before the step; the third coordinate of fingertip - target, always 0, is shown.
        let old = try world("Reacher-v4"), new = try world("Reacher-v5")
        for world in [old, new] {
            try world.environment.place(positions: [0.3, 0.4, 0.1, -0.1], velocities: [8, -4, 0, 0])
        }
        let before = try new.floats(new.environment.observations),
            distance = (before[8] * before[8] + before[9] * before[9]).squareRoot()
        #expect(try old.floats(old.environment.observations) == before + [0])
        for world in [old, new] { try world.step([0.5, 1]) }
        #expect(try abs(rewards(old)[0] + 1.25 + distance) <= 1e-6)
        #expect(try abs(rewards(old)[0] - rewards(new)[0]) > 1e-3)

        // The double pendulum shows two forces more, always 0.
        let poles = try world("InvertedDoublePendulum-v4"), poles5 = try world("InvertedDoublePendulum-v5")
        for world in [poles, poles5] {
            try world.environment.place(positions: [0.99, 0.1, 0], velocities: [3, 0, 0])  // into the end of its rail
            try world.step([1])
        }
        let shown = try poles5.floats(poles5.nextObservation)
        #expect(try poles.floats(poles.nextObservation) == shown + [0, 0] && shown[8] < -1, "\(shown)")

        // Walker2d's right foot slides more easily.
        func slide(_ name: String, on left: Bool) throws -> [Float] {
            let world = try world(name)
            var q: [Float] = [0, 1.2, 0, 0, 0, 0, 0, 0, 0]
            q[left ? 3 : 6] = -1.2  // the other leg is lifted
            try world.environment.place(positions: q, velocities: [3, 0, 0, 0, 0, 0, 0, 0, 0])
            for k in 1...15 { try world.step([Float](repeating: 0, count: 6), autoReset: false, number: UInt32(k)) }
            return try world.environment.velocities()
        }
        #expect(try slide("Walker2d-v4", on: false) != slide("Walker2d-v5", on: false), "the right foot stands")
        #expect(try slide("Walker2d-v4", on: true) == slide("Walker2d-v5", on: true), "the left foot stands")
    }

    @Test func unknownOptionsAreRefused() {
        func refusal(_ name: String, _ settings: String..., says: String...) {
            let error = #expect(throws: RunError.self) { _ = try EnvironmentSpec.named(name, settings: settings) }
            let text = error?.description ?? ""
            #expect(!text.contains("\n") && says.allSatisfy { text.contains($0) }, "\(text)")
        }
        refusal("Hopper", "healthy_rewardd=2", says: "env.healthy_rewardd=2", "healthy_reward")
        refusal("Reacher", "healthy_reward=2", says: "env.healthy_reward")
        refusal("HalfCheetah", "terrain_height=1", says: "env.terrain_height")
        refusal("Hopper", "kind=reacher", says: "kind belongs to the model")
        refusal("Hopper", "healthy_reward=much", says: "env.healthy_reward", "a number")
        refusal("Hopper", "healthy_reward=.nan", says: "healthy_reward", "finite")
        refusal("Hopper", "reset_noise_scale=-1", says: "reset_noise_scale", "0 to 10")
        refusal("Hopper", "healthy_z_range=[2, 1]", says: "healthy_z_range")
        // JSON has no infinity, and export writes JSON
        refusal("Hopper", "healthy_z_range=[-.inf, 1]", says: "healthy_z_range", "null")
        refusal("Hopper", "healthy_reward=1e39", says: "healthy_reward", "float32")
        refusal("Humanoid", "contact_cost_range=[1, .nan]", says: "contact_cost_range")
        refusal("Hopper", "healthy_z_range=[2]", says: "healthy_z_range")
        refusal("Hopper", "time_limit=0", says: "time_limit")
        refusal("Hopper", "healthy_reward", says: "healthy_reward")
        refusal("Pendulum-v1", "healthy_reward=1", says: "Pendulum-v1 has no options")
    }

    // MARK: Distance

    /// A robot a kilometre away moves as one at the origin, bit for bit, and says where it is. Not on hills: the ground
    /// differs.
    @Test(arguments: robots.filter { $0.physics!.options.kind == .locomotion && !$0.physics!.isHilly })
    func distanceChangesNothing(spec: EnvironmentSpec) throws {
        let task = try #require(spec.physics), (nq, nv) = (task.model.sizes.nq, task.model.sizes.nv),
            queue = try cpu.makeQueue()
        let near = try world(spec, environments: 3, on: queue), far = try world(spec, environments: 3, on: queue)
        var rng = SeededGenerator(seed: 4), q = try near.environment.positions().map { Float($0) }
        // Swimmer and 3D robots move in y too
        let v = try near.environment.velocities(), level = task.isPlanar && task.model.sizes.nq != 5 ? 1 : 2
        for slot in 0..<3 { for c in 0..<level { q[slot * nq + c] = 0 } }
        try near.environment.place(positions: q, velocities: v)
        for slot in 0..<3 { for c in 0..<level { q[slot * nq + c] = c == 0 ? 1000 : -500 } }
        try far.environment.place(positions: q, velocities: v)
        for k in 1...60 {
            let actions = spec.randomActions(3, &rng)
            for world in [near, far] { try world.step(actions, autoReset: false, number: UInt32(k)) }
            #expect(
                try near.environment.velocities().map(\.bitPattern) == far.environment.velocities().map(\.bitPattern),
                "\(spec.name), step \(k)")
            #expect(try rewards(near) == rewards(far), "\(spec.name), step \(k)")
        }
        let here = try near.environment.positions(), there = try far.environment.positions()
        for i in here.indices {
            let shift = i % nq < level ? (i % nq == 0 ? 1000.0 : -500) : 0
            // A step's length is added to a float near 1000, half an ulp of which is 3e-5 m; 60 times.
            #expect(
                abs(there[i] - here[i] - shift) <= (shift == 0 ? 0 : 60 * 3.1e-5),
                "\(spec.name), slot \(i / nq), qpos[\(i % nq)]: \(there[i]) beside \(here[i])")
        }
        #expect(try near.floats(near.nextObservation) == far.floats(far.nextObservation))
        #expect(nv > 0)
    }

    // MARK: Hills

    private static let hilly = robots.filter { $0.physics!.isHilly }

    /// Hills of no height are the flat task: only roundings differ, and they have grown little in 20 steps.
    @Test(arguments: hilly) func hillsOfNoHeightAreFlat(spec: EnvironmentSpec) throws {
        let queue = try cpu.makeQueue(), name = try #require(spec.physics).model.name
        let flat = try world(.named("\(name)-v5"), environments: 8, on: queue),
            level = try world(.named(spec.name, settings: ["terrain_height=0"]), environments: 8, on: queue)
        #expect(flat.spec.observationCount == spec.observationCount && flat.spec.action == spec.action)
        let q = try flat.environment.positions().map { Float($0) }, v = try flat.environment.velocities()
        for world in [flat, level] { try world.environment.place(positions: q, velocities: v) }
        var rng = SeededGenerator(seed: 6)
        for k in 1...20 {
            let actions = flat.spec.randomActions(8, &rng)
            for world in [flat, level] { try world.step(actions, autoReset: false, number: UInt32(k)) }
        }
        try expectClose(
            level.floats(level.nextObservation), flat.floats(flat.nextObservation).map(Double.init), absolute: 1e-3,
            relative: 1e-3, spec.name)
        #expect(try level.integers(level.terminated) == flat.integers(flat.terminated))
    }

    /// The ground is drawn with the start: every environment has its own, a seed always the same, and a robot feels it.
    @Test(arguments: hilly) func groundDiffers(spec: EnvironmentSpec) throws {
        let task = try #require(spec.physics), nv = task.model.sizes.nv, slots = 64
        func run(_ spec: EnvironmentSpec, seed: UInt32) throws -> (ground: [[Float]], velocities: [Float]) {
            let world = try World(spec, members: 1, environments: slots, seed: seed, on: cpu.makeQueue())
            let state = try world.floats(world.environment.state)
            let ground = (0..<slots).map { slot in (2 * nv + 2..<2 * nv + 5).map { state[$0 * slots + slot] } }
            var rng = SeededGenerator(seed: 8)
            for k in 1...60 { try world.step(spec.randomActions(slots, &rng), autoReset: false, number: UInt32(k)) }
            return try (ground, world.environment.velocities())
        }
        let first = try run(spec, seed: 1), again = try run(spec, seed: 1), other = try run(spec, seed: 2)
        #expect(first.ground == again.ground && first.velocities == again.velocities)
        #expect(Set(first.ground).count == slots && Set(first.ground).isDisjoint(with: other.ground))
        #expect(first.ground.allSatisfy { $0.allSatisfy { 0..<1 ~= $0 } })
        let level = try run(.named(spec.name, settings: ["terrain_height=0"]), seed: 1)
        #expect(level.ground == first.ground && level.velocities != first.velocities)
    }

    /// A robot that stands still far out stands on the ground there, higher or lower than at the origin, which is
    /// level.
    @Test func theGroundCarries() throws {
        let spec = try EnvironmentSpec.named("HalfCheetah-hilly", settings: ["terrain_height=1"]),
            world = try world(spec, environments: 9, on: cpu.makeQueue())
        var q: [Float] = []
        for slot in 0..<9 { q += [Float(slot) * 1.3, 1.5, 0, 0, 0, 0, 0, 0, 0] }
        try world.environment.place(positions: q, velocities: [Float](repeating: 0, count: 81))
        for k in 1...60 { try world.step([Float](repeating: 0, count: 54), autoReset: false, number: UInt32(k)) }
        let positions = try world.environment.positions(), heights = (0..<9).map { positions[$0 * 9 + 1] }
        #expect(abs(heights[0]) < 0.3, "level at the origin: \(heights)")
        #expect(heights.max()! - heights.min()! > 0.4 && heights.allSatisfy { abs($0) < 2 }, "\(heights)")
    }

    // MARK: Kernel text

    /// The lists in `Sources/Kernels/cl/physics/generated` are what `evogpu model` makes of `Sources/Kernels/models`.
    @Test func modelTextsAreUpToDate() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Kernels")
        func names(_ folder: String, _ suffix: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: sources.appendingPathComponent(folder).path).filter {
                $0.hasSuffix(suffix)
            }.map { String($0.dropLast(suffix.count)) }.sorted()
        }
        // HalfCheetah is half_cheetah: without underscores and capitals the names are the same.
        let models = try Dictionary(uniqueKeysWithValues: names("models", ".json").map { ($0.lowercased(), $0) }),
            texts = try names("cl/physics/generated", ".cl")
        #expect(texts.count >= 10)
        for name in texts {
            let isHilly = name.hasSuffix("_hilly"), key = name.replacing("_hilly", with: "").replacing("_", with: "")
            let model = try PhysicsModel(
                contentsOf: sources.appendingPathComponent("models/\(#require(models[key])).json"))
            let text = try model.kernelText(name: name, terrain: isHilly).text
            let committed = try String(
                contentsOf: sources.appendingPathComponent("cl/physics/generated/\(name).cl"), encoding: .utf8)
            let same = text == committed
            #expect(same, "generated/\(name).cl differs from what is made of \(model.name).json")
        }
        #expect(Self.robots.allSatisfy { texts.contains($0.kernel) })
    }
}
