// optimise: gradient norms, clipping, Adam and SGD for a whole population. No barrier.
//
// A step is three launches: sums of squares per block, one work-item per member that turns them into a clip factor and
// advances Adam's bias corrections, and the update itself. A member whose `active` is 0 keeps its parameters and
// moments.
#define NORM_BLOCK 4096

// Work-item (b, p) sums the squares of NORM_BLOCK gradient elements of member p.
__kernel void gradient_squares(__global const float *gradient_in,  // [P, N], N a multiple of PAD
                               __global float       *squares_out,  // [P, blocks]
                               const int member_count, const int parameter_count, const int block_count) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= block_count || p >= member_count) return;
    const int first = b * NORM_BLOCK;
    const int n = parameter_count - first < NORM_BLOCK ? parameter_count - first : NORM_BLOCK;
    __global const float *g = gradient_in + (size_t)p * (size_t)parameter_count + first;
    float sum;
    ROW_SUM(sum, n, c, vload(g + c) * vload(g + c))
    squares_out[(size_t)p * (size_t)block_count + b] = sum;
}

// Work-item p owns member p. factor = min(1, limit / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_; 0 where not
// active or where the norm is not finite (counted).
__kernel void optimiser_prepare(
        __global const float *squares_in,      // [P, blocks]
        __global const float *norm_limit_in,   // [P]; <= 0 means no limit
        __global const int   *active_in,       // [P]
        __global float       *factor_out,      // [P]
        __global float       *norm_out,        // [P], of every member, active or not
        __global float       *correction_inout, // [P, 2]: 1 - beta1^t, 1 - beta2^t
        __global float       *scale_out,       // [P, 2]: 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
        __global int         *skipped_inout,   // [P]: steps refused because the gradient was not finite
        const int member_count, const int block_count,
        const float beta1, const float one_minus_beta1,
        const float beta2, const float one_minus_beta2) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    float sum = 0.0f;
    for (int b = 0; b < block_count; ++b) sum = sum + squares_in[(size_t)p * (size_t)block_count + b];
    const float norm = sqrt(sum);
    const float limit = norm_limit_in[p];
    const int finite = norm <= 3.402823466e38f;
    norm_out[p] = norm;
    if (active_in[p] == 0 || !finite) {
        factor_out[p] = 0.0f;
        if (active_in[p] != 0) skipped_inout[p] += 1;
        return;
    }
    const float wanted = limit / (norm + 1e-6f);
    factor_out[p] = limit > 0.0f && wanted < 1.0f ? wanted : 1.0f;
    const float first = fma(correction_inout[2 * p], beta1, one_minus_beta1),
                second = fma(correction_inout[2 * p + 1], beta2, one_minus_beta2);
    correction_inout[2 * p] = first;
    correction_inout[2 * p + 1] = second;
    scale_out[2 * p] = 1.0f / first;
    scale_out[2 * p + 1] = 1.0f / sqrt(second);
}

// Adam (Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1) in PyTorch's form, with one division for each parameter:
//     x <- x - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
// With the names of adam_update's arguments: one step of W parameters of member p, the new ones into x.
#define ADAM_STEP                                                                                                 \
    const vf g = vload(gradient_in + at) * splat(factor);                                                        \
    const vf m = fma(splat(beta1), vload(m_inout + at), splat(one_minus_beta1) * g);                             \
    const vf v = fma(splat(beta2), vload(v_inout + at), splat(one_minus_beta2) * g * g);                         \
    vstore(m, m_inout + at);                                                                                     \
    vstore(v, v_inout + at);                                                                                     \
    const float rate = rate_in[2 * p + (i >= split ? 1 : 0)] * rate_scale * scale_in[2 * p];                     \
    x = fma(splat(-rate), m / fma(sqrt(v), splat(scale_in[2 * p + 1]), splat(epsilon)), x);                      \
    vstore(x, parameter_inout + at);

// Work-item (i, p) owns W parameters of member p, from i * W. Elements at or past `split` use the second rate.
__kernel void adam_update(
        __global const float *gradient_in,    // [P, N]
        __global const float *factor_in,      // [P], from optimiser_prepare; 0 leaves the member alone
        __global const float *scale_in,       // [P, 2], from optimiser_prepare
        __global const float *rate_in,        // [P, 2], before and from `split` on
        __global float       *parameter_inout, __global float *m_inout, __global float *v_inout,  // [P, N]
        const int member_count, const int parameter_count, const int split,
        const float beta1, const float one_minus_beta1, const float beta2, const float one_minus_beta2,
        const float epsilon, const float rate_scale) {   // rate_scale multiplies every rate, for schedules
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const float factor = factor_in[p];
    if (factor == 0.0f) return;
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    vf x = vload(parameter_inout + at);
    ADAM_STEP
}

// adam_update, then polyak_update towards the new parameters, of every member, while they are at hand.
__kernel void adam_polyak_update(
        __global const float *gradient_in, __global const float *factor_in, __global const float *scale_in,
        __global const float *rate_in,
        __global const float *tau_in,        // [P]
        __global float       *parameter_inout, __global float *m_inout, __global float *v_inout,
        __global float       *target_inout,  // [P, N]
        const int member_count, const int parameter_count, const int split,
        const float beta1, const float one_minus_beta1, const float beta2, const float one_minus_beta2,
        const float epsilon, const float rate_scale) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const float factor = factor_in[p];
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    vf x = vload(parameter_inout + at);
    const vf target = vload(target_inout + at);
    if (factor != 0.0f) {
        ADAM_STEP
    }
    vstore(fma(splat(tau_in[p]), x - target, target), target_inout + at);
}

// Stochastic gradient descent with momentum: m <- momentum m + g, x <- x - rate m. Ranges as in adam_update.
__kernel void sgd_update(__global const float *gradient_in, __global const float *factor_in,
                         __global const float *rate_in,      // [P, 2], as above
                         __global const float *momentum_in,  // [P]
                         __global float *parameter_inout, __global float *m_inout,
                         const int member_count, const int parameter_count, const int split, const float rate_scale) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const float factor = factor_in[p];
    if (factor == 0.0f) return;
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    const vf m = fma(splat(momentum_in[p]), vload(m_inout + at), vload(gradient_in + at) * splat(factor));
    vstore(m, m_inout + at);
    vstore(fma(splat(-rate_in[2 * p + (i >= split ? 1 : 0)] * rate_scale), m, vload(parameter_inout + at)),
           parameter_inout + at);
}
