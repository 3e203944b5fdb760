import COpenCL
import Foundation

/// Built programs on disk, so that a second start does not build them again.
///
/// A file holds a magic line, the whole key (source digest, options, device, driver), the binary's length and digest,
/// and the binary. Anything that does not match is rebuilt from source and replaced. Files are written beside and
/// renamed, so that two processes may start at once.
enum ProgramCache {
    private static let magic = "evogpu program cache 1\n"

    /// `EVOGPU_CACHE_DIR`, else `$XDG_CACHE_HOME/evogpu`, else `~/.cache/evogpu`.
    static var directory: URL {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["EVOGPU_CACHE_DIR"], !path.isEmpty {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        if let path = environment["XDG_CACHE_HOME"], !path.isEmpty {
            return URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent("evogpu")
        }
        return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/evogpu")
    }

    static func program(_ text: String, name: String, options: String, context: cl_context, entry: OpenCLDevices.Entry)
        throws -> cl_program
    {
        let device = entry.description
        // PoCL keeps a cache of its own, and to hand out a binary it compiles every kernel once more: that doubles a
        // first start.
        if device.platform == "Portable Computing Language",
            ProcessInfo.processInfo.environment["EVOGPU_CACHE_DIR"] ?? "" == ""
        {
            return try build(source: text, name: name, options: options, context: context, entry: entry)
        }
        let key = [digest(Array(text.utf8)), options, device.platform, device.vendor, device.name, device.driver]
            .joined(separator: "\n")
        let file = directory.appendingPathComponent("\(name)-\(digest(Array(key.utf8))).bin")
        if let binary = load(file, key: key),
            let program = build(binary: binary, options: options, context: context, entry: entry)
        {
            return program
        }
        let program = try build(source: text, name: name, options: options, context: context, entry: entry)
        if let binary = binary(of: program) { save(binary, key: key, to: file) }
        return program
    }

    private static func build(
        source text: String, name: String, options: String, context: cl_context, entry: OpenCLDevices.Entry
    ) throws -> cl_program {
        var status: cl_int = 0
        let program = text.withCString { pointer in
            var pointer: UnsafePointer<CChar>? = pointer
            return clCreateProgramWithSource(context, 1, &pointer, nil, &status)
        }
        try check(status, "clCreateProgramWithSource", name)
        var device: cl_device_id? = entry.device
        status = clBuildProgram(program, 1, &device, options, nil, nil)
        guard status == CL_SUCCESS else {
            var size = 0
            clGetProgramBuildInfo(program, entry.device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), 0, nil, &size)
            var log = [UInt8](repeating: 0, count: max(size, 1))
            clGetProgramBuildInfo(program, entry.device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), size, &log, nil)
            clReleaseProgram(program)
            throw DeviceError(
                """
                \(name).cl on \(entry.description.name): clBuildProgram gave \
                \(openCLStatusName(status)):\n\(String(decoding: log.prefix { $0 != 0 }, as: UTF8.self))
                """
            )
        }
        return program!
    }

    private static func build(binary: [UInt8], options: String, context: cl_context, entry: OpenCLDevices.Entry)
        -> cl_program?
    {
        var device: cl_device_id? = entry.device, length = binary.count, binaryStatus: cl_int = 0, status: cl_int = 0
        let program = binary.withUnsafeBufferPointer { bytes in
            var pointer: UnsafePointer<UInt8>? = bytes.baseAddress
            return clCreateProgramWithBinary(context, 1, &device, &length, &pointer, &binaryStatus, &status)
        }
        guard status == CL_SUCCESS, let program else { return nil }
        guard binaryStatus == CL_SUCCESS, clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS else {
            clReleaseProgram(program)
            return nil
        }
        return program
    }

    private static func binary(of program: cl_program) -> [UInt8]? {
        var size = 0
        guard
            clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil)
                == CL_SUCCESS, size > 0
        else { return nil }
        var binary = [UInt8](repeating: 0, count: size)
        let status = binary.withUnsafeMutableBufferPointer { bytes in
            var pointer: UnsafeMutablePointer<UInt8>? = bytes.baseAddress
            return clGetProgramInfo(
                program, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size,
                &pointer, nil)
        }
        return status == CL_SUCCESS ? binary : nil
    }

    // MARK: Files

    private static func header(_ key: String, _ binary: [UInt8]) -> [UInt8] {
        Array("\(magic)\(key)\n\(binary.count) \(digest(binary))\n".utf8)
    }

    private static func load(_ file: URL, key: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: file), let start = data.firstRange(of: Data("\(magic)\(key)\n".utf8)),
            start.lowerBound == data.startIndex,
            let line = data[start.upperBound...].firstIndex(of: 10)
        else { return nil }
        let binary = [UInt8](data[(line + 1)...])
        return header(key, binary) == [UInt8](data[..<(line + 1)]) ? binary : nil
    }

    /// A cache that can't be written is no error: the program is built again next time.
    private static func save(_ binary: [UInt8], key: String, to file: URL) {
        let manager = FileManager.default, folder = file.deletingLastPathComponent()
        try? manager.createDirectory(at: folder, withIntermediateDirectories: true)
        let temporary = folder.appendingPathComponent(
            "\(file.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).\(UInt32.random(in: 0 ... .max))")
        guard (try? Data(header(key, binary) + binary).write(to: temporary)) != nil else { return }
        if rename(temporary.path, file.path) != 0 { try? manager.removeItem(at: temporary) }
    }

    /// 128 bits of FNV-1a in two runs: names files and finds damage; nothing here defends against an attacker who can
    /// write the cache.
    static func digest(_ bytes: [UInt8]) -> String {
        var low: UInt64 = 0xcbf2_9ce4_8422_2325, high: UInt64 = 0x9e37_79b9_7f4a_7c15
        for byte in bytes {
            low = (low ^ UInt64(byte)) &* 0x100_0000_01b3
            high = (high ^ UInt64(byte)) &* 0x100_0000_01b3 &+ (high >> 47)
        }
        return String(low, radix: 16) + String(high, radix: 16)
    }
}
