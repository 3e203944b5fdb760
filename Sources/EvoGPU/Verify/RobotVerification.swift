import Foundation
import GPUTensor

// MuJoCo's recorded states beside ours: single steps, resets and short open loops. What can be asked of float32 was
// found by stepping MuJoCo itself, a float32 implementation, and MuJoCo from states 1e-7 away; the limits are three to
// five times what that reached. The error of a record is the largest |a - b| / (1 + |b|) of its components, b being
// MuJoCo's.

/// What a task is held to.
private struct RobotLimits {
    /// Of the median and of the 99th percentile over records.
    let qpos: (median: Double, p99: Double), qvel: (median: Double, p99: Double)
    /// Of the 99th percentile of the reward, and of contact forces in the observation.
    let reward: Double, contactForce: Double
    /// Of the median over trajectories of qvel's error after 10 and after 50 steps; infinite where motion is chaotic by
    /// then.
    let after10: Double, after50: Double

    init(_ model: String) {
        (qpos, qvel, reward) =
            switch model {
            case "InvertedPendulum", "InvertedDoublePendulum", "Reacher": ((1e-7, 5e-7), (4e-7, 1e-5), 1e-6)
            case "Swimmer", "Hopper": ((1e-7, 5e-7), (2e-6, 1e-5), 3e-5)
            case "HalfCheetah": ((8e-7, 1e-5), (8e-6, 3e-4), 1e-4)
            default: ((3e-7, 2e-6), (1e-5, 1e-4), 5e-5)
            }
        // Humanoid's recorded forces come from a solver that stops early
        contactForce = model == "Humanoid" ? 2e-3 : 2e-4
        after10 = model == "HalfCheetah" ? 1e-4 : 5e-5
        after50 =
            switch model {
            case "HalfCheetah", "Ant": .infinity
            case "InvertedDoublePendulum": 5e-3
            default: 1e-3
            }
    }
}

/// Environments of a robot and what their steps write, `T` steps deep.
final class RobotStage {
    let environment: VectorEnvironment, T: Int
    let reward: Tensor, terminated: Tensor, truncated: Tensor, next: Tensor
    private var number: UInt32 = 0

    init(_ spec: EnvironmentSpec, members: Int = 1, environments: Int, T: Int = 1, on queue: Queue) throws {
        let rows = environments * T
        self.T = T
        environment = try VectorEnvironment(
            spec, members: members, environmentsPerMember: environments, streams: queue.tensor(.uint32, [members, 4]),
            queue: queue)
        reward = try queue.tensor(.float32, [members, rows])
        terminated = try queue.tensor(.int32, [members, rows])
        truncated = try queue.tensor(.int32, [members, rows])
        next = try queue.tensor(.float32, [members, rows, spec.observationCount], padded: true)
    }

    func step(_ actions: Tensor, t: Int = 0, autoReset: Bool = false, timeLimit: Int? = nil) throws {
        number += 1
        try environment.step(
            actions: actions, reward: reward, terminated: terminated, truncated: truncated, nextObservation: next,
            T: T, t: t, autoReset: autoReset, step: number, timeLimit: timeLimit)
    }

    /// How many of all steps so far found no room for a contact or met a NaN.
    func sum(_ row: VectorEnvironment.EpisodeRow) throws -> Double {
        let all: [Float] = try environment.episode.read(), slots = environment.slots
        return all[row.rawValue * slots..<(row.rawValue + 1) * slots].reduce(0) { $0 + Double($1) }
    }
}

/// The recorded states of one robot.
func verifyRobot(_ reference: ReferenceCase, _ spec: EnvironmentSpec, _ physics: PhysicsTask, on queue: Queue) throws
    -> CaseReport
{
    var report = CaseReport(name: reference.name)
    let verification = RobotVerification(
        reference: reference, spec: spec, physics: physics, limits: RobotLimits(physics.model.name), queue: queue)
    try verification.steps(&report)
    try verification.resets(&report)
    try verification.openLoops(&report)
    return report
}

private struct RobotVerification {
    let reference: ReferenceCase, spec: EnvironmentSpec, physics: PhysicsTask, limits: RobotLimits, queue: Queue
    private var nq: Int { physics.model.sizes.nq }
    private var nv: Int { physics.model.sizes.nv }

    private func has(_ array: String) -> Bool { reference.arrayNames.contains(array) }
    /// Notes what is missing of what a check needs; true if nothing is.
    private func has(_ arrays: [String], for what: String, _ report: inout CaseReport) -> Bool {
        let missing = arrays.filter { !has($0) }
        if !missing.isEmpty {
            report.notCovered.append("\(what): there is no array \(missing.joined(separator: ", "))")
        }
        return missing.isEmpty
    }

    // MARK: Single steps

    /// One step from every recorded state.
    func steps(_ report: inout CaseReport) throws {
        guard has(["qpos", "qvel", "action"], for: "single steps", &report) else { return }
        let count = try reference.rows("qpos", of: nq), width = spec.action.width
        let stage = try RobotStage(spec, environments: count, on: queue)
        try stage.environment.place(
            positions: reference.floats("qpos", count: count * nq),
            velocities: reference.floats("qvel", count: count * nv))
        try stage.step(queue.tensor(reference.floats("action", count: count * width), [count, width]))

        // The default solver stops early; the records marked tight come from one that didn't.
        func best(_ array: String) -> String? { has("\(array)_tight") ? "\(array)_tight" : has(array) ? array : nil }
        let loose = ["qpos_next", "qvel_next", "reward"].filter { has($0) && !has("\($0)_tight") }
        if !loose.isEmpty {
            report.notCovered.append(
                """
                converged steps: there is no array \(loose.map { "\($0)_tight" }.joined(separator: ", ")); the default \
                solver's is compared with instead
                """
            )
        }

        var positionErrors: [Double]?, velocityErrors: [Double]?
        if let array = best("qpos_next") {
            let errors = try recordErrors(
                stage.environment.positions(), reference.doubles(array, count: count * nq), width: nq)
            report.checks.append(
                ArrayCheck(array, errors: errors, medianLimit: limits.qpos.median, p99Limit: limits.qpos.p99))
            positionErrors = errors
        } else {
            report.notCovered.append("single steps: there is no array qpos_next")
        }
        if let array = best("qvel_next") {
            let errors = try recordErrors(
                stage.environment.velocities().map(Double.init), reference.doubles(array, count: count * nv), width: nv)
            report.checks.append(
                ArrayCheck(array, errors: errors, medianLimit: limits.qvel.median, p99Limit: limits.qvel.p99))
            velocityErrors = errors
        } else {
            report.notCovered.append("single steps: there is no array qvel_next")
        }
        try observations(stage, count, &report)
        if let array = best("reward") {
            let errors = try recordErrors(
                stage.reward.read(as: Float.self).map(Double.init), reference.doubles(array, count: count), width: 1)
            report.checks.append(ArrayCheck(array, errors: errors, p99Limit: limits.reward))
        } else {
            report.notCovered.append("single steps: there is no array reward")
        }

        // A state next to a switch, such as a foot grazing the floor, may go the other way: three in 512 are let off.
        if let positionErrors, let velocityErrors,
            has(["sens_qpos", "sens_qvel"], for: "records by their sensitivity", &report)
        {
            let sensitivities = try (
                reference.doubles("sens_qpos", count: count), reference.doubles("sens_qvel", count: count)
            )
            let beyond = (0..<count).count { i in
                !(positionErrors[i] <= 100 * (sensitivities.0[i] + 1e-7)
                    && velocityErrors[i] <= 300 * (sensitivities.1[i] + 1e-7))
            }
            report.figures.append(
                FigureCheck(
                    "records beyond their sensitivity", of: "of \(count)", Double(beyond),
                    limit: (0.006 * Double(count)).rounded()))
        }
        try terminations(stage, count, &report)
        let (nonFinite, overflow) = try (stage.sum(.nonFinite), stage.sum(.overflow))
        if nonFinite > 0 {
            report.figures.append(FigureCheck("records that met a NaN", of: "of \(count)", nonFinite, limit: 0))
        }
        if overflow > 0 {
            report.figures.append(
                FigureCheck("contacts that found no room", of: "in \(count) records", overflow, limit: .infinity))
        }
    }

    private func observations(_ stage: RobotStage, _ count: Int, _ report: inout CaseReport) throws {
        guard has(["obs_next"], for: "observations", &report) else { return }
        let width = spec.observationCount, got = try stage.next.read(as: Float.self).map(Double.init),
            want = try reference.doubles("obs_next", count: count * width)
        let forces = physics.observed("cfrc_ext"), others = Array(Set(0..<width).subtracting(forces))
        report.checks.append(
            ArrayCheck(
                "obs_next", errors: recordErrors(got, want, width: width, columns: others),
                medianLimit: limits.qvel.median, p99Limit: limits.qvel.p99))
        guard !forces.isEmpty else { return }
        report.checks.append(
            ArrayCheck(
                "obs_next, contact forces", errors: recordErrors(got, want, width: width, columns: forces),
                p99Limit: limits.contactForce))
    }

    private func terminations(_ stage: RobotStage, _ count: Int, _ report: inout CaseReport) throws {
        guard has(["terminated"], for: "terminations", &report) else { return }
        let got = try stage.terminated.read(as: Int32.self).map(Double.init),
            want = try reference.doubles("terminated", count: count)
        let distances = try clearances(count)
        // On which side a state next to the threshold falls is up to rounding.
        let differing = (0..<count).count { got[$0] != want[$0] && !(abs(distances[$0]) <= 1e-5) }
        report.figures.append(FigureCheck("terminations that differ", of: "of \(count)", Double(differing), limit: 0))
    }

    /// How far the state that a record leads to is from the threshold that decides whether it is terminated; infinite
    /// where none does.
    private func clearances(_ count: Int) throws -> [Double] {
        let never = Array(repeating: Double.infinity, count: count), options = physics.options
        func next(_ array: String, _ width: Int) throws -> [Double]? {
            let name = has("\(array)_tight") ? "\(array)_tight" : array
            return has(name) ? try reference.doubles(name, count: count * width) : nil
        }
        guard let qpos = try next("qpos_next", nq), let qvel = try next("qvel_next", nv) else { return never }
        func inside(_ value: Double, _ bounds: [Double?]?) -> Double {
            min(value - (bounds?[0] ?? -.infinity), (bounds?[1] ?? .infinity) - value)
        }
        switch options.kind {
        case .reacher: return never
        case .inverted_pendulum: return (0..<count).map { inside(qpos[$0 * nq + 1], [-0.2, 0.2]) }
        case .inverted_double_pendulum:
            // The tip's height, which lags, is in the reward: bonus - 0.01 x^2 - (y - 2)^2 - speeds, and y is below 2.
            // The tip's x weighs so little that the new state's serves.
            guard let reward = has("reward_tight") ? "reward_tight" : has("reward") ? "reward" : nil else {
                return never
            }
            let rewards = try reference.doubles(reward, count: count),
                ended = try reference.doubles("terminated", count: count)
            let lower = physics.model.body.pos[3][2], upper = physics.model.site.pos[0][2]
            return (0..<count).map { i in
                let (x, a, b, v1, v2) = (
                    qpos[i * nq], qpos[i * nq + 1], qpos[i * nq + 2], qvel[i * nv + 1], qvel[i * nv + 2]
                )
                let tip = x + lower * sin(a) + upper * sin(a + b),
                    bonus = physics.isOld || ended[i] == 0 ? options.healthy_reward ?? 10 : 0
                return 1 - max(bonus - rewards[i] - 0.01 * tip * tip - 1e-3 * v1 * v1 - 5e-3 * v2 * v2, 0).squareRoot()
            }
        case .locomotion:
            guard options.terminate_when_unhealthy ?? false else { return never }
            return (0..<count).map { i in
                let q = qpos[i * nq..<(i + 1) * nq], v = qvel[i * nv..<(i + 1) * nv]
                var distance = inside(q[q.startIndex + (physics.isPlanar ? 1 : 2)], options.healthy_z_range)
                if physics.isPlanar {
                    distance = min(distance, inside(q[q.startIndex + 2], options.healthy_angle_range))
                }
                for value in q.dropFirst(2) + v { distance = min(distance, inside(value, options.healthy_state_range)) }
                return distance
            }
        }
    }

    // MARK: Resets and open loops

    /// The observation right after a reset.
    func resets(_ report: inout CaseReport) throws {
        guard has(["reset_qpos", "reset_qvel", "reset_obs"], for: "resets", &report) else { return }
        let count = try reference.rows("reset_qpos", of: nq), width = spec.observationCount
        let stage = try RobotStage(spec, environments: count, on: queue)
        try stage.environment.place(
            positions: reference.floats("reset_qpos", count: count * nq),
            velocities: reference.floats("reset_qvel", count: count * nv))
        let errors = try recordErrors(
            stage.environment.observations.read(as: Float.self).map(Double.init),
            reference.doubles("reset_obs", count: count * width), width: width)
        report.checks.append(ArrayCheck("reset_obs", errors: errors, tolerance: 1e-6))
    }

    /// Recorded actions from recorded states, on and on after an episode's end.
    func openLoops(_ report: inout CaseReport) throws {
        guard has(["traj_qpos0", "traj_qvel0", "traj_action", "traj_qvel"], for: "open loops", &report) else { return }
        let count = try reference.rows("traj_qpos0", of: nq), width = spec.action.width,
            shape = try reference.shape("traj_qvel")
        guard shape.count == 3, shape[0] == count, shape[1] >= 1, shape[2] == nv else {
            throw RunError(
                "\(reference.name): array \"traj_qvel\" has shape \(shape); [\(count), steps, \(nv)] is needed")
        }
        let steps = shape[1]
        /// What all trajectories have at step t of an array with `columns` numbers per step.
        func at<T>(_ t: Int, of values: [T], columns: Int) -> [T] {
            (0..<count).flatMap { (trajectory: Int) -> ArraySlice<T> in
                let start = (trajectory * steps + t) * columns
                return values[start..<start + columns]
            }
        }
        let actions = try reference.floats("traj_action", count: count * steps * width),
            want = try reference.doubles("traj_qvel", count: count * steps * nv)
        let stage = try RobotStage(spec, environments: count, on: queue),
            action = try queue.tensor(.float32, [count, width])
        try stage.environment.place(
            positions: reference.floats("traj_qpos0", count: count * nq),
            velocities: reference.floats("traj_qvel0", count: count * nv))
        for t in 0..<min(steps, 50) {
            try action.write(at(t, of: actions, columns: width))
            try stage.step(action)
            guard t + 1 == 10 || t + 1 == 50 else { continue }
            let errors = try recordErrors(
                stage.environment.velocities().map(Double.init), at(t, of: want, columns: nv), width: nv)
            report.checks.append(
                ArrayCheck(
                    "traj_qvel after \(t + 1) steps", errors: errors,
                    medianLimit: t + 1 == 10 ? limits.after10 : limits.after50))
        }
        for missing in [10, 50] where steps < missing {
            report.notCovered.append(
                "open loops: the trajectories have \(steps) steps, so what is after \(missing) is not known")
        }
    }
}

/// Per record the largest `|a - b| / (1 + |b|)` of some columns, b being what is wanted.
private func recordErrors(_ got: [Double], _ want: [Double], width: Int, columns: [Int]? = nil) -> [Double] {
    precondition(got.count == want.count, "\(got.count) values beside \(want.count)")
    return stride(from: 0, to: want.count, by: width).map { first in
        var worst = 0.0
        for column in columns ?? Array(0..<width) {
            let error = abs(got[first + column] - want[first + column]) / (1 + abs(want[first + column]))
            worst = error.isNaN ? .infinity : max(worst, error)
        }
        return worst
    }
}
