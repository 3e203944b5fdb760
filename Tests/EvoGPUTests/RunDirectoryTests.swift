import EvoGPU
import Foundation
import Testing

private struct Settings: Codable, Equatable {
    struct Env: Codable, Equatable { var steps = 5 }
    var gamma = 0.99
    var env = Env()
}

@Suite struct RunDirectoryTests {
    private let now = Date(timeIntervalSince1970: 1_738_333_501)  // 2025-01-31 14:25:01 UTC

    @Test func namesSayWhatTheRunIsAndDiffer() throws {
        let folder = try TemporaryFolder()
        for _ in 1...3 {
            _ = try RunDirectory.create(algorithm: "pderl", env: "HalfCheetah", runs: folder("runs/here"), now: now)
        }
        _ = try RunDirectory.create(algorithm: "a/b", env: "../é x", runs: folder("runs/here"), now: now)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("runs/here").path).sorted() == [
                "a_b-..___x-20250131T142501Z", "pderl-HalfCheetah-20250131T142501Z",
                "pderl-HalfCheetah-20250131T142501Z-2", "pderl-HalfCheetah-20250131T142501Z-3"
            ])
    }

    @Test func aNamedFolderIsUsedAsItIs() throws {
        let folder = try TemporaryFolder()
        func create(_ name: String) throws -> URL {
            try RunDirectory.create(algorithm: "a", env: "e", path: folder(name)).url
        }
        #expect(try create("new/run").path == folder("new/run").path)
        #expect(try create("new/run").path == folder("new/run").path)  // empty still
        try folder.file("new/run/x", "")
        expectRefusal("FOLDER/new/run: the folder is not empty; an absent or empty folder is accepted", in: folder) {
            _ = try create("new/run")
        }
        expectRefusal("FOLDER/new/run/x: this is a file; an absent or empty folder is accepted", in: folder) {
            _ = try create("new/run/x")
        }
        expectRefusal("cannot create the folder FOLDER/new/run/x: File exists", in: folder) {
            _ = try create("new/run/x/y")
        }
    }

    @Test func theConfigRecordsTheRunAndItsSettings() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory.create(algorithm: "pderl", env: "Ant", path: folder("run"))
        try run.writeConfig(
            record: [("algorithm", "pderl"), ("env", "Ant"), ("seeds", [1, 2]), ("version", "0.10")],
            config: Settings(gamma: 0.5, env: .init(steps: 7)))
        #expect(
            try folder.text("run/config.yaml") == """
                algorithm: pderl
                env: Ant
                seeds: [1, 2]
                version: '0.10'
                config:
                  gamma: 0.5
                  env:
                    steps: 7

                """)
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.url.path) == ["config.yaml"])

        let back = try RunDirectory(existing: folder("run"))
        #expect(try back.record("algorithm") == "pderl")
        #expect(try back.record("seeds") == [1, 2])
        #expect(try back.record("version", as: String.self) == "0.10")
        #expect(
            try Configuration.load(Settings(), file: back.configFile, overrides: ["gamma=0.25"])
                == Settings(gamma: 0.25, env: .init(steps: 7)))
        expectRefusal(#"FOLDER/run/config.yaml: the key "seed" is missing; a run's config.yaml has it"#, in: folder) {
            _ = try back.record("seed", as: Int.self)
        }
        expectRefusal(#"FOLDER/run/config.yaml: env is the value "Ant"; a value of type Int is accepted"#, in: folder) {
            _ = try back.record("env", as: Int.self)
        }
    }

    @Test func settingsBesideTheConfigAreRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("config.yaml", "algorithm: ppo\ngamma: 0.5\nconfig:\n  env: {steps: 1}\n")
        expectRefusal(
            """
            FOLDER/config.yaml: unknown key "gamma" beside "config"; settings belong under it, and beside it only \
            algorithm, env, env_options, seed, seeds, version, device, started, command
            """, in: folder
        ) { _ = try Configuration.load(Settings(), file: file) }
        let inner = try folder.file("inner.yaml", "config:\n  env: {step: 1}\n")
        expectRefusal(#"FOLDER/inner.yaml: unknown key "env.step"; the nearest known key is "env.steps""#, in: folder) {
            _ = try Configuration.load(Settings(), file: inner)
        }
    }

    @Test func otherFoldersAreNoRuns() throws {
        let folder = try TemporaryFolder()
        expectRefusal("FOLDER/none: there is no such folder; a run's folder is accepted", in: folder) {
            _ = try RunDirectory(existing: folder("none"))
        }
        expectRefusal("FOLDER: there is no config.yaml in it; a run's folder is accepted", in: folder) {
            _ = try RunDirectory(existing: folder.url)
        }
    }
}
