import EvoGPU
import Foundation
import GPUTensor
import Testing

/// PDERL's two operators, distillation crossover and proximal mutation, and the distance of behaviours.
@Suite struct LearningOperatorTests {
    /// A memory whose ring of member p holds `counts[p]` random transitions.
    private func memory(_ counts: [Int], capacity: Int, observations: Int, actions: Int, seed: UInt64, on queue: Queue)
        throws -> TransitionMemory
    {
        let memory = try TransitionMemory(
            owners: counts.count, capacity: capacity, observations: observations, actions: actions, inherits: false,
            on: queue)
        try memory.start()
        var rng = SeededGenerator(seed: seed)
        let steps = max(1, counts.max()!)
        try memory.append(
            queue.tensor(rng.uniform(counts.count * steps * memory.width), [counts.count, steps, memory.width]),
            lengths: queue.tensor(counts.map { Int32($0) }),
            order: queue.tensor((0..<Int32(counts.count)).map { $0 }, [counts.count, 1]))
        return memory
    }

    private func randomRows(_ layout: ParameterLayout, _ members: Int, seed: UInt64, scale: Float = 0.3) -> [Float] {
        var rng = SeededGenerator(seed: seed)
        return (0..<members).flatMap { _ in layout.pack(rng.uniform(layout.parameterCount).map { $0 * scale }) }
    }

    /// What each policy does in the given states, `[P, rows, actions]`.
    private func actions(_ actor: Policy, _ parameters: Tensor, _ states: [Float], rows: Int, on queue: Queue)
        throws -> [Float]
    {
        let members = parameters.shape[0],
            pass = try MLPWorkspace(actor.mlp, members: members, rows: rows, backward: false, on: queue)
        let x = try queue.tensor(states, [1, rows, actor.mlp.inputs], padded: true)
        try pass.forward(MatrixView(x, memberStride: 0, pitch: x.pitch), parameters: parameters, on: queue)
        return try pass.output.read()
    }

    /// Two critics, of which one values an action with the sign of the first observation and the other one with the
    /// opposite sign, learned from such values.
    private func opposedCritics(_ critic: CriticNetwork, on queue: Queue) throws -> Tensor {
        let rows = 256, n = critic.state.inputs
        var rng = SeededGenerator(seed: 21)
        let states = rng.uniform(rows * n), moves = rng.uniform(rows)
        let parameters = try queue.tensor(randomRows(critic.layout, 2, seed: 22), [2, critic.layout.rowCount]),
            gradients = try queue.tensor(.float32, [2, critic.layout.rowCount])
        let pass = try CriticWorkspace(critic, members: 2, rows: rows, backward: true, on: queue),
            losses = try queue.tensor(.float32, [2, rows])
        let
            x = MatrixView(
                try queue.tensor(states, [1, rows, n], padded: true), memberStride: 0, pitch: GPUTensor.padded(n)),
            a = MatrixView(try queue.tensor(moves, [1, rows, 1], padded: true), memberStride: 0, pitch: 16)
        let wanted = try queue.tensor(
            (0..<2 * rows).map { ($0 < rows ? 1 : -1) * states[$0 % rows * n] * moves[$0 % rows] }, [2, rows])
        let done = try queue.tensor([Float](repeating: 1, count: 2 * rows), [2, rows]),
            gamma = try queue.tensor(.float32, [2])
        let optimiser = try Optimiser(.adam(), members: 2, parameters: critic.layout.rowCount, on: queue)
        try optimiser.rates.write([Float](repeating: 3e-3, count: 4))
        try optimiser.active.write([1, 1] as [Int32])
        for _ in 0..<300 {
            try pass.forward(state: x, action: a, parameters: parameters, on: queue)
            try queue.temporalDifference(
                gradient: pass.outputGradient, losses: losses, q: pass.output, nextQ: pass.output, rewards: wanted,
                done: done, gamma: gamma)
            try pass.backward(state: x, action: a, parameters: parameters, parameterGradients: gradients, on: queue)
            try optimiser.step(parameters, gradients: gradients, on: queue)
        }
        let errors: [Float] = try losses.read()
        try #require(
            errors.reduce(0, +) / Float(errors.count) < 0.02, "the critics have not learned what they should say")
        return parameters
    }

    /// Of two nearly constant parents, +0.6 and -0.6, a child does in each state what its run's critic values more; it
    /// starts from -0.6.
    @Test(arguments: Backend.available) func aChildPrefersTheParentThatTheCriticPrefers(backend: Backend) throws {
        let queue = try backend.makeQueue(), actor = Policy.erl(observations: 3, actions: 1, hidden: [24, 24]),
            critic = CriticNetwork(observations: 3, actions: 1, first: 24, second: 24)
        let layout = actor.layout, runs = 2, population = 3, capacity = 600
        var rows = randomRows(layout, runs * population, seed: 23)
        let last = layout.slots.last!, weights = layout.slots[layout.slots.count - 2]
        for member in 0..<runs * population {
            let base = member * layout.rowCount
            for input in 0..<weights.rows { rows[base + weights.offset + input * weights.pitch] *= 0.02 }
            rows[base + last.offset] = member % population == 0 ? 0.693 : -0.693  // tanh gives 0.6
        }
        let parameters = try queue.tensor(rows, [runs * population, layout.rowCount])
        var settings = DistillationCrossover.Settings()
        (settings.epochs, settings.batch, settings.learningRate) = (40, 64, 3e-3)
        let crossover = try DistillationCrossover(
            actor, critic, runs: runs, population: population, limit: 4, capacity: capacity, settings: settings,
            owners: Array(0..<runs * population),
            streams: Queue.streamWords(seeds: [1, 2], membersPerRun: population), on: queue)
        try crossover.distil(
            [.init(first: 0, second: 1, slot: 2), .init(first: 3, second: 4, slot: 5)], parameters: parameters,
            critics: opposedCritics(critic, on: queue),
            memory: memory(
                [1, 1, 600, 1, 1, 600], capacity: capacity, observations: 3, actions: 1, seed: 24, on: queue), step: 1)
        var rng = SeededGenerator(seed: 25)
        let states = rng.uniform(400 * 3), moves = try actions(actor, parameters, states, rows: 400, on: queue)
        for (child, sign) in [(2, Float(1)), (5, -1)] {
            let clear = (0..<400).filter { abs(states[3 * $0]) > 0.25 }
            let right = clear.count { abs(moves[child * 400 + $0] - (states[3 * $0] > 0 ? 0.6 : -0.6) * sign) < 0.25 }
            #expect(
                right > clear.count * 9 / 10,
                """
                child \(child) does what its critic prefers in \(right) of \(clear.count) states; either parent does \
                in half
                """
            )
        }
        let after: [Float] = try parameters.read()
        for member in [0, 1, 3, 4] {
            #expect(
                after[member * layout.rowCount..<(member + 1) * layout.rowCount]
                    == rows[member * layout.rowCount..<(member + 1) * layout.rowCount])
        }
    }

    private struct Scene {
        let actor = Policy.erl(observations: 5, actions: 3, hidden: [19, 7]),
            critic = CriticNetwork(observations: 5, actions: 3, first: 18, second: 9)
        // full; two batches; less than one; nothing; three
        let population = 6, capacity = 53, counts = [53, 20, 5, 0, 37, 53]
        let children = [
            GenerationPlan.Child(first: 0, second: 5, slot: 1), .init(first: 5, second: 0, slot: 2),
            .init(first: 0, second: 0, slot: 3), .init(first: 0, second: 5, slot: 4)
        ]
        var streams: [UInt32] { Queue.streamWords(seeds: [9], membersPerRun: population) }
        var owners: [Int] { Array(0..<population) }
    }

    private func distilled(
        _ scene: Scene, groups: [[GenerationPlan.Child]], limit: Int, held: Int = .max, epochs: Int = 2, on queue: Queue
    ) throws -> [Float] {
        var settings = DistillationCrossover.Settings()
        (settings.epochs, settings.batch) = (epochs, 10)
        let crossover = try DistillationCrossover(
            scene.actor, scene.critic, runs: 1, population: scene.population, limit: limit, capacity: scene.capacity,
            settings: settings, owners: scene.owners, streams: scene.streams, on: queue)
        let parameters = try queue.tensor(
            randomRows(scene.actor.layout, scene.population, seed: 31), [scene.population, scene.actor.layout.rowCount])
        let memory = try memory(
            scene.counts, capacity: scene.capacity, observations: 5, actions: 3, seed: 32, on: queue)
        let critics = try queue.tensor(randomRows(scene.critic.layout, 1, seed: 33), [1, scene.critic.layout.rowCount])
        for group in groups {
            try crossover.distil(group, parameters: parameters, critics: critics, memory: memory, held: held, step: 4)
        }
        return try parameters.read()
    }

    private func mutated(
        _ scene: Scene, groups: [[Int]], limit: Int, states: Int = 13, scope: ProximalMutation.Scope = .matrices,
        sigma: Float = 0.1, on queue: Queue
    ) throws -> [Float] {
        let mutation = try ProximalMutation(
            scene.actor, population: scene.population, limit: limit, states: states, scope: scope, owners: scene.owners,
            streams: scene.streams, on: queue)
        let parameters = try queue.tensor(
            randomRows(scene.actor.layout, scene.population, seed: 31), [scene.population, scene.actor.layout.rowCount])
        let memory = try memory(
            scene.counts, capacity: scene.capacity, observations: 5, actions: 3, seed: 32, on: queue)
        for group in groups {
            try mutation.mutate(
                group, parameters: parameters, magnitudes: (0..<scene.population).map { sigma * Float($0 + 1) / 3 },
                memory: memory, step: 4)
        }
        return try parameters.read()
    }

    @Test func everyBackendGivesTheSameBits() throws {
        let scene = Scene()
        var children: [Float]?, mutants: [Float]?
        for backend in Backend.available {
            let queue = try backend.makeQueue()
            let a = try distilled(scene, groups: [scene.children], limit: 4, on: queue),
                b = try mutated(scene, groups: [[0, 1, 2, 3, 4]], limit: 5, scope: .all, on: queue)
            #expect(a == children ?? a && b == mutants ?? b, "\(backend)")
            (children, mutants) = (children ?? a, mutants ?? b)
        }
        #expect(children!.allSatisfy(\.isFinite) && mutants!.allSatisfy(\.isFinite))
    }

    @Test(arguments: Backend.usual) func allAtOnceIsOneAtATime(backend: Backend) throws {
        let queue = try backend.makeQueue(), scene = Scene(), layout = scene.actor.layout
        let all = try distilled(scene, groups: [scene.children], limit: 4, on: queue)
        #expect(
            try distilled(scene, groups: scene.children.map { [$0] }, limit: 1, on: queue) == all,
            "children one at a time")
        #expect(
            try distilled(scene, groups: [scene.children], limit: 3, on: queue) == all, "more children than fit at once"
        )
        // The bound spares launches and nothing else, where it is none of the children's that learn more.
        #expect(
            try distilled(scene, groups: [[scene.children[0]]], limit: 1, held: 20, on: queue)
                == distilled(scene, groups: [[scene.children[0]]], limit: 1, on: queue))
        // Who has no memory keeps the weaker parent's parameters.
        let start = randomRows(layout, scene.population, seed: 31)
        #expect(all[3 * layout.rowCount..<4 * layout.rowCount] == start[..<layout.rowCount])
        for child in [1, 2, 4] {
            #expect(
                all[child * layout.rowCount..<(child + 1) * layout.rowCount]
                    != start[(child == 2 ? 0 : 5 * layout.rowCount)..<((child == 2 ? 0 : 5) + 1) * layout.rowCount])
        }

        let mutants = try mutated(scene, groups: [[0, 1, 2, 4]], limit: 5, on: queue)
        #expect(
            try mutated(scene, groups: [[4], [2], [1], [0]], limit: 1, on: queue) == mutants, "mutants one at a time")
        #expect(mutants[3 * layout.rowCount..<4 * layout.rowCount] == start[3 * layout.rowCount..<4 * layout.rowCount])
        // A memory of five is the same as a batch of five.
        #expect(
            try mutated(scene, groups: [[2]], limit: 1, states: 5, on: queue)
                == mutated(scene, groups: [[2]], limit: 1, states: 50, on: queue))
    }

    @Test func scopesMoveWhatTheySay() throws {
        let queue = try Queue(Device.named("auto")), scene = Scene(), layout = scene.actor.layout,
            start = randomRows(layout, scene.population, seed: 31)
        for scope in ProximalMutation.Scope.allCases {
            let rows = try mutated(scene, groups: [[0]], limit: 1, scope: scope, on: queue)
            for slot in layout.slots {
                let moved = (0..<slot.rows).flatMap { row in
                    (0..<slot.columns).map { slot.offset + row * slot.pitch + $0 }
                }.count { rows[$0] != start[$0] }
                #expect(
                    moved == (scope == .all || slot.isWeight ? slot.count : 0),
                    "\(moved) of \(slot.count) of \(slot.name) moved, \(scope)")
            }
            #expect(zip(rows, layout.mask()).allSatisfy { $1 == 1 || $0 == 0 })
        }
    }

    /// Actions change in proportion to sigma while it is small, and more with every larger one. A Gaussian mutation a
    /// tenth as strong changes them as much: what it draws anew does not depend on its strength.
    @Test(arguments: Backend.usual) func proximalChangesGrowWithTheirMagnitude(backend: Backend) throws {
        let queue = try backend.makeQueue(), actor = Policy.erl(observations: 17, actions: 6, hidden: [64, 64]),
            layout = actor.layout, population = 12
        let start = randomRows(layout, population, seed: 41, scale: 0.2),
            streams = Queue.streamWords(seeds: [5], membersPerRun: population)
        let memory = try memory(
            [Int](repeating: 400, count: population), capacity: 400, observations: 17, actions: 6, seed: 42, on: queue)
        var rng = SeededGenerator(seed: 43)
        let states = rng.uniform(200 * 17),
            before = try actions(
                actor, queue.tensor(start, [population, layout.rowCount]), states, rows: 200, on: queue)
        func change(_ mutate: (Tensor) throws -> Void) throws -> [Double] {
            let parameters = try queue.tensor(start, [population, layout.rowCount])
            try mutate(parameters)
            let after = try actions(actor, parameters, states, rows: 200, on: queue)
            return (0..<population).map { member in
                (member * 1200..<(member + 1) * 1200).reduce(0.0) {
                    $0 + Double((after[$1] - before[$1]) * (after[$1] - before[$1]))
                }.squareRoot()
            }
        }
        let proximal = try ProximalMutation(
            actor, population: population, limit: population, owners: Array(0..<population), streams: streams, on: queue
        )
        let sigmas = [0.0005, 0.001, 0.002, 0.0125, 0.025, 0.05, 0.1]
        let grown = try sigmas.map { sigma in
            try change {
                try proximal.mutate(
                    Array(0..<population), parameters: $0,
                    magnitudes: [Float](repeating: Float(sigma), count: population), memory: memory, step: 1)
            }
        }
        for index in 1..<sigmas.count {
            for (a, b) in zip(grown[index - 1], grown[index]) {
                if index < 3 {
                    #expect(
                        b / a > 1.7 && b / a < 2.3,
                        "sigma \(sigmas[index]) changes actions \(b / a) times as much as half of it")
                }
                #expect(
                    b / a > 1.1, "sigma \(sigmas[index]) changes actions \(b / a) times as much as \(sigmas[index - 1])"
                )
            }
        }
        let gaussian = try [0.01, 0.1].map { strength in
            var settings = GaussianMutation.Settings()
            settings.strength = strength
            let mutation = try GaussianMutation(
                layout, population: population, limit: population, settings: settings, streams: streams, on: queue)
            return try change { try mutation.mutate(Array(0..<population), parameters: $0, step: 1) }
        }
        let ratios = zip(gaussian[0], gaussian[1]).filter { $1 > 0 }.map { $1 / $0 }
        #expect(ratios.sorted()[ratios.count / 2] < 1.5, "ten times the strength changes actions by \(ratios)")
    }

    /// Gaps over whole memories, against plain Double arithmetic on the policies' own outputs.
    @Test(arguments: Backend.available) func distancesAreMeanSquaredGaps(backend: Backend) throws {
        let queue = try backend.makeQueue(), actor = Policy.erl(observations: 5, actions: 3, hidden: [19]), runs = 2,
            population = 3, counts = [9, 4, 11, 1, 7, 2]
        let parameters = try queue.tensor(randomRows(actor.layout, 6, seed: 51), [6, actor.layout.rowCount]),
            memory = try memory(counts, capacity: 11, observations: 5, actions: 3, seed: 52, on: queue)
        let distance = try BehaviourDistance(
            actor, runs: runs, population: population, states: 16, owners: Array(0..<6),
            streams: Queue.streamWords(seeds: [1, 2], membersPerRun: population), on: queue)
        let before = queue.counts.readBacks
        try distance.measure(parameters, memory: memory, step: 3)
        #expect(queue.counts.readBacks == before)
        let got = try distance.read(), rows: [Float] = try memory.rows.read()
        for run in 0..<runs {
            for x in 0..<population {
                for y in 0..<population where x != y {
                    var want = 0.0
                    for (policy, other) in [
                        (run * population + x, run * population + y), (run * population + y, run * population + x)
                    ] {
                        let held = (0..<counts[other]).map { (other * 11 + $0) * memory.width }
                        let moves = try actions(
                            actor, parameters, held.flatMap { rows[$0..<$0 + 5] }, rows: held.count, on: queue)
                        for (index, at) in held.enumerated() {
                            for a in 0..<3 {
                                let gap =
                                    Double(moves[(policy * held.count + index) * 3 + a]) - Double(rows[at + 5 + a])
                                want += gap * gap / Double(held.count)
                            }
                        }
                    }
                    // Squares below 4, three to a row and at most 11 rows, each rounded.
                    #expect(
                        abs(got[run][x][y] - want) < 2 * 14 * 12 * 0x1p-24,
                        "\(x) and \(y) of run \(run): \(got[run][x][y]), wanted \(want)")
                }
            }
        }
    }

    @Test func refusals() throws {
        let queue = try Queue(Device.named("cpu")), scene = Scene()
        expectRefusal("crossover batch: 128 of a genetic memory of 100; 1 to 100 are accepted") {
            _ = try DistillationCrossover(
                scene.actor, scene.critic, runs: 1, population: 6, limit: 1, capacity: 100, owners: scene.owners,
                streams: scene.streams, on: queue)
        }
        expectRefusal("mutation batch: 0 states; at least 1 is accepted") {
            _ = try ProximalMutation(
                scene.actor, population: 6, limit: 1, states: 0, owners: scene.owners, streams: scene.streams, on: queue
            )
        }
    }
}
