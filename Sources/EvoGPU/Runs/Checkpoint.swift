import Foundation

/// What a run needs to go on: every named array, and a JSON of counters.
///
///     checkpoint/arrays.safetensors
///     checkpoint/state.json      {"format", "version", "arrays_bytes", "arrays_digest", "state": ...}
///
/// A new folder is written and synced, then takes the place of the old one in one step (renameat2 with
/// RENAME_EXCHANGE), so that a run killed at any moment leaves a whole checkpoint. Where the system cannot swap two
/// folders, the old one is called `checkpoint.old` for a moment, and the reader looks there too.
public enum Checkpoint {
    static let format = "evogpu checkpoint"
    static let version = 2

    /// Writes a checkpoint into the run's folder and returns when it is on the disk.
    ///
    /// - Parameters:
    ///   - arrays: in any order; the names have to differ. The same arrays and state give the same bytes.
    ///   - state: everything else that the run needs to go on.
    ///   - run: the run's folder, which only one process writes to.
    /// - Throws: ``RunError`` if the disk refuses; the checkpoint from before is then still there.
    public static func write(_ arrays: [NamedArray], state: some Encodable, in run: URL) throws {
        try write(arrays.map { ArraySource($0) }, state: state, in: run)
    }

    static func write(_ arrays: [ArraySource], state: some Encodable, in run: URL) throws {
        // left by a killed process
        for name in try FileSystem.contents(of: run) where name.hasPrefix("checkpoint.new-") {
            try FileSystem.remove(run.appendingPathComponent(name))
        }
        let new = run.appendingPathComponent("checkpoint.new-\(getpid())")
        do {
            try FileSystem.createFolder(new)
            try writeFiles(arrays, state: state, in: new)
            try FileSystem.sync(folder: new)
            try FileSystem.sync(folder: run)
            try replaceCheckpoint(with: new, in: run)
        } catch {
            try? FileSystem.remove(new)
            throw error
        }
    }

    /// Reads the run's checkpoint and checks that it is whole.
    ///
    /// - Throws: ``RunError`` if there is none, if it is damaged, or if another version wrote it.
    public static func read<S: Decodable>(state: S.Type, in run: URL) throws -> (arrays: [String: NamedArray], state: S)
    {
        while true {
            let folder = try self.folder(in: run)
            let held = try? File(reading: folder)  // while it is open, no newer folder is given its inode number
            do {
                return try readFiles(state: state, in: folder)
            } catch {
                // The run may be alive and have put a newer checkpoint in this one's place while it was read.
                guard let held, try held.inode() != FileSystem.inode(folder) else { throw error }
            }
        }
    }

    /// The bytes of an array that has to be there, of that type and shape.
    ///
    /// - Parameter array: what the checkpoint holds under `name`, if anything.
    public static func expect(_ array: NamedArray?, name: String, dtype: DType, shape: [Int]) throws -> Data {
        guard let array else {
            throw RunError("the checkpoint has no array \"\(name)\"; \(dtype.rawValue) of shape \(shape) is accepted")
        }
        guard array.dtype == dtype, array.shape == shape else {
            throw RunError(
                """
                the checkpoint's array "\(name)" is \(array.dtype.rawValue) of shape \(array.shape); \
                \(dtype.rawValue) of shape \(shape) is accepted
                """)
        }
        return array.bytes
    }

    // MARK: Files

    fileprivate struct Envelope<S> {
        let format: String, version: Int, arrays_bytes: Int, arrays_digest: String, state: S
    }

    private struct Heading: Decodable { let format: String?, version: Int? }

    private static func writeFiles(_ arrays: [ArraySource], state: some Encodable, in folder: URL) throws {
        let arraysFile = try File(writing: folder.appendingPathComponent("arrays.safetensors"))
        var digest = XXHash64()
        var size = 0
        try Safetensors.encode(arrays) { bytes in
            digest.update(bytes)
            size += bytes.count
            try arraysFile.write(bytes)
        }
        try arraysFile.sync()

        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let json = try encoder.encode(
            Envelope(
                format: format, version: version, arrays_bytes: size,
                arrays_digest: "xxh64:\(digest.hexDigest)", state: state))
        let stateFile = try File(writing: folder.appendingPathComponent("state.json"))
        try json.withUnsafeBytes { try stateFile.write($0) }
        try stateFile.sync()
    }

    private static func readFiles<S: Decodable>(state: S.Type, in folder: URL) throws -> (
        arrays: [String: NamedArray], state: S
    ) {
        let stateURL = folder.appendingPathComponent("state.json")
        let json = try FileSystem.read(stateURL)
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")

        guard let heading = try? decoder.decode(Heading.self, from: json) else {
            throw RunError("\(stateURL.path): not valid JSON, or cut short (\(json.count) bytes)")
        }
        guard heading.format == format else {
            throw RunError("\(stateURL.path): the format is \"\(heading.format ?? "")\"; \"\(format)\" is accepted")
        }
        guard heading.version == version else {
            let found = heading.version.map(String.init) ?? "none"
            throw RunError("\(stateURL.path): the checkpoint has version \(found); version \(version) is accepted")
        }
        let envelope: Envelope<S>
        do {
            envelope = try decoder.decode(Envelope<S>.self, from: json)
        } catch {
            throw RunError("\(stateURL.path): the state is not that of this run: \(place(of: error))")
        }

        let arraysURL = folder.appendingPathComponent("arrays.safetensors")
        let size = try File(reading: arraysURL).size()
        guard size == envelope.arrays_bytes else {
            let cut = size < envelope.arrays_bytes ? "cut short: " : ""
            throw RunError("\(arraysURL.path): \(cut)the file has \(size) bytes; \(envelope.arrays_bytes) were written")
        }
        var digest = XXHash64()
        let arrays = try Safetensors.read(arraysURL) { digest.update($0) }.arrays
        guard "xxh64:\(digest.hexDigest)" == envelope.arrays_digest else {
            throw RunError(
                """
                \(arraysURL.path): damaged: the digest is xxh64:\(digest.hexDigest); \(envelope.arrays_digest) was \
                written
                """
            )
        }
        return (Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, $0) }), envelope.state)
    }

    private static func place(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            context.codingPath.isEmpty
                ? context.debugDescription
                : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value that is not accepted"
        default: "\(error)"
        }
    }

    // MARK: Folders

    private static func folder(in run: URL) throws -> URL {
        for name in ["checkpoint", "checkpoint.old", "checkpoint"] {  // once more, for it may come back meanwhile
            let folder = run.appendingPathComponent(name)
            if FileSystem.isFolder(folder) { return folder }
        }
        throw RunError("\(run.path): there is no checkpoint; a run's folder with a checkpoint in it is accepted")
    }

    private static func replaceCheckpoint(with new: URL, in run: URL) throws {
        let current = run.appendingPathComponent("checkpoint"), old = run.appendingPathComponent("checkpoint.old")
        if !FileSystem.exists(current) {
            try FileSystem.move(new, to: current)
        } else if FileSystem.exchange(new, current) {
            try FileSystem.sync(folder: run)
            try FileSystem.remove(new)  // now the checkpoint from before
        } else {
            try FileSystem.remove(old)
            try FileSystem.move(current, to: old)
            try FileSystem.move(new, to: current)
        }
        try FileSystem.sync(folder: run)
        try FileSystem.remove(old)
    }
}

extension Checkpoint.Envelope: Encodable where S: Encodable {}
extension Checkpoint.Envelope: Decodable where S: Decodable {}
