import Foundation

/// A place where kernels can run: an OpenCL device, or this machine's processor through the CPU backend.
public struct Device: Sendable {
    enum Kind: Sendable, Equatable { case host, openCL(index: Int) }
    let kind: Kind
    /// How `--device` names it: `cpu` or `opencl:I`.
    public let identifier: String
    public let name: String
    public let vendor: String
    public let platform: String
    public let driver: String
    public let computeUnits: Int
    /// Device memory, bytes.
    public let memoryBytes: Int
    /// The largest single buffer, bytes.
    package let maxAllocationBytes: Int
    /// Local memory of a work-group, bytes; 0 on the CPU backend.
    package let localMemoryBytes: Int
    /// Work-items that a work-group may have.
    package let maxWorkGroupSize: Int
    /// Whether ``MatrixForm/local`` fits: 128 work-items and 13 KiB of local memory.
    package var takesLocalForm: Bool { kind != .host && maxWorkGroupSize >= 128 && localMemoryBytes >= 13 << 10 }
    /// Lanes W that kernels are built with by default.
    package let preferredLanes: Int
    public let isGPU: Bool
    /// Nil, or why kernels can't run there bit for bit.
    public let unusable: String?

    /// Every device of this machine: `cpu` first, then each OpenCL device in platform order.
    public static func all() -> [Device] { [host()] + OpenCLDevices.shared.devices.map(\.description) }

    /// The device of a `--device` option.
    ///
    /// - Parameter text: `auto` (a GPU if one is there, else `cpu`), `cpu`, `opencl` (the first OpenCL device) or
    ///   `opencl:I`.
    /// - Throws: ``DeviceError`` with the list of what there is if the text names nothing usable.
    public static func named(_ text: String) throws -> Device {
        let devices = all()
        let list = devices.map { "\($0.identifier) (\($0.name)\($0.unusable.map { ", unusable: \($0)" } ?? ""))" }
            .joined(separator: ", ")
        let found: Device? =
            switch text {
            case "auto":
                devices.first { $0.isGPU && $0.unusable == nil } ?? devices.first {
                    $0.kind == .host && $0.unusable == nil
                } ?? devices.first { $0.unusable == nil }
            case "opencl":
                devices.first { $0.kind != .host && $0.unusable == nil } ?? devices.first { $0.kind != .host }
            default: devices.first { $0.identifier == text }
            }
        guard let found else {
            throw DeviceError(
                """
                there is no device \(text); accepted here: auto, opencl, \
                \(list)\(devices.count == 1 ? " (no OpenCL device is installed)" : "")
                """
            )
        }
        if let reason = found.unusable {
            throw DeviceError("device \(found.identifier) (\(found.name)) can't be used: \(reason); there are: \(list)")
        }
        return found
    }

    private static func host() -> Device {
        let memory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let variant = HostVariant.available().first
        var model = "this processor"
        if let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") }),
            let colon = line.firstIndex(of: ":")
        {
            model = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Device(
            kind: .host, identifier: "cpu", name: model, vendor: "CPU backend", platform: "C, compiled ahead of time",
            driver: variant?.name ?? "none", computeUnits: ProcessInfo.processInfo.activeProcessorCount,
            memoryBytes: memory, maxAllocationBytes: memory, localMemoryBytes: 0, maxWorkGroupSize: 1,
            preferredLanes: variant?.lanes ?? 0, isGPU: false,
            unusable: variant == nil ? "it has no AVX2 and FMA" : nil)
    }
}
