import Foundation
import GPUTensor

/// A run's folder read back: what was trained, with which settings.
public struct SavedRun {
    public let directory: RunDirectory
    public let algorithm: AlgorithmSpec
    public let spec: EnvironmentSpec
    public let config: any AlgorithmConfig
    /// The seeds that were asked for.
    public let seeds: [UInt64]
    public let policies: PolicySet

    public init(_ url: URL) throws {
        directory = try RunDirectory(existing: url)
        algorithm = try AlgorithmSpec.named(directory.record("algorithm"))
        let named = try EnvironmentSpec.named(directory.record("env"))
        if let physics = named.physics {
            spec = EnvironmentSpec(try physics.with(directory.record("env_options", as: PhysicsModel.Task.self)))
        } else {
            spec = named
        }
        seeds = try directory.record("seeds")
        guard (1...100_000).contains(seeds.count) else {
            throw RunError(
                "\(directory.configFile.path): there are \(seeds.count) seeds; accepted: 1 to 100000")
        }
        config = try algorithm.config(for: nil, file: directory.configFile, seeds: seeds.count)
        policies = try algorithm.policies(config, spec, seeds: seeds)
    }
}

extension Tensor {
    /// The elements without padding, for a checkpoint.
    package func namedArray(_ name: String) throws -> NamedArray {
        switch type {
        case .float32: NamedArray(name, try read(as: Float.self), shape: shape)
        case .int32: NamedArray(name, try read(as: Int32.self), shape: shape)
        case .uint32: NamedArray(name, try read(as: UInt32.self), shape: shape)
        case .uint64: NamedArray(name, try read(as: UInt64.self), shape: shape)
        }
    }

    /// - Throws: ``RunError`` if the array is missing or of another type or shape.
    package func restore(_ name: String, from arrays: [String: NamedArray]) throws {
        let dtype: DType =
            switch type {
            case .float32: .f32
            case .int32: .i32
            case .uint32: .u32
            case .uint64: .u64
            }
        let bytes = try Checkpoint.expect(arrays[name], name: name, dtype: dtype, shape: shape)
        switch type {
        case .float32: try write(bytes.elements(Float.self))
        case .int32: try write(bytes.elements(Int32.self))
        case .uint32: try write(bytes.elements(UInt32.self))
        case .uint64: try write(bytes.elements(UInt64.self))
        }
    }
}

extension Data {
    fileprivate func elements<T: BitwiseCopyable>(_: T.Type) -> [T] {
        [T](unsafeUninitializedCapacity: count / MemoryLayout<T>.stride) { space, used in
            _ = copyBytes(to: space)
            used = count / MemoryLayout<T>.stride
        }
    }
}
