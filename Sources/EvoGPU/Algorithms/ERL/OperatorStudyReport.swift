import Foundation

/// A self-contained page of an operator study, in the style of ``report(on:round:dimensions:)``.
public func report(on study: OperatorStudy) -> String {
    let title = "Variation operators on \(study.environment)"
    let subject =
        """
        Run \(study.run) of \(study.variant.isEmpty ? study.algorithm : study.variant.uppercased()), generation \
        \(study.generation); every policy over the same \(study.episodes) episode\(study.episodes == 1 ? "" : "s") \
        without noise.
        """
    return reportPage(
        title: title, header: escaped(subject),
        body: "<section><h2>Crossovers</h2>\n" + crossoverFigure(study)
            + densities(
                study.crossoverDensities, study.axes,
                "<b>Where parents and children go</b>, of the first couple; darker is more often.")
            + "</section>\n<section><h2>Mutations</h2>\n" + mutationFigure(study)
            + densities(
                study.mutationDensities, study.axes,
                "<b>Where a parent and its mutants go</b>, of the first parent; darker is more often.")
            + magnitudeFigure(study)
            + densities(
                study.magnitudeDensities, study.axes,
                "<b>The first parent's proximal children</b> by magnitude, from the same noise.")
            + "</section>\n<section><h2>Choice of parents</h2>\n" + pairingTable(study) + "</section>")
}

private func share(_ values: [Bool]) -> String { "\(values.count { $0 }) of \(values.count)" }

/// Bars side by side in groups; a value that is not finite leaves its place empty.
private func bars(_ groups: [[Double]], inks: [String], names: [String], title: String, normalised: Bool) -> String {
    let values = groups.flatMap { $0 }.filter(\.isFinite), low = min(0, values.min() ?? 0),
        high = max(0, values.max() ?? 1), gap = 0.05 * max(high - low, 1e-9)
    var plot = Plot(
        left: 56, top: 40, width: 910, height: 260, x: 0...Double(groups.count),
        y: low - (low < 0 ? gap : 0)...high + gap)
    plot.yAxis(title)
    if normalised { plot.line(plot.left, plot.py(1), plot.left + plot.width, plot.py(1), style: "one") }
    let slot = plot.width / Double(groups.count), bar = min(18, slot / (Double(inks.count) + 1))
    for (number, group) in groups.enumerated() {
        let middle = plot.left + slot * (Double(number) + 0.5)
        for (place, value) in group.enumerated() where value.isFinite {
            let y = plot.py(max(value, 0)), height = max(abs(plot.py(value) - plot.py(0)), 0.8),
                x = middle + (Double(place) - Double(group.count) / 2) * bar
            plot.add(
                """
                <rect x=\"\(Plot.at(x))\" y=\"\(Plot.at(y))\" width=\"\(Plot.at(bar - 1))\" \
                height=\"\(Plot.at(height))\" rx=\"1.5\" style=\"fill:\(inks[place])\"/>
                """
            )
        }
        plot.text("\(number + 1)", middle, plot.top + plot.height + 18, style: "tick", anchor: "middle")
    }
    for (index, name) in names.enumerated() {
        let x = 56 + Double(index) * 175
        plot.add(
            "<rect x=\"\(Plot.at(x))\" y=\"336\" width=\"12\" height=\"12\" rx=\"2\" style=\"fill:\(inks[index])\"/>")
        plot.text(name, x + 18, 346.5, style: "tick")
    }
    return plot.body
}

/// The paper's figure 5.
private func crossoverFigure(_ study: OperatorStudy) -> String {
    let all = study.crossovers, normalises = all.allSatisfy { $0.firstFitness > 0 }
    let groups = all.map { c in
        [c.firstFitness, c.secondFitness, c.distilled, c.swapped.reduce(0, +) / Double(c.swapped.count)].map {
            normalises ? $0 / c.firstFitness : $0
        }
    }
    let body = bars(
        groups, inks: ["var(--first)", "var(--second)", "var(--c0)", "var(--c1)"],
        names: ["fitter parent", "other parent", "distilled child", "n-point children, mean"],
        title: normalises ? "Return over the fitter parent's" : "Return", normalised: normalises)
    func good(_ child: (OperatorStudy.Crossover) -> Double) -> String {
        share(all.map { child($0) >= min($0.firstFitness, $0.secondFitness) })
    }
    return figure(
        body, 1000, 360,
        """
        <b>Children of \(all.count) drawn couples beside their parents.</b> At or above the less fit parent: \
        distilled \(good(\.distilled)), n-point \(good { $0.swapped.reduce(0, +) / 2 }). KL of the children's states \
        from those of both parents, on average: distilled \
        \(plainNumber(Spread(all.map(\.distilledDivergence)).mean, digits: 2)), n-point \
        \(plainNumber(Spread(all.map(\.swappedDivergence)).mean, digits: 2)) nats.
        """
    )
}

/// The paper's figure 7.
private func mutationFigure(_ study: OperatorStudy) -> String {
    let all = study.mutations, normalises = all.allSatisfy { $0.parentFitness > 0 }
    let groups = all.map { m in [m.parentFitness, m.proximal, m.gaussian].map { normalises ? $0 / m.parentFitness : $0 }
    }
    let body = bars(
        groups, inks: ["var(--first)", "var(--c0)", "var(--c1)"], names: ["parent", "proximal child", "Gaussian child"],
        title: normalises ? "Return over the parent's" : "Return", normalised: normalises)
    return figure(
        body, 1000, 360,
        """
        <b>Mutants of \(all.count) drawn parents beside them.</b> At or above the parent: proximal \
        \(share(all.map { $0.proximal >= $0.parentFitness })), Gaussian \
        \(share(all.map { $0.gaussian >= $0.parentFitness })). KL between the parent's and the child's states, on \
        average: proximal \(plainNumber(Spread(all.map(\.proximalDivergence)).mean, digits: 2)), Gaussian \
        \(plainNumber(Spread(all.map(\.gaussianDivergence)).mean, digits: 2)) nats.
        """
    )
}

/// What the paper's figure 9 says in numbers.
private func magnitudeFigure(_ study: OperatorStudy) -> String {
    let all = study.magnitudes.sorted { $0.magnitude < $1.magnitude }, top = all.flatMap(\.divergences).max() ?? 1
    guard all.count > 1 else { return "" }
    let logs = all.map { log10($0.magnitude) }
    var plot = Plot(
        left: 64, top: 40, width: 880, height: 260, x: logs.first! - 0.1...logs.last! + 0.1,
        y: 0...1.05 * max(top, 1e-6))
    plot.yAxis("KL between the parent's and the child's states, nats")
    plot.line(plot.left, plot.top + plot.height, plot.left + plot.width, plot.top + plot.height, style: "base")
    for (index, entry) in all.enumerated() {
        plot.text(
            String(format: "%g", entry.magnitude), plot.px(logs[index]), plot.top + plot.height + 18, style: "tick",
            anchor: "middle")
        for value in entry.divergences {
            plot.add(
                """
                <circle cx=\"\(Plot.at(plot.px(logs[index])))\" cy=\"\(Plot.at(plot.py(value)))\" r=\"3\" \
                style=\"fill:var(--c0)\" opacity=\".4\"/>
                """
            )
        }
    }
    plot.text("sigma", plot.left + plot.width, plot.top + plot.height + 38, style: "axis", anchor: "end")
    let path = all.enumerated().map {
        "\($0 == 0 ? "M" : "L")\(Plot.at(plot.px(logs[$0]))) \(Plot.at(plot.py(Spread($1.divergences).mean)))"
    }.joined()
    plot.add("<path d=\"\(path)\" fill=\"none\" style=\"stroke:var(--c0)\" stroke-width=\"2.4\"/>")
    return figure(
        plot.body, 1000, 345,
        """
        <b>Change of behaviour with the magnitude of proximal mutation.</b> One dot per parent; the line is their \
        mean. Every magnitude scales the same noise.
        """
    )
}

/// What the paper's figure 10 compares over whole runs, by the children of each choice.
private func pairingTable(_ study: OperatorStudy) -> String {
    func mean(_ values: [Double], _ digits: Int) -> String {
        plainNumber(Spread(values.filter(\.isFinite)).mean, digits: digits)
    }
    let rows = study.pairings.map {
        "<tr><td>\($0.score.rawValue)</td><td>\(mean($0.distances, 3))</td>"
            + "<td>\(mean($0.parentFitness, 1))</td><td>\(mean($0.childFitness, 1))</td></tr>"
    }
    return
        """
        <div class=\"scroll\"><table><thead><tr><th>Parents by</th><th>Distance of the pair</th><th>Parents' \
        return</th><th>Distilled children's \
        return</th></tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table></div>\n<p class=\"note\">Means \
        over the \(study.pairings.first?.couples.count ?? 0) best pairs of the population by each score.</p>\n
        """
}

private func densities(_ all: [OperatorStudy.Density], _ axes: [String], _ caption: String) -> String {
    let rows = (all.count + 1) / 2
    var body = ""
    for (index, density) in all.enumerated() {
        var plot = Plot(
            left: 16 + Double(index % 2) * 496, top: 34 + Double(index / 2) * 300, width: 472, height: 240,
            x: 0...Double(density.cells), y: 0...Double(density.cells))
        plot.text(density.name, plot.left, plot.top - 10, style: "head")
        plot.add(
            """
            <rect x=\"\(plot.left)\" y=\"\(plot.top)\" width=\"\(plot.width)\" height=\"\(plot.height)\" rx=\"4\" \
            style=\"fill:var(--panel)\"/>
            """
        )
        let most = density.probabilities.max() ?? 1, w = plot.width / Double(density.cells),
            h = plot.height / Double(density.cells)
        for (cell, probability) in density.probabilities.enumerated() where probability > 0.004 * most {
            plot.add(
                """
                <rect x=\"\(Plot.at(plot.left + Double(cell % density.cells) * w))\" \
                y=\"\(Plot.at(plot.top + plot.height - Double(cell / density.cells + 1) * h))\" \
                width=\"\(Plot.at(w + 0.2))\" height=\"\(Plot.at(h + 0.2))\" style=\"fill:var(--heat)\" \
                opacity=\"\(String(format: "%.2f", (probability / most).squareRoot()))\"/>
                """
            )
        }
        body += plot.body
    }
    var labels = Plot(left: 0, top: 0, width: 1, height: 1, x: 0...1, y: 0...1)
    labels.text(
        "across: \(axes[0]);  up: \(axes.count > 1 ? axes[1] : "")", 984, Double(rows) * 300, style: "axis",
        anchor: "end")
    return figure(body + labels.body, 1000, rows * 300 + 14, caption)
}
