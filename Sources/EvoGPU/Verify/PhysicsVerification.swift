import Foundation
import GPUTensor

/// Compares environments with what Gymnasium and MuJoCo recorded: single steps of every task, and of robots also
/// resets, short open loops and the returns of fixed policies (``verifyRobot(_:_:_:on:)``,
/// ``verifyReturns(_:_:_:on:)``).
///
/// - Parameter env: only the cases of this environment; nil for all.
/// - Returns: one report per case. Tasks that don't exist here, and checks whose arrays are missing, are reported as
///   not covered.
/// - Throws: ``RunError`` if the folder holds no case, or none of `env`, or one that does not fit together;
///   ``DeviceError`` from any launch.
public func verifyPhysics(_ directory: URL, env: String?, on queue: Queue) throws -> [CaseReport] {
    var cases = try ReferenceCase.all(in: directory)
    guard !cases.isEmpty else {
        throw RunError(
            "\(directory.path): there is no reference case in this folder, that is no JSON with \"file\" and \"arrays\""
        )
    }
    if let env {
        let names = cases.compactMap { $0.metadata["env"]?.string }, wanted = env.lowercased()
        cases.removeAll { reference in
            let name = reference.metadata["env"]?.string?.lowercased()
            return name != wanted && name?.split(separator: "-").first.map(String.init) != wanted
        }
        guard !cases.isEmpty else {
            throw RunError(
                """
                \(directory.path): there is no case of \(env) in this folder; there are \(names.joined(separator: ", "))
                """
            )
        }
    }
    let withPolicies = Set(cases.filter(\.holdsPolicies).compactMap { $0.metadata["env"]?.string })
    return try cases.map { reference in
        var report = try verifyPhysics(reference, on: queue)
        if let name = reference.metadata["env"]?.string, robot(name) != nil, !withPolicies.contains(name) {
            report.notCovered.append("returns: there is no case of \(name) with fixed policies in this folder")
        }
        return report
    }
}

private func environment(_ name: String) -> EnvironmentSpec? {
    (EnvironmentSpec.all + EnvironmentSpec.older).first { $0.name == name }
}
private func robot(_ name: String) -> PhysicsTask? { environment(name)?.physics }

extension ReferenceCase {
    fileprivate var holdsPolicies: Bool { arrayNames.contains { ["weights", "init_qpos", "returns"].contains($0) } }
}

/// The same for one case.
public func verifyPhysics(_ reference: ReferenceCase, on queue: Queue) throws -> CaseReport {
    let name = try reference.string("env")
    var report = CaseReport(name: reference.name)
    guard let spec = environment(name) else {
        report.notCovered = [
            "there is no environment \(name) here; there are \(EnvironmentSpec.all.map(\.name).joined(separator: ", "))"
        ]
        return report
    }
    if let physics = spec.physics {
        return try reference.holdsPolicies
            ? verifyReturns(reference, spec, physics, on: queue) : verifyRobot(reference, spec, physics, on: queue)
    }
    report.checks = try verifyTransitions(reference, spec, on: queue)
    return report
}

private func verifyTransitions(_ reference: ReferenceCase, _ spec: EnvironmentSpec, on queue: Queue) throws
    -> [ArrayCheck]
{
    let shape = try reference.shape("state")
    guard shape.count == 2, shape[0] >= 1, shape[1] == spec.stateCount else {
        throw RunError(
            """
            \(reference.name): array "state" has shape \(shape); [count, \(spec.stateCount)] is needed for \
            \(spec.name)
            """
        )
    }
    let count = shape[0], components = spec.stateCount, width = spec.action.width
    let state = try reference.floats("state", count: count * components),
        action = try reference.floats("action", count: count * width)
    let streams = try queue.tensor([UInt32(0), 0, 0, 0], [1, 4])
    let environment = try VectorEnvironment(
        spec, members: 1, environmentsPerMember: count, streams: streams, queue: queue)
    let reward = try queue.tensor(.float32, [1, count]), terminated = try queue.tensor(.int32, [1, count]),
        truncated = try queue.tensor(.int32, [1, count])
    let next = try queue.tensor(.float32, [1, count, spec.observationCount], padded: true)
    try environment.reset(step: 0)
    try environment.state.write((0..<components).flatMap { c in (0..<count).map { state[$0 * components + c] } })
    try environment.step(
        actions: queue.tensor(action, [count, width]), reward: reward, terminated: terminated, truncated: truncated,
        nextObservation: next,
        T: 1, t: 0, autoReset: false, step: 1)
    let after: [Float] = try environment.state.read()
    let rows = (0..<count).flatMap { slot in (0..<components).map { after[$0 * count + slot] } }
    // The start states are floats, so only a step's own roundings are left: a few of 2^-24, relative, or absolute for
    // values below 1 (metres, radians, units of reward).
    let tolerance = 2e-6
    return try [
        ArrayCheck(
            "state_next", rows, reference.doubles("state_next", count: count * components), scale: 1,
            tolerance: tolerance),
        ArrayCheck(
            "obs_next", next.read(), reference.doubles("obs_next", count: count * spec.observationCount), scale: 1,
            tolerance: tolerance),
        ArrayCheck("reward", reward.read(), reference.doubles("reward", count: count), scale: 1, tolerance: tolerance),
        ArrayCheck(
            "terminated", terminated.read(as: Int32.self).map(Double.init),
            reference.doubles("terminated", count: count), scale: 1, tolerance: 0)
    ]
}
