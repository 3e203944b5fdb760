import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct SelectionTests {
    private let none = Array(repeating: Array(repeating: 0.0, count: 4), count: 4)

    @Test func performanceTakesTheBestSums() {
        let couples = CoupleSelection(.performance).couples(
            4, of: [0, 1, 2, 3], returns: [1, 10, 3, 7], divergences: none)
        #expect(couples == [Couple(1, 3), Couple(1, 2), Couple(0, 1), Couple(2, 3)])
    }

    @Test func equalsGoByNumberAndFewCouplesRepeat() {
        let selection = CoupleSelection(.performance)
        #expect(
            selection.couples(3, of: [0, 1, 2, 3], returns: [5, 5, 5, 5], divergences: none) == [
                Couple(0, 1), Couple(0, 2), Couple(0, 3)
            ])
        #expect(selection.couples(2, of: [0, 1], returns: [1, 2], divergences: none) == [Couple(0, 1), Couple(0, 1)])
        #expect(
            selection.couples(5, of: [0, 1, 3], returns: [1, 2, .nan, 3], divergences: none) == [
                Couple(1, 3), Couple(0, 3), Couple(0, 1), Couple(1, 3), Couple(0, 3)
            ])
        #expect(selection.couples(2, of: [2], returns: [0, 0, 9, 0], divergences: none) == [Couple(2, 2), Couple(2, 2)])
    }

    @Test func theMixGoesFromOneToTheOther() {
        var divergences = none
        (divergences[0][2], divergences[2][0]) = (3, 5)
        let returns = [0.0, 10, 0, 10]
        func best(_ weight: Double) -> Couple {
            CoupleSelection(.mix, diversityWeight: weight).couples(
                1, of: [0, 1, 2, 3], returns: returns, divergences: divergences)[0]
        }
        #expect(
            best(0) == Couple(1, 3) && best(0.4) == Couple(1, 3) && best(0.6) == Couple(0, 2) && best(1) == Couple(0, 2)
        )
        #expect(
            CoupleSelection.weight(from: 0.5, to: 0, round: 0, rounds: 11) == 0.5
                && CoupleSelection.weight(from: 0.5, to: 0, round: 10, rounds: 11) == 0)
        #expect(
            CoupleSelection.weight(from: 0.5, to: 0, round: 5, rounds: 11) == 0.25
                && CoupleSelection.weight(from: 0.5, to: 0, round: 0, rounds: 1) == 0.5)
    }

    /// Eight equal policies but for two, which lean to either side: measured on the device, they are the first couple.
    @Test(arguments: Backend.available) func diversityPicksThePlantedPair(backend: Backend) throws {
        let queue = try backend.makeQueue(),
            network = ActorCritic(
                kind: .gaussian(count: 2), observations: 3, hidden: [8], valueHidden: [], activation: .tanh), m = 8
        var rng = SeededGenerator(seed: 9)
        let common = rng.uniform(network.layout.parameterCount), bias = 3 * 8 + 8 + 8 * 2
        let rows = (0..<m).flatMap { member -> [Float] in
            var flat = common
            flat[bias] += member == 2 ? 0.5 : member == 5 ? -0.5 : 0
            return network.layout.pack(flat)
        }
        let history = try RolloutHistory(members: m, slots: 1, steps: 16, environments: 2, width: 3, on: queue)
        try history.observations.write(rng.uniform(m * 32 * 3))
        history.resume(kept: 1)
        let distance = try PairwiseDivergence(network, members: m, population: m, states: 32, on: queue)
        try distance.measure(queue.tensor(rows, [m, network.layout.rowCount]), normaliser: nil, history: history)
        let all: [Float] = try distance.divergences.read(),
            matrix = (0..<m).map { i in (0..<m).map { Double(all[i * m + $0]) } }
        let couples = CoupleSelection(.diversity).couples(
            m, of: Array(0..<m), returns: (0..<m).map { Double($0 % 3) }, divergences: matrix)
        #expect(couples[0] == Couple(2, 5))
        // Means half a unit apart, with the standard deviations that both have.
        let variance = exp(2 * Double(common[bias + 2]))
        #expect(abs(matrix[2][5] - 1 / (2 * variance)) < 1e-5 && abs(matrix[0][2] - 0.25 / (2 * variance)) < 1e-5)
    }
}
