// imitation_loss: KL(student || expert) in closed form and its gradient, for a population. No barrier.
//
// The expert of a row is the one of two parents that a gate picked: GPO's crossover (Gangwani and Peng 2018,
// arXiv:1711.01012, eq. 1). Work-item (b, p) owns batch row b of member p. Gradients are of the batch's mean.

// Diagonal Gaussian policies:
//     KL = sum over actions of log(sigma_e / sigma_s) + (sigma_s^2 + (mu_s - mu_e)^2) / (2 sigma_e^2) - 1/2
__kernel void gaussian_imitation_loss(
        __global const float *mean_in,        // [P, B, A], padded: the student's
        __global const float *parameters_in,  // its log_std at log_std_offset + p parameter_stride
        __global const float *expert_mean_in, __global const float *expert_log_std_in,  // [P, B, A], padded
        __global float *dmean_out, __global float *dlog_std_out,  // [P, B, A], padded
        __global float *loss_out,             // [P, B]: the row's KL
        const ulong log_std_offset, const ulong parameter_stride,
        const int member_count, const int batch, const int n, const int pitch) {  // n = A
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    __global const float *log_std = parameters_in + (log_std_offset + (size_t)p * parameter_stride);
    __global const float *mean_e = expert_mean_in + at, *log_std_e = expert_log_std_in + at;
    const float inverse_batch = 1.0f / (float)batch;
    float kl;
    ROW_SUM(kl, pitch, c, keep_columns(vload(log_std_e + c) - vload(log_std + c) - splat(0.5f)
        + 0.5f * (exp_strict(2.0f * vload(log_std + c))
                  + (vload(mean_in + at + c) - vload(mean_e + c)) * (vload(mean_in + at + c) - vload(mean_e + c)))
          / exp_strict(2.0f * vload(log_std_e + c)), c, n))
    loss_out[row] = kl;
    for (int c = 0; c < pitch; c += W) {
        const vf inverse = splat(1.0f) / exp_strict(vload(log_std_e + c));
        const vf drift = (vload(mean_in + at + c) - vload(mean_e + c)) * inverse,
                 spread = exp_strict(vload(log_std + c)) * inverse;
        vstore(keep_columns(splat(inverse_batch) * (drift * inverse), c, n), dmean_out + at + c);
        vstore(keep_columns(splat(inverse_batch) * fma(spread, spread, splat(-1.0f)), c, n), dlog_std_out + at + c);
    }
}

// Categorical policies: KL = sum over categories of p_s (log p_s - log p_e); d KL / d logit = p_s (log p_s - log p_e -
// KL).
__kernel void categorical_imitation_loss(
        __global const float *logits_in,       // [P, B, A], padded: the student's
        __global const float *expert_log_p_in, // [P, B, A], padded
        __global float *log_p_out,             // [P, B, A], padded: work space
        __global float *dlogits_out,           // [P, B, A], padded
        __global float *loss_out,              // [P, B]: the row's KL
        const int member_count, const int batch, const int n, const int pitch) {  // n = A
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    __global const float *expert = expert_log_p_in + at;
    __global float *log_p = log_p_out + at;
    log_softmax_row(logits_in + at, log_p, n);
    float kl;
    ROW_SUM(kl, pitch, c, keep_columns(exp_strict(vload(log_p + c)) * (vload(log_p + c) - vload(expert + c)), c, n))
    loss_out[row] = kl;
    const float inverse_batch = 1.0f / (float)batch;
    for (int c = 0; c < pitch; c += W) {
        const vf slope = exp_strict(vload(log_p + c)) * (vload(log_p + c) - vload(expert + c) - splat(kl));
        vstore(keep_columns(splat(inverse_batch) * slope, c, n), dlogits_out + at + c);
    }
}
