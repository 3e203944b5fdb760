/// The element types that kernels know.
public enum ElementType: String, Sendable {
    case float32, int32, uint32, uint64
    package var size: Int { self == .uint64 ? 8 : 4 }
}

/// A Swift type that a tensor's elements may be read and written as.
public protocol TensorElement: BitwiseCopyable { static var elementType: ElementType { get } }
extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }

/// Rows that lanes run over are padded to a multiple of this many elements (PAD in the kernels), so that layouts do not
/// depend on the number of lanes.
public let rowPadding = 16

/// `count` rounded up to ``rowPadding``.
public func padded(_ count: Int) -> Int { (count + rowPadding - 1) / rowPadding * rowPadding }

/// Device memory with a shape. The last dimension's rows may be padded: element `[..., r, c]` lies at `(row r) * pitch
/// + c`. A value type over shared memory: copies name the same buffer.
public struct Tensor {
    package let buffer: Buffer
    public let type: ElementType
    public let shape: [Int]
    /// Elements from one row of the last dimension to the next.
    public let pitch: Int

    /// Elements without padding.
    public var count: Int { shape.reduce(1, *) }
    /// Rows of the last dimension.
    package var rowCount: Int { shape.dropLast().reduce(1, *) }
    /// Elements that the memory holds, padding included.
    public var paddedCount: Int { rowCount * pitch }

    /// - Throws: ``ShapeMismatch`` if the shape is another one.
    package func expectShape(_ expected: [Int], _ name: String) throws {
        guard shape == expected else { throw ShapeMismatch(name, is: shape, expected: "\(expected)") }
    }

    /// The shape as (rows, columns). - Throws: ``ShapeMismatch`` if it isn't two-dimensional.
    package func matrixShape(_ name: String) throws -> (Int, Int) {
        guard shape.count == 2 else { throw ShapeMismatch(name, is: shape, expected: "two dimensions") }
        return (shape[0], shape[1])
    }

    /// A padded `[P, rows, n]` tensor seen as `[P, rows * pitch]`, padding included.
    package var flattened: Tensor {
        precondition(shape.count == 3 && pitch.isMultiple(of: rowPadding), "\(shape) can't be flattened to padded rows")
        return Tensor(buffer: buffer, type: type, shape: [shape[0], shape[1] * pitch], pitch: shape[1] * pitch)
    }

    /// The first `count` of the first dimension, in the same memory.
    package func first(_ count: Int) -> Tensor {
        precondition(!shape.isEmpty && (1...shape[0]).contains(count), "the first \(count) of \(shape)")
        return Tensor(
            buffer: buffer, type: type, shape: [count] + shape.dropFirst(), pitch: shape.count == 1 ? count : pitch)
    }

    /// The same memory with padding as part of the last dimension.
    package var withoutPadding: Tensor {
        Tensor(buffer: buffer, type: type, shape: shape.dropLast() + [pitch], pitch: pitch)
    }

    /// The same memory for an argument that a kernel does not read this time but declares with another type.
    package func unread(as type: ElementType) -> Tensor { Tensor(buffer: buffer, type: type, shape: [1], pitch: 1) }

    /// Copies the elements to the host, without padding. Waits for the queue; counts as one read-back.
    public func read<T: TensorElement>(as: T.Type = T.self) throws -> [T] {
        precondition(T.elementType == type, "a \(type) tensor read as \(T.elementType)")
        let all = try [T](unsafeUninitializedCapacity: paddedCount) { space, used in
            try buffer.queue.read(buffer, into: UnsafeMutableRawBufferPointer(space))
            used = paddedCount
        }
        let columns = shape.last ?? 1
        if columns == pitch { return all }
        return (0..<rowCount).flatMap { all[$0 * pitch..<$0 * pitch + columns] }
    }

    /// Copies some elements to the host, as they lie in memory. Waits for the queue; counts as one read-back.
    public func read<T: TensorElement>(elements: Range<Int>, as: T.Type = T.self) throws -> [T] {
        precondition(
            T.elementType == type && elements.lowerBound >= 0 && elements.upperBound <= paddedCount,
            "elements \(elements) of \(shape) read as \(T.elementType)")
        return try [T](unsafeUninitializedCapacity: elements.count) { space, used in
            if !elements.isEmpty {
                try buffer.queue.read(
                    buffer, offset: elements.lowerBound * type.size,
                    into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: space[..<elements.count])))
            }
            used = elements.count
        }
    }

    /// Copies elements from the host to a place in memory. Waits until the host memory may be reused.
    public func write<T: TensorElement>(_ values: [T], at first: Int) throws {
        precondition(
            T.elementType == type && first >= 0 && first + values.count <= paddedCount,
            "\(values.count) \(T.elementType) from \(first) of a \(type) tensor of \(shape)")
        if !values.isEmpty {
            try values.withUnsafeBytes { try buffer.queue.write($0, to: buffer, offset: first * type.size) }
        }
    }

    /// Copies elements from the host; padding becomes zero. Waits until the host memory may be reused.
    public func write<T: TensorElement & ExpressibleByIntegerLiteral>(_ values: [T]) throws {
        precondition(
            T.elementType == type && values.count == count,
            "\(values.count) \(T.elementType) for a \(type) tensor of \(shape)")
        let columns = shape.last ?? 1
        var all = values
        if columns != pitch {
            all = [T](repeating: 0, count: paddedCount)
            for row in 0..<rowCount {
                for column in 0..<columns { all[row * pitch + column] = values[row * columns + column] }
            }
        }
        try all.withUnsafeBytes { try buffer.queue.write($0, to: buffer) }
    }
}

/// A block of device memory, freed when nothing refers to it any more. Belongs to one queue.
package final class Buffer {
    package let byteCount: Int
    package let queue: Queue
    /// Nil while the buffer is only planned (``Queue/plan(lower:_:)``).
    var memory: (any DeviceMemory)?
    /// What was written while the buffer was only planned, in order.
    var planned: [(offset: Int, bytes: [UInt8])] = []

    init(byteCount: Int, queue: Queue) {
        self.byteCount = byteCount
        self.queue = queue
    }
}

/// A backend's own handle of memory; releases it in `deinit`.
protocol DeviceMemory: AnyObject {}
