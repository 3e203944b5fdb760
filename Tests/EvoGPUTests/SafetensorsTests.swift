import EvoGPU
import Foundation
import Testing

@Suite struct SafetensorsTests {
    private let arrays = [
        NamedArray("policy/w", [1.5, -2, .nan, .infinity, 0, -0.0] as [Float], shape: [2, 3]),
        NamedArray("adam/m", [0.1, 0.2] as [Double]),
        NamedArray("steps", [UInt64.max], shape: []),
        NamedArray("parents", [-1, 2] as [Int32]),
        NamedArray("key", [UInt32.max, 7]),
        NamedArray("counts", [Int64.min]),
        NamedArray("empty", [] as [Float], shape: [0, 4])
    ]

    @Test func everyArrayComesBack() throws {
        let folder = try TemporaryFolder()
        try Safetensors.write(arrays, metadata: ["z": "1", "a \"quoted\"\\\n": "é"], to: folder("a.safetensors"))
        let (back, metadata) = try Safetensors.read(folder("a.safetensors"))
        #expect(back.sorted { $0.name < $1.name } == arrays.sorted { $0.name < $1.name })
        #expect(metadata == ["z": "1", "a \"quoted\"\\\n": "é"])
        #expect(try folder.names == ["a.safetensors"])
        #expect(
            try arrays[0].values(as: Float.self).map(\.bitPattern)
                == [1.5, -2, .nan, .infinity, 0, -0.0].map { ($0 as Float).bitPattern })
        expectRefusal(#"array "steps" holds U64; I32 is accepted"#) { _ = try arrays[2].values(as: Int32.self) }
    }

    @Test func theBytesAreThoseOfTheFormat() {
        // What Python's safetensors 0.6 writes for {"b": float32 [1, 2], "a": int64 [-1]}: large elements first.
        let header =
            #"""
            {"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}
            """#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var want = Data([UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(padded.utf8)
        want += [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
        let small = [NamedArray("b", [1, 2] as [Float]), NamedArray("a", [-1] as [Int64])]
        #expect(Safetensors.data(small) == want)
        #expect(Safetensors.data(small.reversed()) == want)
        #expect(
            Safetensors.data(arrays, metadata: ["a": "1", "b": "2"])
                == Safetensors.data(arrays.reversed(), metadata: ["b": "2", "a": "1"]))
    }

    @Test func everyCutIsRefused() throws {
        let folder = try TemporaryFolder()
        let whole = Safetensors.data(arrays)
        for length in 0..<whole.count {
            try folder.file("a", whole.prefix(length))
            #expect(throws: RunError.self, "cut to \(length) of \(whole.count) bytes") {
                try Safetensors.read(folder("a"))
            }
        }
    }

    /// - Parameters:
    ///   - header: the JSON of the file; `data` bytes of zeros follow.
    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "1 bytes at the end belong to no array"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, #"array "a" lies at bytes 0 to 8 of 4"#),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
            #"array "a" has 4 bytes for F32 of shape [2], which needs 8"#
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, #"array "a" lies at bytes 4 to 0 of 4"#),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, #"array "a" lies at bytes -4 to 0 of 4"#),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, #"array "a" has the impossible shape [-1]"#),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0,
            #"array "a" has the impossible shape [4611686018427387904, 4]"#
        ),
        (
            #"""
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}
            """#,
            12,
            #"array "b" begins at byte 4 inside the array before it, which ends at 8"#
        ),
        (
            #"""
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}
            """#,
            12,
            #"array "b" begins at byte 8 after a gap behind the array before it, which ends at 4"#
        ),
        (#"[1]"#, 0, "the header is not a JSON object with dtype, shape and data_offsets for every array"),
        (#"{"a":"#, 0, "the header is not a JSON object with dtype, shape and data_offsets for every array"),
        (
            #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4,
            "the header is not a JSON object with dtype, shape and data_offsets for every array"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4,
            "the header is not a JSON object with dtype, shape and data_offsets for every array"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4,
            "the header is not a JSON object with dtype, shape and data_offsets for every array"
        ),
        (
            #"{"__metadata__":{"a":1}}"#, 0,
            "the header is not a JSON object with dtype, shape and data_offsets for every array"
        )
    ])
    func inconsistentFilesAreRefused(header: String, data: Int, sentence: String) throws {
        let folder = try TemporaryFolder()
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try folder.file("a", length + Data(header.utf8) + Data(count: data))
        expectRefusal("FOLDER/a: not a whole safetensors file: \(sentence)", in: folder) {
            _ = try Safetensors.read(folder("a"))
        }
    }

    @Test func badLengthsAndTypes() throws {
        let folder = try TemporaryFolder()
        try folder.file("a", Data([1, 2, 3]))
        expectRefusal("FOLDER/a: not a whole safetensors file: it has 3 bytes and needs at least 8", in: folder) {
            _ = try Safetensors.read(folder("a"))
        }
        try folder.file("a", Data(repeating: 0xFF, count: 16))
        expectRefusal(
            """
            FOLDER/a: not a whole safetensors file: the header length is 18446744073709551615, above the limit of \
            100000000
            """,
            in: folder
        ) {
            _ = try Safetensors.read(folder("a"))
        }
        try folder.file("a", Data([200, 0, 0, 0, 0, 0, 0, 0, 123]))
        expectRefusal(
            "FOLDER/a: not a whole safetensors file: the header needs 200 bytes and the file has 1 left", in: folder
        ) {
            _ = try Safetensors.read(folder("a"))
        }
        let header = #"{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#
        try folder.file("a", Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(header.utf8) + Data(count: 2))
        expectRefusal(#"FOLDER/a: array "a" is of type BF16; F32, F64, I32, U32, U64, I64 are accepted"#, in: folder) {
            _ = try Safetensors.read(folder("a"))
        }
        expectRefusal("cannot read FOLDER/none: No such file or directory", in: folder) {
            _ = try Safetensors.read(folder("none"))
        }
    }
}
