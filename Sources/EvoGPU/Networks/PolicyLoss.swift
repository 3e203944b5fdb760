import GPUTensor

/// The loss of PPO and A2C on one minibatch per member: gradients at the networks' outputs, and each row's statistics.
/// See `policy_loss.cl`.
final class PolicyLoss {
    static let statisticCount = rowPadding
    let policy: MLPWorkspace, value: MLPWorkspace
    /// The old policy: means or log probabilities of every row `[P, B, A]` padded, and log standard deviations `[P, A]`
    /// padded.
    let distributions: Tensor, oldLogStd: Tensor
    /// `[P, B, 16]`, columns as in `policy_loss.cl`.
    let statistics: Tensor
    private let logStdGradients: Tensor, logProbabilities: Tensor
    private let network: ActorCritic, members: Int
    private let queue: Queue

    init(_ network: ActorCritic, members: Int, rows: Int, on queue: Queue) throws {
        (self.network, self.members, self.queue) = (network, members, queue)
        policy = try MLPWorkspace(network.policy, members: members, rows: rows, backward: true, on: queue)
        value = try MLPWorkspace(network.value, members: members, rows: rows, backward: true, on: queue)
        func floats(_ shape: [Int], padded: Bool = true) throws -> Tensor {
            try queue.tensor(.float32, shape, padded: padded)
        }
        distributions = try floats([members, rows, network.kind.count])
        oldLogStd = try floats([members, network.kind.count])
        statistics = try floats([members, rows, Self.statisticCount], padded: false)
        logStdGradients = try floats([members, rows, network.kind.count])
        logProbabilities = try floats([members, rows, network.kind.count])
    }

    /// Takes `parameters` as the old policy's log standard deviations. Enqueues and returns.
    func keepOldLogStd(_ parameters: Tensor) throws {
        guard let logStd = network.logStd else { return }
        try queue.launch(
            "copy_slot", over: [oldLogStd.pitch / queue.lanes, members], parameters, oldLogStd, logStd,
            parameters.pitch, members, oldLogStd.pitch)
    }

    /// From the outputs of ``policy`` and ``value``, both of which have seen the minibatch. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - actions: `[P, B, A]` padded.
    ///   - scalars: `[3, P, B]` padded: old log probabilities, advantages, returns.
    ///   - settings: `[P, 4]`: clip range, penalty, entropy and value coefficients.
    func evaluate(
        form: Int32, rows: Int, parameters: Tensor, actions: Tensor, scalars: Tensor, advantageStatistics: Tensor,
        settings: Tensor
    ) throws {
        let range = [rows, members], p = Int32(members), b = Int32(rows), n = Int32(network.kind.count),
            pitch = Int32(actions.pitch), scalarPitch = Int32(scalars.pitch)
        if let logStd = network.logStd {
            try queue.launch(
                "gaussian_policy_loss", over: range, policy.output, value.output, parameters, oldLogStd, actions,
                distributions, scalars,
                advantageStatistics, settings, policy.outputGradient, logStdGradients, value.outputGradient, statistics,
                logStd, parameters.pitch, p, b, n, pitch, scalarPitch, form)
        } else {
            try queue.launch(
                "categorical_policy_loss", over: range, policy.output, value.output, actions, distributions, scalars,
                advantageStatistics, settings, logProbabilities, policy.outputGradient, value.outputGradient,
                statistics,
                p, b, n, pitch, scalarPitch, form)
        }
    }

    /// The gradient of the log standard deviations, into their slot of gradient rows. Enqueues and returns.
    func sumLogStdGradients(into gradients: Tensor, rows: Int) throws {
        guard let logStd = network.logStd else { return }
        let pitch = logStdGradients.pitch
        try queue.columnSum(
            MatrixView(gradients, offset: logStd, memberStride: gradients.pitch, pitch: pitch),
            MatrixView(logStdGradients, memberStride: rows * pitch, pitch: pitch), members: members, rows: rows,
            columns: network.kind.count)
    }

    /// Sums of the statistics over the rows, `[P, 16]`. Enqueues and returns.
    func sumStatistics(into sums: Tensor, rows: Int) throws {
        try queue.columnSum(
            MatrixView(sums, memberStride: Self.statisticCount, pitch: Self.statisticCount),
            MatrixView(statistics, memberStride: rows * Self.statisticCount, pitch: Self.statisticCount),
            members: members, rows: rows, columns: Self.statisticCount)
    }
}
