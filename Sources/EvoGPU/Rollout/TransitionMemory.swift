import Foundation
import GPUTensor

/// Transitions drawn from a ``TransitionMemory``, ready for a network: B rows for each of M members.
public struct TransitionBatch {
    /// `[M, B, n]` padded, and `[M, B, A]` padded.
    public let states: Tensor, actions: Tensor, nextStates: Tensor
    /// `[M, B]`; done is 1 where the next state's value does not count.
    public let rewards: Tensor, done: Tensor
    /// Where the rows come from, int32 `[M, B]` padded: slots of their owner's ring, -1 for none, whose row is zero.
    public let slots: Tensor
    public var members: Int { rewards.shape[0] }
    public var rows: Int { rewards.shape[1] }

    public init(members: Int, rows: Int, observations: Int, actions: Int, on queue: Queue) throws {
        states = try queue.tensor(.float32, [members, rows, observations], padded: true)
        self.actions = try queue.tensor(.float32, [members, rows, actions], padded: true)
        nextStates = try queue.tensor(.float32, [members, rows, observations], padded: true)
        rewards = try queue.tensor(.float32, [members, rows])
        done = try queue.tensor(.float32, [members, rows])
        slots = try queue.tensor(.int32, [members, rows], padded: true)
    }

    private init(_ batch: TransitionBatch, first count: Int) {
        (states, actions, nextStates) = (
            batch.states.first(count), batch.actions.first(count), batch.nextStates.first(count)
        )
        (rewards, done, slots) = (batch.rewards.first(count), batch.done.first(count), batch.slots.first(count))
    }
    /// The first `count` members' part, in the same memory.
    public func first(_ count: Int) -> TransitionBatch { TransitionBatch(self, first: count) }
}

/// Who inherits whose transitions: the latest rows of `first`, and after them the latest of `second`, replace those of
/// `target`.
public struct Inheritance: Sendable, Equatable {
    public var target: Int, first: Int, firstLimit: Int, second: Int?, secondLimit: Int
    /// Put the rows into a drawn order instead of the ring's.
    public var isShuffled: Bool

    /// The whole of one memory.
    public init(_ target: Int, from source: Int) {
        self.init(target, first: source, second: nil, limit: Int(Int32.max), isShuffled: false)
    }
    /// The latest `limit` rows of each of two.
    public init(_ target: Int, first: Int, second: Int?, limit: Int, isShuffled: Bool) {
        (self.target, self.first, firstLimit, self.second, secondLimit, self.isShuffled) = (
            target, first, limit, second, limit, isShuffled
        )
    }
}

/// Rings of transitions on the device, one of equal capacity for each of several owners: replay buffers and genetic
/// memories.
///
/// A full ring forgets its oldest row for each new one. Heads and counts stay on the device, so nothing here waits. An
/// owner's filled slots are always 0 to its count - 1.
public final class TransitionMemory {
    /// O, and rows of each ring.
    public let owners: Int, capacity: Int
    /// n and A: floats of a state and of an action.
    public let observations: Int, actions: Int
    /// Floats of a row: state, action, next state, reward, done.
    public var width: Int { 2 * observations + actions + 2 }
    /// `[blocks, capacity, width]`; owner o's ring is the block ``blocks`` says.
    public let rows: Tensor
    /// int32 `[O]`: the block in use, the slot of the next row, and the number of filled slots.
    public let blocks: Tensor, heads: Tensor, counts: Tensor
    private let inherits: Bool
    private let jobs: Tensor, totals: Tensor
    private let queue: Queue

    /// Makes the memory, empty, and launches nothing.
    ///
    /// - Parameter inherits: whether owners may inherit from each other, for which each has a second block.
    /// - Throws: ``RunError`` for sizes that the device's numbers can't hold; ``DeviceError`` if it has no room.
    public init(owners: Int, capacity: Int, observations: Int, actions: Int, inherits: Bool, on queue: Queue) throws {
        precondition(owners > 0 && capacity > 0 && observations > 0 && actions > 0)
        guard capacity < 1 << 30 else {
            throw RunError("a memory of \(capacity) transitions is asked for; accepted: fewer than \(1 << 30)")
        }
        (self.owners, self.capacity, self.observations, self.actions, self.inherits, self.queue) = (
            owners, capacity, observations, actions, inherits, queue
        )
        rows = try queue.tensor(.float32, [inherits ? 2 * owners : owners, capacity, 2 * observations + actions + 2])
        blocks = try queue.tensor((0..<Int32(owners)).map { $0 })
        heads = try queue.tensor(.int32, [owners])
        counts = try queue.tensor(.int32, [owners])
        jobs = try queue.tensor(.int32, [inherits ? owners : 1, 6])
        totals = try queue.tensor(.int32, [inherits ? owners : 1])
    }

    /// Empties every ring; a new memory is that already.
    public func start() throws {
        try blocks.write((0..<Int32(owners)).map { $0 })
        try queue.zero(heads)
        try queue.zero(counts)
    }

    /// Appends whole episodes, row by row. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - episodes: `[S, T, width]`.
    ///   - lengths: int32 `[S]`: how many rows of each count, the first ones; at most T.
    ///   - order: int32 `[O, K]`: which episodes each owner appends, in order; -1 for none.
    public func append(_ episodes: Tensor, lengths: Tensor, order: Tensor) throws {
        guard episodes.shape.count == 3, episodes.shape[2] == width, episodes.pitch == width else {
            throw ShapeMismatch("episodes", is: episodes.shape, expected: "S x T x \(width)")
        }
        try lengths.expectShape([episodes.shape[0]], "lengths")
        let (owners, k) = try order.matrixShape("order"), steps = episodes.shape[1]
        try order.expectShape([self.owners, k], "order")
        try queue.launch(
            "memory_append", over: [steps, owners * k], episodes, lengths, order, blocks, heads, rows, owners, k, steps,
            capacity, width)
        try queue.launch("memory_advance", over: [owners], lengths, order, heads, counts, owners, k, capacity)
    }

    /// Draws rows for each of M members from the ring of its owner, uniformly and without replacement within the batch.
    /// Where a ring holds fewer than B, all its rows are drawn, and further slots are -1. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - slots: int32 `[M, B]` padded; overwritten.
    ///   - members: int32 `[M]`: each member's owner.
    ///   - latest: only from so many latest rows.
    ///   - streams: uint32 `[M, 4]`.
    ///   - steps: uint32 `[M]`, added to `step` for the random numbers.
    public func draw(
        _ slots: Tensor, of members: Tensor, latest: Int = Int(Int32.max), streams: Tensor, steps: Tensor, step: UInt32,
        purpose: RandomPurpose
    ) throws {
        let (m, wanted) = try slots.matrixShape("slots")
        guard slots.type == .int32, slots.pitch == padded(wanted) else {
            throw ShapeMismatch("slots", is: slots.shape, expected: "padded rows of int32")
        }
        try members.expectShape([m], "members")
        try streams.expectShape([m, 4], "streams")
        try steps.expectShape([m], "steps")
        try queue.launch(
            "memory_draw", over: [slots.pitch / queue.lanes, m], streams, members, steps, heads, counts, slots, m,
            wanted, slots.pitch, latest, capacity, step, purpose.rawValue)
    }

    /// Fills a batch with the rows that its ``TransitionBatch/slots`` name; a slot that holds nothing gives zeros.
    /// Enqueues and returns.
    ///
    /// - Parameters:
    ///   - members: int32 `[M]`: each member's owner.
    ///   - slots: other slots than the batch's own, int32 `[M, B]` with any pitch.
    public func gather(_ batch: TransitionBatch, of members: Tensor, slots other: Tensor? = nil) throws {
        let slots = other ?? batch.slots
        try members.expectShape([batch.members], "members")
        try slots.expectShape([batch.members, batch.rows], "slots")
        guard batch.states.shape[2] == observations, batch.actions.shape[2] == actions else {
            throw ShapeMismatch(
                "batch", is: batch.states.shape, expected: "\(observations) observations and \(actions) actions")
        }
        try queue.launch(
            "memory_gather", over: [batch.rows, batch.members], rows, members, blocks, counts, slots, batch.states,
            batch.actions, batch.nextStates, batch.rewards, batch.done, batch.members, batch.rows, slots.pitch,
            observations, actions, batch.states.pitch, batch.actions.pitch, capacity)
    }

    /// Replaces whole memories by what their owners inherit. All read what was there before, so that targets may be
    /// sources of others, or their own. More rows than fit: the latest stay. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - list: no target twice.
    ///   - streams: uint32 `[O, 4]`, of the targets, for shuffled ones.
    public func inherit(_ list: [Inheritance], streams: Tensor, step: UInt32, purpose: RandomPurpose) throws {
        precondition(inherits, "this memory has no second blocks")
        precondition(Set(list.map(\.target)).count == list.count, "a target inherits twice: \(list.map(\.target))")
        try streams.expectShape([owners, 4], "streams")
        guard !list.isEmpty else { return }
        var words = list.flatMap { job -> [Int32] in
            precondition(
                [job.target, job.first, job.second ?? 0].allSatisfy { (0..<owners).contains($0) } && job.firstLimit >= 0
                    && job.secondLimit >= 0, "\(job) among \(owners)")
            return [
                Int32(job.target), Int32(job.first), Int32(job.firstLimit), Int32(job.second ?? -1),
                Int32(job.secondLimit), job.isShuffled ? 1 : 0
            ]
        }
        words += [Int32](repeating: 0, count: jobs.count - words.count)
        try jobs.write(words)
        try queue.launch(
            "memory_inherit", over: [capacity, list.count], jobs, streams, blocks, heads, counts, rows, totals,
            list.count, owners, capacity, width, step, purpose.rawValue)
        try queue.launch(
            "memory_adopt", over: [list.count], jobs, totals, blocks, heads, counts, list.count, owners, capacity)
    }

    // MARK: Checkpoints

    /// Every owner's filled slots in order, heads and counts; what is not filled is left out. Waits; each owner's slots
    /// are read when they are asked for, before the memory changes.
    public func sources(_ name: String) throws -> [ArraySource] {
        let blocks: [Int32] = try blocks.read(), counts: [Int32] = try counts.read()
        return try [
            ArraySource(heads.namedArray("\(name).heads")), ArraySource(self.counts.namedArray("\(name).counts"))
        ]
            + (0..<owners).map { owner in
                let first = Int(blocks[owner]) * capacity * width, filled = Int(counts[owner])
                return ArraySource(name: "\(name).\(owner)", dtype: .f32, shape: [filled, width]) { [rows, width] in
                    let values: [Float] = try rows.read(elements: first..<first + filled * width)
                    return values.withUnsafeBytes { Data($0) }
                }
            }
    }

    /// - Throws: ``RunError`` for what is missing or does not fit.
    public func restore(_ name: String, from arrays: [String: NamedArray]) throws {
        try start()
        try heads.restore("\(name).heads", from: arrays)
        try counts.restore("\(name).counts", from: arrays)
        let heads: [Int32] = try heads.read(), counts: [Int32] = try counts.read()
        for owner in 0..<owners {
            let filled = Int(counts[owner])
            guard (0...capacity).contains(filled), (0..<capacity).contains(Int(heads[owner])),
                filled == capacity || Int(heads[owner]) == filled
            else {
                throw RunError(
                    """
                    the checkpoint's memory \(name) of owner \(owner) holds \(filled) transitions, the next one at \
                    \(heads[owner]); a ring of \(capacity) is accepted
                    """
                )
            }
            _ = try Checkpoint.expect(
                arrays["\(name).\(owner)"], name: "\(name).\(owner)", dtype: .f32, shape: [filled, width])
            try rows.write(arrays["\(name).\(owner)"]!.values(as: Float.self), at: owner * capacity * width)
        }
    }
}
