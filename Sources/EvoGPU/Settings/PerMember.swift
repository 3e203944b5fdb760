/// A hyper-parameter of a population: one number for every member, or a list with one number for each.
///
/// In YAML a number (`lr: 3e-4`) or a list (`lr: [1e-4, 3e-4, 1e-3]`).
public struct PerMember: Codable, Hashable, Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    private enum Storage: Hashable { case one(Double), list([Double]) }
    private let storage: Storage

    public init(_ value: Double) { storage = .one(value) }
    public init(_ values: [Double]) { storage = .list(values) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(Double(value)) }

    /// Every number that was given: one, or the list.
    public var given: [Double] {
        switch storage {
        case .one(let value): [value]
        case .list(let values): values
        }
    }

    /// One value per member, shape `[P]`.
    ///
    /// - Parameter name: the setting's key, for the error.
    /// - Throws: ``RunError`` if a list was given that does not have `count` entries.
    public func values(count: Int, name: String) throws -> [Float] {
        switch storage {
        case .one(let value): return Array(repeating: Float(value), count: count)
        case .list(let values):
            guard values.count == count else {
                throw RunError(
                    """
                    \(name) is a list of \(values.count), but there are \(count) members; give one number or a list \
                    of \(count)
                    """)
            }
            return values.map { Float($0) }
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self.init(value)
        } else if let values = try? container.decode([Double].self) {
            self.init(values)
        } else {
            throw NotAccepted.error(at: decoder.codingPath, expected: "a number or a list with one number per member")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch storage {
        case .one(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        }
    }
}
