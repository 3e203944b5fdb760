import Foundation

/// What a policy may do in an environment.
public enum ActionSpace: Sendable, Equatable {
    /// One of `count` actions, given as its index.
    case discrete(Int)
    /// One number per dimension, between its bounds, in the environment's own units.
    case box(low: [Float], high: [Float])

    /// Floats that one action takes in memory.
    public var width: Int {
        switch self {
        case .discrete: 1
        case .box(let low, _): low.count
        }
    }
}

/// One environment: its sizes, its limits and which kernels compute it. Adding one takes a line here and its `.cl`
/// file.
public struct EnvironmentSpec: Sendable, Equatable {
    /// Gymnasium's name, with version; a user's own model has the path of its description.
    public let name: String
    /// What its kernels' names begin with: `pendulum` for `pendulum_reset` and `pendulum_step`.
    public let kernel: String
    /// Floats of state and of observation per environment.
    public let stateCount: Int, observationCount: Int
    public let action: ActionSpace
    /// Steps after which an episode is truncated.
    public let timeLimit: Int
    /// Mean return from which Gymnasium calls the task solved, if it says so.
    public let solvedReturn: Double?
    /// One line for people.
    public let summary: String
    /// The robot and its task; nil for the classic tasks.
    public let physics: PhysicsTask?

    /// Every environment in its newest form: the classic tasks, then MuJoCo's, each in alphabetical order.
    public static let all: [EnvironmentSpec] =
        [
            .init(
                "Acrobot-v1", "acrobot", state: 4, observation: 6, .discrete(3), limit: 500, solved: -100,
                "swing a two-link pendulum's tip above a line"),
            .init(
                "CartPole-v1", "cartpole", state: 4, observation: 4, .discrete(2), limit: 500, solved: 475,
                "keep a pole upright on a cart"),
            .init(
                "MountainCar-v0", "mountain_car", state: 2, observation: 2, .discrete(3), limit: 200, solved: -110,
                "rock an underpowered car out of a valley"),
            .init(
                "MountainCarContinuous-v0", "mountain_car_continuous", state: 2, observation: 2,
                .box(low: [-1], high: [1]), limit: 999, solved: 90,
                "the same with a continuous push and a price on it"),
            .init(
                "Pendulum-v1", "pendulum", state: 2, observation: 3, .box(low: [-2], high: [2]), limit: 200,
                solved: nil, "swing a pendulum up and hold it there")
        ] + PhysicsTask.shipped.map { EnvironmentSpec($0) }
    /// The MuJoCo tasks as Gymnasium's version 4 has them.
    public static let older: [EnvironmentSpec] = PhysicsTask.older.map { EnvironmentSpec($0) }

    init(
        _ name: String, _ kernel: String, state: Int, observation: Int, _ action: ActionSpace, limit: Int,
        solved: Double?, _ summary: String
    ) {
        (self.name, self.kernel, stateCount, observationCount, self.action) = (name, kernel, state, observation, action)
        (timeLimit, solvedReturn, self.summary, physics) = (limit, solved, summary, nil)
    }

    init(_ task: PhysicsTask) {
        (name, kernel, stateCount, observationCount) = (task.name, task.kernel, task.stateCount, task.columns.count)
        action = .box(
            low: task.model.env.action_low.map { Float($0) }, high: task.model.env.action_high.map { Float($0) })
        (timeLimit, solvedReturn, summary, physics) = (
            task.options.time_limit ?? 1000, task.solvedReturn, task.summary, task
        )
    }

    /// The environment of that name, with or without its version; capitals don't matter. A name that ends in `.json` is
    /// the path of a model description.
    ///
    /// - Parameter settings: `key=value` for a MuJoCo task's options, such as `healthy_reward=2` (see
    ///   ``PhysicsModel/Task``).
    /// - Throws: ``UnknownEnvironment`` with the nearest name and the whole list; ``RunError`` for an option that the
    ///   task doesn't have.
    public static func named(_ name: String, settings: [String] = []) throws -> EnvironmentSpec {
        if name.lowercased().hasSuffix(".json") { return EnvironmentSpec(try PhysicsTask(path: name).with(settings)) }
        let wanted = name.lowercased()
        guard
            let found = all.first(where: { $0.name.lowercased() == wanted }) ?? older.first(where: {
                $0.name.lowercased() == wanted
            })
                ?? all.first(where: { $0.shortName.lowercased() == wanted })
        else {
            throw UnknownEnvironment(name: name)
        }
        if settings.isEmpty { return found }
        guard let physics = found.physics else {
            throw RunError("\(found.name) has no options; env.\(settings[0]) can't be set")
        }
        return EnvironmentSpec(try physics.with(settings))
    }

    /// For people: the name, and of a user's own model the model's instead of its description's path.
    public var title: String { if let physics, physics.isOwn { physics.model.name } else { name } }

    /// What settings by task go by: of MuJoCo's tasks the model's name, which all its variants share.
    public var task: String { physics?.model.name ?? name }

    /// The name without its version.
    var shortName: String { name.split(separator: "-").first.map(String.init) ?? name }
}

/// A name that no environment has.
public struct UnknownEnvironment: Error, CustomStringConvertible, Sendable {
    public let name: String

    public var description: String {
        let names = EnvironmentSpec.all.map(\.name)
        func distance(_ spec: EnvironmentSpec) -> Int {
            min(
                editDistance(name.lowercased(), spec.name.lowercased()),
                editDistance(name.lowercased(), spec.shortName.lowercased()))
        }
        let nearest = EnvironmentSpec.all.min { distance($0) < distance($1) }
        return
            """
            there is no environment \(name)\(nearest.map { " (did you mean \($0.name)?)" } ?? ""); accepted: \
            \(names.joined(separator: ", ")), the -v4 forms of MuJoCo's tasks, or a model description (.json)
            """
    }
}
