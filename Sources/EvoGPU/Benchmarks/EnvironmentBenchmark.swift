import GPUTensor

/// Steps per second of MuJoCo's tasks under random actions, resets included: 1,024 environments as in
/// `benchmarks/peers/physics_envpool.py`, on a GPU also 65,536. Before that, for each task, the seconds until its first
/// step was done, building its kernels included.
///
/// - Parameter environment: only this one; nil for all of ``EnvironmentSpec/all`` that have physics.
public func benchmarkEnvironments(
    _ environment: EnvironmentSpec?, on queue: Queue, report: (Measurement) throws -> Void
) throws {
    for spec in environment.map({ [$0] }) ?? EnvironmentSpec.all.filter({ $0.physics != nil }) {
        for slots in queue.device.isGPU ? [1024, 65_536] : [1024] {
            try benchmark(spec, slots: slots, on: queue, report: report)
        }
    }
}

private func benchmark(_ spec: EnvironmentSpec, slots: Int, on queue: Queue, report: (Measurement) throws -> Void)
    throws
{
    guard case .box(let low, let high) = spec.action else {
        throw RunError("\(spec.name): its actions are not continuous; a MuJoCo task is accepted")
    }
    let streams = try queue.tensor([UInt32(1), 0, 0, 0], [1, 4])
    let environment = try VectorEnvironment(
        spec, members: 1, environmentsPerMember: slots, streams: streams, queue: queue)
    let reward = try queue.tensor(.float32, [1, slots]), terminated = try queue.tensor(.int32, [1, slots]),
        truncated = try queue.tensor(.int32, [1, slots])
    let next = try queue.tensor(.float32, [1, slots, spec.observationCount], padded: true)
    // Uniform over the bounds; sixteen batches in turn.
    let uniform = try queue.tensor(.float32, [1, slots * low.count], padded: true)
    let actions = try (0..<16).map { batch in
        try queue.randomUniform(uniform, streams: streams, step: UInt32(batch), purpose: "BENC")
        let u: [Float] = try uniform.read()
        return try queue.tensor(
            u.enumerated().map { low[$0 % low.count] + $1 * (high[$0 % low.count] - low[$0 % low.count]) },
            [slots, low.count])
    }
    var step: UInt32 = 0
    func advance() throws {
        step += 1
        try environment.step(
            actions: actions[Int(step % 16)], reward: reward, terminated: terminated, truncated: truncated,
            nextObservation: next,
            T: 1, t: 0, autoReset: true, step: step)
    }
    let stopwatch = Stopwatch(queue: queue)
    try report(
        stopwatch.once("first_step", spec.name) {
            try environment.reset(step: 0)
            try advance()
        })
    for _ in 0..<50 { try advance() }  // past the start, where nothing touches yet
    let steps = 10
    try report(
        stopwatch.measure(
            "environment_steps", "\(spec.name), \(slots) environments", work: Double(steps * slots), unit: "steps/s",
            scale: 1, seconds: 2
        ) {
            for _ in 0..<steps { try advance() }
        })
}
