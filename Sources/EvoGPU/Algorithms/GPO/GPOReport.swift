import Foundation

extension GPO {
    /// Children beside their parents and the states that they visit: figures F and D of the paper's poster.
    public static func reportSections(_ run: ReportedRun, _ options: ReportOptions) throws -> String {
        guard let config = run.saved.config as? GPOConfig, config.crosses else { return "" }
        let lineage = try RecordLog.read(run.saved.directory.recordsFile, as: LineageEntry.self)
        return crossovers(run, lineage, config.lineageActions, round: options.round)
            + (try visitedStates(run, options.dimensions))
    }
}

/// Figure F: children beside their parents in a round, both kinds of crossover, normalised to the first parent.
private func crossovers(_ run: ReportedRun, _ lineage: [LineageEntry], _ actions: MeasuredActions, round: Int) -> String
{
    let first = lineage.filter {
        $0.round == round && $0.seed == run.seeds[0] && $0.measured_parents != nil && $0.measured_child != nil
    }
    guard !first.isEmpty else { return "" }
    let hasBoth = first.contains { $0.measured_parameter_child != nil }
    // A ratio says something where the first parent's return is above zero; elsewhere returns stand for themselves.
    let normalises = first.allSatisfy { $0.measured_parents![0] > 0 }
    /// What is drawn, where a return that is not finite stands at 0, and whether the child really returned as much as
    /// the better parent.
    typealias Bars = (first: Double, second: Double, child: Double, isGood: Bool)
    func bars(_ entry: LineageEntry, _ child: Double) -> Bars {
        let parents = entry.measured_parents!, unit = normalises ? parents[0] : 1
        func finite(_ value: Double) -> Double { value.isFinite ? value / unit : 0 }
        return (
            finite(parents[0]), finite(parents[1]), finite(child),
            child.isFinite && child >= max(parents[0], parents[1])
        )
    }
    let panels: [(String, [Bars])] =
        [("State-space crossover", first.map { bars($0, $0.measured_child!) })]
        + (hasBoth
            ? [
                (
                    "Parameter-space crossover",
                    first.compactMap { entry in entry.measured_parameter_child.map { bars(entry, $0) } }
                )
            ] : [])
    let values = panels.flatMap { $0.1.flatMap { [$0.first, $0.second, $0.child] } }
    let low = min(0, values.min()!), high = max(0, values.max()!), gap = 0.05 * max(high - low, 1e-9)
    var body = ""
    let width = hasBoth ? 430.0 : 900.0
    for (index, panel) in panels.enumerated() {
        var plot = Plot(
            left: 56 + Double(index) * 484, top: 66, width: width, height: 250, x: 0...Double(panel.1.count),
            y: low - (low < 0 ? gap : 0)...high + gap)
        plot.text(panel.0, plot.left, 24, style: "head")
        plot.yAxis(normalises ? "Return over the first parent's" : "Return")
        if normalises { plot.line(plot.left, plot.py(1), plot.left + plot.width, plot.py(1), style: "one") }
        let slot = plot.width / Double(panel.1.count), bar = min(16, slot / 3.9)
        for (number, bars) in panel.1.enumerated() {
            let middle = plot.left + slot * (Double(number) + 0.5)
            for (place, (value, ink)) in [
                (bars.first, "var(--first)"), (bars.second, "var(--second)"),
                (bars.child, index == 0 ? "var(--c0)" : "var(--c1)")
            ].enumerated() {
                let y = plot.py(max(value, 0)), h = max(abs(plot.py(value) - plot.py(0)), 0.8)
                plot.add(
                    """
                    <rect x=\"\(Plot.at(middle + (Double(place) - 1.5) * bar))\" y=\"\(Plot.at(y))\" \
                    width=\"\(Plot.at(bar - 1))\" height=\"\(Plot.at(h))\" rx=\"1.5\" style=\"fill:\(ink)\"/>
                    """
                )
            }
            plot.text("\(number + 1)", middle, plot.top + plot.height + 18, style: "tick", anchor: "middle")
        }
        let good = panel.1.count(where: \.isGood)
        plot.text(
            "child at or above the better parent in \(good) of \(panel.1.count)", plot.left + plot.width,
            plot.top + plot.height + 38, style: "axis", anchor: "end")
        body += plot.body
    }
    var legend = Plot(left: 0, top: 0, width: 1, height: 1, x: 0...1, y: 0...1)
    for (index, (name, ink))
        in ([
            ("first parent", "var(--first)"), ("second parent", "var(--second)"),
            (hasBoth ? "child, state space" : "child", "var(--c0)")
        ] + (hasBoth ? [("child, parameter space", "var(--c1)")] : [])).enumerated()
    {
        let x = 56 + Double(index) * 135
        legend.add("<rect x=\"\(Plot.at(x))\" y=\"366\" width=\"12\" height=\"12\" rx=\"2\" style=\"fill:\(ink)\"/>")
        legend.text(name, x + 18, 376.5, style: "tick")
    }
    let scale =
        normalises
        ? "All bars of a crossover are divided by its first parent's return."
        : """
        Returns as they are: they are not divided by the first parent's, because some of those are not above zero.
        """
    return figure(
        body + legend.body, 1000, 390,
        """
        <b>Children beside their parents</b>, round \(round) of seed \(run.seeds[0]) in \
        \(escaped(run.url.lastPathComponent)). \
        \(scale) \
        Parents and children were played from the same start states, \
        \(actions == .mean ? "by the mean action" : "with their noise").
        """
    )
}

/// Section D's picture: where parents and both kinds of child go.
private func visitedStates(_ run: ReportedRun, _ dimensions: (Int, Int)?) throws -> String {
    let file = run.saved.directory.arraysFile("visited")
    guard FileSystem.exists(file) else { return "" }
    let (arrays, metadata) = try Safetensors.read(file), width = arrays.first?.shape.last ?? 0
    let rows = try Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, try $0.values(as: Float.self)) })
    guard width > 0 else { return "" }
    let names = ["first_parent", "second_parent", "child", "parameter_child"],
        titles = ["First parent", "Second parent", "Child, state-space crossover", "Child, parameter-space crossover"]
    let sets = names.map { rows[$0] ?? [] }
    guard sets.allSatisfy({ !$0.isEmpty && $0.count % width == 0 }) else {
        throw RunError("\(run.url.path): visited.safetensors does not hold what a first round leaves")
    }
    let points: [[(Double, Double)]], axes: [String]
    if let (a, b) = dimensions {
        guard (0..<width).contains(a), (0..<width).contains(b) else {
            throw RunError(
                """
                --dimensions is \(a),\(b); accepted: two numbers from 0 to \(width - 1), entries of \
                \(run.environment)'s observation
                """
            )
        }
        points = sets.map { rows in
            (0..<rows.count / width).map {
                (Double(rows[$0 * width + a]), Double(rows[$0 * width + b]))
            }
        }
        axes = ["observation \(a)", "observation \(b)"]
    } else {
        let components = PrincipalComponents(sets.flatMap { $0 }, width: width)
        points = sets.map { components.project($0, width: width) }
        axes = components.shares.enumerated().map {
            "principal component \($0 + 1) (\(plainNumber(100 * $1)) % of the variance)"
        }
    }
    // Between the 0.5th and the 99.5th percentile of all points, so that a few strays do not make the picture small.
    func range(_ values: [Double]) -> ClosedRange<Double> {
        let sorted = values.sorted(), low = sorted[sorted.count / 200],
            high = sorted[sorted.count - 1 - sorted.count / 200], margin = 0.06 * max(high - low, 1e-9)
        return low - margin...high + margin
    }
    let xs = range(points.flatMap { $0.map(\.0) }), ys = range(points.flatMap { $0.map(\.1) }), cells = 42
    var body = ""
    for (index, set) in points.enumerated() {
        var plot = Plot(
            left: 16 + Double(index % 2) * 496, top: 34 + Double(index / 2) * 300, width: 472, height: 240, x: xs, y: ys
        )
        var counts = [Int](repeating: 0, count: cells * cells)
        for (x, y) in set where xs.contains(x) && ys.contains(y) {
            let column = min(cells - 1, Int((x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * Double(cells))),
                row = min(cells - 1, Int((y - ys.lowerBound) / (ys.upperBound - ys.lowerBound) * Double(cells)))
            counts[row * cells + column] += 1
        }
        plot.text(titles[index], plot.left, plot.top - 10, style: "head")
        plot.add(
            """
            <rect x=\"\(plot.left)\" y=\"\(plot.top)\" width=\"\(plot.width)\" height=\"\(plot.height)\" rx=\"4\" \
            style=\"fill:var(--panel)\"/>
            """
        )
        let most = log1p(Double(max(counts.max() ?? 1, 1))), w = plot.width / Double(cells),
            h = plot.height / Double(cells)
        for row in 0..<cells {
            for column in 0..<cells where counts[row * cells + column] > 0 {
                let strength = log1p(Double(counts[row * cells + column])) / most
                plot.add(
                    """
                    <rect x=\"\(Plot.at(plot.left + Double(column) * w))\" \
                    y=\"\(Plot.at(plot.top + plot.height - Double(row + 1) * h))\" width=\"\(Plot.at(w + 0.2))\" \
                    height=\"\(Plot.at(h + 0.2))\" style=\"fill:var(--heat)\" \
                    opacity=\"\(String(format: "%.2f", 0.12 + 0.88 * strength))\"/>
                    """
                )
            }
        }
        body += plot.body
    }
    var labels = Plot(left: 0, top: 0, width: 1, height: 1, x: 0...1, y: 0...1)
    labels.text("across: \(axes[0]);  up: \(axes.count > 1 ? axes[1] : "")", 984, 602, style: "axis", anchor: "end")

    return figure(
        body + labels.body, 1000, 614,
        """
        <b>Where policies go.</b> Densities of visited states, on a logarithmic scale, of the first round's first \
        couple (members \(escaped(metadata["first"] ?? "")) and \(escaped(metadata["second"] ?? "")) of seed \
        \(escaped(metadata["seed"] ?? ""))) and of its two children.
        """
    )
}
