import GPUTensor

/// PDERL's proximal mutation: output sensitivities, the divisors made of them, and parameters after a mutation of all
/// or of matrices only.
func verifySensitivity(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (observations, actions, hidden) = try (reference.size("obs"), reference.size("act"), reference.size("hidden"))
    let (members, batch) = try (reference.size("members"), reference.size("batch"))
    try reference.expectOrder("actor_parameter_order", actorParameterOrder)
    let actor = Policy.erl(observations: observations, actions: actions, hidden: [hidden, hidden]),
        layout = actor.layout
    let rows = try reference.parameterRows("actor", members: members, layout), shape = [members, layout.rowCount],
        count = members * layout.parameterCount
    let parameters = try queue.tensor(rows, shape), gradients = try queue.tensor(.float32, shape),
        squares = try queue.tensor(.float32, shape)
    let states = MatrixView(
        try queue.tensor(
            reference.floats("states", count: members * batch * observations), [members, batch, observations],
            padded: true))
    let pass = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: true, on: queue)
    try pass.forward(states, parameters: parameters, on: queue)
    for column in 0..<actions {
        try queue.outputColumnGradient(pass.outputGradient, column: column, output: pass.output, activation: .tanh)
        try pass.backward(states, parameters: parameters, parameterGradients: gradients, on: queue)
        try queue.addGradientSquares(to: squares, gradients)
    }

    // The square root halves the relative error of a sum of squares, which is twice that of the gradients.
    let tolerance = roundingTolerance(
        depth: passDepth(widths: [observations, hidden, hidden, actions], normalised: true, batch: batch) + actions,
        stretch: normalisationStretch(width: hidden, rows: members * batch))
    let want = try reference.doubles("sensitivity", count: count), size = want.rootMeanSquare
    let got = layout.unpackRows(try squares.read()).map { Double($0).squareRoot() }
    var checks = [ArrayCheck("sensitivity", got, want, scale: size, tolerance: tolerance)]

    let divisors = try reference.doubles("divisor", count: count), delta = try reference.doubles("delta", count: count)
    let deltaRows = try queue.tensor(layout.packRows(delta), shape), divisor = try queue.tensor(.float32, shape)
    let ones = try queue.tensor([Float](repeating: 1, count: members))
    for (name, mask) in [
        ("mutated_all", Array(repeating: 1.0, count: layout.parameterCount)),
        ("mutated_matrices", try reference.doubles("matrix_mask", count: layout.parameterCount))
    ] {
        try parameters.write(rows)
        try queue.mutateProximally(
            parameters, noise: deltaRows, magnitude: ones, squares: squares, mask: queue.tensor(layout.pack(mask)),
            divisor: divisor)
        if name == "mutated_all" {
            // The divisor jumps from 1 to 0.01 where s leaves 0; there it is compared only if both are 0 or neither.
            let smooth = want.indices.filter { (want[$0] == 0) == (got[$0] == 0) },
                all = layout.unpackRows(try divisor.read())
            checks.append(
                ArrayCheck(
                    "divisor", smooth.map { Double(all[$0]) }, smooth.map { divisors[$0] }, scale: size,
                    tolerance: tolerance))
        }
        // An error of e times the sensitivities' size moves delta / divisor by e size / divisor of itself.
        let after = try reference.doubles(name, count: count), own = after.rootMeanSquare
        let scales = after.indices.map { own + abs(delta[$0]) / divisors[$0] * (size / divisors[$0]) }
        checks.append(
            ArrayCheck(
                name, layout.unpackRows(try parameters.read()).map(Double.init), after, scales: scales,
                tolerance: tolerance))
    }
    return checks
}
