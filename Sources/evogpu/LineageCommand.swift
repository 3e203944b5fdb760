import ArgumentParser
import EvoGPU
import Foundation

struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage", abstract: "Says where the policies of a GPO run come from.",
        discussion:
            """
            Without --member every child of every round; with it one policy and all its ancestors. Individual 3/5 is \
            member 5 of round 3's children; round 0 is the first population.
            """
    )
    @Argument(help: "The run's folder.") var directory: String
    @Option(help: "Only the run with this seed.") var seed: UInt64?
    @Option(help: "Only this round's children; with --member the round it was born in, by default the last.") var round:
        Int?
    @Option(help: "One member and its ancestors.") var member: Int?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let saved = try SavedRun(URL(fileURLWithPath: directory))
        let all = try saved.lineage(), last = all.map(\.round).max() ?? 0, perRun = saved.policies.perRun
        try usage {
            if let seed {
                guard saved.seeds.contains(seed) else {
                    throw RunError(
                        "--seed is \(seed); accepted: \(saved.seeds.map(String.init).joined(separator: ", "))")
                }
            }
            if let round {
                guard (1...max(1, last)).contains(round) else {
                    throw RunError(
                        """
                        --round is \(round); accepted: \
                        \(last == 0 ? "none yet, the first round is not over" : "1 to \(last)")
                        """
                    )
                }
            }
            if let member {
                guard (0..<perRun).contains(member) else {
                    throw RunError("--member is \(member); accepted: 0 to \(perRun - 1)")
                }
            }
        }
        var entries = all.filter { seed == nil || $0.seed == seed }
        guard let member else {
            entries = entries.filter { round == nil || $0.round == round }
            if json { return try printJSON(entries) }
            for entry in entries { print("seed \(entry.seed)  \(line(entry))") }
            return
        }
        for run in saved.seeds where seed == nil || run == seed {
            let born = round ?? last, mine = entries.filter { $0.seed == run }
            let ancestry = mine.ancestors(of: member, bornIn: born)
            if json { try printJSON(ancestry); continue }
            print("seed \(run): individual \(born)/\(member)")
            for entry in ancestry { print("  \(line(entry))") }
        }
    }

    private func line(_ entry: LineageEntry) -> String {
        let before = entry.round - 1
        var parts = [
            "\(entry.round)/\(entry.child) of \(before)/\(entry.parents[0]) and \(before)/\(entry.parents[1])",
            "parents' returns \(decimal(entry.fitness[0], 1)), \(decimal(entry.fitness[1], 1))"
        ]
        if let parents = entry.measured_parents, let child = entry.measured_child {
            parts.append(
                """
                measured \(decimal(parents[0], 1)), \(decimal(parents[1], 1)) and child \
                \(decimal(child, 1))\(entry.measured_parameter_child.map { ", by parameters \(decimal($0, 1))" } ?? "")
                """
            )
        }
        if let expert = entry.kl_to_expert, let toParents = entry.kl_to_parents {
            parts.append(
                "KL to expert \(decimal(expert, 3)), to parents "
                    + "\(decimal(toParents[0], 2)), \(decimal(toParents[1], 2))"
            )
        }
        return parts.joined(separator: "; ")
    }
}
