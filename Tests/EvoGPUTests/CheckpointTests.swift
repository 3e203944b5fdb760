import EvoGPU
import Foundation
import Testing

private struct Counters: Codable, Equatable {
    var generation = 3, steps = 1_000_000_007
    var seed = UInt64.max
    var best = -Double.infinity
    var mean: Float = 0.1
    var third = 1.0 / 3
    var note: String?
}

@Suite struct CheckpointTests {
    private let arrays = [
        NamedArray("policy", [1, 2, 3, .nan] as [Float], shape: [2, 2]), NamedArray("key", [7] as [UInt64])
    ]
    private let state = #"checkpoint/state.json"#, data = "checkpoint/arrays.safetensors"

    private func write(_ generation: Int, in folder: TemporaryFolder) throws {
        try Checkpoint.write(
            arrays + [NamedArray("generation", [Int64(generation)])], state: Counters(generation: generation),
            in: folder.url)
    }

    /// The generation, which arrays and state have to agree on.
    private func readGeneration(in folder: TemporaryFolder) throws -> Int {
        let (arrays, state) = try Checkpoint.read(state: Counters.self, in: folder.url)
        #expect(try arrays["generation"]?.values() == [Int64(state.generation)])
        return state.generation
    }

    @Test func whatWasWrittenComesBackBitForBit() throws {
        let folder = try TemporaryFolder()
        try Checkpoint.write(arrays, state: Counters(), in: folder.url)
        let (back, counters) = try Checkpoint.read(state: Counters.self, in: folder.url)
        #expect(back == ["policy": arrays[0], "key": arrays[1]])
        #expect(counters == Counters())
        #expect(try folder.names == ["checkpoint"])
        let bytes = try (folder.text(state), Data(contentsOf: folder(data)))
        try Checkpoint.write(arrays.reversed(), state: Counters(), in: folder.url)
        #expect(try bytes == (folder.text(state), Data(contentsOf: folder(data))))
    }

    @Test func theStateFileSaysWhatItIs() throws {
        let folder = try TemporaryFolder()
        try Checkpoint.write([], state: ["b": 1, "a": 2], in: folder.url)
        #expect(
            try folder.text(state) == """
                {
                  "arrays_bytes" : 16,
                  "arrays_digest" : "xxh64:2f39877e537d87a7",
                  "format" : "evogpu checkpoint",
                  "state" : {
                    "a" : 2,
                    "b" : 1
                  },
                  "version" : 2
                }
                """)
    }

    @Test func aNewCheckpointReplacesTheOldAndLeavesNothingElse() throws {
        let folder = try TemporaryFolder()
        for generation in 1...3 {
            try write(generation, in: folder)
            #expect(try readGeneration(in: folder) == generation)
            #expect(try folder.names == ["checkpoint"])
        }
    }

    @Test func whatKilledProcessesLeftIsRemoved() throws {
        let folder = try TemporaryFolder()
        try write(1, in: folder)
        try folder.file("checkpoint.new-1/arrays.safetensors", "half")
        try folder.file("checkpoint.new-99999999/state.json", "{")
        #expect(try readGeneration(in: folder) == 1)
        try write(2, in: folder)
        #expect(try folder.names == ["checkpoint"])
        #expect(try readGeneration(in: folder) == 2)
    }

    /// The two states that a kill can leave where the system cannot swap folders.
    @Test func theOldFolderCountsWhileThereIsNoOther() throws {
        let folder = try TemporaryFolder()
        try write(1, in: folder)
        try FileManager.default.moveItem(at: folder("checkpoint"), to: folder("checkpoint.old"))
        #expect(try readGeneration(in: folder) == 1)
        try write(2, in: folder)
        #expect(try readGeneration(in: folder) == 2)
        #expect(try folder.names == ["checkpoint"])

        try FileManager.default.copyItem(at: folder("checkpoint"), to: folder("checkpoint.old"))
        try write(3, in: folder)
        #expect(try readGeneration(in: folder) == 3)
        #expect(try folder.names == ["checkpoint"])
    }

    @Test func aRefusedWriteKeepsTheOldCheckpoint() throws {
        let folder = try TemporaryFolder()
        try write(1, in: folder)
        #expect(throws: (any Error).self) { try Checkpoint.write(arrays, state: Unwritable(), in: folder.url) }
        #expect(try folder.names == ["checkpoint"])
        #expect(try readGeneration(in: folder) == 1)
        expectRefusal("cannot list the folder FOLDER/none: there is no such folder", in: folder) {
            try Checkpoint.write(arrays, state: Counters(), in: folder("none"))
        }
    }

    private struct Unwritable: Encodable {
        func encode(to encoder: any Encoder) throws { throw RunError("no") }
    }

    /// A process that reads while another writes sees one checkpoint or the other, never parts of both.
    @Test func aReaderBesideAWriterSeesWholeCheckpoints() throws {
        let folder = try TemporaryFolder()
        try write(0, in: folder)
        let run = folder.url, arrays = arrays
        // A thread of its own: tests may keep every thread of Swift's pool busy, and a task would then never start.
        let writer = Thread {
            for generation in 1...30 {
                try? Checkpoint.write(
                    arrays + [NamedArray("generation", [Int64(generation)])], state: Counters(generation: generation),
                    in: run)
            }
        }
        writer.start()
        var last = 0
        let deadline = Date().addingTimeInterval(120)
        while last < 30, Date() < deadline {
            let generation = try readGeneration(in: folder)
            #expect(generation >= last)
            last = generation
        }
        #expect(last == 30, "the writer did not finish")
    }

    // MARK: Refusals

    @Test func absentAndDamagedCheckpoints() throws {
        let folder = try TemporaryFolder()
        func read() throws { _ = try Checkpoint.read(state: Counters.self, in: folder.url) }
        func edit(
            _ name: String, _ change: (inout Data) -> Void, then sentence: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            try Checkpoint.write(arrays, state: Counters(), in: folder.url)
            var bytes = try Data(contentsOf: folder(name))
            change(&bytes)
            try bytes.write(to: folder(name))
            expectRefusal(sentence, in: folder, sourceLocation: sourceLocation, read)
        }
        func replace(_ old: String, _ new: String) -> (inout Data) -> Void {
            { $0 = Data(String(decoding: $0, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8) }
        }
        expectRefusal(
            "FOLDER: there is no checkpoint; a run's folder with a checkpoint in it is accepted", in: folder, read)

        try edit(
            data, { $0.removeLast(4) }, then: "FOLDER/\(data): cut short: the file has 148 bytes; 152 were written")
        try edit(data, { $0 += [0] }, then: "FOLDER/\(data): the file has 153 bytes; 152 were written")
        try edit(
            data, { $0[$0.count - 2] ^= 4 },
            then: "FOLDER/\(data): damaged: the digest is xxh64:dd890e17df3b0619; xxh64:90433634f3ae6c60 was written")
        try edit(
            data, { $0[9] ^= 1 },
            then:
                """
                FOLDER/\(data): not a whole safetensors file: the header is not a JSON object with dtype, shape and \
                data_offsets for every array
                """
        )
        try edit(state, { $0.removeLast(40) }, then: "FOLDER/\(state): not valid JSON, or cut short (257 bytes)")
        try edit(state, { $0 = Data() }, then: "FOLDER/\(state): not valid JSON, or cut short (0 bytes)")
        try edit(
            state, replace("\"version\" : 2", "\"version\" : 3"),
            then: "FOLDER/\(state): the checkpoint has version 3; version 2 is accepted")
        try edit(
            state, replace("evogpu checkpoint", "other"),
            then: #"FOLDER/\#(state): the format is "other"; "evogpu checkpoint" is accepted"#)
        try edit(
            state, replace("\"generation\"", "\"age\""),
            then: "FOLDER/\(state): the state is not that of this run: state.generation is missing")
        try edit(
            state, replace("\"steps\" : 1000000007", "\"steps\" : true"),
            then: "FOLDER/\(state): the state is not that of this run: state.steps has a value that is not accepted")

        try Checkpoint.write(arrays, state: Counters(), in: folder.url)
        try FileManager.default.removeItem(at: folder(data))
        expectRefusal("cannot read FOLDER/\(data): No such file or directory", in: folder, read)
    }

    @Test func arraysOfAnotherShape() throws {
        #expect(try Checkpoint.expect(arrays[0], name: "policy", dtype: .f32, shape: [2, 2]) == arrays[0].bytes)
        expectRefusal(#"the checkpoint has no array "value"; F32 of shape [2, 3] is accepted"#) {
            _ = try Checkpoint.expect(nil, name: "value", dtype: .f32, shape: [2, 3])
        }
        expectRefusal(#"the checkpoint's array "policy" is F32 of shape [2, 2]; F32 of shape [4] is accepted"#) {
            _ = try Checkpoint.expect(arrays[0], name: "policy", dtype: .f32, shape: [4])
        }
        expectRefusal(#"the checkpoint's array "policy" is F32 of shape [2, 2]; I32 of shape [2, 2] is accepted"#) {
            _ = try Checkpoint.expect(arrays[0], name: "policy", dtype: .i32, shape: [2, 2])
        }
    }
}
