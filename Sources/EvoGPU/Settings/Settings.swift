import Foundation
import Yams

/// The settings while they are merged: the tree, what may be in it, and where each value came from.
struct Settings {
    private let known: Node
    private let properties: [String: String], otherNames: [String: String]
    private var merged: Node
    private var origins: [(path: [String], origin: String)] = []

    /// - Throws: what the encoding of the defaults throws.
    init(_ defaults: some Encodable) throws {
        (known, properties) = try ConfigurationEncoder.named(defaults)
        merged = known
        let declared = (defaults as? any SettingGroup)?.settings ?? []
        otherNames = Dictionary(
            declared.flatMap { setting in
                (setting.setting.declaration?.otherNames ?? []).map { ($0, setting.key) }
            }, uniquingKeysWith: { first, _ in first })
    }

    mutating func merge(file: URL) throws {
        var root = try Configuration.root(of: file)
        if known.mapping?["config"] == nil, case .mapping(let config)? = root["config"] {  // a run's config.yaml
            for (key, _) in root where key.string != "config" && !Configuration.recordKeys.contains(key.string ?? "") {
                throw RunError(
                    """
                    \(file.path): unknown key "\(key.string ?? "")" beside "config"; settings belong under it, \
                    and beside it only \(Configuration.recordKeys.joined(separator: ", "))
                    """)
            }
            root = config
        }
        merged = try merge(.mapping(root), into: merged, known: known, path: [], origin: file.path)
    }

    mutating func merge(override: String) throws {
        let origin = "--set \(override)"
        guard let equals = override.firstIndex(of: "=") else {
            throw RunError("\(origin): there is no \"=\"; key=value is accepted, such as gamma=0.99")
        }
        let path = override[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains("") else {
            throw RunError(
                """
                \(origin): the key is empty or has an empty part; key=value is accepted, such as gamma=0.99 or \
                env.max_steps=200
                """)
        }
        let value = try Configuration.parse(
            String(override[override.index(after: equals)...]), origin: origin, isLine: true)
        let tree = path.reversed().reduce(value ?? Node("", Tag(.implicit), .plain)) { Node([(Node($1), $0)]) }
        merged = try merge(tree, into: merged, known: known, path: [], origin: origin)
    }

    /// - Parameter known: what the defaults hold here; nil inside an optional group whose default is null, which knows
    ///   its keys only once it is decoded.
    private mutating func merge(_ value: Node, into old: Node, known: Node?, path: [String], origin: String) throws
        -> Node
    {
        if let known, known.mapping != nil, value.mapping == nil {
            throw RunError(
                """
                \(origin): \(path.joined(separator: ".")) is \(text(value)), but it is a group of settings; \
                a mapping of \(keys(of: known).joined(separator: ", ")) is accepted
                """)
        }
        guard case .mapping(let new) = value else {
            origins.append((path, origin))
            return value
        }
        let isOpen = known == nil || known?.null != nil
        var result = old.mapping ?? [:]
        for (key, child) in new {
            let childPath = path + [key.string ?? text(key)]
            let knownChild = key.string.flatMap { known?.mapping?[$0] }
            if knownChild == nil && !isOpen { throw unknown(childPath, origin: origin, among: self.known) }
            let name = childPath[childPath.count - 1]
            result[name] = try merge(
                child, into: result[name] ?? ConfigurationEncoder.null,
                known: isOpen ? nil : knownChild, path: childPath, origin: origin)
        }
        if isOpen { origins.append((path, origin)) }
        return .mapping(result)
    }

    func decoded<C: Codable>() throws -> C {
        var tree = merged
        while true {
            do {
                let config = try YAMLDecoder(encoding: .utf8).decode(C.self, from: tree.renamed(properties))
                let complete = try ConfigurationEncoder.node(config)
                try refuseUnknown(in: tree, complete: complete, path: [], root: complete)
                return config
            } catch DecodingError.typeMismatch(let type, let context) where type is any FixedWidthInteger.Type {
                // 1e6 is a float to YAML, and a fair way to write a whole number of steps.
                guard let whole = tree.replacingWholeNumber(at: context.codingPath[...]) else {
                    throw refusal(.typeMismatch(type, context), in: tree)
                }
                tree = whole
            } catch let error as DecodingError {
                throw refusal(error, in: tree)
            }
        }
    }

    /// A group whose default is null was merged unseen; now that it is decoded, its keys are known.
    private func refuseUnknown(in tree: Node, complete: Node, path: [String], root: Node) throws {
        guard case .mapping(let given) = tree, case .mapping(let whole) = complete else { return }
        for (key, child) in given {
            let childPath = path + [key.string ?? ""]
            guard let wholeChild = whole[key.string ?? ""] else {
                throw unknown(childPath, origin: origin(of: childPath), among: root)
            }
            try refuseUnknown(in: child, complete: wholeChild, path: childPath, root: root)
        }
    }

    private func unknown(_ path: [String], origin: String, among tree: Node) -> RunError {
        let name = path.joined(separator: ".")
        // A key that only lacks its group (max_steps for env.max_steps) is one step away, not five.
        // What other libraries call a setting comes first: `steps` means total_steps, and is as near to epochs.
        let nearest = otherNames[name] ?? paths(of: tree).min { distance($0, name) < distance($1, name) }
        let advice = nearest.map { "the nearest known key is \"\($0)\"" } ?? "no keys are accepted"
        return RunError("\(origin): unknown key \"\(name)\"; \(advice)")
    }

    private func distance(_ known: String, _ name: String) -> Int {
        let leaf = known.split(separator: ".").last.map(String.init) ?? known
        return min(editDistance(known, name), editDistance(leaf, name) + (leaf == known ? 0 : 1))
    }

    private func keys(of node: Node) -> [String] { node.mapping?.keys.compactMap(\.string) ?? [] }

    private func paths(of node: Node, under prefix: String = "") -> [String] {
        (node.mapping ?? [:]).flatMap { key, child in
            let path = prefix + (key.string ?? "")
            return [path] + paths(of: child, under: path + ".")
        }
    }

    private func origin(of path: [String]) -> String {
        origins.last { path.starts(with: $0.path) || $0.path.starts(with: path) }?.origin ?? "the defaults"
    }

    // MARK: Refusals by the decoder

    private func refusal(_ error: DecodingError, in tree: Node) -> RunError {
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return refusal(context, accepted: words(for: type), in: tree)
        case .keyNotFound(let key, let context):
            let path = (context.codingPath + [key]).map { settingKey($0.stringValue) }
            return RunError(
                "\(origin(of: path)): the key \"\(path.joined(separator: "."))\" is missing; give it a value")
        case .dataCorrupted(let context):
            return refusal(context, accepted: (context.underlyingError as? NotAccepted)?.expected, in: tree)
        @unknown default:
            return RunError("the settings cannot be read: \(error)")
        }
    }

    private func refusal(_ context: DecodingError.Context, accepted: String?, in tree: Node) -> RunError {
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? settingKey($0.stringValue) }
        let name = context.codingPath.reduce("") { name, key in
            if let index = key.intValue { return "\(name)[\(index)]" }
            let word = settingKey(key.stringValue)
            return name.isEmpty ? word : "\(name).\(word)"
        }
        let value = tree.value(at: context.codingPath[...]).map(text) ?? "absent"
        let example = known.value(at: context.codingPath[...]).flatMap {
            $0.null == nil ? ", such as the default \(text($0))" : nil
        }
        return RunError(
            "\(origin(of: path)): \(name) is \(value); \(accepted ?? "another value") is accepted\(example ?? "")")
    }

    private func words(for type: Any.Type) -> String {
        switch type {
        case is Bool.Type: return "true or false"
        case is any BinaryFloatingPoint.Type: return "a number"
        case is Int.Type, is Int64.Type: return "a whole number"
        case is UInt.Type, is UInt64.Type: return "a whole number of at least 0"
        case let type as any FixedWidthInteger.Type: return wordsForRange(type)
        case is String.Type, is Node.Scalar.Type: return "a single value"
        case is Node.Sequence.Type: return "a list"
        case is Node.Mapping.Type: return "a mapping"
        default: return "a value of type \(type)"
        }
    }

    private func wordsForRange<I: FixedWidthInteger>(_ type: I.Type) -> String {
        "a whole number from \(I.min) to \(I.max)"
    }

    private func text(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar):
            scalar.string.isEmpty || node.float == nil && node.bool == nil && node.null == nil
                ? "\"\(scalar.string)\"" : scalar.string
        case .sequence(let sequence): "[" + sequence.map(text).joined(separator: ", ") + "]"
        case .mapping(let mapping):
            "{" + mapping.map { "\($0.key.string ?? text($0.key)): \(text($0.value))" }.joined(separator: ", ") + "}"
        case .alias(let alias): "\(alias)"
        }
    }
}

extension Node {
    /// The same tree with each key as its property is called.
    fileprivate func renamed(_ properties: [String: String]) -> Node {
        switch self {
        case .mapping(let mapping):
            Node(
                mapping.map { key, child in
                    (
                        Node(key.string.flatMap { properties[$0] } ?? key.string ?? "", key.tag),
                        child.renamed(properties)
                    )
                }, mapping.tag, mapping.style)
        case .sequence(let sequence): Node(sequence.map { $0.renamed(properties) }, sequence.tag, sequence.style)
        default: self
        }
    }

    fileprivate func value(at path: ArraySlice<any CodingKey>) -> Node? {
        guard let key = path.first else { return self }
        if let index = key.intValue, case .sequence(let sequence) = self {
            return sequence.indices.contains(index) ? sequence[index].value(at: path.dropFirst()) : nil
        }
        return mapping?[settingKey(key.stringValue)]?.value(at: path.dropFirst())
    }

    /// The tree with the number at the path spelled as an integer, or nil if it is no whole number that a Double holds
    /// exactly.
    fileprivate func replacingWholeNumber(at path: ArraySlice<any CodingKey>) -> Node? {
        if let key = path.first {
            if let index = key.intValue, case .sequence(var sequence) = self, sequence.indices.contains(index) {
                guard let child = sequence[index].replacingWholeNumber(at: path.dropFirst()) else { return nil }
                sequence[index] = child
                return .sequence(sequence)
            }
            guard case .mapping(var mapping) = self,
                let child = mapping[settingKey(key.stringValue)]?.replacingWholeNumber(at: path.dropFirst())
            else { return nil }
            mapping[settingKey(key.stringValue)] = child
            return .mapping(mapping)
        }
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any,
            scalar.string.contains(where: { ".eE".contains($0) }),  // else it is an integer that the type cannot hold
            let number = Double.construct(from: scalar), abs(number) <= 0x1p53, let whole = Int64(exactly: number)
        else { return nil }
        return Node(String(whole), Tag(.int), .plain)
    }
}
