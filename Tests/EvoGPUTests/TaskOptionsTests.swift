import EvoGPU
import Foundation
import GPUTensor
import Testing

/// Gymnasium's tasks under options other than the defaults, versions 4 and 5, from states next to and far from their
/// bounds: `tools/task_options.py`.
@Suite struct TaskOptionsTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let env: String, options: [String], qpos: [[Float]], qvel: [[Float]], action: [[Float]], reset_obs: [[Double]],
            obs: [[Double]], reward: [Double], terminated: [Int32]
        var testDescription: String { "\(env) \(options.joined(separator: " "))" }
    }
    static let cases: [Case] = {
        let file = Bundle.module.resourceURL!.appendingPathComponent("Fixtures/task-options.json")
        return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    }()

    @Test func everyTaskAndVersionIsThere() {
        #expect(
            Set(Self.cases.map(\.env))
                == Set(
                    EnvironmentSpec.all.filter { $0.physics != nil && !$0.physics!.isHilly }.map(\.name)
                        + EnvironmentSpec.older.map(\.name)))
    }

    @Test(arguments: cases) func matchesGymnasium(of wanted: Case) throws {
        let spec = try EnvironmentSpec.named(wanted.env, settings: wanted.options), count = wanted.qpos.count
        #expect(spec.observationCount == wanted.obs[0].count)
        guard spec.observationCount == wanted.obs[0].count else { return }
        let world = try World(spec, members: 1, environments: count, on: Backend.available[0].makeQueue())
        try world.environment.place(positions: wanted.qpos.flatMap { $0 }, velocities: wanted.qvel.flatMap { $0 })
        // Float32's own error at a start is a few units of the last place; after a step it is that of `verify physics`,
        // larger where robots hit the ground hard.
        try expectClose(
            world.floats(world.environment.observations), wanted.reset_obs.flatMap { $0 }, absolute: 2e-6,
            relative: 1e-6, "observation at the start")
        try world.step(wanted.action.flatMap { $0 }, autoReset: false)
        try expectClose(
            world.floats(world.nextObservation), wanted.obs.flatMap { $0 }, absolute: 2e-3, relative: 2e-3,
            "observation")
        try expectClose(world.floats(world.reward), wanted.reward, absolute: 3e-4, relative: 3e-4, "reward")
        #expect(try world.integers(world.terminated) == wanted.terminated)
    }
}
