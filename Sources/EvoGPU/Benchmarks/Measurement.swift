import Foundation
import GPUTensor

/// One line of a benchmark: what was run, where, how long it took, and its rate beside the limit it should approach.
public struct Measurement: Codable, Sendable {
    public let name: String
    public let shapes: String
    public let device: String, driver: String, lanes: Int, matrixForm: String, threads: Int
    public let repeats: Int
    /// Seconds per repeat.
    public let median: Double, p10: Double, p90: Double
    /// Seconds of all processors per repeat, waiting threads that spin included; beside the median where other work
    /// shares the machine.
    public let cpu: Double
    /// In `unit`, at the median.
    public let rate: Double
    public let unit: String
    /// The device's own measured limit in the same unit, or nil.
    public let peak: Double?
    public var fractionOfPeak: Double? { peak.map { rate / $0 } }

    enum CodingKeys: String, CodingKey {
        case name, shapes, device, driver, lanes, matrixForm = "matrix_form", threads, repeats, median = "median_s",
            p10 = "p10_s", p90 = "p90_s", cpu = "cpu_s", rate, unit, peak
    }
}

/// Times work on one queue: warms up, repeats for about a second, and reports quantiles.
struct Stopwatch {
    let queue: Queue

    /// Seconds that something takes which happens once.
    func once(_ name: String, _ shapes: String, _ body: () throws -> Void) throws -> Measurement {
        let start = DispatchTime.now().uptimeNanoseconds, cpu = processorSeconds()
        try body()
        try queue.finish()
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9, device = queue.device
        return Measurement(
            name: name, shapes: shapes, device: device.name, driver: device.driver, lanes: queue.lanes,
            matrixForm: queue.matrixForm.rawValue,
            threads: device.computeUnits, repeats: 1, median: seconds, p10: seconds, p90: seconds,
            cpu: processorSeconds() - cpu, rate: seconds, unit: "s", peak: nil)
    }

    /// - Parameters:
    ///   - work: what one repeat does, in `unit` seconds' numerator (operations, steps).
    ///   - inner: launches of `body` per repeat, so that a repeat is long against the clock and the wait for the queue.
    func measure(
        _ name: String, _ shapes: String, work: Double, unit: String, scale: Double, peak: Double? = nil,
        inner: Int = 1, seconds: Double = 1, _ body: () throws -> Void
    ) throws -> Measurement {
        for _ in 0..<3 { try body() }
        try queue.finish()
        var times: [Double] = []
        let begin = DispatchTime.now().uptimeNanoseconds, cpu = processorSeconds()
        while times.count < 9
            || (Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9 < seconds && times.count < 2000)
        {
            let start = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<inner { try body() }
            try queue.finish()
            times.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 / Double(inner))
        }
        let spent = (processorSeconds() - cpu) / Double(times.count * inner)
        times.sort()
        func quantile(_ q: Double) -> Double { times[Int((Double(times.count - 1) * q).rounded())] }
        let device = queue.device
        return Measurement(
            name: name, shapes: shapes, device: device.name, driver: device.driver, lanes: queue.lanes,
            matrixForm: queue.matrixForm.rawValue,
            threads: device.computeUnits, repeats: times.count, median: quantile(0.5), p10: quantile(0.1),
            p90: quantile(0.9), cpu: spent,
            rate: work / quantile(0.5) * scale, unit: unit, peak: peak)
    }
}

/// Seconds that all threads of this process have run so far.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
