import EvoGPU
import Foundation
import GPUTensor
import Testing

/// The same bits everywhere, and from version to version: small fixed runs whose results are compared with digests that
/// were written down when they were last meant to change.
///
/// `EVOGPU_SET_GOLDEN=1 swift test ...` writes `Fixtures/golden-bits.json` of the source tree anew and says what
/// changed. A commit that does so says why, and the version's minor number goes up.
@Suite struct GoldenBitsTests {
    struct Golden: Codable {
        struct Case: Codable {
            let name: String, arguments: [String], columns: [String]
            /// Of the parameters' bytes, and of the columns' text.
            var parameters: String, metrics: String
            /// What set them.
            var version: String
        }
        var cases: [Case]
        /// The returns that README shows of `make demo`: one line for each seed.
        var demo: [String]
    }

    private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/golden-bits.json")

    static func read() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: source))
    }

    /// Runs a case as a user does.
    private func digests(_ golden: Golden.Case, device: String) throws -> (parameters: String, metrics: String) {
        let folder = try TemporaryFolder(), run = folder("run")
        let process = try ChildProcess(
            ["train"] + golden.arguments + [
                "--device", device, "--eval-episodes", "0", "--quiet", "--out", run.path
            ])
        try #require(process.terminationStatus == 0, "\(golden.name) on \(device)")
        let arrays = try Safetensors.read(run.appendingPathComponent("checkpoint/arrays.safetensors")).arrays
        let parameters = try #require(arrays.first { $0.name == "parameters" }).bytes
        let lines = try String(contentsOf: run.appendingPathComponent("metrics.csv"), encoding: .utf8).split(
            separator: "\n")
        let header = lines[0].split(separator: ",").map(String.init)
        let places = try golden.columns.map { try #require(header.firstIndex(of: $0), "no column \($0)") }
        let text = lines.dropFirst().map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return places.map { String(fields[$0]) }.joined(separator: ",")
        }.joined(separator: "\n")
        func digest(_ data: Data) -> String {
            var hash = XXHash64()
            data.withUnsafeBytes { hash.update($0) }
            return "xxh64:" + hash.hexDigest
        }
        return (digest(parameters), digest(Data(text.utf8)))
    }

    @Test func everyAlgorithmGivesTheBitsThatWereWrittenDown() throws {
        var golden = try Self.read(), changed: [String] = []
        let devices = Set(Backend.available.map(\.device)).sorted()
        let sets = ProcessInfo.processInfo.environment["EVOGPU_SET_GOLDEN"] == "1"
        for (index, one) in golden.cases.enumerated() {
            for device in devices {
                let (parameters, metrics) = try digests(one, device: device)
                if sets, device == "cpu", (parameters, metrics) != (one.parameters, one.metrics) {
                    (golden.cases[index].parameters, golden.cases[index].metrics) = (parameters, metrics)
                    golden.cases[index].version = evogpuVersion
                    changed.append(one.name)
                }
                if sets { continue }
                #expect(parameters == one.parameters, "\(one.name) on \(device): other parameters")
                #expect(metrics == one.metrics, "\(one.name) on \(device): other metrics")
            }
        }
        guard sets else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(golden).write(to: Self.source)
        Issue.record("digests were written anew: \(changed)")
    }

    @Test func everyAlgorithmHasACase() throws {
        let there = Set(try Self.read().cases.compactMap(\.arguments.first))
        #expect(Set(AlgorithmSpec.all.map(\.name)).subtracting(there).isEmpty)
    }

    private static let readme = source.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md")

    @Test func whatREADMEPrintsOfTheDemoIsWhatWasSeen() throws {
        let text = try String(contentsOf: Self.readme, encoding: .utf8), demo = try Self.read().demo
        #expect(demo.count == 3)
        for line in demo { #expect(text.contains(line), "README does not print: \(line)") }
    }

    /// The demo itself, some 90 s of two quiet cores; EVOGPU_QUICK leaves it out.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["EVOGPU_QUICK"] == nil))
    func theDemoGivesWhatREADMEPrints() throws {
        let folder = try TemporaryFolder(), run = folder("demo")
        let process = try ChildProcess([
            "train", "ppo", "--env", "Pendulum-v1", "--seeds", "3", "--device", "cpu", "--quiet", "--out", run.path
        ])
        try #require(process.terminationStatus == 0)
        let final = try FinalEvaluation.read(run.appendingPathComponent("final.json"))
        func number(_ value: Double) -> String { String(format: "%.2f", value) }
        let lines = final.runs.map { run in
            let best = run.members[run.best]
            return
                "seed \(run.seed): best member \(run.best), return \(number(best.mean)) +- \(number(best.std)) over 100"
        }
        #expect(try Self.read().demo == lines)
    }
}
