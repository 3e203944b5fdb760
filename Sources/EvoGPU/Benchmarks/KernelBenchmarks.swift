import Foundation
import GPUTensor

/// Microbenchmarks of the numeric kernels on one queue. The linear layer's result is checked against plain `Double`
/// arithmetic.
///
/// - Throws: ``RunError`` if the check fails; ``DeviceError`` from any launch.
public func benchmarkKernels(on queue: Queue, report: (Measurement) throws -> Void) throws {
    let watch = Stopwatch(queue: queue)

    // The device's own limits.
    let items = queue.device.isGPU ? 1 << 18 : 4096, rounds: Int32 = queue.device.isGPU ? 4096 : 2048
    let out = try queue.tensor(.float32, [items * queue.lanes])
    let peak = try watch.measure(
        "peak_fma", "\(items) items x \(rounds) rounds", work: Double(items * queue.lanes) * 24 * Double(rounds),
        unit: "GFLOP/s", scale: 1e-9
    ) {
        try queue.launch("peak_fma", over: [items], out, items, rounds, Float(0.999), Float(1e-3))
    }
    try report(peak)
    let bytes = queue.device.isGPU ? 1 << 28 : 1 << 26
    let from = try queue.tensor(.float32, [bytes / 4]), to = try queue.tensor(.float32, [bytes / 4])
    try report(
        watch.measure(
            "peak_copy", "\(bytes >> 20) MiB read and written", work: 2 * Double(bytes), unit: "GB/s", scale: 1e-9
        ) {
            try queue.launch("peak_copy", over: [bytes / 4 / queue.lanes], from, to, bytes / 4)
        })
    // One work-item, nothing to do: what a launch costs, in a burst and with a wait after each.
    let one = try queue.tensor(.float32, [16])
    for (name, inner) in [("launch_burst", 1000), ("launch_and_wait", 1)] {
        try report(
            watch.measure(name, "1 work-item", work: 1, unit: "launches/s", scale: 1, inner: inner) {
                try queue.launch("fill_float", over: [1], one, 1, Float(0))
                if inner == 1 { try queue.finish() }
            })
    }

    for (p, m, k, n) in [(10, 512, 128, 128), (10, 128, 128, 128)] + (queue.device.isGPU ? [(1000, 512, 128, 128)] : [])
    {
        var layout = ParameterLayout()
        let layer = LinearLayer(
            inputs: k, outputs: n, activation: .tanh, weights: layout.add("w", rows: k, columns: n, isWeight: true),
            bias: layout.add("b", columns: n))
        let x = try queue.tensor(.float32, [p, m, k], padded: true),
            y = try queue.tensor(.float32, [p, m, n], padded: true)
        let parameters = try queue.tensor(.float32, [p, layout.rowCount])
        let streams = try queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: p), [p, 4])
        try queue.randomNormal(parameters, streams: streams, step: 0, purpose: "BNCH")
        try queue.randomNormal(x.flattened, streams: streams, step: 1, purpose: "BNCH")
        let operations = 2.0 * Double(p) * Double(m) * Double(k) * Double(n)
        try report(
            watch.measure(
                "linear_tanh", "\(p) x (\(m) x \(k) x \(n))", work: operations, unit: "GFLOP/s", scale: 1e-9,
                peak: peak.rate, inner: 8
            ) {
                try queue.linearForward(
                    MatrixView(y), MatrixView(x), layer, parameters: parameters, members: p, rows: m)
            })
        try checkLinear(x: x, parameters: parameters, y: y, layer, rowCount: layout.rowCount)
    }

    for p in queue.device.isGPU ? [10, 1000] : [10] {
        var layout = ParameterLayout()
        let mlp = MLP(
            inputs: 17, hidden: [128, 128], outputs: 6, activation: .tanh, outputActivation: .tanh, norm: .pytorch,
            prefix: "policy", in: &layout)
        let rows = 128
        let parameters = try queue.tensor(.float32, [p, layout.rowCount]),
            gradients = try queue.tensor(.float32, [p, layout.rowCount])
        let space = try MLPWorkspace(mlp, members: p, rows: rows, backward: true, on: queue)
        let streams = try queue.tensor(Queue.streamWords(seeds: [1], membersPerRun: p), [p, 4])
        let x = try queue.tensor(.float32, [p, rows, 17], padded: true)
        try queue.randomNormal(parameters, streams: streams, step: 0, purpose: "BNCH")
        // like trained weights, so that tanh is not saturated
        try parameters.write(parameters.read(as: Float.self).map { $0 * 0.1 })
        try queue.randomNormal(x.flattened, streams: streams, step: 1, purpose: "BNCH")
        try queue.randomNormal(space.outputGradient.flattened, streams: streams, step: 2, purpose: "BNCH")
        // Products of the forward pass, of the weight gradients, and of the input gradients but the first layer's.
        let operations = 2.0 * Double(p * rows) * Double(2 * (17 * 128 + 128 * 128 + 128 * 6) + 128 * 128 + 128 * 6)
        try report(
            watch.measure(
                "mlp_forward_backward", "\(p) x 17-128-128-6, batch \(rows), layer norm", work: operations,
                unit: "GFLOP/s", scale: 1e-9, peak: peak.rate, inner: 4
            ) {
                try space.forward(MatrixView(x), parameters: parameters, on: queue)
                try space.backward(MatrixView(x), parameters: parameters, parameterGradients: gradients, on: queue)
            })
    }
}

/// A spread of the outputs against `Double`: sums of k products of numbers within about +-5, so within k ulps of 25.
private func checkLinear(x: Tensor, parameters: Tensor, y: Tensor, _ layer: LinearLayer, rowCount: Int) throws {
    let xs: [Float] = try x.read(), ps: [Float] = try parameters.read(), ys: [Float] = try y.read()
    let (k, n) = (layer.inputs, layer.outputs), rows = x.shape[1], pitch = padded(n)
    for index in stride(from: 0, to: ys.count, by: max(1, ys.count / 997)) {
        let column = index % n, row = index / n, base = row / rows * rowCount
        let want = tanh(
            (0..<k).reduce(Double(ps[base + layer.bias! + column])) {
                $0 + Double(xs[row * k + $1]) * Double(ps[base + layer.weights + $1 * pitch + column])
            })
        guard abs(Double(ys[index]) - want) <= Double(k) * 25 * Double(Float.ulpOfOne) else {
            throw RunError("linear_tanh gave \(ys[index]) for \(want); the benchmark does not count")
        }
    }
}
