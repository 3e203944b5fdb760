import Foundation
import GPUTensor

/// Where the time of a run goes: seconds per phase over `generations` generations, after one that only fills memories
/// and warms up.
public func benchmarkERL(
    _ config: ERLConfig, _ spec: EnvironmentSpec, seeds: [UInt64], generations: Int, on queue: Queue
) throws -> PhaseTimes {
    let erl = try ERL(config, spec, seeds: seeds, on: queue)
    _ = try erl.iterate()
    var seconds: [String: Double] = [:], last = monotonicSeconds()
    let before = erl.frames.reduce(0, +)
    erl.afterPhase = { phase in
        try queue.finish()  // launches do not wait by themselves
        let now = monotonicSeconds()
        seconds[phase, default: 0] += now - last
        last = now
    }
    last = monotonicSeconds()
    for _ in 0..<generations { _ = try erl.iterate() }
    return PhaseTimes(
        environment: spec.name, device: queue.device.name, lanes: queue.lanes,
        population: erl.runs.count * erl.policies, rounds: generations,
        steps: erl.frames.reduce(0, +) - before, seconds: seconds)
}
