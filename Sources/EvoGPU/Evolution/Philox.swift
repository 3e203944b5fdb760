/// Philox4x32-10 (Salmon et al. 2011), plainly: what the kernels' random words are compared with.
func philox4x32(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
        let a = c[0].multipliedFullWidth(by: 0xD251_1F53), b = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
        c = [b.high ^ c[1] ^ k[0], b.low, a.high ^ c[3] ^ k[1], a.low]
        k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
}

/// The known answers that come with the authors' Random123 library (`kat_vectors`).
let philoxKnownAnswers: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
    (Array(repeating: .max, count: 4), [.max, .max], [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
    (
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
        [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
    )
]
