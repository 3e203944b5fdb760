import GPUTensor
import Kernels
import Testing

/// The CPU backend reads a launch's arguments as registry.inc says; OpenCL drivers and the catalogue go by the kernel's
/// source. Both have to mean the same, or a number is read as another type, in silence.
@Suite struct KernelRegistryTests {
    @Test func theRegistrySaysWhatTheSourcesDeclare() throws {
        let variants = [kernels_x86_64_v4(), kernels_x86_64_v3(), kernels_baseline()].compactMap { $0?.pointee }
        try #require(!variants.isEmpty)
        for variant in variants {
            let table = UnsafeBufferPointer(start: variant.kernels, count: Int(variant.count))
            for kernel in table {
                let name = String(cString: kernel.name), letters = String(cString: kernel.arguments)
                let signature = try #require(KernelCatalogue.shared.kernel(name), "no source has \(name)")
                #expect(letters == signature.parameters.map(\.letter).joined(separator: ", "), "\(name)")
            }
            let names = table.map { String(cString: $0.name) }
            #expect(Set(names).count == names.count, "registered twice")
            #expect(Set(names) == KernelCatalogue.shared.hostKernels)
        }
    }
}

extension KernelParameter {
    fileprivate var letter: String {
        switch kind {
        case .pointer: "P"
        case .scalar(.int32): "I"
        case .scalar(.uint32): "U"
        case .scalar(.uint64): "L"
        case .scalar(.float32): "F"
        }
    }
}
