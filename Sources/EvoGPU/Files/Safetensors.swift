import Foundation

/// The safetensors file format: eight bytes of header length, a JSON header, then the arrays without gaps.
///
/// What is written is also what the format's own library accepts: arrays in order of element size and then name, so
/// that each is aligned, and the header padded with spaces to a multiple of eight bytes. The same content always gives
/// the same bytes.
public enum Safetensors {
    /// A longer header is refused, as the format's own library does.
    static let headerLimit = 100_000_000

    /// The file's content.
    public static func data(_ arrays: [NamedArray], metadata: [String: String] = [:]) -> Data {
        var data = Data()
        do { try encode(arrays.map { ArraySource($0) }, metadata: metadata) { data.append(contentsOf: $0) } } catch {
            preconditionFailure("bytes at hand can't be read: \(error)")
        }
        return data
    }

    /// Writes a file. A crash leaves the old file or the new one.
    public static func write(_ arrays: [NamedArray], metadata: [String: String] = [:], to url: URL) throws {
        try FileSystem.writeAtomically(data(arrays, metadata: metadata), to: url)
    }

    /// Reads a file and checks all of it.
    ///
    /// - Returns: the arrays in the order of the file, and the header's `__metadata__`.
    /// - Throws: ``RunError`` if the file cannot be read or is not a whole and consistent safetensors file.
    public static func read(_ url: URL) throws -> (arrays: [NamedArray], metadata: [String: String]) {
        try read(url) { _ in }
    }

    /// Gives the file's bytes to `put`, piece by piece, so that large arrays are not copied.
    static func encode(
        _ arrays: [ArraySource], metadata: [String: String] = [:],
        put: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let arrays = arrays.sorted { ($1.dtype.size, $0.name) < ($0.dtype.size, $1.name) }
        precondition(
            Set(arrays.map(\.name)).count == arrays.count && !arrays.contains { $0.name == "__metadata__" },
            "array names have to differ and not be __metadata__: \(arrays.map(\.name))")
        var entries: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for array in arrays {
            let shape = array.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(array.name)):{\"dtype\":\"\(array.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + array.byteCount)]}")
            offset += array.byteCount
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try put($0) }
        try header.withUnsafeBytes { try put($0) }
        for array in arrays {
            let bytes = try array.bytes()
            precondition(
                bytes.count == array.byteCount,
                "\(array.name): \(bytes.count) bytes for \(array.dtype.rawValue) of shape \(array.shape)")
            try bytes.withUnsafeBytes { try put($0) }
        }
    }

    /// - Parameter visit: called with every byte of the file, in order, before anything is returned.
    static func read(_ url: URL, visit: (UnsafeRawBufferPointer) -> Void) throws -> (
        arrays: [NamedArray], metadata: [String: String]
    ) {
        func damaged(_ what: String) -> RunError { RunError("\(url.path): not a whole safetensors file: \(what)") }

        let file = try File(reading: url)
        let size = try file.size()
        let lengthBytes = try file.read(count: 8)
        guard lengthBytes.count == 8 else { throw damaged("it has \(size) bytes and needs at least 8") }
        let length = lengthBytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(headerLimit) else {
            throw damaged("the header length is \(length), above the limit of \(headerLimit)")
        }
        guard length <= UInt64(max(0, size - 8)) else {
            throw damaged("the header needs \(length) bytes and the file has \(size - 8) left")
        }
        let headerBytes = try file.read(count: Int(length))
        guard headerBytes.first == UInt8(ascii: "{"),
            let header = try? JSONDecoder().decode(Header.self, from: headerBytes)
        else {
            throw damaged("the header is not a JSON object with dtype, shape and data_offsets for every array")
        }
        lengthBytes.withUnsafeBytes(visit)
        headerBytes.withUnsafeBytes(visit)

        // The arrays stay in the file until they are looked at.
        let mapped = try file.mapped()
        var arrays: [NamedArray] = []
        var expected = 0
        let dataStart = 8 + Int(length), dataSize = size - dataStart
        for entry in header.entries.sorted(by: { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }) {
            guard let dtype = DType(rawValue: entry.dtype) else {
                let known = DType.allCases.map(\.rawValue).joined(separator: ", ")
                throw RunError("\(url.path): array \"\(entry.name)\" is of type \(entry.dtype); \(known) are accepted")
            }
            guard let bytes = byteCount(entry.shape, dtype) else {
                throw damaged("array \"\(entry.name)\" has the impossible shape \(entry.shape)")
            }
            guard entry.begin >= 0, entry.begin <= entry.end, entry.end <= dataSize else {
                throw damaged("array \"\(entry.name)\" lies at bytes \(entry.begin) to \(entry.end) of \(dataSize)")
            }
            guard entry.end - entry.begin == bytes else {
                throw damaged(
                    """
                    array "\(entry.name)" has \(entry.end - entry.begin) bytes for \(entry.dtype) of shape \
                    \(entry.shape), \
                    which needs \(bytes)
                    """)
            }
            guard entry.begin == expected else {
                throw damaged(
                    """
                    array "\(entry.name)" begins at byte \(entry.begin) \
                    \(entry.begin < expected ? "inside" : "after a gap behind") \
                    the array before it, which ends at \(expected)
                    """)
            }
            expected = entry.end
            guard dataStart + entry.end <= mapped.count else { throw damaged("array \"\(entry.name)\" is cut short") }
            let content = mapped.bytes(at: dataStart + entry.begin, count: bytes)
            content.withUnsafeBytes(visit)
            arrays.append(NamedArray(name: entry.name, dtype: dtype, shape: entry.shape, bytes: content))
        }
        guard expected == dataSize else { throw damaged("\(dataSize - expected) bytes at the end belong to no array") }
        return (arrays, header.metadata)
    }

    /// The bytes of an array, or nil where a dimension is negative or the product overflows.
    private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
        shape.reduce(Optional(dtype.size)) { product, dimension in
            guard let product, dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            return overflow ? nil : next
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20: result += "\\u" + hexadecimal(UInt16(scalar.value))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private struct Header: Decodable {
        struct Entry { let name: String, dtype: String, shape: [Int], begin: Int, end: Int }
        var entries: [Entry] = []
        var metadata: [String: String] = [:]

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        private struct Fields: Decodable { let dtype: String, shape: [Int], data_offsets: [Int] }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                    continue
                }
                let fields = try container.decode(Fields.self, forKey: key)
                guard fields.data_offsets.count == 2 else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: [key], debugDescription: "data_offsets is not a pair"))
                }
                entries.append(
                    Entry(
                        name: key.stringValue, dtype: fields.dtype, shape: fields.shape,
                        begin: fields.data_offsets[0], end: fields.data_offsets[1]))
            }
        }
    }
}
