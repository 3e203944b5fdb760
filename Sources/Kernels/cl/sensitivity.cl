// sensitivity: how strongly a policy's outputs depend on each parameter, and mutation scaled by it, for a population.
// No barrier.
//
//     s = sqrt(sum_k (sum_i d mu_k(s_i) / d theta)^2)       over the outputs k and a batch of states s_i
//     theta <- theta + delta / divisor,  divisor = 1 where s = 0, else max(s, 0.01)
//
// SM-G-SUM of Lehman et al. 2018 (arXiv:1712.06563) with the limits of the published PDERL code
// (core/mod_neuro_evo.py).

// Adds one output's squared gradient. Work-item (i, p) owns W parameters of member p, from i * W.
__kernel void add_gradient_squares(__global const float *gradient_in,  // [P, N]
                                   __global float *squares_inout,      // [P, N]
                                   const int member_count, const int parameter_count) {  // N a multiple of PAD
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    const vf g = vload(gradient_in + at);
    vstore(fma(g, g, vload(squares_inout + at)), squares_inout + at);
}

// Work-item as above.
__kernel void mutate_proximally(__global const float *squares_in,  // [P, N]: s^2
                                __global const float *noise_in,    // [P, N]: standard normal
                                __global const float *magnitude_in,  // [P], dimensionless: delta = magnitude * noise
                                __global const float *mask_in,     // [N]: 1 where a parameter may move, else 0
                                __global float *divisor_out,       // [P, N]
                                __global float *parameter_inout,   // [P, N]
                                const int member_count, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    const vf s = sqrt(vload(squares_in + at));
    const vf divisor = select(vmax(s, splat(0.01f)), splat(1.0f), s == splat(0.0f));
    const vf theta = vload(parameter_inout + at);
    vstore(divisor, divisor_out + at);
    vstore(select(theta, theta + splat(magnitude_in[p]) * vload(noise_in + at) / divisor,
                  vload(mask_in + i) != splat(0.0f)),
           parameter_inout + at);
}
