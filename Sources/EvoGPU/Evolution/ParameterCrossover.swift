import GPUTensor

/// The crossover that GPO's paper compares its own with: each unit of the child's networks, with its bias and the
/// weights that lead to it, is copied from either parent. Gangwani and Peng 2018 (arXiv:1711.01012), section 1 and
/// figure 2.
public final class ParameterCrossover {
    /// The children's parameters `[P, N]`.
    public let children: Tensor
    private let members: Int, layout: ParameterLayout
    private let streams: Tensor, queue: Queue
    private let first: Tensor, second: Tensor, firstMembers: Tensor, secondMembers: Tensor, bits: Tensor, groups: Tensor

    /// - Parameter streams: uint32 `[P, 4]`; kept.
    public init(_ network: ActorCritic, members: Int, streams: Tensor, on queue: Queue) throws {
        (self.members, layout, self.streams, self.queue) = (members, network.layout, streams, queue)
        func rows() throws -> Tensor { try queue.tensor(.float32, [members, network.layout.rowCount]) }
        (children, first, second) = try (rows(), rows(), rows())
        (firstMembers, secondMembers) = try (queue.tensor(.int32, [members]), queue.tensor(.int32, [members]))
        bits = try queue.tensor(.uint32, [members, network.layout.rowCount], padded: true)
        // A weight goes with its unit's bias, which is the next slot of as many columns.
        var group = (0..<layout.rowCount).map(Int32.init)
        for (index, slot) in layout.slots.enumerated() where slot.isWeight && index + 1 < layout.slots.count {
            for row in 0..<slot.rows {
                for column in 0..<slot.columns {
                    group[slot.offset + row * slot.pitch + column] = Int32(layout.slots[index + 1].offset + column)
                }
            }
        }
        groups = try queue.tensor(group)
    }

    /// Makes a child of every couple of members of the whole population. Enqueues and returns.
    ///
    /// - Parameter step: a number that no other crossover of the run has.
    public func cross(_ couples: [Couple], parameters: Tensor, step: UInt32) throws {
        precondition(couples.count == members)
        try firstMembers.write(couples.map { Int32($0.first) })
        try secondMembers.write(couples.map { Int32($0.second) })
        try queue.gatherRows(first, from: parameters, firstMembers)
        try queue.gatherRows(second, from: parameters, secondMembers)
        try queue.randomBits(bits, streams: streams, step: step, purpose: "PXOV")
        try queue.launch(
            "cross_parameters", over: [layout.rowCount / queue.lanes, members], first, second, bits, groups, children,
            members, layout.rowCount)
    }
}
