import GPUTensor

let actorParameterOrder = ["W1", "b1", "ln1_gamma", "ln1_beta", "W2", "b2", "ln2_gamma", "ln2_beta", "W3", "b3"]
let criticParameterOrder = ["Ws", "bs", "Wa", "ba", "W2", "b2", "ln2_gamma", "ln2_beta", "W3", "b3"]

/// The actor and the critic of ERL and PDERL: values, and vector-Jacobian products of parameters and actions.
func verifyNetworks(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (observations, actions, hidden) = try (reference.size("obs"), reference.size("act"), reference.size("hidden"))
    let (members, batch, widths) = try (
        reference.size("members"), reference.size("batch"), reference.sizes("critic", count: 2)
    )
    try reference.expectOrder("actor_parameter_order", actorParameterOrder)
    try reference.expectOrder("critic_parameter_order", criticParameterOrder)
    let actor = Policy.erl(observations: observations, actions: actions, hidden: [hidden, hidden])
    let critic = CriticNetwork(observations: observations, actions: actions, first: widths[0], second: widths[1])
    let rows = members * batch
    func input(_ name: String, _ columns: Int) throws -> Tensor {
        try queue.tensor(reference.floats(name, count: rows * columns), [members, batch, columns], padded: true)
    }
    let state = try input("obs", observations)

    // Actor.
    let actorParameters = try queue.tensor(
        reference.parameterRows("actor", members: members, actor.layout), [members, actor.layout.rowCount])
    let actorGradients = try queue.tensor(.float32, [members, actor.layout.rowCount])
    let actorPass = try MLPWorkspace(actor.mlp, members: members, rows: batch, backward: true, on: queue)
    try actorPass.forward(MatrixView(state), parameters: actorParameters, on: queue)
    try queue.outputGradient(
        actorPass.outputGradient, from: input("actor_out_grad", actions), output: actorPass.output, activation: .tanh)
    try actorPass.backward(
        MatrixView(state), parameters: actorParameters, parameterGradients: actorGradients, on: queue)

    // Critic.
    let criticParameters = try queue.tensor(
        reference.parameterRows("critic", members: members, critic.layout), [members, critic.layout.rowCount])
    let criticGradients = try queue.tensor(.float32, [members, critic.layout.rowCount])
    let criticPass = try CriticWorkspace(critic, members: members, rows: batch, backward: true, on: queue)
    let action = try input("action", actions),
        actionGradient = try queue.tensor(.float32, [members, batch, actions], padded: true)
    try criticPass.forward(
        state: MatrixView(state), action: MatrixView(action), parameters: criticParameters, on: queue)
    try queue.outputGradient(
        criticPass.outputGradient, from: input("critic_out_grad", 1), output: criticPass.output, activation: .identity)
    try criticPass.backward(
        state: MatrixView(state), action: MatrixView(action), parameters: criticParameters,
        parameterGradients: criticGradients,
        actionGradient: MatrixView(actionGradient), on: queue)

    let actorStretch = normalisationStretch(width: hidden, rows: rows),
        criticStretch = normalisationStretch(width: widths[1], rows: rows)
    let actorWidths = [observations, hidden, hidden, actions]
    let criticForward = max(observations, actions) + 2 * widths[0] + 3 * widths[1]
    let criticBackward = criticForward + 1 + 3 * widths[1]
    return try [
        ArrayCheck(
            "actor_out", actorPass.output.read(), reference.doubles("actor_out", count: rows * actions),
            tolerance: roundingTolerance(depth: passDepth(widths: actorWidths, normalised: true), stretch: actorStretch)
        ),
        ArrayCheck(
            gradient: "actor_param_grad", actor.layout.unpackRows(actorGradients.read()).map(Double.init),
            reference.doubles("actor_param_grad", count: members * actor.layout.parameterCount),
            slots: actor.layout.flatSlots,
            tolerance: roundingTolerance(
                depth: passDepth(widths: actorWidths, normalised: true, batch: batch), stretch: actorStretch)),
        ArrayCheck(
            "critic_out", criticPass.output.read(), reference.doubles("critic_out", count: rows),
            tolerance: roundingTolerance(depth: criticForward, stretch: criticStretch)),
        ArrayCheck(
            gradient: "critic_param_grad", critic.layout.unpackRows(criticGradients.read()).map(Double.init),
            reference.doubles("critic_param_grad", count: members * critic.layout.parameterCount),
            slots: critic.layout.flatSlots,
            tolerance: roundingTolerance(depth: criticBackward + batch, stretch: criticStretch)),
        ArrayCheck(
            "critic_action_grad", actionGradient.read(), reference.doubles("critic_action_grad", count: rows * actions),
            tolerance: roundingTolerance(depth: criticBackward + widths[0], stretch: criticStretch))
    ]
}
