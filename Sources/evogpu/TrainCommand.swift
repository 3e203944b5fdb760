import ArgumentParser
import EvoGPU
import Foundation
import GPUTensor

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "train", abstract: "Trains a population.")
    @Argument(help: "The algorithm: \(AlgorithmSpec.all.map(\.name).joined(separator: ", ")).") var algorithm: String
    @Option(help: "The environment; see `evogpu envs`.") var env: String
    @Option(help: "Seed of the first run.") var seed: UInt64 = 1
    @Option(help: "Independent runs in lock-step, with seeds from --seed on.") var seeds = 1
    @OptionGroup var device: DeviceOptions
    @Option(help: "A YAML file of settings.", completion: .file()) var config: String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help:
            """
            A setting, key=value, or an option of the environment, env.key=value; may be repeated. See `evogpu \
            algorithms \(AlgorithmSpec.all[0].name)`.
            """
    ) var settings: [String] = []
    @Option(help: "The run's folder, absent or empty. By default runs/<algorithm>-<env>-<time>.") var out: String?
    @OptionGroup var evaluation: EvaluationOptions

    func run() throws {
        let (spec, chosen, merged, seedList) = try usage {
            guard seeds >= 1, seeds <= 100_000 else {
                throw RunError("--seeds is \(seeds); accepted: a whole number from 1 to 100000")
            }
            // env.key=value is an option of the environment, everything else a setting of the algorithm.
            let options = settings.filter { $0.hasPrefix("env.") }.map { String($0.dropFirst(4)) }
            let task = try EnvironmentSpec.named(env, settings: options)
            let algorithm = try AlgorithmSpec.named(self.algorithm)
            let merged = try algorithm.config(
                for: task, file: config.map { URL(fileURLWithPath: $0) },
                overrides: settings.filter { !$0.hasPrefix("env.") }, seeds: seeds)
            return (task, algorithm, merged, (0..<UInt64(seeds)).map { seed &+ $0 })
        }
        let queue = try device.queue(), path = out.map { URL(fileURLWithPath: $0) }
        let run = try TrainingRun(chosen, spec, config: merged, seeds: seedList, path: path, at: Place(queue))
        try finish(run, evaluation: evaluation, queue: queue)
    }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Continues a run from its checkpoint, on any device, to the same end.")
    @Argument(help: "The run's folder.") var directory: String
    @OptionGroup var device: DeviceOptions
    @OptionGroup var evaluation: EvaluationOptions

    func run() throws {
        let queue = try device.queue()
        let run = try TrainingRun(resuming: URL(fileURLWithPath: directory), on: queue)
        let progress = run.progress
        note("resumed \(directory) at \(progress.steps) of \(progress.planned) steps")
        try finish(run, evaluation: evaluation, queue: queue)
    }
}

/// How a finished run is judged.
struct EvaluationOptions: ParsableArguments {
    @Option(help: "Episodes that judge each run's best member at the end; 0 for none.") var evalEpisodes = 100
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print the outcome as JSON.") var json = false

    func validate() throws {
        guard (0...1_000_000).contains(evalEpisodes) else {
            throw ValidationError("--eval-episodes is \(evalEpisodes); accepted: a whole number from 0 to 1000000")
        }
    }
}

/// Trains to the end with a progress line, then evaluates. SIGINT and SIGTERM write a checkpoint first.
private func finish(_ run: TrainingRun, evaluation: EvaluationOptions, queue: Queue) throws {
    StopSignals.install()
    let progress = ProgressLine.standardError(isQuiet: evaluation.quiet)
    run.tell = { note($0) }
    let begin = monotonicSeconds(), first = run.progress.steps
    let complete = try run.train(shouldStop: { StopSignals.received }) { run in
        let returns = run.recentReturns.compactMap { $0 }
        progress.update(
            Progress(
                steps: run.progress.steps, totalSteps: run.progress.planned,
                stepsPerSecond: Double(run.progress.steps - first) / (monotonicSeconds() - begin),
                bestReturn: returns.max(),
                meanReturn: returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count)))
    }
    progress.finish()
    StopSignals.remove()
    let seconds = monotonicSeconds() - begin, steps = run.progress.steps - first
    if run.faults.nonFiniteResets > 0 {
        note("\(run.faults.nonFiniteResets) environments were reset because their state was not finite")
    }
    if run.faults.contactOverflows > 0 {
        note(
            """
            \(run.faults.contactOverflows) contacts between moving bodies found no room and were left out, the \
            deepest kept
            """
        )
    }
    if run.faults.refusedSteps > 0 {
        note("\(run.faults.refusedSteps) gradient steps were refused because the gradient was not finite")
    }
    guard complete else {
        note(
            "stopped by a signal after \(run.progress.steps) steps; `evogpu resume \(run.directory.url.path)` goes on"
        )
        throw ExitCode(130)
    }
    if run.faults.retired > 0 {
        note("\(run.faults.retired) members were retired because they held numbers that are not finite")
    }
    let final =
        evaluation.evalEpisodes == 0
        ? nil
        : try FinalEvaluation(
            TrainedPopulation(run.directory.url, on: queue), episodes: evaluation.evalEpisodes, seed: 1,
            totalSteps: run.progress.steps / run.runCount, seconds: first == 0 ? seconds : nil)
    try final?.write(to: run.directory.finalFile)
    let outcome = TrainingOutcome(
        directory: run.directory.url.path, policies: run.policies.count, steps: steps, seconds: seconds,
        steps_per_second: Double(steps) / max(seconds, 1e-9),
        best: (final?.runs ?? []).map { run in
            let best = run.members[run.best]
            return .init(
                seed: run.seed, variant: run.variant, member: run.best, episodes: evaluation.evalEpisodes,
                non_finite: best.non_finite, mean: best.mean, std: best.std, min: best.min, max: best.max)
        })
    if evaluation.json { return try printJSON(outcome) }
    print(
        """
        trained \(outcome.policies) policies, \(steps) environment steps in \(decimal(seconds, 1)) s \
        (\(Int(outcome.steps_per_second)) steps/s, updates included)
        """
    )
    for entry in outcome.best {
        let label = (entry.variant.map { "\($0) " } ?? "") + "seed \(entry.seed)"
        if entry.non_finite > 0 {
            print("\(label): every member met states that are not finite; its returns mean nothing")
        }
        print(
            """
            \(label): best member \(entry.member), return \(decimal(entry.mean, 2)) +- \(decimal(entry.std, 2)) over \
            \(entry.episodes) episodes (min \(decimal(entry.min, 2)), max \(decimal(entry.max, 2)))
            """
        )
    }
    print("results: \(outcome.directory)")
}

/// What a finished run prints: how fast it was, and each seed's best member, judged on episodes that did not choose it.
private struct TrainingOutcome: Encodable {
    struct Best: Encodable {
        let seed: UInt64, variant: String?, member, episodes, non_finite: Int, mean, std, min, max: Double
    }
    let directory: String, policies, steps: Int, seconds, steps_per_second: Double, best: [Best]
}

/// A number with a fixed count of decimals.
func decimal(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

/// Remembers that SIGINT or SIGTERM came, so that a run can write its checkpoint. A second one ends the program at
/// once.
enum StopSignals {
    // Written by the signal handler only, read by the training loop: one aligned word.
    nonisolated(unsafe) private static var flag: sig_atomic_t = 0
    static var received: Bool { flag != 0 }
    /// From here on a signal ends the program at once: everything is on the disk.
    static func remove() { for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) } }
    static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                StopSignals.flag = 1
                signal(number, SIG_DFL)
            }
        }
    }
}
