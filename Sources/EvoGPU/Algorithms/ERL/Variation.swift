import GPUTensor

/// Crossover and mutation of every run's population, each by the operators of its variant, with what children remember.
final class Variation {
    private let config: ERLConfig
    private let variants: [ERLVariant], policies: Int
    private let distillation: DistillationCrossover?, nPoint: NPointCrossover?
    private let proximal: ProximalMutation?, gaussian: GaussianMutation?
    private let distance: BehaviourDistance?
    private let magnitudes: [Float]

    /// Makes the memory and launches nothing.
    ///
    /// - Parameter words: `[P, 4]`, the policies' random streams.
    init(
        _ config: ERLConfig, runs: [ERL.Run], actor: Policy, critic: CriticNetwork, words: [UInt32],
        on queue: Queue
    ) throws {
        (self.config, variants, policies) = (config, runs.map(\.variant), config.policies)
        let all = runs.count * config.policies, owners = Array(0..<all)
        func count(_ isMeant: (ERLVariant) -> Bool) -> Int { runs.count { isMeant($0.variant) } * config.population }
        let distilled = count(\.distils), swapped = count { !$0.distils }, moved = count(\.mutatesProximally),
            shaken = count { !$0.mutatesProximally }
        var settings = DistillationCrossover.Settings()
        (settings.epochs, settings.batch, settings.learningRate) = (
            config.distillationEpochs, config.distillationBatchSize, config.distillationLearningRate
        )
        settings.start = config.distillationStart == .fitter ? .fitter : .weaker
        // Half of a population is about what has children; where there are more, they come in two turns.
        distillation =
            distilled == 0
            ? nil
            : try DistillationCrossover(
                actor, critic, runs: runs.count, population: config.policies, limit: max(1, distilled / 2),
                capacity: config.geneticMemory,
                settings: settings, owners: owners, streams: words, on: queue)
        nPoint =
            swapped == 0
            ? nil
            : try NPointCrossover(actor.layout, population: all, limit: max(1, swapped / 2), streams: words, on: queue)
        proximal =
            moved == 0
            ? nil
            : try ProximalMutation(
                actor, population: all, limit: moved, states: config.mutationBatchSize,
                scope: config.mutateAllParameters ? .all : .matrices, owners: owners, streams: words, on: queue)
        gaussian =
            shaken == 0
            ? nil : try GaussianMutation(actor.layout, population: all, limit: shaken, streams: words, on: queue)
        distance =
            distilled == 0 || config.pairing == .fitness
            ? nil
            : try BehaviourDistance(
                actor, runs: runs.count, population: config.policies, owners: owners, streams: words, on: queue)
        let perRun = try config.mutationMagnitude.values(count: runs.count, name: "mutation_magnitude")
        magnitudes = perRun.flatMap { [Float](repeating: $0, count: config.policies) }
    }

    /// How differently the members of each run's population behave, `[runs][k][k]`; nil where nobody asks. Waits.
    func distances(_ parameters: Tensor, memory: TransitionMemory, generation: Int) throws -> [[[Double]]]? {
        guard let distance else { return nil }
        try distance.measure(parameters, memory: memory, step: UInt32(generation))
        return try distance.read().map { $0.dropLast().map { Array($0.dropLast()) } }  // without the learner
    }

    /// Children into their slots, with the latest halves of both parents' memories where they are distilled (Bodnar et
    /// al. 2020, section 3.2) and the whole of one parent's where rows are swapped. Enqueues and returns.
    ///
    /// - Parameters:
    ///   - plans: one per run, by slots within the run; nil for a run that is done.
    ///   - critics: one per run, `[runs, Nc]`.
    ///   - remembered: rows of each policy's memory; those of the children are written.
    func cross(
        _ plans: [GenerationPlan?], parameters: Tensor, critics: Tensor, memory: TransitionMemory,
        remembered: inout [Int], streams: Tensor, generation: Int
    ) throws {
        let plan = joined(plans), step = UInt32(generation), before = remembered
        var heirs = plan.children.map {
            Inheritance(
                $0.slot, first: $0.first, second: $0.second, limit: memory.capacity / 2, isShuffled: config.isFaithful)
        }  // point 37
        for child in plan.children {
            remembered[child.slot] =
                min(before[child.first], memory.capacity / 2) + min(before[child.second], memory.capacity / 2)
        }
        for swap in plan.swaps {
            for (slot, parent) in [(swap.firstSlot, swap.first), (swap.secondSlot, swap.second)] {
                guard let slot else { continue }
                heirs.append(Inheritance(slot, from: parent))
                remembered[slot] = before[parent]
            }
        }
        try memory.inherit(heirs, streams: streams, step: step, purpose: "HEIR")
        if let distillation, !plan.children.isEmpty {
            try distillation.distil(
                plan.children, parameters: parameters, critics: critics, memory: memory,
                held: plan.children.map { remembered[$0.slot] }.max()!, step: step)
        }
        if let nPoint, !plan.swaps.isEmpty { try nPoint.cross(plan.swaps, parameters: parameters, step: step) }
    }

    /// Mutates whom the plans name, children too. Enqueues and returns.
    func mutate(_ plans: [GenerationPlan?], parameters: Tensor, memory: TransitionMemory, generation: Int) throws {
        let mutants = joined(plans).mutated, step = UInt32(generation)
        let (moved, shaken) = (
            mutants.filter { variants[$0 / policies].mutatesProximally },
            mutants.filter { !variants[$0 / policies].mutatesProximally }
        )
        if let proximal, !moved.isEmpty {
            try proximal.mutate(moved, parameters: parameters, magnitudes: magnitudes, memory: memory, step: step)
        }
        if let gaussian, !shaken.isEmpty { try gaussian.mutate(shaken, parameters: parameters, step: step) }
    }

    private func joined(_ plans: [GenerationPlan?]) -> GenerationPlan {
        .joined(plans.map { $0 ?? GenerationPlan() }, population: policies)
    }
}
