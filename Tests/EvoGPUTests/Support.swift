import Foundation
import GPUTensor
import Testing

/// One way to run kernels that a test goes through: a device with its lanes and matrix form.
struct Backend: Sendable, CustomStringConvertible {
    let description: String
    let device: String, lanes: Int, form: MatrixForm, threads: Int?

    func makeQueue() throws -> Queue {
        try Queue(Device.named(device), lanes: lanes, matrixForm: form, threads: threads)
    }

    /// Both instruction sets of the CPU backend where this processor has them, with one and two threads, and the first
    /// OpenCL device with 1, 8 and 16 lanes and both matrix forms.
    static let available: [Backend] = {
        var backends: [Backend] = []
        for lanes in [16, 8, 4] where (try? Queue(Device.named("cpu"), lanes: lanes)) != nil {
            backends.append(
                Backend(
                    description: "cpu, \(lanes) lanes", device: "cpu", lanes: lanes, form: .register,
                    threads: lanes == 16 ? 2 : 1))
        }
        if (try? Device.named("opencl")) != nil {
            for lanes in [1, 8, 16] {
                backends.append(
                    Backend(
                        description: "opencl, \(lanes) lanes", device: "opencl", lanes: lanes, form: .register,
                        threads: nil))
            }
            backends.append(
                Backend(description: "opencl, local memory", device: "opencl", lanes: 1, form: .local, threads: nil))
        } else {
            print("skipped on OpenCL: no device is installed")
        }
        return backends
    }()
}

/// A small generator for test data, the same on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    mutating func uniform(_ count: Int, in range: Range<Float> = -1..<1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// Every value within `tolerance(want)` of what is wanted; reports the worst.
func expectClose(_ got: [Float], _ want: [Double], absolute: Double = 0, relative: Double = 0, _ what: String) {
    #expect(got.count == want.count, "\(what): \(got.count) values, wanted \(want.count)")
    var worst = 0.0, at = -1
    for (index, (g, w)) in zip(got, want).enumerated() {
        let error = abs(Double(g) - w) - absolute - relative * abs(w)
        if error > worst || g.isNaN != w.isNaN { (worst, at) = (g.isNaN != w.isNaN ? .infinity : error, index) }
        if worst == .infinity { break }
    }
    #expect(at < 0, "\(what): [\(at)] is \(at < 0 ? 0 : got[at]), wanted \(at < 0 ? 0 : want[at])")
}
