import EvoGPU
import Foundation
import GPUTensor
import Testing

/// The program's cache of built OpenCL programs, seen from outside: separate processes with a cache folder of their
/// own.
@Suite(.enabled(if: (try? Device.named("opencl")) != nil, "no OpenCL device is installed")) struct ProgramCacheTests {
    private func start(_ cache: URL, out: URL) throws -> ChildProcess {
        try ChildProcess(
            [
                "train", "ppo", "--env", "CartPole-v1", "--device", "opencl", "--eval-episodes", "0", "--quiet",
                "--out", out.path
            ]
                + [
                    "population=1", "environments=2", "rollout_steps=4", "batch_size=8", "epochs=1", "total_steps=8",
                    "hidden=[8]", "value_hidden=[8]"
                ].flatMap { ["--set", $0] },
            environment: ["EVOGPU_CACHE_DIR": cache.path])
    }

    private func run(_ cache: URL, out: URL) throws -> Data {
        let process = try start(cache, out: out)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try Data(contentsOf: out.appendingPathComponent("checkpoint/arrays.safetensors"))
    }

    private func contents(_ cache: URL) throws -> [String: Data] {
        try Dictionary(
            uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: cache.path).map {
                ($0, try Data(contentsOf: cache.appendingPathComponent($0)))
            })
    }

    @Test func twoStartsAtOnceThenReuseThenRepair() throws {
        let folder = try TemporaryFolder(), cache = folder("cache")
        let both = try ["a", "b"].map { try start(cache, out: folder($0)) }
        for process in both {
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let want = try Data(contentsOf: folder("a").appendingPathComponent("checkpoint/arrays.safetensors"))
        #expect(try Data(contentsOf: folder("b").appendingPathComponent("checkpoint/arrays.safetensors")) == want)
        let built = try contents(cache)
        #expect(built.count >= 5 && built.keys.allSatisfy { $0.hasSuffix(".bin") }, "\(built.keys.sorted())")

        func times() throws -> [String: Date] {
            try built.mapValues { _ in Date.distantPast }.merging(
                built.keys.map {
                    (
                        $0,
                        try FileManager.default.attributesOfItem(atPath: cache.appendingPathComponent($0).path)[
                            .modificationDate] as! Date
                    )
                }
            ) { $1 }
        }
        let before = try times()
        #expect(try run(cache, out: folder("c")) == want)
        #expect(try times() == before, "a good cache was built anew")

        // Cut short, another program's text, one flipped byte of the binary, an empty file: all are rebuilt.
        for (index, name) in built.keys.sorted().enumerated() {
            var data = built[name]!
            switch index % 4 {
            case 0: data = data.prefix(data.count / 2)
            case 1: data = Data("not a program\n".utf8)
            case 2: data[data.count - 9] ^= 1
            default: data = Data()
            }
            try data.write(to: cache.appendingPathComponent(name))
        }
        #expect(try run(cache, out: folder("d")) == want)
        #expect(try contents(cache).keys.sorted() == built.keys.sorted())
        #expect(
            try contents(cache).allSatisfy { $1.count > 1000 && $1.starts(with: Data("evogpu program cache".utf8)) })
    }

    @Test func aCacheThatCannotBeWrittenIsNoError() throws {
        let folder = try TemporaryFolder(), file = try folder.file("cache", "a file where the folder should be")
        _ = try run(file, out: folder("run"))
        #expect(try folder.text("cache") == "a file where the folder should be")
    }
}
