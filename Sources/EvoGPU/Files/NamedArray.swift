import Foundation

/// The element types that checkpoints and exports hold, named as in safetensors.
public enum DType: String, Sendable, CaseIterable {
    case f32 = "F32", f64 = "F64", i32 = "I32", u32 = "U32", u64 = "U64", i64 = "I64"

    /// Bytes per element.
    public var size: Int {
        switch self {
        case .f32, .i32, .u32: 4
        case .f64, .u64, .i64: 8
        }
    }
}

/// A Swift type whose arrays can be stored.
public protocol ArrayElement: BitwiseCopyable, Sendable {
    static var dtype: DType { get }
}

extension Float: ArrayElement { public static var dtype: DType { .f32 } }
extension Double: ArrayElement { public static var dtype: DType { .f64 } }
extension Int32: ArrayElement { public static var dtype: DType { .i32 } }
extension UInt32: ArrayElement { public static var dtype: DType { .u32 } }
extension UInt64: ArrayElement { public static var dtype: DType { .u64 } }
extension Int64: ArrayElement { public static var dtype: DType { .i64 } }

/// An array on its way into a file, whose bytes are made when they are written, so that not all arrays are held at
/// once.
public struct ArraySource {
    public let name: String, dtype: DType, shape: [Int]
    /// `shape` elements of `dtype`, one after the other.
    public let bytes: () throws -> Data
    var byteCount: Int { shape.reduce(dtype.size, *) }
}

extension ArraySource {
    init(_ array: NamedArray) { self.init(name: array.name, dtype: array.dtype, shape: array.shape) { array.bytes } }
}

/// A named array in row-major order, as bytes. Little-endian, as every machine is that this program runs on.
public struct NamedArray: Sendable, Equatable {
    public let name: String
    public let dtype: DType
    public let shape: [Int]
    /// `shape` elements of `dtype`, one after the other.
    public let bytes: Data

    public init(name: String, dtype: DType, shape: [Int], bytes: Data) {
        let count = shape.reduce(1, *)
        precondition(
            shape.allSatisfy { $0 >= 0 } && bytes.count == count * dtype.size,
            "\(name): \(bytes.count) bytes for \(dtype.rawValue) of shape \(shape)")
        (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
    }

    /// - Parameter shape: the shape of `values`; one axis if nil.
    public init<T: ArrayElement>(_ name: String, _ values: [T], shape: [Int]? = nil) {
        self.init(
            name: name, dtype: T.dtype, shape: shape ?? [values.count], bytes: values.withUnsafeBytes { Data($0) })
    }

    /// The elements.
    ///
    /// - Throws: ``RunError`` if the array is of another type.
    public func values<T: ArrayElement>(as type: T.Type = T.self) throws -> [T] {
        guard dtype == T.dtype else {
            throw RunError("array \"\(name)\" holds \(dtype.rawValue); \(T.dtype.rawValue) is accepted")
        }
        return [T](unsafeUninitializedCapacity: bytes.count / dtype.size) { elements, count in
            bytes.copyBytes(to: UnsafeMutableRawBufferPointer(elements))
            count = bytes.count / dtype.size
        }
    }
}
