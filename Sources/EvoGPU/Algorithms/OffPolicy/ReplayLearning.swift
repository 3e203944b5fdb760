import GPUTensor

/// The learners of several runs, with a memory each that everything they learn from is drawn from. A part of ERL, and
/// all of DDPG and TD3 but the episodes.
public final class ReplayLearning {
    public let config: LearnerConfig
    public let actor: Policy, critic: CriticNetwork
    public let learner: any OffPolicyLearner
    /// A ring per run.
    public let replay: TransitionMemory
    /// Per run: updates so far, and steps of the learner's networks that were refused because a gradient was not
    /// finite.
    public private(set) var updates: [Int], refusedSteps: [Int]
    /// Per run: the part of an update that its steps so far are worth beyond ``updates``.
    public private(set) var owed: [Double]
    /// uint32 `[runs, 4]`.
    public let streams: Tensor
    /// Limit of each run's actor's gradient; that of its critic is the setting.
    private let actorNormLimits: [Float]
    private let words: [UInt32]
    private let batch: TransitionBatch
    private let runNumbers: Tensor, updateCounts: Tensor, indices: Tensor, spares: [Tensor]
    private let queue: Queue
    private var runs: Int { updates.count }

    /// Makes the memory and launches nothing; ``start()`` comes before anything else.
    ///
    /// - Parameters:
    ///   - words: `[runs, 4]`, each learner's random stream.
    ///   - actorNormLimits: one per run; nil for the setting.
    public init(
        _ config: LearnerConfig, _ task: EnvironmentSpec, words: [UInt32], actorNormLimits: [Float]? = nil,
        on queue: Queue
    ) throws {
        let runs = words.count / 4, (actor, critic) = try config.networks(task)
        (self.config, self.actor, self.critic, self.words, self.queue) = (config, actor, critic, words, queue)
        self.actorNormLimits =
            actorNormLimits ?? [Float](repeating: Float(config.maxGradientNorm), count: runs)
        let streams = try queue.tensor(.uint32, [runs, 4])
        self.streams = streams
        learner =
            switch config.learner {
            case .ddpg: try DDPG(actor, critic, members: runs, batch: config.batchSize, on: queue)
            case .td3:
                try TD3(
                    actor, critic, members: runs, batch: config.batchSize, delay: config.policyDelay,
                    noise: Float(config.targetNoise), noiseLimit: Float(config.targetNoiseLimit), streams: streams,
                    on: queue)
            }
        let (observations, actions) = (task.observationCount, task.action.width)
        replay = try TransitionMemory(
            owners: runs, capacity: config.replayMemory, observations: observations, actions: actions,
            inherits: false, on: queue)
        batch = try TransitionBatch(
            members: runs, rows: config.batchSize, observations: observations, actions: actions, on: queue)
        runNumbers = try queue.tensor(.int32, [runs])
        updateCounts = try queue.tensor(.uint32, [runs])
        indices = try queue.tensor(.int32, [runs])
        spares = try [actor.layout.rowCount, critic.layout.rowCount, 2].map {
            try queue.tensor(.float32, [runs, $0])
        }
        updates = Array(repeating: 0, count: runs)
        refusedSteps = updates
        owed = Array(repeating: 0, count: runs)
    }

    /// Writes what does not change. To be called once, after the memory was planned.
    func start() throws {
        try replay.start()
        try learner.start()
        for optimiser in learner.optimisers { try optimiser.active.write([Int32](repeating: 1, count: runs)) }
        try writeSettings(Array(0..<runs))
    }

    /// What the learner is told of each run, row by row.
    ///
    /// - Parameter order: which run each row is.
    private func writeSettings(_ order: [Int]) throws {
        func ordered(_ setting: PerMember, _ name: String) throws -> [Float] {
            let values = try setting.values(count: runs, name: name)
            return order.map { values[$0] }
        }
        for (index, optimiser) in learner.optimisers.enumerated() {
            let rates =
                try index == 0
                ? ordered(config.actorLearningRate, "actor_learning_rate")
                : ordered(config.criticLearningRate, "critic_learning_rate")
            try optimiser.rates.write(rates.flatMap { [$0, $0] })
            try optimiser.normLimits.write(
                order.map { index == 0 ? actorNormLimits[$0] : Float(config.maxGradientNorm) })
        }
        try learner.gamma.write(ordered(config.gamma, "gamma"))
        try learner.tau.write(ordered(config.tau, "tau"))
        try runNumbers.write(order.map { Int32($0) })
        try streams.write(order.flatMap { words[4 * $0..<4 * $0 + 4] })
        try updateCounts.write(order.map { UInt32(truncatingIfNeeded: updates[$0]) })
    }

    /// The critics' first weights, PyTorch's with the last layer's tenth (point 4), and targets like the networks; the
    /// actor's rows have been written.
    func drawCritics() throws {
        for (number, network) in learner.networks.enumerated() where number > 0 {
            try queue.randomUniform(network.online, streams: streams, step: UInt32(number), purpose: "INIC")
            var rows: [Float] = try network.online.read()
            for run in 0..<runs { critic.fillLikeTorch(&rows, at: run * network.online.pitch, lastScale: 0.1) }
            try network.online.write(rows)
        }
        for network in learner.networks { try queue.copy(network.online, to: network.target) }
    }

    /// As many updates as each run has stored steps since the last call, or `updates_per_step` times as many, in one
    /// burst of launches. What is left of an update is owed to the next call. Reads losses and refusals back.
    ///
    /// - Parameters:
    ///   - frames: steps that each run has stored so far.
    ///   - newFrames: those of them since the last call.
    ///   - live: which runs learn.
    /// - Returns: per run how many updates there were, and the critic's mean squared error in the last of them.
    func learn(_ frames: [Int], newFrames: [Int], live: [Bool]) throws -> [(updates: Int, criticLoss: Double)] {
        let counts = (0..<runs).map { run -> Int in
            let stored = min(frames[run], config.replayMemory)
            guard live[run], stored > 5 * config.batchSize, frames[run] >= config.warmupSteps else { return 0 }
            owed[run] += Double(newFrames[run]) * config.updatesPerStep
            let count = Int(owed[run])
            owed[run] -= Double(count)
            return count
        }
        guard let longest = counts.max(), longest > 0 else { return counts.map { ($0, 0) } }
        // The busiest run first, so that those which still learn are always the first rows.
        let order = (0..<runs).sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
        try arrange(order)
        try writeSettings(order)
        for optimiser in learner.optimisers { try queue.zero(optimiser.skipped) }
        let before = order.map { updates[$0] }
        for number in 0..<longest {
            let count = counts.count { $0 > number }
            try replay.draw(
                batch.slots.first(count), of: runNumbers.first(count), streams: streams.first(count),
                steps: updateCounts.first(count), step: UInt32(number), purpose: "RPLY")
            try replay.gather(batch.first(count), of: runNumbers.first(count))
            try learner.update(batch, number: number, before: before, steps: updateCounts, members: count)
        }
        let losses: [Float] = try learner.criticLosses.read(),
            refused = try learner.optimisers.map { try $0.skipped.read(as: Int32.self) }
        try arrange((0..<runs).map { order.firstIndex(of: $0)! })
        var results = counts.map { (updates: $0, criticLoss: 0.0) }
        for (row, run) in order.enumerated() {
            updates[run] += counts[run]
            refusedSteps[run] += refused.reduce(0) { $0 + Int($1[row]) }
            guard counts[run] > 0 else { continue }
            results[run].criticLoss =
                losses[row * config.batchSize..<(row + 1) * config.batchSize].reduce(0) { $0 + Double($1) }
                / Double(config.batchSize)
        }
        return results
    }

    /// Puts the learner's rows into another order: row i becomes what row `order[i]` was.
    private func arrange(_ order: [Int]) throws {
        guard order != Array(0..<runs) else { return }
        for (_, tensor) in learner.persistentTensors {
            let spare = spares.first { $0.shape == tensor.shape }!
            try queue.copy(tensor, to: spare)
            try indices.write(order.map(Int32.init))
            try queue.gatherRows(tensor, from: spare, indices)
        }
    }

    /// Goes on from a checkpoint, whose tensors have been restored.
    func resume(updates: [Int], refusedSteps: [Int], owed: [Double]) {
        (self.updates, self.refusedSteps, self.owed) = (updates, refusedSteps, owed)
    }
}
