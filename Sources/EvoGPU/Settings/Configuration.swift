import Foundation
import Yams

/// Reads and writes settings. A settings struct is plain `Codable` with its defaults as initial values and its YAML
/// names as `CodingKeys`; nested structs are groups (`env.max_steps`). Every key has to be encoded always. Optionals
/// that are nil are known keys too, whether `encode(to:)` is synthesised or written by hand with `encodeNil` or
/// `encodeIfPresent`. Dictionaries have no known keys and so cannot be settings; lists are replaced whole.
public enum Configuration {
    /// Keys that a run's `config.yaml` may hold beside its `config:` mapping. They are no settings, and `load` passes
    /// over them.
    public static let recordKeys = [
        "algorithm", "env", "env_options", "seed", "seeds", "version", "device", "started", "command"
    ]

    /// The defaults, with a YAML file merged over them, with `key=value` settings merged over that.
    ///
    /// - Parameters:
    ///   - defaults: every setting with its default. The type of a value is that of its default.
    ///   - file: YAML. Either settings at the root, or the `config.yaml` of a run, which holds them under `config:`.
    ///   - overrides: `key=value`, the key dotted for a group and the value in YAML (`hidden=[64, 64]`). A later one
    ///     wins.
    /// - Throws: ``RunError``: for an unknown key, a value of the wrong type, a malformed setting or an unreadable
    ///   file.
    public static func load<C: Codable>(_ defaults: C, file: URL? = nil, overrides: [String] = []) throws -> C {
        var settings = try Settings(defaults)
        if let file { try settings.merge(file: file) }
        for override in overrides { try settings.merge(override: override) }
        return try settings.decoded()
    }

    /// The settings as YAML, in the order of the struct. Numbers have the shortest digits that read back as the same
    /// number.
    public static func yaml<C: Encodable>(_ config: C) throws -> String {
        try yaml(node: ConfigurationEncoder.node(config))
    }

    static func yaml(node: Node) throws -> String {
        try serialize(node: node, indent: 2, width: -1, allowUnicode: true)
    }

    /// The file's root mapping; empty where the file holds nothing or only comments.
    static func root(of file: URL) throws -> Node.Mapping {
        guard let text = String(data: try FileSystem.read(file), encoding: .utf8) else {
            throw RunError("\(file.path): not a YAML file, because it is not UTF-8 text")
        }
        let node = try parse(text, origin: file.path)
        if case .mapping(let mapping)? = node { return mapping }
        guard node == nil || node?.scalar?.string == "" else {
            throw RunError(
                """
                \(file.path): the file holds \(describe(node)); a mapping of settings is accepted, such as \"gamma: \
                0.99\"
                """
            )
        }
        return [:]
    }

    /// - Parameter isLine: whether the text is a single value, in which a line number would say nothing.
    static func parse(_ text: String, origin: String, isLine: Bool = false) throws -> Node? {
        do {
            return try Parser(yaml: text, resolver: .default, encoding: .utf8).singleRoot()
        } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
            let place = isLine ? "" : " (line \(context.mark.line))"
            throw RunError(
                "\(origin): the key \"\(duplicates.first ?? "")\" appears more than once\(place); give it once")
        } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            let place = isLine ? "" : " at line \(mark.line), column \(mark.column)"
            throw RunError("\(origin): not valid YAML\(place): \(problem)")
        } catch YamlError.reader(let problem, _, _, _) {
            throw RunError("\(origin): not valid YAML: \(problem)")
        } catch {
            throw RunError("\(origin): not valid YAML: \(error)")
        }
    }

    static func describe(_ node: Node?) -> String {
        switch node {
        case .sequence: "a list"
        case .mapping: "a mapping"
        default: "the value \"\(node?.scalar?.string ?? "")\""
        }
    }
}
