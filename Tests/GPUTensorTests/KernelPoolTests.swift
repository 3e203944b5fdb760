import Foundation
import Kernels
import Testing

@Suite struct KernelPoolTests {
    /// Launches of one to sixty items one after another, as fast as they go: whoever takes an item of the wrong launch,
    /// or one twice, is seen in a count, and so is a launch that returns before its last item is done.
    @Test(arguments: [1, 2, 3, 5, 8]) func everyItemOfEveryLaunchRunsOnce(threads: Int32) throws {
        let pool = try #require(kernel_pool_create(threads))
        let counts = UnsafeMutablePointer<Int32>.allocate(capacity: 60)
        defer { counts.deallocate() }
        let countOne: HostKernelRun = { arguments, range, first, last in
            let counts = arguments![0]!.assumingMemoryBound(to: Int32.self)
            for item in first..<last { counts[item] += Int32(range![0]) }
        }
        var wrong: [String] = []
        for launch in 0..<30_000 {
            if launch % 3_000 == 2_999 { usleep(2_000) }  // long enough for the threads to fall asleep
            let total = launch * 7 % 60 + 1, mark = launch % 1_000 + 1
            counts.initialize(repeating: 0, count: 60)
            var argument: UnsafeMutableRawPointer? = UnsafeMutableRawPointer(counts), range = mark
            kernel_pool_run(pool, countOne, &argument, &range, total)
            for item in 0..<60 where counts[item] != (item < total ? Int32(mark) : 0) {
                wrong.append(
                    "launch \(launch) of \(total) items: item \(item) was counted \(counts[item]), not \(mark)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) wrong, the first: \(wrong.first ?? "")")
    }
}
