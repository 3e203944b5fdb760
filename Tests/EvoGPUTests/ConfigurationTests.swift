import EvoGPU
import Foundation
import Testing

private enum Advantage: String, Choice { case gae, monteCarlo = "monte_carlo", none }

private struct EnvSettings: Codable, Equatable {
    var maxSteps = 1000
    var frameSkip: UInt8 = 1
    enum CodingKeys: String, CodingKey { case maxSteps = "max_steps", frameSkip = "frame_skip" }
}

private struct Settings: Codable, Equatable {
    var gamma = 0.99
    var learningRate: PerMember = 3e-4
    var clip: Float = 0.1
    var hidden = [64, 64]
    var normalise = true
    var name = "run"
    var seed: UInt64 = 1
    var advantage = Advantage.gae
    var target: Double?
    var limit: Int?
    var label: String?
    var flag: Bool?
    var extra: EnvSettings?
    var env = EnvSettings()
    enum CodingKeys: String, CodingKey {
        case gamma, learningRate = "learning_rate", clip, hidden, normalise, name, seed, advantage, target, limit,
            label, flag, extra, env
    }
}

/// Writes nil by hand, as a struct may that has an `encode(to:)` of its own.
private struct HandWritten: Codable, Equatable {
    var a = 1
    var b: Double?
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(a, forKey: .a)
        if let b { try container.encode(b, forKey: .b) } else { try container.encodeNil(forKey: .b) }
    }
}

private struct Empty: Codable {}

@Suite struct ConfigurationTests {
    private func load(_ overrides: String...) throws -> Settings {
        try Configuration.load(Settings(), overrides: overrides)
    }

    // MARK: Reading

    @Test func theDefaultsAloneComeBack() throws {
        #expect(try load() == Settings())
    }

    @Test func aFileIsMergedByKeyAndOverridesWin() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "c.yaml",
            """
            # comments and order are free
            env: {max_steps: 50}
            gamma: 0.9
            hidden: [32]
            learning_rate: [1e-4, 3e-4]
            advantage: monte_carlo
            """)
        var want = Settings()
        (want.env.maxSteps, want.gamma, want.hidden, want.advantage) = (50, 0.5, [32], .monteCarlo)
        want.learningRate = PerMember([1e-4, 3e-4])
        want.env.frameSkip = 4
        #expect(
            try Configuration.load(Settings(), file: file, overrides: ["gamma=0.7", "env.frame_skip=4", "gamma=0.5"])
                == want)
    }

    @Test(arguments: [
        ("1e-3", 1e-3), ("1E-3", 1e-3), ("3e-4", 3e-4), ("1.0e-03", 1e-3), (".5", 0.5), ("1", 1), ("-2.5", -2.5),
        ("+1e5", 1e5), ("1_000", 1000), (".inf", .infinity)
    ])
    func numbersOfYAML11AreNumbers(text: String, want: Double) throws {
        #expect(try load("gamma=\(text)").gamma == want)
    }

    @Test func wholeNumbersMayBeWrittenWithAnExponent() throws {
        #expect(try load("env.max_steps=2e6").env.maxSteps == 2_000_000)
        #expect(try load("hidden=[1e2, 64.0]").hidden == [100, 64])
        #expect(try load("limit=1e3").limit == 1000)
        #expect(try load("seed=18446744073709551615").seed == .max)
    }

    @Test(arguments: [("true", true), ("false", false), ("yes", true), ("off", false)])
    func booleans(text: String, want: Bool) throws {
        #expect(try load("normalise=\(text)").normalise == want)
    }

    @Test(arguments: ["123", "1e3", "true", "007", "2024-01-01", "0x10", "a b"])
    func textThatLooksLikeSomethingElseStaysText(text: String) throws {
        let loaded = try load("name=\(text)", "label=\(text)")
        #expect(loaded.name == text)
        #expect(loaded.label == text)
        let folder = try TemporaryFolder()
        let file = try folder.file("c.yaml", Configuration.yaml(loaded))
        #expect(try Configuration.load(Settings(), file: file) == loaded)
    }

    @Test func anEmptyValueIsNoTextOrNothing() throws {
        let loaded = try load("name=", "target=1", "target=")
        #expect(loaded.name == "")
        #expect(loaded.target == nil)
    }

    @Test func optionalsWithoutADefaultAreKnown() throws {
        let loaded = try load(
            "target=2.5", "limit=3", "label=x", "flag=true", "extra.max_steps=7", "extra.frame_skip=2")
        #expect(loaded.target == 2.5)
        #expect(loaded.limit == 3)
        #expect(loaded.label == "x")
        #expect(loaded.flag == true)
        #expect(loaded.extra == EnvSettings(maxSteps: 7, frameSkip: 2))
        #expect(try Configuration.load(HandWritten(), overrides: ["b=0.5"]) == HandWritten(a: 1, b: 0.5))
        #expect(try Configuration.yaml(HandWritten()) == "a: 1\nb: null\n")
    }

    @Test func aFileOfCommentsChangesNothing() throws {
        let folder = try TemporaryFolder()
        #expect(try Configuration.load(Settings(), file: folder.file("a.yaml", "# gamma: 1\n")) == Settings())
        #expect(try Configuration.load(Settings(), file: folder.file("b.yaml", "")) == Settings())
        #expect(try Configuration.load(Settings(), file: folder.file("c.yaml", "---\n")) == Settings())
    }

    @Test func anotherFileMayBeNamedByAnAlias() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("c.yaml", "gamma: &g 0.5\ntarget: *g\n")
        #expect(try Configuration.load(Settings(), file: file).target == 0.5)
    }

    // MARK: Writing

    @Test func theYAMLKeepsTheOrderAndIsShort() throws {
        #expect(
            try Configuration.yaml(Settings()) == """
                gamma: 0.99
                learning_rate: 0.0003
                clip: 0.1
                hidden: [64, 64]
                normalise: true
                name: run
                seed: 1
                advantage: gae
                target: null
                limit: null
                label: null
                flag: null
                extra: null
                env:
                  max_steps: 1000
                  frame_skip: 1

                """)
    }

    @Test(arguments: [
        0.1 + 0.2, 1.0 / 3, 3e-4, 1e-5, 2.5e-9, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16,
        123456789.123456789, -0.0, .infinity, -.infinity
    ])
    func everyNumberComesBackExactly(value: Double) throws {
        let folder = try TemporaryFolder()
        var settings = Settings()
        (settings.gamma, settings.clip, settings.learningRate) = (value, Float(value), PerMember([value, 1]))
        let file = try folder.file("c.yaml", Configuration.yaml(settings))
        let back = try Configuration.load(Settings(), file: file)
        #expect(back.gamma.bitPattern == value.bitPattern)
        #expect(back.clip.bitPattern == Float(value).bitPattern)
        #expect(back.learningRate.given == [value, 1])
    }

    @Test func anExponentHasAPoint() throws {
        var settings = Settings()
        settings.gamma = 1e-5  // readers of YAML 1.1 take 1e-05 for text
        #expect(try Configuration.yaml(settings).hasPrefix("gamma: 1.0e-05\n"))
    }

    // MARK: Refusals

    @Test func unknownKeys() throws {
        let folder = try TemporaryFolder()
        expectRefusal(#"--set gama=1: unknown key "gama"; the nearest known key is "gamma""#) { _ = try load("gama=1") }
        expectRefusal(#"--set agmma=1: unknown key "agmma"; the nearest known key is "gamma""#) {
            _ = try load("agmma=1")
        }
        expectRefusal(#"--set env.max_step=1: unknown key "env.max_step"; the nearest known key is "env.max_steps""#) {
            _ = try load("env.max_step=1")
        }
        expectRefusal(#"--set max_steps=1: unknown key "max_steps"; the nearest known key is "env.max_steps""#) {
            _ = try load("max_steps=1")
        }
        expectRefusal(#"--set gamma.x=1: unknown key "gamma.x"; the nearest known key is "gamma""#) {
            _ = try load("gamma.x=1")
        }
        expectRefusal(
            #"--set extra.max_stepz=1: unknown key "extra.max_stepz"; the nearest known key is "extra.max_steps""#
        ) {
            _ = try load("extra={max_steps: 1, frame_skip: 1}", "extra.max_stepz=1")
        }
        let file = try folder.file("c.yaml", "env:\n  frameskip: 2\n")
        expectRefusal(
            #"FOLDER/c.yaml: unknown key "env.frameskip"; the nearest known key is "env.frame_skip""#, in: folder
        ) {
            _ = try Configuration.load(Settings(), file: file)
        }
        expectRefusal(#"--set a=1: unknown key "a"; no keys are accepted"#) {
            _ = try Configuration.load(Empty(), overrides: ["a=1"])
        }
    }

    @Test func valuesOfTheWrongType() throws {
        let folder = try TemporaryFolder()
        expectRefusal(#"--set gamma=fast: gamma is "fast"; a number is accepted, such as the default 0.99"#) {
            _ = try load("gamma=fast")
        }
        expectRefusal(#"--set gamma='0.5': gamma is "0.5"; a number is accepted, such as the default 0.99"#) {
            _ = try load("gamma='0.5'")
        }
        expectRefusal("--set gamma=[1]: gamma is [1]; a single value is accepted, such as the default 0.99") {
            _ = try load("gamma=[1]")
        }
        expectRefusal("--set gamma=: gamma is \"\"; a number is accepted, such as the default 0.99") {
            _ = try load("gamma=")
        }
        expectRefusal("--set normalise=2: normalise is 2; true or false is accepted, such as the default true") {
            _ = try load("normalise=2")
        }
        expectRefusal(
            "--set env.max_steps=1.5: env.max_steps is 1.5; a whole number is accepted, such as the default 1000"
        ) {
            _ = try load("env.max_steps=1.5")
        }
        expectRefusal(
            """
            --set env.frame_skip=300: env.frame_skip is 300; a whole number from 0 to 255 is accepted, such as the \
            default 1
            """
        ) {
            _ = try load("env.frame_skip=300")
        }
        expectRefusal("--set seed=-1: seed is -1; a whole number of at least 0 is accepted, such as the default 1") {
            _ = try load("seed=-1")
        }
        expectRefusal("--set hidden=64: hidden is 64; a list is accepted, such as the default [64, 64]") {
            _ = try load("hidden=64")
        }
        expectRefusal(#"--set hidden=[64, x]: hidden[1] is "x"; a whole number is accepted, such as the default 64"#) {
            _ = try load("hidden=[64, x]")
        }
        expectRefusal(
            #"--set advantage=gea: advantage is "gea"; gae, monte_carlo or none is accepted, such as the default "gae""#
        ) {
            _ = try load("advantage=gea")
        }
        expectRefusal(
            #"""
            --set learning_rate=[1, fast]: learning_rate is [1, "fast"]; a number or a list with one number per \#
            member is accepted, such as the default 0.0003
            """#
        ) {
            _ = try load("learning_rate=[1, fast]")
        }
        expectRefusal(#"--set target=x: target is "x"; a number is accepted"#) { _ = try load("target=x") }
        expectRefusal(
            #"--set env=5: env is 5, but it is a group of settings; a mapping of max_steps, frame_skip is accepted"#
        ) {
            _ = try load("env=5")
        }
        expectRefusal(#"--set extra.max_steps=5: the key "extra.frame_skip" is missing; give it a value"#) {
            _ = try load("extra.max_steps=5")
        }
        let file = try folder.file("c.yaml", "gamma: high\n")
        expectRefusal(#"FOLDER/c.yaml: gamma is "high"; a number is accepted, such as the default 0.99"#, in: folder) {
            _ = try Configuration.load(Settings(), file: file, overrides: ["seed=2"])
        }
    }

    @Test func malformedOverrides() throws {
        expectRefusal(#"--set gamma: there is no "="; key=value is accepted, such as gamma=0.99"#) {
            _ = try load("gamma")
        }
        for bad in ["=1", "env.=1", ".gamma=1", "env..max_steps=1"] {
            expectRefusal(
                """
                --set \(bad): the key is empty or has an empty part; key=value is accepted, such as gamma=0.99 or \
                env.max_steps=200
                """
            ) {
                _ = try load(bad)
            }
        }
        expectRefusal("--set hidden=[1, 2: not valid YAML: did not find expected ',' or ']'") {
            _ = try load("hidden=[1, 2")
        }
        expectRefusal(
            #"--set env={max_steps: 1, max_steps: 2}: the key "max_steps" appears more than once; give it once"#
        ) {
            _ = try load("env={max_steps: 1, max_steps: 2}")
        }
    }

    @Test func badFiles() throws {
        let folder = try TemporaryFolder()
        func load(_ text: String) throws { _ = try Configuration.load(Settings(), file: folder.file("c.yaml", text)) }
        expectRefusal("cannot read FOLDER/none.yaml: No such file or directory", in: folder) {
            _ = try Configuration.load(Settings(), file: folder("none.yaml"))
        }
        expectRefusal("cannot read FOLDER: Is a directory", in: folder) {
            _ = try Configuration.load(Settings(), file: folder.url)
        }
        expectRefusal(
            #"FOLDER/c.yaml: the file holds a list; a mapping of settings is accepted, such as "gamma: 0.99""#,
            in: folder
        ) {
            try load("- a\n- b\n")
        }
        expectRefusal(
            #"""
            FOLDER/c.yaml: the file holds the value "fast"; a mapping of settings is accepted, such as "gamma: 0.99"
            """#,
            in: folder
        ) {
            try load("fast\n")
        }
        expectRefusal(#"FOLDER/c.yaml: the key "gamma" appears more than once (line 1); give it once"#, in: folder) {
            try load("gamma: 1\nseed: 1\ngamma: 2\n")
        }
        expectRefusal("FOLDER/c.yaml: not valid YAML at line 2, column 1: did not find expected ',' or '}'", in: folder)
        { try load("env: {a: 1\n") }
        expectRefusal("FOLDER/c.yaml: not valid YAML at line 2, column 1: but found another document", in: folder) {
            try load("gamma: 1\n---\ngamma: 2\n")
        }
        expectRefusal("FOLDER/c.yaml: not a YAML file, because it is not UTF-8 text", in: folder) {
            _ = try Configuration.load(Settings(), file: folder.file("c.yaml", Data([0xFF, 0xFE, 0x00])))
        }
    }
}

@Suite struct PerMemberTests {
    @Test func oneNumberIsForEveryMember() throws {
        #expect(try PerMember(3e-4).values(count: 3, name: "lr") == [3e-4, 3e-4, 3e-4])
        #expect(try (2 as PerMember).values(count: 1, name: "lr") == [2])
    }

    @Test func aListHasOneForEach() throws {
        #expect(try PerMember([1, 2]).values(count: 2, name: "lr") == [1, 2])
        expectRefusal("lr is a list of 2, but there are 3 members; give one number or a list of 3") {
            _ = try PerMember([1, 2]).values(count: 3, name: "lr")
        }
    }
}
