import GPUTensor

/// A device's random words beside the known answers of Philox4x32-10.
public struct RandomReport: Sendable, Encodable {
    /// Of Random123's three vectors, those that the plain Swift form gives; the first one also comes from the kernel
    /// directly.
    public let knownAnswers: Int
    /// Words of the kernel compared with the plain form, and those that differ.
    public let words: Int, differing: Int
    public var passed: Bool { knownAnswers == philoxKnownAnswers.count && differing == 0 }

    private enum CodingKeys: String, CodingKey { case knownAnswers = "known_answers", words, differing }
}

/// Checks `random_bits` word by word.
///
/// A row's element 4 b + j is word j of counter (b, step, purpose, member) under its seed's key. The first word of the
/// counter starts at 0 in every row, so only the first known answer can be asked of the kernel; the other two hold a
/// plain form to the standard, and the kernel to that form, on counters and keys whose other words are theirs.
public func verifyRandom(on queue: Queue) throws -> RandomReport {
    let right = philoxKnownAnswers.count { philox4x32(counter: $0.counter, key: $0.key) == $0.words }
    var words = 0, differing = 0
    for (counter, key, _) in philoxKnownAnswers {
        // 250 blocks, no multiple of any number of lanes
        let members: [UInt32] = [counter[3], counter[3] &+ 1, 5], count = 1000
        let streams = try queue.tensor(members.flatMap { [key[0], key[1], $0, 0] }, [members.count, 4])
        let bits = try queue.tensor(.uint32, [members.count, count], padded: true)
        try queue.randomBits(bits, streams: streams, step: counter[1], purpose: RandomPurpose(rawValue: counter[2]))
        let got: [UInt32] = try bits.read()
        for (row, member) in members.enumerated() {
            for block in 0..<count / 4 {
                let want = philox4x32(counter: [UInt32(block), counter[1], counter[2], member], key: key)
                differing += (0..<4).count { got[row * count + 4 * block + $0] != want[$0] }
                words += 4
            }
        }
    }
    return RandomReport(knownAnswers: right, words: words, differing: differing)
}
