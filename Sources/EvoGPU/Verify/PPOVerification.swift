import GPUTensor

let policyParameterOrder = ["W1", "b1", "W2", "b2", "W3", "b3", "log_std"]
let valueParameterOrder = ["W1", "b1", "W2", "b2", "W3", "b3"]

/// PPO's two losses and the value loss on one batch: figures, gradients, and parameters after some steps of Adam.
func verifyPPO(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (observations, actions, hidden, batch) = try (
        reference.size("obs"), reference.size("act"), reference.size("hidden"), reference.size("batch")
    )
    let (steps, rate, adam) = try (reference.size("steps"), reference.number("adam_lr"), reference.adamSettings())
    let (clip, beta) = try (reference.number("eps"), reference.number("beta"))
    try reference.expectOrder("policy_parameter_order", policyParameterOrder)
    try reference.expectOrder("value_parameter_order", valueParameterOrder)
    let network = ActorCritic.reference(observations: observations, actions: actions, hidden: hidden, hasValue: true)
    let (count, policyCount) = (network.layout.parameterCount, network.policyParameterCount)
    let valueCount = count - policyCount
    func doubles(_ name: String, _ count: Int) throws -> [Double] { try reference.doubles(name, count: count) }
    func floats(_ name: String, _ count: Int) throws -> [Float] { try reference.floats(name, count: count) }

    let start = try doubles("policy", policyCount) + doubles("value", valueCount), startRow = network.layout.pack(start)
    let old = try doubles("policy_old", policyCount) + doubles("value", valueCount)
    let (x, u, returns) = try (
        floats("obs", batch * observations), floats("action", batch * actions), floats("return", batch)
    )
    let probe = try SurrogateProbe(network, members: 1, batch: batch, on: queue)
    func evaluate(_ form: SurrogateProbe.Form) throws -> [[Double]] {
        try probe.evaluate(form, clip: [Float(clip)], beta: [Float(beta)], valueCoefficient: 1)
    }

    // Tolerances. Log probabilities and KL add up `actions` terms, each from a mean at the end of a forward pass.
    let widths = [observations, hidden, hidden, actions], depth = passDepth(widths: widths) + 4 * actions
    let forward = roundingTolerance(depth: depth), backward = roundingTolerance(depth: 2 * depth + batch)
    let advantageSize = try doubles("advantage", batch).rootMeanSquare
    // KL's slope along the log standard deviation holds 1 - sigma_old^2 / sigma^2, two numbers near 1 whose rounding is
    // the same in every row: two exponentials of 1.7 u each, a division and two products, squared, come to 12 u.
    let klRounding = (0..<policyCount).map { $0 < policyCount - actions ? 0 : beta * 12 * 0x1p-24 }
    var checks: [ArrayCheck] = []

    // One evaluation of each loss at the given parameters. A loss is a mean of terms of the advantages' size that
    // cancel, and KL a sum of terms of size 1 per action that do: those are their scales. A2C's loss is -log p where
    // the advantage is 1 and the old log probability 0.
    let zeros = [Float](repeating: 0, count: batch), ones = [Float](repeating: 1, count: batch)
    try probe.load(observations: x, actions: u, oldLogProbabilities: zeros, advantages: ones, returns: returns)
    try probe.setOld(network.layout.pack(old))
    try probe.parameters.write(startRow)
    let logProbabilities = try evaluate(.a2c).map { -$0[0] }
    try probe.load(
        observations: x, actions: u, oldLogProbabilities: floats("logp_old", batch),
        advantages: floats("advantage", batch), returns: returns)
    let statistics = try evaluate(.clip)
    let clipGradient = network.layout.unpack(try probe.gradients.read()).map(Double.init)
    let slots = network.layout.flatSlots, policySlots = slots.filter { $0.upperBound <= policyCount }
    let valueSlots = slots.filter { $0.lowerBound >= policyCount }.map {
        $0.lowerBound - policyCount..<$0.upperBound - policyCount
    }
    checks += try [
        ArrayCheck("value_out", probe.value.output.read(), doubles("value_out", batch), tolerance: forward),
        ArrayCheck("logp_new", logProbabilities, doubles("logp_new", batch), tolerance: forward),
        ArrayCheck(
            "kl_per_state", statistics.map { $0[1] }, doubles("kl_per_state", batch), scale: Double(actions),
            tolerance: forward),
        ArrayCheck(
            "entropy", [statistics[0][3]], doubles("entropy", 1), tolerance: roundingTolerance(depth: actions + 2)),
        ArrayCheck(
            "clip_loss", [statistics.map { $0[0] }.mean], doubles("clip_loss", 1), scale: advantageSize,
            tolerance: forward),
        ArrayCheck(
            gradient: "clip_grad", Array(clipGradient[..<policyCount]), doubles("clip_grad", policyCount),
            slots: policySlots, tolerance: backward),
        ArrayCheck("value_loss", [statistics.map { $0[4] }.mean], doubles("value_loss", 1), tolerance: forward),
        ArrayCheck(
            gradient: "value_grad", Array(clipGradient[policyCount...]), doubles("value_grad", valueCount),
            slots: valueSlots, tolerance: backward)
    ]
    let penalty = try evaluate(.penalty)
    checks += try [
        ArrayCheck(
            "kl_loss", [penalty.map { $0[0] + beta * $0[1] }.mean], doubles("kl_loss", 1),
            scale: advantageSize + beta * Double(actions), tolerance: forward),
        ArrayCheck(
            gradient: "kl_grad", network.layout.unpack(probe.gradients.read())[..<policyCount].map(Double.init),
            doubles("kl_grad", policyCount),
            slots: policySlots, absolute: klRounding, tolerance: backward)
    ]

    // Adam from the given parameters; the value network steps beside the clipped policy.
    for (form, name) in [
        (SurrogateProbe.Form.clip, "clip_params_after_\(steps)"), (.penalty, "kl_params_after_\(steps)")
    ] {
        let optimiser = try Optimiser(adam.method, members: 1, parameters: network.layout.rowCount, on: queue)
        try optimiser.rates.write([Float(rate), Float(rate)])
        try optimiser.active.write([Int32(1)])
        try probe.parameters.write(startRow)
        // Policy and value gradients differ in size, so each is judged by its own.
        var trajectories = [
            (policySlots, form == .penalty ? klRounding : nil), (slots.filter { $0.lowerBound >= policyCount }, nil)
        ].map {
            AdamTrajectory(
                optimiser, network.layout, slots: $0.0, members: 1, rate: rate, beta2: adam.beta2, absolute: $0.1,
                tolerance: backward)
        }
        for _ in 0..<steps {
            _ = try evaluate(form)
            try optimiser.step(probe.parameters, gradients: probe.gradients, on: queue)
            for i in trajectories.indices { try trajectories[i].advance() }
        }
        let got = network.layout.unpack(try probe.parameters.read()), first = network.layout.unpack(startRow)
        checks.append(
            try trajectories[0].check(
                name, start: Array(first[..<policyCount]), got: Array(got[..<policyCount]),
                wantStart: Array(start[..<policyCount]),
                want: doubles(name, policyCount), tolerance: backward))
        if form == .clip {
            checks.append(
                try trajectories[1].check(
                    "value_params_after_\(steps)", start: Array(first[policyCount...]), got: Array(got[policyCount...]),
                    wantStart: Array(start[policyCount...]), want: doubles("value_params_after_\(steps)", valueCount),
                    tolerance: backward))
        }
    }
    return checks
}

extension ReferenceCase {
    /// Adam's two decays and epsilon, under `adam`.
    func adamSettings() throws -> (method: Optimiser.Method, beta2: Double) {
        let values = try numbers("adam")
        guard values.count == 3, (0..<1).contains(values[0]), (0..<1).contains(values[1]), values[2] > 0 else {
            throw RunError("\(name): \"adam\" is \(values); two decays from 0 to 1 and an epsilon above 0 are needed")
        }
        return (.adam(beta1: values[0], beta2: values[1], epsilon: values[2]), values[1])
    }
}
