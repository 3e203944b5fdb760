import Foundation

/// An algorithm under one of its names: what `evogpu algorithms` lists.
public struct AlgorithmSpec: Sendable {
    public let name: String, summary: String
    public let type: any Algorithm.Type
    public let defaults: any AlgorithmConfig

    public init<A: Algorithm>(_ name: String, _ summary: String, _ type: A.Type, _ defaults: A.Config) {
        (self.name, self.summary) = (name, summary)
        (self.type, self.defaults) = (type, defaults)
    }

    /// - Throws: ``RunError`` with the list of algorithms.
    public static func named(_ name: String) throws -> AlgorithmSpec {
        guard let found = all.first(where: { $0.name == name }) else {
            throw RunError("there is no algorithm \(name); accepted: \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    /// The settings of a training: the defaults, what suits the task, a file, then `key=value`; checked.
    ///
    /// - Parameters:
    ///   - task: nil for the defaults alone.
    ///   - file: YAML; see ``Configuration/load(_:file:overrides:)``.
    ///   - seeds: how many runs there will be.
    /// - Throws: ``RunError`` for what can't be, and for settings among `overrides` that nothing would read. A file may
    ///   hold more than is read, as a run's own does.
    public func config(
        for task: EnvironmentSpec?, file: URL? = nil, overrides: [String] = [], seeds: Int = 1
    ) throws -> any AlgorithmConfig {
        try type.merged(name, defaults, for: task, file: file, overrides: overrides, seeds: seeds)
    }

    /// - Throws: ``RunError`` for a task that the algorithm can't take.
    public func policies(
        _ config: any AlgorithmConfig, _ task: EnvironmentSpec, seeds: [UInt64]
    ) throws -> PolicySet {
        try type.anyPolicies(config, task, seeds: seeds)
    }

    /// Name, meaning and role of each column of `metrics.csv`.
    public var metrics: [(name: String, meaning: String, role: ColumnRole?)] {
        type.metrics
    }

    /// Every setting with what it means.
    public var settings: [SettingDescription] {
        defaults.settings.map { SettingDescription($0.key, $0.setting, Swift.type(of: defaults).init()) }
    }

    func reportSections(_ run: ReportedRun, _ options: ReportOptions) throws -> String {
        try type.reportSections(run, options)
    }

    func driver(
        _ config: any AlgorithmConfig, _ task: EnvironmentSpec, seeds: [UInt64], at place: Place
    ) throws -> any TrainingDriver {
        try type.driver(config, task, seeds: seeds, at: place)
    }
}

extension Algorithm {
    /// The settings of this algorithm's first name, or of another, for a task.
    public static func config(_ name: String? = nil, for task: EnvironmentSpec? = nil) throws -> Config {
        let spec = spec(name)
        return own(try merged(spec.name, spec.defaults, for: task, file: nil, overrides: [], seeds: 1))
    }

    fileprivate static var metrics: [(name: String, meaning: String, role: ColumnRole?)] {
        columns.map { ($0.name, $0.meaning, $0.role) }
    }

    fileprivate static func anyPolicies(
        _ config: any AlgorithmConfig, _ task: EnvironmentSpec, seeds: [UInt64]
    ) throws -> PolicySet { try policies(own(config), task, seeds: seeds) }

    fileprivate static func driver(
        _ config: any AlgorithmConfig, _ task: EnvironmentSpec, seeds: [UInt64], at place: Place
    ) throws -> any TrainingDriver { Driver(try Self(own(config), task, seeds: seeds, at: place)) }

    /// - Precondition: the name, or some name, is registered for this type.
    static func spec(_ name: String?) -> AlgorithmSpec {
        guard
            let spec = AlgorithmSpec.all.first(where: {
                ObjectIdentifier($0.type) == ObjectIdentifier(self) && (name == nil || $0.name == name)
            })
        else { preconditionFailure("\(self) is not registered\(name.map { " as \($0)" } ?? "")") }
        return spec
    }

    fileprivate static func merged(
        _ name: String, _ defaults: any AlgorithmConfig, for task: EnvironmentSpec?, file: URL?,
        overrides: [String], seeds: Int
    ) throws -> any AlgorithmConfig {
        let defaults = own(defaults)
        var tuned = defaults
        if let task {
            let wanted = try Configuration.load(defaults, file: file, overrides: overrides)
            tune(&tuned, as: name, for: task, wanted: wanted)
        }
        let config = try Configuration.load(tuned, file: file, overrides: overrides)
        try config.validate(seeds: seeds)
        let given = overrides.map { (key: String($0.prefix { $0 != "=" }), text: $0) }
        let unread = config.unread(Set(given.map(\.key)))
        if let (key, text) = given.first(where: { unread[$0.key] != nil }) {
            throw RunError("\(key) is set (\(text)), but \(unread[key]!); leave it out")
        }
        return config
    }

    /// - Precondition: the config is this algorithm's.
    fileprivate static func own(_ config: any AlgorithmConfig) -> Config {
        guard let config = config as? Config else {
            preconditionFailure("\(self) has settings of type \(Config.self), got \(Swift.type(of: config))")
        }
        return config
    }
}
