import EvoGPU
import Foundation
import GPUTensor
import Testing

/// A vector environment with the rollout memory that its steps write, T = 2 unless said otherwise.
final class World {
    let spec: EnvironmentSpec, environment: VectorEnvironment, T: Int
    let actions: Tensor, reward: Tensor, terminated: Tensor, truncated: Tensor, nextObservation: Tensor
    private let queue: Queue

    init(_ spec: EnvironmentSpec, members: Int, environments: Int, T: Int = 1, seed: UInt32 = 1, on queue: Queue) throws
    {
        let streams = try queue.tensor((0..<members).flatMap { [seed, 0, UInt32($0), 0] }, [members, 4])
        let rows = environments * T
        (self.spec, self.T, self.queue) = (spec, T, queue)
        environment = try VectorEnvironment(
            spec, members: members, environmentsPerMember: environments, streams: streams, queue: queue)
        actions = try queue.tensor(.float32, [members * environments, spec.action.width])
        // Unwritten elements show as NaN and -7.
        reward = try queue.tensor([Float](repeating: .nan, count: members * rows), [members, rows])
        terminated = try queue.tensor([Int32](repeating: -7, count: members * rows), [members, rows])
        truncated = try queue.tensor([Int32](repeating: -7, count: members * rows), [members, rows])
        nextObservation = try queue.tensor(
            [Float](repeating: .nan, count: members * rows * spec.observationCount),
            [members, rows, spec.observationCount], padded: true)
        try environment.reset(step: 0)
    }

    func step(_ action: [Float], t: Int = 0, autoReset: Bool = true, number: UInt32 = 1, timeLimit: Int? = nil) throws {
        try actions.write(action)
        try environment.step(
            actions: actions, reward: reward, terminated: terminated, truncated: truncated,
            nextObservation: nextObservation,
            T: T, t: t, autoReset: autoReset, step: number, timeLimit: timeLimit)
    }

    // Reads go through the world, because it keeps the queue that its tensors don't own.
    func floats(_ tensor: Tensor) throws -> [Float] { try withExtendedLifetime(self) { try tensor.read() } }
    func integers(_ tensor: Tensor) throws -> [Int32] { try withExtendedLifetime(self) { try tensor.read() } }

    /// Everything that a step writes, as bits.
    func bits() throws -> [[UInt32]] {
        func float(_ tensor: Tensor) throws -> [UInt32] { try floats(tensor).map(\.bitPattern) }
        func integer(_ tensor: Tensor) throws -> [UInt32] { try integers(tensor).map { UInt32(bitPattern: $0) } }
        return try [
            float(environment.state), float(environment.observations.withoutPadding), float(environment.episode),
            float(reward),
            integer(terminated), integer(truncated), float(nextObservation)
        ]
    }

    func episode(_ row: VectorEnvironment.EpisodeRow) throws -> [Float] {
        let all = try floats(environment.episode), slots = environment.slots
        return Array(all[row.rawValue * slots..<(row.rawValue + 1) * slots])
    }
}

extension EnvironmentSpec: CustomTestStringConvertible {
    public var testDescription: String { name }

    /// Actions from the whole space and, where it has bounds, half as far again beyond them.
    func randomActions(_ count: Int, _ rng: inout SeededGenerator) -> [Float] {
        switch action {
        case .discrete(let n): (0..<count).map { _ in Float(Int.random(in: 0..<n, using: &rng)) }
        case .box(let low, let high):
            (0..<count).flatMap { _ in zip(low, high).map { Float.random(in: 1.5 * $0..<1.5 * $1, using: &rng) } }
        }
    }
}

@Suite struct EnvironmentTests {
    static let classic = ["Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1"]

    /// 512 transitions of each task from Gymnasium, which computes in double precision.
    @Test(arguments: Backend.available, classic)
    func matchesGymnasium(backend: Backend, name: String) throws {
        let spec = try EnvironmentSpec.named(name)
        let file = String(name.split(separator: "-")[0])
        let json = try #require(
            Bundle.module.url(forResource: file, withExtension: "json", subdirectory: "Fixtures/classic-reference"))
        let reference = try ReferenceCase(json: json)
        let state = try reference.doubles("state"), count = try reference.shape("state")[0],
            components = spec.stateCount
        let world = try World(spec, members: 1, environments: count, on: backend.makeQueue())
        try world.environment.state.write(
            (0..<components).flatMap { c in (0..<count).map { Float(state[$0 * components + c]) } })
        try world.step(reference.doubles("action").map { Float($0) }, autoReset: false)

        let after = try world.floats(world.environment.state)
        let rows = (0..<count).flatMap { s in (0..<components).map { after[$0 * count + s] } }
        // The states before are floats, so only the step's own roundings are left. The largest is that of an angle near
        // 2 pi, half an ulp of which is 2.4e-7, seen in its cosine; the tolerance is 1.6 times that. Acrobot's long
        // steps amplify roundings a thousandfold, which is why its kernel computes in pairs of floats.
        try expectWithin(4e-7, rows, reference.doubles("state_next"), "state")
        try expectWithin(4e-7, world.floats(world.nextObservation), reference.doubles("obs_next"), "observation")
        try expectWithin(
            4e-7, world.floats(world.environment.observations), reference.doubles("obs_next"),
            "observation without reset")
        try expectWithin(4e-7, world.floats(world.reward), reference.doubles("reward"), "reward")
        // No transition lies so near a threshold that its float falls on the other side.
        let ended = try world.integers(world.terminated)
        #expect(try ended.map(Double.init) == reference.doubles("terminated"))
    }

    private func expectWithin(_ tolerance: Double, _ got: [Float], _ want: [Double], _ what: String) {
        #expect(got.count == want.count)
        let worst = zip(got, want).map { $0.isNaN ? .infinity : abs(Double($0) - $1) / (1 + abs($1)) }.enumerated().max
        { $0.element < $1.element }
        #expect(
            worst!.element <= tolerance,
            "\(what): [\(worst!.offset)] is \(got[worst!.offset]), wanted \(want[worst!.offset])")
    }

    /// One slot, rows that share a vector with another member's, exactly one vector, and more; short episodes, so that
    /// many resets happen.
    @Test(arguments: EnvironmentSpec.all, [(1, 1), (3, 7), (2, 16), (5, 33)])
    func everyBackendGivesTheSameBits(spec: EnvironmentSpec, shape: (members: Int, environments: Int)) throws {
        var first: [[UInt32]]?
        for backend in Backend.telling(of: spec) {
            var rng = SeededGenerator(seed: 7)
            let world = try World(
                spec, members: shape.members, environments: shape.environments, T: 3, on: backend.makeQueue())
            for k in 0..<40 {
                try world.step(
                    spec.randomActions(world.environment.slots, &rng), t: k % 3, number: UInt32(k + 1), timeLimit: 13)
            }
            let bits = try world.bits()
            if first == nil { first = bits }
            let same = bits == first  // arrays of this size are not worth printing
            #expect(same, "\(backend) differs from \(Backend.available[0])")
            #expect(try world.episode(.finished).allSatisfy { $0 >= 3 }, "40 steps hold three episodes of at most 13")
        }
    }

    @Test(arguments: EnvironmentSpec.all)
    func seedsDecideTheBits(spec: EnvironmentSpec) throws {
        func run(seed: UInt32, members: Int, environments: Int) throws -> World {
            var rng = SeededGenerator(seed: 3)
            let world = try World(
                spec, members: members, environments: environments, seed: seed, on: Backend.available[0].makeQueue())
            for k in 0..<10 {
                // The same action everywhere, so that worlds of different sizes can be compared.
                let action = spec.randomActions(1, &rng)
                try world.step(
                    (0..<world.environment.slots).flatMap { _ in action }, number: UInt32(k + 1), timeLimit: 4)
            }
            return world
        }
        let world = try run(seed: 1, members: 2, environments: 7)
        #expect(try world.bits() == run(seed: 1, members: 2, environments: 7).bits())
        #expect(try world.bits()[0] != run(seed: 2, members: 2, environments: 7).bits()[0])
        // An environment's numbers don't depend on how many others there are.
        let fewer = try run(seed: 1, members: 1, environments: 3)
        let small = try fewer.floats(fewer.environment.observations)
        let large = try world.floats(world.environment.observations)
        #expect(Array(large.prefix(small.count)) == small)
        // Members and environments draw numbers of their own.
        let starts = (0..<14).map { Array(large[$0 * spec.observationCount..<($0 + 1) * spec.observationCount]) }
        #expect(Set(starts).count == 14)
    }

    /// The largest state and observation that each task's own limits allow.
    @Test func boundsHoldOverManySteps() throws {
        let pi = Float.pi
        let bounds: [String: (state: [Float], observation: [Float])] = [
            "Acrobot-v1": ([pi, pi, 4 * pi, 9 * pi], [1, 1, 1, 1, 4 * pi, 9 * pi]),
            // the speeds have no limit; 20 is never reached in 2.4 m
            "CartPole-v1": ([2.4, 20, 0.20943951, 20], [4.8, 20, 0.41887902, 20]),
            "MountainCar-v0": ([1.2, 0.07], [1.2, 0.07]),
            "MountainCarContinuous-v0": ([1.2, 0.07], [1.2, 0.07]),
            // whole turns come off beyond 2.5 pi, and a step moves 0.4 rad
            "Pendulum-v1": ([2.5 * pi + 0.4, 8], [1, 1, 8])
        ]
        for name in Self.classic {
            let spec = try EnvironmentSpec.named(name), bound = try #require(bounds[name])
            var rng = SeededGenerator(seed: 5), stateMax = [Float](repeating: 0, count: spec.stateCount),
                observationMax = [Float](repeating: 0, count: spec.observationCount)
            let world = try World(spec, members: 2, environments: 8, on: Backend.available[0].makeQueue())
            for k in 0..<5000 {
                // Each action is held for a while, or nothing would ever swing far.
                if k % 8 == 0 { try world.actions.write(spec.randomActions(16, &rng)) }
                try world.environment.step(
                    actions: world.actions, reward: world.reward, terminated: world.terminated,
                    truncated: world.truncated,
                    nextObservation: world.nextObservation, T: 1, t: 0, autoReset: true, step: UInt32(k + 1))
                let state = try world.floats(world.environment.state),
                    observation = try world.floats(world.nextObservation)
                for (i, value) in state.enumerated() {
                    stateMax[i / 16] = value.isNaN ? .infinity : max(stateMax[i / 16], abs(value))
                }
                for (i, value) in observation.enumerated() {
                    let c = i % spec.observationCount
                    observationMax[c] = value.isNaN ? .infinity : max(observationMax[c], abs(value))
                }
            }
            #expect(zip(stateMax, bound.state).allSatisfy { $0 <= $1 }, "\(name): state reached \(stateMax)")
            #expect(
                zip(observationMax, bound.observation).allSatisfy { $0 <= $1 },
                "\(name): observation reached \(observationMax)")
            #expect(try world.episode(.nonFinite).allSatisfy { $0 == 0 })
            #expect(try world.episode(.finished).allSatisfy { $0 >= 5 })
        }
    }

    /// 8,192 starts per task lie within the stated ranges, reach near their ends, and have their mean and variance.
    @Test func startsAreUniform() throws {
        let ranges: [String: [ClosedRange<Float>]] = [
            "Acrobot-v1": .init(repeating: -0.1...0.1, count: 4),
            "CartPole-v1": .init(repeating: -0.05...0.05, count: 4),
            "MountainCar-v0": [-0.6...(-0.4), 0...0],
            "MountainCarContinuous-v0": [-0.6...(-0.4), 0...0],
            "Pendulum-v1": [-Float.pi...Float.pi, -1...1]
        ]
        for name in Self.classic {
            let world = try World(.named(name), members: 8, environments: 1024, on: Backend.available[0].makeQueue())
            let state = try world.floats(world.environment.state), count = world.environment.slots
            for (c, range) in try #require(ranges[name]).enumerated() {
                let values = state[c * count..<(c + 1) * count].map(Double.init)
                let low = Double(range.lowerBound), high = Double(range.upperBound), width = high - low
                let mean = values.reduce(0, +) / Double(count),
                    variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count)
                #expect(values.allSatisfy { low...high ~= $0 }, "\(name) [\(c)]")
                // 5 standard errors: of the mean width / sqrt(12 n), of the variance width^2 / sqrt(180 n). All but
                // e^-8 of samples reach 1/1000 of an end.
                #expect(
                    abs(mean - (low + high) / 2) <= 5 * width / (12 * Double(count)).squareRoot(),
                    "\(name) [\(c)]: mean \(mean)")
                #expect(
                    abs(variance - width * width / 12) <= 5 * width * width / (180 * Double(count)).squareRoot(),
                    "\(name) [\(c)]: variance \(variance)")
                #expect(values.min()! <= low + 0.001 * width && values.max()! >= high - 0.001 * width, "\(name) [\(c)]")
            }
        }
    }

    @Test(arguments: Backend.available)
    func timeLimitTruncatesAndKeepsTheLastObservation(backend: Backend) throws {
        let world = try World(.named("MountainCar-v0"), members: 2, environments: 3, T: 3, on: backend.makeQueue())
        try world.environment.state.write([Float](repeating: 0.1, count: 6) + [Float](repeating: 0, count: 6))
        var position = 0.1, velocity = 0.0
        for t in 0..<3 {
            try world.step([Float](repeating: 2, count: 6), t: t, number: UInt32(t + 1), timeLimit: 3)
            velocity += 0.001 - 0.0025 * cos(3 * position)
            position += velocity
        }
        // Rows are member, step, environment: the last step's are 6, 7, 8 of each member's 9.
        let last = (0..<2).flatMap { p in (6..<9).map { p * 9 + $0 } }
        let truncated = try world.integers(world.truncated), terminated = try world.integers(world.terminated),
            reward = try world.floats(world.reward)
        #expect(truncated == (0..<18).map { last.contains($0) ? 1 : 0 })
        #expect(terminated == [Int32](repeating: 0, count: 18))
        #expect(reward == [Float](repeating: -1, count: 18))
        let next = try world.floats(world.nextObservation),
            observation = try world.floats(world.environment.observations)
        for row in last {
            // a few roundings of values below 1
            #expect(abs(Double(next[2 * row]) - position) <= 1e-6 && abs(Double(next[2 * row + 1]) - velocity) <= 1e-6)
        }
        for slot in 0..<6 { #expect(-0.6...(-0.4) ~= observation[2 * slot] && observation[2 * slot + 1] == 0) }
        let episodes = try VectorEnvironment.EpisodeRow.allCases.map { try world.episode($0) }
        #expect(episodes == [0, 0, 1, -3, 3, -3, 3, 0, 0].map { [Float](repeating: $0, count: 6) })
    }

    /// A pole already falling ends at the first step; at a limit of one step that is both kinds of end. Its neighbour
    /// goes on.
    @Test(arguments: Backend.available)
    func terminationAndTruncationAreSeparate(backend: Backend) throws {
        for limit in [1, 500] {
            let world = try World(.named("CartPole-v1"), members: 1, environments: 2, on: backend.makeQueue())
            // x, x', theta, theta' of both slots: slot 0 tips over 12 degrees (0.2094), slot 1 stands.
            try world.environment.state.write([0, 0, 0, 0, 0.2, 0, 1, 0] as [Float])
            try world.step([0, 1], timeLimit: limit)
            let terminated = try world.integers(world.terminated), truncated = try world.integers(world.truncated)
            #expect(terminated == [1, 0])
            #expect(truncated == (limit == 1 ? [1, 1] : [0, 0]))
            #expect(try world.floats(world.reward) == [1, 1])
            let next = try world.floats(world.nextObservation), now = try world.floats(world.environment.observations)
            #expect(abs(next[2] - 0.22) <= 1e-6 && abs(now[2]) <= 0.05)
            #expect(try world.episode(.finished) == (limit == 1 ? [1, 1] : [1, 0]))
            #expect(try world.episode(.elapsed) == (limit == 1 ? [0, 0] : [0, 1]))
            #expect(try world.episode(.runningReturn) == (limit == 1 ? [0, 0] : [0, 1]))
        }
    }

    /// The first finished episode's figures stay while later ones add up.
    @Test func episodeFiguresAddUp() throws {
        let world = try World(.named("Pendulum-v1"), members: 1, environments: 1, on: Backend.available[0].makeQueue())
        var returns: [Float] = [], running: Float = 0
        for k in 1...6 {
            try world.step([2], number: UInt32(k), timeLimit: 2)
            running += try world.floats(world.reward)[0]
            if k % 2 == 0 { returns.append(running); running = 0 }
        }
        #expect(try world.episode(.finished) == [3])
        #expect(try world.episode(.returnSum) == [returns[0] + returns[1] + returns[2]])
        #expect(try world.episode(.lengthSum) == [6])
        #expect(try world.episode(.firstReturn) == [returns[0]])
        #expect(try world.episode(.firstLength) == [2])
    }

    @Test func stepWritesOnlyItsOwnRows() throws {
        for spec in EnvironmentSpec.all {
            var rng = SeededGenerator(seed: 9)
            let world = try World(spec, members: 2, environments: 5, T: 3, on: Backend.available[0].makeQueue())
            try world.step(spec.randomActions(10, &rng), t: 1)
            let written = (0..<30).map { $0 / 5 % 3 == 1 }
            let reward = try world.floats(world.reward), terminated = try world.integers(world.terminated),
                next = try world.floats(world.nextObservation)
            #expect(reward.map { !$0.isNaN } == written)
            #expect(terminated.map { $0 != -7 } == written)
            #expect(next.map { !$0.isNaN } == written.flatMap { [Bool](repeating: $0, count: spec.observationCount) })
            let width = world.environment.observations.pitch,
                rows = try world.floats(world.environment.observations.withoutPadding)
            #expect(rows.enumerated().allSatisfy { $0.offset % width < spec.observationCount || $0.element == 0 })
        }
    }

    /// NaN and infinity in one slot's state or action end that slot and leave no trace anywhere else.
    @Test(arguments: EnvironmentSpec.all, [Float.nan, .infinity])
    func poisonStaysInItsSlot(spec: EnvironmentSpec, poison: Float) throws {
        let slots = 21, victim = 9
        for backend in Backend.telling(of: spec) {
            let queue = try backend.makeQueue()
            for inAction in [false, true] {
                var rng = SeededGenerator(seed: 13)
                let actions = spec.randomActions(slots, &rng)
                let clean = try World(spec, members: 3, environments: 7, on: queue)
                let poisoned = try World(spec, members: 3, environments: 7, on: queue)
                var state = try poisoned.floats(poisoned.environment.state), bad = actions
                if inAction { bad[victim * spec.action.width] = poison } else { state[victim] = poison }
                try poisoned.environment.state.write(state)
                try clean.step(actions, autoReset: false)
                try poisoned.step(bad, autoReset: false)

                let what = "\(backend), \(inAction ? "action" : "state")"
                let want = try clean.bits(), got = try poisoned.bits()
                let widths = [1, clean.environment.observations.pitch, 1, 1, 1, 1, spec.observationCount]
                for (array, width) in widths.enumerated() {
                    let others = got[array].indices.filter { $0 / width % slots != victim }
                    #expect(others.allSatisfy { got[array][$0] == want[array][$0] }, "\(what): array \(array)")
                }
                #expect(try poisoned.integers(poisoned.terminated)[victim] == 1, "\(what)")
                #expect(try poisoned.floats(poisoned.reward)[victim] == 0, "\(what)")
                #expect(try poisoned.episode(.nonFinite) == (0..<slots).map { $0 == victim ? 1 : 0 }, "\(what)")
                #expect(try poisoned.episode(.elapsed)[victim] == 0, "\(what)")
                for tensor in [
                    poisoned.environment.state, poisoned.environment.observations, poisoned.nextObservation,
                    poisoned.environment.episode
                ] {
                    #expect(try poisoned.floats(tensor).allSatisfy(\.isFinite), "\(what)")
                }
            }
        }
    }

    /// Whether the first episode was whole, whatever came after it.
    @Test(arguments: Backend.available) func aStateThatBreaksLaterLeavesTheFirstEpisodeWhole(backend: Backend) throws {
        let spec = try EnvironmentSpec.named("Pendulum-v1"), slots = 5,
            world = try World(spec, members: 1, environments: slots, on: backend.makeQueue()),
            zeros = [Float](repeating: 0, count: slots)
        var early = zeros, late = zeros
        (early[1], late[3]) = (.nan, .nan)
        for t in 0..<250 { try world.step(t == 6 ? early : t == 230 ? late : zeros, number: UInt32(t)) }
        #expect(try world.episode(.nonFinite) == [0, 1, 0, 1, 0])
        #expect(try world.episode(.firstLength) == [200, -7, 200, 200, 200])
    }

    @Test func namesAreFoundAndMissesExplained() throws {
        #expect(try EnvironmentSpec.named("Pendulum-v1").kernel == "pendulum")
        #expect(try EnvironmentSpec.named("mountaincar").name == "MountainCar-v0")
        let error = #expect(throws: UnknownEnvironment.self) { try EnvironmentSpec.named("Pendulm-v1") }
        let text = try #require(error).description
        #expect(
            text.hasPrefix(
                "there is no environment Pendulm-v1 (did you mean Pendulum-v1?); accepted: Acrobot-v1, CartPole-v1"))
    }
}
