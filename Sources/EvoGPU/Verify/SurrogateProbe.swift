import GPUTensor

/// A Gaussian policy with a value network and one fixed batch per member, put through PPO's loss.
final class SurrogateProbe {
    enum Form: Int32 { case clip, penalty, a2c }
    let network: ActorCritic
    let members: Int, batch: Int
    let parameters: Tensor, gradients: Tensor
    let loss: PolicyLoss
    var policy: MLPWorkspace { loss.policy }
    var value: MLPWorkspace { loss.value }
    private let observations: Tensor, actions: Tensor, scalars: Tensor, advantageStatistics: Tensor, settings: Tensor
    private let queue: Queue

    init(_ network: ActorCritic, members: Int, batch: Int, on queue: Queue) throws {
        (self.network, self.members, self.batch, self.queue) = (network, members, batch, queue)
        func floats(_ shape: [Int], padded: Bool = true) throws -> Tensor {
            try queue.tensor(.float32, shape, padded: padded)
        }
        loss = try PolicyLoss(network, members: members, rows: batch, on: queue)
        parameters = try floats([members, network.layout.rowCount])
        gradients = try floats([members, network.layout.rowCount])
        observations = try floats([members, batch, network.policy.inputs])
        actions = try floats([members, batch, network.kind.count])
        scalars = try floats([3, members, batch])
        // taken as they are
        advantageStatistics = try queue.tensor((0..<members).flatMap { _ in [Float(0), 1] }, [members, 2])
        settings = try floats([members, 4], padded: false)
    }

    /// The batch, `[P, B, ...]` each.
    func load(
        observations x: [Float], actions a: [Float], oldLogProbabilities: [Float], advantages: [Float], returns: [Float]
    ) throws {
        try observations.write(x)
        try actions.write(a)
        try scalars.write(oldLogProbabilities + advantages + returns)
    }

    /// Takes the policies in `rows` as those that the batch was drawn from, then leaves ``parameters`` at `rows`.
    func setOld(_ rows: [Float]) throws {
        try parameters.write(rows)
        try policy.forward(MatrixView(observations), parameters: parameters, on: queue)
        try queue.copy(policy.output, to: loss.distributions)
        try loss.keepOldLogStd(parameters)
    }

    /// Gradients of the loss of every member, and its statistics per row: `[P][B][16]`, columns as in `policy_loss.cl`.
    func evaluate(_ form: Form, clip: [Float], beta: [Float], valueCoefficient: Float) throws -> [[Double]] {
        try settings.write((0..<members).flatMap { [clip[$0], beta[$0], 0, valueCoefficient] })
        let x = MatrixView(observations)
        try policy.forward(x, parameters: parameters, on: queue)
        try value.forward(x, parameters: parameters, on: queue)
        try loss.evaluate(
            form: form.rawValue, rows: batch, parameters: parameters, actions: actions, scalars: scalars,
            advantageStatistics: advantageStatistics, settings: settings)
        try policy.backward(x, parameters: parameters, parameterGradients: gradients, on: queue)
        try value.backward(x, parameters: parameters, parameterGradients: gradients, on: queue)
        try loss.sumLogStdGradients(into: gradients, rows: batch)
        return try statistics()
    }

    /// Adds to ``gradients`` what the members in `similar` (lists with the member itself first) make of each other's
    /// batches.
    func addShared(_ form: Form, similar: [[Int]], advantages: Tensor, oldLogProbabilities: Tensor) throws -> [[Double]]
    {
        let history = try RolloutHistory(
            members: members, slots: 1, steps: batch, environments: 1, width: network.policy.inputs, on: queue)
        try queue.copy(observations, to: history.observations)
        history.resume(kept: 1)
        let order = try queue.tensor(.int32, [members, batch], padded: true)
        try order.write((0..<members).flatMap { _ in (0..<batch).map(Int32.init) })
        let sharing = try DataSharing(
            network, members: members, population: members, limit: members, epsilon: 0, rows: batch, on: queue)
        try sharing.setSimilar(similar)
        try sharing.addGradients(
            to: gradients,
            .init(
                history: history, order: order, actions: actions, logProbabilities: oldLogProbabilities,
                advantages: advantages,
                normaliser: nil, normaliseAdvantage: false, form: form.rawValue, loss: loss), parameters: parameters,
            first: 0, count: batch)
        return try statistics()
    }

    private func statistics() throws -> [[Double]] {
        let all: [Float] = try loss.statistics.read()
        return (0..<members * batch).map { row in all[row * rowPadding..<(row + 1) * rowPadding].map(Double.init) }
    }
}

extension ActorCritic {
    /// The case format's policy: two tanh layers and a learned log standard deviation. `value` is nil where there is no
    /// value network; a linear one then stands in.
    static func reference(observations: Int, actions: Int, hidden: Int, hasValue: Bool) -> ActorCritic {
        ActorCritic(
            kind: .gaussian(count: actions), observations: observations, hidden: [hidden, hidden],
            valueHidden: hasValue ? [hidden, hidden] : [],
            activation: .tanh)
    }

    /// Parameters of the policy alone, log standard deviation included: the first in a flat row.
    var policyParameterCount: Int {
        let valueCount = value.layers.reduce(0) { $0 + ($1.linear.inputs + 1) * $1.linear.outputs }
        return layout.parameterCount - valueCount
    }
}
