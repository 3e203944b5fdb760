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

/// One environment: its sizes, its limits and which kernels compute it. Adding one takes a line here and its `.cl` file.
public struct EnvironmentSpec: Sendable, Equatable {
    /// Gymnasium's name, with version.
    public let name: String
    /// What its kernels' names begin with: `pendulum` for `pendulum_reset` and `pendulum_step`.
    public let kernel: String
    /// Floats of state and of observation per environment.
    public let stateCount: Int, observationCount: Int
    public let action: ActionSpace
    /// Steps after which an episode is truncated.
    public let timeLimit: Int
    /// Uniform random numbers that a reset uses.
    public let resetDraws: Int
    /// Mean return from which Gymnasium calls the task solved, if it says so.
    public let solvedReturn: Double?
    /// One line for people.
    public let summary: String

    /// Every environment, in alphabetical order.
    public static let all: [EnvironmentSpec] = [
        .init("Acrobot-v1", "acrobot", state: 4, observation: 6, .discrete(3), limit: 500, draws: 4, solved: -100, "swing a two-link pendulum's tip above a line"),
        .init("CartPole-v1", "cartpole", state: 4, observation: 4, .discrete(2), limit: 500, draws: 4, solved: 475, "keep a pole upright on a cart"),
        .init("MountainCar-v0", "mountain_car", state: 2, observation: 2, .discrete(3), limit: 200, draws: 1, solved: -110, "rock an underpowered car out of a valley"),
        .init("MountainCarContinuous-v0", "mountain_car_continuous", state: 2, observation: 2, .box(low: [-1], high: [1]), limit: 999, draws: 1, solved: 90, "the same with a continuous push and a price on it"),
        .init("Pendulum-v1", "pendulum", state: 2, observation: 3, .box(low: [-2], high: [2]), limit: 200, draws: 2, solved: nil, "swing a pendulum up and hold it there"),
    ]

    init(_ name: String, _ kernel: String, state: Int, observation: Int, _ action: ActionSpace, limit: Int, draws: Int, solved: Double?, _ summary: String) {
        (self.name, self.kernel, stateCount, observationCount, self.action) = (name, kernel, state, observation, action)
        (timeLimit, resetDraws, solvedReturn, self.summary) = (limit, draws, solved, summary)
    }

    /// The environment of that name, with or without its version; capitals don't matter.
    ///
    /// - Throws: ``UnknownEnvironment`` with the nearest name and the whole list.
    public static func named(_ name: String) throws -> EnvironmentSpec {
        let wanted = name.lowercased()
        guard let found = all.first(where: { $0.name.lowercased() == wanted || $0.shortName.lowercased() == wanted }) else {
            throw UnknownEnvironment(name: name)
        }
        return found
    }

    /// The name without its version.
    var shortName: String { name.split(separator: "-").first.map(String.init) ?? name }
}

/// A name that no environment has.
public struct UnknownEnvironment: Error, CustomStringConvertible, Sendable {
    public let name: String

    public var description: String {
        let names = EnvironmentSpec.all.map(\.name)
        func distance(_ spec: EnvironmentSpec) -> Int {
            min(editDistance(name.lowercased(), spec.name.lowercased()), editDistance(name.lowercased(), spec.shortName.lowercased()))
        }
        let nearest = EnvironmentSpec.all.min { distance($0) < distance($1) }
        return "there is no environment \(name)\(nearest.map { " (did you mean \($0.name)?)" } ?? ""); accepted: \(names.joined(separator: ", "))"
    }
}
