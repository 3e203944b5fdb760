import GPUTensor

/// A Gaussian policy with a value network and one fixed batch per member, put through PPO's loss kernels.
final class SurrogateProbe {
    enum Form: Int32 { case clip, penalty, a2c }
    let network: ActorCritic
    let members: Int, batch: Int
    let parameters: Tensor, gradients: Tensor
    let policy: MLPWorkspace, value: MLPWorkspace
    private let observations: Tensor, actions: Tensor, oldMeans: Tensor, oldLogStd: Tensor, scalars: Tensor
    private let advantageStatistics: Tensor, settings: Tensor, logStdGradients: Tensor, statisticRows: Tensor
    private let queue: Queue

    init(_ network: ActorCritic, members: Int, batch: Int, on queue: Queue) throws {
        (self.network, self.members, self.batch, self.queue) = (network, members, batch, queue)
        let actionCount = network.kind.count
        func floats(_ shape: [Int], padded: Bool = true) throws -> Tensor { try queue.tensor(.float32, shape, padded: padded) }
        parameters = try floats([members, network.layout.rowCount])
        gradients = try floats([members, network.layout.rowCount])
        policy = try MLPWorkspace(network.policy, members: members, rows: batch, backward: true, on: queue)
        value = try MLPWorkspace(network.value, members: members, rows: batch, backward: true, on: queue)
        observations = try floats([members, batch, network.policy.inputs])
        actions = try floats([members, batch, actionCount])
        oldMeans = try floats([members, batch, actionCount])
        oldLogStd = try floats([members, actionCount])
        scalars = try floats([3, members, batch])
        advantageStatistics = try queue.tensor((0..<members).flatMap { _ in [Float(0), 1] }, [members, 2])   // taken as they are
        settings = try floats([members, 4], padded: false)
        logStdGradients = try floats([members, batch, actionCount])
        statisticRows = try floats([members, batch, rowPadding])
    }

    /// The batch, `[P, B, ...]` each.
    func load(observations x: [Float], actions a: [Float], oldLogProbabilities: [Float], advantages: [Float], returns: [Float]) throws {
        try observations.write(x)
        try actions.write(a)
        try scalars.write(oldLogProbabilities + advantages + returns)
    }

    /// Takes the policies in `rows` as those that the batch was drawn from, then leaves ``parameters`` at `rows`.
    func setOld(_ rows: [Float]) throws {
        try parameters.write(rows)
        try policy.forward(MatrixView(observations), parameters: parameters, on: queue)
        try queue.copy(policy.output, to: oldMeans)
        try queue.launch("copy_slot", over: [oldLogStd.pitch / queue.lanes, members], parameters, oldLogStd, UInt64(network.logStd!), UInt64(parameters.pitch),
                         Int32(members), Int32(oldLogStd.pitch))
    }

    /// Gradients of the loss of every member, and its statistics per row: `[P][B][16]`, columns as in `policy_loss.cl`.
    func evaluate(_ form: Form, clip: [Float], beta: [Float], valueCoefficient: Float) throws -> [[Double]] {
        try settings.write((0..<members).flatMap { [clip[$0], beta[$0], 0, valueCoefficient] })
        let x = MatrixView(observations)
        try policy.forward(x, parameters: parameters, on: queue)
        try value.forward(x, parameters: parameters, on: queue)
        try queue.launch("gaussian_policy_loss", over: [batch, members], policy.output, value.output, parameters, oldLogStd, actions, oldMeans, scalars,
                         advantageStatistics, settings, policy.outputGradient, logStdGradients, value.outputGradient, statisticRows,
                         UInt64(network.logStd!), UInt64(parameters.pitch), Int32(members), Int32(batch), Int32(network.kind.count), Int32(actions.pitch),
                         Int32(scalars.pitch), form.rawValue)
        try policy.backward(x, parameters: parameters, parameterGradients: gradients, on: queue)
        try value.backward(x, parameters: parameters, parameterGradients: gradients, on: queue)
        let pitch = logStdGradients.pitch
        try queue.columnSum(MatrixView(gradients, offset: network.logStd!, memberStride: gradients.pitch, pitch: pitch), MatrixView(logStdGradients),
                            members: members, rows: batch, columns: network.kind.count)
        let all: [Float] = try statisticRows.read()
        return (0..<members * batch).map { row in all[row * rowPadding..<(row + 1) * rowPadding].map(Double.init) }
    }
}

extension ActorCritic {
    /// The case format's policy: two tanh layers and a learned log standard deviation. `value` is nil where there is no value network; a
    /// linear one then stands in.
    static func reference(observations: Int, actions: Int, hidden: Int, hasValue: Bool) -> ActorCritic {
        ActorCritic(kind: .gaussian(count: actions), observations: observations, hidden: [hidden, hidden], valueHidden: hasValue ? [hidden, hidden] : [],
                    activation: .tanh)
    }

    /// Parameters of the policy alone, log standard deviation included: the first in a flat row.
    var policyParameterCount: Int {
        let valueCount = value.layers.reduce(0) { $0 + ($1.linear.inputs + 1) * $1.linear.outputs }
        return layout.parameterCount - valueCount
    }
}
