import GPUTensor

/// What one run's selection decided: who is copied over whom, who has children where, and who is mutated. All numbers
/// are slots within the run.
public struct GenerationPlan: Sendable, Equatable, Codable {
    public struct Copy: Sendable, Equatable, Codable {
        public let from: Int, to: Int
        public init(from: Int, to: Int) { (self.from, self.to) = (from, to) }
    }
    /// Two parents, the fitter one first, and the slot that their child is written to.
    public struct Child: Sendable, Equatable, Codable {
        public let first: Int, second: Int, slot: Int
        public init(first: Int, second: Int, slot: Int) { (self.first, self.second, self.slot) = (first, second, slot) }
    }
    /// Two parents that swap rows, and where the two children go; nil drops one.
    public struct Swap: Sendable, Equatable, Codable {
        public let first: Int, second: Int
        public var firstSlot: Int?, secondSlot: Int?
        public init(first: Int, second: Int, firstSlot: Int?, secondSlot: Int?) {
            (self.first, self.second, self.firstSlot, self.secondSlot) = (first, second, firstSlot, secondSlot)
        }
    }
    /// How an injected learner fared.
    public enum Fate: String, Sendable, Codable, CaseIterable { case elite, selected, discarded }

    /// The best, best first.
    public var elites: [Int] = []
    /// Who won a tournament: each once, in ascending order; in faithful mode one of an odd number again at the end.
    public var selected: [Int] = []
    /// Who is neither.
    public var unselected: [Int] = []
    /// The elites' copies, in the order of copying: a later one may copy what an earlier one wrote.
    public var clones: [Copy] = []
    /// Of distillation; written after the clones.
    public var children: [Child] = []
    /// Of n-point crossover; written after the clones.
    public var swaps: [Swap] = []
    /// Slots that hold an elite no mutation touches, the champion's first.
    public var protected: [Int] = []
    /// Who is mutated in the end, children included.
    public var mutated: [Int] = []

    public init() {}

    /// Slots that get a child.
    public var childCount: Int {
        children.count + swaps.reduce(0) { $0 + ($1.firstSlot == nil ? 0 : 1) + ($1.secondSlot == nil ? 0 : 1) }
    }

    /// What became of the individual in a slot; for the rates of the PDERL paper's Table 2.
    public func fate(of slot: Int) -> Fate {
        elites.contains(slot) ? .elite : selected.contains(slot) ? .selected : .discarded
    }
}

/// What makes a pair of parents a good one.
public enum PairScore: String, Choice {
    /// The sum of both fitnesses; greedy in the paper's words.
    case fitness
    /// How differently the two behave.
    case distance
    /// A convex mix of both, each scaled to [0, 1] over the pairs. The paper proposes it.
    case mix
}

/// Selection of one run's generation in ERL and PDERL.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), Algorithm 1; Bodnar et al. 2020 (arXiv:1906.09807), Parent selection
/// mechanism. What the papers leave open is as in the published code: crisbodnar/pderl, core/mod_neuro_evo.py, and
/// neurips_paper_2018 of ERL.
///
/// Elites are copied over slots of the unselected, their copies are safe from mutation and the originals are not; the
/// other unselected slots get children. The faithful mode keeps what looks unintended: the odd winner that is put twice
/// into the pool and may mate with itself, elites' copies ranked by the fitness of whom they overwrote, and copies over
/// other elites where unselected slots run out. The default mode pairs different individuals, each pair once, by
/// fitness of their own, and lets an elite without a free slot stay where it is.
public struct TournamentSelection: Sendable, Equatable {
    public enum Crossover: Sendable, Equatable { case distillation, nPoint }
    /// M, and how many of them are elites.
    public let population: Int, elites: Int
    public let crossover: Crossover
    public let isFaithful: Bool
    public let score: PairScore
    /// Weight of distance in a mix, in [0, 1].
    public let distanceWeight: Double
    public let mutationProbability: Double
    /// Entrants of a tournament.
    public let tournamentSize: Int

    /// - Throws: ``RunError`` naming what cannot work.
    public init(
        population: Int, elites: Int, crossover: Crossover, isFaithful: Bool, score: PairScore = .fitness,
        distanceWeight: Double = 0.5,
        mutationProbability: Double = 0.9, tournamentSize: Int = 3
    ) throws {
        guard population >= 2 else { throw RunError("population: \(population); at least 2 are needed to select from") }
        guard elites >= 1, elites < population else {
            throw RunError("elites: \(elites) of a population of \(population); 1 to \(population - 1) are accepted")
        }
        guard (0...1).contains(mutationProbability) else {
            throw RunError("mutation probability: \(mutationProbability); a number from 0 to 1 is accepted")
        }
        guard (0...1).contains(distanceWeight) else {
            throw RunError("distance weight: \(distanceWeight); a number from 0 to 1 is accepted")
        }
        guard tournamentSize >= 1 else { throw RunError("tournament size: \(tournamentSize); at least 1 is accepted") }
        (self.population, self.elites, self.crossover, self.isFaithful) = (population, elites, crossover, isFaithful)
        (self.score, self.distanceWeight, self.mutationProbability, self.tournamentSize) = (
            score, distanceWeight, mutationProbability, tournamentSize
        )
    }

    /// - Parameters:
    ///   - fitness: `[M]`; what is not a number ranks last.
    ///   - distances: `[M][M]`, symmetric, as before selection; empty where ``score`` is fitness or rows are swapped.
    ///   - generation: a number that no other selection of the run has.
    public func plan(fitness: [Double], distances: [[Double]] = [], seed: UInt64, generation: UInt32) -> GenerationPlan
    {
        precondition(
            fitness.count == population && (crossover == .nPoint || score == .fitness || distances.count == population))
        func random(_ purpose: RandomPurpose) -> HostRandom {
            HostRandom(seed: seed, step: generation, purpose: purpose)
        }
        let fitness = fitness.map { $0.isNaN ? -.infinity : $0 }
        var plan = GenerationPlan()
        // Of equals the later slot comes first: the code sorts upwards and turns the order round.
        let ranks = (0..<population).sorted { fitness[$0] != fitness[$1] ? fitness[$0] > fitness[$1] : $0 > $1 }
        plan.elites = Array(ranks[..<elites])

        var tournament = random("TOUR"), winners: Set<Int> = []
        for _ in 0..<population - elites {
            winners.insert(
                ranks[(0..<tournamentSize).reduce(population) { best, _ in min(best, tournament.below(population)) }])
        }
        plan.selected = winners.sorted()
        if isFaithful && !plan.selected.count.isMultiple(of: 2) {
            var padding = random("ODDS")
            plan.selected.append(plan.selected[padding.below(plan.selected.count)])
        }
        plan.unselected = (0..<population).filter { !winners.contains($0) && !plan.elites.contains($0) }

        var shuffle = random("SHUF"), free = shuffle.shuffled(plan.unselected), pool = plan.selected
        var origin = Array(0..<population)  // whose parameters each slot holds
        for elite in plan.elites {
            guard let slot = takeSlot(from: &free, or: &pool, plan, ranks) else {
                plan.protected.append(elite)
                continue
            }
            plan.clones.append(.init(from: elite, to: slot))
            plan.protected.append(slot)
            origin[slot] = origin[elite]
        }

        switch crossover {
        case .distillation: plan.children = children(in: free, of: plan.protected + pool, origin, fitness, distances)
        case .nPoint:
            plan.swaps = swaps(in: free, elites: plan.protected, selected: pool, origin, random("MATE"), random("ODDU"))
        }
        var dice = random("WHOM")
        for slot in 0..<population where !plan.protected.contains(slot) && dice.uniform() < mutationProbability {
            plan.mutated.append(slot)
        }
        return plan
    }

    /// Where an elite is copied to: an unselected slot; where there is none, in faithful mode the first selected one,
    /// whoever is in it, by default that of the least fit selected one that is no elite; nil where that is missing too.
    private func takeSlot(from free: inout [Int], or pool: inout [Int], _ plan: GenerationPlan, _ ranks: [Int]) -> Int?
    {
        if !free.isEmpty { return free.removeFirst() }
        if isFaithful { return pool.isEmpty ? nil : pool.removeFirst() }
        guard let slot = ranks.last(where: { pool.contains($0) && !plan.elites.contains($0) }) else { return nil }
        pool.removeAll { $0 == slot }
        return slot
    }

    /// Child i has the i-th best pair as parents, from the start again where there are fewer pairs.
    private func children(
        in slots: [Int], of members: [Int], _ origin: [Int], _ fitness: [Double], _ distances: [[Double]]
    ) -> [GenerationPlan.Child] {
        var pairs: [Couple] = []
        var known: Set<[Int]> = []
        for (index, first) in members.enumerated() {
            for second in members[(index + 1)...] {
                let individuals = [origin[first], origin[second]].sorted()
                guard isFaithful || individuals[0] != individuals[1] && known.insert(individuals).inserted else {
                    continue
                }
                pairs.append(Couple(first, second))
            }
        }
        guard !pairs.isEmpty else {
            // One individual is all that is left: its children are copies of it.
            return slots.map { .init(first: members[0], second: members[0], slot: $0) }
        }
        func rank(_ slot: Int) -> Double { fitness[isFaithful ? slot : origin[slot]] }
        let sums = pairs.map { rank($0.first) + rank($0.second) }
        let gaps = distances.isEmpty ? [] : pairs.map { distances[origin[$0.first]][origin[$0.second]] }
        let scores =
            switch score {
            case .fitness: sums
            case .distance: gaps
            case .mix:
                zip(scaledToUnit(sums), scaledToUnit(gaps)).map { (1 - distanceWeight) * $0 + distanceWeight * $1 }
            }
        let order = pairs.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return slots.enumerated().map { index, slot in
            let pair = pairs[order[index % order.count]]
            // The code makes the second of equal distances the first of the two, the first of equal fitnesses.
            let (a, b) = score == .distance && isFaithful ? (pair.second, pair.first) : (pair.first, pair.second)
            return rank(a) < rank(b) ? .init(first: b, second: a, slot: slot) : .init(first: a, second: b, slot: slot)
        }
    }

    /// An elite's copy and a selected one, both drawn, for every two slots. An odd slot's partner is another one's slot
    /// again in faithful mode, which the later pair keeps; by default the odd slot takes the first child alone, and the
    /// two are different individuals if any are.
    private func swaps(
        in free: [Int], elites: [Int], selected: [Int], _ origin: [Int], _ mate: HostRandom, _ padding: HostRandom
    ) -> [GenerationPlan.Swap] {
        var slots = free, mate = mate, padding = padding
        if isFaithful && !slots.count.isMultiple(of: 2) { slots.append(slots[padding.below(slots.count)]) }
        var swaps: [GenerationPlan.Swap] = []
        for start in stride(from: 0, to: slots.count, by: 2) {
            let first = elites[mate.below(elites.count)], all = selected.isEmpty ? elites : selected
            let others = isFaithful ? all : all.filter { origin[$0] != origin[first] },
                choice = others.isEmpty ? all : others
            let second = choice[mate.below(choice.count)], slot = slots[start],
                partner = start + 1 < slots.count ? slots[start + 1] : nil
            if partner == slot {
                // Both are cloned into one slot, the second last, and swap rows with themselves.
                swaps.append(.init(first: second, second: second, firstSlot: slot, secondSlot: nil))
                continue
            }
            for earlier in swaps.indices {
                if [slot, partner].contains(swaps[earlier].firstSlot) { swaps[earlier].firstSlot = nil }
                if let written = swaps[earlier].secondSlot, [slot, partner].contains(written) {
                    swaps[earlier].secondSlot = nil
                }
            }
            swaps.append(.init(first: first, second: second, firstSlot: slot, secondSlot: partner))
        }
        return swaps
    }

    /// Where the learner is injected after this generation's selection.
    ///
    /// - Parameter sparesChampion: in faithful mode, whether the champion's copy is stepped over (PDERL) or not (ERL).
    /// - Note: The published code takes the slot of the worst before selection, which by then holds somebody else, in a
    ///   fifth of all cases an elite's copy. By default it is the least fit after selection, never an elite's copy; a
    ///   child counts as its parents' mean.
    public func injectionSlot(_ plan: GenerationPlan, fitness: [Double], sparesChampion: Bool = true) -> Int {
        let fitness = fitness.map { $0.isNaN ? -.infinity : $0 }
        if isFaithful {
            let worst = fitness.indices.min { fitness[$0] < fitness[$1] }!
            return sparesChampion && worst == plan.protected[0] ? (worst + 1) % population : worst
        }
        var standing = fitness
        for clone in plan.clones { standing[clone.to] = standing[clone.from] }
        let before = standing
        for child in plan.children { standing[child.slot] = (before[child.first] + before[child.second]) / 2 }
        for swap in plan.swaps {
            for slot in [swap.firstSlot, swap.secondSlot] {
                if let slot { standing[slot] = (before[swap.first] + before[swap.second]) / 2 }
            }
        }
        return (0..<population).filter { !plan.protected.contains($0) }.min { standing[$0] < standing[$1] }!
    }
}

/// Values shifted and scaled to [0, 1]; 0 where they are equal, and for what is not finite.
func scaledToUnit(_ values: [Double]) -> [Double] {
    let finite = values.filter(\.isFinite), low = finite.min() ?? 0, range = (finite.max() ?? 0) - low
    return values.map { range > 0 && $0.isFinite ? ($0 - low) / range : 0 }
}
