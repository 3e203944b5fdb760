import Foundation

/// A self-contained page on one or more runs: learning curves with the spread over seeds, final populations, and what
/// the algorithms themselves add.
///
/// - Throws: ``RunError`` if a folder holds no run.
public func report(on folders: [URL], _ options: ReportOptions = ReportOptions()) throws -> String {
    let runs = try folders.flatMap { try ReportedRun.all($0) }
    var environments: [String] = []
    for run in runs where !environments.contains(run.environment) { environments.append(run.environment) }
    let sections = try environments.map { environment in
        try section(environment, runs.filter { $0.environment == environment }, options)
    }
    let title = "Training runs on " + environments.joined(separator: ", ")
    let names = folders.map { escaped($0.lastPathComponent) }.joined(separator: ", ")
    return reportPage(
        title: title,
        header: "\(folders.count) run\(folders.count == 1 ? "" : "s") by evogpu \(escaped(evogpuVersion)): \(names)",
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
    :root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2230; --soft: #5d6779; --line: #e3e7ee; --zero: \
    #aab3c2; --panel: #f6f8fb;
            --c0: #2563c9; --c1: #d9730d; --c2: #0f8a72; --c3: #8a4fc7; --c4: #b03060; --first: #a9b4c6; --second: \
    #78859c; --heat: #2563c9; }
    @media (prefers-color-scheme: dark) {
        :root { --paper: #12161f; --ink: #e6eaf2; --soft: #97a3b8; --line: #283041; --zero: #55617a; --panel: #1a202c;
                --c0: #6ea3ff; --c1: #f2a154; --c2: #46c7a8; --c3: #bd94f0; --c4: #ef7fa5; --first: #53607a; \
    --second: #8492ad; --heat: #8db8ff; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1000px; padding: 2.2rem 1.4rem 4rem; background: var(--paper); color: \
    var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; letter-spacing: -.01em; } h2 { font-size: 1.3rem; \
    margin: 2.8rem 0 .6rem; border-top: 1px solid var(--line); padding-top: 1.8rem; }
    header p, figcaption, .note { color: var(--soft); font-size: .92rem; } header p { margin: 0; overflow-wrap: \
    anywhere; }
    figure { margin: 1.6rem 0 2.2rem; } figcaption { margin-top: .5rem; max-width: 68ch; } figcaption b { color: \
    var(--ink); }
    .scroll { overflow-x: auto; } svg { display: block; width: 100%; min-width: 640px; height: auto; font-family: \
    inherit; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .95rem; } th { \
    font-weight: 500; color: var(--soft); } th, td { padding: .42rem .7rem; text-align: right; border-bottom: 1px \
    solid var(--line); white-space: nowrap; }
    th:first-child, td:first-child { text-align: left; } .dot { display: inline-block; width: .7em; height: .7em; \
    border-radius: 50%; margin-right: .5em; }
    text { fill: var(--ink); font-size: 13px; } .tick { fill: var(--soft); font-size: 12px; } .axis { fill: \
    var(--soft); font-size: 12.5px; } .name { font-weight: 600; font-size: 13px; } .head { font-weight: 600; \
    font-size: 14px; }
    .grid { stroke: var(--line); } .zero { stroke: var(--zero); } .base { stroke: var(--zero); } .one { stroke: \
    var(--ink); stroke-dasharray: 4 4; opacity: .55; }
    """

/// Methods in the order of the algorithms' registration, each with its colour among those that are shown.
private struct Inks {
    let methods: [String]

    init(_ runs: [ReportedRun]) {
        let registered = AlgorithmSpec.all.map(\.name)
        func place(_ run: ReportedRun) -> (Int, String) {
            (registered.firstIndex(of: run.saved.algorithm.name) ?? registered.count, run.method)
        }
        var methods: [String] = []
        // Variants in lock-step keep the order of their folder.
        for run in runs.enumerated().sorted(by: { (place($0.element).0, $0.offset) < (place($1.element).0, $1.offset) })
        where !methods.contains(run.element.method) { methods.append(run.element.method) }
        self.methods = methods
    }

    subscript(method: String) -> String { "var(--c\((methods.firstIndex(of: method) ?? 0) % 5))" }
}

private func section(_ environment: String, _ runs: [ReportedRun], _ options: ReportOptions) throws -> String {
    let inks = Inks(runs)
    let groups = inks.methods.map { method in (label: method, runs: runs.filter { $0.method == method }) }
    var html = "<section><h2>\(escaped(environment))</h2>\n" + summary(groups, inks)
    html += learningCurves(groups, inks) + finalPopulations(groups, inks)
    var shown: Set<URL> = []
    for run in runs where shown.insert(run.url).inserted {
        html += try run.saved.algorithm.reportSections(run, options)
    }
    return html + "</section>"
}

private typealias Group = (label: String, runs: [ReportedRun])

private func summary(_ groups: [Group], _ inks: Inks) -> String {
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
            """
            <tr><td><span class=\"dot\" \
            style=\"background:\(inks[group.label])\"></span>\(escaped(group.label))</td><td>\(seeds)</td>\
            <td>\(plainNumber(Double(steps)))</td><td>\(value(best))</td><td>\(value(all))</td>\
            <td>\(minutes > 0 ? plainNumber(minutes, digits: 1) : "")</td></tr>
            """
    }
    return """
        <div class="scroll"><table><thead><tr><th>Method</th><th>Seeds</th><th>Steps per run</th><th>Best policy's \
        return</th><th>Population's mean return</th><th>Minutes, all seeds</th></tr></thead>
        <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
        <p class="note">At the end of training, by the mean action; mean and standard error over seeds. The best \
        policy was chosen on other episodes than it is judged by.</p>

        """
}

/// Figure G: return against environment steps, mean over seeds with its standard error.
private func learningCurves(_ groups: [Group], _ inks: Inks) -> String {
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
        let ink = inks[line.label]
        let band =
            line.points.map { ($0.x, $0.mean + $0.error) } + line.points.reversed().map { ($0.x, $0.mean - $0.error) }
        if line.seeds.count > 1 {
            plot.add("<path d=\"\(path(band))Z\" style=\"fill:\(ink)\" opacity=\".2\"/>")
            for seed in line.seeds {
                plot.add(
                    """
                    <path d=\"\(path(seed.map { ($0.x, $0.y) }))\" fill=\"none\" style=\"stroke:\(ink)\" \
                    stroke-width=\".8\" opacity=\".28\"/>
                    """
                )
            }
        }
        plot.add(
            """
            <path d=\"\(path(line.points.map { ($0.x, $0.mean) }))\" fill=\"none\" style=\"stroke:\(ink)\" \
            stroke-width=\"2.4\" stroke-linejoin=\"round\"/>
            """
        )
    }
    // Names at the lines' ends, kept apart.
    var places = lines.map { (label: $0.label, y: plot.py($0.points.last!.mean)) }.sorted { $0.y < $1.y }
    for index in places.indices.dropFirst() { places[index].y = max(places[index].y, places[index - 1].y + 17) }
    for place in places {
        plot.text(place.label, plot.left + plot.width + 9, place.y + 4, style: "name", color: inks[place.label])
    }
    return figure(
        plot.body, 1000, 430,
        """
        <b>Learning curves.</b> Mean over \(lines.map { "\($0.seeds.count)" }.max()!) \
        seed\(lines.contains { $0.seeds.count > 1 } ? "s with its standard error; thin lines are seeds" : ""). The \
        best member's mean return over its last ten episodes or more, with the noise of training; of ERL's family the \
        mean of the champion's last ten tests, without it.
        """
    )
}

/// Every policy of every final population: the paper's figure of ensembles.
private func finalPopulations(_ groups: [Group], _ inks: Inks) -> String {
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
        let x = plot.px(Double(index) + 0.5), ink = inks[column.label]
        for (member, mean) in column.means.enumerated() where mean.isFinite {
            let shift =
                column.means.count > 1
                ? (Double(member) / Double(column.means.count - 1) - 0.5)
                    * min(46, 0.6 * plot.width / Double(columns.count)) : 0
            plot.add(
                """
                <circle cx=\"\(Plot.at(x + shift))\" cy=\"\(Plot.at(plot.py(mean)))\" \
                r=\"\(member == column.best ? 5.2 : 3.6)\" style=\"fill:\(ink)\" \
                opacity=\"\(member == column.best ? 1 : 0.55)\"><title>seed \(column.seed), member \(member): \
                \(plainNumber(mean, digits: 1))</title></circle>
                """
            )
        }
        let mean = Spread(column.means.filter(\.isFinite)).mean
        plot.add(
            """
            <line x1=\"\(Plot.at(x - 26))\" y1=\"\(Plot.at(plot.py(mean)))\" x2=\"\(Plot.at(x + 26))\" \
            y2=\"\(Plot.at(plot.py(mean)))\" style=\"stroke:\(ink)\" stroke-width=\"1.6\"/>
            """
        )
        plot.text(column.label, x, plot.top + plot.height + 20, style: "name", anchor: "middle", color: ink)
        plot.text("seed \(column.seed)", x, plot.top + plot.height + 37, style: "tick", anchor: "middle")
    }
    return figure(
        plot.body, 1000, 335,
        """
        <b>Final populations.</b> One dot per policy, large where it is the chosen one; the line is the population's \
        mean.
        """
    )
}

func figure(_ body: String, _ width: Int, _ height: Int, _ caption: String) -> String {
    """
    <figure><div class=\"scroll\"><svg viewBox=\"0 0 \(width) \(height)\" \
    role=\"img\">\n\(body)</svg></div><figcaption>\(caption)</figcaption></figure>\n
    """
}
