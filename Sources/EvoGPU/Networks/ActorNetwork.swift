/// Until every operator says so itself.
public typealias ActorNetwork = Policy

extension Policy {
    public init(observations: Int, actions: Int, hidden: [Int] = [128, 128]) {
        self = .erl(observations: observations, actions: actions, hidden: hidden)
    }
}
