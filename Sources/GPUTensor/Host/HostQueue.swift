import Foundation
import Kernels

/// Runs kernels as C on this machine's cores. A launch returns when it is done.
final class HostQueue: QueueBackend {
    let lanes: Int
    private let kernels: [String: HostKernelRun]
    private let pool: OpaquePointer
    private let profiling: Bool
    private var times: [String: (launches: Int, seconds: Double)] = [:]

    init(lanes: Int?, threads: Int?, profiling: Bool) throws {
        let variant = try HostVariant.choose(lanes: lanes)
        self.lanes = variant.lanes
        var kernels: [String: HostKernelRun] = [:]
        for index in 0..<variant.count {
            kernels[String(cString: variant.table[index].name)] = variant.table[index].run
        }
        self.kernels = kernels
        pool = try HostVariant.pool(threads: threads ?? HostVariant.threadCount())
        self.profiling = profiling
    }

    func allocate(byteCount: Int) throws -> any DeviceMemory { try HostMemory(byteCount: byteCount) }

    func launch(_ kernel: KernelSignature, over range: [Int], _ values: [KernelValue]) throws {
        guard let run = kernels[kernel.name] else {
            throw DeviceError(
                """
                the CPU backend has only the kernels that it was compiled with, and \(kernel.name) is not one; an \
                OpenCL device can build it
                """
            )
        }
        let start = profiling ? DispatchTime.now().uptimeNanoseconds : 0
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: values.count) { scalars in
            withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: values.count) { pointers in
                for (index, value) in values.enumerated() {
                    let scalar = UnsafeMutableRawPointer(scalars.baseAddress! + index)
                    pointers.initializeElement(at: index, to: scalar)
                    switch value.content {
                    case .memory(let buffer, _):
                        guard let memory = buffer.memory else {
                            preconditionFailure("\(kernel.name): a buffer that is only planned")
                        }
                        pointers[index] = unsafeDowncast(memory, to: HostMemory.self).bytes.baseAddress
                    case .int32(let number): scalar.storeBytes(of: number, as: Int32.self)
                    case .uint32(let number): scalar.storeBytes(of: number, as: UInt32.self)
                    case .uint64(let number): scalar.storeBytes(of: number, as: UInt64.self)
                    case .float32(let number): scalar.storeBytes(of: number, as: Float.self)
                    }
                }
                withUnsafeTemporaryAllocation(of: Int.self, capacity: 3) { sizes in
                    for dimension in 0..<3 {
                        sizes.initializeElement(at: dimension, to: dimension < range.count ? range[dimension] : 1)
                    }
                    sizes.withMemoryRebound(to: UInt.self) { sizes in
                        kernel_pool_run(pool, run, pointers.baseAddress, sizes.baseAddress, range.reduce(1, *))
                    }
                }
            }
        }
        if profiling {
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
            times[kernel.name, default: (0, 0)].launches += 1
            times[kernel.name]!.seconds += seconds
        }
    }

    func read(_ memory: any DeviceMemory, offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: host(memory)[offset..<offset + bytes.count]))
    }
    func write(_ bytes: UnsafeRawBufferPointer, to memory: any DeviceMemory, offset: Int) throws {
        UnsafeMutableRawBufferPointer(rebasing: host(memory)[offset..<offset + bytes.count]).copyMemory(from: bytes)
    }
    func copy(from source: any DeviceMemory, at: Int, to target: any DeviceMemory, at other: Int, byteCount: Int) throws
    {
        memmove(host(target).baseAddress! + other, host(source).baseAddress! + at, byteCount)
    }
    func zero(_ memory: any DeviceMemory, byteCount: Int) throws { memset(host(memory).baseAddress!, 0, byteCount) }
    func finish() throws {}
    func profile() throws -> [String: (launches: Int, seconds: Double)] { times }

    private func host(_ memory: any DeviceMemory) -> UnsafeMutableRawBufferPointer { (memory as! HostMemory).bytes }
}

/// Memory of the CPU backend, aligned to a cache line.
final class HostMemory: DeviceMemory {
    let bytes: UnsafeMutableRawBufferPointer
    init(byteCount: Int) throws {
        var pointer: UnsafeMutableRawPointer?
        guard posix_memalign(&pointer, 64, byteCount) == 0, let pointer else {
            throw DeviceError("the CPU backend could not allocate \(byteCount) bytes")
        }
        bytes = UnsafeMutableRawBufferPointer(start: pointer, count: byteCount)
    }
    deinit { free(bytes.baseAddress) }
}

/// The instruction sets that the kernels were compiled for, and the threads that run them.
enum HostVariant {
    typealias Table = (name: String, lanes: Int, count: Int, table: UnsafePointer<HostKernel>)

    /// What this processor can run, the fastest first.
    static func available() -> [Table] {
        [kernels_x86_64_v4(), kernels_x86_64_v3(), kernels_baseline()].compactMap { $0 }
            .filter { kernels_cpu_supports($0.pointee.variant) != 0 }
            .map {
                (String(cString: $0.pointee.variant), Int($0.pointee.lanes), Int($0.pointee.count), $0.pointee.kernels)
            }
    }

    static func choose(lanes: Int?) throws -> Table {
        let tables = available()
        guard let first = tables.first else {
            throw DeviceError(
                "this processor has no AVX2 and FMA, which the CPU backend needs; an OpenCL device would serve")
        }
        var wanted = lanes
        if wanted == nil, let text = ProcessInfo.processInfo.environment["EVOGPU_LANES"], !text.isEmpty {
            guard let number = Int(text) else {
                throw DeviceError(
                    "EVOGPU_LANES is \(text); accepted: \(tables.map { "\($0.lanes)" }.joined(separator: ", "))")
            }
            wanted = number
        }
        guard let wanted else { return first }
        guard let table = tables.first(where: { $0.lanes == wanted }) else {
            throw DeviceError(
                """
                the CPU backend has no variant with \(wanted) lanes here; accepted: \
                \(tables.map { "\($0.lanes) (\($0.name))" }.joined(separator: ", "))
                """
            )
        }
        return table
    }

    static func threadCount() throws -> Int {
        guard let text = ProcessInfo.processInfo.environment["EVOGPU_THREADS"], !text.isEmpty else {
            return ProcessInfo.processInfo.activeProcessorCount
        }
        guard let count = Int(text), (1...1024).contains(count) else {
            throw DeviceError("EVOGPU_THREADS is \(text); accepted: a number from 1 to 1024")
        }
        return count
    }

    // Pools live as long as the process: one per thread count, shared by queues. Guarded by its lock.
    private static let lock = NSLock()
    nonisolated(unsafe) private static var pools: [Int: OpaquePointer] = [:]
    static func pool(threads: Int) throws -> OpaquePointer {
        lock.lock()
        defer { lock.unlock() }
        if let pool = pools[threads] { return pool }
        guard let pool = kernel_pool_create(Int32(threads)) else {
            throw DeviceError("the CPU backend could not start its threads")
        }
        pools[threads] = pool
        return pool
    }
}
