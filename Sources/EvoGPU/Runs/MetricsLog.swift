import Foundation

/// `metrics.csv`: a header, then one row per report. A row reaches the file whole, by one write, before `append`
/// returns. The file is locked while it is open, so that two processes can't write to one run.
public final class MetricsLog {
    private let file: File
    private let columnCount: Int

    /// Starts a new file.
    ///
    /// - Throws: ``RunError`` if the file is there already.
    public init(creating url: URL, columns: [String]) throws {
        columnCount = columns.count
        file = try File(writing: url, flags: O_CREAT | O_EXCL | O_APPEND)
        try file.lock()
        try put(Self.line(columns))
    }

    /// Goes on with a file after its first `count` rows, as a checkpoint left it. Later rows, whole or cut short, are
    /// removed.
    ///
    /// - Throws: ``RunError`` if the header differs or there are fewer rows. A missing file is fine where no row is to
    ///   be kept.
    public init(resuming url: URL, columns: [String], keepingRows count: Int) throws {
        columnCount = columns.count
        let header = Data(Self.line(columns).utf8)
        if count > 0, !FileSystem.exists(url) { _ = try FileSystem.read(url) }  // says what is missing
        file = try File(writing: url, flags: O_CREAT | O_APPEND)
        try file.lock()
        let content = try FileSystem.read(url)

        // killed before the header was whole
        if count == 0, content.count < header.count, header.starts(with: content) {
            try file.truncate(to: 0)
            try put(Self.line(columns))
            return
        }
        guard content.starts(with: header) else {
            let first = String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw RunError("\(url.path): the header is \"\(first)\"; \"\(columns.joined(separator: ","))\" is accepted")
        }
        var end = header.count, rows = 0
        while rows < count {
            guard let newline = content[end...].firstIndex(of: UInt8(ascii: "\n")) else {
                throw RunError(
                    """
                    \(url.path): there are \(rows) whole rows; at least the \(count) from before the checkpoint are \
                    needed
                    """
                )
            }
            end = newline + 1
            rows += 1
        }
        try file.truncate(to: end)
    }

    /// Adds a row, one value per column.
    public func append(_ row: [MetricValue]) throws {
        precondition(row.count == columnCount, "a row of \(row.count) values for \(columnCount) columns")
        try put(Self.line(row.map(\.text)))
    }

    /// Waits until every row is on the disk. Call it before a checkpoint that counts them.
    public func sync() throws { try file.sync() }

    private func put(_ line: String) throws {
        var line = line
        try line.withUTF8 { try file.write(UnsafeRawBufferPointer($0)) }
    }

    private static func line(_ fields: [String]) -> String {
        fields.map { field in
            field.contains { ",\"".contains($0) }
                ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
        }.joined(separator: ",") + "\n"
    }
}

/// One field of a row. Numbers have the fewest digits that read back as the same number, on every machine.
public struct MetricValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByFloatLiteral,
    ExpressibleByIntegerLiteral
{
    let text: String

    /// An empty field, for what was not measured.
    public static let missing = MetricValue("")

    /// Text. A line break becomes a space, since a row is a line.
    public init(_ text: String) { self.text = String(text.map { $0.isNewline ? " " : $0 }) }
    public init(_ number: Double) { text = number.isNaN ? "nan" : "\(number)" }  // whatever the sign bit
    public init(_ number: Float) { text = number.isNaN ? "nan" : "\(number)" }
    public init(_ number: some BinaryInteger) { text = "\(number)" }
    /// Empty for nil.
    public init(_ number: Double?) { self = number.map { MetricValue($0) } ?? .missing }
    public init(_ number: Int?) { self = number.map { MetricValue($0) } ?? .missing }
    public init(stringLiteral value: String) { self.init(value) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(value) }
}
