// imitation_loss: KL(student || expert) of diagonal Gaussian policies and its gradient, for a population. No barrier.
//
// The expert of a row is the one of two parents that a gate picked: GPO's crossover (Gangwani and Peng 2018, arXiv:1711.01012, eq. 1).
//     KL = sum over actions of log(sigma_e / sigma_s) + (sigma_s^2 + (mu_s - mu_e)^2) / (2 sigma_e^2) - 1/2, averaged over the batch
// Work-item (b, p) owns batch row b of member p.
__kernel void gaussian_imitation_loss(__global const float *mean_in,        // [P, B, A], padded: the student's
                                      __global const float *parameters_in,  // its log_std at log_std_offset + p parameter_stride
                                      __global const float *parent_mean_in, // [2, P, B, A], padded
                                      __global const float *parent_log_std_in,  // [2, P, A], padded
                                      __global const int *pick_in,          // [P, B]: 0 or 1, the parent
                                      __global float *dmean_out, __global float *dlog_std_out,  // [P, B, A], padded
                                      __global float *loss_out,             // [P, B]: the row's KL
                                      const ulong log_std_offset, const ulong parameter_stride,
                                      const int member_count, const int batch, const int n, const int pitch) {  // n = A
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    const size_t parent = pick_in[row] != 0 ? 1 : 0;
    __global const float *log_std = parameters_in + (log_std_offset + (size_t)p * parameter_stride);
    __global const float *mean_e = parent_mean_in + (parent * (size_t)member_count * (size_t)batch + row) * (size_t)pitch;
    __global const float *log_std_e = parent_log_std_in + (parent * (size_t)member_count + (size_t)p) * (size_t)pitch;
    const float inverse_batch = 1.0f / (float)batch;
    float kl;
    ROW_SUM(kl, pitch, c, keep_columns(vload(log_std_e + c) - vload(log_std + c) - splat(0.5f)
        + 0.5f * (exp_strict(2.0f * vload(log_std + c)) + (vload(mean_in + at + c) - vload(mean_e + c)) * (vload(mean_in + at + c) - vload(mean_e + c)))
          / exp_strict(2.0f * vload(log_std_e + c)), c, n))
    loss_out[row] = kl;
    for (int c = 0; c < pitch; c += W) {
        const vf inverse = splat(1.0f) / exp_strict(vload(log_std_e + c));
        const vf drift = (vload(mean_in + at + c) - vload(mean_e + c)) * inverse, spread = exp_strict(vload(log_std + c)) * inverse;
        vstore(keep_columns(splat(inverse_batch) * (drift * inverse), c, n), dmean_out + at + c);
        vstore(keep_columns(splat(inverse_batch) * fma(spread, spread, splat(-1.0f)), c, n), dlog_std_out + at + c);
    }
}
