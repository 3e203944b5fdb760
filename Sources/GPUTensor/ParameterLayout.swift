/// Where named arrays lie in a parameter row. Every slot starts at a multiple of ``rowPadding`` and its rows are
/// padded, so a row is longer than the number of parameters; the padding is zero and stays zero.
public struct ParameterLayout: Sendable, Equatable {
    public struct Slot: Sendable, Equatable {
        public let name: String
        public let offset: Int
        /// Weights: `[inputs, outputs]`. Vectors: one row.
        public let rows: Int, columns: Int
        /// True for a weight matrix, which the outside world (PyTorch) keeps as `[outputs, inputs]`.
        public let isWeight: Bool
        public var pitch: Int { padded(columns) }
        public var count: Int { rows * columns }
    }
    public private(set) var slots: [Slot] = []
    /// Elements of a row, padding included.
    public private(set) var rowCount = 0
    /// Parameters, padding not included.
    public var parameterCount: Int { slots.reduce(0) { $0 + $1.count } }

    public init() {}

    /// Adds a slot and returns its offset.
    public mutating func add(_ name: String, rows: Int = 1, columns: Int, isWeight: Bool = false) -> Int {
        precondition(!slots.contains { $0.name == name }, "two slots are named \(name)")
        let slot = Slot(name: name, offset: rowCount, rows: rows, columns: columns, isWeight: isWeight)
        slots.append(slot)
        rowCount += rows * slot.pitch
        return slot.offset
    }

    /// Spreads a flat parameter vector in PyTorch's order (slots in order, weights `[outputs, inputs]`) into a padded
    /// row.
    public func pack<T: BinaryFloatingPoint>(_ flat: some RandomAccessCollection<T>) -> [Float] {
        precondition(flat.count == parameterCount, "\(flat.count) values for \(parameterCount) parameters")
        var row = [Float](repeating: 0, count: rowCount), next = flat.startIndex
        forEachElement {
            row[$0] = Float(flat[next]); flat.formIndex(after: &next)
        }
        return row
    }

    /// The inverse of ``pack(_:)``.
    public func unpack(_ row: some RandomAccessCollection<Float>) -> [Float] {
        precondition(row.count >= rowCount)
        var flat: [Float] = []
        flat.reserveCapacity(parameterCount)
        forEachElement { flat.append(row[row.index(row.startIndex, offsetBy: $0)]) }
        return flat
    }

    /// One where a row holds a parameter, zero in the padding.
    public func mask() -> [Float] {
        var row = [Float](repeating: 0, count: rowCount)
        forEachElement { row[$0] = 1 }
        return row
    }

    // In PyTorch's order: body gets each element's offset in the padded row.
    private func forEachElement(_ body: (Int) -> Void) {
        for slot in slots {
            if slot.isWeight {
                for column in 0..<slot.columns {
                    for row in 0..<slot.rows { body(slot.offset + row * slot.pitch + column) }
                }
            } else {
                for row in 0..<slot.rows {
                    for column in 0..<slot.columns { body(slot.offset + row * slot.pitch + column) }
                }
            }
        }
    }
}
