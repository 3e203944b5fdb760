import Foundation

/// How far a run is.
public struct Progress: Sendable {
    public var steps: Int, totalSteps: Int
    public var stepsPerSecond: Double
    /// Undiscounted returns; nil before the first episode has ended.
    public var bestReturn: Double?, meanReturn: Double?
    /// Until the last step; nil while it is not known.
    public var secondsLeft: Double?

    /// - Parameter secondsLeft: from the steps left and the rate if nil.
    public init(
        steps: Int, totalSteps: Int, stepsPerSecond: Double, bestReturn: Double? = nil, meanReturn: Double? = nil,
        secondsLeft: Double? = nil
    ) {
        (self.steps, self.totalSteps, self.stepsPerSecond) = (steps, totalSteps, stepsPerSecond)
        (self.bestReturn, self.meanReturn) = (bestReturn, meanReturn)
        let estimate = Double(max(0, totalSteps - steps)) / stepsPerSecond
        self.secondsLeft = secondsLeft ?? (estimate.isFinite ? estimate : nil)
    }
}

/// Shows progress: on a terminal one line that is overwritten, elsewhere a whole line every few seconds. The last state
/// is shown always.
public final class ProgressLine {
    private let sink: (String) -> Void
    private let isTerminal: Bool, isQuiet: Bool, width: Int
    private var shownAt: Double?
    private var pending: Progress?

    /// - Parameters:
    ///   - isTerminal: whether a line can be overwritten.
    ///   - isQuiet: show nothing at all.
    ///   - width: columns of the terminal; a longer line could not be overwritten and is cut.
    ///   - sink: where the text goes.
    public init(isTerminal: Bool, isQuiet: Bool = false, width: Int = 80, sink: @escaping (String) -> Void) {
        (self.isTerminal, self.isQuiet, self.width, self.sink) = (isTerminal, isQuiet, width, sink)
    }

    /// Shows progress on standard error.
    public static func standardError(isQuiet: Bool = false) -> ProgressLine {
        var window = winsize()
        let hasWidth = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0 && window.ws_col > 0
        return ProgressLine(
            isTerminal: isatty(STDERR_FILENO) == 1, isQuiet: isQuiet, width: hasWidth ? Int(window.ws_col) : 80
        ) {
            FileHandle.standardError.write(Data($0.utf8))
        }
    }

    /// Shows the progress, unless the last was shown less than 0.1 s ago on a terminal, or 5 s ago elsewhere.
    ///
    /// - Parameter now: seconds on a clock that only goes forwards.
    public func update(_ progress: Progress, now: Double = monotonicSeconds()) {
        pending = progress
        if let shownAt, now - shownAt < (isTerminal ? 0.1 : 5) { return }
        shownAt = now
        show()
    }

    /// Shows the last progress if it is not shown yet, and ends the line.
    public func finish() {
        show()
        if isTerminal, shownAt != nil, !isQuiet { sink("\n") }
        shownAt = nil
    }

    private func show() {
        guard let progress = pending, !isQuiet else { return }
        pending = nil
        let line = Self.text(progress)
        sink(isTerminal ? "\r" + line.prefix(max(0, width - 1)) + "\u{1B}[K" : line + "\n")
    }

    static func text(_ progress: Progress) -> String {
        var parts = ["\(short(Double(progress.steps)))/\(short(Double(progress.totalSteps))) steps"]
        if progress.totalSteps > 0 {
            parts[0] += " (\(Int(100 * Double(progress.steps) / Double(progress.totalSteps)))%)"
        }
        parts.append("\(short(progress.stepsPerSecond)) steps/s")
        if let best = progress.bestReturn { parts.append("best \(fixed(best, 1))") }
        if let mean = progress.meanReturn { parts.append("mean \(fixed(mean, 1))") }
        if let left = progress.secondsLeft { parts.append("\(duration(left)) left") }
        return parts.joined(separator: "  ")
    }

    /// 999, 12.3k, 1.25M, 3.00G: three digits.
    private static func short(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        var value = value, units = ["", "k", "M", "G", "T"][...]
        while value >= 999.5, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        let unit = units.first ?? ""
        if unit.isEmpty { return fixed(value, 0) }
        return fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + unit
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// 45 s, 3 m 20 s, 2 h 05 m, 3 d 04 h.
    private static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "unknown time" }
        let whole = Int(seconds.rounded())
        func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
            "\(large) \(largeUnit) \(small < 10 ? "0" : "")\(small) \(smallUnit)"
        }
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return pair(whole / 60, "m", whole % 60, "s")
        case ..<86400: return pair(whole / 3600, "h", whole % 3600 / 60, "m")
        default: return pair(whole / 86400, "d", whole % 86400 / 3600, "h")
        }
    }
}

/// Seconds on the system's monotonic clock.
public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
