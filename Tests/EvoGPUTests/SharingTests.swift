import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct SharingTests {
    /// PPO with data sharing, the sets fixed once by `similar` or found with `epsilon`.
    private func shared(
        _ config: PPOConfig, _ spec: EnvironmentSpec, seeds: [UInt64] = [1], limit: Int, epsilon: Double = 0,
        ratioLimit: Double = 0, similar: [[Int]]? = nil, on queue: Queue
    ) throws -> (ppo: PPO, sharing: DataSharing) {
        let ppo = try PPO(config, spec, seeds: seeds, on: queue), members = ppo.members
        let history = try RolloutHistory(
            members: members, slots: 2, steps: config.rolloutSteps, environments: config.environments,
            width: spec.observationCount, on: queue)
        let distance = try PairwiseDivergence(
            ppo.network, members: members, population: config.population, states: 20, on: queue)
        let sharing = try DataSharing(
            ppo.network, members: members, population: config.population, limit: limit, epsilon: epsilon,
            ratioLimit: ratioLimit, rows: config.batchSize, on: queue)
        ppo.history = history
        try ppo.share(sharing)
        ppo.beforeUpdates = { ppo in
            if let similar { return try sharing.setSimilar(similar) }
            try distance.measure(ppo.parameters, normaliser: ppo.rollout.normaliser, history: history)
            try sharing.findSimilar(distance)
        }
        return (ppo, sharing)
    }

    private func bits(_ tensors: [(name: String, tensor: Tensor)]) throws -> [[UInt32]] {
        try tensors.map { try $0.tensor.read(as: Float.self).map(\.bitPattern) }
    }

    /// S_i = {i}, found by an epsilon that nobody is within, changes not one bit of anything.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1"], [PolicyObjective.clip, .penalty, .a2c])
    func aloneItIsPlainPPO(environment: String, objective: PolicyObjective) throws {
        var config = PPOTests.config()
        config.objective = objective
        if objective == .a2c { (config.epochs, config.batchSize) = (1, 60) }
        let spec = try EnvironmentSpec.named(environment), queue = try Queue(Device.named("cpu"))
        let plain = try PPO(config, spec, seeds: [1], on: queue),
            (ppo, sharing) = try shared(config, spec, limit: 3, epsilon: 0, on: queue)
        for _ in 0..<3 { _ = try plain.step(); _ = try ppo.step() }
        #expect(sharing.sizes == [1, 1, 1])
        #expect(try bits(ppo.tensors) == bits(plain.tensors))
    }

    /// Member 0 learns from member 1; 1 and 2 keep every bit beside it.
    @Test func onlyWhoSharesChanges() throws {
        var config = PPOTests.config()
        config.maxGradientNorm = 0  // the limit is one for both networks together
        let spec = try EnvironmentSpec.named("Pendulum-v1"), queue = try Queue(Device.named("cpu")),
            plain = try PPO(config, spec, seeds: [1], on: queue),
            (ppo, _) = try shared(config, spec, limit: 3, similar: [[0, 2, 1], [1], [2]], on: queue)
        _ = try plain.step()
        _ = try ppo.step()
        let row = plain.parameters.pitch, one: [Float] = try plain.parameters.read(),
            two: [Float] = try ppo.parameters.read()
        func differing(_ range: Range<Int>) -> Int { range.count { one[$0].bitPattern != two[$0].bitPattern } }
        #expect(differing(row..<one.count) == 0)
        #expect(differing(0..<ppo.network.valueStart) > 300)
        #expect(differing(ppo.network.valueStart..<row) == 0, "the value network sees its own samples only")
    }

    /// Members 0 and 1 begin alike, so that ratios are about 1: a limit far above changes no bit, and far below all
    /// samples weigh the limit.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1"], [PolicyObjective.penalty, .a2c])
    func othersSamplesWeighTheLimitAtMost(environment: String, objective: PolicyObjective) throws {
        var config = PPOTests.config()
        (config.objective, config.epochs, config.batchSize, config.maxGradientNorm) = (objective, 1, 60, 0)
        let spec = try EnvironmentSpec.named(environment), queue = try Queue(Device.named("cpu"))
        func gradient(limit: Double, alone: Bool = false) throws -> [Float] {
            let (ppo, _) = try shared(
                config, spec, limit: 3, ratioLimit: limit, similar: [alone ? [0] : [0, 1], [1], [2]], on: queue)
            _ = try ppo.step()
            return try Array(ppo.optimiser.firstMoments.read(as: Float.self)[0..<ppo.network.valueStart])
        }
        let own = try gradient(limit: 0, alone: true), free = try gradient(limit: 0)
        #expect(try gradient(limit: 1e6).map(\.bitPattern) == free.map(\.bitPattern))
        func part(_ limit: Double) throws -> [Double] {
            try zip(gradient(limit: limit), own).map { Double($0) - Double($1) }
        }
        let quarter = try part(0.25), half = try part(0.5), largest = try #require(own.map(abs).max())
        #expect(half.contains { abs($0) > 1e-3 * Double(largest) })
        // Differences of sums that are rounded at the size of the largest.
        let worst = try #require(zip(quarter, half).map { abs($1 - 2 * $0) }.max())
        #expect(worst <= 1e-5 * Double(largest))
    }

    /// A member with a NaN in it reaches no other, however similar it is said to be.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1"], [(PolicyObjective.clip, 0.0), (.penalty, 0), (.penalty, 1)])
    func aBrokenMemberReachesNobody(environment: String, objective: (PolicyObjective, ratioLimit: Double)) throws {
        var config = PPOTests.config()
        config.objective = objective.0
        let spec = try EnvironmentSpec.named(environment), queue = try Queue(Device.named("cpu"))
        let plain = try PPO(config, spec, seeds: [1], on: queue),
            (ppo, sharing) = try shared(
                config, spec, limit: 3, ratioLimit: objective.ratioLimit, similar: [[0, 1], [1, 0], [2]], on: queue)
        for run in [plain, ppo] {
            var rows: [Float] = try run.parameters.read()
            rows[run.parameters.pitch + 3] = .nan
            try run.parameters.write(rows)
            _ = try run.step()
        }
        let one: [Float] = try plain.parameters.read(), two: [Float] = try ppo.parameters.read(),
            row = plain.parameters.pitch
        #expect(two[..<row].map(\.bitPattern) == one[..<row].map(\.bitPattern), "member 0 is not what it is alone")
        #expect(try sharing.refused.read(as: Int32.self)[0] == 6)  // two epochs of three minibatches
    }

    /// Divergences beside closed forms in double precision, of linear policies on known states; Gaussian and
    /// categorical.
    @Test(arguments: Backend.available, [true, false]) func divergencesMatchDoubleReference(
        backend: Backend, isGaussian: Bool
    ) throws {
        let queue = try backend.makeQueue(), runs = 2, m = 3, members = runs * m, n = 2, a = 3, states = 27
        let network = ActorCritic(
            kind: isGaussian ? .gaussian(count: a) : .categorical(count: a), observations: n, hidden: [],
            valueHidden: [], activation: .tanh)
        var rng = SeededGenerator(seed: 5)
        let flat = (0..<members).map { _ in rng.uniform(network.layout.parameterCount) }
        let parameters = try queue.tensor(flat.flatMap { network.layout.pack($0) }, [members, network.layout.rowCount])
        let history = try RolloutHistory(members: members, slots: 2, steps: 10, environments: 4, width: n, on: queue),
            x = rng.uniform(members * 80 * n)
        try history.observations.write(x)
        history.resume(kept: 3)  // the newest lies in slot 0
        let distance = try PairwiseDivergence(network, members: members, population: m, states: states, on: queue)
        try distance.measure(parameters, normaliser: nil, history: history)

        // Weights come [outputs, inputs], then biases, then log standard deviations. 27 rows from all of the newest
        // rollout's 40.
        func outputs(_ p: Int, _ owner: Int, _ b: Int) -> [Double] {
            (0..<a).map { o in
                (0..<n).reduce(Double(flat[p][a * n + o])) {
                    $0 + Double(flat[p][o * n + $1]) * Double(x[(owner * 80 + b * 40 / states) * n + $1])
                }
            }
        }
        func kl(_ p: Int, _ q: Int, _ owner: Int, _ b: Int) -> Double {
            let (u, v) = (outputs(p, owner, b), outputs(q, owner, b))
            if isGaussian {
                return (0..<a).reduce(0) { sum, o in
                    let (lp, lq) = (Double(flat[p][a * n + a + o]), Double(flat[q][a * n + a + o]))
                    return sum + lq - lp - 0.5 + (exp(2 * lp) + (u[o] - v[o]) * (u[o] - v[o])) / (2 * exp(2 * lq))
                }
            }
            let (zu, zv) = (log(u.map(exp).reduce(0, +)), log(v.map(exp).reduce(0, +)))
            return zip(u, v).reduce(0) { $0 + exp($1.0 - zu) * ($1.0 - zu - $1.1 + zv) }
        }
        var want: [Double] = []
        for p in 0..<members {
            for j in 0..<m {
                let q = p / m * m + j
                want.append((0..<states).reduce(0) { $0 + kl(p, q, p, $1) + kl(p, q, q, $1) } / Double(2 * states))
            }
        }
        // Gaussian terms reach (e^2 + 25) e^2 / 2 = 120 with some twenty roundings; categorical ones a few.
        let got: [Float] = try distance.divergences.read()
        for (g, w) in zip(got, want) {
            #expect(abs(Double(g) - w) < (isGaussian ? 120 : 4) * 60 * 0x1p-24, "\(g) for \(w) on \(backend)")
        }

        // S_i: itself, then those within epsilon, the nearest first.
        let epsilon = want.filter { $0 > 1e-9 }.sorted()[want.count / 2 - members / 2],
            sharing = try DataSharing(
                network, members: members, population: m, limit: 2, epsilon: epsilon, rows: 4, on: queue)
        try sharing.findSimilar(distance)
        let peers: [Int32] = try sharing.peers.read()
        for p in 0..<members {
            let near = (0..<m).filter { p / m * m + $0 != p && want[p * m + $0] < epsilon - 1e-4 }.sorted {
                want[p * m + $0] < want[p * m + $1]
            }
            if let nearest = near.first {
                #expect(Array(peers[2 * p..<2 * p + 2]) == [Int32(p), Int32(p / m * m + nearest)])
            }
            #expect(peers[2 * p] == Int32(p) && sharing.sizes[p] == (peers[2 * p + 1] < 0 ? 1 : 2))
        }
    }
}
