// activation: the non-linearities of the networks, by number, and their slopes from the value they gave.
//
//     0 identity   1 tanh   2 relu   3 ELU (alpha 1)   4 sigmoid   5 softplus
static inline vf activate(vf x, int activation) {
    switch (activation) {
    case 1: return tanh_strict(x);
    case 2: return relu(x);
    case 3: return elu_strict(x);
    case 4: return sigmoid_strict(x);
    case 5: return softplus_strict(x);
    default: return x;
    }
}

// d activation / d x, from y = activation(x).
static inline vf activation_slope(vf y, int activation) {
    switch (activation) {
    case 1: return fma(-y, y, splat(1.0f));
    case 2: return select(splat(0.0f), splat(1.0f), y > splat(0.0f));
    case 3: return elu_slope_from_output(y);
    case 4: return y * (splat(1.0f) - y);
    case 5: return -expm1_strict(-y);
    default: return splat(1.0f);
    }
}
