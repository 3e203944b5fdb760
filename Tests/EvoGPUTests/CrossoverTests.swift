import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct CrossoverTests {
    /// Two policies of which one pushes right everywhere and the other left, each with a history of states in which
    /// that was good: one half of the pendulum's circle each. Their child does in either half what was good there, as
    /// neither parent does.
    @Test(arguments: [true, false]) func aChildOfTwoHalvesIsGoodOnBoth(isNormalised: Bool) throws {
        let queue = try Queue(Device.named("cpu")), spec = try EnvironmentSpec.named("Pendulum-v1"), members = 2
        var config = GPOConfig()
        (
            config.mutation.population, config.mutation.environments, config.mutation.rolloutSteps,
            config.mutation.batchSize, config.mutation.normaliseObservations
        ) = (members, 4, 100, 400, isNormalised)
        (
            config.rounds, config.recentRollouts, config.eliteFraction, config.klStates, config.mutation.hidden,
            config.mutation.valueHidden
        ) = (1, 2, 0.5, 64, [32, 32], [8])
        // there are 800 states for the gate, 3,200 for the child
        (config.gateEpochs, config.gateBatchSize, config.imitationEpochs) = (40, 64, 30)
        (config.crossoverEnvironments, config.crossoverSteps, config.totalSteps) = (
            8, 100, 2 * (2 * 400 + config.crossoverStepsPerChild)
        )
        let network = PPO.network(config.mutation, spec), layout = network.layout, n = spec.observationCount
        let streams = try queue.tensor(Queue.streamWords(seeds: [3], membersPerRun: members), [members, 4])
        let crossover = try StateSpaceCrossover(
            config, spec, network: network, members: members, streams: streams, on: queue)
        // Both nearly constant, by the last bias, and with a small deviation.
        let bias = try #require(layout.slots.first { $0.name == "policy.2.bias" }),
            deviation = try #require(layout.slots.first { $0.name == "policy.log_std" })
        var rows = try network.initialRows(
            .orthogonal, scratch: queue.tensor(.float32, [members, layout.rowCount]), streams: streams, logStd: 0,
            on: queue)
        for member in 0..<members {
            rows[member * layout.rowCount + bias.offset] = member == 0 ? 0.6 : -0.6
            rows[member * layout.rowCount + deviation.offset] = -1.5
        }
        // Rewards tell the good states from the bad: of the first policy where the sine is positive, of the second
        // where it is negative. Each environment's steps are one episode, of which half are good.
        var rng = SeededGenerator(seed: 4), observations: [Float] = [], rewards: [Float] = []
        for member in 0..<members {
            for row in 0..<800 {
                let environment = row % 4, isGood = environment < 2, positive = (member == 0) == isGood
                let angle = Float.random(in: 0.1..<3.0, using: &rng) * (positive ? 1 : -1)
                observations += [cos(angle), sin(angle), Float.random(in: -4..<4, using: &rng)]
                rewards.append(isGood ? 1 : -1)
            }
        }
        let history = try RolloutHistory(members: members, slots: 2, steps: 100, environments: 4, width: n, on: queue)
        try history.observations.write(observations)
        try history.rewards.write(rewards)
        history.resume(kept: 2)
        // Parents see the world through different statistics; what they do does not depend on it, but the gate's and
        // the child's data do.
        let normaliser =
            isNormalised ? try ObservationNormaliser(members: members, width: n, limit: 10, on: queue) : nil
        try normaliser?.count.write([Float](repeating: 100, count: members * n))
        try normaliser?.mean.write([0, 0.3, 1, 0, -0.3, -1] as [Float])
        try normaliser?.variance.write([0.5, 0.5, 8, 0.7, 0.4, 5] as [Float])
        let figures = try crossover.cross(
            [Couple(0, 1), Couple(0, 1)], fitter: [0, 1], parameters: queue.tensor(rows, [members, layout.rowCount]),
            normaliser: normaliser, history: history, round: 0)

        for figure in figures {
            #expect(figure.gateAccuracy > 0.97, "the gate tells the halves apart")
            #expect(
                figure.imitation < 0.1 * min(figure.toFirst, figure.toSecond),
                "nearer to the expert than to either parent: \(figure)")
        }
        // The children on states of either half, away from its ends.
        var angles: [Float] = []
        for sign in [Float(1), -1] { for step in 0..<100 { angles.append(sign * (0.45 + 2.2 * Float(step) / 99)) } }
        let batch = angles.count, circle = angles.flatMap { (angle: Float) -> [Float] in [cos(angle), sin(angle), 0.5] }
        let states = try queue.tensor(circle + circle, [members, batch, n], padded: true)
        try crossover.normaliser?.normalise(states, on: queue)
        let pass = try MLPWorkspace(network.policy, members: members, rows: batch, backward: false, on: queue)
        try pass.forward(MatrixView(states), parameters: crossover.children, on: queue)
        let means: [Float] = try pass.output.read()
        for child in 0..<members {
            var good = 0
            for row in 0..<batch where abs(means[child * batch + row] - (row < 100 ? 0.6 : -0.6)) < 0.2 { good += 1 }
            #expect(
                good > 180, "child \(child) does what is good in \(good) of \(batch) states; either parent does in 100")
        }
    }

    /// Every unit's weights and bias come from one parent, and units come from both.
    @Test(arguments: Backend.available) func parameterCrossoverCopiesWholeUnits(backend: Backend) throws {
        let queue = try backend.makeQueue(),
            network = ActorCritic(
                kind: .gaussian(count: 3), observations: 5, hidden: [17], valueHidden: [9], activation: .tanh),
            layout = network.layout
        let members = 3, mask = layout.mask()
        // Parent p's parameters are all p + 1, with zeros in the padding.
        let rows = (0..<members).flatMap { member in mask.map { $0 * Float(member + 1) } }
        let crossover = try ParameterCrossover(
            network, members: members,
            streams: queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: members), [members, 4]), on: queue)
        let couples = [Couple(0, 1), Couple(1, 2), Couple(0, 2)]
        try crossover.cross(couples, parameters: queue.tensor(rows, [members, layout.rowCount]), step: 1)
        let children: [Float] = try crossover.children.read()
        for (child, couple) in couples.enumerated() {
            let row = Array(children[child * layout.rowCount..<(child + 1) * layout.rowCount])
            var seen: Set<Float> = []
            for (index, slot) in layout.slots.enumerated() where slot.isWeight {
                for column in 0..<slot.columns {
                    let unit =
                        (0..<slot.rows).map { row[slot.offset + $0 * slot.pitch + column] } + [
                            row[layout.slots[index + 1].offset + column]
                        ]
                    #expect(Set(unit).count == 1, "unit \(column) of \(slot.name) is of two parents")
                    seen.insert(unit[0])
                }
            }
            #expect(seen == [Float(couple.first + 1), Float(couple.second + 1)])
            #expect(zip(row, mask).allSatisfy { $1 == 1 || $0 == 0 })
        }
    }

    /// The rows that a gate learns from are those of the best episodes, in the window's order, of every parent alike.
    @Test(arguments: Backend.available) func theBestEpisodesAreTaken(backend: Backend) throws {
        let queue = try backend.makeQueue(), members = 2, e = 3, t = 8, slots = 3, window = 2, rows = e * t, kept = 11,
            limit = 12
        var rng = SeededGenerator(seed: 6)
        // Some gain and some lose: a part of an episode that the window cuts off and that lost counts as a whole one of
        // 12 steps.
        let rewards = rng.uniform(members * slots * rows).map { $0 - 0.6 },
            ended = (0..<members * slots * rows).map { _ in Int32.random(in: 0..<4, using: &rng) == 0 ? Int32(1) : 0 }
        let parts = window * t * e, scores = try queue.tensor(.float32, [members, parts]),
            lengths = try queue.tensor(.int32, [members, parts]), counts = try queue.tensor(.int32, [members, e])
        // slots 2 and 0, in this order
        let best = try queue.tensor([Int32](repeating: -1, count: members * kept), [members, kept]), first = 2
        let bestScores = try queue.tensor(.float32, [members, kept]), firstCounts = try queue.tensor(.int32, [members])
        func i(_ x: Int) -> Int32 { Int32(x) }
        try queue.launch(
            "episode_parts", over: [e, members], queue.tensor(rewards, [members, slots * rows]),
            queue.tensor(ended, [members, slots * rows]), scores, lengths, counts, i(members), i(e), i(t), i(slots),
            i(first), i(window), i(limit))
        try queue.launch(
            "best_rows", over: [e, members], scores, lengths, counts, best, bestScores, i(members), i(e), i(t),
            i(slots), i(first), i(window), i(kept))
        let got: [Int32] = try best.read()
        var ranked: [[Float]] = []
        for p in 0..<members {
            var episodes: [(score: Float, rows: [Int])] = [], cut = 0
            for environment in 0..<e {
                var running: (score: Float, rows: [Int]) = (0, []), parts = 0
                for step in 0..<window * t {
                    let row = ((first + step / t) % slots * t + step % t) * e + environment
                    running.score += rewards[p * slots * rows + row]
                    running.rows.append(row)
                    let isOver = ended[p * slots * rows + row] == 1
                    guard isOver || step == window * t - 1 else { continue }
                    if parts == 0 || !isOver, running.score < 0 {
                        running.score = running.score / Float(running.rows.count) * Float(limit)
                        cut += 1
                    }
                    episodes.append(running)
                    (running, parts) = ((0, []), parts + 1)
                }
            }
            #expect(cut > 0 && cut < episodes.count)
            let order = episodes.indices.sorted {
                episodes[$0].score != episodes[$1].score ? episodes[$0].score > episodes[$1].score : $0 < $1
            }.flatMap { episodes[$0].rows }
            #expect(got[p * kept..<(p + 1) * kept].map { Int($0) } == Array(order.prefix(kept)))
            ranked.append(
                episodes.sorted { $0.score > $1.score }.flatMap { Array(repeating: $0.score, count: $0.rows.count) })
        }
        // Of both members together: child 0 has parents 0 and 1, child 1 has parents 1 and 1, whose rows are equally
        // good.
        try queue.launch(
            "best_of_both", over: [members], queue.tensor([0, 1, 1, 1] as [Int32], [2, members]), bestScores,
            firstCounts, i(members), i(kept), i(kept))
        let pooled = (ranked[0].prefix(kept).map { ($0, true) } + ranked[1].prefix(kept).map { ($0, false) }).sorted {
            $0.0 > $1.0
        }.prefix(kept).count { $0.1 }
        let firsts: [Int32] = try firstCounts.read()
        #expect(Int(firsts[0]) == pooled && pooled > 0 && pooled < kept)
        #expect(firsts[1] >= Int32(kept / 2))
    }
}
