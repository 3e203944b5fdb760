import Foundation
import GPUTensor
import Testing

@Suite struct RandomTests {
    /// Philox4x32-10 (Salmon et al. 2011), plainly.
    private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
        var (c, k) = (counter, key)
        for _ in 0..<10 {
            let (a, b) = (UInt64(c[0]) * 0xD251_1F53, UInt64(c[2]) * 0xCD9E_8D57)
            c = [
                UInt32(b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ c[3] ^ k[1],
                UInt32(truncatingIfNeeded: a)
            ]
            k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
        }
        return c
    }

    /// The vectors of the authors' Random123 library.
    @Test func plainFormGivesTheKnownAnswers() {
        #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        #expect(philox([.max, .max, .max, .max], [.max, .max]) == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
        #expect(
            philox([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0]) == [
                0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1
            ])
    }

    /// Members with streams of their own, rows of odd lengths, zeros in the padding, and a row behind the last one that
    /// stays.
    @Test(arguments: Backend.available, [1, 4, 15, 16, 33, 1000]) func wordsMatchThePlainForm(
        backend: Backend, count: Int
    ) throws {
        let queue = try backend.makeQueue(), members = 3, pitch = padded(count)
        let words: [UInt32] = [0, 0, 0, 9, 0xA409_3822, 0x299F_31D0, 0x0370_7344, 9, .max, .max, .max, 9]
        for (step, purpose) in [(UInt32(0), UInt32(0)), (0x85A3_08D3, 0x1319_8A2E), (.max, .max)] {
            let bits = try queue.tensor([UInt32](repeating: 0xABCD, count: (members + 1) * pitch), [members + 1, pitch])
            try queue.launch(
                "random_bits", over: [(pitch / 4 + queue.lanes - 1) / queue.lanes, members],
                queue.tensor(words, [members, 4]), bits, Int32(members), Int32(count),
                Int32(pitch), step, purpose)
            var want = [UInt32](repeating: 0xABCD, count: (members + 1) * pitch)
            for p in 0..<members {
                for i in 0..<pitch {
                    let counter = [UInt32(i / 4), step, purpose, words[4 * p + 2]]
                    want[p * pitch + i] = i < count ? philox(counter, [words[4 * p], words[4 * p + 1]])[i % 4] : 0
                }
            }
            #expect(try bits.read() == want, "\(backend) \(count)")
        }
        let first = try queue.tensor(.uint32, [1, 4], padded: true)
        try queue.randomBits(
            first, streams: queue.tensor([UInt32(0), 0, 0, 0], [1, 4]), step: 0, purpose: RandomPurpose(rawValue: 0))
        #expect(try first.read() == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8] as [UInt32])
    }

    private func draw(_ backend: Backend, seed: UInt64, members: Int = 2, count: Int, step: UInt32 = 1, normal: Bool)
        throws -> [Float]
    {
        let queue = try backend.makeQueue(), out = try queue.tensor(.float32, [members, count], padded: true)
        let streams = try queue.tensor(Queue.streamWords(seeds: [seed], membersPerRun: members), [members, 4])
        try out.withoutPadding.write([Float](repeating: .nan, count: out.paddedCount))
        if normal {
            try queue.randomNormal(out, streams: streams, step: step, purpose: "TEST")
        } else {
            try queue.randomUniform(out, streams: streams, step: step, purpose: "TEST")
        }
        let all: [Float] = try out.withoutPadding.read()
        let padding = all.indices.filter { $0 % out.pitch >= count }
        #expect(padding.allSatisfy { all[$0] == 0 }, "padding on \(backend)")
        return try out.read()
    }

    @Test(arguments: Backend.available) func uniformsAreUniform(backend: Backend) throws {
        let values = try draw(backend, seed: 3, count: 50_001, normal: false).map(Double.init), n = Double(values.count)
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 && ($0 * 0x1p24).rounded() == $0 * 0x1p24 })
        let mean = values.reduce(0, +) / n, variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
        // Five standard errors: of the mean 1 / sqrt(12 n), of the variance 1 / sqrt(180 n).
        #expect(abs(mean - 0.5) <= 5 / (12 * n).squareRoot(), "\(mean)")
        #expect(abs(variance - 1.0 / 12) <= 5 / (180 * n).squareRoot(), "\(variance)")
        var bins = [Double](repeating: 0, count: 64)
        for value in values where value < 1 { bins[Int(value * 64)] += 1 }
        // Chi-square with 63 degrees of freedom exceeds 63 + 5 sqrt(126) = 119 once in 20,000 seeds.
        let each = n / 64, chiSquare = bins.reduce(0.0) { $0 + ($1 - each) * ($1 - each) / each }
        #expect(chiSquare < 119)
    }

    @Test(arguments: Backend.available) func normalsAreNormal(backend: Backend) throws {
        let values = try draw(backend, seed: 4, count: 50_001, normal: true).map(Double.init), n = Double(values.count)
        func moment(_ power: Int) -> Double { values.reduce(0) { $0 + pow($1, Double(power)) } / n }
        // Five standard errors of the first four moments of a standard normal: variances 1, 2, 15 and 96 over n.
        for (power, want, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
            #expect(abs(moment(power) - want) <= 5 * (variance / n).squareRoot(), "moment \(power) is \(moment(power))")
        }
        // Neighbours come in pairs from one radius; their product has mean 0 and variance 1.
        let pairs = stride(from: 0, to: values.count / 2 - 1, by: 2).map { values[$0] * values[$0 + 1] }
        let product = pairs.reduce(0, +) / Double(pairs.count), error = 1 / Double(pairs.count).squareRoot()
        #expect(abs(product) <= 5 * error, "\(product)")
        #expect(values.allSatisfy { abs($0) < 6.78 })
    }

    @Test func seedStepAndMemberDecideTheNumbers() throws {
        let backend = Backend.available[0], base = try draw(backend, seed: 3, count: 100, normal: false)
        #expect(try draw(backend, seed: 3, count: 100, normal: false) == base)
        #expect(Array(base[..<100]) != Array(base[100...]), "two members drew the same")
        #expect(try draw(backend, seed: 3 + 1 << 32, count: 100, normal: false) != base)
        #expect(try draw(backend, seed: 4, count: 100, normal: false) != base)
        #expect(try draw(backend, seed: 3, count: 100, step: 2, normal: false) != base)
        // A row's numbers depend neither on its length nor on the other members.
        #expect(Array(try draw(backend, seed: 3, members: 1, count: 37, normal: false)) == Array(base[..<37]))
    }

    @Test(arguments: [1, 7, 16, 1001], [false, true]) func everyBackendGivesTheSameBits(count: Int, normal: Bool) throws
    {
        let first = try draw(Backend.available[0], seed: 8, count: count, normal: normal).map(\.bitPattern)
        for backend in Backend.available {
            #expect(
                try draw(backend, seed: 8, count: count, normal: normal).map(\.bitPattern) == first,
                "\(backend) differs from \(Backend.available[0])")
        }
    }

    @Test(arguments: Backend.available, [1, 2, 3, 16, 17, 100, 1025]) func permutationsArePermutations(
        backend: Backend, count: Int
    ) throws {
        let queue = try backend.makeQueue(), members = 3,
            order = try queue.tensor(.int32, [members, count], padded: true)
        let streams = try queue.tensor(Queue.streamWords(seeds: [5], membersPerRun: members), [members, 4])
        var seen: Set<[Int32]> = []
        for step in 0..<4 {
            try order.withoutPadding.write([Int32](repeating: -1, count: order.paddedCount))
            try queue.randomPermutation(order, streams: streams, step: UInt32(step), purpose: "PERM")
            let all: [Int32] = try order.withoutPadding.read()
            for p in 0..<members {
                let row = Array(all[p * order.pitch..<p * order.pitch + count])
                #expect(row.sorted() == (0..<Int32(count)).map { $0 }, "\(backend) \(count)")
                #expect(
                    all[p * order.pitch + count..<(p + 1) * order.pitch].allSatisfy { $0 == 0 }, "padding on \(backend)"
                )
                seen.insert(row)
            }
        }
        if count >= 16 { #expect(seen.count == 12, "two of twelve orders of \(count) are the same") }
    }

    /// Where element 0 goes, and which element comes first, over 6,000 orders of 6.
    @Test func permutationsAreUniform() throws {
        let queue = try Backend.available[0].makeQueue(), members = 6000,
            order = try queue.tensor(.int32, [members, 6], padded: true)
        try queue.randomPermutation(
            order, streams: queue.tensor(Queue.streamWords(seeds: [6], membersPerRun: members), [members, 4]), step: 0,
            purpose: "PERM")
        let all: [Int32] = try order.read()
        var counts = [[Double]](repeating: Array(repeating: 0, count: 6), count: 6)
        for (i, value) in all.enumerated() where (0..<6).contains(value) { counts[i % 6][Int(value)] += 1 }
        // 1000 each; 25 degrees of freedom, exceeded by 25 + 6 sqrt(50) = 67 once in 100,000 seeds.
        let chiSquare = counts.joined().reduce(0.0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
        #expect(chiSquare < 67, "\(counts)")
    }
}
