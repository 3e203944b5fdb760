import Foundation
import GPUTensor

/// The returns of fixed policies, beside MuJoCo's from the same start states. All policies play all episodes at once,
/// as members.
///
/// A policy is action = high * tanh(W2 tanh(W1 obs + b1) + b2), or deeper. Single motions part in time, so means are
/// compared, by their standard errors; where MuJoCo's own returns hardly change when the start moves by 1e-7, episodes
/// are compared one by one.
func verifyReturns(_ reference: ReferenceCase, _ spec: EnvironmentSpec, _ physics: PhysicsTask, on queue: Queue) throws
    -> CaseReport
{
    var report = CaseReport(name: reference.name)
    let needed = ["weights", "init_qpos", "init_qvel", "returns"].filter { !reference.arrayNames.contains($0) }
    guard needed.isEmpty else {
        report.notCovered.append("returns: there is no array \(needed.joined(separator: ", "))")
        return report
    }
    let (nq, nv) = (physics.model.sizes.nq, physics.model.sizes.nv), shape = try reference.shape("weights")
    guard shape.count == 2, shape[0] >= 1 else {
        throw RunError("\(reference.name): array \"weights\" has shape \(shape); [policies, weights of each] is needed")
    }
    let members = shape[0], episodes = try reference.rows("init_qpos", of: nq)
    let want = try reference.doubles("returns", count: members * episodes)
    let got = try play(reference, spec, members: members, episodes: episodes, nq: nq, nv: nv, &report, on: queue)

    func row(_ values: [Double], _ member: Int) -> [Double] {
        Array(values[member * episodes..<(member + 1) * episodes])
    }
    if episodes > 1 {
        var sum = 0.0
        for member in 0..<members {
            let ours = row(got, member), theirs = row(want, member), difference = ours.mean - theirs.mean
            let error = (ours.standardError * ours.standardError + theirs.standardError * theirs.standardError)
                .squareRoot()
            let z = difference / max(error, 1e-6 * (1 + abs(theirs.mean)))
            let means = String(format: "mean %.6g beside %.6g +- %.2g", ours.mean, theirs.mean, theirs.standardError)
            report.figures.append(FigureCheck("policy \(member + 1), z of the mean return", of: means, z, limit: 3))
            sum += z * z
        }
        report.figures.append(
            FigureCheck(
                "sum of z squared", of: "of \(members) policies", sum, limit: chiSquareOnePercent(degrees: members)))
    } else {
        report.notCovered.append("mean returns: there is one episode, and a standard error needs two")
    }

    // How much MuJoCo's own returns change says which policies can be compared episode by episode.
    let perturbed =
        reference.arrayNames.contains("returns_perturbed")
        ? try reference.doubles("returns_perturbed", count: members * episodes) : nil
    guard
        let changes = try reference.metadata["policies.median_paired_change_when_start_moves_1e-7"].map({ _ in
            try reference.numbers("policies.median_paired_change_when_start_moves_1e-7")
        })
            ?? perturbed.map({ perturbed in (0..<members).map { medianChange(row(perturbed, $0), row(want, $0)) } })
    else {
        report.notCovered.append(
            """
            returns episode by episode: there is neither an array returns_perturbed nor \
            policies.median_paired_change_when_start_moves_1e-7
            """
        )
        return report
    }
    guard changes.count == members else {
        throw RunError(
            """
            \(reference.name): "policies.median_paired_change_when_start_moves_1e-7" has \(changes.count) numbers; \
            one per policy, \(members), is needed
            """
        )
    }
    for member in 0..<members where changes[member] < 1e-4 {
        report.figures.append(
            FigureCheck(
                "policy \(member + 1), episode by episode", of: "median of \(episodes) differences",
                medianChange(row(got, member), row(want, member)), limit: 0.02))
    }
    return report
}

private func medianChange(_ a: [Double], _ b: [Double]) -> Double {
    let changes = zip(a, b).map { abs($0 - $1) }
    return changes.contains { $0.isNaN } ? .nan : changes.sorted().median
}

/// What a sum of so many squared standard normals stays below in 99 of 100 cases (Wilson and Hilferty 1931; 13.3 for
/// four).
func chiSquareOnePercent(degrees: Int) -> Double {
    let share = 2 / (9 * Double(degrees)), cube = 1 - share + 2.3263479 * share.squareRoot()
    return Double(degrees) * cube * cube * cube
}

/// The return of every episode of every policy, `[members, episodes]`.
private func play(
    _ reference: ReferenceCase, _ spec: EnvironmentSpec, members: Int, episodes: Int, nq: Int, nv: Int,
    _ report: inout CaseReport, on queue: Queue
) throws -> [Double] {
    guard case .box(_, let high) = spec.action else { preconditionFailure("\(spec.name) has discrete actions") }
    let actions = high.count, total = try reference.shape("weights")[1]
    var hidden = [(total - actions) / (spec.observationCount + actions + 1)]
    if reference.metadata["policies.layers"] != nil {
        let layers = try reference.numbers("policies.layers")
        guard layers.count >= 2, layers.allSatisfy({ $0 >= 1 && $0 <= 32768 && $0 == $0.rounded() }),
            Int(layers[0]) == spec.observationCount, Int(layers[layers.count - 1]) == actions
        else {
            throw RunError(
                """
                \(reference.name): "policies.layers" is \
                \(layers.map { String(format: "%g", $0) }.joined(separator: ", ")); widths from \
                \(spec.observationCount) observations to \(actions) actions are needed for \(spec.name)
                """
            )
        }
        hidden = layers[1..<layers.count - 1].map { Int($0) }
    }
    let widths = [spec.observationCount] + hidden + [actions],
        needed = zip(widths, widths.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
    guard hidden.allSatisfy({ $0 >= 1 }), needed == total else {
        throw RunError(
            """
            \(reference.name): array "weights" has \(total) numbers per policy; \(needed) are needed for layers of \
            \(widths.map(String.init).joined(separator: ", "))
            """
        )
    }

    // The bound of each action is one more layer, a diagonal one.
    var layout = ParameterLayout()
    let mlp = MLP(
        inputs: widths[0], hidden: hidden + [actions], outputs: actions, activation: .tanh, prefix: "policy",
        in: &layout)
    let weights = try reference.doubles("weights", count: members * total)
    let bounds =
        (0..<actions * actions).map { $0 / actions == $0 % actions ? Double(high[$0 % actions]) : 0 }
        + [Double](repeating: 0, count: actions)
    let parameters = try queue.tensor(
        layout.packRows((0..<members).flatMap { weights[$0 * total..<($0 + 1) * total] + bounds }),
        [members, layout.rowCount])
    let space = try MLPWorkspace(mlp, members: members, rows: episodes, backward: false, on: queue)

    let T = 25, stage = try RobotStage(spec, members: members, environments: episodes, T: T, on: queue),
        slots = members * episodes
    let action = try queue.tensor(.float32, [slots, actions], padded: true)
    let qpos = try reference.floats("init_qpos", count: episodes * nq),
        qvel = try reference.floats("init_qvel", count: episodes * nv)
    try stage.environment.place(
        positions: (0..<members).flatMap { _ in qpos }, velocities: (0..<members).flatMap { _ in qvel })
    let seen = stage.environment.observations
    var returns = [Double](repeating: 0, count: slots), running = [Bool](repeating: true, count: slots)
    for first in stride(from: 0, to: spec.timeLimit, by: T) where running.contains(true) {
        for t in 0..<T {
            try space.forward(
                MatrixView(seen, memberStride: episodes * seen.pitch, pitch: seen.pitch), parameters: parameters,
                on: queue)
            try queue.copy(space.output, to: action)
            try stage.step(action, t: t, autoReset: true)
        }
        let reward: [Float] = try stage.reward.read(), terminated: [Int32] = try stage.terminated.read(),
            truncated: [Int32] = try stage.truncated.read()
        for slot in 0..<slots {
            for t in 0..<min(T, spec.timeLimit - first) where running[slot] {
                let at = (slot / episodes * T + t) * episodes + slot % episodes
                returns[slot] += Double(reward[at])
                running[slot] = terminated[at] == 0 && truncated[at] == 0
            }
        }
    }
    let nonFinite = try stage.sum(.nonFinite), overflow = try stage.sum(.overflow)
    if nonFinite > 0 { report.figures.append(FigureCheck("steps that met a NaN", nonFinite, limit: 0)) }
    if overflow > 0 { report.figures.append(FigureCheck("contacts that found no room", overflow, limit: .infinity)) }
    return returns
}
