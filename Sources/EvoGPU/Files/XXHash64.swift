/// XXH64 with seed 0 (Yann Collet, xxHash specification), fed in pieces: finds damage in a checkpoint at the speed of
/// memory. `xxhsum -H1` prints the same digest.
public struct XXHash64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87, prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9, prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private var lanes = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
    private var rest: [UInt8] = []  // fewer than 32 bytes
    private var length: UInt64 = 0

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var at = 0
        if !rest.isEmpty {
            at = min(32 - rest.count, bytes.count)
            rest.append(contentsOf: bytes[..<at])
            guard rest.count == 32 else { return }
            lanes = rest.withUnsafeBytes { Self.absorbed($0, 0, lanes) }
            rest = []
        }
        var running = lanes
        while bytes.count - at >= 32 {
            running = Self.absorbed(bytes, at, running)
            at += 32
        }
        lanes = running
        rest.append(contentsOf: bytes[at...])
    }

    /// Sixteen hexadecimal digits for everything so far.
    public var hexDigest: String {
        var hash: UInt64
        if length >= 32 {
            hash =
                Self.rotated(lanes.0, 1) &+ Self.rotated(lanes.1, 7) &+ Self.rotated(lanes.2, 12)
                &+ Self.rotated(lanes.3, 18)
            for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
                hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
            }
        } else {
            hash = Self.prime5
        }
        hash &+= length
        rest.withUnsafeBytes { bytes in
            var at = 0
            while bytes.count - at >= 8 {
                hash ^= Self.round(0, Self.word(bytes, at))
                hash = Self.rotated(hash, 27) &* Self.prime1 &+ Self.prime4
                at += 8
            }
            if bytes.count - at >= 4 {
                hash ^=
                    UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
                    &* Self.prime1
                hash = Self.rotated(hash, 23) &* Self.prime2 &+ Self.prime3
                at += 4
            }
            for byte in bytes[at...] {
                hash ^= UInt64(byte) &* Self.prime5
                hash = Self.rotated(hash, 11) &* Self.prime1
            }
        }
        hash = (hash ^ hash >> 33) &* Self.prime2
        hash = (hash ^ hash >> 29) &* Self.prime3
        return hexadecimal(hash ^ hash >> 32)
    }

    private static func absorbed(
        _ bytes: UnsafeRawBufferPointer, _ at: Int,
        _ lanes: (UInt64, UInt64, UInt64, UInt64)
    ) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            round(lanes.0, word(bytes, at)), round(lanes.1, word(bytes, at + 8)),
            round(lanes.2, word(bytes, at + 16)), round(lanes.3, word(bytes, at + 24))
        )
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotated(lane &+ word &* prime2, 31) &* prime1
    }
    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
