import GPUTensor

/// GPO's data sharing: policy i also learns from the samples of similar policies, S_i = { j : KL[pi_i, pi_j] < epsilon
/// }.
///
/// Gangwani and Peng 2018 (arXiv:1711.01012), section 3.3.2, equations 4 and 5: the policy term is a sum over j in S_i
/// of means over j's samples, with ratio pi_i / pi_j(old), which may be limited; penalty, entropy bonus and value loss
/// stay on i's own samples. S_i is an index array on the device, and every launch works on all members; where S_i is
/// {i} not a bit of the gradient changes.
public final class DataSharing {
    /// int32 `[P, K]`: each member's similar ones, itself first, -1 past the last.
    public let peers: Tensor
    /// int32 `[P]`: |S_i|.
    public let counts: Tensor
    /// Gradients that were left out because they were not finite, int32 `[P]`, over the whole run.
    public let refused: Tensor
    /// |S_i| of every member, and the largest.
    public private(set) var sizes: [Int]
    public var largest: Int { sizes.max() ?? 1 }
    private let members: Int, population: Int, limit: Int, epsilon: Float, ratioLimit: Float
    private let network: ActorCritic
    private let queue: Queue
    private let actions: Tensor, scalars: Tensor, observations: Tensor, advantageStatistics: Tensor, settings: Tensor
    private let gradients: Tensor, squares: Tensor

    /// - Parameters:
    ///   - limit: K, how many policies S_i may hold; the nearest stay.
    ///   - epsilon: of S_i, in nats.
    ///   - ratioLimit: the most that another's sample may weigh, as in Espeholt et al. 2018 (arXiv:1802.01561); 0 for
    ///     any weight, as in the paper. PPO's clipped objective has its clip instead.
    ///   - rows: B, of a minibatch.
    public init(
        _ network: ActorCritic, members: Int, population: Int, limit: Int, epsilon: Double, ratioLimit: Double = 0,
        rows: Int, on queue: Queue
    ) throws {
        (self.network, self.members, self.population, self.limit, self.epsilon, self.queue) = (
            network, members, population, limit, Float(epsilon), queue
        )
        self.ratioLimit = Float(ratioLimit)
        sizes = Array(repeating: 1, count: members)
        peers = try queue.tensor(.int32, [members, limit])
        counts = try queue.tensor(.int32, [members])
        refused = try queue.tensor(.int32, [members])
        observations = try queue.tensor(.float32, [members, rows, network.policy.inputs], padded: true)
        actions = try queue.tensor(.float32, [members, rows, network.kind.count], padded: true)
        scalars = try queue.tensor(.float32, [3, members, rows], padded: true)
        advantageStatistics = try queue.tensor(.float32, [members, 2])
        settings = try queue.tensor(.float32, [members, 4])
        gradients = try queue.tensor(.float32, [members, network.layout.rowCount])
        squares = try queue.tensor(.float32, [members, (network.layout.rowCount + 4095) / 4096])
    }

    /// Fixes S_i for the mutations to come. Reads |S_i| back.
    public func findSimilar(_ distance: PairwiseDivergence) throws {
        try queue.launch(
            "similar_members", over: [members], distance.divergences, peers, counts, members, population, limit,
            epsilon)
        sizes = try counts.read(as: Int32.self).map { Int($0) }
    }

    /// Sets S_i by hand, `[P]` lists of members of the same run, each with i itself first.
    public func setSimilar(_ lists: [[Int]]) throws {
        precondition(lists.count == members)
        for (member, list) in lists.enumerated() {
            precondition(
                list.first == member && list.count <= limit
                    && list.allSatisfy { $0 / population == member / population },
                "member \(member) is similar to \(list)")
        }
        try peers.write(
            lists.flatMap { list in list.map(Int32.init) + [Int32](repeating: -1, count: limit - list.count) })
        try counts.write(lists.map { Int32($0.count) })
        sizes = lists.map(\.count)
    }

    func resume() throws { sizes = try counts.read(as: Int32.self).map { max(1, Int($0)) } }
    var tensors: [(name: String, tensor: Tensor)] {
        [("sharing.peers", peers), ("sharing.counts", counts), ("sharing.refused", refused)]
    }

    /// What one minibatch of the peers is taken from, and how the own one was made.
    struct Source {
        let history: RolloutHistory, order: Tensor, actions: Tensor, logProbabilities: Tensor, advantages: Tensor
        let normaliser: ObservationNormaliser?, normaliseAdvantage: Bool, form: Int32
        /// Its work space; what the own minibatch left there is written over.
        let loss: PolicyLoss
    }

    /// The loss on others' samples: nothing but the policy term. A2C's own is log pi A, whose gradient is the ratio's
    /// at the policy that acted; others' samples need the ratio itself.
    private func form(_ own: Int32) -> Int32 {
        own == PolicyObjective.clip.form ? own : ratioLimit > 0 ? Self.limitedForm : PolicyObjective.penalty.form
    }
    private static let limitedForm: Int32 = 3

    /// The clip range of every member, of the clipped objective, for the loss on others' samples.
    func writeSettings(clipRanges: [Float], form own: Int32) throws {
        try settings.write(clipRanges.flatMap { [form(own) == Self.limitedForm ? ratioLimit : $0, 0, 0, 0] })
    }

    /// Adds to `target` the policy gradients on the similar members' minibatches. Enqueues and returns.
    func addGradients(to target: Tensor, _ source: Source, parameters: Tensor, first: Int, count: Int) throws {
        guard largest > 1 else { return }
        let history = source.history, n = network.layout.rowCount, blocks = squares.shape[1]
        let x = MatrixView(observations, memberStride: count * observations.pitch, pitch: observations.pitch)
        for k in 1..<largest {
            try queue.launch(
                "gather_shared", over: [count, members], peers, source.order, history.observations,
                source.normaliser?.mean ?? observations, source.normaliser?.variance ?? observations, source.actions,
                source.logProbabilities, source.advantages, observations, actions, scalars, members, history.rows,
                history.newest, history.slots, k, limit, first, count, source.order.pitch, network.policy.inputs,
                observations.pitch, actions.pitch, scalars.pitch, source.normaliser != nil,
                ObservationNormaliser.epsilon, source.normaliser?.limit ?? 0)
            try source.loss.policy.forward(x, parameters: parameters, rows: count, on: queue)
            try queue.launch(
                "advantage_statistics", over: [members], scalars, advantageStatistics, members, count, scalars.pitch,
                source.normaliseAdvantage)
            try source.loss.evaluate(
                form: form(source.form), rows: count, parameters: parameters,
                actions: actions, scalars: scalars, advantageStatistics: advantageStatistics, settings: settings)
            try source.loss.policy.backward(
                x, parameters: parameters, parameterGradients: gradients, rows: count, on: queue)
            try source.loss.sumLogStdGradients(into: gradients, rows: count)
            try queue.launch("gradient_squares", over: [blocks, members], gradients, squares, members, n, blocks)
            try queue.launch(
                "add_shared_gradient", over: [network.valueStart / queue.lanes, members], peers, squares, gradients,
                target, refused, members, n, network.valueStart, blocks, k, limit)
        }
    }
}
