import Foundation
import GPUTensor

/// One episode as it was played: where everything was at the start and after each step.
public struct Trajectory: Sendable {
    /// Frame by frame; the first is the start.
    public let positions: [[Double]]
    /// Reward of each step, one fewer than frames.
    public let rewards: [Double]
    /// Whether the task itself ended the episode; otherwise its time limit did.
    public let terminated: Bool
    /// Hills, if the floor has any.
    public let hills: Hills?

    public init(positions: [[Double]], rewards: [Double], terminated: Bool, hills: Hills? = nil) {
        precondition(
            positions.count == rewards.count + 1 && !positions.isEmpty,
            "\(positions.count) frames and \(rewards.count) rewards")
        (self.positions, self.rewards, self.terminated, self.hills) = (positions, rewards, terminated, hills)
    }
}

/// The hilly ground of one episode, as `planar.cl` computes it: three waves of 8, 4 and 2 m, flat at the start.
public struct Hills: Sendable, Equatable {
    /// Of the highest hills, m.
    public let height: Double
    /// Of the three waves, in turns.
    public let phases: [Double]

    /// Metres above the floor, at x metres from the start.
    public func elevation(_ x: Double) -> Double {
        let waves = zip([(0.125, 4.0), (0.25, 2.0), (0.5, 1.0)], phases).reduce(0) {
            $0 + $1.0.1 / 7 * sin(2 * .pi * ($1.0.0 * x + $1.1))
        }
        return height * waves * x * x / (4 + x * x)
    }
}

/// How an environment is drawn, and where it keeps what is drawn.
public struct ReplaySource {
    public let scene: any ReplayScene
    /// The positions of every slot, `[S][n]`. Waits.
    let positions: (VectorEnvironment) throws -> [[Double]]
    /// The ground of every slot. Waits.
    let hills: (VectorEnvironment) throws -> [Hills?]

    /// - Throws: ``RunError`` if the environment has no drawing.
    public init(_ spec: EnvironmentSpec) throws {
        func states(_ environment: VectorEnvironment) throws -> [[Double]] {
            let state: [Float] = try environment.state.read(), slots = environment.slots
            return (0..<slots).map { slot in (0..<spec.stateCount).map { Double(state[$0 * slots + slot]) } }
        }
        if let physics = spec.physics {
            let width = physics.model.sizes.nq, first = spec.stateCount - 3  // a hilly state ends in its phases
            scene = try ModelScene(physics.model)
            positions = { environment in
                let all = try environment.positions()
                return (0..<environment.slots).map { Array(all[$0 * width..<($0 + 1) * width]) }
            }
            hills = { environment in
                guard physics.isHilly else { return Array(repeating: nil, count: environment.slots) }
                return try states(environment).map {
                    Hills(height: physics.options.terrain_height ?? 0, phases: Array($0[first...]))
                }
            }
            return
        }
        guard let scene = ClassicScene(kernel: spec.kernel) else {
            throw RunError("\(spec.name) has no drawing yet, so there is no replay of it")
        }
        self.scene = scene
        positions = states
        hills = { Array(repeating: nil, count: $0.slots) }
    }
}

extension TrainedPopulation {
    /// Plays members by their most probable actions, from the start states that ``evaluate(episodes:seed:)`` gives, and
    /// keeps every frame.
    ///
    /// - Returns: `[member][episode]`. Waits.
    public func record(_ members: [Member], source: ReplaySource, episodes: Int, seed: UInt64) throws -> [[Trajectory]]
    {
        guard episodes >= 1, !members.isEmpty else {
            throw RunError("there is nothing to replay: \(members.count) members and \(episodes) episodes")
        }
        let spec = saved.spec, count = members.count
        let (streams, chosen, statistics, rollout) = try queue.plan(lower: "the number of episodes") {
            let streams = try queue.tensor(.uint32, [count, 4]),
                chosen = try queue.tensor(.float32, [count, policy.layout.rowCount])
            let statistics = try normaliser.map {
                try ObservationNormaliser(members: count, width: spec.observationCount, limit: $0.limit, on: queue)
            }
            return (
                streams, chosen, statistics,
                try Rollout(
                    spec, policy: policy, members: count, environments: episodes, steps: 1, normaliser: statistics,
                    deterministic: true, autoReset: false, streams: streams, on: queue)
            )
        }
        try streams.write(
            members.flatMap { _ in [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), 0, 1] })
        func rows(_ source: Tensor, _ width: Int) throws -> [Float] {
            let all: [Float] = try source.read()
            return members.flatMap { all[$0.row * width..<($0.row + 1) * width] }
        }
        try chosen.write(rows(parameters, policy.layout.rowCount))
        if let statistics, let normaliser {
            try statistics.mean.write(rows(normaliser.mean, spec.observationCount))
            try statistics.variance.write(rows(normaliser.variance, spec.observationCount))
        }
        try rollout.start()

        let hills = try source.hills(rollout.environment)
        let slots = count * episodes
        var frames = try source.positions(rollout.environment).map { [$0] },
            rewards = [[Double]](repeating: [], count: slots)
        var terminated = [Bool](repeating: false, count: slots), done = terminated
        for step in 0..<spec.timeLimit where done.contains(false) {
            try rollout.run(step, parameters: chosen, on: queue)
            let positions = try source.positions(rollout.environment), reward: [Float] = try rollout.rewards.read()
            let ended: [Int32] = try rollout.terminated.read(), cut: [Int32] = try rollout.truncated.read()
            let broken: [Float] = try rollout.environment.episode.read()
            for slot in 0..<slots where !done[slot] {
                // A slot whose state was not finite has been started anew already; its last frame stays.
                let isBroken = broken[VectorEnvironment.EpisodeRow.nonFinite.rawValue * slots + slot] > 0
                frames[slot].append(isBroken ? frames[slot].last! : positions[slot])
                rewards[slot].append(Double(reward[slot]))
                terminated[slot] = ended[slot] != 0
                done[slot] = terminated[slot] || cut[slot] != 0
            }
        }
        let trajectories = (0..<slots).map {
            Trajectory(positions: frames[$0], rewards: rewards[$0], terminated: terminated[$0], hills: hills[$0])
        }
        return (0..<count).map { Array(trajectories[$0 * episodes..<($0 + 1) * episodes]) }
    }
}
