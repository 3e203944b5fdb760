import Foundation
import GPUTensor
import Testing

@Suite struct DeviceTests {
    @Test func theCPUBackendIsAlwaysThereAndNamed() throws {
        let device = try Device.named("cpu")
        #expect(
            device.identifier == "cpu" && device.computeUnits >= 1 && device.memoryBytes > 1 << 28
                && !device.name.isEmpty)
        #expect(Device.all().first?.identifier == "cpu")
        for (index, device) in Device.all().dropFirst().enumerated() {
            #expect(device.identifier == "opencl:\(index)" && device.memoryBytes > 0 && !device.driver.isEmpty)
        }
    }

    @Test(arguments: ["gpu", "opencl:99", "opencl:-1", "", "CPU"]) func anUnknownDeviceGetsTheList(name: String) {
        let error = #expect(throws: DeviceError.self) { try Device.named(name) }
        #expect(error?.description.contains("cpu") == true && error?.description.contains("\n") == false)
    }

    @Test func autoTakesTheCPUBackendWithoutAGPU() throws {
        let device = try Device.named("auto")
        #expect(device.isGPU || device.identifier == "cpu")
    }

    @Test func lanesAndFormsThatAreNotThereAreRefused() {
        #expect(throws: DeviceError.self) { try Queue(Device.named("cpu"), lanes: 3) }
        #expect(throws: DeviceError.self) { try Queue(Device.named("cpu"), matrixForm: .local) }
    }

    @Test(arguments: Backend.available) func tensorsComeBackAsWritten(backend: Backend) throws {
        let queue = try backend.makeQueue()
        for shape in [[1], [3, 5], [2, 3, 16], [2, 2, 17]] {
            let count = shape.reduce(1, *), values = (0..<count).map { Float($0) - 2.5 }
            for pad in [false, true] {
                let tensor = try queue.tensor(values, shape, padded: pad)
                #expect(try tensor.read() == values)
                #expect(tensor.pitch == (pad ? padded(shape.last!) : shape.last!))
            }
        }
        #expect(try queue.tensor([UInt64.max, 7]).read() == [UInt64.max, 7])
        #expect(try queue.tensor([Int32.min, 7]).read() == [Int32.min, 7])
        #expect(try queue.tensor([UInt32.max, 7]).read() == [UInt32.max, 7])
    }

    @Test(arguments: Backend.available) func fillsCopiesAndGathers(backend: Backend) throws {
        let queue = try backend.makeQueue()
        let x = try queue.tensor((0..<21).map(Float.init), [7, 3], padded: true),
            y = try queue.tensor(.float32, [4, 3], padded: true), z = try queue.tensor(.float32, [7, 3], padded: true)
        try queue.fill(y, -1)
        // An index outside the source leaves its row alone.
        try queue.gatherRows(y, from: x, queue.tensor([Int32(6), 0, 7, -1]))
        #expect(try y.read() == [18, 19, 20, 0, 1, 2, -1, -1, -1, -1, -1, -1] as [Float])
        try queue.copy(x, to: z)
        #expect(try z.read() == x.read() as [Float])
        try queue.zero(z)
        #expect(try z.read() == [Float](repeating: 0, count: 21))
    }

    @Test func aPlanIsRefusedBeforeAnythingIsAllocated() throws {
        let queue = try Queue(Device.named("cpu"))
        let error = #expect(throws: DeviceError.self) {
            try queue.plan(lower: "the number of cats") {
                try (0..<4).map { _ in try queue.tensor(.float32, [1 << 20, 1 << 16]) }
            }
        }
        #expect(
            error?.description.contains("1048576 MiB") == true
                && error?.description.contains("lower the number of cats") == true, "\(error?.description ?? "")")
        #expect(queue.counts.allocations == 0)
        #expect(try queue.plan(lower: "nothing") { try queue.tensor(.float32, [2]) }.read() == [0, 0] as [Float])
    }

    @Test(arguments: Backend.available) func whatAPlanWritesIsThereAfterwards(backend: Backend) throws {
        let queue = try backend.makeQueue(), values = (0..<6).map { Float($0) - 2.5 }
        let (a, b, c) = try queue.plan(lower: "nothing") {
            let a = try queue.tensor(values, [2, 3], padded: true), b = try queue.tensor(.int32, [4])
            // Later writes go over earlier ones, as they would without a plan.
            try b.write([1, 2, 3, 4] as [Int32])
            try b.write([-1, -2] as [Int32], at: 1)
            try a.write(values.map { -$0 })
            return try (a, b, queue.tensor(.float32, [3]))
        }
        #expect(try a.read() == values.map { -$0 } && b.read() == [1, -1, -2, 4] as [Int32])
        #expect(try c.read() == [0, 0, 0] as [Float] && a.withoutPadding.read()[3..<16].allSatisfy { $0 == 0 as Float })
        #expect(queue.counts.launches == 0 && queue.counts.allocations == 3)
        try b.write([9, 9, 9, 9] as [Int32])
        #expect(try b.read() == [9, 9, 9, 9] as [Int32])
    }

    @Test func aPlanThatThrowsAllocatesAndWritesNothing() throws {
        let queue = try Queue(Device.named("cpu"))
        #expect(throws: CancellationError.self) {
            try queue.plan(lower: "nothing") {
                _ = try queue.tensor([1, 2, 3] as [Float])
                throw CancellationError()
            }
        }
        #expect(queue.counts.allocations == 0)
    }

    @Test func wrongShapesAreRefusedBeforeALaunch() throws {
        let queue = try Queue(Device.named("cpu")), x = try queue.tensor(.float32, [4, 3], padded: true),
            wrong = try queue.tensor(.float32, [5])
        let before = queue.counts.launches
        let error = #expect(throws: ShapeMismatch.self) { try queue.argmax(x, into: wrong) }
        #expect(error?.description == "indices has shape [5]; expected [4]")
        #expect(queue.counts.launches == before)
    }
}
