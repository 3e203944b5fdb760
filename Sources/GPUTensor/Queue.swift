/// What can be passed to a kernel: a ``Tensor``, a `Float`, an `Int32`, `UInt32` or `UInt64`, an `Int` for a parameter
/// of any of these kinds that can hold its value exactly, or a `Bool` for an `int`.
public protocol KernelArgument {
    /// The argument for a parameter declared with this element type; nil where the type can't hold the number.
    func kernelValue(as type: ElementType) -> KernelValue?
}
/// A kernel argument as the backends take it.
public struct KernelValue {
    enum Content {
        case memory(Buffer, ElementType)
        case int32(Int32), uint32(UInt32), uint64(UInt64), float32(Float)
    }
    let content: Content
    init(_ content: Content) { self.content = content }

    var kind: (type: ElementType, isPointer: Bool) {
        switch content {
        case .memory(_, let type): (type, true)
        case .int32: (.int32, false)
        case .uint32: (.uint32, false)
        case .uint64: (.uint64, false)
        case .float32: (.float32, false)
        }
    }
}
extension Tensor: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.memory(buffer, type)) }
}
extension Int32: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.int32(self)) }
}
extension UInt32: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.uint32(self)) }
}
extension UInt64: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.uint64(self)) }
}
extension Float: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.float32(self)) }
}
extension Bool: KernelArgument {
    public func kernelValue(as: ElementType) -> KernelValue? { KernelValue(.int32(self ? 1 : 0)) }
}
extension Int: KernelArgument {
    public func kernelValue(as type: ElementType) -> KernelValue? {
        switch type {
        case .int32: Int32(exactly: self).map { KernelValue(.int32($0)) }
        case .uint32: UInt32(exactly: self).map { KernelValue(.uint32($0)) }
        case .uint64: UInt64(exactly: self).map { KernelValue(.uint64($0)) }
        // Not only for literals: `limit ?? 0` is an Int where limit is nil, whatever type limit has.
        case .float32: Float(exactly: self).map { KernelValue(.float32($0)) }
        }
    }
}

/// What a backend does for a ``Queue``. Everything is in order; reads wait.
protocol QueueBackend: AnyObject {
    var lanes: Int { get }
    func allocate(byteCount: Int) throws -> any DeviceMemory
    func launch(_ kernel: KernelSignature, over range: [Int], _ values: [KernelValue]) throws
    func read(_ memory: any DeviceMemory, offset: Int, into: UnsafeMutableRawBufferPointer) throws
    func write(_ bytes: UnsafeRawBufferPointer, to memory: any DeviceMemory, offset: Int) throws
    func copy(from: any DeviceMemory, at: Int, to: any DeviceMemory, at: Int, byteCount: Int) throws
    func zero(_ memory: any DeviceMemory, byteCount: Int) throws
    func finish() throws
    /// Seconds spent per kernel since the queue was made; empty unless profiling was asked for.
    func profile() throws -> [String: (launches: Int, seconds: Double)]
}

/// Which of the two forms of a matrix product a queue uses; both give the same bits.
public enum MatrixForm: String, Sendable, CaseIterable {
    /// Register tiles, no local memory: the fast one on CPUs, the only one of the CPU backend.
    case register
    /// Tiles in local memory: the fast one on GPUs.
    case local
}

/// An in-order stream of work on one device: launches, copies and the buffers they use. One thread at a time may use
/// it.
public final class Queue {
    public let device: Device
    /// Lanes W that its kernels are built with. Results do not depend on it.
    public var lanes: Int { backend.lanes }
    public let matrixForm: MatrixForm
    let backend: any QueueBackend

    /// Work since the queue was made; a test holds an algorithm to these.
    package struct Counts: Equatable, Sendable { package var launches = 0, allocations = 0, readBacks = 0 }
    package private(set) var counts = Counts()
    private var planned: [Buffer]?
    private var checked: Set<String> = []

    /// - Parameters:
    ///   - lanes: W, or nil for what suits the device (1 on GPUs; 8 or 16 on CPUs).
    ///   - matrixForm: nil for what suits the device.
    ///   - threads: threads of the CPU backend, or nil for `EVOGPU_THREADS` or all cores.
    ///   - profiling: time every launch (``profile()``); launches then no longer overlap with the host.
    /// - Throws: ``DeviceError`` if the device can't be opened.
    public init(
        _ device: Device, lanes: Int? = nil, matrixForm: MatrixForm? = nil, threads: Int? = nil, profiling: Bool = false
    ) throws {
        self.device = device
        switch device.kind {
        case .host:
            guard matrixForm != .local else {
                throw DeviceError("the CPU backend has no local-memory matrix form; accepted: register")
            }
            backend = try HostQueue(lanes: lanes, threads: threads, profiling: profiling)
            self.matrixForm = .register
        case .openCL(let index):
            let openCL = try OpenCLQueue(deviceIndex: index, lanes: lanes, profiling: profiling)
            backend = openCL
            guard matrixForm != .local || device.takesLocalForm else {
                throw DeviceError(
                    """
                    \(device.name) has no room for the local-memory matrix form, which takes 128 work-items and 13 KiB \
                    a group; accepted: register
                    """
                )
            }
            self.matrixForm = matrixForm ?? (device.isGPU && device.takesLocalForm ? .local : .register)
        }
    }

    // MARK: Memory

    /// Device memory of the given shape, zeroed. With `padded`, rows of the last dimension are padded to
    /// ``rowPadding``.
    /// - Throws: ``DeviceError`` if the device has no room.
    public func tensor(_ type: ElementType = .float32, _ shape: [Int], padded pad: Bool = false) throws -> Tensor {
        precondition(shape.allSatisfy { $0 > 0 }, "a tensor of shape \(shape)")
        let columns = shape.last ?? 1, pitch = pad ? GPUTensor.padded(columns) : columns
        // Room for one whole vector past the end: lanes may load, never store, there. 2^60 bytes are more than any
        // device has.
        let elements = shape.dropLast().reduce((count: pitch, overflow: false)) { sofar, size in
            let product = sofar.count.multipliedReportingOverflow(by: size)
            return (product.partialValue, sofar.overflow || product.overflow)
        }
        guard !elements.overflow, elements.count < 1 << 57 else {
            throw DeviceError("a buffer of shape \(shape) is beyond every device's memory; lower its sizes")
        }
        let bytes = (GPUTensor.padded(elements.count) + rowPadding) * type.size
        let buffer = Buffer(byteCount: bytes, queue: self)
        if planned != nil { planned!.append(buffer) } else { try allocate(buffer) }
        return Tensor(buffer: buffer, type: type, shape: shape, pitch: pitch)
    }

    /// Device memory holding the given values.
    public func tensor<T: TensorElement & ExpressibleByIntegerLiteral>(
        _ values: [T], _ shape: [Int]? = nil, padded pad: Bool = false
    ) throws -> Tensor {
        let tensor = try tensor(T.elementType, shape ?? [values.count], padded: pad)
        try tensor.write(values)
        return tensor
    }

    private func allocate(_ buffer: Buffer) throws {
        buffer.memory = try backend.allocate(byteCount: buffer.byteCount)
        try backend.zero(buffer.memory!, byteCount: buffer.byteCount)
        counts.allocations += 1
    }

    /// Runs `build`, which makes tensors but launches nothing; adds up what they need, and only if it all fits makes
    /// them.
    ///
    /// What `build` writes to its tensors is kept on the host and written, in the same order, once they are there:
    /// constants belong into it. Nothing else can be done with a tensor that is only planned.
    ///
    /// - Parameter lower: what a user may lower to need less, for the message.
    /// - Throws: ``DeviceError`` with the sum, the device's size and `lower` before anything is allocated.
    package func plan<Result>(lower: String, _ build: () throws -> Result) throws -> Result {
        precondition(planned == nil, "plans don't nest")
        planned = []
        let result: Result
        do { result = try build() } catch { planned = nil; throw error }
        let buffers = planned!
        planned = nil
        let sum = buffers.reduce(0) { min($0, 1 << 61) + $1.byteCount }, largest = buffers.map(\.byteCount).max() ?? 0
        func size(_ bytes: Int) -> String { bytes < 1 << 20 ? "\(bytes) bytes" : "\(bytes >> 20) MiB" }
        guard sum <= device.memoryBytes else {
            throw DeviceError(
                """
                the run needs \(size(sum)) of memory and \(device.name) has \(size(device.memoryBytes)); lower \(lower)
                """
            )
        }
        guard largest <= device.maxAllocationBytes else {
            throw DeviceError(
                """
                the run needs one buffer of \(size(largest)) and \(device.name) allows \
                \(size(device.maxAllocationBytes)); lower \(lower)
                """
            )
        }
        for buffer in buffers {
            try allocate(buffer)
            for (offset, bytes) in buffer.planned {
                try bytes.withUnsafeBytes { try write($0, to: buffer, offset: offset) }
            }
            buffer.planned = []
        }
        return result
    }

    /// Copies all elements of one tensor to another of the same padded size. Enqueues and returns.
    public func copy(_ source: Tensor, to target: Tensor) throws {
        precondition(
            source.type == target.type && source.paddedCount == target.paddedCount,
            "copy of \(source.shape) to \(target.shape)")
        try backend.copy(
            from: memory(source.buffer), at: 0, to: memory(target.buffer), at: 0,
            byteCount: source.paddedCount * source.type.size)
    }

    /// Sets every element to zero. Enqueues and returns.
    public func zero(_ tensor: Tensor) throws {
        try backend.zero(memory(tensor.buffer), byteCount: tensor.buffer.byteCount)
    }

    func read(_ buffer: Buffer, offset: Int = 0, into bytes: UnsafeMutableRawBufferPointer) throws {
        counts.readBacks += 1
        try backend.read(memory(buffer), offset: offset, into: bytes)
    }
    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, offset: Int = 0) throws {
        if planned != nil, buffer.memory == nil, buffer.queue === self {
            buffer.planned.append((offset, Array(bytes)))
            return
        }
        try backend.write(bytes, to: memory(buffer), offset: offset)
    }
    private func memory(_ buffer: Buffer) -> any DeviceMemory {
        precondition(
            buffer.queue === self && buffer.memory != nil, "a buffer of another queue, or one that is only planned")
        return buffer.memory!
    }

    // MARK: Launches

    /// Enqueues a kernel over a range of work-items and returns. The range is rounded up to work-groups; kernels guard.
    ///
    /// The argument count is always checked against the kernel's source. Types are checked at a kernel's first launch,
    /// in debug builds at every launch, where also a pointer's name has to say what it is for. An `Int` takes the type
    /// that the kernel declares, and is checked to fit it at every launch.
    /// - Throws: ``DeviceError`` naming the kernel, the range and the status if the device refuses.
    public func launch(_ name: String, over range: [Int], _ arguments: any KernelArgument...) throws {
        guard let kernel = KernelCatalogue.shared.kernel(name) else {
            preconditionFailure("no kernel is named \(name)")
        }
        precondition(
            arguments.count == kernel.parameters.count,
            "\(name) takes \(kernel.parameters.count) arguments, got \(arguments.count)")
        precondition(!range.isEmpty && range.count <= 3 && range.allSatisfy { $0 > 0 }, "\(name) over \(range)")
        let values = arguments.indices.map { index in
            guard let value = arguments[index].kernelValue(as: kernel.parameters[index].kind.type) else {
                let parameter = kernel.parameters[index]
                preconditionFailure("\(name): \(parameter.name) is \(parameter.kind.type), got \(arguments[index])")
            }
            return value
        }
        #if DEBUG
            checkTypes(kernel, values)
        #else
            if checked.insert(name).inserted { checkTypes(kernel, values) }
        #endif
        counts.launches += 1
        try backend.launch(kernel, over: range, values)
    }

    func checkTypes(_ kernel: KernelSignature, _ values: [KernelValue]) {
        for (parameter, value) in zip(kernel.parameters, values) {
            let matches =
                switch parameter.kind {
                case .pointer(let type, _): value.kind == (type, true)
                case .scalar(let type): value.kind == (type, false)
                }
            precondition(matches, "\(kernel.name): \(parameter.name) is \(parameter.kind), got \(value.kind)")
        }
    }

    /// Waits until everything enqueued is done. - Throws: ``DeviceError`` if any of it failed.
    public func finish() throws { try backend.finish() }

    /// Seconds and launches per kernel since the queue was made; empty unless it was made with `profiling`. Waits.
    public func profile() throws -> [String: (launches: Int, seconds: Double)] { try backend.profile() }
}
