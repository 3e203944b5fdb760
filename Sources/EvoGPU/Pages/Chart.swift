import Foundation

/// A number with few digits, as people write it: 12,300, 0.25, -3.1.
func plainNumber(_ value: Double, digits: Int = 0) -> String {
    let text = String(format: "%.\(digits)f", abs(value)), parts = text.split(separator: ".", maxSplits: 1)
    var whole = "", index = 0
    for digit in parts[0].reversed() {
        if index > 0 && index % 3 == 0 { whole.append(",") }
        whole.append(digit)
        index += 1
    }
    let joined = String(whole.reversed()) + (parts.count > 1 ? "." + parts[1] : "")
    return (value < 0 && joined.contains { "123456789".contains($0) } ? "\u{2212}" : "") + joined
}

func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing(
        "\"", with: "&quot;")
}

/// A rectangle of an SVG with scales for both axes, and what is drawn in it.
struct Plot {
    let left: Double, top: Double, width: Double, height: Double
    let x: ClosedRange<Double>, y: ClosedRange<Double>
    private(set) var body = ""

    init(left: Double, top: Double, width: Double, height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>) {
        func open(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
            range.upperBound > range.lowerBound ? range : range.lowerBound - 1...range.upperBound + 1
        }
        (self.left, self.top, self.width, self.height, self.x, self.y) = (left, top, width, height, open(x), open(y))
    }

    func px(_ value: Double) -> Double { left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * width }
    func py(_ value: Double) -> Double {
        top + height - (value - y.lowerBound) / (y.upperBound - y.lowerBound) * height
    }
    static func at(_ value: Double) -> String { String(format: "%.1f", value) }

    mutating func add(_ svg: String) { body += svg + "\n" }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
        add(
            """
            <line x1=\"\(Self.at(x1))\" y1=\"\(Self.at(y1))\" x2=\"\(Self.at(x2))\" y2=\"\(Self.at(y2))\" \
            class=\"\(style)\"/>
            """
        )
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, style: String = "", anchor: String = "start", color: String? = nil
    ) {
        add(
            """
            <text x=\"\(Self.at(x))\" y=\"\(Self.at(y))\" text-anchor=\"\(anchor)\" \
            class=\"\(style)\"\(color.map { " style=\"fill:\($0)\"" } ?? "")>\(escaped(text))</text>
            """
        )
    }

    /// Round values inside a range, about `count` of them.
    static func ticks(_ range: ClosedRange<Double>, count: Int = 5) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / Double(count),
            power = pow(10, (log10(rough)).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? 10 * power
        var ticks: [Double] = [], value = (range.lowerBound / step).rounded(.up) * step
        while value <= range.upperBound + step * 1e-9 {
            ticks.append(abs(value) < step * 1e-9 ? 0 : value); value += step
        }
        return ticks
    }

    /// Horizontal lines with their values at the left.
    mutating func yAxis(
        _ title: String, count: Int = 5,
        label: (Double) -> String = { plainNumber($0, digits: abs($0 - $0.rounded()) > 1e-9 ? 1 : 0) }
    ) {
        for tick in Self.ticks(y, count: count) {
            line(left, py(tick), left + width, py(tick), style: tick == 0 ? "zero" : "grid")
            text(label(tick), left - 8, py(tick) + 4, style: "tick", anchor: "end")
        }
        if !title.isEmpty { text(title, left, top - 12, style: "axis") }
    }

    mutating func xAxis(_ title: String, count: Int = 6, label: (Double) -> String) {
        line(left, top + height, left + width, top + height, style: "base")
        for tick in Self.ticks(x, count: count) {
            text(label(tick), px(tick), top + height + 18, style: "tick", anchor: "middle")
        }
        text(title, left + width, top + height + 38, style: "axis", anchor: "end")
    }
}
