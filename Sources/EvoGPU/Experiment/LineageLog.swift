import Foundation

/// `lineage.jsonl`: a line of JSON per child, in the order of their making. A line reaches the file whole, by one
/// write.
public final class LineageLog {
    private let file: File

    /// Starts a new file.
    public init(creating url: URL) throws { file = try File(writing: url, flags: O_CREAT | O_EXCL | O_APPEND) }

    /// Goes on after the first `count` lines, as a checkpoint left them; later ones are removed.
    ///
    /// - Throws: ``RunError`` if there are fewer.
    public init(resuming url: URL, keepingLines count: Int) throws {
        file = try File(writing: url, flags: O_CREAT | O_APPEND)
        let content = try FileSystem.read(url)
        var end = content.startIndex
        for line in 0..<count {
            guard let newline = content[end...].firstIndex(of: UInt8(ascii: "\n")) else {
                throw RunError(
                    "\(url.path): there are \(line) whole lines; at least the \(count) from before the checkpoint are needed"
                )
            }
            end = newline + 1
        }
        try file.truncate(to: end)
    }

    public func append(_ entry: LineageEntry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var line = try encoder.encode(entry)
        line.append(UInt8(ascii: "\n"))
        try line.withUnsafeBytes { try file.write($0) }
    }

    /// Waits until every line is on the disk.
    public func sync() throws { try file.sync() }

    /// Every child of a run.
    ///
    /// - Throws: ``RunError`` if the file is missing or a line is no child's. A last line cut short is passed over: the
    ///   run may be alive.
    public static func read(_ url: URL) throws -> [LineageEntry] {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let content = try FileSystem.read(url), lines = content.split(separator: UInt8(ascii: "\n"))
        return try lines.enumerated().compactMap { index, line in
            if let entry = try? decoder.decode(LineageEntry.self, from: Data(line)) { return entry }
            if index == lines.count - 1, content.last != UInt8(ascii: "\n") { return nil }
            throw RunError(
                "\(url.path): line \(index + 1) is no child's; lines that `evogpu train gpo` wrote are accepted")
        }
    }
}
