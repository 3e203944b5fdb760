// policy_loss: losses of PPO and A2C and their gradients with respect to what the networks gave, for a population.
//
//     ratio = exp(log pi(a|s) - log pi_old(a|s)),  A = (advantage - mean) * inverse deviation
//     form 0  PPO-clip:     L = -min(ratio A, clip(ratio, 1 - eps, 1 + eps) A)        Schulman et al. 2017
//                                                                                     (arXiv:1707.06347), eq. 7
//     form 1  PPO-penalty:  L = -ratio A + beta KL(pi_old || pi)                      the same, eq. 8
//     form 2  A2C:          L = -log pi(a|s) A                                        Mnih et al. 2016
//                                                                                     (arXiv:1602.01783)
//     form 3  others' samples: L = -min(ratio, limit) log pi(a|s) A, with the weight held fixed and the limit in clip's
//             place
//                           Espeholt et al. 2018 (arXiv:1802.01561), section 4.2
//     all:    L - entropy_coefficient H(pi(.|s)) + value_coefficient (V(s) - return)^2 / 2,  averaged over the batch
//
// Work-item (b, p) owns batch row b of member p and writes d L / d mean (or logits), d L / d log_std and d L / d V of
// that row, divided by the batch size, and the row's statistics:
//     0 policy loss   1 KL(pi_old || pi)   2 clipped (0 or 1)   3 entropy   4 (V - return)^2 / 2   5 (ratio - 1) - log
//                                                                                                  ratio
#define STATISTICS PAD

// What the forms make of one row: d L / d log pi, and the statistics. Returns the former.
static inline float surrogate(
        float log_p, float old_log_p, float advantage, float clip, int form, __global float *statistics) {
    const float log_ratio = log_p - old_log_p, ratio = FIRST(exp_strict(splat(log_ratio)));
    statistics[5] = (ratio - 1.0f) - log_ratio;
    const float plain = ratio * advantage;
    if (form == 2) {
        statistics[0] = -log_p * advantage;
        statistics[2] = 0.0f;
        return -advantage;
    }
    if (form == 3) {
        const float weight = ratio > clip ? clip : ratio;   // NaN stays NaN, and its gradient is left out
        statistics[0] = -weight * advantage;
        statistics[2] = ratio > clip ? 1.0f : 0.0f;
        return -weight * advantage;
    }
    const float low = 1.0f - clip, high = 1.0f + clip;
    const float clipped = (ratio < low ? low : ratio > high ? high : ratio) * advantage;
    const int outside = form == 0 && (ratio < low || ratio > high);
    statistics[2] = outside ? 1.0f : 0.0f;
    if (form == 0 && clipped < plain) {
        statistics[0] = -clipped;
        return 0.0f;
    }
    statistics[0] = -plain;
    return -plain;
}

static inline void value_term(
        __global const float *value, float target, float coefficient, float inverse_batch, __global float *dv,
        __global float *statistics) {
    const float error = value[0] - target;
    for (int c = 0; c < PAD; ++c) dv[c] = c == 0 ? coefficient * error * inverse_batch : 0.0f;
    statistics[4] = 0.5f * error * error;
}

__kernel void gaussian_policy_loss(
        __global const float *mean_in,              // [P, B, A], padded
        __global const float *value_in,             // [P, B, 1], padded
        __global const float *parameters_in,        // log_std at log_std_offset + p parameter_stride
        __global const float *old_log_std_in,       // [P, A], padded
        __global const float *action_in, __global const float *old_mean_in,  // [P, B, A], padded
        __global const float *scalar_in,            // [3, P, scalar_pitch]: old log p, advantage, return
        __global const float *advantage_statistics_in,  // [P, 2]
        __global const float *setting_in,           // [P, 4]: clip eps, beta, entropy and value coefficients
        __global float *dmean_out, __global float *dlog_std_out,  // [P, B, A], padded
        __global float *dvalue_out,                 // [P, B, 1], padded
        __global float *statistics_out,             // [P, B, STATISTICS]
        const ulong log_std_offset, const ulong parameter_stride,
        const int member_count, const int batch, const int n, const int pitch, const int scalar_pitch, const int form) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    const size_t scalar = (size_t)p * (size_t)scalar_pitch + (size_t)b,
                 plane = (size_t)member_count * (size_t)scalar_pitch;
    __global const float *log_std = parameters_in + (log_std_offset + (size_t)p * parameter_stride);
    __global const float *old_log_std = old_log_std_in + (size_t)p * (size_t)pitch;
    __global const float *setting = setting_in + 4 * (size_t)p;
    __global float *statistics = statistics_out + row * STATISTICS;
    const float inverse_batch = 1.0f / (float)batch;
    for (int c = 6; c < STATISTICS; ++c) statistics[c] = 0.0f;

    float log_p, kl, entropy;
    ROW_SUM(
        log_p, pitch, c,
        keep_columns(-0.5f * ((vload(action_in + at + c) - vload(mean_in + at + c)) / exp_strict(vload(log_std + c)))
                             * ((vload(action_in + at + c) - vload(mean_in + at + c)) / exp_strict(vload(log_std + c)))
                         - vload(log_std + c) - splat(0.918938533204672742f),
                     c, n))
    ROW_SUM(entropy, pitch, c,
            keep_columns(vload(log_std + c) + splat(1.418938533204672742f), c, n))  // 0.5 log(2 pi e)
    ROW_SUM(kl, pitch, c,
            keep_columns(vload(log_std + c) - vload(old_log_std + c) - splat(0.5f)
                             + 0.5f
                                 * (exp_strict(2.0f * vload(old_log_std + c))
                                    + (vload(old_mean_in + at + c) - vload(mean_in + at + c))
                                        * (vload(old_mean_in + at + c) - vload(mean_in + at + c)))
                                 / exp_strict(2.0f * vload(log_std + c)),
                         c, n))
    statistics[1] = kl;
    statistics[3] = entropy;
    const float advantage = (scalar_in[plane + scalar] - advantage_statistics_in[2 * p])
        * advantage_statistics_in[2 * p + 1];
    const float slope = surrogate(log_p, scalar_in[scalar], advantage, setting[0], form, statistics) * inverse_batch;
    const float beta = form == 1 ? setting[1] * inverse_batch : 0.0f, entropy_slope = -setting[2] * inverse_batch;
    for (int c = 0; c < pitch; c += W) {
        const vf mean = vload(mean_in + at + c), inverse = splat(1.0f) / exp_strict(vload(log_std + c));
        const vf z = (vload(action_in + at + c) - mean) * inverse,
                 drift = (mean - vload(old_mean_in + at + c)) * inverse;
        const vf spread = exp_strict(vload(old_log_std + c)) * inverse;
        const vf dmean = fma(splat(slope), z * inverse, splat(beta) * (drift * inverse));
        const vf dlog_std = fma(splat(slope), fma(z, z, splat(-1.0f)),
                                splat(beta) * (splat(1.0f) - fma(spread, spread, drift * drift)))
            + splat(entropy_slope);
        vstore(keep_columns(dmean, c, n), dmean_out + at + c);
        vstore(keep_columns(dlog_std, c, n), dlog_std_out + at + c);
    }
    value_term(value_in + row * PAD, scalar_in[2 * plane + scalar], setting[3], inverse_batch, dvalue_out + row * PAD,
               statistics);
}

__kernel void categorical_policy_loss(
        __global const float *logits_in,            // [P, B, A], padded
        __global const float *value_in,             // [P, B, 1], padded
        __global const float *action_in,            // [P, B, A], padded: column 0 holds the category
        __global const float *old_log_p_in,         // [P, B, A], padded: log p of every category
        __global const float *scalar_in, __global const float *advantage_statistics_in,
        __global const float *setting_in,           // as above
        __global float *log_p_out,                  // [P, B, A], padded: work space
        __global float *dlogits_out,                // [P, B, A], padded
        __global float *dvalue_out, __global float *statistics_out,
        const int member_count, const int batch, const int n, const int pitch, const int scalar_pitch, const int form) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    const size_t scalar = (size_t)p * (size_t)scalar_pitch + (size_t)b,
                 plane = (size_t)member_count * (size_t)scalar_pitch;
    __global const float *setting = setting_in + 4 * (size_t)p;
    __global float *statistics = statistics_out + row * STATISTICS;
    __global float *log_p = log_p_out + at;
    __global const float *old_log_p = old_log_p_in + at;
    const float inverse_batch = 1.0f / (float)batch;
    for (int c = 6; c < STATISTICS; ++c) statistics[c] = 0.0f;

    const float entropy = log_softmax_row(logits_in + at, log_p, n);
    float kl;
    ROW_SUM(kl, pitch, c,
            keep_columns(exp_strict(vload(old_log_p + c)) * (vload(old_log_p + c) - vload(log_p + c)), c, n))
    statistics[1] = kl;
    statistics[3] = entropy;
    const int action = (int)action_in[at];
    const float advantage = (scalar_in[plane + scalar] - advantage_statistics_in[2 * p])
        * advantage_statistics_in[2 * p + 1];
    const float slope = surrogate(log_p[action], scalar_in[scalar], advantage, setting[0], form, statistics)
        * inverse_batch;
    const float beta = form == 1 ? setting[1] * inverse_batch : 0.0f, entropy_slope = setting[2] * inverse_batch;
    for (int c = 0; c < pitch; c += W) {
        const vf q = exp_strict(vload(log_p + c));
        const vf chosen = select(splat(0.0f), splat(1.0f), lane_ids() + splati(c) == splati(action));
        const vf d = fma(splat(slope), chosen - q, splat(beta) * (q - exp_strict(vload(old_log_p + c))))
                     + splat(entropy_slope) * (q * (vload(log_p + c) + splat(entropy)));
        vstore(keep_columns(d, c, n), dlogits_out + at + c);
    }
    value_term(value_in + row * PAD, scalar_in[2 * plane + scalar], setting[3], inverse_batch, dvalue_out + row * PAD,
               statistics);
}

// What the run learns from a minibatch before it steps: adds the means of its statistics to the member's log, and stops
// a member whose KL passed its limit by clearing `active`, as a mask. Work-item p owns member p.
//     log: 0-5 sums of the means above, 6 minibatches counted, 7 unused, 8 sum of KL after the update, 9 rows of that
__kernel void policy_progress(__global const float *statistics_in,  // [P, STATISTICS]: sums over the batch
                              __global const float *kl_limit_in,    // [P]; <= 0 means none
                              __global int *active_inout,           // [P]
                              __global float *log_inout,            // [P, STATISTICS]
                              const int member_count, const int batch, const int after_update) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    __global const float *sum = statistics_in + (size_t)p * STATISTICS;
    __global float *log = log_inout + (size_t)p * STATISTICS;
    if (after_update) {
        log[8] = log[8] + sum[1];
        log[9] = log[9] + (float)batch;
        return;
    }
    if (active_inout[p] == 0) return;
    const float kl = sum[1] / (float)batch;
    for (int c = 0; c < 6; ++c) log[c] = log[c] + sum[c] / (float)batch;
    log[6] = log[6] + 1.0f;
    if (kl_limit_in[p] > 0.0f && !(kl <= kl_limit_in[p])) active_inout[p] = 0;
}

// The adaptive penalty of Schulman et al. 2017, section 4: beta halves below target / 1.5 and doubles above 1.5 target.
__kernel void adapt_penalty(__global const float *log_in,     // [P, STATISTICS]
                            __global const float *target_in,  // [P]
                            __global float *setting_inout,    // [P, 4]: beta is the second
                            const int member_count) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    const float kl = log_in[(size_t)p * STATISTICS + 8] / log_in[(size_t)p * STATISTICS + 9];
    const float beta = setting_inout[4 * p + 1], target = target_in[p];
    const float next = kl < target / 1.5f ? beta * 0.5f : kl > target * 1.5f ? beta * 2.0f : beta;
    setting_inout[4 * p + 1] = next < 1e-6f ? 1e-6f : next > 1e6f ? 1e6f : next;
}

// One iteration's figures per member: its log, its gradient norm, and the episodes that ended, whose counters it
// clears.
//     out: 0-9 as in policy_progress but 7 the last gradient norm, 10 episodes, 11 sum of returns, 12 sum of lengths,
//     13 non-finite resets, 14 beta, 15 refused steps, 16 contacts without room
#define FIGURES 17
__kernel void collect_figures(__global float *log_inout,          // [P, STATISTICS]; zeroed
                              __global float *episode_inout,      // [9, slot_pitch] per slot: see environment.cl
                              __global const float *setting_in,   // [P, 4]
                              __global const float *norm_in,      // [P]: gradient norm of the last step
                              __global int *skipped_inout,        // [P]; zeroed
                              __global int *active_out,           // [P]; set to 1 for the next iteration
                              __global float *figure_out,         // [P, FIGURES]
                              const int member_count, const int environment_count, const int slot_pitch) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    __global float *figure = figure_out + (size_t)p * FIGURES;
    for (int c = 0; c < 10; ++c) figure[c] = log_inout[(size_t)p * STATISTICS + c];
    for (int c = 0; c < STATISTICS; ++c) log_inout[(size_t)p * STATISTICS + c] = 0.0f;
    for (int c = 10; c < 14; ++c) figure[c] = 0.0f;
    figure[16] = 0.0f;
    for (int e = 0; e < environment_count; ++e) {
        const size_t s = (size_t)p * (size_t)environment_count + (size_t)e, pitch = (size_t)slot_pitch;
        figure[10] = figure[10] + episode_inout[2 * pitch + s];
        figure[11] = figure[11] + episode_inout[3 * pitch + s];
        figure[12] = figure[12] + episode_inout[4 * pitch + s];
        figure[13] = figure[13] + episode_inout[7 * pitch + s];
        episode_inout[2 * pitch + s] = 0.0f;
        episode_inout[3 * pitch + s] = 0.0f;
        episode_inout[4 * pitch + s] = 0.0f;
        figure[16] = figure[16] + episode_inout[8 * pitch + s];
        episode_inout[7 * pitch + s] = 0.0f;
        episode_inout[8 * pitch + s] = 0.0f;
    }
    figure[7] = norm_in[p];
    figure[14] = setting_in[4 * p + 1];
    figure[15] = (float)skipped_inout[p];
    skipped_inout[p] = 0;
    active_out[p] = 1;
}
