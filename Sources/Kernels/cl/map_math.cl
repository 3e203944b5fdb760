// map_math: one elementary function over an array, so that tests can ask any device for its bits. No barrier.
//
//      0 exp     1 expm1     2 log     3 log1p     4 tanh    5 sigmoid    6 softplus    7 sin    8 cos
//      9 elu    10 elu's slope from its output    11 relu   12 sin(2 pi x)   13 cos(2 pi x)
//
// Work-item i owns W elements, from i * W.
__kernel void map_math(__global const float *x_in,   // [count]
                       __global float       *y_out,  // [count]
                       const int function,           // a number from the list above; others give NaN
                       const int count) {            // a multiple of PAD
    const int i = (int)get_global_id(0) * W;
    if (i >= count) return;
    const vf x = vload(x_in + i);
    vf y = MATH_NAN, unused;
    switch (function) {
    case 0: y = exp_strict(x); break;
    case 1: y = expm1_strict(x); break;
    case 2: y = log_strict(x); break;
    case 3: y = log1p_strict(x); break;
    case 4: y = tanh_strict(x); break;
    case 5: y = sigmoid_strict(x); break;
    case 6: y = softplus_strict(x); break;
    case 7: y = sin_strict(x); break;
    case 8: y = cos_strict(x); break;
    case 9: y = elu_strict(x); break;
    case 10: y = elu_slope_from_output(x); break;
    case 11: y = relu(x); break;
    case 12: sincos_turns_strict(x, &y, &unused); break;
    case 13: sincos_turns_strict(x, &unused, &y); break;
    }
    vstore(y, y_out + i);
}
