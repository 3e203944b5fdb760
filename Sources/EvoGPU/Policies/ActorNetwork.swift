import GPUTensor

/// The deterministic policy of ERL and PDERL: two hidden layers of tanh behind a layer normalisation each, tanh at the
/// end.
///
/// Khadka and Tumer 2018 (arXiv:1805.07917), with the published code's own normalisation (``LayerNormForm/erl``).
/// Actions lie in [-1, 1]. A row's slots are, in order, W1, b1, gamma1, beta1, W2, b2, gamma2, beta2, W3, b3.
public struct ActorNetwork: Sendable, Equatable {
    public let layout: ParameterLayout
    public let mlp: MLP

    public init(observations: Int, actions: Int, hidden: [Int] = [128, 128]) {
        var layout = ParameterLayout()
        mlp = MLP(
            inputs: observations, hidden: hidden, outputs: actions, activation: .tanh, outputActivation: .tanh,
            norm: .erl,
            prefix: "actor", in: &layout)
        self.layout = layout
    }
}
