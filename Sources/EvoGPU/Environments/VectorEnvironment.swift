import GPUTensor

/// Many copies of one environment, stepped together on a device: E environments for each of P members.
///
/// Slot `s` is environment `s % E` of member `s / E`. A slot that ends starts anew by itself, with random numbers that
/// depend only on the member's stream, the environment's number and the step, so neither lanes nor the schedule show in
/// the result.
public final class VectorEnvironment {
    public let spec: EnvironmentSpec
    public let members: Int, environmentsPerMember: Int
    public let queue: Queue
    /// Component-major, so that lanes run over slots: `[stateCount, P E]`, padded.
    public let state: Tensor
    /// What the next action is chosen from: `[P E, observationCount]`, padded with zeros.
    public let observations: Tensor
    /// `[9, P E]`, padded with zeros; rows are ``EpisodeRow``.
    public let episode: Tensor
    /// Per member: the low and the high word of its run's seed, its number within the run, and one unused: `[P, 4]`.
    public let streams: Tensor
    /// The environment's settings and the entries that its observation shows, at least one element each.
    private let settings: Tensor, columns: Tensor

    /// Rows of ``episode``. All but the first two count since the row was last cleared.
    public enum EpisodeRow: Int, CaseIterable, Sendable {
        case elapsed, runningReturn, finished, returnSum, lengthSum
        /// Of the first episode that finished; without meaning while `finished` is 0. A negative length: its last step
        /// met a NaN or an infinity.
        case firstReturn, firstLength
        /// Steps that met a NaN or an infinity; the slot was ended and started anew.
        case nonFinite
        /// Contacts that found no room, of a physics task.
        case overflow
    }

    public var slots: Int { members * environmentsPerMember }
    /// What a checkpoint holds of it.
    public var tensors: [(name: String, tensor: Tensor)] {
        [("environment.state", state), ("environment.observations", observations), ("environment.episode", episode)]
    }

    /// Makes the memory and launches nothing; ``reset(step:)`` comes before the first step.
    ///
    /// - Parameter streams: uint32 `[P, 4]`, kept.
    /// - Throws: ``ShapeMismatch``; ``DeviceError`` if the device has no room.
    public init(_ spec: EnvironmentSpec, members: Int, environmentsPerMember: Int, streams: Tensor, queue: Queue) throws
    {
        precondition(
            members > 0 && environmentsPerMember > 0,
            "\(members) members with \(environmentsPerMember) environments each")
        try streams.expectShape([members, 4], "streams")
        (self.spec, self.members, self.environmentsPerMember) = (spec, members, environmentsPerMember)
        (self.streams, self.queue) = (streams, queue)
        let slots = members * environmentsPerMember
        state = try queue.tensor(.float32, [spec.stateCount, slots], padded: true)
        observations = try queue.tensor(.float32, [slots, spec.observationCount], padded: true)
        episode = try queue.tensor(.float32, [EpisodeRow.allCases.count, slots], padded: true)
        guard spec.physics?.isOwn != true || queue.device.identifier != "cpu" else {
            throw RunError(
                """
                \(spec.name): a model of your own is built when it is run, which the CPU backend can't; choose an \
                OpenCL device (--device opencl)
                """
            )
        }
        settings = try queue.tensor(spec.physics?.settings ?? [0])
        columns = try queue.tensor(spec.physics?.columns ?? [0])
    }

    /// Starts every slot anew and clears ``episode``. Enqueues and returns.
    ///
    /// - Parameter step: a number that no other reset or step of the run has.
    public func reset(step: UInt32) throws {
        try queue.launch(
            "\(spec.kernel)_reset", over: [state.pitch / queue.lanes], state, observations, episode, streams, settings,
            columns, state.pitch, slots, environmentsPerMember, observations.pitch, spec.observationCount, step)
    }

    /// One step in every slot, written as step `t` of a rollout of `T` steps. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - actions: `[P E, action.width]`, any pitch, in the environment's units; a discrete action is its index.
    ///   - reward: `[P, T E]`.
    ///   - terminated: int32 `[P, T E]`, 1 where the task itself ended the episode. Both this and `truncated` may be 1.
    ///   - truncated: int32 `[P, T E]`, 1 where the time limit ended it.
    ///   - nextObservation: `[P, T E, observationCount]` with the pitch of ``observations``: where the step led, before
    ///     any reset.
    ///   - autoReset: start ended slots anew. Without it only slots that aren't finite are.
    ///   - step: a number that no other reset or step of the run has.
    ///   - timeLimit: truncates after so many steps; nil for the environment's own.
    /// - Throws: ``ShapeMismatch`` before anything is enqueued; ``DeviceError`` if the device refuses the launch.
    public func step(
        actions: Tensor, reward: Tensor, terminated: Tensor, truncated: Tensor, nextObservation: Tensor,
        T: Int, t: Int, autoReset: Bool, step: UInt32, timeLimit: Int? = nil
    ) throws {
        precondition(t >= 0 && t < T, "step \(t) of \(T)")
        let rows = slots * T
        try actions.expectShape([slots, spec.action.width], "actions")
        for (tensor, name) in [(reward, "reward"), (terminated, "terminated"), (truncated, "truncated")]
        where tensor.count != rows || tensor.paddedCount != rows {
            throw ShapeMismatch(
                name, is: tensor.shape, expected: "\(members) x \(T) x \(environmentsPerMember) values without padding")
        }
        guard nextObservation.rowCount == rows, nextObservation.shape.last == spec.observationCount,
            nextObservation.pitch == observations.pitch
        else {
            throw ShapeMismatch(
                "nextObservation", is: nextObservation.shape,
                expected: "\(members) x \(T) x \(environmentsPerMember) rows of \(spec.observationCount), padded")
        }
        try queue.launch(
            "\(spec.kernel)_step", over: [state.pitch / queue.lanes], state, actions, observations, reward, terminated,
            truncated, nextObservation, episode, streams, settings, columns, state.pitch, slots, environmentsPerMember,
            T, t, actions.pitch, observations.pitch, spec.observationCount, timeLimit ?? spec.timeLimit, autoReset,
            step)
    }

    // MARK: Physics tasks

    /// Sets every slot of a physics task to given positions and velocities, as right after a reset to them; clears
    /// ``episode``.
    ///
    /// - Parameters:
    ///   - positions: qpos, `[P E, nq]`, metres and radians.
    ///   - velocities: qvel, `[P E, nv]`.
    /// - Throws: ``DeviceError`` if the device refuses the launch.
    public func place(positions: [Float], velocities: [Float]) throws {
        guard let physics = spec.physics else { preconditionFailure("\(spec.name) has no positions") }
        let (nq, nv) = (physics.model.sizes.nq, physics.model.sizes.nv)
        precondition(
            positions.count == slots * nq && velocities.count == slots * nv,
            "\(positions.count) positions and \(velocities.count) velocities for \(slots) slots")
        var rows = [Float](repeating: 0, count: spec.stateCount * slots)
        for slot in 0..<slots {
            for c in 0..<nq { rows[c * slots + slot] = positions[slot * nq + c] }
            for c in 0..<nv { rows[(nq + c) * slots + slot] = velocities[slot * nv + c] }
        }
        try state.write(rows)
        try queue.zero(episode)
        try queue.launch(
            "\(spec.kernel)_place", over: [state.pitch / queue.lanes], state, observations, settings, columns,
            state.pitch, slots, observations.pitch, spec.observationCount)
    }

    /// qpos of every slot, `[P E, nq]`, with the distance that the root has travelled. Waits.
    public func positions() throws -> [Double] {
        guard let physics = spec.physics else { preconditionFailure("\(spec.name) has no positions") }
        let rows: [Float] = try state.read(), nq = physics.model.sizes.nq, (x, y) = physics.recentred
        return (0..<slots).flatMap { slot in
            (0..<nq).map { c in
                let travelled =
                    c == x || c == y ? Double(rows[(physics.travelledAt + (c == x ? 0 : 1)) * slots + slot]) : 0
                return Double(rows[c * slots + slot]) + travelled
            }
        }
    }

    /// qvel of every slot, `[P E, nv]`. Waits.
    public func velocities() throws -> [Float] {
        guard let physics = spec.physics else { preconditionFailure("\(spec.name) has no velocities") }
        let rows: [Float] = try state.read(), (nq, nv) = (physics.model.sizes.nq, physics.model.sizes.nv)
        return (0..<slots).flatMap { slot in (0..<nv).map { rows[(nq + $0) * slots + slot] } }
    }
}
