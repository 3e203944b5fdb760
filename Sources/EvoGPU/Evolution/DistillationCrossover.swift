import GPUTensor

/// PDERL's crossover: a child learns what its parents would do in the states of its memory, in each state from the
/// parent whose action the learner's critic values more.
///
/// Bodnar et al. 2020 (arXiv:1906.09807), Algorithm 1. Parents and critic stay as they are while a child learns, so the
/// teacher's actions of its whole memory are computed once; all children of all runs learn together, and whoever has a
/// smaller memory pauses.
public final class DistillationCrossover {
    /// The parent whose parameters a child starts from.
    public enum Start: String, Choice {
        /// The less fit one, as in the published code; the paper draws one.
        case weaker
        case fitter
    }
    public struct Settings: Sendable, Equatable {
        /// Batches of an epoch are floor(held / batch); each is drawn anew, so an epoch is none in the usual sense.
        public var epochs = 12
        /// N_C, rows drawn without replacement.
        public var batch = 128
        /// Adam's, started afresh for every child.
        public var learningRate = 1e-3
        public var start = Start.weaker
        public init() {}
    }
    public let settings: Settings
    /// Squared errors and regularisation of the last batch, `[C, B]`, by row.
    public let losses: Tensor
    private let actor: Policy, critic: CriticNetwork
    private let population: Int, runs: Int, capacity: Int, owners: [Int]
    private let children: MemberRows
    private let first: Tensor, second: Tensor, student: Tensor, gradients: Tensor, critics: Tensor
    private let firstMembers: Tensor, secondMembers: Tensor, criticMembers: Tensor, memoryMembers: Tensor
    private let states: Tensor, teacher: Tensor
    private let parents: (first: MLPWorkspace, second: MLPWorkspace),
        values: (first: CriticWorkspace, second: CriticWorkspace)
    private let slots: Tensor, steps: Tensor, rowCounts: Tensor, batchStates: Tensor, batchTeacher: Tensor
    private let pass: MLPWorkspace, optimiser: Optimiser
    private let queue: Queue
    /// Rows of a memory that parents and critic look at together.
    private static let teacherRows = 256

    /// Makes the memory and launches nothing.
    ///
    /// - Parameters:
    ///   - population: M, members of each run.
    ///   - limit: C, how many children learn at once.
    ///   - capacity: of the children's memories.
    ///   - owners: `[runs M]`, which ring of the memory is each member's.
    ///   - streams: `[runs M, 4]`, as from ``Queue/streamWords(seeds:membersPerRun:)``.
    /// - Throws: ``RunError`` naming a setting that cannot be used.
    public init(
        _ actor: Policy, _ critic: CriticNetwork, runs: Int, population: Int, limit: Int, capacity: Int,
        settings: Settings = Settings(),
        owners: [Int], streams: [UInt32], on queue: Queue
    ) throws {
        guard settings.epochs >= 0 else {
            throw RunError("distillation epochs: \(settings.epochs); 0 or more are accepted")
        }
        guard (1...capacity).contains(settings.batch) else {
            throw RunError(
                "crossover batch: \(settings.batch) of a genetic memory of \(capacity); 1 to \(capacity) are accepted")
        }
        guard settings.learningRate > 0, settings.learningRate.isFinite else {
            throw RunError("distillation rate: \(settings.learningRate); a number above 0 is accepted")
        }
        let members = runs * population, n = actor.mlp.inputs, count = actor.mlp.outputs,
            chunk = min(Self.teacherRows, capacity), batch = settings.batch
        precondition(owners.count == members)
        (self.actor, self.critic, self.settings, self.runs, self.population, self.capacity, self.owners, self.queue) = (
            actor, critic, settings, runs, population, capacity, owners, queue
        )
        children = try MemberRows(population: members, limit: limit, streams: streams, on: queue)
        func floats(_ shape: [Int]) throws -> Tensor { try queue.tensor(.float32, shape, padded: true) }
        func integers(_ type: ElementType = .int32) throws -> Tensor { try queue.tensor(type, [limit]) }
        (first, second, student, gradients) = try (
            floats([limit, actor.layout.rowCount]), floats([limit, actor.layout.rowCount]),
            floats([limit, actor.layout.rowCount]), floats([limit, actor.layout.rowCount])
        )
        critics = try floats([limit, critic.layout.rowCount])
        (firstMembers, secondMembers, criticMembers, memoryMembers) = try (
            integers(), integers(), integers(), integers()
        )
        (states, teacher) = try (floats([limit, capacity, n]), floats([limit, capacity, count]))
        func policy() throws -> MLPWorkspace {
            try MLPWorkspace(actor.mlp, members: limit, rows: chunk, backward: false, on: queue)
        }
        func judge() throws -> CriticWorkspace {
            try CriticWorkspace(critic, members: limit, rows: chunk, backward: false, on: queue)
        }
        parents = try (policy(), policy())
        values = try (judge(), judge())
        slots = try queue.tensor(.int32, [limit, batch], padded: true)
        (steps, rowCounts) = try (integers(.uint32), integers())
        (batchStates, batchTeacher) = try (floats([limit, batch, n]), floats([limit, batch, count]))
        losses = try queue.tensor(.float32, [limit, batch])
        pass = try MLPWorkspace(actor.mlp, members: limit, rows: batch, backward: true, on: queue)
        optimiser = try Optimiser(.adam(), members: limit, parameters: actor.layout.rowCount, on: queue)
        try optimiser.rates.write([Float](repeating: Float(settings.learningRate), count: 2 * limit))
    }

    /// Writes every child to its slot. Its memory is there already: the latest of both parents'. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - list: by members' numbers in the whole population; no slot twice, and none that is a parent's.
    ///   - parameters: `[P, N]`.
    ///   - critics: one for each run, `[runs, Nc]`.
    ///   - held: no child's memory holds more rows than this, if that is known: further batches are not launched.
    ///   - step: a number that no other crossover of the run has.
    public func distil(
        _ list: [GenerationPlan.Child], parameters: Tensor, critics all: Tensor, memory: TransitionMemory,
        held: Int = .max, step: UInt32
    ) throws {
        try parameters.expectShape([runs * population, actor.layout.rowCount], "parameters")
        try all.expectShape([runs, critic.layout.rowCount], "critics")
        precondition(
            memory.capacity == capacity && memory.observations == actor.mlp.inputs,
            "a memory of \(memory.capacity) x \(memory.observations)")
        for start in stride(from: 0, to: list.count, by: children.limit) {
            let some = Array(list[start..<min(start + children.limit, list.count)])
            try adopt(some, parameters, all)
            try teach(memory)
            try learn(memory, held: min(held, capacity), step: step)
            try children.put(student, into: parameters)
        }
    }

    private func adopt(_ list: [GenerationPlan.Child], _ parameters: Tensor, _ all: Tensor) throws {
        try children.choose(list.map(\.slot))
        func write(_ tensor: Tensor, _ values: [Int]) throws {
            try tensor.write(padded(values.map { Int32($0) }, with: 0, to: children.limit))
        }
        try write(firstMembers, list.map(\.first))
        try write(secondMembers, list.map(\.second))
        try write(criticMembers, list.map { $0.slot / population })
        try write(memoryMembers, list.map { owners[$0.slot] })
        let count = list.count
        for (rows, members) in [
            (first, firstMembers), (second, secondMembers),
            (student, settings.start == .weaker ? secondMembers : firstMembers)
        ] {
            try queue.gatherRows(rows.first(count), from: parameters, members.first(count))
        }
        try queue.gatherRows(critics.first(count), from: all, criticMembers.first(count))
    }

    /// What the better parent does in every state of each child's memory.
    private func teach(_ memory: TransitionMemory) throws {
        let count = children.count, chunk = parents.first.rows
        for start in stride(from: 0, to: capacity, by: chunk) {
            let rows = min(chunk, capacity - start)
            try queue.launch(
                "memory_states", over: [rows, count], memory.rows, memoryMembers, memory.blocks, memory.counts, states,
                count, start, rows, capacity, memory.width, memory.observations, states.pitch)
            let x = view(states, from: start)
            for (policy, value, parameters) in [
                (parents.first, values.first, first), (parents.second, values.second, second)
            ] {
                try policy.forward(x, parameters: parameters, rows: rows, members: count, on: queue)
                let actions = MatrixView(
                    policy.output, memberStride: rows * policy.output.pitch, pitch: policy.output.pitch)
                try value.forward(state: x, action: actions, parameters: critics, rows: rows, members: count, on: queue)
            }
            try queue.distillationTeacher(
                view(teacher, from: start), first: parents.first.output, second: parents.second.output,
                firstQ: values.first.output, secondQ: values.second.output,
                members: count, rows: rows)
        }
    }

    private func view(_ tensor: Tensor, from row: Int) -> MatrixView {
        MatrixView(tensor, offset: row * tensor.pitch, memberStride: capacity * tensor.pitch, pitch: tensor.pitch)
    }

    private func learn(_ memory: TransitionMemory, held: Int, step: UInt32) throws {
        let count = children.count, b = settings.batch, batches = max(1, held / b),
            owners = memoryMembers.first(count)
        let x = MatrixView(batchStates), mine = student.first(count), slopes = gradients.first(count)
        try optimiser.reset(on: queue)
        for number in 0..<settings.epochs * batches {
            let (epoch, index) = number.quotientAndRemainder(dividingBy: batches), most = capacity / b
            let draw = UInt32(truncatingIfNeeded: Int(step) &* settings.epochs &* most &+ epoch * most + index)
            try memory.draw(
                slots.first(count), of: owners, streams: children.streams, steps: steps.first(count), step: draw,
                purpose: "DIST")
            try queue.launch(
                "distillation_batch", over: [b, count], slots, owners, memory.counts, states, teacher, batchStates,
                batchTeacher, rowCounts, optimiser.active, count, b, capacity, slots.pitch, states.pitch, teacher.pitch,
                index)
            try pass.forward(x, parameters: student, members: count, on: queue)
            try queue.distillationLoss(
                gradient: pass.outputGradient.first(count), losses: losses.first(count),
                actions: pass.output.first(count), teacher: MatrixView(batchTeacher), rowCounts: rowCounts.first(count))
            try pass.backward(x, parameters: student, parameterGradients: gradients, members: count, on: queue)
            try optimiser.step(mine, gradients: slopes, members: count, on: queue)
        }
    }
}
