import Foundation
import Yams

/// The folder that a run leaves behind: `config.yaml`, `metrics.csv`, `checkpoint/` and what reports add.
public struct RunDirectory: Sendable {
    public let url: URL

    /// A folder that is there already, as given to `resume`, `eval` or `report`.
    ///
    /// - Throws: ``RunError`` if it is no run's folder.
    public init(existing url: URL) throws {
        self.url = url
        guard FileSystem.isFolder(url) else {
            throw RunError("\(url.path): there is no such folder; a run's folder is accepted")
        }
        guard FileSystem.exists(configFile) else {
            throw RunError("\(url.path): there is no config.yaml in it; a run's folder is accepted")
        }
    }

    private init(created url: URL) { self.url = url }

    public var configFile: URL { url.appendingPathComponent("config.yaml") }
    public var metricsFile: URL { url.appendingPathComponent("metrics.csv") }
    /// What an algorithm keeps a history of, such as children with their parents.
    public var recordsFile: URL { url.appendingPathComponent("records.jsonl") }
    /// Arrays that an algorithm leaves beside its metrics.
    public func arraysFile(_ name: String) -> URL { url.appendingPathComponent("\(name).safetensors") }
    /// The final population's evaluation.
    public var finalFile: URL { url.appendingPathComponent("final.json") }

    /// Creates the folder of a new run.
    ///
    /// - Parameters:
    ///   - path: the folder to use, absent or empty. If nil, `<algorithm>-<env>-<time>` in `runs`, with `-2`, `-3`, ...
    ///     where that is taken. The time is UTC.
    ///   - runs: where folders without a path go.
    /// - Throws: ``RunError`` if `path` is a file or holds something, or the disk refuses.
    public static func create(
        algorithm: String, env: String, path: URL? = nil, runs: URL = URL(fileURLWithPath: "runs"),
        now: Date = Date()
    ) throws -> RunDirectory {
        if let path {
            if FileSystem.exists(path) {
                guard FileSystem.isFolder(path) else {
                    throw RunError("\(path.path): this is a file; an absent or empty folder is accepted")
                }
                guard try FileSystem.contents(of: path).isEmpty else {
                    throw RunError("\(path.path): the folder is not empty; an absent or empty folder is accepted")
                }
            } else {
                try FileSystem.createFolders(path)
            }
            return RunDirectory(created: path)
        }
        try FileSystem.createFolders(runs)
        let name = "\(plain(algorithm))-\(plain(env))-\(timestamp(now))"
        for attempt in 1... {
            let url = runs.appendingPathComponent(attempt == 1 ? name : "\(name)-\(attempt)")
            if mkdir(url.path, 0o777) == 0 { return RunDirectory(created: url) }
            if errno != EEXIST { throw FileSystem.refusal("create the folder", url) }
        }
        preconditionFailure("every name is taken")
    }

    /// Writes `config.yaml`: what the run is (`record`, in that order), and its settings under `config:`, so that a
    /// setting may be called like an entry of the record. `train --config` takes the file as it is.
    ///
    /// - Parameter record: such as `("algorithm", "pderl"), ("seed", 7)`; keys from ``Configuration/recordKeys``.
    public func writeConfig(record: [(key: String, value: any Encodable & Sendable)], config: some Encodable)
        throws
    {
        var pairs: [(Node, Node)] = []
        for (key, value) in record {
            precondition(Configuration.recordKeys.contains(key), "\(key) is not among \(Configuration.recordKeys)")
            pairs.append((Node(key), try ConfigurationEncoder.node(value)))
        }
        let yaml =
            try Configuration.yaml(node: Node(pairs, Tag(.implicit), .block)) + "config:\n"
            + Configuration.described(config, indent: 2)
        try FileSystem.writeAtomically(Data(yaml.utf8), to: configFile)
    }

    /// An entry of the record in `config.yaml`.
    ///
    /// - Throws: ``RunError`` if it is missing or of another type.
    public func record<T: Decodable>(_ key: String, as type: T.Type = T.self) throws -> T {
        guard let node = try Configuration.root(of: configFile)[key] else {
            throw RunError("\(configFile.path): the key \"\(key)\" is missing; a run's config.yaml has it")
        }
        do {
            return try YAMLDecoder(encoding: .utf8).decode(T.self, from: node)
        } catch {
            throw RunError(
                "\(configFile.path): \(key) is \(Configuration.describe(node)); a value of type \(T.self) is accepted")
        }
    }

    /// A name that is safe in a path.
    private static func plain(_ name: String) -> String {
        String(
            name.unicodeScalars.map { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
                        || scalar == ".")
                    ? Character(scalar) : "_"
            })
    }

    private static func timestamp(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down)), parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d%02d%02dT%02d%02d%02dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
            Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    }
}
