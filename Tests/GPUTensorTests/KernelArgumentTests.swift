import GPUTensor
import Testing

/// Numbers that a launch takes as `Int` reach the kernel as the type that it declares.
@Suite struct KernelArgumentTests {
    @Test(arguments: Backend.available) func intsAreWorthWhatTheDeclaredTypesAre(backend: Backend) throws {
        let queue = try backend.makeQueue(), x = try queue.tensor((0..<48).map(Float.init), [3, 16])
        let got = try queue.tensor(.float32, [2, 16]), want = try queue.tensor(.float32, [2, 16])
        let indices = try queue.tensor([Int32(2), 0])
        try queue.launch("gather_rows", over: [2], x, indices, got, 2, 16, 3)
        try queue.launch("gather_rows", over: [2], x, indices, want, Int32(2), Int32(16), Int32(3))
        #expect(try got.read() == want.read() as [Float])

        // fill_float counts in ulong, random_bits takes its step and purpose as uint. A missing float's substitute is
        // an Int to Swift.
        let missing: Float? = nil
        try queue.launch("fill_float", over: [32 / queue.lanes], got, 32, missing ?? -1)
        #expect(try got.read() == [Float](repeating: -1, count: 32))
        let streams = try queue.tensor([UInt32(7), 0, 0, 0], [1, 4]), purpose: RandomPurpose = "TEST"
        let a = try queue.tensor(.uint32, [1, 16]), b = try queue.tensor(.uint32, [1, 16])
        let items = [(16 + 4 * queue.lanes - 1) / (4 * queue.lanes), 1]
        try queue.launch(
            "random_bits", over: items, streams, a, 1, 16, 16, Int(UInt32.max), Int(purpose.rawValue))
        try queue.randomBits(b, streams: streams, step: .max, purpose: purpose)
        #expect(try a.read() == b.read() as [UInt32])
    }

    @Test func aBoolIsOneOrZero() throws {
        let queue = try Queue(Device.named("cpu")), x = try queue.tensor([1, 2, 3, 6] as [Float], [1, 4], padded: true)
        let moments = try (0..<3).map { _ in try queue.tensor(.float32, [1]) }
        for correction in [false, true] {
            try queue.launch(
                "reduce_rows", over: [1], x, moments[0], moments[1], moments[2], 1, 4, x.pitch, correction)
            #expect(try moments[2].read() == [correction ? 14 / 3 : 3.5] as [Float])
        }
    }

    @Test func whatTheDeclaredTypeCannotHoldIsRefused() async {
        // Once launched, so that no check of a first launch is what refuses.
        await #expect(processExitsWith: .failure) {
            let queue = try Queue(Device.named("cpu")), x = try queue.tensor(.float32, [16])
            try queue.launch("fill_float", over: [1], x, 16, Float(0))
            try queue.launch("fill_float", over: [1], x, -1, Float(0))
        }
        await #expect(processExitsWith: .failure) {
            let queue = try Queue(Device.named("cpu")), x = try queue.tensor(.float32, [16])
            try queue.mapMath(x, x, .exp)
            try queue.launch("map_math", over: [1], x, x, MathFunction.exp.rawValue, Int(Int32.max) + 1)
        }
        await #expect(processExitsWith: .failure) {
            let queue = try Queue(Device.named("cpu")), x = try queue.tensor(.float32, [16])
            try queue.launch("fill_float", over: [1], x, 16, Float(0))
            try queue.launch("fill_float", over: [1], x, 16, (1 << 24) + 1)
        }
    }
}
