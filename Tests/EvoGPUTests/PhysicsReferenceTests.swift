import EvoGPU
import Foundation
import GPUTensor
import Testing

/// MuJoCo's recordings of its nine tasks: 512 steps, 32 resets and 8 open loops of each, and 256 episodes of fixed
/// policies of five.
@Suite struct PhysicsReferenceTests {
    static let folder = Bundle.module.url(
        forResource: "mujoco-reference", withExtension: nil, subdirectory: "Fixtures")!

    @Test(arguments: Backend.usual) func matchesMuJoCo(backend: Backend) throws {
        let reports = try verifyPhysics(Self.folder, env: nil, on: backend.makeQueue())
        #expect(reports.count == 14)
        for report in reports {
            for check in report.checks {
                #expect(
                    check.passed,
                    """
                    \(report.name) \(check.array) on \(backend): median \(check.median), p99 \(check.p99), worst \
                    \(check.worst) at \(check.worstAt)
                    """
                )
            }
            for figure in report.figures {
                #expect(
                    figure.passed,
                    "\(report.name), \(figure.name) \(figure.of) on \(backend): \(figure.value), limit \(figure.limit)")
            }
            let name = report.name.replacing("policies_", with: "")
            guard EnvironmentSpec.all.contains(where: { $0.name == "\(name)-v5" }) else { continue }
            if report.name != name {
                #expect(report.figures.count >= 5 && report.notCovered.isEmpty)
            } else {
                #expect(report.checks.count >= 7 && report.figures.count >= 2)
                let playful = ["Ant", "HalfCheetah", "Hopper", "Swimmer", "Walker2d"].contains(name)
                #expect(
                    report.notCovered
                        == (playful
                            ? [] : ["returns: there is no case of \(name)-v5 with fixed policies in this folder"]))
            }
        }
    }

    private func altered(
        _ name: String, edit: (inout [String: Any]) -> Void = { _ in },
        spoil: (inout Data, [String: Int]) -> Void = { _, _ in }
    ) throws -> (TemporaryFolder, URL) {
        try alteredReference(Self.folder, name, edit: edit, spoil: spoil)
    }
    private func report(
        _ name: String, edit: (inout [String: Any]) -> Void = { _ in },
        spoil: (inout Data, [String: Int]) -> Void = { _, _ in }
    ) throws -> CaseReport {
        let (folder, url) = try altered(name, edit: edit, spoil: spoil)
        return try withExtendedLifetime(folder) {
            try verifyPhysics(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
        }
    }
    private func failures(_ report: CaseReport) -> [String] {
        report.checks.filter { !$0.passed }.map(\.array) + report.figures.filter { !$0.passed }.map(\.name)
    }

    /// Twelve of 512 records of one array, which the 99th percentile sees, or one of 32 resets: only that array fails.
    @Test(arguments: [
        ("qpos_next_tight", 6, 1e-5), ("qvel_next_tight", 6, 1e-3), ("reward_tight", 1, 1e-3), ("obs_next", 11, 1e-3),
        ("reset_obs", 11, 1e-5)
    ])
    func wrongRecordsAreFound(array: String, columns: Int, by: Double) throws {
        let report = try report(
            "Hopper",
            spoil: { data, offsets in
                for record in 0..<(array == "reset_obs" ? 1 : 12) {
                    Self.add(by, to: &data, at: offsets[array]! + 8 * record * columns)
                }
            })
        #expect(failures(report).filter { !$0.hasPrefix("records") } == [array])
    }

    private static func add(_ change: Double, to data: inout Data, at: Int) {
        let value = data[at..<at + 8].withUnsafeBytes { $0.loadUnaligned(as: Double.self) } + change
        withUnsafeBytes(of: value) { data.replaceSubrange(at..<at + 8, with: $0) }
    }

    /// Three records in 512 may be far off, as a foot next to the floor's margin is; a fourth may not.
    @Test func threeRecordsAreLetOff() throws {
        for count in [3, 4] {
            let report = try report(
                "Walker2d",
                spoil: { data, offsets in
                    for record in 0..<count { Self.add(1, to: &data, at: offsets["qvel_next_tight"]! + 8 * 9 * record) }
                })
            #expect(failures(report) == (count == 3 ? [] : ["records beyond their sensitivity"]))
            #expect(report.figures.first { $0.name.hasPrefix("records") }?.value == Double(count))
        }
    }

    /// One flag the other way round.
    @Test(arguments: ["InvertedPendulum", "InvertedDoublePendulum", "Hopper", "Walker2d", "Reacher"])
    func wrongTerminationsAreFound(name: String) throws {
        let report = try report(name, spoil: { data, offsets in data[offsets["terminated"]! + 4 * 100] ^= 1 })
        #expect(failures(report) == ["terminations that differ"])
    }

    @Test func driftingTrajectoriesAreFound() throws {
        let report = try report(
            "Swimmer",
            spoil: { data, offsets in
                for trajectory in 0..<8 {
                    Self.add(0.1, to: &data, at: offsets["traj_qvel"]! + 8 * 5 * (trajectory * 100 + 9))
                }
            })
        #expect(failures(report) == ["traj_qvel after 10 steps"])
    }

    /// Returns that are better by less than their spread are found episode by episode, by more also in the mean.
    @Test func wrongReturnsAreFound() throws {
        for (by, failing) in [
            (0.05, ["policy 3, episode by episode"]),
            (10.0, ["policy 3, z of the mean return", "sum of z squared", "policy 3, episode by episode"])
        ] {
            let report = try report(
                "policies_Hopper",
                spoil: { data, offsets in
                    for episode in 0..<64 { Self.add(by, to: &data, at: offsets["returns"]! + 8 * (2 * 64 + episode)) }
                })
            #expect(failures(report) == failing)
        }
    }

    /// Fewer records, trajectories, steps, policies and episodes.
    @Test func otherSizesServe() throws {
        func keep(_ index: inout [String: Any], _ sizes: [String: [Int]]) {
            index["arrays"] = (index["arrays"] as! [[String: Any]]).compactMap { array -> [String: Any]? in
                guard let shape = sizes[array["name"] as! String] else { return nil }
                var array = array
                array["bytes"] = shape.reduce(1, *) * (["f4", "i4"].contains(array["dtype"] as! String) ? 4 : 8)
                array["shape"] = shape
                return array
            }
        }
        let few = try report(
            "Swimmer",
            edit: { index in
                keep(
                    &index,
                    [
                        "qpos": [100, 5], "qvel": [100, 5], "action": [100, 2], "qpos_next_tight": [100, 5],
                        "qvel_next_tight": [100, 5], "sens_qpos": [100], "sens_qvel": [100],
                        "reset_qpos": [1, 5], "reset_qvel": [1, 5], "reset_obs": [1, 8], "traj_qpos0": [1, 5],
                        "traj_qvel0": [1, 5], "traj_action": [1, 30, 2], "traj_qvel": [1, 30, 5]
                    ])
            })
        #expect(failures(few).isEmpty)
        #expect(few.checks.map(\.count) == [100, 100, 1, 1])
        #expect(few.figures == [FigureCheck("records beyond their sensitivity", of: "of 100", 0, limit: 1)])
        #expect(few.notCovered.last == "open loops: the trajectories have 30 steps, so what is after 50 is not known")
        let policies = try report(
            "policies_Swimmer",
            edit: { index in
                keep(&index, ["weights": [1, 354], "returns": [1, 20], "init_qpos": [20, 5], "init_qvel": [20, 5]])
                index["policies"] = ["median_paired_change_when_start_moves_1e-7": [1e-6]]
            })
        #expect(
            failures(policies).isEmpty
                && policies.figures.map(\.name) == [
                    "policy 1, z of the mean return", "sum of z squared", "policy 1, episode by episode"
                ])
    }

    /// Without any one array what it serves for is said not to be covered, and the rest is checked.
    @Test(arguments: ["InvertedDoublePendulum", "Hopper", "policies_Hopper"]) func missingArraysAreSaid(name: String)
        throws
    {
        let whole = try report(name)
        let aside = [
            "source", "ncon", "nefc", "nlim", "traj_qpos", "traj_reward", "traj_terminated", "traj_obs", "lengths",
            "mean", "sem", "returns_perturbed"
        ]
        for array in try ReferenceCase(json: Self.folder.appendingPathComponent("\(name).json")).arrayNames {
            let without = try report(
                name,
                edit: { $0["arrays"] = ($0["arrays"] as! [[String: Any]]).filter { $0["name"] as? String != array } })
            #expect(without.passed, "without \(array): \(failures(without))")
            // The default solver's records stand behind the converged ones.
            let unused = aside.contains(array) || ["qpos_next", "qvel_next", "reward"].contains(array)
            #expect(
                without.notCovered.count == whole.notCovered.count + (unused ? 0 : 1),
                "without \(array): \(without.notCovered)")
        }
        let nothing = try report(name, edit: { $0["arrays"] = [] })
        #expect(nothing.checks.isEmpty && nothing.figures.isEmpty && !nothing.notCovered.isEmpty)
    }

    /// Classic and MuJoCo cases, and one of a task that nobody knows, in one folder.
    @Test func foldersMayBeMixed() throws {
        let (folder, _) = try altered("Reacher"),
            classic = Self.folder.deletingLastPathComponent().appendingPathComponent("classic-reference")
        for file in ["Pendulum.json", "Pendulum.bin"] {
            try folder.file(file, Data(contentsOf: classic.appendingPathComponent(file)))
        }
        let (other, url) = try altered("Swimmer", edit: { $0["env"] = "Snail-v5" })
        try folder.file("Swimmer.json", Data(contentsOf: url))
        try folder.file("Swimmer.bin", Data(contentsOf: other("Swimmer.bin")))
        let queue = try Backend.available[0].makeQueue(), reports = try verifyPhysics(folder.url, env: nil, on: queue)
        #expect(reports.map(\.name) == ["Pendulum", "Reacher", "Swimmer"] && reports.allSatisfy(\.passed))
        #expect(reports.map(\.checks.isEmpty) == [false, false, true])
        #expect(
            reports[2].notCovered.count == 1
                && reports[2].notCovered[0].hasPrefix("there is no environment Snail-v5 here"))
        #expect(try verifyPhysics(folder.url, env: "reacher", on: queue).map(\.name) == ["Reacher"])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        func refusal(_ name: String, _ sentence: String, edit: @escaping (inout [String: Any]) -> Void) throws {
            let (folder, url) = try altered(name, edit: edit)
            expectRefusal(sentence, in: folder) {
                _ = try verifyPhysics(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
            }
        }
        func reshape(_ array: String, _ shape: [Int]) -> (inout [String: Any]) -> Void {
            { index in
                index["arrays"] = (index["arrays"] as! [[String: Any]]).map { entry in
                    entry["name"] as? String == array ? entry.merging(["shape": shape]) { $1 } : entry
                }
            }
        }
        try refusal(
            "Hopper", #"Hopper: array "qpos" has shape [256, 12]; [from 1 to 1048576, 6] is needed"#,
            edit: reshape("qpos", [256, 12]))
        try refusal("Hopper", #"Hopper: array "action" has shape [512, 6], 3072 elements; 1536 are needed"#) { index in
            index["arrays"] = (index["arrays"] as! [[String: Any]]).filter { $0["name"] as? String != "action" }
                .map { $0["name"] as? String == "qvel_next" ? $0.merging(["name": "action"]) { $1 } : $0 }
        }
        try refusal(
            "Swimmer", #"Swimmer: array "traj_qvel" has shape [8, 500]; [8, steps, 5] is needed"#,
            edit: reshape("traj_qvel", [8, 500]))
        try refusal(
            "policies_Hopper",
            #"""
            policies_Hopper: "policies.layers" is 11, 32, 4; widths from 11 observations to 3 actions are needed for \#
            Hopper-v5
            """#
        ) {
            $0["policies"] = ["layers": [11, 32, 4]]
        }
        try refusal(
            "policies_Hopper",
            #"policies_Hopper: array "weights" has 483 numbers per policy; 498 are needed for layers of 11, 33, 3"#
        ) { $0["policies"] = ["layers": [11, 33, 3]] }
        try refusal(
            "policies_Hopper",
            #"""
            policies_Hopper: "policies.median_paired_change_when_start_moves_1e-7" has 2 numbers; one per policy, 4, \#
            is needed
            """#
        ) {
            $0["policies"] = ["median_paired_change_when_start_moves_1e-7": [1, 2]]
        }
        try refusal(
            "policies_Hopper",
            #"policies_Hopper: array "init_qpos" has shape [64, 6]; [from 1 to 1048576, 5] is needed"#
        ) { $0["env"] = "Swimmer-v5" }
    }
}
