import EvoGPU
import Foundation
import GPUTensor
import Testing

@Suite struct BackendTests {
    /// Every variant of the CPU backend and every OpenCL device beside the first one, after each of three iterations.
    @Test(arguments: ["Pendulum-v1", "CartPole-v1"], [PolicyObjective.clip, .penalty, .a2c])
    func trainingGivesTheSameBits(environment: String, objective: PolicyObjective) throws {
        var reports: [BackendReport] = []
        try verifyBackends(EnvironmentSpec.named(environment), objective: objective, iterations: 3) {
            reports.append($0)
        }
        #expect(reports.count == BackendVariant.all().count)
        for report in reports {
            #expect(
                report.firstDifference == nil && report.differing == 0,
                """
                \(report.backend): \(report.differing) of \(report.values) values, first in \
                \(report.firstDifference ?? "")
                """
            )
            #expect(report.values > 10_000)
        }
    }

    @Test(arguments: Backend.available) func mathAndRandomWordsHold(backend: Backend) throws {
        let queue = try backend.makeQueue()
        var reports: [MathReport] = []
        try verifyMath(samples: 1 << 14, on: queue) { reports.append($0) }
        #expect(reports.map(\.function) == MathFunction.allCases.map(\.description))
        for report in reports {
            #expect(
                report.passed,
                "\(report.function) on \(backend): \(report.worst) ulp at \(report.at), \(report.differing) bits differ"
            )
        }
        let random = try verifyRandom(on: queue)
        #expect(random.passed && random.words == 9000, "\(backend): \(random)")
    }

    @Test func ulpsAreCounted() {
        #expect(ulpError(1, 1) == 0)
        #expect(ulpError(1 + Float.ulpOfOne, 1) == 1)
        #expect(ulpError(Float(1).nextDown, 1) == 0.5)  // places below a power of two are half as wide
        #expect(ulpError(Float.leastNonzeroMagnitude, 0) == 1)
        #expect(ulpError(.greatestFiniteMagnitude, .infinity) == 1)
        #expect(ulpError(.infinity, 1e300) == 0 && ulpError(.nan, .nan) == 0)
        #expect(ulpError(.nan, 1) == .infinity && ulpError(1, .nan) == .infinity)
    }

    @Test(arguments: Backend.available) func recordedStepsHold(backend: Backend) throws {
        let folder = try #require(
            Bundle.module.url(forResource: "classic-reference", withExtension: nil, subdirectory: "Fixtures"))
        let reports = try verifyPhysics(folder, env: nil, on: backend.makeQueue())
        #expect(reports.count == 5 && reports.allSatisfy { $0.passed && $0.checks.count == 4 && $0.notCovered.isEmpty })
        #expect(try verifyPhysics(folder, env: "pendulum", on: backend.makeQueue()).map(\.name) == ["Pendulum"])
        #expect(throws: RunError.self) { _ = try verifyPhysics(folder, env: "Hopper-v5", on: backend.makeQueue()) }
    }
}
