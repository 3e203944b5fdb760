import Foundation

/// One run's folder as a report needs it.
struct ReportedRun {
    let url: URL
    let environment: String
    /// What its curve is called: GPO, Single, Joint, PPO or A2C; of GPO's variants with what mutates where that is no
    /// PPO; PDERL and the like.
    let label: String
    let population: Int, seeds: [UInt64], crosses: Bool
    /// How parents and children acted while they were measured; nil if none were.
    let measuredActions: MeasuredActions?
    /// Per seed: environment steps of the whole run, the best member's return and the members' mean, over each one's
    /// last ten episodes or more.
    let curves: [[(steps: Double, best: Double, mean: Double)]]
    let final: FinalEvaluation?
    let lineage: [LineageEntry]
    let visited: (arrays: [String: [Float]], width: Int, metadata: [String: String])?

    /// A folder's runs: one for each variant of ERL's family, else one.
    static func all(_ url: URL) throws -> [ReportedRun] {
        let saved = try SavedRun(url)
        guard let erl = saved.erl else { return [try ReportedRun(url, saved)] }
        return try erl.variants.indices.map { try ReportedRun(url, saved, erl, variant: $0) }
    }

    private init(_ url: URL, _ saved: SavedRun, _ erl: ERLConfig, variant: Int) throws {
        (self.url, environment, population, seeds) = (url, saved.spec.name, saved.population, saved.trainingSeeds)
        (crosses, measuredActions, lineage, visited) = (false, nil, [], nil)
        label =
            (erl.population == 0 ? erl.learner.rawValue : erl.variants[variant].rawValue).uppercased()
            + (erl.isFaithful ? " (faithful)" : "")
        let rows = variant * saved.trainingSeeds.count..<(variant + 1) * saved.trainingSeeds.count
        var curves = [[(steps: Double, best: Double, mean: Double)]](repeating: [], count: rows.count)
        for row in try Self.rows(
            saved.directory.metricsFile,
            columns: [
                "run", "frames",
                erl.testEpisodes > 0 ? "paper_score" : erl.population > 0 ? "best_fitness" : "learner_return",
                erl.population > 0 ? "mean_fitness" : "learner_return"
            ])
        {
            if rows.contains(Int(row[0])), row[2].isFinite {
                curves[Int(row[0]) - rows.lowerBound].append((row[1], row[2], row[3]))
            }
        }
        self.curves = curves
        final =
            FileSystem.exists(saved.directory.finalFile)
            ? try FinalEvaluation.read(saved.directory.finalFile).part(rows) : nil
    }

    /// Some columns of `metrics.csv` as numbers; rows that lack one are passed over.
    private static func rows(_ url: URL, columns: [String]) throws -> [[Double]] {
        let lines = String(decoding: try FileSystem.read(url), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: true)
        let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        let places = try columns.map { name in
            guard let place = header.firstIndex(of: name) else {
                throw RunError("\(url.path): there is no column \(name); what evogpu train wrote is accepted")
            }
            return place
        }
        return lines.dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == header.count else { return nil }
            let numbers = places.compactMap { Double(fields[$0]) }
            return numbers.count == places.count ? numbers : nil
        }
    }

    private init(_ url: URL, _ saved: SavedRun) throws {
        (self.url, environment, population, seeds) = (url, saved.spec.name, saved.population, saved.seeds)
        crosses = saved.gpo?.crosses ?? false
        measuredActions = saved.gpo?.lineageActions
        let base =
            switch saved.gpo?.variant {
            case .gpo: "GPO"
            case .single: "Single"
            case .joint: "Joint"
            case nil: saved.algorithm.name.uppercased()
            }
        label = saved.gpo != nil && saved.ppo?.objective == .a2c ? "\(base) (A2C)" : base
        curves = try Self.curves(saved.directory.metricsFile, seeds: saved.seeds, population: saved.population)
        final = FileSystem.exists(saved.directory.finalFile) ? try FinalEvaluation.read(saved.directory.finalFile) : nil
        lineage =
            crosses && FileSystem.exists(saved.directory.lineageFile)
            ? try LineageLog.read(saved.directory.lineageFile) : []
        if FileSystem.exists(saved.directory.visitedFile) {
            let (arrays, metadata) = try Safetensors.read(saved.directory.visitedFile)
            visited = (
                try Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, try $0.values(as: Float.self)) }),
                arrays.first?.shape.last ?? 0, metadata
            )
        } else {
            visited = nil
        }
    }

    private static func curves(_ url: URL, seeds: [UInt64], population: Int) throws -> [[(
        steps: Double, best: Double, mean: Double
    )]] {
        let lines = String(decoding: try FileSystem.read(url), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: true)
        guard let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) else {
            return seeds.map { _ in [] }
        }
        func column(_ name: String) throws -> Int {
            guard let index = header.firstIndex(of: name) else {
                throw RunError("\(url.path): there is no column \(name); what evogpu train wrote is accepted")
            }
            return index
        }
        let
            (iteration, steps, run, member, mean, count) = try (
                column("iteration"), column("steps_per_member"), column("run"), column("member"), column("mean_return"),
                column("episodes")
            ), total = header.firstIndex(of: "total_steps"), broken = header.firstIndex(of: "non_finite_resets")
        let window = 10.0
        // each member's last episodes, at least `window`
        var recent = [[(mean: Double, episodes: Double)]](repeating: [], count: seeds.count * population)
        var curves = [[(steps: Double, best: Double, mean: Double)]](repeating: [], count: seeds.count)
        var at = -1, atSteps = 0.0, changed = [Bool](repeating: false, count: seeds.count)
        func close() {
            guard at >= 0 else { return }
            for seed in seeds.indices where changed[seed] {
                changed[seed] = false
                let known = recent[seed * population..<(seed + 1) * population].filter { !$0.isEmpty }.map { list in
                    list.reduce(0) { $0 + $1.mean * $1.episodes } / list.reduce(0) { $0 + $1.episodes }
                }
                if let best = known.max() {
                    curves[seed].append((atSteps, best, known.reduce(0, +) / Double(known.count)))
                }
            }
        }
        for line in lines.dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == header.count, let now = Int(fields[iteration]), let run = Int(fields[run]),
                let member = Int(fields[member]), seeds.indices.contains(run), (0..<population).contains(member)
            else { continue }
            if now != at { close(); at = now }
            atSteps = total.flatMap { Double(fields[$0]) } ?? (Double(fields[steps]) ?? 0) * Double(population)
            // Returns of an iteration that met states which are not finite mean nothing.
            if let broken, fields[broken] != "0" { continue }
            if let value = Double(fields[mean]), value.isFinite, let episodes = Double(fields[count]), episodes > 0 {
                let index = run * population + member
                recent[index].append((value, episodes))
                while recent[index].dropFirst().reduce(0, { $0 + $1.episodes }) >= window {
                    recent[index].removeFirst()
                }
                changed[run] = true
            }
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
