import GPUTensor

/// What a policy's last layer stands for.
public enum PolicyKind: Sendable, Equatable {
    /// Diagonal Gaussian over `count` dimensions with a state-independent log standard deviation.
    case gaussian(count: Int)
    /// Categorical over `count` actions.
    case categorical(count: Int)
    /// `tanh` of the last layer: a deterministic action in [-1, 1] per dimension.
    case deterministic(count: Int)

    public var count: Int {
        switch self {
        case .gaussian(let count), .categorical(let count), .deterministic(let count): count
        }
    }

    /// What suits a task: categorical for discrete actions, Gaussian for continuous ones.
    public static func stochastic(for task: EnvironmentSpec) -> PolicyKind {
        switch task.action {
        case .discrete(let count): .categorical(count: count)
        case .box(let low, _): .gaussian(count: low.count)
        }
    }
}

/// A policy network: what its outputs stand for, and where it lies at the beginning of a parameter row.
public struct Policy: Sendable, Equatable {
    public let kind: PolicyKind
    public let mlp: MLP
    /// Offset of `log_std`, or nil.
    public let logStd: Int?
    /// Floats of a row that are the policy's. A value network may follow.
    public let parameterCount: Int
    /// Of the whole row.
    public let layout: ParameterLayout

    /// A policy with a row to itself: `policy.0.weight`, `policy.0.bias`, ..., `policy.log_std`.
    ///
    /// - Parameter hidden: widths of the hidden layers; none for a linear policy.
    public init(
        kind: PolicyKind, observations: Int, hidden: [Int], activation: Activation, norm: LayerNormForm? = nil
    ) {
        var layout = ParameterLayout()
        self.init(
            kind: kind, observations: observations, hidden: hidden, activation: activation, norm: norm, in: &layout
        ) { _ in }
    }

    /// A policy at the beginning of a row.
    ///
    /// - Parameter more: adds what follows in the row.
    init(
        kind: PolicyKind, observations: Int, hidden: [Int], activation: Activation, norm: LayerNormForm?,
        in layout: inout ParameterLayout, followedBy more: (inout ParameterLayout) -> Void
    ) {
        var output = Activation.identity
        if case .deterministic = kind { output = .tanh }
        mlp = MLP(
            inputs: observations, hidden: hidden, outputs: kind.count, activation: activation,
            outputActivation: output, norm: norm, prefix: "policy", in: &layout)
        if case .gaussian(let count) = kind {
            logStd = layout.add("policy.log_std", columns: count)
        } else {
            logStd = nil
        }
        parameterCount = layout.rowCount
        more(&layout)
        (self.kind, self.layout) = (kind, layout)
    }

    /// The deterministic policy of ERL and PDERL: hidden layers of tanh behind a layer normalisation each, tanh at the
    /// end. Actions lie in [-1, 1].
    ///
    /// Khadka and Tumer 2018 (arXiv:1805.07917), with the published code's own normalisation (``LayerNormForm/erl``). A
    /// row's slots are, in order, W1, b1, gamma1, beta1, W2, b2, gamma2, beta2, W3, b3.
    public static func erl(observations: Int, actions: Int, hidden: [Int] = [128, 128]) -> Policy {
        Policy(
            kind: .deterministic(count: actions), observations: observations, hidden: hidden, activation: .tanh,
            norm: .erl)
    }
}
