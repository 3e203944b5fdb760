import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct GradientReferenceTests {
    static let folder = Bundle.module.url(forResource: "torch-reference", withExtension: nil, subdirectory: "Fixtures")!
    static let cases = [
        "ddpg_updates", "distillation", "gae", "gpo", "networks_halfcheetah", "networks_small", "ppo", "sensitivity"
    ]

    /// PyTorch's values in double precision; tolerances are derived where they are used (`RoundingTolerance.swift`).
    @Test(arguments: Backend.available, cases) func matchesPyTorch(backend: Backend, name: String) throws {
        let report = try verifyGradients(
            ReferenceCase(json: Self.folder.appendingPathComponent("\(name).json")), on: backend.makeQueue())
        #expect(report.notCovered.isEmpty && !report.checks.isEmpty)
        for check in report.checks {
            #expect(
                check.passed,
                """
                \(name) \(check.array) on \(backend): [\(check.worstAt)] is off by \(check.worst), tolerance \
                \(check.tolerance)
                """
            )
        }
    }

    private func altered(
        _ name: String, edit: (inout [String: Any]) -> Void = { _ in },
        spoil: (inout Data, [String: Int]) -> Void = { _, _ in }
    ) throws -> (TemporaryFolder, URL) {
        try alteredReference(Self.folder, name, edit: edit, spoil: spoil)
    }

    /// One element of each array that is compared, off by a ten-thousandth of its array's size: only that array fails.
    @Test(arguments: [
        ("networks_small", "actor_param_grad"), ("networks_small", "critic_action_grad"), ("ppo", "clip_grad"),
        ("ppo", "kl_per_state"), ("gae", "return"),
        ("distillation", "loss"), ("sensitivity", "mutated_all"), ("gpo", "student_grad"),
        ("ddpg_updates", "critic_loss")
    ])
    func oneWrongElementIsFound(name: String, array: String) throws {
        let original = try ReferenceCase(json: Self.folder.appendingPathComponent("\(name).json")).doubles(array)
        let size = (original.reduce(0) { $0 + $1 * $1 } / Double(original.count)).squareRoot()
        let (folder, url) = try altered(
            name,
            spoil: { data, offsets in
                let changed = original[1] + (array == "kl_per_state" ? 1e-3 : 1e-4 * (size + abs(original[1])))
                withUnsafeBytes(of: changed) {
                    data.replaceSubrange(offsets[array]! + 8..<offsets[array]! + 16, with: $0)
                }
            })
        let report = try withExtendedLifetime(folder) {
            try verifyGradients(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
        }
        #expect(report.checks.filter { !$0.passed }.map(\.array) == [array])
        #expect(report.checks.first { !$0.passed }?.worstAt == 1)
    }

    /// Twelve steps of Adam beside a parameter that went elsewhere by a hundredth of a step.
    @Test func aStrayParameterIsFound() throws {
        let (folder, url) = try altered(
            "ppo",
            spoil: { data, offsets in
                let at = offsets["clip_params_after_12"]! + 8 * 4
                let value = data[at..<at + 8].withUnsafeBytes { $0.loadUnaligned(as: Double.self) } + 0.01 * 3e-4
                withUnsafeBytes(of: value) { data.replaceSubrange(at..<at + 8, with: $0) }
            })
        let report = try withExtendedLifetime(folder) {
            try verifyGradients(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
        }
        #expect(report.checks.filter { !$0.passed }.map(\.array) == ["clip_params_after_12, way gone"])
    }

    @Test func unknownCasesAreSaid() throws {
        let (folder, url) = try altered("gae", edit: { $0["case"] = "tea_leaves" })
        let report = try withExtendedLifetime(folder) {
            try verifyGradients(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
        }
        #expect(report.checks.isEmpty && report.passed)
        #expect(report.notCovered.count == 1 && report.notCovered[0].hasPrefix("no case is named \"tea_leaves\""))
    }

    @Test func whatDoesNotFitIsRefused() throws {
        func refusal(
            _ name: String, _ sentence: String, edit: (inout [String: Any]) -> Void,
            spoil: (inout Data, [String: Int]) -> Void = { _, _ in }
        ) throws {
            let (folder, url) = try altered(name, edit: edit, spoil: spoil)
            expectRefusal(sentence, in: folder) {
                _ = try verifyGradients(ReferenceCase(json: url), on: Backend.available[0].makeQueue())
            }
        }
        try refusal("gae", #"gae: "envs" is 6.5; a whole number from 1 to 32768 is needed"#) { $0["envs"] = 6.5 }
        try refusal("gae", #"gae: array "reward" has shape [6, 50], 300 elements; 350 are needed"#) { $0["envs"] = 7 }
        try refusal("gae", #"gae: "gamma" is 1.5 and "lam" 0.95; numbers from 0 to 1 are needed"#) { $0["gamma"] = 1.5 }
        try refusal("gae", #"FOLDER/gae.json: "steps" is missing; a number is needed"#) { $0["steps"] = nil }
        try refusal(
            "gae", #"gae: array "reward" holds nan; finite numbers are needed"#, edit: { _ in },
            spoil: { data, offsets in
                withUnsafeBytes(of: Double.nan) {
                    data.replaceSubrange(offsets["reward"]!..<offsets["reward"]! + 8, with: $0)
                }
            })
        try refusal(
            "networks_small", #"networks_small: "critic" is [11.0]; 2 whole numbers from 1 to 32768 are needed"#
        ) { $0["critic"] = [11] }
        try refusal(
            "networks_small", #"networks_small: array "actor" has shape [2, 340], 680 elements; 760 are needed"#
        ) { $0["hidden"] = 14 }
        try refusal("ppo", #"ppo: "value_parameter_order" is b1, W1; W1, b1, W2, b2, W3, b3 is what is known here"#) {
            $0["value_parameter_order"] = "b1[h], W1[h,obs]; y"
        }
        let empty = try TemporaryFolder()
        expectRefusal(
            "FOLDER: there is no reference case in this folder, that is no JSON with \"file\" and \"arrays\"", in: empty
        ) {
            _ = try verifyGradients(empty.url, on: Backend.available[0].makeQueue())
        }
    }
}
