import COpenCL

/// Every OpenCL platform's devices, looked up once.
struct OpenCLDevices: Sendable {
    struct Entry: Sendable {
        // Handles of platforms and devices are valid for the life of the process and may be used from any thread.
        nonisolated(unsafe) let platform: cl_platform_id
        nonisolated(unsafe) let device: cl_device_id
        let description: Device
        let isCPU: Bool
    }
    let devices: [Entry]
    static let shared = OpenCLDevices()

    private init() {
        var count: cl_uint = 0
        guard clGetPlatformIDs(0, nil, &count) == CL_SUCCESS, count > 0 else { devices = []; return }
        var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
        guard clGetPlatformIDs(count, &platforms, nil) == CL_SUCCESS else { devices = []; return }
        var entries: [Entry] = []
        for platform in platforms.compactMap({ $0 }) {
            var deviceCount: cl_uint = 0
            let everything = cl_device_type(0xFFFF_FFFF)
            guard clGetDeviceIDs(platform, everything, 0, nil, &deviceCount) == CL_SUCCESS, deviceCount > 0 else {
                continue
            }
            var ids = [cl_device_id?](repeating: nil, count: Int(deviceCount))
            guard clGetDeviceIDs(platform, everything, deviceCount, &ids, nil) == CL_SUCCESS else { continue }
            for id in ids.compactMap({ $0 }) { entries.append(Self.describe(id, platform, index: entries.count)) }
        }
        devices = entries
    }

    private static func describe(_ id: cl_device_id, _ platform: cl_platform_id, index: Int) -> Entry {
        func number<T: FixedWidthInteger>(_ key: Int32, _: T.Type) -> Int {
            var value: T = 0
            return clGetDeviceInfo(id, cl_device_info(key), MemoryLayout<T>.size, &value, nil) == CL_SUCCESS
                ? Int(clamping: value) : 0
        }
        func text(_ key: Int32) -> String {
            var size = 0
            guard clGetDeviceInfo(id, cl_device_info(key), 0, nil, &size) == CL_SUCCESS, size > 0 else {
                return "unknown"
            }
            var bytes = [UInt8](repeating: 0, count: size)
            guard clGetDeviceInfo(id, cl_device_info(key), size, &bytes, nil) == CL_SUCCESS else { return "unknown" }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).trimmed
        }
        var platformName = [UInt8](repeating: 0, count: 256)
        clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), platformName.count, &platformName, nil)
        let type = number(CL_DEVICE_TYPE, UInt64.self), isCPU = type & 2 != 0, isGPU = type & 4 != 0
        let preferred = number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, UInt32.self)
        let arithmetic = number(CL_DEVICE_SINGLE_FP_CONFIG, UInt64.self)
        var unusable: String?
        if number(CL_DEVICE_COMPILER_AVAILABLE, UInt32.self) == 0 { unusable = "its driver has no compiler" }
        // CL_FP_DENORM 1, CL_FP_INF_NAN 2, CL_FP_ROUND_TO_NEAREST 4, CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT 128.
        for (bit, reason) in [
            (128, "does not round division and square roots correctly"), (4, "does not round to nearest"),
            (2, "has no infinities and NaNs"), (1, "flushes denormal numbers to zero")
        ] where arithmetic & bit == 0 {
            unusable = "it \(reason) in float32, so results would differ"
        }
        if number(CL_DEVICE_ENDIAN_LITTLE, UInt32.self) == 0 { unusable = "it is big-endian" }
        return Entry(
            platform: platform, device: id,
            description: Device(
                kind: .openCL(index: index), identifier: "opencl:\(index)", name: text(CL_DEVICE_NAME),
                vendor: text(CL_DEVICE_VENDOR),
                platform: String(decoding: platformName.prefix { $0 != 0 }, as: UTF8.self),
                driver: "\(text(CL_DEVICE_VERSION)), \(text(CL_DRIVER_VERSION))",
                computeUnits: number(CL_DEVICE_MAX_COMPUTE_UNITS, UInt32.self),
                memoryBytes: number(CL_DEVICE_GLOBAL_MEM_SIZE, UInt64.self),
                maxAllocationBytes: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, UInt64.self),
                localMemoryBytes: number(CL_DEVICE_LOCAL_MEM_SIZE, UInt64.self),
                maxWorkGroupSize: number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self),
                preferredLanes: isCPU ? (preferred >= 16 ? 16 : preferred >= 8 ? 8 : 4) : 1, isGPU: isGPU,
                unusable: unusable), isCPU: isCPU)
    }
}

extension String {
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
