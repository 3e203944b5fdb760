import Foundation

/// Reference data: a JSON index and a little-endian file of arrays beside it.
///
///     {"file": "gae.bin", "sha256": "...", "gamma": 0.99, "arrays": [{"name", "dtype": "f8", "shape",
///      "offset", "bytes"}, ...]}
///
/// Everything else in the index is metadata, found by its dotted key.
public struct ReferenceCase: Sendable {
    /// The index's file name without `.json`.
    public let name: String
    public let metadata: JSONValue
    private let path: String
    private let entries: [Entry]
    private let data: Data

    private struct Entry: Decodable, Sendable { let name: String, dtype: String, shape: [Int], offset: Int, bytes: Int }
    private struct Index: Decodable { let file: String, arrays: [Entry], sha256: String?, byte_order: String? }

    /// Reads the index and the data and checks that they belong together.
    ///
    /// - Throws: ``RunError`` if either is missing, cut short or damaged.
    public init(json url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        path = url.path
        let text = try FileSystem.read(url)
        guard let metadata = try? JSONDecoder().decode(JSONValue.self, from: text) else {
            throw RunError("\(path): not valid JSON")
        }
        guard let index = try? JSONDecoder().decode(Index.self, from: text) else {
            throw RunError(
                """
                \(path): not an index of reference data, which holds "file" and "arrays" of name, dtype, shape, \
                offset and bytes
                """)
        }
        self.metadata = metadata
        entries = index.arrays

        guard index.byte_order ?? "little" == "little" else {
            throw RunError("\(path): byte_order is \"\(index.byte_order ?? "")\"; \"little\" is accepted")
        }
        guard !index.file.contains("/") else {
            throw RunError("\(path): file is \"\(index.file)\"; the name of a file in the same folder is accepted")
        }
        let file = url.deletingLastPathComponent().appendingPathComponent(index.file)
        data = try FileSystem.read(file)
        for entry in entries { try Self.check(entry, in: data, path: path, file: file.path) }
        if let sum = index.sha256 {
            let actual = SHA256.hexDigest(data)
            guard actual == sum.lowercased() else {
                throw RunError("\(file.path): the SHA-256 sum is \(actual); \(path) gives \(sum)")
            }
        }
    }

    /// Every index in a folder, sorted by name; not those in folders below. Other JSON is passed over.
    public static func all(in directory: URL) throws -> [ReferenceCase] {
        try FileSystem.contents(of: directory).filter { $0.hasSuffix(".json") }.compactMap { name in
            let url = directory.appendingPathComponent(name)
            guard !FileSystem.isFolder(url),
                let json = try? JSONDecoder().decode(JSONValue.self, from: FileSystem.read(url)),
                json["file"] != nil, json["arrays"] != nil
            else { return nil }
            return try ReferenceCase(json: url)
        }
    }

    /// Names of the arrays, in the order of the index.
    public var arrayNames: [String] { entries.map(\.name) }

    public func shape(_ name: String) throws -> [Int] { try entry(name).shape }

    /// An array's elements in row-major order, whatever their type; a boolean is 0 or 1.
    public func doubles(_ name: String) throws -> [Double] {
        let entry = try entry(name)
        let bytes = data[data.startIndex + entry.offset..<data.startIndex + entry.offset + entry.bytes]
        func elements<T: BitwiseCopyable>(_ type: T.Type, _ convert: (T) -> Double) -> [Double] {
            bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size).map {
                    convert(bytes.loadUnaligned(fromByteOffset: $0, as: T.self))
                }
            }
        }
        switch Self.plain(entry.dtype) {
        case "f8": return elements(Double.self) { $0 }
        case "f4": return elements(Float.self) { Double($0) }
        case "i8": return elements(Int64.self) { Double($0) }
        case "i4": return elements(Int32.self) { Double($0) }
        case "i2": return elements(Int16.self) { Double($0) }
        case "i1": return elements(Int8.self) { Double($0) }
        case "u8": return elements(UInt64.self) { Double($0) }
        case "u4": return elements(UInt32.self) { Double($0) }
        case "u2": return elements(UInt16.self) { Double($0) }
        default: return elements(UInt8.self) { Double($0) }  // u1, b1, bool; others were refused on reading
        }
    }

    /// The number under a dotted key, such as `gamma`.
    public func number(_ key: String) throws -> Double {
        guard let value = metadata[key]?.number else { throw missing(key, "a number") }
        return value
    }

    public func string(_ key: String) throws -> String {
        guard let value = metadata[key]?.string else { throw missing(key, "text") }
        return value
    }

    /// A list of numbers, such as `adam`.
    public func numbers(_ key: String) throws -> [Double] {
        guard let values = metadata[key]?.array?.map(\.number), !values.contains(nil) else {
            throw missing(key, "a list of numbers")
        }
        return values.compactMap { $0 }
    }

    /// A list of text, such as names.
    public func strings(_ key: String) throws -> [String] {
        guard let values = metadata[key]?.array?.map(\.string), !values.contains(nil) else {
            throw missing(key, "a list of text")
        }
        return values.compactMap { $0 }
    }

    private func missing(_ key: String, _ kind: String) -> RunError {
        RunError("\(path): \"\(key)\" is \(metadata[key] == nil ? "missing" : "something else"); \(kind) is needed")
    }

    private func entry(_ name: String) throws -> Entry {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw RunError("\(path): there is no array \"\(name)\"; there are \(arrayNames.joined(separator: ", "))")
        }
        return entry
    }

    /// numpy's name without the mark of its byte order: `<f8` is `f8`, `|u1` is `u1`.
    private static func plain(_ dtype: String) -> String {
        dtype.hasPrefix("<") || dtype.hasPrefix("|") ? String(dtype.dropFirst()) : dtype
    }

    private static let sizes = [
        "f8": 8, "f4": 4, "i8": 8, "i4": 4, "i2": 2, "i1": 1, "u8": 8, "u4": 4, "u2": 2, "u1": 1,
        "b1": 1, "bool": 1
    ]

    private static func check(_ entry: Entry, in data: Data, path: String, file: String) throws {
        guard let size = sizes[plain(entry.dtype)] else {
            let known = sizes.keys.sorted().joined(separator: ", ")
            throw RunError("\(path): array \"\(entry.name)\" is of type \(entry.dtype); \(known) are accepted")
        }
        let needed = entry.shape.reduce(Optional(size)) { product, dimension in
            guard let product, dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            return overflow ? nil : next
        }
        guard needed == entry.bytes else {
            throw RunError(
                """
                \(path): array "\(entry.name)" has \(entry.bytes) bytes, which does not fit \(entry.dtype) of shape \
                \(entry.shape)
                """)
        }
        guard entry.offset >= 0, entry.offset <= data.count, entry.bytes <= data.count - entry.offset else {
            throw RunError(
                """
                \(file): cut short: the file has \(data.count) bytes; \
                array "\(entry.name)" needs \(entry.bytes) from byte \(entry.offset)
                """)
        }
    }
}
