/// Which policies of a run's folder are meant: `best`, or a member's number within its run.
public enum MemberChoice: Sendable, Equatable, CustomStringConvertible {
    case best, number(Int)

    public var description: String {
        switch self {
        case .best: "best"
        case .number(let number): "\(number)"
        }
    }

    /// - Parameter option: the option's name, for the message.
    /// - Throws: ``RunError`` unless it is `best` or a whole number from 0.
    public init(_ text: String, option: String) throws {
        if text == "best" { self = .best; return }
        guard let number = Int(text), number >= 0 else {
            throw RunError("\(option) is \(text); accepted: best, or a whole number from 0")
        }
        self = .number(number)
    }
}

extension TrainedPopulation {
    /// One policy of the folder: its row, what it is called, and its returns where episodes were played.
    public struct Member: Sendable {
        /// Row of the population's tensors.
        public let row: Int
        /// The training run's seed, and the number within that run.
        public let seed: UInt64, number: Int
        /// The run: its seed, and its variant where there are several.
        public let label: String
        /// On episodes that did not choose it; nil if none were asked for.
        public let result: EvaluationResult?
    }

    /// The runs that belong to a training seed and a variant, or all of them.
    ///
    /// - Throws: ``RunError`` if the folder has no such run.
    func runs(ofSeed seed: UInt64?, variant: String?) throws -> [Int] {
        let all = saved.policies.runs, ofVariant = all.indices.filter { variant == nil || all[$0].variant == variant }
        if let variant, ofVariant.isEmpty {
            let there = Set(all.compactMap(\.variant)).sorted().joined(separator: ", ")
            throw RunError(
                """
                there is no run of variant \(variant) in \(saved.directory.url.path); accepted: \
                \(there.isEmpty ? "none, its runs have no variants" : there)
                """)
        }
        guard let seed else { return ofVariant }
        let found = ofVariant.filter { all[$0].seed == seed }
        guard !found.isEmpty else {
            throw RunError(
                """
                there is no run of seed \(seed) in \(saved.directory.url.path); accepted: \
                \(saved.seeds.map(String.init).joined(separator: ", "))
                """
            )
        }
        return found
    }

    private func row(_ number: Int, ofRun run: Int) throws -> Int {
        guard number < saved.policies.perRun else {
            throw RunError(
                """
                there is no member \(number) in \(saved.directory.url.path); accepted: best, or 0 to \
                \(saved.policies.perRun - 1)
                """
            )
        }
        return run * saved.policies.perRun + number
    }

    /// Members by choice: each choice in every run asked for, in the order of runs, none twice.
    ///
    /// - Parameters:
    ///   - seed, variant: the training seed and the variant whose run is meant; nil for all runs.
    ///   - episodes: how many choose the best, and then how many judge each; at least 1 where `best` is asked for, may
    ///     be 0 otherwise.
    public func members(_ choices: [MemberChoice], seed: UInt64?, variant: String? = nil, episodes: Int) throws
        -> [Member]
    {
        let runs = try runs(ofSeed: seed, variant: variant), population = saved.policies.perRun
        let numbered = try runs.map { run in
            try choices.map { choice in if case .number(let number) = choice { try row(number, ofRun: run) } else { -1 }
            }
        }
        guard episodes >= 1 || !choices.contains(.best) else {
            throw RunError(
                """
                the best member is chosen by playing, and no episodes are asked for; accepted: at least 1, or a \
                member's number
                """
            )
        }
        let played = episodes >= 1 ? try chooseAndJudge(episodes: episodes, seed: 1) : nil
        var found: [Member] = []
        for (index, run) in runs.enumerated() {
            for row in numbered[index] {
                let row =
                    row >= 0 ? row : best(of: run * population..<(run + 1) * population, played!.choice, played!.judged)
                guard !found.contains(where: { $0.row == row }) else { continue }
                found.append(
                    Member(
                        row: row, seed: saved.policies.runs[run].seed, number: row - run * population,
                        label: saved.policies.runs[run].description, result: played?.judged[row]))
            }
        }
        return found
    }

    /// The one member that is meant: with `best` and no seed, the best of all runs.
    public func member(_ choice: MemberChoice, seed: UInt64?, variant: String? = nil, episodes: Int) throws
        -> Member
    {
        let runs = try runs(ofSeed: seed, variant: variant), population = saved.policies.perRun
        if case .number(let number) = choice {
            let row = try row(number, ofRun: runs[0])
            guard runs.count == 1 else {
                let several = saved.policies.runs.count > saved.seeds.count
                let names = runs.map { run in
                    let label = saved.policies.runs[run]
                    return several ? label.description : "\(label.seed)"
                }
                throw RunError(
                    """
                    \(saved.directory.url.path) has a member \(number) for each of \(runs.count) \
                    \(several ? "runs; choose one by its seed and variant" : "seeds; choose one by its seed"): \
                    \(names.joined(separator: ", "))
                    """
                )
            }
            let result = episodes >= 1 ? try evaluate(episodes: episodes, seed: 1)[row] : nil
            return Member(
                row: row, seed: saved.policies.runs[runs[0]].seed, number: number,
                label: saved.policies.runs[runs[0]].description, result: result
            )
        }
        guard episodes >= 1 else {
            throw RunError(
                """
                the best member is chosen by playing, and no episodes are asked for; accepted: at least 1, or a \
                member's number
                """
            )
        }
        let (choice, judged) = try chooseAndJudge(episodes: episodes, seed: 1)
        let row = best(of: runs.flatMap { $0 * population..<($0 + 1) * population }, choice, judged)
        return Member(
            row: row, seed: saved.policies.runs[row / population].seed, number: row % population,
            label: saved.policies.runs[row / population].description, result: judged[row])
    }
}
