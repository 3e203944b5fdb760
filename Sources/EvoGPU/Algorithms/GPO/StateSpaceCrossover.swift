import GPUTensor

/// What is known of a child when it is made. Divergences are means over the states of its own last rollout, in nats.
public struct CrossoverFigures: Sendable, Equatable, Codable {
    /// Cross-entropy and share of right parents in the gate's last epoch.
    public var gateLoss = 0.0, gateAccuracy = 0.0
    /// `KL[child || expert]`, and of the child to either parent.
    public var imitation = 0.0, toFirst = 0.0, toSecond = 0.0
}

/// CROSSOVER of GPO in state space: for all couples at once a gate between both parents, the two-level expert that it
/// makes of them, and a child that imitates it.
///
/// Gangwani and Peng 2018 (arXiv:1711.01012), section 3.3.1. Parents and children see states through statistics of
/// their own, so data are kept raw until somebody looks at them. Everything is an index, a gather or a batched network:
/// no launch knows a single couple.
public final class StateSpaceCrossover {
    /// The children's parameters `[P, N]` and statistics of observations; P couples have a child each.
    public let children: Tensor
    public let normaliser: ObservationNormaliser?
    private let config: GPOConfig
    private let network: ActorCritic, members: Int
    private let queue: Queue
    private let streams: Tensor
    private let parents: Tensor, first: Parent, second: Parent
    private let starts: Tensor, valueStarts: Tensor, fitter: Tensor, fromStart: Tensor, forValue: Tensor,
        halves: Tensor, half: Tensor
    private let gate: Gate
    private let rollout: Rollout
    private let data: (states: Tensor, experts: Tensor, logStd: Tensor)
    private let batch:
        (
            states: Tensor, experts: Tensor, logStd: Tensor, logStdGradients: Tensor, logProbabilities: Tensor,
            losses: Tensor
        )
    private let child: MLPWorkspace
    private let expert: ExpertRows
    private let gradients: Tensor, optimiser: Optimiser
    private let orders: [Tensor]
    private var isRolloutStarted = false

    private struct Parent {
        let members: Tensor, parameters: Tensor, states: Tensor, normaliser: ObservationNormaliser?,
            policy: MLPWorkspace
    }
    private struct Gate {
        let layout: ParameterLayout, workspace: MLPWorkspace, parameters: Tensor, gradients: Tensor, bounds: Tensor,
            optimiser: Optimiser
        let rows: Tensor, rowScores: Tensor, firstCounts: Tensor, scores: Tensor, lengths: Tensor, counts: Tensor,
            order: Tensor, states: Tensor, labels: Tensor, statistics: Tensor, sums: Tensor, log: Tensor,
            limits: Tensor, uniform: Tensor
        let refinement: Refinement?
    }
    /// What the optional policy-gradient steps need beside.
    private struct Refinement {
        let states: Tensor, actions: Tensor, logProbabilities: Tensor, zeros: Tensor, advantages: Tensor,
            returns: Tensor, discounts: Tensor, scale: Tensor
        let scalars: Tensor, advantageStatistics: Tensor, settings: Tensor, value: Tensor, valueGradient: Tensor,
            distributions: Tensor
    }
    private var rows: Int { config.crossoverEnvironments * config.crossoverSteps }
    private var dataRows: Int { (1 + config.daggerPasses) * rows }

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - streams: uint32 `[P, 4]`, other than the mutation's; kept.
    public init(
        _ config: GPOConfig, _ spec: EnvironmentSpec, network: ActorCritic, members: Int, streams: Tensor,
        on queue: Queue
    ) throws {
        (self.config, self.network, self.members, self.streams, self.queue) = (config, network, members, streams, queue)
        let (e, rows) = (config.crossoverEnvironments, config.crossoverEnvironments * config.crossoverSteps),
            n = spec.observationCount, count = network.kind.count
        let passes = 1 + config.daggerPasses, elites = config.eliteSteps, most = max(rows, config.imitationBatchSize),
            gateMost = max(rows, config.gateBatchSize)
        func floats(_ shape: [Int], padded: Bool = true) throws -> Tensor {
            try queue.tensor(.float32, shape, padded: padded)
        }
        func normaliser() throws -> ObservationNormaliser? {
            try config.mutation.normaliseObservations
                ? ObservationNormaliser(
                    members: members, width: n, limit: Float(config.mutation.observationLimit), on: queue) : nil
        }
        func parent() throws -> Parent {
            try Parent(
                members: queue.tensor(.int32, [members]), parameters: floats([members, network.layout.rowCount]),
                states: floats([members, rows, n]), normaliser: normaliser(),
                policy: MLPWorkspace(network.policy, members: members, rows: rows, backward: false, on: queue))
        }
        parents = try queue.tensor(.int32, [2, members])
        (first, second) = try (parent(), parent())
        (starts, valueStarts, fitter) = try (
            queue.tensor(.int32, [members]), queue.tensor(.int32, [members]), queue.tensor(.int32, [members])
        )
        (fromStart, forValue) = try (
            floats([members, network.layout.rowCount]), floats([members, network.layout.rowCount])
        )
        halves = try queue.tensor(.uint32, [members, network.layout.rowCount])
        half = try queue.tensor(.int32, [network.layout.rowCount])
        children = try floats([members, network.layout.rowCount])
        self.normaliser = try normaliser()

        var layout = ParameterLayout()
        let mlp = MLP(inputs: n, hidden: config.gateHidden, outputs: 2, activation: .tanh, prefix: "gate", in: &layout)
        let parts = config.window * config.mutation.rolloutSteps * config.mutation.environments
        var refinement: Refinement?
        if config.gateRefinement > 0 {
            refinement = try Refinement(
                states: floats([members, rows, n]), actions: floats([members, rows, 2]),
                logProbabilities: floats([members, rows, 2]), zeros: floats([members, rows], padded: false),
                advantages: floats([members, rows], padded: false), returns: floats([members, rows], padded: false),
                discounts: floats([members, 2], padded: false),
                scale: floats([members], padded: false), scalars: floats([3, members, rows]),
                advantageStatistics: floats([members, 2], padded: false),
                settings: floats([members, 4], padded: false), value: floats([members, rows, 1]),
                valueGradient: floats([members, rows, 1]), distributions: floats([members, rows, 2]))
        }
        gate = try Gate(
            layout: layout, workspace: MLPWorkspace(mlp, members: members, rows: gateMost, backward: true, on: queue),
            parameters: floats([members, layout.rowCount]),
            gradients: floats([members, layout.rowCount]), bounds: floats([layout.rowCount], padded: false),
            optimiser: Optimiser(.adam(), members: members, parameters: layout.rowCount, on: queue),
            rows: queue.tensor(.int32, [members, config.rankedSteps]),
            rowScores: floats([members, config.rankedSteps], padded: false),
            firstCounts: queue.tensor(.int32, [members]), scores: floats([members, parts], padded: false),
            lengths: queue.tensor(.int32, [members, parts]),
            counts: queue.tensor(.int32, [members, config.mutation.environments]),
            order: queue.tensor(.int32, [members, 2 * elites], padded: true),
            states: floats([members, config.gateBatchSize, n]),
            labels: queue.tensor(.int32, [members, config.gateBatchSize]),
            statistics: floats([members, gateMost, rowPadding]),
            sums: floats([members, rowPadding]), log: floats([members, rowPadding]),
            limits: floats([members], padded: false), uniform: floats([members, rows]), refinement: refinement)
        rollout = try Rollout(
            spec, policy: network.actor, members: members, environments: e, steps: config.crossoverSteps,
            normaliser: self.normaliser, deterministic: false, streams: streams, on: queue)
        data = try (
            floats([members, passes * rows, n]), floats([members, passes * rows, count]),
            floats([members, passes * rows, count])
        )
        let b = config.imitationBatchSize
        batch = try (
            floats([members, b, n]), floats([members, b, count]), floats([members, b, count]),
            floats([members, most, count]), floats([members, most, count]), floats([members, most], padded: false)
        )
        child = try MLPWorkspace(network.policy, members: members, rows: most, backward: true, on: queue)
        expert = try ExpertRows(members: members, rows: rows, count: count, on: queue)
        gradients = try floats([members, network.layout.rowCount])
        optimiser = try Optimiser(.adam(), members: members, parameters: network.layout.rowCount, on: queue)
        orders = try (1...passes).map { try queue.tensor(.int32, [members, $0 * rows], padded: true) }
        try writeConstants()
    }

    /// Settings and index tables that never change.
    private func writeConstants() throws {
        for (optimiser, rate) in [(gate.optimiser, config.gateLearningRate), (optimiser, config.imitationLearningRate)]
        {
            try optimiser.rates.write([Float](repeating: Float(rate), count: 2 * members))
            try optimiser.active.write([Int32](repeating: 1, count: members))
        }
        var bounds = [Float](repeating: 0, count: gate.layout.rowCount)
        for layer in gate.workspace.mlp.layers {
            let linear = layer.linear, bound = 1 / Float(linear.inputs).squareRoot(), pitch = padded(linear.outputs)
            for row in 0..<linear.inputs {
                for column in 0..<linear.outputs { bounds[linear.weights + row * pitch + column] = bound }
            }
            if let bias = linear.bias { for column in 0..<linear.outputs { bounds[bias + column] = bound } }
        }
        try gate.bounds.write(bounds)
        try gate.firstCounts.write([Int32](repeating: Int32(config.eliteSteps), count: members))
        // A child's policy comes from one row and its value network from another: words 0 and 1 say so.
        try half.write((0..<network.layout.rowCount).map { $0 < network.valueStart ? Int32(0) : 1 })
        var words = [UInt32](repeating: 0, count: members * network.layout.rowCount)
        for member in 0..<members { words[member * network.layout.rowCount + 1] = 1 }
        try halves.write(words)
        if let refinement = gate.refinement {
            let gammas = try config.mutation.gamma.values(count: config.mutation.population, name: "gamma")
            try refinement.discounts.write((0..<members).flatMap { [gammas[$0 % gammas.count], 1] })
            try refinement.scale.write([Float](repeating: 1, count: members))
        }
    }

    /// Makes a child of every couple, into ``children`` and ``normaliser``. Waits for a few figures per child at the
    /// end.
    ///
    /// - Parameters:
    ///   - couples: `[P]`, by members' numbers in the whole population.
    ///   - fitter: per couple, which of the two is the fitter one.
    ///   - parameters, normaliser: of the population that the parents are in.
    ///   - history: the parents' last rollouts.
    ///   - round: from 0.
    public func cross(
        _ couples: [Couple], fitter fitterOnes: [Int], parameters: Tensor,
        normaliser population: ObservationNormaliser?, history: RolloutHistory, round: Int
    ) throws -> [CrossoverFigures] {
        if !isRolloutStarted {
            try rollout.start()
            isRolloutStarted = true
        }
        try adoptParents(couples, fitterOnes, parameters, population, round)
        try trainGate(history, round)
        let rolloutsPerRound = 1 + config.daggerPasses + config.gateRefinement
        var number = round * rolloutsPerRound
        for _ in 0..<config.gateRefinement {
            try refineGate(number)
            number += 1
        }
        for pass in 0...config.daggerPasses {
            // The expert's own trajectories first, then the student's.
            if pass == 0 { try rollOutExpert(number, .larger) } else { try rollOutChildren(number) }
            number += 1
            try label(pass)
            try imitate(passes: pass + 1, step: round * (1 + config.daggerPasses) + pass)
        }
        return try figures()
    }

    // MARK: Parents

    private func adoptParents(
        _ couples: [Couple], _ fitterOnes: [Int], _ parameters: Tensor, _ population: ObservationNormaliser?,
        _ round: Int
    ) throws {
        precondition(couples.count == members && fitterOnes.count == members)
        try parents.write(couples.map { Int32($0.first) } + couples.map { Int32($0.second) })
        try first.members.write(couples.map { Int32($0.first) })
        try second.members.write(couples.map { Int32($0.second) })
        let weaker = zip(couples, fitterOnes).map { $1 == $0.first ? $0.second : $0.first }
        try fitter.write(fitterOnes.map { Int32($0) })
        for parent in [first, second] {
            try queue.gatherRows(parent.parameters, from: parameters, parent.members)
            if let mine = parent.normaliser, let population { try gatherStatistics(mine, population, parent.members) }
        }
        for (start, members, rows) in [
            (config.childStart, starts, fromStart), (config.childValue, valueStarts, forValue)
        ] {
            if start == .fresh {
                try rows.write(
                    network.initialRows(
                        config.mutation.initialisation, scratch: rows, streams: streams,
                        logStd: Float(config.mutation.initialLogStd), step: UInt32(round), on: queue))
            } else {
                try members.write((start == .weaker ? weaker : fitterOnes).map { Int32($0) })
                try queue.gatherRows(rows, from: parameters, members)
            }
        }
        try queue.launch(
            "cross_parameters", over: [network.layout.rowCount / queue.lanes, members], fromStart, forValue, halves,
            half, children, members, network.layout.rowCount)
        guard let normaliser, let population else { return }
        switch config.childStatistics {
        case .fitter: try gatherStatistics(normaliser, population, fitter)
        case .merged:
            let (a, b) = (first.normaliser!, second.normaliser!)
            try queue.launch(
                "merge_normalisers", over: [normaliser.mean.pitch / queue.lanes, members], a.count, a.mean, a.variance,
                b.count, b.mean, b.variance, normaliser.count, normaliser.mean, normaliser.variance, members,
                network.policy.inputs, normaliser.mean.pitch)
        }
    }

    private func gatherStatistics(_ to: ObservationNormaliser, _ from: ObservationNormaliser, _ indices: Tensor) throws
    {
        for (target, source) in [(to.count, from.count), (to.mean, from.mean), (to.variance, from.variance)] {
            try queue.gatherRows(target, from: source, indices)
        }
    }

    // MARK: The gate

    /// Cross-entropy on both parents' best recent rollouts. No new samples.
    private func trainGate(_ history: RolloutHistory, _ round: Int) throws {
        let window = config.window, firstSlot = history.firstSlot(window: window),
            elites = config.eliteSteps, ranked = config.rankedSteps
        let e = history.environments, t = history.steps, l = history.slots, range = [history.environments, members]
        try queue.launch(
            "episode_parts", over: range, history.rewards, history.ended, gate.scores, gate.lengths, gate.counts,
            members, e, t, l, firstSlot, window, rollout.environment.spec.timeLimit)
        try queue.launch(
            "best_rows", over: range, gate.scores, gate.lengths, gate.counts, gate.rows, gate.rowScores, members, e, t,
            l, firstSlot, window, ranked)
        if config.gateData == .pooled {
            try queue.launch(
                "best_of_both", over: [members], parents, gate.rowScores, gate.firstCounts, members, ranked, 2 * elites)
        }
        try queue.randomUniform(gate.parameters, streams: streams, step: UInt32(round), purpose: "GINI")
        try queue.launch(
            "bounded_parameters", over: [gate.layout.rowCount / queue.lanes, members], gate.parameters, gate.bounds,
            members, gate.layout.rowCount)
        try gate.optimiser.reset(on: queue)
        for epoch in 0..<config.gateEpochs {
            if epoch == config.gateEpochs - 1 { try queue.zero(gate.log) }
            try queue.randomPermutation(
                gate.order, streams: streams, step: UInt32(round * config.gateEpochs + epoch), purpose: "GATE")
            for start in stride(from: 0, to: 2 * elites, by: config.gateBatchSize) {
                let count = min(config.gateBatchSize, 2 * elites - start)
                try queue.launch(
                    "gather_gate", over: [count, members], gate.order, gate.firstCounts, parents, gate.rows,
                    history.observations, normaliser?.mean ?? gate.states, normaliser?.variance ?? gate.states,
                    gate.states, gate.labels, members, history.slots * history.rows, ranked, start, count,
                    gate.order.pitch, network.policy.inputs, gate.states.pitch, normaliser != nil,
                    ObservationNormaliser.epsilon, normaliser?.limit ?? 0)
                let x = view(gate.states, rows: count)
                try gate.workspace.forward(x, parameters: gate.parameters, rows: count, on: queue)
                try queue.gateLoss(
                    gradient: gate.workspace.outputGradient, statistics: gate.statistics, logits: gate.workspace.output,
                    labels: gate.labels, rows: count)
                try queue.columnSum(
                    MatrixView(gate.sums, memberStride: rowPadding, pitch: rowPadding),
                    view(gate.statistics, rows: count), members: members, rows: count, columns: rowPadding)
                try queue.launch(
                    "policy_progress", over: [members], gate.sums, gate.limits, gate.optimiser.active, gate.log,
                    members, count, 0)
                try gate.workspace.backward(
                    x, parameters: gate.parameters, parameterGradients: gate.gradients, rows: count, on: queue)
                try gate.optimiser.step(gate.parameters, gradients: gate.gradients, on: queue)
            }
        }
    }

    /// One policy-gradient step on the gate from a rollout of the two-level policy that draws a parent at every step:
    /// the discounted sum of rewards to come, less its mean over the rollout, times the slope of the drawn parent's log
    /// probability.
    private func refineGate(_ number: Int) throws {
        guard let refinement = gate.refinement else { return }
        let count = rows, e = config.crossoverEnvironments, t = config.crossoverSteps
        try rollOutExpert(number, .drawn)
        try queue.launch(
            "generalised_advantage", over: [config.crossoverEnvironments, members], rollout.rewards, refinement.zeros,
            refinement.zeros, rollout.terminated, rollout.truncated, refinement.discounts, refinement.scale,
            refinement.advantages, refinement.returns, members, t, e, Float.greatestFiniteMagnitude)
        try normalise(rollout.observations, into: refinement.states, with: normaliser, rows: rows)
        try queue.launch(
            "advantage_scalars", over: [rows, members], refinement.advantages, refinement.scalars, members, count,
            refinement.scalars.pitch)
        try queue.launch(
            "advantage_statistics", over: [members], refinement.scalars, refinement.advantageStatistics, members, count,
            refinement.scalars.pitch, 1)
        let x = view(refinement.states, rows: rows)
        try gate.workspace.forward(x, parameters: gate.parameters, rows: rows, on: queue)
        try queue.launch(
            "categorical_policy_loss", over: [rows, members], gate.workspace.output, refinement.value,
            refinement.actions, refinement.distributions, refinement.scalars, refinement.advantageStatistics,
            refinement.settings, refinement.logProbabilities, gate.workspace.outputGradient, refinement.valueGradient,
            gate.statistics, members, count, 2, rowPadding, refinement.scalars.pitch, PolicyObjective.a2c.form)
        try gate.workspace.backward(
            x, parameters: gate.parameters, parameterGradients: gate.gradients, rows: rows, on: queue)
        try gate.optimiser.step(
            gate.parameters, gradients: gate.gradients,
            rateScale: Float(config.gateRefinementRate / config.gateLearningRate), on: queue)
    }

    // MARK: Rollouts

    private func rollOutChildren(_ number: Int) throws {
        try rollout.environment.reset(step: 0x8000_0000 | UInt32(truncatingIfNeeded: number))
        try rollout.run(number, parameters: children, on: queue)
    }

    private func rollOutExpert(_ number: Int, _ choice: ExpertRows.Choice) throws {
        try rollout.environment.reset(step: 0x8000_0000 | UInt32(truncatingIfNeeded: number))
        let e = config.crossoverEnvironments, pitch = expert.logStd.pitch, raw = rollout.environment.observations
        if choice == .drawn {
            try queue.randomUniform(
                gate.uniform, streams: streams, step: UInt32(truncatingIfNeeded: number), purpose: "GDRW")
        }
        try rollout.run(number, on: queue) { t, current in
            for parent in [first, second] {
                try normalise(raw, into: parent.states, with: parent.normaliser, rows: e)
                try parent.policy.forward(
                    view(parent.states, rows: e), parameters: parent.parameters, rows: e, on: queue)
            }
            try gate.workspace.forward(MatrixView(current), parameters: gate.parameters, rows: e, on: queue)
            try pick(choice, rows: e, uniform: (gate.uniform, from: t * e))
            if choice == .drawn, let refinement = gate.refinement {
                try queue.launch(
                    "keep_picks", over: [e, members], expert.picks, refinement.actions, members, e, rows, t * e,
                    rowPadding)
            }
            return Rollout.Decision(
                distribution: expert.distributions, logStd: expert.logStd, offset: 0, memberStride: e * pitch,
                slotStride: pitch)
        }
    }

    private func pick(_ choice: ExpertRows.Choice, rows: Int, uniform: (Tensor, from: Int)? = nil) throws {
        try expert.pick(
            choice, logits: gate.workspace.output, first: (first.policy.output, first.parameters),
            second: (second.policy.output, second.parameters),
            logStd: network.logStd, rows: rows, uniform: uniform, on: queue)
    }

    private func normalise(
        _ x: Tensor, into y: Tensor, with normaliser: ObservationNormaliser?, rows: Int, at offset: Int = 0,
        stride: Int? = nil
    ) throws {
        try queue.launch(
            "normalise_to", over: [rows, members], x, normaliser?.mean ?? x, normaliser?.variance ?? x, y, rows, offset,
            stride ?? rows, members, rows, network.policy.inputs, x.pitch, normaliser != nil,
            ObservationNormaliser.epsilon, normaliser?.limit ?? 0)
    }

    private func view(_ tensor: Tensor, rows: Int) -> MatrixView {
        MatrixView(tensor, memberStride: rows * tensor.pitch, pitch: tensor.pitch)
    }

    // MARK: Imitation

    /// Adds the last rollout's states to the data, each with what the expert would do there.
    private func label(_ pass: Int) throws {
        for parent in [first, second] {
            try normalise(rollout.observations, into: parent.states, with: parent.normaliser, rows: rows)
            try parent.policy.forward(
                view(parent.states, rows: rows), parameters: parent.parameters, rows: rows, on: queue)
        }
        try normalise(
            rollout.observations, into: data.states, with: normaliser, rows: rows, at: pass * rows, stride: dataRows)
        try gate.workspace.forward(lastStates(pass), parameters: gate.parameters, rows: rows, on: queue)
        try pick(.larger, rows: rows)
        for (from, to) in [(expert.distributions, data.experts), (expert.logStd, data.logStd)] {
            try normalise(from, into: to, with: nil, rows: rows, at: pass * rows, stride: dataRows)
        }
    }

    private func lastStates(_ pass: Int) -> MatrixView {
        MatrixView(
            data.states, offset: pass * rows * data.states.pitch, memberStride: dataRows * data.states.pitch,
            pitch: data.states.pitch)
    }

    /// Epochs over the data of the first passes: minimises KL[child || expert], equation 1.
    private func imitate(passes: Int, step: Int) throws {
        let count = passes * rows, order = orders[passes - 1]
        if passes == 1 { try optimiser.reset(on: queue) }
        for epoch in 0..<config.imitationEpochs {
            try queue.randomPermutation(
                order, streams: streams, step: UInt32(truncatingIfNeeded: step * config.imitationEpochs + epoch),
                purpose: "IMIT")
            for start in stride(from: 0, to: count, by: config.imitationBatchSize) {
                let b = min(config.imitationBatchSize, count - start)
                try queue.launch(
                    "gather_imitation", over: [b, members], order, data.states, data.experts, data.logStd, batch.states,
                    batch.experts, batch.logStd, members, dataRows, start, b, order.pitch, data.states.pitch,
                    data.experts.pitch)
                let x = view(batch.states, rows: b)
                try imitationLoss(x, experts: batch.experts, logStd: batch.logStd, rows: b)
                try child.backward(x, parameters: children, parameterGradients: gradients, rows: b, on: queue)
                if let logStd = network.logStd {
                    try queue.columnSum(
                        MatrixView(
                            gradients, offset: logStd, memberStride: gradients.pitch, pitch: batch.logStdGradients.pitch
                        ), view(batch.logStdGradients, rows: b),
                        members: members, rows: b, columns: network.kind.count)
                }
                try optimiser.step(children, gradients: gradients, on: queue)
            }
        }
    }

    private func imitationLoss(_ x: MatrixView, experts: Tensor, logStd: Tensor, rows: Int) throws {
        try child.forward(x, parameters: children, rows: rows, on: queue)
        if let offset = network.logStd {
            try queue.gaussianImitationLoss(
                meanGradient: child.outputGradient, logStdGradient: batch.logStdGradients, losses: batch.losses,
                mean: child.output, parameters: children,
                logStd: offset, expertMean: experts, expertLogStd: logStd, rows: rows)
        } else {
            try queue.categoricalImitationLoss(
                logitGradient: child.outputGradient, logProbabilities: batch.logProbabilities, losses: batch.losses,
                logits: child.output, expert: experts, rows: rows)
        }
    }

    /// The gate's figures, and divergences on the last rollout's states, whose labels are still there.
    private func figures() throws -> [CrossoverFigures] {
        var figures = [CrossoverFigures](repeating: CrossoverFigures(), count: members)
        let log: [Float] = try gate.log.read()
        for member in 0..<members {
            let count = Double(max(log[member * rowPadding + 6], 1))
            (figures[member].gateLoss, figures[member].gateAccuracy) = (
                Double(log[member * rowPadding]) / count, Double(log[member * rowPadding + 1]) / count
            )
        }
        for (choice, path) in [
            (ExpertRows.Choice.larger, \CrossoverFigures.imitation), (.first, \.toFirst), (.second, \.toSecond)
        ] {
            try pick(choice, rows: rows)
            try imitationLoss(
                lastStates(config.daggerPasses), experts: expert.distributions, logStd: expert.logStd, rows: rows)
            let losses: [Float] = try batch.losses.read()
            for member in 0..<members {
                figures[member][keyPath: path] =
                    losses[member * rows..<(member + 1) * rows].reduce(0) { $0 + Double($1) } / Double(rows)
            }
        }
        return figures
    }
}
