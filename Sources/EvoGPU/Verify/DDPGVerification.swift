import GPUTensor

/// A run of DDPG updates: losses of every update, and all four networks after the first and the last one.
func verifyDDPG(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (observations, actions, hidden) = try (reference.size("obs"), reference.size("act"), reference.size("hidden"))
    let (widths, batch, steps) = try (
        reference.sizes("critic", count: 2), reference.size("batch"), reference.size("steps")
    )
    let (actorRate, criticRate, tau) = try (
        reference.number("actor_lr"), reference.number("critic_lr"), reference.number("tau")
    )
    let adam = try reference.adamSettings()
    try reference.expectOrder("actor_parameter_order", actorParameterOrder)
    try reference.expectOrder("critic_parameter_order", criticParameterOrder)
    let actor = Policy.erl(observations: observations, actions: actions, hidden: [hidden, hidden])
    let critic = CriticNetwork(observations: observations, actions: actions, first: widths[0], second: widths[1])

    let start = try [
        ("actor", actor.layout), ("critic", critic.layout), ("target_actor", actor.layout),
        ("target_critic", critic.layout)
    ]
    .map { try reference.doubles("\($0.0)_0", count: $0.1.parameterCount) }
    let ddpg = try DDPG(actor, critic, members: 1, batch: batch, adam: adam.method, on: queue)
    try ddpg.start()
    let networks = [
        ("actor", actor.layout, ddpg.actorParameters), ("critic", critic.layout, ddpg.criticParameters),
        ("target_actor", actor.layout, ddpg.targetActorParameters),
        ("target_critic", critic.layout, ddpg.targetCriticParameters)
    ]
    for ((_, layout, tensor), values) in zip(networks, start) { try tensor.write(layout.pack(values)) }
    for (optimiser, rate) in [(ddpg.actorOptimiser, actorRate), (ddpg.criticOptimiser, criticRate)] {
        try optimiser.rates.write([Float(rate), Float(rate)])
        try optimiser.normLimits.write([Float(10)])  // the note's, for both
        try optimiser.active.write([Int32(1)])
    }
    try ddpg.gamma.write([Float(reference.number("gamma"))])
    try ddpg.tau.write([Float(tau)])
    func batches(_ name: String, _ columns: Int) throws -> Tensor {
        try queue.tensor(reference.floats(name, count: steps * batch * columns), [steps, batch, columns], padded: true)
    }
    let (state, action, nextState) = try (
        batches("obs", observations), batches("action", actions), batches("next_obs", observations)
    )
    let (reward, done) = try (
        reference.floats("reward", count: steps * batch), reference.floats("done", count: steps * batch)
    )
    func view(_ tensor: Tensor, _ step: Int) -> MatrixView {
        MatrixView(tensor, offset: step * batch * tensor.pitch, memberStride: batch * tensor.pitch, pitch: tensor.pitch)
    }

    // The critic's gradient goes through two critics and the target actor; the actor's through the actor and the
    // critic, back and forth.
    let actorDepth = passDepth(widths: [observations, hidden, hidden, actions], normalised: true, batch: batch)
    let criticDepth = 2 * (max(observations, actions) + 2 * widths[0] + 3 * widths[1]) + batch
    let stretch = max(
        normalisationStretch(width: hidden, rows: steps * batch),
        normalisationStretch(width: widths[1], rows: steps * batch))
    let criticTolerance = roundingTolerance(depth: actorDepth + 2 * criticDepth, stretch: stretch)
    let actorTolerance = roundingTolerance(depth: 2 * actorDepth + criticDepth, stretch: stretch)
    var trajectories = [
        AdamTrajectory(
            ddpg.actorOptimiser, actor.layout, members: 1, rate: actorRate, beta2: adam.beta2, tolerance: actorTolerance
        ),
        AdamTrajectory(
            ddpg.criticOptimiser, critic.layout, members: 1, rate: criticRate, beta2: adam.beta2,
            tolerance: criticTolerance)
    ]
    var checks: [ArrayCheck] = [], criticLosses: [Double] = [], actorLosses: [Double] = []
    for step in 0..<steps {
        try ddpg.update(
            states: view(state, step), actions: view(action, step),
            rewards: queue.tensor(Array(reward[step * batch..<(step + 1) * batch]), [1, batch]),
            nextStates: view(nextState, step),
            done: queue.tensor(Array(done[step * batch..<(step + 1) * batch]), [1, batch]))
        criticLosses.append(try ddpg.criticLosses.read(as: Float.self).map(Double.init).mean)
        actorLosses.append(-(try ddpg.actorValues.read(as: Float.self).map(Double.init).mean))
        for i in trajectories.indices { try trajectories[i].advance() }
        guard step == 0 || step == steps - 1 else { continue }
        for (i, (name, layout, tensor)) in networks.enumerated() {
            let got = layout.unpack(try tensor.read()), first = start[i].map { Float($0) }
            let want = try reference.doubles("\(name)_\(step + 1)", count: layout.parameterCount),
                tolerance = i % 2 == 0 ? actorTolerance : criticTolerance
            if i < 2 {
                checks.append(
                    trajectories[i].check(
                        "\(name)_\(step + 1)", start: first, got: got, wantStart: start[i], want: want,
                        tolerance: tolerance))
            } else {
                // A target goes tau of the distance per update: of its own size, plus tau times what the online network
                // may be off by each time.
                let online = trajectories[i - 2].scales(around: want, tolerance: tolerance),
                    way = zip(want, start[i]).map { $0 - $1 }
                let scales = zip(online, want).map {
                    way.rootMeanSquare + Double(step + 1) * (tau * $0 + 0x1p-24 * abs($1) / tolerance)
                }
                checks.append(
                    ArrayCheck(
                        "\(name)_\(step + 1), way gone", zip(got, first).map { Double($0) - Double($1) }, way,
                        scales: scales, tolerance: tolerance))
            }
        }
    }
    // The actor's loss is a mean of values that cancel: held to the size of the rewards that make the values.
    checks.append(
        try ArrayCheck(
            "critic_loss", criticLosses, reference.doubles("critic_loss", count: steps), tolerance: criticTolerance))
    checks.append(
        try ArrayCheck(
            "actor_loss", actorLosses, reference.doubles("actor_loss", count: steps), tolerance: actorTolerance))
    return checks
}
