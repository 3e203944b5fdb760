import Foundation

/// A self-contained page on one or more runs: learning curves with the spread over seeds, final populations, and, of
/// GPO's runs, children beside their parents and the states that they visit. The figures are those of the paper's
/// poster (sections D, F and G).
///
/// - Parameters:
///   - round: whose children are shown beside their parents, from 1; later rounds have both kinds of child where
///     `compared_rounds` says so.
///   - dimensions: two entries of the observation to show visited states by; nil for the first two principal
///     components.
/// - Throws: ``RunError`` if a folder holds no run.
public func report(on folders: [URL], round: Int = 1, dimensions: (Int, Int)? = nil) throws -> String {
    let runs = try folders.flatMap { try ReportedRun.all($0) }
    var environments: [String] = []
    for run in runs where !environments.contains(run.environment) { environments.append(run.environment) }
    let sections = try environments.map { environment in
        try section(environment, runs.filter { $0.environment == environment }, round, dimensions)
    }
    let title = "Training runs on " + environments.joined(separator: ", "),
        names = folders.map { escaped($0.lastPathComponent) }
    return reportPage(
        title: title,
        header:
            "\(names.count) run\(names.count == 1 ? "" : "s") by evogpu \(escaped(evogpuVersion)): \(names.joined(separator: ", "))",
        body: sections.joined(separator: "\n"))
}

/// A whole page.
func reportPage(title: String, header: String, body: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <header><h1>\(escaped(title))</h1><p>\(header)</p></header>
    \(body)
    </body>
    </html>

    """
}

private let style = """
    :root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2230; --soft: #5d6779; --line: #e3e7ee; --zero: #aab3c2; --panel: #f6f8fb;
            --c0: #2563c9; --c1: #d9730d; --c2: #0f8a72; --c3: #8a4fc7; --c4: #b03060; --first: #a9b4c6; --second: #78859c; --heat: #2563c9; }
    @media (prefers-color-scheme: dark) {
        :root { --paper: #12161f; --ink: #e6eaf2; --soft: #97a3b8; --line: #283041; --zero: #55617a; --panel: #1a202c;
                --c0: #6ea3ff; --c1: #f2a154; --c2: #46c7a8; --c3: #bd94f0; --c4: #ef7fa5; --first: #53607a; --second: #8492ad; --heat: #8db8ff; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1000px; padding: 2.2rem 1.4rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; letter-spacing: -.01em; } h2 { font-size: 1.3rem; margin: 2.8rem 0 .6rem; border-top: 1px solid var(--line); padding-top: 1.8rem; }
    header p, figcaption, .note { color: var(--soft); font-size: .92rem; } header p { margin: 0; overflow-wrap: anywhere; }
    figure { margin: 1.6rem 0 2.2rem; } figcaption { margin-top: .5rem; max-width: 68ch; } figcaption b { color: var(--ink); }
    .scroll { overflow-x: auto; } svg { display: block; width: 100%; min-width: 640px; height: auto; font-family: inherit; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .95rem; } th { font-weight: 500; color: var(--soft); } th, td { padding: .42rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th:first-child, td:first-child { text-align: left; } .dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .5em; }
    text { fill: var(--ink); font-size: 13px; } .tick { fill: var(--soft); font-size: 12px; } .axis { fill: var(--soft); font-size: 12.5px; } .name { font-weight: 600; font-size: 13px; } .head { font-weight: 600; font-size: 14px; }
    .grid { stroke: var(--line); } .zero { stroke: var(--zero); } .base { stroke: var(--zero); } .one { stroke: var(--ink); stroke-dasharray: 4 4; opacity: .55; }
    """

private let colors = [
    "GPO": "var(--c0)", "Single": "var(--c1)", "Joint": "var(--c2)", "PPO": "var(--c3)", "A2C": "var(--c4)",
    "PDERL": "var(--c0)", "DERL": "var(--c1)", "PERL": "var(--c2)", "ERL": "var(--c3)", "DDPG": "var(--c4)",
    "TD3": "var(--c1)"
]
private func color(_ label: String) -> String {
    colors[label.split(separator: " ").first.map(String.init) ?? label] ?? "var(--c3)"
}

private func section(_ environment: String, _ runs: [ReportedRun], _ round: Int, _ dimensions: (Int, Int)?) throws
    -> String
{
    var labels: [String] = []
    for run in runs where !labels.contains(run.label) { labels.append(run.label) }
    let order = ["GPO", "Single", "Joint", "PPO", "A2C", "PDERL", "DERL", "PERL", "ERL", "DDPG", "TD3"]
    labels.sort { a, b in
        (order.firstIndex { a.hasPrefix($0) } ?? order.count, a) < (
            order.firstIndex { b.hasPrefix($0) } ?? order.count, b
        )
    }
    let groups = labels.map { label in (label: label, runs: runs.filter { $0.label == label }) }
    var html = "<section><h2>\(escaped(environment))</h2>\n" + summary(groups)
    html += learningCurves(groups) + finalPopulations(groups)
    for run in runs where run.crosses {
        html += crossovers(run, round: round)
        html += try visitedStates(run, dimensions)
    }
    return html + "</section>"
}

private typealias Group = (label: String, runs: [ReportedRun])

private func summary(_ groups: [Group]) -> String {
    let rows = groups.map { group -> String in
        let finals = group.runs.compactMap(\.final), runs = finals.flatMap(\.runs),
            seeds = group.runs.reduce(0) { $0 + $1.seeds.count }
        let best = Spread(runs.map { $0.members[$0.best].mean }),
            all = Spread(runs.map { run in Spread(run.members.map(\.mean)).mean })
        let steps =
            finals.map(\.total_steps).max()
            ?? Int(group.runs.flatMap(\.curves).compactMap { $0.last?.steps }.max() ?? 0)
        func value(_ spread: Spread) -> String {
            spread.count == 0
                ? "running"
                : plainNumber(spread.mean, digits: 1)
                    + (spread.count > 1 ? " ± " + plainNumber(spread.error, digits: 1) : "")
        }
        let minutes = finals.compactMap(\.seconds).reduce(0, +) / 60
        return
            "<tr><td><span class=\"dot\" style=\"background:\(color(group.label))\"></span>\(escaped(group.label))</td><td>\(seeds)</td><td>\(plainNumber(Double(steps)))</td><td>\(value(best))</td><td>\(value(all))</td><td>\(minutes > 0 ? plainNumber(minutes, digits: 1) : "")</td></tr>"
    }
    return """
        <div class="scroll"><table><thead><tr><th>Method</th><th>Seeds</th><th>Steps per run</th><th>Best policy's return</th><th>Population's mean return</th><th>Minutes, all seeds</th></tr></thead>
        <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
        <p class="note">At the end of training, by the mean action; mean and standard error over seeds. The best policy was chosen on other episodes than it is judged by.</p>

        """
}

/// Figure G: return against environment steps, mean over seeds with its standard error.
private func learningCurves(_ groups: [Group]) -> String {
    struct Line {
        let label: String, points: [(x: Double, mean: Double, error: Double)], seeds: [[(x: Double, y: Double)]]
    }
    let lines: [Line] = groups.compactMap { group in
        let curves = group.runs.flatMap(\.curves).filter { $0.count > 1 }
        guard let end = curves.compactMap({ $0.last?.steps }).min(),
            let start = curves.compactMap({ $0.first?.steps }).max(), end > start
        else { return nil }
        let count = 160, grid = (0..<count).map { start + (end - start) * Double($0) / Double(count - 1) }
        let resampled = curves.map { curve -> [Double] in
            var index = 0
            return grid.map { x in
                while index + 2 < curve.count && curve[index + 1].steps <= x { index += 1 }
                let (a, b) = (curve[index], curve[index + 1]), t = min(1, max(0, (x - a.steps) / (b.steps - a.steps)))
                return a.best + t * (b.best - a.best)
            }
        }
        let points = grid.indices.map { i -> (x: Double, mean: Double, error: Double) in
            let spread = Spread(resampled.map { $0[i] }); return (grid[i], spread.mean, spread.error)
        }
        return Line(
            label: group.label, points: points, seeds: resampled.map { values in zip(grid, values).map { ($0, $1) } })
    }
    guard !lines.isEmpty else { return "<p class=\"note\">No episode has ended yet.</p>\n" }
    let values = lines.flatMap { line in
        line.points.flatMap { [$0.mean - $0.error, $0.mean + $0.error] } + line.seeds.flatMap { $0.map(\.y) }
    }
    let low = values.min()!, high = values.max()!, end = lines.compactMap { $0.points.last?.x }.max()!
    var plot = Plot(
        left: 64, top: 44, width: 790, height: 340, x: 0...end,
        y: low - 0.04 * (high - low)...high + 0.04 * (high - low))
    plot.yAxis("Return of the best policy")
    let millions = end >= 2e6
    plot.xAxis(
        "Environment steps, all policies and crossovers together",
        label: {
            millions
                ? plainNumber($0 / 1e6, digits: $0.truncatingRemainder(dividingBy: 1e6) == 0 ? 0 : 1) + " M"
                : plainNumber($0 / 1e3) + " k"
        })
    func path(_ points: [(Double, Double)]) -> String {
        points.enumerated().map { "\($0 == 0 ? "M" : "L")\(Plot.at(plot.px($1.0))) \(Plot.at(plot.py($1.1)))" }.joined()
    }
    for line in lines {
        let ink = color(line.label)
        let band =
            line.points.map { ($0.x, $0.mean + $0.error) } + line.points.reversed().map { ($0.x, $0.mean - $0.error) }
        if line.seeds.count > 1 {
            plot.add("<path d=\"\(path(band))Z\" style=\"fill:\(ink)\" opacity=\".2\"/>")
            for seed in line.seeds {
                plot.add(
                    "<path d=\"\(path(seed.map { ($0.x, $0.y) }))\" fill=\"none\" style=\"stroke:\(ink)\" stroke-width=\".8\" opacity=\".28\"/>"
                )
            }
        }
        plot.add(
            "<path d=\"\(path(line.points.map { ($0.x, $0.mean) }))\" fill=\"none\" style=\"stroke:\(ink)\" stroke-width=\"2.4\" stroke-linejoin=\"round\"/>"
        )
    }
    // Names at the lines' ends, kept apart.
    var places = lines.map { (label: $0.label, y: plot.py($0.points.last!.mean)) }.sorted { $0.y < $1.y }
    for index in places.indices.dropFirst() { places[index].y = max(places[index].y, places[index - 1].y + 17) }
    for place in places {
        plot.text(place.label, plot.left + plot.width + 9, place.y + 4, style: "name", color: color(place.label))
    }
    return figure(
        plot.body, 1000, 430,
        "<b>Learning curves.</b> Mean over \(lines.map { "\($0.seeds.count)" }.max()!) seed\(lines.contains { $0.seeds.count > 1 } ? "s with its standard error; thin lines are seeds" : ""). The best member's mean return over its last ten episodes or more, with the noise of training; of ERL's family the mean of the champion's last ten tests, without it."
    )
}

/// Every policy of every final population: the paper's figure of ensembles.
private func finalPopulations(_ groups: [Group]) -> String {
    let columns = groups.flatMap { group in
        group.runs.compactMap(\.final).flatMap { final in
            final.runs.map { (label: group.label, seed: $0.seed, best: $0.best, means: $0.members.map(\.mean)) }
        }
    }
    let finite = columns.flatMap(\.means).filter(\.isFinite)
    guard columns.contains(where: { $0.means.count > 1 }), let low = finite.min(), let high = finite.max() else {
        return ""
    }
    var plot = Plot(
        left: 64, top: 44, width: 910, height: 240, x: 0...Double(columns.count),
        y: low - 0.06 * max(high - low, 1)...high + 0.06 * max(high - low, 1))
    plot.yAxis("Return of each final policy")
    for (index, column) in columns.enumerated() {
        let x = plot.px(Double(index) + 0.5), ink = color(column.label)
        for (member, mean) in column.means.enumerated() where mean.isFinite {
            let shift =
                column.means.count > 1
                ? (Double(member) / Double(column.means.count - 1) - 0.5)
                    * min(46, 0.6 * plot.width / Double(columns.count)) : 0
            plot.add(
                "<circle cx=\"\(Plot.at(x + shift))\" cy=\"\(Plot.at(plot.py(mean)))\" r=\"\(member == column.best ? 5.2 : 3.6)\" style=\"fill:\(ink)\" opacity=\"\(member == column.best ? 1 : 0.55)\"><title>seed \(column.seed), member \(member): \(plainNumber(mean, digits: 1))</title></circle>"
            )
        }
        let mean = Spread(column.means.filter(\.isFinite)).mean
        plot.add(
            "<line x1=\"\(Plot.at(x - 26))\" y1=\"\(Plot.at(plot.py(mean)))\" x2=\"\(Plot.at(x + 26))\" y2=\"\(Plot.at(plot.py(mean)))\" style=\"stroke:\(ink)\" stroke-width=\"1.6\"/>"
        )
        plot.text(column.label, x, plot.top + plot.height + 20, style: "name", anchor: "middle", color: ink)
        plot.text("seed \(column.seed)", x, plot.top + plot.height + 37, style: "tick", anchor: "middle")
    }
    return figure(
        plot.body, 1000, 335,
        "<b>Final populations.</b> One dot per policy, large where it is the chosen one; the line is the population's mean."
    )
}

/// Figure F: children beside their parents in a round, both kinds of crossover, normalised to the first parent.
private func crossovers(_ run: ReportedRun, round: Int) -> String {
    let first = run.lineage.filter {
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
                    "<rect x=\"\(Plot.at(middle + (Double(place) - 1.5) * bar))\" y=\"\(Plot.at(y))\" width=\"\(Plot.at(bar - 1))\" height=\"\(Plot.at(h))\" rx=\"1.5\" style=\"fill:\(ink)\"/>"
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
    return figure(
        body + legend.body, 1000, 390,
        "<b>Children beside their parents</b>, round \(round) of seed \(run.seeds[0]) in \(escaped(run.url.lastPathComponent)). \(normalises ? "All bars of a crossover are divided by its first parent's return." : "Returns as they are: they are not divided by the first parent's, because some of those are not above zero.") Parents and children were played from the same start states, \(run.measuredActions == .mean ? "by the mean action" : "with their noise")."
    )
}

/// Section D's picture: where parents and both kinds of child go.
private func visitedStates(_ run: ReportedRun, _ dimensions: (Int, Int)?) throws -> String {
    guard let visited = run.visited, visited.width > 0 else { return "" }
    let names = ["first_parent", "second_parent", "child", "parameter_child"],
        titles = ["First parent", "Second parent", "Child, state-space crossover", "Child, parameter-space crossover"]
    let sets = names.map { visited.arrays[$0] ?? [] }
    guard sets.allSatisfy({ !$0.isEmpty && $0.count % visited.width == 0 }) else {
        throw RunError("\(run.url.path): visited.safetensors does not hold what a first round leaves")
    }
    let points: [[(Double, Double)]], axes: [String]
    if let (a, b) = dimensions {
        guard (0..<visited.width).contains(a), (0..<visited.width).contains(b) else {
            throw RunError(
                "--dimensions is \(a),\(b); accepted: two numbers from 0 to \(visited.width - 1), entries of \(run.environment)'s observation"
            )
        }
        points = sets.map { rows in
            (0..<rows.count / visited.width).map {
                (Double(rows[$0 * visited.width + a]), Double(rows[$0 * visited.width + b]))
            }
        }
        axes = ["observation \(a)", "observation \(b)"]
    } else {
        let components = PrincipalComponents(sets.flatMap { $0 }, width: visited.width)
        points = sets.map { components.project($0, width: visited.width) }
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
            "<rect x=\"\(plot.left)\" y=\"\(plot.top)\" width=\"\(plot.width)\" height=\"\(plot.height)\" rx=\"4\" style=\"fill:var(--panel)\"/>"
        )
        let most = log1p(Double(max(counts.max() ?? 1, 1))), w = plot.width / Double(cells),
            h = plot.height / Double(cells)
        for row in 0..<cells {
            for column in 0..<cells where counts[row * cells + column] > 0 {
                let strength = log1p(Double(counts[row * cells + column])) / most
                plot.add(
                    "<rect x=\"\(Plot.at(plot.left + Double(column) * w))\" y=\"\(Plot.at(plot.top + plot.height - Double(row + 1) * h))\" width=\"\(Plot.at(w + 0.2))\" height=\"\(Plot.at(h + 0.2))\" style=\"fill:var(--heat)\" opacity=\"\(String(format: "%.2f", 0.12 + 0.88 * strength))\"/>"
                )
            }
        }
        body += plot.body
    }
    var labels = Plot(left: 0, top: 0, width: 1, height: 1, x: 0...1, y: 0...1)
    labels.text("across: \(axes[0]);  up: \(axes.count > 1 ? axes[1] : "")", 984, 602, style: "axis", anchor: "end")
    let metadata = visited.metadata
    return figure(
        body + labels.body, 1000, 614,
        "<b>Where policies go.</b> Densities of visited states, on a logarithmic scale, of the first round's first couple (members \(escaped(metadata["first"] ?? "")) and \(escaped(metadata["second"] ?? "")) of seed \(escaped(metadata["seed"] ?? ""))) and of its two children."
    )
}

func figure(_ body: String, _ width: Int, _ height: Int, _ caption: String) -> String {
    "<figure><div class=\"scroll\"><svg viewBox=\"0 0 \(width) \(height)\" role=\"img\">\n\(body)</svg></div><figcaption>\(caption)</figcaption></figure>\n"
}
