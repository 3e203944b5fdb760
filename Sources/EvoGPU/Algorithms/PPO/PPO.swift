import GPUTensor

/// One member's figures of one iteration. Losses are means over its minibatches, the one that stopped it included.
public struct MemberFigures: Sendable, Equatable {
    public var policyLoss = 0.0, kl = 0.0, clipFraction = 0.0, entropy = 0.0, valueLoss = 0.0, gradientNorm = 0.0
    /// Minibatches before the member stopped (`max_kl`).
    public var minibatches = 0
    /// Mean KL(old || new) after the update; only with the penalty objective.
    public var klAfter = 0.0
    public var klCoefficient = 0.0
    public var episodes = 0
    /// Means over the episodes that ended in this iteration; nil if none did.
    public var meanReturn: Double?, meanLength: Double?
    /// Environments reset because their state was not finite, and steps refused because a gradient was not.
    public var nonFiniteResets = 0, refusedSteps = 0
    /// Contacts between moving bodies that found no room.
    public var contactOverflows = 0
}

/// Proximal policy optimisation, and A2C as its single-step form, for a whole population in lock-step: every launch
/// works on all members of all runs, and the host reads back one array of figures per iteration.
///
/// Schulman et al. 2017 (arXiv:1707.06347), Algorithm 1; Mnih et al. 2016 (arXiv:1602.01783) for A2C. Members share no
/// data, unless GPO has them do it (``share(_:)``).
public final class PPO: Algorithm {
    public let config: PPOConfig
    public let spec: EnvironmentSpec
    public let network: ActorCritic
    /// One seed per run; members come run by run.
    public let seeds: [UInt64]
    /// P = runs x population.
    public let members: Int
    public private(set) var iteration = 0
    /// Environment steps of each member so far.
    public var stepsPerMember: Int { iteration * config.environments * config.rolloutSteps }

    /// Parameters `[P, N]`, laid out as ``ActorCritic/layout``.
    public let parameters: Tensor
    public let rollout: Rollout
    public let optimiser: Optimiser
    /// Keeps every rollout, if something wants them later; set before the first iteration.
    public var history: RolloutHistory?
    /// Called in every iteration when the rollout is kept and before the first update.
    public var beforeUpdates: ((PPO) throws -> Void)?
    /// Called when a part of an iteration has been enqueued, with its name: rollout, then update. For measuring.
    public var afterPhase: ((String) throws -> Void)?
    private var sharing: DataSharing?
    private let queue: Queue
    private let buffers: Buffers
    private let loss: PolicyLoss
    private var policy: MLPWorkspace { loss.policy }
    private var value: MLPWorkspace { loss.value }

    /// R = T E rows of a rollout, B of a minibatch.
    private struct Buffers {
        /// Random streams, `[P, 4]`.
        let streams: Tensor
        let gradients: Tensor
        /// Of each member: clip range, KL, entropy and value coefficients `[P, 4]`, discount and lambda `[P, 2]`, limit
        /// and target of the KL `[P]`.
        let settings: Tensor, discounts: Tensor, klLimits: Tensor, klTargets: Tensor
        /// `[P, R]`.
        let values: Tensor, nextValues: Tensor, advantages: Tensor, returns: Tensor
        let runningRewards: Tensor, rewardSums: Tensor, rewardStatistics: Tensor, rewardScale: Tensor
        /// Rows in random order, and in their own.
        let order: Tensor, ordered: Tensor
        let log: Tensor, figures: Tensor
        /// Whom members take over from, `[P]`.
        let sources: Tensor
        /// What one gradient step works on, for every member.
        let observations: Tensor, actions: Tensor, scalars: Tensor, advantageStatistics: Tensor, sums: Tensor

        init(_ config: PPOConfig, _ network: ActorCritic, members: Int, on queue: Queue) throws {
            let rows = config.environments * config.rolloutSteps, b = config.batchSize
            func floats(_ shape: [Int], padded: Bool = false) throws -> Tensor {
                try queue.tensor(.float32, shape, padded: padded)
            }
            streams = try queue.tensor(.uint32, [members, 4])
            gradients = try floats([members, network.layout.rowCount])
            (settings, discounts) = try (floats([members, 4]), floats([members, 2]))
            (klLimits, klTargets) = try (floats([members]), floats([members]))
            (values, nextValues) = try (floats([members, rows]), floats([members, rows]))
            (advantages, returns) = try (floats([members, rows]), floats([members, rows]))
            runningRewards = try floats([members, config.environments])
            rewardSums = try floats([members, rows], padded: true)
            rewardStatistics = try floats([members, 3])
            rewardScale = try floats([members])
            order = try queue.tensor(.int32, [members, rows], padded: true)
            ordered = try queue.tensor(.int32, [members, rows], padded: true)
            log = try floats([members, PolicyLoss.statisticCount])
            figures = try floats([members, PPO.figureCount])
            sources = try queue.tensor(.int32, [members])
            observations = try floats([members, b, network.policy.inputs], padded: true)
            actions = try floats([members, b, network.kind.count], padded: true)
            scalars = try floats([3, members, b], padded: true)
            advantageStatistics = try floats([members, 2])
            sums = try floats([members, PolicyLoss.statisticCount])
        }
    }

    /// Allocates everything and draws the first parameters.
    ///
    /// - Throws: ``RunError`` for a setting that can't be; ``DeviceError`` if the memory does not suffice, before
    ///   anything is allocated.
    public init(_ config: PPOConfig, _ spec: EnvironmentSpec, seeds: [UInt64], at place: Place) throws {
        let queue = place.queue
        try config.validate()
        guard !seeds.isEmpty else { throw RunError("seeds is empty; accepted: at least one seed") }
        let members = seeds.count * config.population
        // Members, environments and parameters are numbered by 32-bit integers on the device.
        let slots = members.multipliedReportingOverflow(by: config.environments)
        guard !slots.overflow, slots.partialValue < 1 << 30 else {
            throw RunError(
                """
                population * environments over all seeds is \(config.population) * \(config.environments) * \
                \(seeds.count); accepted: a product below \(1 << 30)
                """
            )
        }
        (self.config, self.spec, self.seeds, self.members, self.queue) = (config, spec, seeds, members, queue)
        let network = Self.network(config, spec)
        self.network = network
        let n = network.layout.rowCount
        guard n < 1 << 30 else {
            throw RunError("hidden and value_hidden make \(n) parameters per member; accepted: fewer than \(1 << 30)")
        }
        let memory = try queue.plan(
            lower: "population, environments, rollout_steps, batch_size or the number of seeds"
        ) {
            let buffers = try Buffers(config, network, members: members, on: queue)
            let normaliser =
                !config.normaliseObservations
                ? nil
                : try ObservationNormaliser(
                    members: members, width: spec.observationCount, limit: Float(config.observationLimit), on: queue)
            return try (
                buffers: buffers, parameters: queue.tensor(.float32, [members, n]),
                rollout: Rollout(
                    spec, policy: network.actor, members: members, environments: config.environments,
                    steps: config.rolloutSteps, normaliser: normaliser, deterministic: false,
                    streams: buffers.streams, on: queue),
                optimiser: Optimiser(
                    .adam(epsilon: config.adamEpsilon), members: members, parameters: n, split: network.valueStart,
                    on: queue),
                loss: PolicyLoss(network, members: members, rows: config.batchSize, on: queue)
            )
        }
        (buffers, parameters) = (memory.buffers, memory.parameters)
        (rollout, optimiser, loss) = (memory.rollout, memory.optimiser, memory.loss)
        try writeSettings()
        try buffers.rewardScale.write([Float](repeating: 1, count: members))
        try parameters.write(
            network.initialRows(
                config.initialisation, scratch: parameters, streams: buffers.streams,
                logStd: Float(config.initialLogStd),
                on: queue))
        try rollout.normaliser?.start()
        try rollout.start()
    }

    /// The networks that a config makes for a task.
    public static func network(_ config: PPOConfig, _ spec: EnvironmentSpec) -> ActorCritic {
        ActorCritic(
            kind: .stochastic(for: spec), observations: spec.observationCount, hidden: config.hidden,
            valueHidden: config.valueHidden,
            activation: config.activation.activation)
    }

    private static let figureCount = 17

    private func writeSettings() throws {
        func perMember(_ setting: PerMember, _ name: String) throws -> [Float] {
            let once = try setting.values(count: config.population, name: name)
            return seeds.flatMap { _ in once }
        }
        func interleaved(_ columns: [[Float]]) -> [Float] {
            (0..<members).flatMap { member in columns.map { $0[member] } }
        }
        try buffers.streams.write(Queue.streamWords(seeds: seeds, membersPerRun: config.population))
        try buffers.settings.write(
            interleaved([
                perMember(config.clipRange, "clip_range"), perMember(config.klCoefficient, "kl_coefficient"),
                perMember(config.entropyCoefficient, "entropy_coefficient"),
                perMember(config.valueCoefficient, "value_coefficient")
            ]))
        try buffers.discounts.write(
            interleaved([perMember(config.gamma, "gamma"), perMember(config.gaeLambda, "gae_lambda")]))
        try buffers.klLimits.write(perMember(config.maxKL, "max_kl"))
        try buffers.klTargets.write(perMember(config.klTarget, "kl_target"))
        let rate = try perMember(config.learningRate, "learning_rate")
        try optimiser.rates.write(
            interleaved([rate, config.valueLearningRate.map { try perMember($0, "value_learning_rate") } ?? rate]))
        try optimiser.normLimits.write(perMember(config.maxGradientNorm, "max_gradient_norm"))
        try optimiser.active.write([Int32](repeating: 1, count: members))
        let rows = config.environments * config.rolloutSteps
        try buffers.ordered.write((0..<members).flatMap { _ in (0..<rows).map(Int32.init) })
    }

    /// From now on members learn from the samples of those that `sharing` says too; ``history`` has to be there.
    public func share(_ sharing: DataSharing) throws {
        precondition(history != nil, "data sharing without a history of rollouts")
        self.sharing = sharing
        let clipRanges = try config.clipRange.values(count: config.population, name: "clip_range")
        try sharing.writeSettings(clipRanges: seeds.flatMap { _ in clipRanges }, form: config.objective.form)
    }

    // MARK: The loop

    /// One iteration: a rollout, its advantages, and the epochs of minibatches. Reads the figures back, and nothing
    /// else.
    ///
    /// - Returns: one entry per member, run by run.
    public func step() throws -> [MemberFigures] {
        try rollout.run(iteration, parameters: parameters, on: queue)
        try history?.keep(rollout, on: queue)
        try afterPhase?("rollout")
        try beforeUpdates?(self)
        try estimateAdvantages()
        try loss.keepOldLogStd(parameters)
        let rows = config.environments * config.rolloutSteps
        let progress = Float(stepsPerMember) / Float(config.iterations * rows)
        let rateScale: Float = config.learningRateSchedule == .linear ? 1 - progress : 1
        // A full batch needs no shuffling: its rows are read one after the other.
        let shuffles = config.batchSize < rows, order = shuffles ? buffers.order : buffers.ordered
        for epoch in 0..<config.epochs {
            if shuffles {
                try queue.randomPermutation(
                    order, streams: buffers.streams,
                    step: UInt32(truncatingIfNeeded: iteration * config.epochs + epoch),
                    purpose: "PERM")
            }
            for first in stride(from: 0, to: rows, by: config.batchSize) {
                let count = min(config.batchSize, rows - first)
                try lose(order, first: first, count: count, afterUpdate: false)
                try step(order, first: first, count: count, rateScale: rateScale)
            }
        }
        if config.objective == .penalty {
            for first in stride(from: 0, to: rows, by: config.batchSize) {
                try lose(buffers.ordered, first: first, count: min(config.batchSize, rows - first), afterUpdate: true)
            }
            try queue.launch(
                "adapt_penalty", over: [members], buffers.log, buffers.klTargets, buffers.settings, members)
        }
        try rollout.normaliser?.commit(on: queue)
        iteration += 1
        let figures = try readFigures()
        try afterPhase?("update")
        return figures
    }

    /// Values of every observation and of what followed it, then advantages and returns.
    private func estimateAdvantages() throws {
        let p = members, t = config.rolloutSteps, e = config.environments,
            rows = config.environments * config.rolloutSteps
        try rollout.finish(on: queue)
        for (observations, values) in [
            (rollout.observations, buffers.values), (rollout.nextObservations, buffers.nextValues)
        ] {
            for first in stride(from: 0, to: rows, by: config.batchSize) {
                let count = min(config.batchSize, rows - first)
                let view = MatrixView(
                    observations, offset: first * observations.pitch, memberStride: rows * observations.pitch,
                    pitch: observations.pitch)
                try value.forward(view, parameters: parameters, rows: count, on: queue)
                try queue.launch(
                    "take_column", over: [count, members], value.output, values, p, count,
                    value.output.pitch, rows, first)
            }
        }
        let range = [config.environments, members]
        if config.normaliseRewards {
            try queue.launch(
                "discounted_rewards", over: range, rollout.rewards, rollout.terminated, rollout.truncated,
                buffers.discounts,
                buffers.runningRewards, buffers.rewardSums, p, t, e, buffers.rewardSums.pitch)
            try queue.launch(
                "reward_statistics", over: [members], buffers.rewardSums, buffers.rewardStatistics, buffers.rewardScale,
                p, rows,
                buffers.rewardSums.pitch, Float(1e-8))
        }
        try queue.launch(
            "generalised_advantage", over: range, rollout.rewards, buffers.values, buffers.nextValues,
            rollout.terminated,
            rollout.truncated, buffers.discounts, buffers.rewardScale,
            buffers.advantages, buffers.returns, p, t, e,
            config.normaliseRewards ? Float(config.rewardLimit) : Float.greatestFiniteMagnitude)
    }

    /// Both networks on one minibatch, the loss's gradients with respect to their outputs, and the log. Stops members
    /// whose KL is too large.
    private func lose(_ order: Tensor, first: Int, count: Int, afterUpdate: Bool) throws {
        let p = members, rows = config.environments * config.rolloutSteps, b = count
        try queue.launch(
            "gather_minibatch", over: [count, members], order, rollout.observations, rollout.actions,
            rollout.distributions, rollout.logProbabilities,
            buffers.advantages, buffers.returns, buffers.observations, buffers.actions, loss.distributions,
            buffers.scalars, p, rows,
            first, b,
            order.pitch, buffers.observations.pitch, buffers.actions.pitch,
            buffers.scalars.pitch)
        let x = MatrixView(
            buffers.observations, memberStride: count * buffers.observations.pitch, pitch: buffers.observations.pitch)
        try policy.forward(x, parameters: parameters, rows: count, on: queue)
        try value.forward(x, parameters: parameters, rows: count, on: queue)
        try queue.launch(
            "advantage_statistics", over: [members], buffers.scalars, buffers.advantageStatistics, p, b,
            buffers.scalars.pitch, config.normaliseAdvantage)
        try loss.evaluate(
            form: config.objective.form, rows: count, parameters: parameters, actions: buffers.actions,
            scalars: buffers.scalars,
            advantageStatistics: buffers.advantageStatistics, settings: buffers.settings)
        try loss.sumStatistics(into: buffers.sums, rows: count)
        try queue.launch(
            "policy_progress", over: [members], buffers.sums, buffers.klLimits, optimiser.active, buffers.log, p, b,
            afterUpdate)
    }

    /// Gradients of every parameter, those on similar members' samples with them, and one step of Adam for the members
    /// still active.
    private func step(_ order: Tensor, first: Int, count: Int, rateScale: Float) throws {
        let x = MatrixView(
            buffers.observations, memberStride: count * buffers.observations.pitch, pitch: buffers.observations.pitch)
        try policy.backward(x, parameters: parameters, parameterGradients: buffers.gradients, rows: count, on: queue)
        try value.backward(x, parameters: parameters, parameterGradients: buffers.gradients, rows: count, on: queue)
        try loss.sumLogStdGradients(into: buffers.gradients, rows: count)
        if let sharing, let history {
            try sharing.addGradients(
                to: buffers.gradients,
                .init(
                    history: history, order: order, actions: rollout.actions,
                    logProbabilities: rollout.logProbabilities,
                    advantages: buffers.advantages, normaliser: rollout.normaliser,
                    normaliseAdvantage: config.normaliseAdvantage,
                    form: config.objective.form, loss: loss), parameters: parameters, first: first, count: count)
        }
        try optimiser.step(parameters, gradients: buffers.gradients, rateScale: rateScale, on: queue)
    }

    private func readFigures() throws -> [MemberFigures] {
        try queue.launch(
            "collect_figures", over: [members], buffers.log, rollout.environment.episode, buffers.settings,
            optimiser.norms,
            optimiser.skipped, optimiser.active, buffers.figures,
            members, config.environments, rollout.environment.episode.pitch)
        let all: [Float] = try buffers.figures.read()
        return (0..<members).map { member in
            let row = all[member * Self.figureCount..<(member + 1) * Self.figureCount].map(Double.init)
            var figures = MemberFigures()
            let batches = max(row[6], 1)
            (figures.policyLoss, figures.kl, figures.clipFraction) = (
                row[0] / batches, row[1] / batches, row[2] / batches
            )
            (figures.entropy, figures.valueLoss, figures.minibatches) = (
                row[3] / batches, row[4] / batches, Int(row[6])
            )
            (figures.gradientNorm, figures.klAfter, figures.klCoefficient) = (
                row[7], row[9] > 0 ? row[8] / row[9] : 0, row[14]
            )
            figures.episodes = Int(row[10])
            if row[10] > 0 { (figures.meanReturn, figures.meanLength) = (row[11] / row[10], row[12] / row[10]) }
            (figures.nonFiniteResets, figures.refusedSteps, figures.contactOverflows) = (
                Int(row[13]), Int(row[15]), Int(row[16])
            )
            return figures
        }
    }

    // MARK: Evolution

    /// Puts a child in every member's place: its networks and its statistics of observations. What it has none of its
    /// own of, the scale of rewards and the penalty's coefficient, it takes over from a member of before. Reads a few
    /// numbers per member back.
    ///
    /// - Parameters:
    ///   - children: parameters `[P, N]`.
    ///   - sources: per member, whom it takes over from.
    ///   - moments: take Adam's moments over too, instead of beginning with none.
    ///   - restart: begin every environment anew, with a number that no other start has; nil to go on in the
    ///     environments as they are.
    func replaceMembers(
        by children: Tensor, normaliser: ObservationNormaliser?, takingOverFrom sources: [Int], moments: Bool,
        restart: UInt32?
    ) throws {
        try queue.copy(children, to: parameters)
        if let normaliser, let mine = rollout.normaliser {
            for (from, to) in [
                (normaliser.count, mine.count), (normaliser.mean, mine.mean), (normaliser.variance, mine.variance)
            ] { try queue.copy(from, to: to) }
        }
        if moments {
            // The gradients' room is free between iterations.
            try buffers.sources.write(sources.map(Int32.init))
            for rows in [optimiser.firstMoments, optimiser.secondMoments] {
                try queue.gatherRows(buffers.gradients, from: rows, buffers.sources)
                try queue.copy(buffers.gradients, to: rows)
            }
            try takeOver(optimiser.corrections, columns: 0..<2, of: 2)
        } else {
            try optimiser.reset(on: queue)
        }
        func takeOver(_ tensor: Tensor, columns: Range<Int>, of count: Int) throws {
            let before: [Float] = try tensor.read()
            var after = before
            for (member, source) in sources.enumerated() {
                for column in columns { after[member * count + column] = before[source * count + column] }
            }
            try tensor.write(after)
        }
        try takeOver(buffers.rewardStatistics, columns: 0..<3, of: 3)
        try takeOver(buffers.rewardScale, columns: 0..<1, of: 1)
        try takeOver(buffers.settings, columns: 1..<2, of: 4)
        // A broken member's may not be finite, and nothing else would clear it; an environment's state that is not is
        // left by a reset.
        try queue.zero(buffers.runningRewards)
        if let restart { try rollout.environment.reset(step: restart) }
        history?.restart()
    }

    // MARK: Checkpoints

    public var tensors: [(name: String, tensor: Tensor)] {
        var tensors: [(String, Tensor)] = [
            ("parameters", parameters), ("adam.first_moments", optimiser.firstMoments),
            ("adam.second_moments", optimiser.secondMoments),
            ("adam.corrections", optimiser.corrections), ("settings", buffers.settings),
            ("reward.running", buffers.runningRewards),
            ("reward.statistics", buffers.rewardStatistics),
            ("reward.scale", buffers.rewardScale)
        ]
        if let normaliser = rollout.normaliser {
            tensors += [
                ("observation.count", normaliser.count), ("observation.mean", normaliser.mean),
                ("observation.variance", normaliser.variance)
            ]
        }
        return tensors + rollout.environment.tensors.map { ($0.name, $0.tensor) }
    }

    /// Of the settings only the KL penalty's coefficient, which training changes, comes from the checkpoint; the others
    /// are the config's.
    public func resume(_ state: Stateless, at iteration: Int) throws {
        self.iteration = iteration
        let saved: [Float] = try buffers.settings.read()
        try writeSettings()
        var current: [Float] = try buffers.settings.read()
        for member in 0..<members { current[4 * member + 1] = saved[4 * member + 1] }
        try buffers.settings.write(current)
    }
}
