import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct ReportTests {
    private func run(_ variant: GPOVariant, in folder: URL, seeds: [UInt64] = [1, 2]) throws -> URL {
        let path = folder.appendingPathComponent(variant.rawValue), queue = try Queue(Device.named("cpu"))
        var config = GPOTests.config()
        (config.variant, config.mutation.rolloutSteps, config.mutation.batchSize, config.totalSteps) = (
            variant, 100, 500, 3 * 3 * (2 * 500 + 60)
        )
        let run = try TrainingRun(
            GPO.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: seeds, path: path,
            on: queue)
        #expect(try run.train { _ in })
        try FinalEvaluation(
            TrainedPopulation(path, on: queue), episodes: 3, seed: 1, totalSteps: run.progress.steps / seeds.count,
            seconds: 1
        ).write(to: path.appendingPathComponent("final.json"))
        return path
    }

    /// Four figures, one section, nothing from elsewhere; and what stands in the table is what the runs' final.json
    /// say.
    @Test func aPageOfThreeMethods() throws {
        let folder = try TemporaryFolder(),
            paths = try [GPOVariant.gpo, .single, .joint].map { try run($0, in: folder.url) }
        let page = try report(on: paths)
        #expect(page.components(separatedBy: "<svg").count == 5 && page.components(separatedBy: "<h2>").count == 2)
        for word in [
            "Learning curves", "Final populations", "Children beside their parents", "State-space crossover",
            "Parameter-space crossover", "Where policies go", "prefers-color-scheme: dark"
        ] { #expect(page.contains(word), "\(word)") }
        for outside in ["http:", "https:", "src=", "<script", "@import", "nan"] {
            #expect(!page.contains(outside), "\(outside)")
        }
        let final = try FinalEvaluation.read(paths[1].appendingPathComponent("final.json")),
            best = final.runs.map { $0.members[$0.best].mean }
        let mean = (best[0] + best[1]) / 2
        #expect(
            page.contains(
                "\u{2212}" + String(format: "%.1f", abs(mean)).replacing(/(\d)(\d{3}\.)/) { "\($0.1),\($0.2)" }))
        // Well-formed: every element closes.
        #expect(throws: Never.self) { _ = try XMLCheck(page) }
        #expect(try report(on: [paths[0]], ReportOptions(round: 3, dimensions: (0, 1))).contains("observation 0"))
        #expect(throws: RunError.self) { _ = try report(on: [paths[0]], ReportOptions(dimensions: (0, 9))) }
        #expect(throws: RunError.self) { _ = try report(on: [folder.url]) }
        // A child that broke is not as good as its parents, whose returns are below zero here.
        let lineage = paths[0].appendingPathComponent("records.jsonl"),
            text = try String(contentsOf: lineage, encoding: .utf8)
        try text.replacing(/"measured_child":[-0-9.e]+/, with: "\"measured_child\":\"-inf\"").write(
            to: lineage, atomically: true, encoding: .utf8)
        #expect(try SavedRun(paths[0]).lineage().allSatisfy { $0.measured_child == -.infinity })
        #expect(try report(on: [paths[0]]).contains("child at or above the better parent in 0 of 3"))
    }
}

/// ERL's family: one folder, four methods that can be told apart.
@Suite struct FamilyReportTests {
    @Test func variantsHaveColoursOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        var config = ERLTests.config()
        (config.totalSteps, config.updatesPerStep) = (1, 0)
        _ = try TrainingRun(
            ERL.self, EnvironmentSpec.named("Pendulum-v1"), config: config, seeds: [1],
            path: folder("family"), on: Queue(Device.named("cpu"))
        ).train { _ in }
        let page = try report(on: [folder("family")]),
            dots = page.matches(of: /class="dot" style="background:(var\(--c\d\))"><\/span>(\w+)</).map {
                ($0.output.1, $0.output.2)
            }
        #expect(dots.map(\.1) == ["ERL", "PERL", "DERL", "PDERL"] && Set(dots.map(\.0)).count == 4, "\(dots)")
        #expect(page.contains("1 run by evogpu") && page.contains(": family</p>"))
    }
}

/// Opening and closing tags in balance.
private struct XMLCheck {
    struct Unbalanced: Error {}
    init(_ page: String) throws {
        var open: [Substring] = []
        for match in page.matches(of: /<(\/?)([a-z0-9]+)[^>]*?(\/?)>/) {
            let name = match.output.2
            if !match.output.3.isEmpty || name == "meta" { continue }
            if match.output.1.isEmpty { open.append(name) } else if open.popLast() != name { throw Unbalanced() }
        }
        if !open.isEmpty { throw Unbalanced() }
    }
}
