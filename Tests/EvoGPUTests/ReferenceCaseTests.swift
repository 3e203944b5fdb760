import EvoGPU
import Foundation
import Testing

@Suite struct ReferenceCaseTests {
    private static let bytes = Data([
        0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0x20, 0xC0, 0xFE, 0xFF, 0xFF, 0xFF, 1, 0, 0xFF, 0x80
    ])
    private static let arrays = """
        {"name": "d", "dtype": "f8", "shape": [], "offset": 0, "bytes": 8},
        {"name": "f", "dtype": "<f4", "shape": [1, 1], "offset": 8, "bytes": 4},
        {"name": "i", "dtype": "i4", "shape": [1], "offset": 12, "bytes": 4},
        {"name": "flags", "dtype": "bool", "shape": [2], "offset": 16, "bytes": 2},
        {"name": "bytes", "dtype": "|u1", "shape": [2], "offset": 18, "bytes": 2},
        {"name": "short", "dtype": "i2", "shape": [2], "offset": 16, "bytes": 4},
        {"name": "none", "dtype": "i8", "shape": [0, 3], "offset": 20, "bytes": 0}
        """

    private func write(
        in folder: TemporaryFolder, _ fields: String = "", file: String = "a.bin", arrays: String = arrays,
        bytes: Data = bytes
    ) throws -> URL {
        try folder.file("a.bin", bytes)
        return try folder.file("a.json", "{\(fields)\"file\": \"\(file)\", \"arrays\": [\(arrays)]}")
    }

    @Test func elementsOfEveryTypeBecomeDoubles() throws {
        let folder = try TemporaryFolder()
        let sum = SHA256.hexDigest(Self.bytes)
        let reference = try ReferenceCase(
            json: write(in: folder, "\"sha256\": \"\(sum)\", \"byte_order\": \"little\", "))
        #expect(reference.name == "a")
        #expect(reference.arrayNames == ["d", "f", "i", "flags", "bytes", "short", "none"])
        #expect(try reference.doubles("d") == [1.5])
        #expect(try reference.doubles("f") == [-2.5])
        #expect(try reference.doubles("i") == [-2])
        #expect(try reference.doubles("flags") == [1, 0])
        #expect(try reference.doubles("bytes") == [255, 128])
        #expect(try reference.doubles("short") == [1, -32513])
        #expect(try reference.doubles("none") == [])
        #expect(try reference.shape("d") == [])
        #expect(try reference.shape("none") == [0, 3])
    }

    @Test func metadataIsFoundByItsDottedKey() throws {
        let folder = try TemporaryFolder()
        let reference = try ReferenceCase(
            json: write(
                in: folder,
                """
                "gamma": 0.99, "env": "Ant-v5", "adam": [0.9, 0.999], "names": ["a", "b"], "versions": {"numpy": "2"}, \
                "policies": {"layers": [3]}, "on": true,
                """))
        #expect(try reference.number("gamma") == 0.99)
        #expect(try reference.string("versions.numpy") == "2")
        #expect(try reference.numbers("adam") == [0.9, 0.999])
        #expect(try reference.numbers("policies.layers") == [3])
        #expect(try reference.strings("names") == ["a", "b"])
        #expect(reference.metadata["on"] == .bool(true))
        expectRefusal(#"FOLDER/a.json: "beta" is missing; a number is needed"#, in: folder) {
            _ = try reference.number("beta")
        }
        expectRefusal(#"FOLDER/a.json: "env" is something else; a number is needed"#, in: folder) {
            _ = try reference.number("env")
        }
        expectRefusal(#"FOLDER/a.json: "gamma" is something else; text is needed"#, in: folder) {
            _ = try reference.string("gamma")
        }
        expectRefusal(#"FOLDER/a.json: "names" is something else; a list of numbers is needed"#, in: folder) {
            _ = try reference.numbers("names")
        }
        expectRefusal(#"FOLDER/a.json: "adam" is something else; a list of text is needed"#, in: folder) {
            _ = try reference.strings("adam")
        }
    }

    @Test func aFolderGivesItsCasesByName() throws {
        let folder = try TemporaryFolder()
        _ = try write(in: folder)
        for name in ["z.json", "B.json", "below/c.json"] { try folder.file(name, #"{"file": "a.bin", "arrays": []}"#) }
        try folder.file("notes.json", "{}")
        try folder.file("broken.json", "{")
        try folder.file("list.json", "[1]")
        #expect(try ReferenceCase.all(in: folder.url).map(\.name) == ["B", "a", "z"])
        expectRefusal("cannot list the folder FOLDER/none: there is no such folder", in: folder) {
            _ = try ReferenceCase.all(in: folder("none"))
        }
    }

    @Test func refusals() throws {
        let folder = try TemporaryFolder()
        func expect(_ sentence: String, sourceLocation: SourceLocation = #_sourceLocation, _ write: () throws -> URL) {
            expectRefusal(sentence, in: folder, sourceLocation: sourceLocation) { _ = try ReferenceCase(json: write()) }
        }
        func array(_ fields: String) -> String { #"{"name": "x", \#(fields)}"# }
        expect("cannot read FOLDER/none.json: No such file or directory") { folder("none.json") }
        expect("FOLDER/b.json: not valid JSON") { try folder.file("b.json", "{") }
        expect(
            """
            FOLDER/b.json: not an index of reference data, which holds "file" and "arrays" of name, dtype, shape, \
            offset and bytes
            """
        ) {
            try folder.file("b.json", "{\"file\": \"a.bin\"}")
        }
        expect("cannot read FOLDER/gone.bin: No such file or directory") { try write(in: folder, file: "gone.bin") }
        expect(#"FOLDER/a.json: file is "../a.bin"; the name of a file in the same folder is accepted"#) {
            try write(in: folder, file: "../a.bin")
        }
        expect(#"FOLDER/a.json: byte_order is "big"; "little" is accepted"#) {
            try write(in: folder, #""byte_order": "big", "#)
        }
        expect(#"FOLDER/a.bin: cut short: the file has 10 bytes; array "f" needs 4 from byte 8"#) {
            try write(in: folder, bytes: Self.bytes.prefix(10))
        }
        expect(#"FOLDER/a.json: array "x" has 8 bytes, which does not fit f8 of shape [2]"#) {
            try write(in: folder, arrays: array(#""dtype": "f8", "shape": [2], "offset": 0, "bytes": 8"#))
        }
        expect(#"FOLDER/a.json: array "x" has 8 bytes, which does not fit f8 of shape [-1]"#) {
            try write(in: folder, arrays: array(#""dtype": "f8", "shape": [-1], "offset": 0, "bytes": 8"#))
        }
        expect(#"FOLDER/a.bin: cut short: the file has 20 bytes; array "x" needs 8 from byte -8"#) {
            try write(in: folder, arrays: array(#""dtype": "f8", "shape": [], "offset": -8, "bytes": 8"#))
        }
        expect(
            #"FOLDER/a.json: array "x" is of type c16; b1, bool, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 are accepted"#
        ) {
            try write(in: folder, arrays: array(#""dtype": "c16", "shape": [], "offset": 0, "bytes": 16"#))
        }
        let sum = SHA256.hexDigest(Self.bytes)
        expect("FOLDER/a.bin: the SHA-256 sum is \(sum); FOLDER/a.json gives 00") {
            try write(in: folder, "\"sha256\": \"00\", ")
        }
        let reference = try ReferenceCase(json: write(in: folder))
        for lookUp in [{ _ = try reference.doubles("y") }, { _ = try reference.shape("y") }] {
            expectRefusal(
                #"FOLDER/a.json: there is no array "y"; there are d, f, i, flags, bytes, short, none"#, in: folder,
                lookUp)
        }
    }
}
