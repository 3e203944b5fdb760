import ArgumentParser
import EvoGPU
import Foundation

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Makes a page with figures from runs.",
        discussion:
            """
            Runs of one environment share a section, and runs of one method a curve. Algorithms add what is their \
            own: gpo its crossovers and the states that parents and children visit.
            """
    )
    @Argument(help: "The runs' folders.") var directories: [String]
    @Option(help: "The page to write.", completion: .file(extensions: ["html"])) var out = "report.html"
    @Option(help: "The round whose children are shown beside their parents, of runs of gpo.") var round = 1
    @Option(
        help:
            """
            Two entries of the observation to show visited states by, as 0,3; by default their first two principal \
            components.
            """
    ) var dimensions: String?

    func run() throws {
        let chosen = try usage { () -> (Int, Int)? in
            guard round >= 1 else { throw RunError("--round is \(round); accepted: a whole number from 1") }
            guard let dimensions else { return nil }
            let numbers = dimensions.split(separator: ",").compactMap { Int($0) }
            guard numbers.count == 2 else {
                throw RunError("--dimensions is \(dimensions); accepted: two numbers, as 0,3")
            }
            return (numbers[0], numbers[1])
        }
        let page = try report(
            on: directories.map { URL(fileURLWithPath: $0) }, ReportOptions(round: round, dimensions: chosen))
        try page.write(to: URL(fileURLWithPath: out), atomically: true, encoding: .utf8)
        print("\(out): \(page.utf8.count >> 10) KiB")
    }
}
