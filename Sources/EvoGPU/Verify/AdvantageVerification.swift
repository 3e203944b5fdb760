import GPUTensor

/// Generalised advantage estimation over a rollout with both kinds of episode end.
func verifyAdvantage(_ reference: ReferenceCase, on queue: Queue) throws -> [ArrayCheck] {
    let (environments, steps) = try (reference.size("envs"), reference.size("steps"))
    let (gamma, lambda) = try (reference.number("gamma"), reference.number("lam"))
    guard (0...1).contains(gamma), (0...1).contains(lambda) else {
        throw RunError("\(reference.name): \"gamma\" is \(gamma) and \"lam\" \(lambda); numbers from 0 to 1 are needed")
    }
    let count = environments * steps
    // The reference is [E, T], a rollout [P, T, E].
    func transposed<T>(_ values: [T], rows: Int, columns: Int) -> [T] {
        (0..<count).map { values[$0 % rows * columns + $0 / rows] }
    }
    func rollout(_ name: String) throws -> [Double] {
        try transposed(reference.doubles(name, count: count), rows: environments, columns: steps)
    }
    func floats(_ name: String) throws -> Tensor { try queue.tensor(rollout(name).map { Float($0) }, [1, count]) }
    func flags(_ name: String) throws -> Tensor {
        try queue.tensor(rollout(name).map { Int32($0 == 0 ? 0 : 1) }, [1, count])
    }
    let advantage = try queue.tensor(.float32, [1, count]), returns = try queue.tensor(.float32, [1, count])
    try queue.launch(
        "generalised_advantage", over: [environments, 1], floats("reward"), floats("value"), floats("next_value"),
        flags("terminated"), flags("truncated"),
        queue.tensor([Float(gamma), Float(lambda)], [1, 2]), queue.tensor([Float(1)], [1]), advantage, returns,
        1, steps, environments, Float.greatestFiniteMagnitude)
    // Three roundings per step; what a step adds fades by gamma lambda, so that no more than 1 / (1 - gamma lambda)
    // steps count. Gamma and lambda as floats are off by 2^-25 each, always to the same side: that adds up to 2^-24 per
    // step of the horizon.
    let horizon = min(Double(steps), 1 / max(1 - gamma * lambda, 0x1p-24))
    let tolerance = roundingTolerance(depth: Int(3 * horizon)) + horizon * 0x1p-24
    func result(_ tensor: Tensor) throws -> [Float] {
        transposed(try tensor.read(), rows: steps, columns: environments)
    }
    return try [
        ArrayCheck("advantage", result(advantage), reference.doubles("advantage", count: count), tolerance: tolerance),
        ArrayCheck("return", result(returns), reference.doubles("return", count: count), tolerance: tolerance)
    ]
}
