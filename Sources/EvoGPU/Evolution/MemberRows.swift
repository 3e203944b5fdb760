import GPUTensor

/// A list of a population's members, whose rows are taken out and put back: what an operator works on is dense, whoever
/// it is.
final class MemberRows {
    /// P, and how many may be listed.
    let population: Int, limit: Int
    private(set) var list: [Int] = []
    /// The listed members, int32 `[limit]`, of which the first count.
    private let members: Tensor
    /// Each member's place in the list, or -1, int32 `[P]`.
    private let places: Tensor
    private let streamWords: [UInt32], streamRows: Tensor
    private let queue: Queue

    var count: Int { list.count }
    /// int32 `[count]`.
    var indices: Tensor { members.first(count) }
    /// The listed members' random streams, uint32 `[count, 4]`.
    var streams: Tensor { streamRows.first(count) }

    /// - Parameter streams: `[P, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    init(population: Int, limit: Int, streams: [UInt32], on queue: Queue) throws {
        precondition(
            streams.count == 4 * population && limit > 0, "\(streams.count) words of streams for \(population) members")
        (self.population, self.limit, streamWords, self.queue) = (population, limit, streams, queue)
        members = try queue.tensor(.int32, [limit])
        places = try queue.tensor(.int32, [population])
        streamRows = try queue.tensor(.uint32, [limit, 4])
    }

    /// Lists members, at most ``limit`` and none twice.
    func choose(_ list: [Int]) throws {
        precondition(
            !list.isEmpty && list.count <= limit && Set(list).count == list.count
                && list.allSatisfy { (0..<population).contains($0) },
            "\(list) of \(population) members, at most \(limit)")
        self.list = list
        try members.write(padded(list.map { Int32($0) }, with: -1, to: limit))
        var places = [Int32](repeating: -1, count: population)
        for (place, member) in list.enumerated() { places[member] = Int32(place) }
        try self.places.write(places)
        try streamRows.write(padded(list.flatMap { streamWords[4 * $0..<4 * $0 + 4] }, with: 0, to: 4 * limit))
    }

    /// The listed members' rows of `all` `[P, N]` into the first rows of `rows` `[limit, N]`. Enqueues and returns.
    func take(_ rows: Tensor, from all: Tensor) throws { try queue.gatherRows(rows.first(count), from: all, indices) }

    /// The other way round: all other rows stay as they are. Enqueues and returns.
    func put(_ rows: Tensor, into all: Tensor) throws { try queue.gatherRows(all, from: rows.first(count), places) }
}

/// `values` and so many of `filler` that there are `count`.
func padded<T>(_ values: [T], with filler: T, to count: Int) -> [T] {
    values + Array(repeating: filler, count: count - values.count)
}

extension GenerationPlan {
    /// The plans of runs that lie one after the other on the population axis as one plan, with members' numbers in
    /// place of slots.
    ///
    /// - Parameter population: M, members of each run.
    public static func joined(_ plans: [GenerationPlan], population: Int) -> GenerationPlan {
        var all = GenerationPlan()
        for (run, plan) in plans.enumerated() {
            let base = run * population
            for list in [\GenerationPlan.elites, \.selected, \.unselected, \.protected, \.mutated] {
                all[keyPath: list] += plan[keyPath: list].map { $0 + base }
            }
            all.clones += plan.clones.map { Copy(from: $0.from + base, to: $0.to + base) }
            all.children += plan.children.map {
                Child(first: $0.first + base, second: $0.second + base, slot: $0.slot + base)
            }
            all.swaps += plan.swaps.map {
                Swap(
                    first: $0.first + base, second: $0.second + base, firstSlot: $0.firstSlot.map { $0 + base },
                    secondSlot: $0.secondSlot.map { $0 + base })
            }
        }
        return all
    }

    /// Whose parameters each slot holds once all clones are made, `[population]`: its own where nobody was copied over
    /// it.
    public func origins(population: Int) -> [Int] {
        var origins = Array(0..<population)
        for clone in clones { origins[clone.to] = origins[clone.from] }
        return origins
    }
}
