import Yams

/// Turns a settings struct into a YAML tree that keeps the order of its keys.
///
/// Yams's own encoder rounds numbers to 15 digits (or spells 17: 2.9999999999999997e-04) and leaves out optionals that
/// are nil. This one writes the shortest digits that read back as the same number, and writes nil as `null`, so that
/// every key is known.
enum ConfigurationEncoder {
    static func node(_ value: some Encodable) throws -> Node { try named(value).node }

    /// - Returns: the tree, whose keys are properties' names in snake case, and the name of each key's property.
    static func named(_ value: some Encodable) throws -> (node: Node, properties: [String: String]) {
        let slot = Slot(Names())
        try slot.fill(value, path: [])
        return (slot.node, slot.names.properties)
    }

    static var null: Node { Node("null", Tag(.null), .plain) }
}

/// What each key is called in the source.
private final class Names { var properties: [String: String] = [:] }

/// One place in the tree. Containers hold on to their slot and fill it while the value encodes itself.
private final class Slot {
    let names: Names
    init(_ names: Names) { self.names = names }

    private enum Content { case null, scalar(Node), mapping([(key: String, slot: Slot)]), sequence([Slot]) }
    private var content = Content.null

    var node: Node {
        switch content {
        case .null: return ConfigurationEncoder.null
        case .scalar(let node): return node
        case .mapping(let pairs): return Node(pairs.map { (Node($0.key), $0.slot.node) }, Tag(.implicit), .block)
        case .sequence(let slots):
            let nodes = slots.map(\.node)
            return Node(nodes, Tag(.implicit), nodes.allSatisfy { $0.scalar != nil } ? .flow : .block)
        }
    }

    var count: Int { if case .sequence(let slots) = content { slots.count } else { 0 } }

    func fill(_ value: some Encodable, path: [any CodingKey]) throws {
        switch value {
        case let value as Bool: content = .scalar(value.box())
        case let value as String: content = .scalar(value.box())
        case let value as Double: content = .scalar(number(value.description))
        case let value as Float: content = .scalar(number(value.description))
        case let value as any BinaryInteger: content = .scalar(Node("\(value)", Tag(.int), .plain))
        default: try value.encode(to: TreeEncoder(slot: self, codingPath: path))
        }
    }

    func startMapping() { if case .mapping = content {} else { content = .mapping([]) } }
    func startSequence() { if case .sequence = content {} else { content = .sequence([]) } }
    func makeNull() { content = .null }

    func child(_ property: String) -> Slot {
        let key = settingKey(property)
        names.properties[key] = property
        guard case .mapping(var pairs) = content else { preconditionFailure("a keyed value \(key) outside a mapping") }
        let slot = Slot(names)
        if let old = pairs.firstIndex(where: { $0.key == key }) {
            pairs[old].slot = slot
        } else {
            pairs.append((key, slot))
        }
        content = .mapping(pairs)
        return slot
    }

    func append() -> Slot {
        guard case .sequence(var slots) = content else { preconditionFailure("an element outside a sequence") }
        let slot = Slot(names)
        slots.append(slot)
        content = .sequence(slots)
        return slot
    }

    /// Swift's shortest digits, spelled so that readers of YAML 1.1 see a number too: they want a point before an
    /// exponent.
    private func number(_ digits: String) -> Node {
        let text: String
        switch digits {
        case "inf": text = ".inf"
        case "-inf": text = "-.inf"
        case "nan", "-nan": text = ".nan"
        default:
            let parts = digits.split(separator: "e", maxSplits: 1)
            text = parts.count == 2 && !parts[0].contains(".") ? "\(parts[0]).0e\(parts[1])" : digits
        }
        return Node(text, Tag(.float), .plain)
    }
}

private struct TreeEncoder: Encoder {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.startMapping()
        return KeyedEncodingContainer(MappingContainer<Key>(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.startSequence()
        return SequenceContainer(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarContainer(slot: slot, codingPath: codingPath)
    }
}

private struct MappingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: Slot
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { slot.child(key.stringValue).makeNull() }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try slot.child(key.stringValue).fill(value, path: codingPath + [key])
    }

    private func encodeOrNull<T: Encodable>(_ value: T?, _ key: Key) throws {
        if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }

    // A synthesised encode(to:) calls these for optionals. The protocol's own versions skip nil; all of them have to be
    // replaced, since a generic one alone would not stand in for those of the standard types.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encodeOrNull(value, key) }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try encodeOrNull(value, key) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<
        Nested
    > {
        encoder(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { TreeEncoder(slot: slot.child("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: Key) -> TreeEncoder {
        TreeEncoder(slot: slot.child(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct SequenceContainer: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    var count: Int { slot.count }

    func encodeNil() { slot.append().makeNull() }
    func encode<T: Encodable>(_ value: T) throws { try slot.append().fill(value, path: codingPath) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder() }

    private func encoder() -> TreeEncoder { TreeEncoder(slot: slot.append(), codingPath: codingPath) }
}

private struct ScalarContainer: SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]

    func encodeNil() { slot.makeNull() }
    func encode<T: Encodable>(_ value: T) throws { try slot.fill(value, path: codingPath) }
}
