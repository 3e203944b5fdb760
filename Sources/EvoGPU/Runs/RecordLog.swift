import Foundation

/// `records.jsonl`: a line of JSON for whatever an algorithm keeps a history of, such as children with their parents. A
/// line reaches the file whole, by one write. The file is there from the first record on.
public final class RecordLog {
    private let url: URL
    private var file: File?

    /// Starts without a file.
    public init(creating url: URL) { self.url = url }

    /// Goes on after the first `count` lines, as a checkpoint left them; later ones are removed.
    ///
    /// - Throws: ``RunError`` if there are fewer.
    public init(resuming url: URL, keepingLines count: Int) throws {
        self.url = url
        guard count > 0 || FileSystem.exists(url) else { return }
        let content = try FileSystem.read(url)
        var end = content.startIndex
        for line in 0..<count {
            guard let newline = content[end...].firstIndex(of: UInt8(ascii: "\n")) else {
                throw RunError(
                    """
                    \(url.path): there are \(line) whole lines; at least the \(count) from before the checkpoint are \
                    needed
                    """)
            }
            end = newline + 1
        }
        let file = try File(writing: url, flags: O_CREAT | O_APPEND)
        try file.truncate(to: end)
        self.file = file
    }

    public func append(_ record: some Encodable) throws {
        if file == nil { file = try File(writing: url, flags: O_CREAT | O_EXCL | O_APPEND) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var line = try encoder.encode(record)
        line.append(UInt8(ascii: "\n"))
        try line.withUnsafeBytes { try file!.write($0) }
    }

    /// Waits until every line is on the disk.
    public func sync() throws { try file?.sync() }

    /// Every record of a run; none where there is no file.
    ///
    /// - Throws: ``RunError`` if a line is another kind of record. A last line cut short is passed over: the run may be
    ///   alive.
    public static func read<R: Decodable>(_ url: URL, as type: R.Type = R.self) throws -> [R] {
        guard FileSystem.exists(url) else { return [] }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let content = try FileSystem.read(url), lines = content.split(separator: UInt8(ascii: "\n"))
        return try lines.enumerated().compactMap { index, line in
            if let record = try? decoder.decode(R.self, from: Data(line)) { return record }
            if index == lines.count - 1, content.last != UInt8(ascii: "\n") { return nil }
            throw RunError(
                "\(url.path): line \(index + 1) is no record of this kind; what evogpu train wrote is accepted")
        }
    }
}
