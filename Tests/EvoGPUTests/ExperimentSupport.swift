import EvoGPU
import Foundation
import GPUTensor
import Testing

/// A folder of its own for one test; removed when the last reference goes.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("evogpu-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> URL { url.appendingPathComponent(name) }

    @discardableResult
    func file(_ name: String, _ text: String) throws -> URL { try file(name, Data(text.utf8)) }

    @discardableResult
    func file(_ name: String, _ data: Data) throws -> URL {
        let url = self(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
        return url
    }

    func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: self(name)), as: UTF8.self) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// Expects the refusal whose sentence is exactly this, with the path of `folder` written as FOLDER. A sentence is one
/// line.
func expectRefusal(
    _ sentence: String, in folder: TemporaryFolder? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was refused; expected: \(sentence)", sourceLocation: sourceLocation)
    } catch let error as RunError {
        var said = error.description
        if let folder { said = said.replacingOccurrences(of: folder.url.path, with: "FOLDER") }
        #expect(said == sentence, sourceLocation: sourceLocation)
    } catch {
        Issue.record("not a RunError: \(error)", sourceLocation: sourceLocation)
    }
}

/// A copy of the reference case `name` of a folder: its index without checksum, changed by `edit`, beside data changed
/// by `spoil`, which is given where each array starts.
func alteredReference(
    _ source: URL, _ name: String, edit: (inout [String: Any]) -> Void = { _ in },
    spoil: (inout Data, [String: Int]) -> Void = { _, _ in }
) throws -> (TemporaryFolder, URL) {
    let folder = try TemporaryFolder()
    var index = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: source.appendingPathComponent("\(name).json")))
            as? [String: Any])
    var data = try Data(contentsOf: source.appendingPathComponent("\(name).bin"))
    let arrays = try #require(index["arrays"] as? [[String: Any]])
    let offsets = Dictionary(uniqueKeysWithValues: arrays.map { ($0["name"] as! String, $0["offset"] as! Int) })
    index["sha256"] = nil
    edit(&index)
    spoil(&data, offsets)
    try folder.file("\(name).bin", data)
    return (folder, try folder.file("\(name).json", JSONSerialization.data(withJSONObject: index)))
}

extension Backend {
    /// The CPU backend's instruction sets, and the first OpenCL device with the lanes that suit it.
    static let usual: [Backend] = {
        let lanes = try? Device.named("opencl").preferredLanes
        return available.filter { $0.device == "cpu" || $0.lanes == lanes && $0.form == .register }
    }()

    /// Those that say something new of an environment. A driver builds a robot's program for seconds, so only one robot
    /// of each engine, and one on hills, has it built for every number of lanes.
    static func telling(of spec: EnvironmentSpec) -> [Backend] {
        spec.physics == nil || ["Hopper-hilly", "InvertedDoublePendulum-v5", "Ant-v5"].contains(spec.name)
            ? available : usual
    }
}

/// Any JSON, for a checkpoint whose state goes back as it came.
enum JSON: Codable {
    case null, bool(Bool), unsigned(UInt64), number(Double), string(String), list([JSON]), object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let it = try? value.decode(Bool.self) {
            self = .bool(it)
        } else if let it = try? value.decode(UInt64.self) {
            self = .unsigned(it)
        } else if let it = try? value.decode(Double.self) {
            self = .number(it)
        } else if let it = try? value.decode(String.self) {
            self = .string(it)
        } else if let it = try? value.decode([JSON].self) {
            self = .list(it)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let it): try value.encode(it)
        case .unsigned(let it): try value.encode(it)
        case .number(let it): try value.encode(it)
        case .string(let it): try value.encode(it)
        case .list(let it): try value.encode(it)
        case .object(let it): try value.encode(it)
        }
    }
}

extension Algorithm {
    /// What a checkpoint would hold, by name.
    func saved() throws -> [String: NamedArray] {
        Dictionary(
            uniqueKeysWithValues: try checkpointArrays().map {
                ($0.name, NamedArray(name: $0.name, dtype: $0.dtype, shape: $0.shape, bytes: try $0.bytes()))
            })
    }
}
