import GPUTensor

/// ERL's crossover: two parents copy units of their networks over each other's, and both results are children.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), Algorithm 3, as in the published code: for each weight matrix up to 2 n -
/// 1 copies of single rows, for each vector (biases and normalisation) up to n - 1 of single elements, drawn with
/// replacement, the direction by a coin.
public final class NPointCrossover {
    private let population: Int, limit: Int, layout: ParameterLayout, units: Int
    private let streamWords: [UInt32]
    private let parents: (first: Tensor, second: Tensor), children: Tensor
    private let firstMembers: Tensor, secondMembers: Tensor, places: Tensor, streams: Tensor
    private let bits: Tensor, copies: Tensor, slots: Tensor, unitSlots: Tensor, parameterUnits: Tensor
    private let queue: Queue

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: P, members of all runs.
    ///   - limit: C, how many couples are crossed at once.
    ///   - streams: `[P, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    public init(_ layout: ParameterLayout, population: Int, limit: Int, streams: [UInt32], on queue: Queue) throws {
        precondition(streams.count == 4 * population && limit > 0)
        (self.layout, self.population, self.limit, streamWords, self.queue) = (
            layout, population, limit, streams, queue
        )
        units = layout.slots.reduce(0) { $0 + $1.columns }
        let words = layout.slots.reduce(0) { $0 + Self.words($1) }
        func rows(_ count: Int) throws -> Tensor { try queue.tensor(.float32, [count, layout.rowCount]) }
        parents = try (rows(limit), rows(limit))
        children = try rows(2 * limit)
        (firstMembers, secondMembers) = try (queue.tensor(.int32, [limit]), queue.tensor(.int32, [limit]))
        places = try queue.tensor(.int32, [population])
        self.streams = try queue.tensor(.uint32, [limit, 4])
        bits = try queue.tensor(.uint32, [limit, words], padded: true)
        copies = try queue.tensor(.int32, [limit, units])
        var table: [Int32] = [], ofUnit: [Int32] = [], unit = 0, word = 0,
            ofParameter = [Int32](repeating: 0, count: layout.rowCount)
        for (index, slot) in layout.slots.enumerated() {
            table += [Int32(unit), Int32(slot.columns), Int32(word), slot.isWeight ? 1 : 0]
            ofUnit += [Int32](repeating: Int32(index), count: slot.columns)
            for row in 0..<slot.rows {
                for column in 0..<slot.columns {
                    ofParameter[slot.offset + row * slot.pitch + column] = Int32(unit + column)
                }
            }
            unit += slot.columns
            word += Self.words(slot)
        }
        slots = try queue.tensor(table, [layout.slots.count, 4])
        unitSlots = try queue.tensor(ofUnit)
        parameterUnits = try queue.tensor(ofParameter)
    }

    /// Random words of a slot: how many copies, and one for each that there may be.
    private static func words(_ slot: ParameterLayout.Slot) -> Int { slot.isWeight ? 2 * slot.columns : slot.columns }

    /// Writes both children of every couple to their slots. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - swaps: by members' numbers in the whole population; no slot twice, and none that is a parent's.
    ///   - parameters: `[P, N]`.
    ///   - step: a number that no other crossover of the run has.
    public func cross(_ swaps: [GenerationPlan.Swap], parameters: Tensor, step: UInt32) throws {
        try parameters.expectShape([population, layout.rowCount], "parameters")
        let swaps = swaps.filter { $0.firstSlot != nil || $0.secondSlot != nil }
        for start in stride(from: 0, to: swaps.count, by: limit) {
            try cross(some: Array(swaps[start..<min(start + limit, swaps.count)]), parameters, step)
        }
    }

    private func cross(some swaps: [GenerationPlan.Swap], _ parameters: Tensor, _ step: UInt32) throws {
        let count = swaps.count
        try firstMembers.write(padded(swaps.map { Int32($0.first) }, with: -1, to: limit))
        try secondMembers.write(padded(swaps.map { Int32($0.second) }, with: -1, to: limit))
        // A couple draws with the stream of the first slot that it fills, so that neither its neighbours nor other runs
        // matter.
        try streams.write(
            padded(
                swaps.flatMap { swap in
                    streamWords[4 * (swap.firstSlot ?? swap.secondSlot!)..<4 * (swap.firstSlot ?? swap.secondSlot!) + 4]
                }, with: 0, to: 4 * limit))
        var place = [Int32](repeating: -1, count: population)
        for (index, swap) in swaps.enumerated() {
            if let slot = swap.firstSlot { place[slot] = Int32(index) }
            if let slot = swap.secondSlot { place[slot] = Int32(count + index) }
        }
        try places.write(place)
        try queue.gatherRows(parents.first.first(count), from: parameters, firstMembers.first(count))
        try queue.gatherRows(parents.second.first(count), from: parameters, secondMembers.first(count))
        try queue.randomBits(bits.first(count), streams: streams.first(count), step: step, purpose: "NPXO")
        try queue.launch("first_copies", over: [units, count], bits, slots, unitSlots, copies, count, units, bits.pitch)
        try queue.launch(
            "swap_units", over: [layout.rowCount / queue.lanes, count], parents.first, parents.second, copies,
            parameterUnits, children, count, layout.rowCount, units)
        try queue.gatherRows(parameters, from: children.first(2 * count), places)
    }
}
