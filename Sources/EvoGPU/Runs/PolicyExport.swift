import Foundation
import GPUTensor

/// Formats that a trained policy can be written in.
public enum ExportFormat: String, Choice { case safetensors }

extension TrainedPopulation {
    /// One member's policy for other programs: its weights as PyTorch keeps them (`[outputs, inputs]`), the
    /// observations' statistics, and, as text, what is needed to act with it.
    ///
    ///     policy.0.weight, policy.0.bias, policy.1.weight, ...   one pair per layer
    ///     policy.log_std                                         Gaussian policies; not needed to play the mean action
    ///     observation.mean, observation.variance                 if the policy was trained on normalised observations
    ///
    /// - Parameter row: the member's row of the population's tensors.
    /// - Throws: ``RunError`` if a weight is not finite.
    public func exported(_ member: Member) throws -> (arrays: [NamedArray], metadata: [String: String]) {
        let width = policy.layout.rowCount, all: [Float] = try parameters.read(), spec = saved.spec
        let row = all[member.row * width..<(member.row + 1) * width]
        var arrays: [NamedArray] = []
        for slot in policy.layout.slots where slot.offset < policy.parameterCount {
            func element(_ r: Int, _ c: Int) -> Float { row[row.startIndex + slot.offset + r * slot.pitch + c] }
            if slot.isWeight {
                arrays.append(
                    NamedArray(
                        slot.name, (0..<slot.columns).flatMap { c in (0..<slot.rows).map { element($0, c) } },
                        shape: [slot.columns, slot.rows]))
            } else {
                arrays.append(NamedArray(slot.name, (0..<slot.columns).map { element(0, $0) }))
            }
        }
        if let normaliser {
            for (name, tensor) in [("observation.mean", normaliser.mean), ("observation.variance", normaliser.variance)]
            {
                let values: [Float] = try tensor.read()
                arrays.append(
                    NamedArray(
                        name,
                        Array(values[member.row * spec.observationCount..<(member.row + 1) * spec.observationCount])))
            }
        }
        for array in arrays {
            guard try array.values(as: Float.self).allSatisfy(\.isFinite) else {
                throw RunError(
                    """
                    \(array.name) of member \(member.number) of seed \(member.seed) is not finite; only finite \
                    policies are exported
                    """
                )
            }
        }
        return (arrays, try metadata(member))
    }

    private func metadata(_ member: Member) throws -> [String: String] {
        let spec = saved.spec, sizes = [policy.mlp.inputs] + policy.mlp.layers.map(\.linear.outputs)
        let norm = policy.mlp.layers[0].norm?.form
        var text = [
            "format": "evogpu policy", "version": "1", "evogpu": evogpuVersion, "env": spec.name,
            "algorithm": saved.algorithm.name,
            "seed": "\(member.seed)", "run": member.label, "member": "\(member.number)", "iteration": "\(iteration)",
            "layer_sizes": "\(sizes)", "activation": "\(policy.mlp.layers[0].activation)",
            "layer_norm": norm.map { "\($0)" } ?? "none",
            "observation_normalised": normaliser == nil ? "false" : "true"
        ]
        var steps: [String] = []
        if let normaliser {
            text["observation_epsilon"] = "\(ObservationNormaliser.epsilon)"
            text["observation_clip"] = "\(normaliser.limit)"
            steps.append(
                """
                x = clip((observation - observation.mean) / sqrt(observation.variance + observation_epsilon), \
                -observation_clip, observation_clip)
                """
            )
        } else {
            steps.append("x = observation")
        }
        if let norm { text["layer_norm_epsilon"] = "\(norm.epsilon)" }
        let normalised = norm?.formula ?? ""
        steps.append(
            """
            y = policy.i.weight x + policy.i.bias\(normalised.isEmpty ? "" : ", then \(normalised)"), x = \
            activation(y) for every layer but the last, which is x = y
            """
        )
        switch (policy.kind, spec.action) {
        case (.gaussian, .box(let low, let high)):
            text["policy"] = "gaussian"
            (text["action_low"], text["action_high"]) = ("\(low)", "\(high)")
            steps.append(
                """
                action = action_low + (clip(x, -1, 1) + 1) / 2 * (action_high - action_low), x being the Gaussian's \
                mean
                """
            )
        case (.deterministic, .box(let low, let high)):
            text["policy"] = "deterministic"
            (text["action_low"], text["action_high"]) = ("\(low)", "\(high)")
            steps.append("action = action_low + (tanh(x) + 1) / 2 * (action_high - action_low)")
        case (.categorical, .discrete(let count)):
            text["policy"] = "categorical"
            text["action_count"] = "\(count)"
            steps.append("action = the index of the largest x, the first of them if several are")
        default:
            throw RunError(
                "the policy is \(policy.kind) and the actions of \(spec.name) are \(spec.action); they don't fit")
        }
        text["how_to_act"] = steps.joined(separator: "; ")
        if let physics = spec.physics { text["env_settings"] = try physics.changedOptions() }
        if let result = member.result {
            text["return_mean"] = "\(result.mean)"
            text["return_standard_error"] = "\(result.standardError)"
            text["return_episodes"] = "\(result.returns.count)"
        }
        return text
    }
}

extension PhysicsTask {
    /// The options that differ from those that the task of this name has by itself, as a JSON object.
    fileprivate func changedOptions() throws -> String {
        func values(_ options: PhysicsModel.Task) throws -> [String: String] {
            let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(options)) as? [String: Any] ?? [:]
            return try object.mapValues {
                String(
                    decoding: try JSONSerialization.data(withJSONObject: $0, options: [.fragmentsAllowed, .sortedKeys]),
                    as: UTF8.self)
            }
        }
        let own = isOwn ? model.task : try EnvironmentSpec.named(name).physics!.options
        let (set, usual) = try (values(options), values(own))
        return "{"
            + set.keys.sorted().filter { set[$0] != usual[$0] }.map { "\"\($0)\": \(set[$0]!)" }.joined(separator: ", ")
            + "}"
    }
}
