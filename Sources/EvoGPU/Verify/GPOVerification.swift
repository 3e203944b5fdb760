import GPUTensor

/// GPO's parts: the mutation loss over similar members' samples, the gate between two parents, and the child's
/// imitation of it.
func verifyGPO(_ reference: ReferenceCase, on queue: Queue) throws -> (checks: [ArrayCheck], notCovered: [String]) {
    let (members, batch) = try (reference.size("members"), reference.size("batch"))
    try reference.expectOrder("policy_parameter_order", policyParameterOrder)
    try reference.expectOrder("gate_parameter_order", valueParameterOrder)
    var checks = try verifySharedLoss(reference, members: members, batch: batch, on: queue)
    let (gateChecks, picks) = try verifyGate(reference, batch: batch, on: queue)
    checks += gateChecks
    guard members == 3 else {
        return (
            checks,
            [
                """
                student_loss, student_grad: the case has \(members) members; which of them is the student is known for \
                3 (parents 0 and 1, student 2)
                """
            ]
        )
    }
    return (checks + (try verifyImitation(reference, batch: batch, picks: picks, on: queue)), [])
}

private func policyNetwork(_ reference: ReferenceCase) throws -> ActorCritic {
    try .reference(
        observations: reference.size("obs"), actions: reference.size("act"), hidden: reference.size("hidden"),
        hasValue: false)
}

private func policySlots(_ network: ActorCritic) -> [Range<Int>] {
    network.layout.flatSlots.filter { $0.upperBound <= network.policyParameterCount }
}

/// Padded rows of flat policies; the stand-in value network is zero.
private func policyRows(_ reference: ReferenceCase, _ name: String, members: Int, _ network: ActorCritic) throws
    -> [[Float]]
{
    let count = network.policyParameterCount, flat = try reference.doubles(name, count: members * count)
    let none = [Double](repeating: 0, count: network.layout.parameterCount - count)
    return (0..<members).map { network.layout.pack(Array(flat[$0 * count..<($0 + 1) * count]) + none) }
}

/// The loss of member i is the sum over similar members j of mean[ratio A] on j's samples, with its own KL on its own
/// samples: its own term as PPO computes it, the others' as data sharing adds them.
private func verifySharedLoss(_ reference: ReferenceCase, members: Int, batch: Int, on queue: Queue) throws
    -> [ArrayCheck]
{
    let network = try policyNetwork(reference), (observations, actions) = (network.policy.inputs, network.kind.count)
    let beta = try reference.number("beta"), count = network.policyParameterCount
    let similar = try reference.doubles("similar", count: members * members)
    let lists = (0..<members).map { member in
        [member] + (0..<members).filter { $0 != member && similar[member * members + $0] != 0 }
    }
    guard (0..<members).allSatisfy({ similar[$0 * members + $0] != 0 }) else {
        throw RunError(
            "\(reference.name): array \"similar\" leaves a member out of its own set; every member is similar to itself"
        )
    }
    let (old, new) = try (
        policyRows(reference, "policy_old", members: members, network),
        policyRows(reference, "policy", members: members, network)
    )
    func rows(_ name: String, _ width: Int) throws -> [Float] {
        try reference.floats(name, count: members * batch * width)
    }
    let probe = try SurrogateProbe(network, members: members, batch: batch, on: queue)
    try probe.load(
        observations: rows("obs", observations), actions: rows("action", actions),
        oldLogProbabilities: rows("logp_old", 1),
        advantages: rows("advantage", 1), returns: Array(repeating: 0, count: members * batch))
    try probe.setOld(old.flatMap { $0 })
    try probe.parameters.write(new.flatMap { $0 })
    let (advantages, logProbabilities) = try (
        queue.tensor(rows("advantage", 1), [members, batch]), queue.tensor(rows("logp_old", 1), [members, batch])
    )
    func mean(_ statistics: [[Double]], _ member: Int, _ term: ([Double]) -> Double) -> Double {
        statistics[member * batch..<(member + 1) * batch].map(term).mean
    }
    func own() throws -> [[Double]] {
        try probe.evaluate(
            .penalty, clip: Array(repeating: 0, count: members), beta: Array(repeating: Float(beta), count: members),
            valueCoefficient: 0)
    }
    // The losses of each pass over others' samples are looked at one by one, the gradients of all together.
    let ownStatistics = try own()
    var losses = (0..<members).map { member in mean(ownStatistics, member) { $0[0] + beta * $0[1] } }
    for k in 1..<max(2, lists.map(\.count).max() ?? 1) {
        let statistics = try probe.addShared(
            .penalty, similar: lists.enumerated().map { $1.count > k ? [$0, $1[k]] : [$0] }, advantages: advantages,
            oldLogProbabilities: logProbabilities)
        for member in 0..<members where lists[member].count > k { losses[member] += mean(statistics, member) { $0[0] } }
    }
    _ = try own()
    _ = try probe.addShared(.penalty, similar: lists, advantages: advantages, oldLogProbabilities: logProbabilities)
    let gradients = network.layout.unpackRows(try probe.gradients.read())
    let sums = (0..<members).flatMap { member in
        gradients[member * network.layout.parameterCount..<member * network.layout.parameterCount + count].map(
            Double.init)
    }
    let pairs = lists.reduce(0) { $0 + $1.count }
    let depth = passDepth(widths: [observations] + network.policy.layers.map(\.linear.outputs)) + 4 * actions
    // The relative error of a ratio is the absolute one of its log probabilities, which grows with their size.
    let stretch = max(1, try reference.doubles("logp_old", count: members * batch).map(abs).max() ?? 1)
    let size =
        try reference.doubles("advantage", count: members * batch).rootMeanSquare * Double(pairs) / Double(members)
        + beta * Double(actions)
    return try [
        ArrayCheck(
            "loss", losses, reference.doubles("loss", count: members), scale: size,
            tolerance: roundingTolerance(depth: depth, stretch: stretch)),
        ArrayCheck(
            gradient: "grad", sums, reference.doubles("grad", count: members * count), slots: policySlots(network),
            tolerance: roundingTolerance(depth: 2 * depth + batch, stretch: stretch))
    ]
}

/// The gate between two parents: cross-entropy of its label, and the parent that it picks.
private func verifyGate(_ reference: ReferenceCase, batch: Int, on queue: Queue) throws -> (
    checks: [ArrayCheck], picks: [Int32]
) {
    let (observations, hidden) = try (reference.size("obs"), reference.size("gate_hidden"))
    var layout = ParameterLayout()
    let gate = MLP(
        inputs: observations, hidden: [hidden, hidden], outputs: 2, activation: .tanh, prefix: "gate", in: &layout)
    let labels = try reference.doubles("gate_label", count: batch)
    let wantPicks = try reference.doubles("gate_pick", count: batch)
    for (name, values) in [("gate_label", labels), ("gate_pick", wantPicks)]
    where !values.allSatisfy({ $0 == 0 || $0 == 1 }) {
        throw RunError("\(reference.name): array \"\(name)\" holds other numbers than 0 and 1")
    }
    let parameters = try queue.tensor(reference.parameterRows("gate", members: 1, layout), [1, layout.rowCount])
    let states = MatrixView(
        try queue.tensor(
            reference.floats("gate_obs", count: batch * observations), [1, batch, observations], padded: true))
    let pass = try MLPWorkspace(gate, members: 1, rows: batch, backward: true, on: queue),
        gradients = try queue.tensor(.float32, [1, layout.rowCount])
    let statistics = try queue.tensor(.float32, [1, batch, rowPadding]), logits = pass.output
    try pass.forward(states, parameters: parameters, on: queue)
    let expert = try ExpertRows(members: 1, rows: batch, count: 1, on: queue),
        either = try queue.tensor(.float32, [1, batch, 1], padded: true),
        none = try queue.tensor(.float32, [1, rowPadding])
    try expert.pick(
        .larger, logits: logits, first: (either, none), second: (either, none), logStd: 0, rows: batch, on: queue)
    try queue.gateLoss(
        gradient: pass.outputGradient, statistics: statistics, logits: logits,
        labels: queue.tensor(labels.map { Int32($0) }, [1, batch]))
    try pass.backward(states, parameters: parameters, parameterGradients: gradients, on: queue)

    let depth = passDepth(widths: [observations, hidden, hidden, 2]) + 8, forward = roundingTolerance(depth: depth)
    let all: [Float] = try statistics.read(), loss = (0..<batch).map { Double(all[$0 * rowPadding]) }.mean
    let wantLogits = try reference.doubles("gate_logits", count: 2 * batch)
    let got: [Int32] = try expert.picks.read()
    // Where the logits differ by no more than their rounding, either pick is right.
    let clear = (0..<batch).filter {
        abs(wantLogits[2 * $0] - wantLogits[2 * $0 + 1]) > forward * wantLogits.rootMeanSquare
    }
    return try (
        [
            ArrayCheck("gate_logits", logits.read(), wantLogits, tolerance: forward),
            ArrayCheck("gate_loss", [loss], reference.doubles("gate_loss", count: 1), tolerance: forward),
            ArrayCheck(
                gradient: "gate_grad", layout.unpack(gradients.read()).map(Double.init),
                reference.doubles("gate_grad", count: layout.parameterCount),
                slots: layout.flatSlots, tolerance: roundingTolerance(depth: 2 * depth + batch)),
            ArrayCheck("gate_pick", clear.map { Double(got[$0]) }, clear.map { wantPicks[$0] }, scale: 1, tolerance: 0)
        ], wantPicks.map { Int32($0) }
    )
}

/// The student, member 2, imitates the old policy of parent 0 or 1, as the gate picks, on the gate's states.
private func verifyImitation(_ reference: ReferenceCase, batch: Int, picks: [Int32], on queue: Queue) throws
    -> [ArrayCheck]
{
    let network = try policyNetwork(reference), (observations, actions) = (network.policy.inputs, network.kind.count),
        logStd = network.logStd!
    let (old, new) = try (
        policyRows(reference, "policy_old", members: 3, network), policyRows(reference, "policy", members: 3, network)
    )
    let states = MatrixView(
        try queue.tensor(
            reference.floats("gate_obs", count: batch * observations), [1, batch, observations], padded: true))
    let pass = try MLPWorkspace(network.policy, members: 1, rows: batch, backward: true, on: queue)
    let parents = try (0..<2).map { parent in
        let parameters = try queue.tensor(old[parent], [1, network.layout.rowCount]),
            means = try queue.tensor(.float32, [1, batch, actions], padded: true)
        try pass.forward(states, parameters: parameters, on: queue)
        try queue.copy(pass.output, to: means)
        return (means, parameters)
    }
    // Logits that differ as the picks want it.
    let logits = try queue.tensor(picks.flatMap { [0, $0 == 0 ? Float(-1) : 1] }, [1, batch, 2], padded: true),
        expert = try ExpertRows(members: 1, rows: batch, count: actions, on: queue)
    try expert.pick(
        .larger, logits: logits, first: parents[0], second: parents[1], logStd: logStd, rows: batch, on: queue)
    let parameters = try queue.tensor(new[2], [1, network.layout.rowCount]),
        gradients = try queue.tensor(.float32, [1, network.layout.rowCount])
    let logStdGradients = try queue.tensor(.float32, [1, batch, actions], padded: true),
        losses = try queue.tensor(.float32, [1, batch])
    try pass.forward(states, parameters: parameters, on: queue)
    try queue.gaussianImitationLoss(
        meanGradient: pass.outputGradient, logStdGradient: logStdGradients, losses: losses, mean: pass.output,
        parameters: parameters,
        logStd: logStd, expertMean: expert.distributions, expertLogStd: expert.logStd)
    try pass.backward(states, parameters: parameters, parameterGradients: gradients, on: queue)
    try queue.columnSum(
        MatrixView(gradients, offset: logStd, memberStride: gradients.pitch, pitch: logStdGradients.pitch),
        MatrixView(logStdGradients),
        members: 1, rows: batch, columns: actions)
    let depth = passDepth(widths: [observations] + network.policy.layers.map(\.linear.outputs)) + 4 * actions,
        count = network.policyParameterCount
    let loss = try losses.read(as: Float.self).map(Double.init).mean
    return try [
        ArrayCheck(
            "student_loss", [loss], reference.doubles("student_loss", count: 1), scale: Double(actions),
            tolerance: roundingTolerance(depth: depth)),
        ArrayCheck(
            gradient: "student_grad", network.layout.unpack(gradients.read())[..<count].map(Double.init),
            reference.doubles("student_grad", count: count),
            slots: policySlots(network), tolerance: roundingTolerance(depth: 2 * depth + batch))
    ]
}
