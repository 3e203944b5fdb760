import EvoGPU
import GPUTensor
import Testing

@Suite struct TournamentSelectionTests {
    /// The published code's epoch, told by what it does to a list of genomes. A genome is a string; a child is written
    /// down as its making.
    private struct Oracle {
        var genomes: [String]
        var elites: [Int] = [], offspring: [Int] = [], unselected: [Int] = [], copies: [Int] = [], mutated: [Int] = []

        init(_ s: TournamentSelection, _ fitness: [Double], _ distances: [[Double]], seed: UInt64, generation: UInt32) {
            let m = s.population
            func random(_ purpose: RandomPurpose) -> HostRandom {
                HostRandom(seed: seed, step: generation, purpose: purpose)
            }
            genomes = (0..<m).map { "\($0)" }
            // numpy's argsort, turned round.
            var ranking: [Int] = []
            for slot in 0..<m {
                ranking.insert(slot, at: ranking.firstIndex { fitness[$0] <= fitness[slot] } ?? ranking.count)
            }
            elites = Array(ranking.prefix(s.elites))
            var draws = random("TOUR"), chosen: [Int] = []
            for _ in 0..<(m - s.elites) {
                var entrants: [Int] = []
                for _ in 0..<s.tournamentSize { entrants.append(draws.below(m)) }
                chosen.append(ranking[entrants.min()!])
            }
            for slot in 0..<m where chosen.contains(slot) { offspring.append(slot) }
            if s.isFaithful, offspring.count % 2 == 1 {
                var draw = random("ODDS")
                offspring.append(offspring[draw.below(offspring.count)])
            }
            for slot in 0..<m where !offspring.contains(slot) && !elites.contains(slot) { unselected.append(slot) }
            var shuffle = random("SHUF"), open = shuffle.shuffled(unselected), pool = offspring
            for elite in elites {
                if !open.isEmpty {
                    copies.append(open.remove(at: 0))
                } else if s.isFaithful {
                    // the code stops with an error where nobody is left
                    copies.append(pool.isEmpty ? elite : pool.remove(at: 0))
                } else {
                    let others = ranking.reversed().filter { pool.contains($0) && !elites.contains($0) }
                    if let other = others.first {
                        pool.remove(at: pool.firstIndex(of: other)!); copies.append(other)
                    } else {
                        copies.append(elite)
                    }
                }
                genomes[copies.last!] = genomes[elite]
            }
            let parents = copies + pool, before = genomes
            func own(_ slot: Int) -> Double { s.isFaithful ? fitness[slot] : fitness[Int(before[slot])!] }
            if s.crossover == .distillation {
                var groups: [(first: Int, second: Int, score: Double)] = []
                for i in parents.indices {
                    for j in parents.indices where j > i {
                        let a = parents[i], b = parents[j]
                        if !s.isFaithful {
                            if before[a] == before[b] { continue }
                            if groups.contains(where: {
                                Set([before[$0.first], before[$0.second]]) == Set([before[a], before[b]])
                            }) {
                                continue
                            }
                        }
                        let sum = own(a) + own(b),
                            distance = distances.isEmpty ? 0 : distances[Int(before[a])!][Int(before[b])!]
                        switch s.score {
                        case .fitness: groups.append(own(a) < own(b) ? (b, a, sum) : (a, b, sum))
                        case .distance: groups.append(s.isFaithful ? (b, a, distance) : (a, b, distance))
                        case .mix: groups.append((a, b, .nan))
                        }
                    }
                }
                if s.score == .mix {
                    let sums = groups.map { own($0.first) + own($0.second) },
                        gaps = groups.map { distances[Int(before[$0.first])!][Int(before[$0.second])!] }
                    for i in groups.indices {
                        func unit(_ all: [Double]) -> Double {
                            all.max()! > all.min()! ? (all[i] - all.min()!) / (all.max()! - all.min()!) : 0
                        }
                        groups[i].score = (1 - s.distanceWeight) * unit(sums) + s.distanceWeight * unit(gaps)
                    }
                }
                var sorted: [(first: Int, second: Int, score: Double)] = []  // stable, best first
                for group in groups {
                    sorted.insert(group, at: sorted.firstIndex { $0.score < group.score } ?? sorted.count)
                }
                for (i, slot) in open.enumerated() {
                    guard !sorted.isEmpty else {
                        genomes[slot] = "child of \(before[parents[0]]) and \(before[parents[0]])"; continue
                    }
                    var (first, second, _) = sorted[i % sorted.count]
                    if own(first) < own(second) { (first, second) = (second, first) }
                    genomes[slot] = "child of \(before[first]) and \(before[second])"
                }
            } else {
                var mates = random("MATE")
                if s.isFaithful, open.count % 2 == 1 {
                    var draw = random("ODDU")
                    open.append(open[draw.below(open.count)])
                }
                var at = 0
                while at < open.count {
                    let off_i = copies[mates.below(copies.count)], choice = pool.isEmpty ? copies : pool
                    let strangers = s.isFaithful ? choice : choice.filter { before[$0] != before[off_i] },
                        among = strangers.isEmpty ? choice : strangers
                    let off_j = among[mates.below(among.count)], i = open[at],
                        j = at + 1 < open.count ? open[at + 1] : nil
                    genomes[i] = "first of \(before[off_i]) and \(before[off_j])"
                    if let j {
                        genomes[j] =
                            i == j
                            ? "first of \(before[off_j]) and \(before[off_j])"
                            : "second of \(before[off_i]) and \(before[off_j])"
                    }
                    at += 2
                }
            }
            var dice = random("WHOM")
            for slot in 0..<m {
                if !copies.contains(slot) { if dice.uniform() < s.mutationProbability { mutated.append(slot) } }
            }
        }
    }

    /// What a plan does to the same list.
    private func carriedOut(_ plan: GenerationPlan, population: Int) -> [String] {
        var genomes = (0..<population).map { "\($0)" }
        for clone in plan.clones { genomes[clone.to] = genomes[clone.from] }
        let before = genomes
        var written: Set<Int> = []
        for child in plan.children {
            #expect(written.insert(child.slot).inserted)
            genomes[child.slot] = "child of \(before[child.first]) and \(before[child.second])"
        }
        for swap in plan.swaps {
            for (slot, which) in [(swap.firstSlot, "first"), (swap.secondSlot, "second")] {
                guard let slot else { continue }
                #expect(written.insert(slot).inserted, "two children are written to slot \(slot)")
                genomes[slot] = "\(which) of \(before[swap.first]) and \(before[swap.second])"
            }
        }
        for slot in plan.children.flatMap({ [$0.first, $0.second] }) + plan.swaps.flatMap({ [$0.first, $0.second] }) {
            #expect(!written.contains(slot), "a parent's slot \(slot) is written over")
        }
        return genomes
    }

    @Test(arguments: [true, false], [TournamentSelection.Crossover.distillation, .nPoint])
    func plansAreTheCodesEpoch(isFaithful: Bool, crossover: TournamentSelection.Crossover) throws {
        for (population, elites, score) in [
            (10, 1, PairScore.fitness), (10, 2, .distance), (10, 3, .mix), (2, 1, .fitness), (5, 3, .fitness),
            (7, 1, .distance), (33, 4, .mix)
        ] {
            let selection = try TournamentSelection(
                population: population, elites: elites, crossover: crossover, isFaithful: isFaithful, score: score,
                distanceWeight: 0.3)
            var rng = SeededGenerator(seed: UInt64(population))
            for seed in 0..<1000 {
                let fitness = (0..<population).map { _ in
                    Double(Int.random(in: 0..<(seed % 2 == 0 ? 1_000_000 : 4), using: &rng))
                }  // with and without equals
                var distances = Array(repeating: Array(repeating: 0.0, count: population), count: population)
                for i in 0..<population {
                    for j in 0..<i {
                        distances[i][j] = Double.random(in: 0..<1, using: &rng); distances[j][i] = distances[i][j]
                    }
                }
                let plan = selection.plan(fitness: fitness, distances: distances, seed: UInt64(seed), generation: 3)
                let want = Oracle(selection, fitness, distances, seed: UInt64(seed), generation: 3)
                try #require(
                    plan.elites == want.elites && plan.selected == want.offspring && plan.unselected == want.unselected
                        && plan.protected == want.copies
                        && plan.mutated == want.mutated, "\(population) members, \(elites) elites, seed \(seed)")
                try #require(
                    carriedOut(plan, population: population) == want.genomes,
                    "\(population) members, \(elites) elites, seed \(seed): \(plan)")
            }
        }
    }

    /// Rates of the published code, from 20,000 seeds; three standard errors and what the reference's own rounding
    /// leaves open.
    @Test func ratesAreTheReferences() throws {
        var rng = SeededGenerator(seed: 1)
        let seeds = 20_000
        for (elites, wantChildren, wantOverwritten) in [(1, 4.07, 0.20), (2, 3.17, 0.22)] {
            let selection = try TournamentSelection(
                population: 10, elites: elites, crossover: .distillation, isFaithful: true)
            let corrected = try TournamentSelection(
                population: 10, elites: elites, crossover: .distillation, isFaithful: false)
            var unselected = 0.0, children = 0.0, odd = 0.0, selfPairs = 0.0, inPool = 0.0, overwritten = 0.0,
                squares = 0.0
            for seed in 0..<seeds {
                let fitness = (0..<10).map { _ in Double.random(in: 0..<1, using: &rng) },
                    plan = selection.plan(fitness: fitness, seed: UInt64(seed), generation: 1)
                unselected += Double(plan.unselected.count)
                children += Double(plan.children.count)
                squares += Double(plan.children.count * plan.children.count)
                odd += Set(plan.selected).count < plan.selected.count ? 1 : 0
                inPool += plan.selected.contains(plan.elites[0]) ? 1 : 0
                // A pair of the best with itself is the top of all pairs, had there been a child or not.
                let best = plan.elites[0]
                selfPairs += plan.selected.filter { $0 == best }.count > 1 && !plan.protected.contains(best) ? 1 : 0
                let worst = fitness.indices.min { fitness[$0] < fitness[$1] }!
                overwritten +=
                    plan.protected[elites - 1]
                        == (elites == 1 ? worst : selection.injectionSlot(plan, fitness: fitness)) ? 1 : 0

                let better = corrected.plan(fitness: fitness, seed: UInt64(seed), generation: 1)
                let who = better.origins(population: 10)  // an elite's copy is that elite, wherever it stands
                #expect(better.children.allSatisfy { who[$0.first] != who[$0.second] }, "somebody mates with itself")
                let slot = corrected.injectionSlot(better, fitness: fitness)
                #expect(
                    !better.protected.contains(slot) && slot != better.elites[0],
                    "the learner is injected over an elite")
            }
            let n = Double(seeds)
            func isNear(_ got: Double, _ want: Double, _ deviation: Double) -> Bool {
                abs(got - want) < 3 * deviation / n.squareRoot() + 0.005
            }
            let deviation = (squares / n - (children / n) * (children / n)).squareRoot()
            #expect(isNear(children / n, wantChildren, deviation), "\(children / n) children with \(elites) elites")
            #expect(isNear(overwritten / n, wantOverwritten, 0.5), "\(overwritten / n) with \(elites) elites")
            guard elites == 1 else { continue }
            #expect(isNear(unselected / n, 5.07, deviation), "\(unselected / n) unselected")
            #expect(
                isNear(odd / n, 0.5, 0.5) && isNear(selfPairs / n, 0.1, 0.3) && isNear(inPool / n, 0.94, 0.25),
                "odd \(odd / n), self-pairs \(selfPairs / n), the best selected \(inPool / n)")
        }
    }

    @Test func hostNumbersAreCountedAndEven() {
        // The known answer of Random123 for a counter and a key of zeros.
        var zero = HostRandom(seed: 0, step: 0, purpose: RandomPurpose(rawValue: 0))
        #expect((0..<4).map { _ in zero.word() } == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        var random = HostRandom(seed: 5, step: 1, purpose: "TEST"), counts = [Int](repeating: 0, count: 6)
        for _ in 0..<6000 { counts[random.below(6)] += 1 }
        // Chi-square with five degrees of freedom: above 20.5 once in a thousand.
        #expect(counts.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 } < 20.5, "\(counts)")
        #expect(Set(random.shuffled(Array(0..<9))) == Set(0..<9))
    }

    @Test func refusals() {
        expectRefusal("elites: 10 of a population of 10; 1 to 9 are accepted") {
            _ = try TournamentSelection(population: 10, elites: 10, crossover: .nPoint, isFaithful: true)
        }
        expectRefusal("population: 1; at least 2 are needed to select from") {
            _ = try TournamentSelection(population: 1, elites: 1, crossover: .nPoint, isFaithful: true)
        }
        expectRefusal("mutation probability: 1.5; a number from 0 to 1 is accepted") {
            _ = try TournamentSelection(
                population: 10, elites: 1, crossover: .nPoint, isFaithful: true, mutationProbability: 1.5)
        }
    }
}
