import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks a device against reference data and against the CPU backend.",
        subcommands: [
            VerifyMathCommand.self, VerifyGradientsCommand.self, VerifyPhysicsCommand.self, VerifyBackendsCommand.self,
            VerifyKernelsCommand.self
        ])
}

struct VerifyGradientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradients", abstract: "Compares values, gradients and updates with a folder of reference cases.",
        discussion:
            """
            Errors are |a - b| / (scale + |b|), b being the reference and the scale its array's root mean square \
            unless the source says otherwise.
            """
    )
    @Option(help: "The folder of reference cases (JSON and .bin).", completion: .directory) var reference: String
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let reports = try verifyGradients(URL(fileURLWithPath: reference), on: device.queue())
        try show(reports, json: json)
    }
}

struct VerifyPhysicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "physics", abstract: "Compares environments with recordings of Gymnasium and MuJoCo.",
        discussion:
            """
            Single steps of every task; of robots also resets, short open loops and the returns of fixed policies. \
            Errors are |a - b| / (1 + |b|), b being the reference; of robots, the largest in a record.
            """
    )
    @Option(help: "The folder of reference cases (JSON and .bin).", completion: .directory) var reference: String
    @Option(help: "Only this environment.") var env: String?
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let reports = try verifyPhysics(URL(fileURLWithPath: reference), env: env, on: device.queue())
        try show(reports, json: json)
        if reports.allSatisfy({ $0.checks.isEmpty && $0.figures.isEmpty }) {
            throw RunError("nothing in \(reference) could be checked")
        }
    }
}

struct VerifyMathCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "math",
        abstract:
            """
            Compares elementary functions with double precision and with the CPU backend, and random words with known \
            answers.
            """
    )
    @OptionGroup var device: DeviceOptions
    @Flag(help: "Try all 2^32 floats instead of 2^22 of them; takes a while.") var all = false
    @Flag(help: "Print JSON.") var json = false

    private struct Result: Encodable { let functions: [MathReport], random: RandomReport }

    func run() throws {
        let queue = try device.queue()
        var functions: [MathReport] = []
        try verifyMath(samples: all ? 1 << 32 : 1 << 22, on: queue) { report in
            functions.append(report)
            guard !json else { return }
            if functions.count == 1 {
                print(row(["function", "arguments", "worst ulp", "at", "limit", "other bits", ""]))
            }
            print(
                row([
                    report.function, "\(report.count)", decimal(report.worst, 4), "\(report.at)",
                    decimal(report.limit, 3), "\(report.differing)", report.passed ? "pass" : "FAIL"
                ]))
        }
        let random = try verifyRandom(on: queue)
        if json {
            try printJSON(Result(functions: functions, random: random))
        } else {
            print(
                """
                random words: \(random.knownAnswers) of 3 known answers of Philox4x32-10, \(random.differing) of \
                \(random.words) words differ, \(random.passed ? "pass" : "FAIL")
                """
            )
        }
        if !random.passed || functions.contains(where: { !$0.passed }) { throw ExitCode(1) }
    }

    private func row(_ cells: [String]) -> String {
        zip(cells, [14, 12, 10, 16, 7, 11, 4]).map {
            $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0)
        }.joined(separator: " ")
    }
}

struct VerifyBackendsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backends",
        abstract: "Trains the same small population on every device and variant and compares every bit.")
    @Option(help: "Iterations of each run.") var iterations = 20
    @Option(help: "Only this environment; Pendulum-v1 and CartPole-v1 by default.") var env: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let specs = try usage {
            guard (1...100_000).contains(iterations) else {
                throw RunError("--iterations is \(iterations); accepted: a whole number from 1 to 100000")
            }
            return try (env.map { [$0] } ?? ["Pendulum-v1", "CartPole-v1"]).map { try EnvironmentSpec.named($0) }
        }
        let variants = BackendVariant.all()
        guard variants.count > 1 else {
            throw RunError(
                "there is only one backend here, \(variants.first?.description ?? "none"): nothing to compare")
        }
        var reports: [BackendReport] = []
        for spec in specs {
            func show(_ report: BackendReport) {
                reports.append(report)
                guard !json else { return }
                let name = report.backend.padding(toLength: max(44, report.backend.count), withPad: " ", startingAt: 0)
                print(
                    """
                        \(name) \(report.tensors) tensors, \(report.differing) of \(report.values) values \
                    differ\(report.firstDifference.map { ", first in \($0)" } ?? "")
                    """
                )
            }
            for objective in [PolicyObjective.clip, .penalty] {
                if !json {
                    print("\(spec.name), \(objective.rawValue), \(iterations) iterations, compared with \(variants[0])")
                }
                try verifyBackends(spec, objective: objective, iterations: iterations, variants: variants, report: show)
            }
            if !json { print("\(spec.name), gpo, two rounds, compared with \(variants[0])") }
            try verifyEvolution(spec, variants: variants, report: show)
        }
        if json { try printJSON(reports) }
        if reports.contains(where: { $0.firstDifference != nil }) { throw ExitCode(1) }
    }
}

/// Prints reports as a table or as JSON; exit status 1 if a check failed.
private func show(_ reports: [CaseReport], json: Bool) throws {
    if json {
        try printJSON(reports)
    } else {
        for report in reports {
            print(report.name)
            for check in report.checks {
                let name = check.array.padding(toLength: max(36, check.array.count), withPad: " ", startingAt: 0)
                let errors = String(format: "median %.1e  p99 %.1e  worst %.1e", check.median, check.p99, check.worst)
                let limits = [("median", check.medianLimit), ("p99", check.p99Limit), ("worst", check.tolerance)].filter
                { $0.1.isFinite }.map { String(format: "\($0.0) %.1e", $0.1) }
                print(
                    """
                        \(name) \(errors)  limit: \(limits.isEmpty ? "none" : limits.joined(separator: ", "))  \
                    \(check.passed ? "pass" : "FAIL, worst at element \(check.worstAt)")
                    """
                )
            }
            for figure in report.figures {
                let name = figure.name.padding(toLength: max(36, figure.name.count), withPad: " ", startingAt: 0)
                let value = String(format: "%.4g", figure.value),
                    limit = figure.limit.isFinite ? String(format: "%.4g", figure.limit) : "none"
                print(
                    """
                        \(name) \(value)\(figure.of.isEmpty ? "" : " (\(figure.of))")  limit: \(limit)  \
                    \(figure.passed ? "pass" : "FAIL")
                    """
                )
            }
            for reason in report.notCovered { print("    not covered: \(reason)") }
        }
        let arrays = reports.flatMap(\.checks), figures = reports.flatMap(\.figures),
            failed = arrays.count { !$0.passed } + figures.count { !$0.passed }
        print(
            """
            \(arrays.count) arrays compared\(figures.isEmpty ? "" : " and \(figures.count) figures"), \(failed) \
            beyond tolerance, \(reports.count { !$0.notCovered.isEmpty }) cases with parts not covered
            """
        )
    }
    if reports.contains(where: { !$0.passed }) { throw ExitCode(1) }
}
