import COpenCL

/// Runs kernels through an OpenCL driver, in order.
final class OpenCLQueue: QueueBackend {
    let lanes: Int
    private let entry: OpenCLDevices.Entry
    private let context: cl_context
    private let queue: cl_command_queue
    private let profiling: Bool
    private var programs: [Int: cl_program] = [:]
    private var kernels: [String: cl_kernel] = [:]
    private var times: [String: (launches: Int, seconds: Double)] = [:]

    init(deviceIndex: Int, lanes: Int?, profiling: Bool) throws {
        entry = OpenCLDevices.shared.devices[deviceIndex]
        self.lanes = lanes ?? entry.description.preferredLanes
        guard [1, 4, 8, 16].contains(self.lanes) else {
            throw DeviceError("\(self.lanes) lanes; accepted: 1, 4, 8, 16")
        }
        self.profiling = profiling
        let name = entry.description.name
        var status: cl_int = 0
        var device: cl_device_id? = entry.device
        let context = clCreateContext(nil, 1, &device, nil, nil, &status)
        try check(status, "clCreateContext", name)
        let queue = clCreateCommandQueue(
            context, entry.device, profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0, &status)
        if status != CL_SUCCESS { clReleaseContext(context) }
        try check(status, "clCreateCommandQueue", name)
        self.context = context!
        self.queue = queue!
    }

    deinit {
        clFinish(queue)
        for kernel in kernels.values { clReleaseKernel(kernel) }
        for program in programs.values { clReleaseProgram(program) }
        clReleaseCommandQueue(queue)
        clReleaseContext(context)
    }

    func allocate(byteCount: Int) throws -> any DeviceMemory {
        var status: cl_int = 0
        let handle = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &status)
        try check(status, "clCreateBuffer", "\(byteCount) bytes on \(entry.description.name)")
        return OpenCLMemory(handle!)
    }

    func launch(_ signature: KernelSignature, over range: [Int], _ values: [KernelValue]) throws {
        let kernel = try kernel(signature)
        func failure() -> String { "\(signature.name) over \(range)" }
        for (index, value) in values.enumerated() {
            let status: cl_int
            switch value.content {
            case .memory(let buffer, _):
                guard let memory = buffer.memory else {
                    preconditionFailure("\(signature.name): a buffer that is only planned")
                }
                var handle: cl_mem? = unsafeDowncast(memory, to: OpenCLMemory.self).handle
                status = clSetKernelArg(kernel, cl_uint(index), MemoryLayout<cl_mem?>.size, &handle)
            case .int32(var number): status = clSetKernelArg(kernel, cl_uint(index), 4, &number)
            case .uint32(var number): status = clSetKernelArg(kernel, cl_uint(index), 4, &number)
            case .uint64(var number): status = clSetKernelArg(kernel, cl_uint(index), 8, &number)
            case .float32(var number): status = clSetKernelArg(kernel, cl_uint(index), 4, &number)
            }
            guard status == CL_SUCCESS else { try check(status, "clSetKernelArg \(index)", failure()); return }
        }
        var group = signature.usesLocalMemory ? [8, 16, 1] : groupSize(range)
        var global = zip(range, group).map { ($0 + $1 - 1) / $1 * $1 }
        group = Array(group.prefix(global.count))
        var event: cl_event?
        let status =
            profiling
            ? clEnqueueNDRangeKernel(queue, kernel, cl_uint(global.count), nil, &global, &group, 0, nil, &event)
            : clEnqueueNDRangeKernel(queue, kernel, cl_uint(global.count), nil, &global, &group, 0, nil, nil)
        guard status == CL_SUCCESS else { try check(status, "clEnqueueNDRangeKernel", failure()); return }
        if let event { try record(event, signature.name) }
    }

    /// Few sizes, so that drivers which build a kernel anew for each of them (PoCL) do so once.
    private func groupSize(_ range: [Int]) -> [Int] {
        if entry.isCPU { return [4, 1, 1] }
        let size = min(64, entry.description.maxWorkGroupSize)
        var first = size
        while first > 1 && first / 2 >= range[0] { first /= 2 }
        guard range.count > 1 else { return [first, 1, 1] }
        // Some drivers allow 65,535 groups along the second dimension.
        while first > 1 && range[1] / (size / first) >= 65_535 { first /= 2 }
        return [first, size / first, 1]
    }

    private func kernel(_ signature: KernelSignature) throws -> cl_kernel {
        if let kernel = kernels[signature.name] { return kernel }
        let catalogue = KernelCatalogue.shared
        let program: cl_program
        if let built = programs[signature.file] {
            program = built
        } else {
            program = try ProgramCache.program(
                catalogue.programText(file: signature.file), name: catalogue.fileName(signature.file),
                options: "-DW=\(lanes) -cl-fp32-correctly-rounded-divide-sqrt -w", context: context, entry: entry)
            programs[signature.file] = program
        }
        var status: cl_int = 0
        let kernel = clCreateKernel(program, signature.name, &status)
        try check(status, "clCreateKernel", signature.name)
        kernels[signature.name] = kernel
        return kernel!
    }

    func read(_ memory: any DeviceMemory, offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
        try check(
            clEnqueueReadBuffer(
                queue, handle(memory), cl_bool(CL_TRUE), offset, bytes.count, bytes.baseAddress, 0, nil, nil),
            "clEnqueueReadBuffer", "read of \(bytes.count) bytes")
    }
    func write(_ bytes: UnsafeRawBufferPointer, to memory: any DeviceMemory, offset: Int) throws {
        try check(
            clEnqueueWriteBuffer(
                queue, handle(memory), cl_bool(CL_TRUE), offset, bytes.count, bytes.baseAddress, 0, nil, nil),
            "clEnqueueWriteBuffer", "write of \(bytes.count) bytes")
    }
    func copy(from source: any DeviceMemory, at: Int, to target: any DeviceMemory, at other: Int, byteCount: Int) throws
    {
        try check(
            clEnqueueCopyBuffer(queue, handle(source), handle(target), at, other, byteCount, 0, nil, nil),
            "clEnqueueCopyBuffer", "copy of \(byteCount) bytes")
    }
    func zero(_ memory: any DeviceMemory, byteCount: Int) throws {
        var pattern: UInt32 = 0
        try check(
            clEnqueueFillBuffer(queue, handle(memory), &pattern, 4, 0, byteCount, 0, nil, nil), "clEnqueueFillBuffer",
            "fill of \(byteCount) bytes")
    }
    func finish() throws { try check(clFinish(queue), "clFinish", "queue of \(entry.description.name)") }
    func profile() throws -> [String: (launches: Int, seconds: Double)] {
        try finish()
        return times
    }

    private func record(_ event: cl_event, _ name: String) throws {
        var handle: cl_event? = event
        defer { clReleaseEvent(event) }
        try check(clWaitForEvents(1, &handle), "clWaitForEvents", name)
        var start: cl_ulong = 0, end: cl_ulong = 0
        try check(
            clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil),
            "clGetEventProfilingInfo", name)
        try check(
            clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil),
            "clGetEventProfilingInfo", name)
        times[name, default: (0, 0)].launches += 1
        times[name]!.seconds += Double(end &- start) * 1e-9
    }
    private func handle(_ memory: any DeviceMemory) -> cl_mem { unsafeDowncast(memory, to: OpenCLMemory.self).handle }
}

/// A buffer of an OpenCL driver.
final class OpenCLMemory: DeviceMemory {
    let handle: cl_mem
    init(_ handle: cl_mem) { self.handle = handle }
    deinit { clReleaseMemObject(handle) }
}
