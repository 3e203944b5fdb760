import GPUTensor

/// PDERL's distillation crossover: which parent teaches in each state, and a child's training on it.
func verifyDistillation(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (observations, actions, hidden) = try (reference.size("obs"), reference.size("act"), reference.size("hidden"))
    let (widths, children, steps, batch) = try (
        reference.sizes("critic", count: 2), reference.size("children"), reference.size("steps"),
        reference.size("batch")
    )
    try reference.expectOrder("actor_parameter_order", actorParameterOrder)
    try reference.expectOrder("critic_parameter_order", criticParameterOrder)
    let rate = 1e-3  // the note's; PDERL's genetic actor rate
    let actor = Policy.erl(observations: observations, actions: actions, hidden: [hidden, hidden])
    let critic = CriticNetwork(observations: observations, actions: actions, first: widths[0], second: widths[1])
    let rows = steps * batch, layout = actor.layout

    // Teachers of all states at once: parents and critic stay as they are. The critic is one member with every child's
    // rows.
    let states = try queue.tensor(
        reference.floats("states", count: children * rows * observations), [children, rows, observations], padded: true)
    let criticParameters = try queue.tensor(
        reference.parameterRows("critic", members: 1, critic.layout), [1, critic.layout.rowCount])
    let everyState = MatrixView(states, memberStride: 0, pitch: states.pitch)
    var proposals: [(actions: Tensor, values: Tensor)] = []
    for name in ["parent_x", "parent_y"] {
        let pass = try MLPWorkspace(actor.mlp, members: children, rows: rows, backward: false, on: queue)
        let parameters = try queue.tensor(
            reference.parameterRows(name, members: children, layout), [children, layout.rowCount])
        try pass.forward(MatrixView(states), parameters: parameters, on: queue)
        let judge = try CriticWorkspace(critic, members: 1, rows: children * rows, backward: false, on: queue)
        try judge.forward(
            state: everyState, action: MatrixView(pass.output, memberStride: 0, pitch: pass.output.pitch),
            parameters: criticParameters, on: queue)
        proposals.append((pass.output, judge.output))
    }
    let teacher = try queue.tensor(.float32, [children, rows, actions], padded: true)
    try queue.distillationTeacher(
        MatrixView(teacher), first: proposals[0].actions, second: proposals[1].actions, firstQ: proposals[0].values,
        secondQ: proposals[1].values,
        members: children, rows: rows)

    let forward = passDepth(widths: [observations, hidden, hidden, actions], normalised: true)
    let judged = forward + max(observations, actions) + 2 * widths[0] + 3 * widths[1]
    let stretch = normalisationStretch(width: hidden, rows: children * rows)
    let tolerance = roundingTolerance(depth: forward, stretch: stretch),
        gradientTolerance = roundingTolerance(depth: 2 * forward + batch, stretch: stretch)
    // Where the two values differ by no more than their own rounding, either parent is right.
    let values = try proposals.map { try $0.values.read(as: Float.self).map(Double.init) }
    let margin =
        roundingTolerance(
            depth: judged, stretch: max(stretch, normalisationStretch(width: widths[1], rows: children * rows)))
        * max(values[0].rootMeanSquare, values[1].rootMeanSquare)
    let chosen: [Float] = try teacher.read(), want = try reference.doubles("teacher", count: children * rows * actions)
    let undecided = zip(values[0], values[1]).map { abs($0 - $1) <= margin }
    let compared = want.indices.filter { !undecided[$0 / actions] }
    var checks = [
        ArrayCheck(
            "teacher", compared.map { Double(chosen[$0]) }, compared.map { want[$0] }, scale: want.rootMeanSquare,
            tolerance: tolerance)
    ]

    let start = try reference.doubles("parent_y", count: children * layout.parameterCount),
        startRows = layout.packRows(start)
    let child = try queue.tensor(startRows, [children, layout.rowCount]),
        gradients = try queue.tensor(.float32, [children, layout.rowCount])
    let pass = try MLPWorkspace(actor.mlp, members: children, rows: batch, backward: true, on: queue),
        losses = try queue.tensor(.float32, [children, batch])
    let optimiser = try Optimiser(.adam(), members: children, parameters: layout.rowCount, on: queue)
    try optimiser.rates.write([Float](repeating: Float(rate), count: 2 * children))
    try optimiser.active.write([Int32](repeating: 1, count: children))
    var trajectory = AdamTrajectory(
        optimiser, layout, members: children, rate: rate, beta2: 0.999, tolerance: gradientTolerance)
    var gotLosses = [Double](repeating: 0, count: children * steps)
    for step in 0..<steps {
        func view(_ tensor: Tensor) -> MatrixView {
            MatrixView(
                tensor, offset: step * batch * tensor.pitch, memberStride: rows * tensor.pitch, pitch: tensor.pitch)
        }
        try pass.forward(view(states), parameters: child, on: queue)
        try queue.distillationLoss(
            gradient: pass.outputGradient, losses: losses, actions: pass.output, teacher: view(teacher))
        try pass.backward(view(states), parameters: child, parameterGradients: gradients, on: queue)
        let rowLosses = try losses.read(as: Float.self).map(Double.init)
        for c in 0..<children { gotLosses[c * steps + step] = rowLosses[c * batch..<(c + 1) * batch].reduce(0, +) }
        if step == 0 {
            checks.append(
                try ArrayCheck(
                    gradient: "first_gradient", layout.unpackRows(gradients.read()).map(Double.init),
                    reference.doubles("first_gradient", count: start.count), slots: layout.flatSlots,
                    tolerance: gradientTolerance))
        }
        try optimiser.step(child, gradients: gradients, on: queue)
        try trajectory.advance()
    }
    checks.append(
        try ArrayCheck(
            "loss", gotLosses, reference.doubles("loss", count: children * steps), tolerance: gradientTolerance))
    checks.append(
        try trajectory.check(
            "child", start: layout.unpackRows(startRows), got: layout.unpackRows(child.read()), wantStart: start,
            want: reference.doubles("child", count: start.count), tolerance: gradientTolerance))
    return checks
}
