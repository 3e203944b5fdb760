import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Writes a web page that shows trained policies moving.",
        discussion:
            """
            The page is one file that needs no network. Policies act by their mean or most probable action, from the \
            start states that `evogpu eval` with the same --play-seed uses.
            """
    )
    @Argument(help: "The run's folder.") var directory: String
    @Option(help: "The page to write.", completion: .file()) var out = "replay.html"
    @Option(help: "Which policies, side by side: best and members' numbers, separated by commas, for every seed.")
    var members = "best"
    @Option(help: "Only the run of this training seed; by default all.") var seed: UInt64?
    @Option(help: "Episodes of each policy to show.") var episodes = 1
    @Option(help: "Seed of the start states.") var playSeed: UInt64 = 1
    @Option(help: "Episodes that choose the best member.") var evalEpisodes = 100
    @Option(help: "Only runs of this variant, where the folder has several in lock-step; by default all.")
    var variant: String?
    @OptionGroup var device: DeviceOptions

    func run() throws {
        let choices = try usage {
            guard (1...100).contains(episodes) else {
                throw RunError("--episodes is \(episodes); accepted: a whole number from 1 to 100")
            }
            guard (1...1_000_000).contains(evalEpisodes) else {
                throw RunError("--eval-episodes is \(evalEpisodes); accepted: a whole number from 1 to 1000000")
            }
            return try members.split(separator: ",", omittingEmptySubsequences: false).map {
                try MemberChoice(String($0), option: "--members")
            }
        }
        // refuses before anything is played
        let source = try ReplaySource(SavedRun(URL(fileURLWithPath: directory)).spec)
        let population = try TrainedPopulation(URL(fileURLWithPath: directory), on: device.queue())
        let chosen = try population.members(
            choices, seed: seed, variant: variant, episodes: choices.contains(.best) ? evalEpisodes : 0)
        guard chosen.count <= 24 else {
            throw RunError(
                "\(chosen.count) policies are asked for; a page shows at most 24: name fewer members, or one --seed")
        }
        let trajectories = try population.record(chosen, source: source, episodes: episodes, seed: playSeed)
        let panels = zip(chosen, trajectories).map {
            ReplayPage.Panel(label: "\($0.label) \u{b7} member \($0.number)", episodes: $1)
        }
        let saved = population.saved, start = "start states of seed \(playSeed)"
        let page = try ReplayPage.html(
            title: saved.spec.title,
            subtitle: "\(saved.algorithm.name), \(population.iteration) iterations \u{b7} \(start)",
            scene: source.scene, panels: panels)
        try page.write(to: URL(fileURLWithPath: out), atomically: true, encoding: .utf8)
        for (member, episodes) in zip(chosen, trajectories) {
            let returns = episodes.map { $0.rewards.reduce(0, +) }
            print(
                """
                \(member.label) member \(member.number): \(returns.map { decimal($0, 2) }.joined(separator: ", ")) in \
                \(episodes.map { String($0.rewards.count) }.joined(separator: ", ")) steps
                """
            )
        }
        print("\(out): \(page.utf8.count >> 10) KiB")
    }
}
