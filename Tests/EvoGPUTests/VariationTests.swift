import EvoGPU
import Foundation
import GPUTensor
import Testing

/// ERL's two operators, n-point crossover and Gaussian mutation.
@Suite struct VariationTests {
    private let actor = Policy.erl(observations: 5, actions: 3, hidden: [19, 7])
    private let population = 7

    /// Parameters that differ everywhere but in the padding, in rows.
    private func parameters(seed: UInt64) -> [Float] {
        var rng = SeededGenerator(seed: seed)
        return (0..<population).flatMap { _ in actor.layout.pack(rng.uniform(actor.layout.parameterCount)) }
    }
    private func row(_ rows: [Float], _ member: Int) -> [Float] {
        Array(rows[member * actor.layout.rowCount..<(member + 1) * actor.layout.rowCount])
    }

    /// The code's loop, one copy after the other, with the device's words.
    @Test(arguments: Backend.available) func rowsAreCopiedOneAfterTheOther(backend: Backend) throws {
        let queue = try backend.makeQueue(), layout = actor.layout,
            streams = Queue.streamWords(seeds: [11], membersPerRun: population)
        let crossover = try NPointCrossover(layout, population: population, limit: 3, streams: streams, on: queue)
        let before = parameters(seed: 3), tensor = try queue.tensor(before, [population, layout.rowCount])
        let swaps = [
            GenerationPlan.Swap(first: 0, second: 2, firstSlot: 5, secondSlot: 1),
            .init(first: 2, second: 2, firstSlot: nil, secondSlot: 6),
            .init(first: 4, second: 0, firstSlot: 3, secondSlot: nil)
        ]
        try crossover.cross(swaps, parameters: tensor, step: 9)
        let after: [Float] = try tensor.read()

        var want = before, copied = 0, units = 0
        let words = layout.slots.reduce(0) { $0 + ($1.isWeight ? 2 : 1) * $1.columns }
        for swap in swaps {
            let stream = swap.firstSlot ?? swap.secondSlot!
            let bits = try queue.tensor(.uint32, [1, words], padded: true)
            try queue.randomBits(
                bits, streams: queue.tensor(Array(streams[4 * stream..<4 * stream + 4]), [1, 4]), step: 9,
                purpose: "NPXO")
            let word: [UInt32] = try bits.read()
            func below(_ n: Int, _ word: UInt32) -> Int { Int((UInt64(word) * UInt64(n)) >> 32) }
            var first = row(before, swap.first), second = row(before, swap.second), at = 0
            for slot in layout.slots {
                let limit = slot.isWeight ? 2 * slot.columns : slot.columns
                for copy in 0..<below(limit, word[at]) {
                    let draw = word[at + 1 + copy], unit = below(slot.columns, draw)
                    for input in 0..<slot.rows {
                        let i = slot.offset + input * slot.pitch + unit
                        if draw & 1 == 0 { first[i] = second[i] } else { second[i] = first[i] }
                    }
                }
                at += limit
                for unit in 0..<slot.columns {
                    units += 1
                    copied +=
                        first[slot.offset + unit] == second[slot.offset + unit] && swap.first != swap.second ? 1 : 0
                }
            }
            if let slot = swap.firstSlot {
                want.replaceSubrange(slot * layout.rowCount..<(slot + 1) * layout.rowCount, with: first)
            }
            if let slot = swap.secondSlot {
                want.replaceSubrange(slot * layout.rowCount..<(slot + 1) * layout.rowCount, with: second)
            }
        }
        #expect(after == want, "\(backend)")
        #expect(
            copied > units / 10 && copied < units,
            "\(copied) of \(units) units are copied: the test would not see a fault")
    }

    /// The code's loop, one hit after the other, with the device's words and normal numbers; three mutants with room
    /// for two.
    @Test(arguments: Backend.available) func weightsAreHitOneAfterTheOther(backend: Backend) throws {
        let queue = try backend.makeQueue(), layout = actor.layout,
            streams = Queue.streamWords(seeds: [12], membersPerRun: population)
        var settings = GaussianMutation.Settings()
        // often twice on one weight, and beyond the limit
        (settings.fraction, settings.superProbability, settings.resetProbability, settings.limit) = (0.5, 0.2, 0.2, 3)
        let mutation = try GaussianMutation(
            layout, population: population, limit: 2, settings: settings, streams: streams, on: queue)
        let before = parameters(seed: 4), tensor = try queue.tensor(before, [population, layout.rowCount])
        let mutants = [6, 0, 3]
        try mutation.mutate(mutants, parameters: tensor, step: 5)
        let after: [Float] = try tensor.read()

        var want = before
        let matrices = layout.slots.filter(\.isWeight),
            hits = matrices.map { Int((0.5 * Double($0.count)).rounded(.up)) }
        for mutant in mutants {
            let stream = try queue.tensor(Array(streams[4 * mutant..<4 * mutant + 4]), [1, 4])
            let bits = try queue.tensor(.uint32, [1, hits.reduce(0) { $0 + 3 + 2 * $1 }], padded: true),
                normals = try queue.tensor(.float32, [1, hits.reduce(0, +)], padded: true)
            try queue.randomBits(bits, streams: stream, step: 5, purpose: "MUTB")
            try queue.randomNormal(normals, streams: stream, step: 5, purpose: "MUTN")
            let word: [UInt32] = try bits.read(), z: [Float] = try normals.read()
            func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
            func below(_ n: Int, _ word: UInt32) -> Int { Int((UInt64(word) * UInt64(n)) >> 32) }
            var at = 0, normal = 0
            for (slot, most) in zip(matrices, hits) {
                if uniform(word[at]) < 2 * uniform(word[at + 1]) {
                    for k in 0..<below(most, word[at + 2]) {
                        let weight = below(slot.count, word[at + 3 + 2 * k]),
                            i =
                                mutant * layout.rowCount + slot.offset + weight / slot.columns * slot.pitch + weight
                                % slot.columns
                        let u = uniform(word[at + 4 + 2 * k]), w = want[i], noise = z[normal + k]
                        want[i] =
                            u < 0.2
                            ? w.addingProduct(noise, 10 * w)
                            : u < Float(0.2) + Float(0.2) ? noise : w.addingProduct(noise, 0.1 * w)
                        want[i] = max(-3, min(3, want[i]))
                    }
                }
                at += 3 + 2 * most
                normal += most
            }
        }
        #expect(after == want, "\(backend)")
        for slot in layout.slots where !slot.isWeight { #expect(after[slot.offset] == before[slot.offset]) }
    }

    /// With the published constants: matrices are touched in three of four cases, and of a touched one 5 % of the
    /// weights on average.
    @Test func hitsAreAsOftenAsInTheCode() throws {
        let queue = try Queue(Device.named("auto")),
            actor = Policy.erl(observations: 17, actions: 6, hidden: [64, 64]), layout = actor.layout,
            population = 400
        let mutation = try GaussianMutation(
            layout, population: population, limit: 128,
            streams: Queue.streamWords(seeds: [1], membersPerRun: population), on: queue)
        let one = layout.mask(),
            tensor = try queue.tensor((0..<population).flatMap { _ in one }, [population, layout.rowCount])
        try mutation.mutate(Array(0..<population), parameters: tensor, step: 1)
        let after: [Float] = try tensor.read(), matrix = layout.slots.filter(\.isWeight)[1]
        var touched = 0, hit = 0
        for member in 0..<population {
            let changed = (0..<matrix.count).count { after[member * layout.rowCount + matrix.offset + $0] != 1 }
            touched += changed > 0 ? 1 : 0
            hit += changed
        }
        // Three standard errors of a share of 400; hits repeat on a weight now and then, which takes 2.5 % off their
        // mean of 5 %.
        #expect(abs(Double(touched) / 400 - 0.75) < 3 * (0.75 * 0.25 / 400).squareRoot() + 0.005, "\(touched) of 400")
        #expect(
            abs(Double(hit) / Double(touched * matrix.count) - 0.0484) < 3 * 0.029 / Double(touched).squareRoot(),
            "\(Double(hit) / Double(touched * matrix.count))")
    }

    /// All at once is the same as one at a time, and as the same members in another run's place.
    @Test(arguments: Backend.available) func neighboursDoNotMatter(backend: Backend) throws {
        let queue = try backend.makeQueue(), layout = actor.layout,
            streams = Queue.streamWords(seeds: [1, 2], membersPerRun: population), both = 2 * population
        let before = parameters(seed: 8), twice = try queue.tensor(before + before, [both, layout.rowCount]),
            alone = try queue.tensor(before, [population, layout.rowCount])
        let swaps = [
            GenerationPlan.Swap(first: 0, second: 2, firstSlot: 5, secondSlot: 1),
            .init(first: 4, second: 0, firstSlot: 3, secondSlot: nil)
        ]
        var (first, second) = (GenerationPlan(), GenerationPlan())
        (first.swaps, first.mutated, second.swaps, second.mutated) = (Array(swaps[1...]), [0, 6], swaps, [1, 2, 3, 5])
        let joined = GenerationPlan.joined([first, second], population: population)
        #expect(
            joined.mutated == [0, 6, 8, 9, 10, 12]
                && joined.swaps[1] == .init(first: 7, second: 9, firstSlot: 12, secondSlot: 8))
        let crossover = try NPointCrossover(layout, population: both, limit: 9, streams: streams, on: queue),
            mutation = try GaussianMutation(layout, population: both, limit: 9, streams: streams, on: queue)
        try crossover.cross(joined.swaps, parameters: twice, step: 2)
        try mutation.mutate(joined.mutated, parameters: twice, step: 2)

        let own = Array(streams[(4 * population)...])
        let single = try NPointCrossover(layout, population: population, limit: 1, streams: own, on: queue),
            one = try GaussianMutation(layout, population: population, limit: 1, streams: own, on: queue)
        try single.cross(second.swaps, parameters: alone, step: 2)
        for mutant in second.mutated.reversed() { try one.mutate([mutant], parameters: alone, step: 2) }
        #expect(try Array(twice.read(as: Float.self)[(population * layout.rowCount)...]) == alone.read(), "\(backend)")
    }

    @Test func refusals() throws {
        let queue = try Queue(Device.named("cpu"))
        var settings = GaussianMutation.Settings()
        settings.fraction = 1.5
        expectRefusal("mutation fraction: 1.5; a number from 0 to 1 is accepted") {
            _ = try GaussianMutation(
                actor.layout, population: 2, limit: 1, settings: settings,
                streams: Queue.streamWords(seeds: [1], membersPerRun: 2), on: queue)
        }
    }
}
