import Foundation

/// What a report was asked to show.
public struct ReportOptions: Sendable {
    /// Whose children are shown beside their parents, from 1, where an algorithm has rounds.
    public var round = 1
    /// Two entries of the observation to show visited states by; nil for the first two principal components.
    public var dimensions: (Int, Int)?

    public init(round: Int = 1, dimensions: (Int, Int)? = nil) {
        (self.round, self.dimensions) = (round, dimensions)
    }
}

/// The runs of one folder that share a method, as a report needs them.
public struct ReportedRun {
    public let url: URL, saved: SavedRun
    /// What the method's curve is called.
    public let method: String
    /// Which of the folder's runs.
    let runs: [Int]
    /// Per run: environment steps, the best policy's return and the policies' mean.
    let curves: [[CurvePoint]]
    let final: FinalEvaluation?
    public var environment: String { saved.spec.name }
    var seeds: [UInt64] { runs.map { saved.policies.runs[$0].seed } }

    /// A folder's runs, one for each method.
    static func all(_ url: URL) throws -> [ReportedRun] {
        let saved = try SavedRun(url), labels = saved.policies.runs
        let curves = try CurveReader(saved).curves()
        let final =
            FileSystem.exists(saved.directory.finalFile) ? try FinalEvaluation.read(saved.directory.finalFile) : nil
        var methods: [String] = []
        for label in labels where !methods.contains(label.method) { methods.append(label.method) }
        return methods.map { method in
            let mine = labels.indices.filter { labels[$0].method == method }
            return ReportedRun(
                url: url, saved: saved, method: method, runs: mine, curves: mine.map { curves[$0] },
                final: final?.part(mine))
        }
    }
}

struct CurvePoint { let steps: Double, best: Double, mean: Double }

/// Learning curves out of `metrics.csv`, by the columns' roles.
private struct CurveReader {
    let file: URL
    let runs: Int, perRun: Int
    private let header: [String], lines: [Substring]
    private let metrics: [(name: String, meaning: String, role: ColumnRole?)]
    /// Episodes of a member that its return is the mean of, or more.
    private let window = 10.0

    init(_ saved: SavedRun) throws {
        (file, metrics) = (saved.directory.metricsFile, saved.algorithm.metrics)
        (runs, perRun) = (saved.policies.runs.count, saved.policies.perRun)
        let all = String(decoding: try FileSystem.read(file), as: UTF8.self).split(separator: "\n")
        header = all.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        lines = Array(all.dropFirst())
        for metric in metrics where metric.role != nil && !header.isEmpty && !header.contains(metric.name) {
            throw RunError("\(file.path): there is no column \(metric.name); what evogpu train wrote is accepted")
        }
    }

    private func columns(_ role: ColumnRole) -> [Int] {
        metrics.filter { $0.role == role }.compactMap { header.firstIndex(of: $0.name) }
    }
    private func column(_ role: ColumnRole) -> Int? { columns(role).first }

    func curves() throws -> [[CurvePoint]] {
        guard !header.isEmpty else { return Array(repeating: [], count: runs) }
        guard column(.run) != nil else { throw RunError("\(file.path): no column has the run") }
        return column(.member) == nil ? ofRuns() : ofMembers()
    }

    private var rows: [[Substring]] {
        lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }.filter { $0.count == header.count }
    }

    private func steps(_ fields: [Substring]) -> Double? {
        if let total = column(.steps) { return Double(fields[total]) }
        return column(.memberSteps).flatMap { Double(fields[$0]) }.map { $0 * Double(perRun) }
    }

    /// Rows with a run's best and mean.
    private func ofRuns() -> [[CurvePoint]] {
        var curves = [[CurvePoint]](repeating: [], count: runs)
        for fields in rows {
            func value(_ role: ColumnRole) -> Double? { columns(role).compactMap { Double(fields[$0]) }.last }
            guard let run = Int(fields[column(.run)!]), curves.indices.contains(run), let steps = steps(fields),
                let best = value(.best) ?? value(.mean), best.isFinite
            else { continue }
            curves[run].append(CurvePoint(steps: steps, best: best, mean: value(.mean) ?? best))
        }
        return curves
    }

    /// Rows with a member's return: over its last episodes, the best member's and the mean of all.
    private func ofMembers() -> [[CurvePoint]] {
        var recent = [[(mean: Double, episodes: Double)]](repeating: [], count: runs * perRun)
        var curves = [[CurvePoint]](repeating: [], count: runs)
        var at: Substring?, atSteps = 0.0, changed = [Bool](repeating: false, count: runs)
        func close() {
            for run in changed.indices where changed[run] {
                changed[run] = false
                let known = recent[run * perRun..<(run + 1) * perRun].filter { !$0.isEmpty }.map { list in
                    list.reduce(0) { $0 + $1.mean * $1.episodes } / list.reduce(0) { $0 + $1.episodes }
                }
                guard let best = known.max() else { continue }
                curves[run].append(
                    CurvePoint(steps: atSteps, best: best, mean: known.reduce(0, +) / Double(known.count)))
            }
        }
        for fields in rows {
            guard let run = Int(fields[column(.run)!]), let member = Int(fields[column(.member)!]),
                changed.indices.contains(run), (0..<perRun).contains(member)
            else { continue }
            if fields[0] != at { close() }
            (at, atSteps) = (fields[0], steps(fields) ?? 0)
            // Returns of an iteration that met states which are not finite mean nothing.
            if let faults = column(.faults), fields[faults] != "0" { continue }
            guard let mean = column(.episodeReturn).flatMap({ Double(fields[$0]) }), mean.isFinite,
                let episodes = column(.episodes).flatMap({ Double(fields[$0]) }), episodes > 0
            else { continue }
            let index = run * perRun + member
            recent[index].append((mean, episodes))
            while recent[index].dropFirst().reduce(0, { $0 + $1.episodes }) >= window {
                recent[index].removeFirst()
            }
            changed[run] = true
        }
        close()
        return curves
    }
}

/// Mean and standard error of values from independent runs.
struct Spread {
    let mean: Double, error: Double, count: Int
    init(_ values: [Double]) {
        count = values.count
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        self.mean = mean
        error =
            values.count < 2
            ? 0
            : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1) / Double(values.count))
                .squareRoot()
    }
}

/// The two directions along which rows differ most, after each column was brought to mean 0 and deviation 1: power
/// iteration on the correlations, from a fixed start. Columns that never change are left out.
struct PrincipalComponents {
    private let mean: [Double], scale: [Double]
    let axes: [[Double]]
    /// Parts of the whole variance.
    let shares: [Double]

    init(_ rows: [Float], width: Int) {
        let count = rows.count / width
        var mean = [Double](repeating: 0, count: width), square = mean
        for row in 0..<count { for c in 0..<width { mean[c] += Double(rows[row * width + c]) } }
        mean = mean.map { $0 / Double(count) }
        for row in 0..<count {
            for c in 0..<width { let d = Double(rows[row * width + c]) - mean[c]; square[c] += d * d }
        }
        let scale = square.map { $0 > 1e-12 ? (Double(count) / $0).squareRoot() : 0 }
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        for row in 0..<count {
            let z = (0..<width).map { (Double(rows[row * width + $0]) - mean[$0]) * scale[$0] }
            for a in 0..<width { for b in a..<width { matrix[a][b] += z[a] * z[b] / Double(count) } }
        }
        for a in 0..<width { for b in 0..<a { matrix[a][b] = matrix[b][a] } }
        let whole = (0..<width).reduce(0) { $0 + matrix[$1][$1] }
        var axes: [[Double]] = [], shares: [Double] = []
        for axis in 0..<min(2, width) {
            var v = (0..<width).map { 1 + 0.37 * Double(($0 * 7 + axis * 3) % 5) }
            var length = 0.0
            for _ in 0..<300 {
                for known in axes {
                    let dot = zip(v, known).reduce(0) { $0 + $1.0 * $1.1 }
                    for c in 0..<width { v[c] -= dot * known[c] }
                }
                let next = (0..<width).map { a in (0..<width).reduce(0) { $0 + matrix[a][$1] * v[$1] } }
                length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
                guard length > 1e-12 else { break }
                v = next.map { $0 / length }
            }
            if (v.max { abs($0) < abs($1) } ?? 0) < 0 { v = v.map { -$0 } }
            axes.append(v)
            shares.append(whole > 0 ? length / whole : 0)
        }
        (self.mean, self.scale, self.axes, self.shares) = (mean, scale, axes, shares)
    }

    func project(_ rows: [Float], width: Int) -> [(Double, Double)] {
        (0..<rows.count / width).map { row in
            let z = (0..<width).map { (Double(rows[row * width + $0]) - mean[$0]) * scale[$0] }
            let at = axes.map { axis in zip(z, axis).reduce(0) { $0 + $1.0 * $1.1 } }
            return (at[0], at.count > 1 ? at[1] : 0)
        }
    }
}
