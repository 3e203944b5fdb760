import Foundation
import GPUTensor

/// What the variation operators do to a trained population: children beside their parents, and where both go.
///
/// Bodnar et al. 2020 (arXiv:1906.09807): figures 5 (crossovers), 7 (mutations), 6 and 8 (visited states, divergence
/// between parent and child), 9 (dependence on the magnitude) and 10 (choice of parents; there over whole training
/// runs, here by the children of each choice). Everybody is played without noise from the same start states. The
/// published code's statistics measure the first child of a row swap twice; here both count.
public struct OperatorStudy: Codable, Sendable {
    public struct Settings: Sendable {
        /// Couples, and policies to mutate.
        public var samples = 10
        /// Episodes of every policy.
        public var episodes = 5
        public var magnitudes = [0.01, 0.02, 0.05, 0.1, 0.2]
        /// Children of each choice of parents.
        public var childrenPerPairing = 4
        public var seed: UInt64 = 1
        /// Two entries of the observation that densities are over; nil for the first two principal components of the
        /// parents' states.
        public var dimensions: (Int, Int)?
        public init() {}
    }
    public struct Crossover: Codable, Sendable {
        /// Members of the population, the fitter one first.
        public let first: Int, second: Int
        public let firstFitness: Double, secondFitness: Double, distilled: Double, swapped: [Double]
        /// Divergence of each child's states from those of both parents together, in nats.
        public let distilledDivergence: Double, swappedDivergence: Double
    }
    public struct Mutation: Codable, Sendable {
        public let parent: Int, parentFitness: Double, proximal: Double, gaussian: Double
        /// KL between the parent's and the child's visited states, in nats.
        public let proximalDivergence: Double, gaussianDivergence: Double
    }
    public struct Magnitude: Codable, Sendable {
        public let magnitude: Double
        /// Of every mutated parent, in the order of ``mutations``.
        public let fitness: [Double], divergences: [Double]
    }
    public struct Pairing: Codable, Sendable {
        public let score: PairScore
        public let couples: [[Int]], distances: [Double], parentFitness: [Double], childFitness: [Double]
    }
    /// A grid of probabilities over two coordinates, row by row from the lowest.
    public struct Density: Codable, Sendable {
        public let name: String, cells: Int, probabilities: [Double]
    }
    public let environment: String, algorithm: String, variant: String, run: Int, generation: Int, episodes: Int
    public let axes: [String]
    public let crossovers: [Crossover], mutations: [Mutation], magnitudes: [Magnitude], pairings: [Pairing]
    /// Of the first crossover, of the first mutation, and of the first parent's children by magnitude.
    public let crossoverDensities: [Density], mutationDensities: [Density], magnitudeDensities: [Density]
}

/// Studies the operators on one run of a folder of ERL's family.
///
/// - Parameter run: which of the folder's runs in lock-step, from 0.
/// - Throws: ``RunError`` for a folder without a population of such a run or a setting that can't be; ``DeviceError``
///   if the memory does not suffice.
public func studyOperators(_ url: URL, run: Int = 0, settings: OperatorStudy.Settings = .init(), on queue: Queue) throws
    -> OperatorStudy
{
    let saved = try SavedRun(url)
    guard let config = saved.config as? ERLConfig else {
        throw RunError(
            """
            \(url.path): a run of \(saved.algorithm.name) without a population that ERL evolves; runs of erl, perl, \
            derl \
            and pderl are accepted
            """)
    }
    guard saved.policies.runs.indices.contains(run) else {
        throw RunError("--run is \(run); accepted: 0 to \(saved.policies.runs.count - 1)")
    }
    for (name, value, limit) in [
        ("samples", settings.samples, 1000), ("episodes", settings.episodes, 10_000),
        ("children", settings.childrenPerPairing, 1000)
    ] {
        guard (1...limit).contains(value) else {
            throw RunError("--\(name) is \(value); accepted: a whole number from 1 to \(limit)")
        }
    }
    guard !settings.magnitudes.isEmpty,
        settings.magnitudes.allSatisfy({ (Double(Float.leastNormalMagnitude)...10).contains($0) })
    else { throw RunError("--magnitudes are \(settings.magnitudes); accepted: numbers above 0, up to 10") }
    if let (a, b) = settings.dimensions {
        guard (0..<saved.spec.observationCount).contains(a), (0..<saved.spec.observationCount).contains(b) else {
            throw RunError(
                """
                --dimensions is \(a),\(b); accepted: two numbers from 0 to \(saved.spec.observationCount - 1), \
                entries of \(saved.spec.name)'s observation
                """
            )
        }
    }
    let (arrays, state) = try Checkpoint.read(state: TrainingRun.State<TrainingRun.AnyOwn>.self, in: url)
    try state.head.check(against: saved)
    guard state.head.iteration > 0 else {
        throw RunError(
            """
            \(url.path): the run has no generation behind it, so that nobody remembers anything; a run from its first \
            generation on is accepted
            """
        )
    }
    return try StudyStage(
        saved, config, run, settings, arrays, generation: state.head.iteration, on: queue
    ).study()
}

/// One table of policies: the population, and behind it every child.
private final class StudyStage {
    let saved: SavedRun, config: ERLConfig, run: Int, settings: OperatorStudy.Settings, generation: Int
    let actor: Policy, critic: CriticNetwork
    let queue: Queue
    let k: Int
    /// Places of the children in the table.
    let distilled: Range<Int>, paired: Range<Int>, swapped: Range<Int>, gaussian: Range<Int>, proximal: Range<Int>
    let couples: [Couple], parents: [Int]
    /// Children whose memory is their own, rather than their parent's.
    let rings: Int
    let table: Tensor, critics: Tensor, memory: TransitionMemory, episodes: Evaluator, streams: Tensor
    let words: [UInt32]
    let crossover: DistillationCrossover, swap: NPointCrossover, proximalMutation: ProximalMutation,
        gaussianMutation: GaussianMutation
    let distance: BehaviourDistance
    private var size: Int { proximal.upperBound }

    init(
        _ saved: SavedRun, _ config: ERLConfig, _ run: Int, _ settings: OperatorStudy.Settings,
        _ arrays: [String: NamedArray], generation: Int, on queue: Queue
    ) throws {
        (self.saved, self.config, self.run, self.settings, self.generation, self.queue) = (
            saved, config, run, settings, generation, queue
        )
        (actor, critic) = try config.learning.networks(saved.spec)
        k = config.population
        let n = settings.samples, pairings = PairScore.allCases.count * settings.childrenPerPairing, k = k
        distilled = k..<k + n
        paired = distilled.upperBound..<distilled.upperBound + pairings
        swapped = paired.upperBound..<paired.upperBound + 2 * n
        gaussian = swapped.upperBound..<swapped.upperBound + n
        proximal = gaussian.upperBound..<gaussian.upperBound + n * (1 + settings.magnitudes.count)
        rings = n + pairings
        let size = proximal.upperBound, seed = settings.seed
        // Couples of different members, and parents of mutants, drawn.
        var draw = HostRandom(seed: seed, step: 0, purpose: "STUD")
        couples = (0..<n).map { _ in
            let first = draw.below(k), second = (first + 1 + draw.below(k - 1)) % k
            return Couple(first, second)
        }
        parents = (0..<n).map { _ in draw.below(k) }
        let parents = parents, gaussian = gaussian, proximal = proximal
        // A mutant remembers what its parent does; children of rows that were swapped are not asked.
        let owners = (0..<size).map { place -> Int in
            if place < k + n + pairings { return place }
            guard place >= gaussian.lowerBound else { return 0 }
            return place < gaussian.upperBound
                ? parents[place - gaussian.lowerBound] : parents[(place - proximal.lowerBound) % n]
        }
        words = (0..<size).flatMap { Queue.streamWords(seeds: [seed], membersPerRun: $0 + 1).suffix(4) }
        var distillation = DistillationCrossover.Settings()
        (distillation.epochs, distillation.batch, distillation.learningRate) = (
            config.distillationEpochs, config.distillationBatchSize, config.distillationLearningRate
        )
        distillation.start = config.distillationStart == .fitter ? .fitter : .weaker
        var plan = Evaluator.Plan(episodes: settings.episodes)
        plan.keepsTransitions = true
        let (actor, critic, words, ringCount, most) = (actor, critic, words, k + rings, max(n, pairings))
        (table, critics, memory, episodes, streams, crossover, swap, proximalMutation, gaussianMutation, distance) =
            try queue.plan(lower: "--samples, --episodes or --children") {
                let streams = try queue.tensor(.uint32, [size, 4])
                return try (
                    queue.tensor(.float32, [size, actor.layout.rowCount]),
                    queue.tensor(.float32, [1, critic.layout.rowCount]),
                    TransitionMemory(
                        owners: ringCount, capacity: config.geneticMemory, observations: saved.spec.observationCount,
                        actions: saved.spec.action.width, inherits: true, on: queue),
                    Evaluator(actor, saved.spec, members: size, plan, streams: streams, on: queue), streams,
                    DistillationCrossover(
                        actor, critic, runs: 1, population: size, limit: most, capacity: config.geneticMemory,
                        settings: distillation, owners: owners, streams: words, on: queue),
                    NPointCrossover(actor.layout, population: size, limit: n, streams: words, on: queue),
                    ProximalMutation(
                        actor, population: size, limit: n, states: config.mutationBatchSize,
                        scope: config.mutateAllParameters ? .all : .matrices, owners: owners, streams: words,
                        on: queue),
                    GaussianMutation(actor.layout, population: size, limit: n, streams: words, on: queue),
                    BehaviourDistance(
                        actor, runs: 1, population: k, owners: Array(0..<k), streams: Array(words[..<(4 * k)]),
                        on: queue)
                )
            }
        // Everybody meets the same start states.
        let same = (0..<size).flatMap { _ in words[..<4] }
        try streams.write(same)
        try episodes.start(streams: same)
        try load(arrays)
    }

    /// The run's population with its memories and critic.
    private func load(_ arrays: [String: NamedArray]) throws {
        func values(_ name: String, _ shape: [Int]) throws -> [Float] {
            _ = try Checkpoint.expect(arrays[name], name: name, dtype: .f32, shape: shape)
            return try arrays[name]!.values()
        }
        let runs = saved.policies.runs.count, policies = config.policies, n = actor.layout.rowCount,
            base = run * policies,
            critic = self.critic.layout.rowCount
        let all = try values("parameters", [runs * policies, n])
        try table.write(Array(all[base * n..<(base + k) * n]), at: 0)
        try critics.write(Array(try values("learner.critic", [runs, critic])[run * critic..<(run + 1) * critic]))
        let heads: [Int32] = try (arrays["genetic.heads"] ?? NamedArray("", [Int32]())).values(),
            counts: [Int32] = try (arrays["genetic.counts"] ?? NamedArray("", [Int32]())).values()
        guard heads.count == runs * policies, counts.count == heads.count else {
            throw RunError(
                "the checkpoint holds \(counts.count) genetic memories; the run has \(runs * policies) policies")
        }
        var mine: [String: NamedArray] = [:]
        let none = [Int32](repeating: 0, count: rings)
        mine["study.heads"] = NamedArray("study.heads", heads[base..<base + k] + none)
        mine["study.counts"] = NamedArray("study.counts", counts[base..<base + k] + none)
        for owner in 0..<k + rings {
            let source = owner < k ? arrays["genetic.\(base + owner)"] : nil
            mine["study.\(owner)"] =
                source.map { NamedArray(name: "study.\(owner)", dtype: $0.dtype, shape: $0.shape, bytes: $0.bytes) }
                ?? NamedArray("study.\(owner)", [Float](), shape: [0, memory.width])
        }
        try memory.restore("study", from: mine)
    }

    /// Copies rows of the table to other places of it.
    private func copy(_ pairs: [(from: Int, to: Int)]) throws {
        var indices = [Int32](repeating: -1, count: size)
        for pair in pairs { indices[pair.to] = Int32(pair.from) }
        let before = try queue.tensor(.float32, table.shape)
        try queue.copy(table, to: before)
        try queue.gatherRows(table, from: before, queue.tensor(indices))
    }

    func study() throws -> OperatorStudy {
        let n = settings.samples
        // As in training, the parents remember what they have done themselves: a checkpoint is written after its
        // generation's mutations, so that most of its policies have not played yet.
        try episodes.play(table, number: 1)
        let trials = min(config.trials, settings.episodes)
        try memory.append(
            episodes.transitions!, lengths: episodes.lengths!,
            order: queue.tensor(
                (0..<memory.owners).flatMap { owner in
                    (0..<trials).map { owner < k ? Int32(owner * settings.episodes + $0) : -1 }
                }, [memory.owners, trials]))
        // The population alone tells who is fitter.
        let fitness = try play(0).fitness
        func fitter(_ a: Int, _ b: Int) -> (Int, Int) { fitness[a] < fitness[b] ? (b, a) : (a, b) }

        let sorted = couples.map { fitter($0.first, $0.second) }
        try distance.measure(table, memory: memory, step: 1)
        let gaps = try distance.read()[0]
        let chosen = try PairScore.allCases.map { score -> [(Int, Int)] in try pairs(score, fitness, gaps) }
        let children = zip(distilled, sorted).map { GenerationPlan.Child(first: $1.0, second: $1.1, slot: $0) }
        let others = zip(paired, chosen.flatMap { $0 }).map {
            GenerationPlan.Child(first: $1.0, second: $1.1, slot: $0)
        }
        let streamTensor = try queue.tensor(Array(words[..<(4 * memory.owners)]), [memory.owners, 4])
        try memory.inherit(
            (children + others).map {
                Inheritance(
                    $0.slot, first: $0.first, second: $0.second, limit: memory.capacity / 2,
                    isShuffled: config.isFaithful)
            }, streams: streamTensor, step: 1, purpose: "STUD")
        try crossover.distil(children, parameters: table, critics: critics, memory: memory, step: 1)
        try crossover.distil(others, parameters: table, critics: critics, memory: memory, step: 2)
        try swap.cross(
            (0..<n).map {
                .init(
                    first: sorted[$0].0, second: sorted[$0].1, firstSlot: swapped.lowerBound + 2 * $0,
                    secondSlot: swapped.lowerBound + 2 * $0 + 1)
            }, parameters: table, step: 1)

        try copy(
            gaussian.map { ($0, parents[$0 - gaussian.lowerBound]) }.map { (from: $1, to: $0) }
                + proximal.map { (from: parents[($0 - proximal.lowerBound) % n], to: $0) })
        try gaussianMutation.mutate(Array(gaussian), parameters: table, step: 1)
        // Every magnitude scales the same noise: a mutant draws with the stream of its place among the first, so they
        // go there in turn.
        let
            own = try config.mutationMagnitude.values(count: saved.policies.runs.count, name: "mutation_magnitude")[
                run],
            first = Array(proximal.prefix(n))
        for (index, magnitude) in ([Double(own)] + settings.magnitudes).enumerated().reversed() {
            try copy(first.map { (from: parents[$0 - proximal.lowerBound], to: $0) })
            try proximalMutation.mutate(
                first, parameters: table, magnitudes: [Float](repeating: Float(magnitude), count: size), memory: memory,
                step: 1)
            if index > 0 { try copy(first.map { (from: $0, to: $0 + index * n) }) }
        }
        let played = try play(0),
            plane = StatePlane(
                played.states, width: saved.spec.observationCount,
                parents: Set(sorted.flatMap { [$0.0, $0.1] } + parents), dimensions: settings.dimensions)
        func density(_ places: Int...) -> [Double] { plane.density(places) }
        let score = played.fitness

        return OperatorStudy(
            environment: saved.spec.name, algorithm: saved.algorithm.name,
            variant: saved.policies.runs[run].variant ?? "",
            run: run, generation: generation, episodes: settings.episodes, axes: plane.axes,
            crossovers: (0..<n).map { i in
                let (a, b) = sorted[i], both = density(a, b), s = swapped.lowerBound + 2 * i
                return .init(
                    first: a, second: b, firstFitness: score[a], secondFitness: score[b],
                    distilled: score[distilled.lowerBound + i], swapped: [score[s], score[s + 1]],
                    distilledDivergence: StatePlane.divergence(both, density(distilled.lowerBound + i)),
                    swappedDivergence: (StatePlane.divergence(both, density(s))
                        + StatePlane.divergence(both, density(s + 1))) / 2)
            },
            mutations: (0..<n).map { i in
                let p = parents[i], from = density(p)
                return .init(
                    parent: p, parentFitness: score[p], proximal: score[proximal.lowerBound + i],
                    gaussian: score[gaussian.lowerBound + i],
                    proximalDivergence: StatePlane.divergence(from, density(proximal.lowerBound + i)),
                    gaussianDivergence: StatePlane.divergence(from, density(gaussian.lowerBound + i)))
            },
            magnitudes: settings.magnitudes.enumerated().map { index, magnitude in
                let places = (0..<n).map { proximal.lowerBound + (index + 1) * n + $0 }
                return .init(
                    magnitude: magnitude, fitness: places.map { score[$0] },
                    divergences: (0..<n).map { StatePlane.divergence(density(parents[$0]), density(places[$0])) })
            },
            pairings: PairScore.allCases.enumerated().map { index, kind in
                let places = (0..<settings.childrenPerPairing).map {
                    paired.lowerBound + index * settings.childrenPerPairing + $0
                }
                return .init(
                    score: kind, couples: chosen[index].map { [$0.0, $0.1] },
                    distances: chosen[index].map { gaps[$0.0][$0.1] },
                    parentFitness: chosen[index].map { (score[$0.0] + score[$0.1]) / 2 },
                    childFitness: places.map { score[$0] })
            },
            crossoverDensities: [
                ("first parent", sorted[0].0), ("second parent", sorted[0].1),
                ("distilled child", distilled.lowerBound), ("n-point child", swapped.lowerBound)
            ].map { plane.named($0, $1) },
            mutationDensities: [
                ("parent", parents[0]), ("proximal child", proximal.lowerBound), ("Gaussian child", gaussian.lowerBound)
            ].map { plane.named($0, $1) },
            magnitudeDensities: settings.magnitudes.enumerated().map {
                plane.named("sigma \(plainNumber($1, digits: $1 < 0.1 ? 2 : 1))", proximal.lowerBound + ($0 + 1) * n)
            })
    }

    /// The best pairs of the population by one score, each of different members.
    private func pairs(_ score: PairScore, _ fitness: [Double], _ gaps: [[Double]]) throws -> [(Int, Int)] {
        var all: [(Int, Int)] = []
        for a in 0..<k { for b in 0..<a { all.append(fitness[a] < fitness[b] ? (b, a) : (a, b)) } }
        let sums = scaledToUnit(all.map { fitness[$0.0] + fitness[$0.1] }),
            apart = scaledToUnit(all.map { gaps[$0.0][$0.1] }), weight = config.pairingDistanceWeight
        let values = all.indices.map {
            score == .fitness ? sums[$0] : score == .distance ? apart[$0] : (1 - weight) * sums[$0] + weight * apart[$0]
        }
        let order = all.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        return (0..<settings.childrenPerPairing).map { all[order[$0 % order.count]] }
    }

    /// Everybody's mean return and visited states, by place in the table.
    private func play(_ number: Int) throws -> (fitness: [Double], states: [[Float]]) {
        try episodes.play(table, number: UInt32(number))
        let played = try episodes.read().flatMap { $0 }, e = settings.episodes
        let width = saved.spec.observationCount, row = memory.width, limit = saved.spec.timeLimit
        let all: [Float] = try episodes.transitions!.read()
        var states: [[Float]] = []
        for place in 0..<size {
            var mine: [Float] = []
            for slot in place * e..<(place + 1) * e {
                for t in 0..<played[slot].kept { let at = (slot * limit + t) * row; mine += all[at..<at + width] }
            }
            states.append(mine)
        }
        return (
            (0..<size).map { place in
                (place * e..<(place + 1) * e).reduce(0) { $0 + (played[$1].isBroken ? -.infinity : played[$1].reward) }
                    / Double(e)
            }, states
        )
    }
}

/// Two coordinates of visited states, and densities over them: normal kernels of Scott's width on a grid that holds 99
/// % of all states.
struct StatePlane {
    let axes: [String]
    let cells = 40
    private let points: [[(Double, Double)]], xs: ClosedRange<Double>, ys: ClosedRange<Double>

    /// - Parameters:
    ///   - states: by policy, rows of `width`.
    ///   - parents: whose states the principal components are of.
    init(_ states: [[Float]], width: Int, parents: Set<Int>, dimensions: (Int, Int)?) {
        if let (a, b) = dimensions {
            points = states.map { rows in
                (0..<rows.count / width).map { (Double(rows[$0 * width + a]), Double(rows[$0 * width + b])) }
            }
            axes = ["observation \(a)", "observation \(b)"]
        } else {
            let components = PrincipalComponents(parents.sorted().flatMap { states[$0] }, width: width)
            points = states.map { components.project($0, width: width) }
            axes = components.shares.enumerated().map {
                "principal component \($0 + 1) (\(plainNumber(100 * $1)) % of the parents' variance)"
            }
        }
        func range(_ values: [Double]) -> ClosedRange<Double> {
            let sorted = values.filter(\.isFinite).sorted(), cut = sorted.count / 200
            guard let low = sorted.dropFirst(cut).first, let high = sorted.dropLast(cut).last else { return 0...1 }
            let margin = 0.08 * max(high - low, 1e-9)
            return low - margin...high + margin
        }
        xs = range(points.flatMap { $0.map(\.0) })
        ys = range(points.flatMap { $0.map(\.1) })
    }

    /// Probabilities of the cells, over all states of some policies.
    func density(_ places: [Int]) -> [Double] {
        var grid = [Double](repeating: 0, count: cells * cells)
        let mine = places.flatMap { points[$0] }.filter { xs.contains($0.0) && ys.contains($0.1) }
        func cell(_ value: Double, _ range: ClosedRange<Double>) -> Int {
            min(cells - 1, Int((value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(cells)))
        }
        for (x, y) in mine { grid[cell(y, ys) * cells + cell(x, xs)] += 1 }
        // Scott 1992: n^(-1/6) standard deviations in two dimensions.
        func width(_ values: [Double], _ range: ClosedRange<Double>) -> Double {
            let count = Double(max(values.count, 1)), mean = values.reduce(0, +) / count,
                deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
            return max(0.5, pow(count, -1 / 6) * deviation / (range.upperBound - range.lowerBound) * Double(cells))
        }
        grid = smoothed(grid, stride: 1, width(mine.map(\.0), xs))
        grid = smoothed(grid, stride: cells, width(mine.map(\.1), ys))
        let sum = grid.reduce(0, +)
        return sum > 0 ? grid.map { $0 / sum } : grid.map { _ in 1 / Double(cells * cells) }
    }

    func named(_ name: String, _ place: Int) -> OperatorStudy.Density {
        .init(name: name, cells: cells, probabilities: density([place]).map { ($0 * 1e8).rounded() / 1e8 })
    }

    private func smoothed(_ grid: [Double], stride: Int, _ width: Double) -> [Double] {
        let other = stride == 1 ? cells : 1, reach = Int((3 * width).rounded(.up)),
            kernel = (-reach...reach).map { exp(-Double($0 * $0) / (2 * width * width)) }
        var result = grid
        for line in 0..<cells {
            for i in 0..<cells {
                var sum = 0.0
                for (index, weight) in kernel.enumerated() {
                    let j = i + index - reach
                    if (0..<cells).contains(j) { sum += weight * grid[line * other + j * stride] }
                }
                result[line * other + i * stride] = sum
            }
        }
        return result
    }

    /// `KL(p || q)` in nats, both mixed with a thousandth of the uniform density so that no cell is empty.
    static func divergence(_ p: [Double], _ q: [Double]) -> Double {
        let part = 1e-3, even = part / Double(p.count)
        return zip(p, q).reduce(0) {
            let (a, b) = ((1 - part) * $1.0 + even, (1 - part) * $1.1 + even); return $0 + a * log(a / b)
        }
    }
}

extension OperatorStudy {
    /// Refuses a place that ``write(to:)`` would refuse, before the time of a study is spent.
    ///
    /// - Throws: ``RunError`` if there is something else than a folder.
    public static func check(_ folder: URL) throws {
        guard !FileSystem.exists(folder) || FileSystem.isFolder(folder) else {
            throw RunError("\(folder.path): this is a file; a folder, or one that is not there yet, is accepted")
        }
    }

    /// Everything as JSON, tables as CSV, and the page.
    public func write(to folder: URL) throws {
        try Self.check(folder)
        try FileSystem.createFolders(folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try FileSystem.writeAtomically(encoder.encode(self), to: folder.appendingPathComponent("operators.json"))
        func table(_ name: String, _ columns: String, _ rows: [[Any]]) throws {
            let lines = [columns] + rows.map { $0.map { "\($0)" }.joined(separator: ",") }
            try FileSystem.writeAtomically(
                Data((lines.joined(separator: "\n") + "\n").utf8), to: folder.appendingPathComponent(name))
        }
        try table(
            "crossovers.csv",
            "first,second,first_fitness,second_fitness,distilled,n_point_first,n_point_second,distilled_kl,n_point_kl",
            crossovers.map {
                [
                    $0.first, $0.second, $0.firstFitness, $0.secondFitness, $0.distilled, $0.swapped[0], $0.swapped[1],
                    $0.distilledDivergence, $0.swappedDivergence
                ]
            })
        try table(
            "mutations.csv", "parent,parent_fitness,proximal,gaussian,proximal_kl,gaussian_kl",
            mutations.map {
                [$0.parent, $0.parentFitness, $0.proximal, $0.gaussian, $0.proximalDivergence, $0.gaussianDivergence]
            })
        try table(
            "magnitudes.csv", "magnitude,parent,fitness,kl",
            magnitudes.flatMap { entry in
                mutations.indices.map {
                    [entry.magnitude, mutations[$0].parent, entry.fitness[$0], entry.divergences[$0]]
                }
            })
        try table(
            "pairings.csv", "score,first,second,distance,parents_mean_fitness,child_fitness",
            pairings.flatMap { entry in
                entry.couples.indices.map {
                    [
                        entry.score.rawValue, entry.couples[$0][0], entry.couples[$0][1], entry.distances[$0],
                        entry.parentFitness[$0], entry.childFitness[$0]
                    ]
                }
            })
        try FileSystem.writeAtomically(Data(report(on: self).utf8), to: folder.appendingPathComponent("operators.html"))
    }
}
