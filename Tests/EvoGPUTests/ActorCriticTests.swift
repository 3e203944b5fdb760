import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ActorCriticTests {
    private func rows(_ network: ActorCritic, _ method: Initialisation, members: Int = 2) throws -> [[Float]] {
        let queue = try Queue(Device.named("cpu")),
            scratch = try queue.tensor(.float32, [members, network.layout.rowCount])
        let streams = try queue.tensor(Queue.streamWords(seeds: [5], membersPerRun: members), [members, 4])
        let flat = try network.initialRows(method, scratch: scratch, streams: streams, logStd: -0.5, on: queue)
        return (0..<members).map { Array(flat[$0 * network.layout.rowCount..<($0 + 1) * network.layout.rowCount]) }
    }

    @Test func orthogonalWeightsAreOrthogonalAndScaled() throws {
        let network = ActorCritic(
            kind: .gaussian(count: 3), observations: 11, hidden: [20, 7], valueHidden: [5], activation: .tanh)
        for row in try rows(network, .orthogonal) {
            for (mlp, lastGain) in [(network.policy, 0.01), (network.value, 1.0)] {
                for (index, layer) in mlp.layers.enumerated() {
                    let (inputs, outputs) = (layer.linear.inputs, layer.linear.outputs),
                        gain = index == mlp.layers.count - 1 ? lastGain : 2.0.squareRoot()
                    func weight(_ i: Int, _ j: Int) -> Double {
                        Double(row[layer.linear.weights + i * padded(outputs) + j]) / gain
                    }
                    let count = min(inputs, outputs)
                    for a in 0..<count {
                        for b in 0..<count {
                            let dot =
                                inputs < outputs
                                ? (0..<outputs).reduce(0) { $0 + weight(a, $1) * weight(b, $1) }
                                : (0..<inputs).reduce(0) { $0 + weight($1, a) * weight($1, b) }
                            // Float weights: each product is off by at most two half ulps of numbers within [-1, 1].
                            #expect(abs(dot - (a == b ? 1 : 0)) < 1e-6, "\(inputs) x \(outputs): \(a), \(b)")
                        }
                    }
                    #expect(row[layer.linear.bias!] == 0)
                }
            }
            #expect(
                row[network.logStd!..<network.logStd! + 16].map { $0 } == [-0.5, -0.5, -0.5]
                    + [Float](repeating: 0, count: 13))
            #expect(zip(row, network.layout.mask()).allSatisfy { $1 == 1 || $0 == 0 }, "padding is not zero")
        }
    }

    @Test func pytorchWeightsFillTheirRange() throws {
        let network = ActorCritic(
            kind: .categorical(count: 2), observations: 4, hidden: [64, 64], valueHidden: [64], activation: .tanh)
        for row in try rows(network, .pytorch) {
            let layer = network.policy.layers[1].linear, values = row[layer.weights..<layer.weights + 64 * 64]
            #expect(values.allSatisfy { abs($0) <= 0.125 } && values.max()! > 0.124 && values.min()! < -0.124)
            // 4,096 uniform numbers of deviation 0.0722: their mean is within 5 standard errors, 0.0057.
            #expect(abs(values.reduce(0, +) / 4096) < 0.0057)
            #expect(row[layer.bias!..<layer.bias! + 64].contains { $0 != 0 })
        }
    }

    @Test func membersAndSeedsDiffer() throws {
        let network = ActorCritic(
            kind: .gaussian(count: 1), observations: 3, hidden: [8], valueHidden: [8], activation: .tanh)
        let two = try rows(network, .orthogonal)
        #expect(two[0] != two[1])
        #expect(try rows(network, .orthogonal) == two)
    }

    @Test func packingFollowsPyTorchsOrder() {
        var layout = ParameterLayout()
        let mlp = MLP(inputs: 2, hidden: [], outputs: 3, activation: .tanh, prefix: "n", in: &layout)
        let row = layout.pack([1, 2, 3, 4, 5, 6, 7, 8, 9] as [Double])  // weight [3, 2], then bias [3]
        #expect(row[mlp.layers[0].linear.weights..<mlp.layers[0].linear.weights + 3] == [1, 3, 5])
        #expect(row[16..<19] == [2, 4, 6] && row[32..<35] == [7, 8, 9])
        #expect(layout.unpack(row) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    }
}
