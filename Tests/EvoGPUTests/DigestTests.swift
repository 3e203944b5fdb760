import EvoGPU
import Foundation
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4's examples, and a million times "a".
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    ])
    func sha256(text: String, want: String) {
        #expect(SHA256.hexDigest(Data(text.utf8)) == want)
        #expect(SHA256.hexDigest(Data("--\(text)".utf8).dropFirst(2)) == want)  // a slice does not begin at index 0
    }

    /// Values of the reference implementation for the bytes i * 7 + 3 mod 256.
    @Test(arguments: [
        (0, "ef46db3751d8e999"), (1, "1f25c8d0bc1f4bb6"), (3, "31d2363f52e564c9"), (4, "9bb64b7d66ee9fda"),
        (7, "9a7b149959ce60d8"), (8, "dab99d95c6f90092"), (15, "1b47cb8243cc8e32"), (31, "a2aa5f33cc4a6119"),
        (32, "23c3c17ef790fd97"), (33, "50a7cfc7ba588784"), (63, "5e3e54b431c7493c"), (64, "0eb64b3ef6eeb01f"),
        (100, "a61f8d4c170fe531"), (1000, "5f235fa033f1a3fb")
    ])
    func xxh64(count: Int, want: String) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        for piece in [1, 3, 31, 32, 33, 1000] {  // however the bytes are cut
            var hash = XXHash64()
            for start in stride(from: 0, to: count, by: piece) {
                Array(bytes[start..<min(count, start + piece)]).withUnsafeBytes { hash.update($0) }
            }
            #expect(hash.hexDigest == want, "in pieces of \(piece)")
        }
    }
}
