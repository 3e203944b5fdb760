import GPUTensor

/// What the verifications ask of a reference case: sizes and arrays that fit each other, refused in one sentence
/// otherwise.
extension ReferenceCase {
    // Products of four sizes still fit 64 bits.
    private static let largestSize = 1 << 15

    /// A whole number from 1 under a key.
    func size(_ key: String) throws -> Int {
        let value = try number(key)
        guard value >= 1, value <= Double(Self.largestSize), value == value.rounded() else {
            throw RunError("\(name): \"\(key)\" is \(value); a whole number from 1 to \(Self.largestSize) is needed")
        }
        return Int(value)
    }

    /// Whole numbers from 1 under a key that holds a list of `count`.
    func sizes(_ key: String, count: Int) throws -> [Int] {
        let values = try numbers(key)
        guard values.count == count,
            values.allSatisfy({ $0 >= 1 && $0 <= Double(Self.largestSize) && $0 == $0.rounded() })
        else {
            throw RunError(
                "\(name): \"\(key)\" is \(values); \(count) whole numbers from 1 to \(Self.largestSize) are needed")
        }
        return values.map { Int($0) }
    }

    /// Rows of an array of shape `[rows, width]`; at least one.
    func rows(_ array: String, of width: Int) throws -> Int {
        let shape = try shape(array)
        guard shape.count == 2, (1...1 << 20).contains(shape[0]), shape[1] == width else {
            throw RunError("\(name): array \"\(array)\" has shape \(shape); [from 1 to \(1 << 20), \(width)] is needed")
        }
        return shape[0]
    }

    /// An array of this many elements, all finite.
    func doubles(_ array: String, count: Int) throws -> [Double] {
        let values = try doubles(array)
        guard values.count == count else {
            throw RunError(
                """
                \(name): array "\(array)" has shape \(try shape(array)), \(values.count) elements; \(count) are needed
                """
            )
        }
        if let bad = values.first(where: { !$0.isFinite }) {
            throw RunError("\(name): array \"\(array)\" holds \(bad); finite numbers are needed")
        }
        return values
    }

    func floats(_ array: String, count: Int) throws -> [Float] { try doubles(array, count: count).map { Float($0) } }

    /// The rows of a population's flat parameters, as padded rows.
    func parameterRows(_ array: String, members: Int, _ layout: ParameterLayout) throws -> [Float] {
        let flat = try doubles(array, count: members * layout.parameterCount)
        return layout.packRows(flat)
    }

    /// Refuses an order of parameters other than the one that the mapping was written for.
    func expectOrder(_ key: String, _ expected: [String]) throws {
        let names = Self.parameterNames(try string(key))
        guard names == expected else {
            throw RunError(
                """
                \(name): "\(key)" is \(names.joined(separator: ", ")); \(expected.joined(separator: ", ")) is what \
                is known here
                """
            )
        }
    }

    /// `W1, b1` from `W1[h,obs], b1[h]; y = x W^T + b`.
    private static func parameterNames(_ order: String) -> [String] {
        var depth = 0, names = [""]
        for character in order.prefix(while: { $0 != ";" }) {
            switch character {
            case "[": depth += 1
            case "]": depth -= 1
            case ",": if depth == 0 { names.append("") }
            default: if depth == 0, !character.isWhitespace { names[names.count - 1].append(character) }
            }
        }
        return names
    }
}

extension ParameterLayout {
    /// Padded rows of flat parameters, one after the other.
    func packRows(_ flat: [Double]) -> [Float] {
        stride(from: 0, to: flat.count, by: parameterCount).flatMap { pack(flat[$0..<$0 + parameterCount]) }
    }

    /// Where each slot lies in a flat row.
    var flatSlots: [Range<Int>] {
        var next = 0
        return slots.map { slot in
            defer { next += slot.count }
            return next..<next + slot.count
        }
    }

    /// The inverse of ``packRows(_:)``.
    func unpackRows(_ rows: [Float]) -> [Float] {
        stride(from: 0, to: rows.count, by: rowCount).flatMap { unpack(rows[$0..<$0 + rowCount]) }
    }
}
