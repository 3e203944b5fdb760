import GPUTensor

/// Launches every kernel at small odd sizes, so that a simulator such as Oclgrind can watch what each reads and writes.
/// Results are not looked at here: tests do that. With `local` matrix form, the kernels with barriers run too.
///
/// - Parameter queue: made with `profiling`, if the caller wants to know which kernels ran.
public func exerciseKernels(on queue: Queue) throws {
    try exerciseTraining(on: queue)
    try exerciseRobots(on: queue)
    try exerciseNetworks(on: queue)
    try exerciseProducts(on: queue)
    try exerciseRows(on: queue)
    try exerciseRandom(on: queue)
    try exerciseOptimiser(on: queue)
    try exerciseLosses(on: queue)
    try exerciseVariation(on: queue)
    try exerciseMemory(on: queue)
    try exerciseLearners(on: queue)
    try exerciseEvolution(on: queue)
    try exerciseOperators(on: queue)
    try exerciseArrays(on: queue)
    try queue.finish()
}

/// A tensor of normal numbers.
private func normals(_ shape: [Int], padded: Bool = true, step: UInt32 = 0, on queue: Queue) throws -> Tensor {
    let tensor = try queue.tensor(.float32, shape, padded: true), rows = tensor.rowCount
    let streams = try queue.tensor(Queue.streamWords(seeds: [7], membersPerRun: rows), [rows, 4])
    let values = try queue.tensor(.float32, [rows, shape.last!], padded: true)
    try queue.randomNormal(values, streams: streams, step: step, purpose: "EXER")
    try queue.copy(values, to: tensor)
    if padded { return tensor }
    return try queue.tensor(tensor.read(as: Float.self), shape)
}

/// One iteration of PPO in every classic environment: rollout, advantages, losses and updates. 3 members, 5
/// environments, 7 steps, so that no size is a multiple of a lane, tile or work-group, and minibatches of 11 and 2
/// rows.
private func exerciseTraining(on queue: Queue) throws {
    for spec in EnvironmentSpec.all where spec.physics == nil {
        var config = PPOConfig()
        (config.population, config.environments, config.rolloutSteps, config.totalSteps) = (3, 5, 7, 70)
        (config.epochs, config.batchSize, config.hidden, config.valueHidden) = (1, 11, [17, 5], [19])
        config.objective = .penalty
        config.maxKL = 0.1
        let ppo = try PPO(config, spec, seeds: [1], on: queue)
        _ = try ppo.step()
    }
}

/// A reset, a step that ends by its time limit and starts anew, and a step from a placed state, of every robot. 2
/// environments: a step is some ten thousand instructions, and a simulator looks at each.
private func exerciseRobots(on queue: Queue) throws {
    for spec in EnvironmentSpec.all {
        guard let physics = spec.physics else { continue }
        let slots = 2, stage = try RobotStage(spec, environments: slots, on: queue),
            actions = try normals([slots, spec.action.width], padded: false, on: queue)
        try stage.environment.reset(step: 0)
        try stage.step(actions, autoReset: true, timeLimit: 1)
        let positions = try stage.environment.positions().map { Float($0) }
        try stage.environment.place(
            positions: positions, velocities: [Float](repeating: 0.5, count: slots * physics.model.sizes.nv))
        try stage.step(actions)
    }
}

/// Forward and backward passes with each activation and normalisation, of the input too; layers of one unit, and
/// batches of one row.
private func exerciseNetworks(on queue: Queue) throws {
    let cases: [(Activation, LayerNormForm?, hidden: [Int], rows: Int)] = [
        (.tanh, .pytorch, [17, 1], 5), (.relu, .erl, [33], 1), (.elu, nil, [20, 7], 3), (.sigmoid, nil, [1], 9),
        (.softplus, .pytorch, [65], 2), (.identity, nil, [], 1)
    ]
    for (activation, norm, hidden, rows) in cases {
        var layout = ParameterLayout()
        let
            mlp = MLP(
                inputs: 3, hidden: hidden, outputs: 2, activation: activation, norm: norm, prefix: "mlp", in: &layout),
            members = 3
        let parameters = try normals([members, layout.rowCount], on: queue),
            gradients = try queue.tensor(.float32, [members, layout.rowCount])
        let space = try MLPWorkspace(mlp, members: members, rows: rows, backward: true, inputGradient: true, on: queue)
        let x = try normals([members, rows, 3], on: queue),
            dx = try queue.tensor(.float32, [members, rows, 3], padded: true)
        try queue.copy(normals([members, rows, 2], step: 1, on: queue), to: space.outputGradient)
        try space.forward(MatrixView(x), parameters: parameters, on: queue)
        try space.backward(
            MatrixView(x), parameters: parameters, parameterGradients: gradients, inputGradient: MatrixView(dx),
            on: queue)
    }
}

/// Matrix products beyond one tile of every form, one past a chunk of batch rows, from matrices without padding where
/// that is allowed.
private func exerciseProducts(on queue: Queue) throws {
    for (p, m, k, n) in [(1, 1, 1, 1), (2, 5, 3, 17), (1, 257, 3, 19), (1, 129, 18, 65), (2, 9, 130, 33)] {
        var layout = ParameterLayout()
        _ = layout.add("unused", columns: 5)
        let layer = LinearLayer(
            inputs: k, outputs: n, activation: .tanh, weights: layout.add("w", rows: k, columns: n, isWeight: true),
            bias: layout.add("b", columns: n))
        let parameters = try normals([p, layout.rowCount], on: queue),
            gradients = try queue.tensor(.float32, [p, layout.rowCount])
        let x = try normals([p, m, k], padded: false, on: queue), a = try normals([p, m, k], on: queue),
            dy = try normals([p, m, n], on: queue)
        let y = try queue.tensor(.float32, [p, m, n], padded: true),
            dx = try queue.tensor(.float32, [p, m, k], padded: true)
        let flipped = try queue.tensor(.float32, [p, n, k], padded: true)
        try queue.linearForward(MatrixView(y), MatrixView(x), layer, parameters: parameters, members: p, rows: m)
        try queue.linearTranspose(MatrixView(flipped), layer, parameters: parameters, members: p)
        try queue.linearInputGradient(
            MatrixView(dx), MatrixView(dy), layer, transposed: MatrixView(flipped), through: (MatrixView(a), .tanh),
            members: p, rows: m)
        try queue.linearWeightGradient(gradients, MatrixView(x), MatrixView(dy), layer, members: p, rows: m)
        try queue.columnSum(
            MatrixView(gradients, offset: layer.bias!, memberStride: gradients.pitch, pitch: padded(n)), MatrixView(dy),
            members: p, rows: m, columns: n)
    }
}

/// Reductions and orders over rows.
private func exerciseRows(on queue: Queue) throws {
    for (rows, columns) in [(1, 1), (3, 17), (5, 33)] {
        let x = try normals([rows, columns], on: queue), y = try queue.tensor(.float32, [rows, columns], padded: true)
        let sum = try queue.tensor(.float32, [rows]), mean = try queue.tensor(.float32, [rows]),
            variance = try queue.tensor(.float32, [rows])
        try queue.launch(
            "reduce_rows", over: [rows], x, sum, mean, variance, rows, columns, x.pitch, 1)
        try queue.argmax(x, into: queue.tensor(.int32, [rows]))
        try queue.argsort(x, into: queue.tensor(.int32, [rows, columns]))
        try queue.logSoftmax(y, x)
        try queue.gatherRows(
            // one index is outside
            y, from: x, queue.tensor((0..<Int32(rows)).map { $0 == 1 ? Int32(rows) : Int32(rows) - 1 - $0 }))
    }
}

private func exerciseRandom(on queue: Queue) throws {
    for (members, count) in [(1, 1), (3, 17), (2, 70)] {
        let streams = try queue.tensor(Queue.streamWords(seeds: [3], membersPerRun: members), [members, 4])
        try queue.randomBits(
            queue.tensor(.uint32, [members, count], padded: true), streams: streams, step: 1, purpose: "EXER")
        try queue.randomUniform(
            queue.tensor(.float32, [members, count], padded: true), streams: streams, step: 1, purpose: "EXER")
        try queue.randomNormal(
            queue.tensor(.float32, [members, count], padded: true), streams: streams, step: 1, purpose: "EXER")
        try queue.randomPermutation(
            queue.tensor(.int32, [members, count], padded: true), streams: streams, step: 1, purpose: "EXER")
        try queue.randomChoice(
            queue.tensor(.int32, [members, count], padded: true), below: count + 3, streams: streams, step: 1,
            purpose: "EXER")
    }
}

/// Both methods, with one member that does not step, and rows of more than one block of the gradient's norm.
private func exerciseOptimiser(on queue: Queue) throws {
    for method in [Optimiser.Method.adam(), .sgd] {
        for count in [16, 4096 + 48] {
            let optimiser = try Optimiser(method, members: 3, parameters: count, split: 16, on: queue)
            try optimiser.active.write([1, 0, 1] as [Int32])
            try optimiser.rates.write([Float](repeating: 0.1, count: 6))
            try optimiser.normLimits.write([0, 1, 1] as [Float])
            try optimiser.step(
                normals([3, count], on: queue), gradients: normals([3, count], step: 1, on: queue), on: queue)
            if method == .sgd { continue }
            try optimiser.step(
                normals([3, count], on: queue), gradients: normals([3, count], step: 1, on: queue),
                target: (normals([3, count], step: 2, on: queue), tau: normals([3], padded: false, on: queue)),
                on: queue)
        }
    }
}

/// The losses of distillation, imitation and temporal differences, and gradients at a network's output.
private func exerciseLosses(on queue: Queue) throws {
    for (p, b, a) in [(1, 1, 1), (3, 5, 17)] {
        func rows(_ step: UInt32) throws -> Tensor { try normals([p, b, a], step: step, on: queue) }
        func values(_ step: UInt32) throws -> Tensor { try normals([p, b, 1], step: step, on: queue) }
        let losses = try queue.tensor(.float32, [p, b]), y = try rows(0), dy = try rows(1), teacher = try rows(2)
        try queue.outputGradient(dy, from: dy, output: y, activation: .tanh)
        try queue.outputColumnGradient(dy, column: a - 1, output: y, activation: .sigmoid)
        try queue.distillationTeacher(
            MatrixView(teacher), first: y, second: dy, firstQ: values(3), secondQ: values(4), members: p, rows: b)
        try queue.distillationLoss(gradient: dy, losses: losses, actions: y, teacher: MatrixView(teacher))
        try queue.temporalDifference(
            gradient: values(5), losses: losses, q: values(6), nextQ: values(7),
            rewards: normals([p, b], padded: false, on: queue),
            done: queue.tensor([Float](repeating: 1, count: p * b), [p, b]),
            gamma: normals([p], padded: false, on: queue))
        try queue.gaussianImitationLoss(
            meanGradient: dy, logStdGradient: teacher, losses: losses, mean: y,
            parameters: normals([p, padded(a) + 16], on: queue), logStd: 16,
            expertMean: rows(8), expertLogStd: rows(9))
        try queue.categoricalImitationLoss(
            logitGradient: dy, logProbabilities: teacher, losses: losses, logits: y, expert: rows(8))
        try queue.gateLoss(
            gradient: normals([p, b, 2], on: queue), statistics: queue.tensor(.float32, [p, b, rowPadding]),
            logits: normals([p, b, 2], step: 1, on: queue),
            labels: queue.tensor((0..<Int32(p * b)).map { $0 % 2 }, [p, b]))
    }
}

/// Two rounds of GPO with a continuous and a discrete task, in which everyone is similar to everyone, every option is
/// on and no size is a multiple of a lane.
private func exerciseEvolution(on queue: Queue) throws {
    for environment in ["Pendulum-v1", "CartPole-v1"] {
        var config = GPOConfig()
        (
            config.mutation.population, config.mutation.environments, config.mutation.rolloutSteps,
            config.mutation.batchSize, config.mutation.epochs
        ) = (3, 5, 7, 11, 1)
        (config.mutation.hidden, config.mutation.valueHidden, config.gateHidden) = ([17, 5], [19], [5])
        (config.similarity, config.similarLimit, config.klStates, config.rounds, config.recentRollouts) = (
            1e6, 3, 9, 2, 2
        )
        (
            config.gateEpochs, config.gateBatchSize, config.gateRefinement, config.crossoverEnvironments,
            config.crossoverSteps
        ) = (1, 5, 1, 3, 4)
        (
            config.daggerPasses, config.imitationEpochs, config.imitationBatchSize, config.gateData,
            config.childStatistics, config.lineageEpisodes
        ) = (1, 1, 11, .pooled, .merged, 0)
        config.totalSteps = 2 * 3 * (2 * 35 + config.crossoverStepsPerChild)
        let gpo = try GPO(config, EnvironmentSpec.named(environment), seeds: [1], on: queue)
        while !gpo.isDone { _ = try gpo.step() }
    }
}

/// Target networks and proximal mutation.
private func exerciseVariation(on queue: Queue) throws {
    for (p, n) in [(1, 16), (3, 48)] {
        func rows(_ step: UInt32) throws -> Tensor { try normals([p, n], step: step, on: queue) }
        try queue.polyakUpdate(rows(0), towards: rows(1), tau: normals([p], padded: false, on: queue))
        let squares = try rows(2)
        try queue.addGradientSquares(to: squares, rows(3))
        try queue.mutateProximally(
            rows(4), noise: rows(5), magnitude: normals([p], padded: false, on: queue), squares: squares,
            mask: normals([n], padded: false, on: queue), divisor: rows(6))
    }
}

/// A memory that wraps, is drawn from, inherits and is shuffled.
private func exerciseMemory(on queue: Queue) throws {
    let memory = try TransitionMemory(owners: 3, capacity: 19, observations: 3, actions: 1, inherits: true, on: queue)
    try memory.start()
    let episodes = try normals([4, 23, memory.width], padded: false, on: queue),
        order = try queue.tensor([0, 1, 2, -1, -1, -1] as [Int32], [3, 2])
    try memory.append(episodes, lengths: queue.tensor([7, 23, 5, 0] as [Int32]), order: order)
    let batch = try TransitionBatch(members: 4, rows: 17, observations: 3, actions: 1, on: queue),
        owners = try queue.tensor([0, 1, 2, 0] as [Int32])
    try memory.draw(
        batch.slots, of: owners, latest: 9,
        streams: queue.tensor(Queue.streamWords(seeds: [3], membersPerRun: 4), [4, 4]),
        steps: queue.tensor(.uint32, [4]), step: 1, purpose: "EXER")
    try memory.gather(batch, of: owners)
    try memory.inherit(
        [Inheritance(2, first: 0, second: 1, limit: 9, isShuffled: true), Inheritance(0, from: 2)],
        streams: queue.tensor(Queue.streamWords(seeds: [3], membersPerRun: 3), [3, 4]), step: 1, purpose: "EXER")
}

/// ERL's and PDERL's operators on a small population: odd sizes, one member, and lists that fill no work-space.
private func exerciseOperators(on queue: Queue) throws {
    let actor = Policy.erl(observations: 5, actions: 3, hidden: [19, 7]), population = 5,
        streams = Queue.streamWords(seeds: [3], membersPerRun: population)
    let parameters = try normals([population, actor.layout.rowCount], on: queue)
    let swaps = [
        GenerationPlan.Swap(first: 0, second: 4, firstSlot: 2, secondSlot: 1),
        .init(first: 4, second: 0, firstSlot: 3, secondSlot: nil)
    ]
    try NPointCrossover(actor.layout, population: population, limit: 3, streams: streams, on: queue).cross(
        swaps, parameters: parameters, step: 1)
    try GaussianMutation(actor.layout, population: population, limit: 2, streams: streams, on: queue).mutate(
        [4, 0, 3], parameters: parameters, step: 1)

    // One ring holds less than a batch, one more, one nothing.
    let
        memory = try TransitionMemory(
            owners: population, capacity: 19, observations: 5, actions: 3, inherits: false, on: queue),
        owners = Array(0..<population)
    try memory.start()
    try memory.append(
        normals([4, 9, memory.width], padded: false, on: queue), lengths: queue.tensor([9, 9, 2, 9] as [Int32]),
        order: queue.tensor([0, 1, 2, -1, 3, 0, -1, -1, 1, 3] as [Int32], [population, 2]))
    try ProximalMutation(
        actor, population: population, limit: 2, states: 7, owners: owners, streams: streams, on: queue
    )
    .mutate(
        [4, 1, 3], parameters: parameters, magnitudes: [Float](repeating: 0.1, count: population), memory: memory,
        step: 1)
    let critic = CriticNetwork(observations: 5, actions: 3, first: 18, second: 9)
    var settings = DistillationCrossover.Settings()
    (settings.epochs, settings.batch) = (1, 7)
    try DistillationCrossover(
        actor, critic, runs: 1, population: population, limit: 2, capacity: 19, settings: settings, owners: owners,
        streams: streams, on: queue
    )
    .distil(
        [.init(first: 0, second: 4, slot: 2), .init(first: 4, second: 0, slot: 1), .init(first: 0, second: 4, slot: 3)],
        parameters: parameters,
        critics: normals([1, critic.layout.rowCount], on: queue), memory: memory, step: 1)
    let distance = try BehaviourDistance(
        actor, runs: 1, population: population, states: 7, latest: 11, owners: owners, streams: streams, on: queue)
    try distance.measure(parameters, memory: memory, step: 1)
}

/// A generation of all variants of ERL, with either learner, with two elites, two trials, tests and an injection; sizes
/// are odd.
private func exerciseLearners(on queue: Queue) throws {
    for learner in LearnerKind.allCases {
        var config = ERLConfig()
        (config.own.population, config.own.variants, config.own.trials) = (5, ERLVariant.allCases, 2)
        (config.own.eliteFraction, config.own.syncPeriod, config.own.pairing) = (0.4, 1, .mix)
        (config.learning.learner, config.learning.batchSize, config.learning.replayMemory) = (learner, 11, 97)
        (config.learning.actorHidden, config.learning.criticHidden) = ([17, 5], [3, 19])
        (config.own.geneticMemory, config.own.distillationBatchSize, config.own.distillationEpochs) = (23, 13, 1)
        (config.own.mutationBatchSize, config.own.testEpisodes, config.own.totalSteps) = (9, 1, 1)
        config.learning.updatesPerStep = 0.05
        _ = try ERL(config, EnvironmentSpec.named("Swimmer-v5", settings: ["time_limit=12"]), seeds: [1], on: queue)
            .step()
    }
}

/// What works on plain arrays.
private func exerciseArrays(on queue: Queue) throws {
    let lanes = queue.lanes
    for function in MathFunction.allCases {
        try queue.mapMath(queue.tensor(.float32, [48]), normals([1, 48], on: queue), function)
    }
    try queue.fill(queue.tensor(.float32, [35]), 1)
    try queue.launch(
        "peak_fma", over: [3], queue.tensor(.float32, [3 * lanes]), 3, 2, Float(0.5), Float(1))
    try queue.launch(
        "peak_copy", over: [48 / lanes], normals([1, 48], on: queue), queue.tensor(.float32, [48]), 48)
}
