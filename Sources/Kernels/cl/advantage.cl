// advantage: generalised advantage estimation and reward scaling over rollouts [P, T, E]. No barrier.
//
//     delta_t = r_t + gamma (1 - terminated_t) V(next observation_t) - V(observation_t)
//     A_t     = delta_t + gamma lambda (1 - done_t) A_{t+1},   done = terminated or truncated;   return_t = A_t + V_t
//
// Schulman et al. 2016 (arXiv:1506.02438), equations 11 to 16. The next observation is the true one, before any reset,
// so a truncated episode bootstraps. Work-item (e, p) owns environment e of member p.
__kernel void generalised_advantage(__global const float *reward_in,      // [P, T, E]
                                    __global const float *value_in,       // [P, T, E]
                                    __global const float *next_value_in,  // [P, T, E]
                                    __global const int *terminated_in, __global const int *truncated_in,  // [P, T, E]
                                    __global const float *discount_in,    // [P, 2]: gamma, lambda
                                    __global const float *reward_scale_in, // [P]
                                    __global float *advantage_out, __global float *return_out,  // [P, T, E]
                                    const int member_count, const int step_count, const int environment_count,
                                    const float reward_limit) {           // scaled rewards are clipped to +- this
    const int e = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (e >= environment_count || p >= member_count) return;
    const float gamma = discount_in[2 * p], decay = gamma * discount_in[2 * p + 1], scale = reward_scale_in[p];
    float advantage = 0.0f;
    for (int t = step_count - 1; t >= 0; --t) {
        const size_t at = ((size_t)p * (size_t)step_count + (size_t)t) * (size_t)environment_count + (size_t)e;
        const float scaled = reward_in[at] * scale;
        const float reward = scaled > reward_limit ? reward_limit : scaled < -reward_limit ? -reward_limit : scaled;
        const int terminated = terminated_in[at], done = terminated | truncated_in[at];
        const float delta = reward + (terminated ? 0.0f : gamma * next_value_in[at]) - value_in[at];
        advantage = done ? delta : fma(decay, advantage, delta);
        advantage_out[at] = advantage;
        return_out[at] = advantage + value_in[at];
    }
}

// Discounted sums of past rewards, for reward scaling: R <- gamma R + r, back to zero after an episode. Work-item as
// above.
__kernel void discounted_rewards(
        __global const float *reward_in,
        __global const int *terminated_in, __global const int *truncated_in,  // [P, T, E]
        __global const float *discount_in,  // [P, 2]
        __global float *running_inout,      // [P, E]
        __global float *sum_out,            // [P, sum_pitch]: t E + e
        const int member_count, const int step_count, const int environment_count, const int sum_pitch) {
    const int e = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (e >= environment_count || p >= member_count) return;
    float running = running_inout[(size_t)p * (size_t)environment_count + e];
    for (int t = 0; t < step_count; ++t) {
        const size_t at = ((size_t)p * (size_t)step_count + (size_t)t) * (size_t)environment_count + (size_t)e;
        running = fma(discount_in[2 * p], running, reward_in[at]);
        sum_out[(size_t)p * (size_t)sum_pitch + (size_t)t * (size_t)environment_count + (size_t)e] = running;
        if (terminated_in[at] | truncated_in[at]) running = 0.0f;
    }
    running_inout[(size_t)p * (size_t)environment_count + e] = running;
}

// Merges a row of values into running statistics and gives 1 / sqrt(variance + epsilon). Work-item p owns member p.
__kernel void reward_statistics(__global const float *sum_in,         // [P, n], padded
                                __global float *statistics_inout,     // [P, 3]: count, mean, variance (1/n)
                                __global float *reward_scale_out,     // [P]
                                const int member_count, const int n, const int pitch, const float epsilon) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    __global const float *x = sum_in + (size_t)p * (size_t)pitch;
    __global float *statistics = statistics_inout + 3 * (size_t)p;
    float sum, squares;
    ROW_SUM(sum, pitch, c, keep_columns(vload(x + c), c, n))
    const float rows = (float)n, batch_mean = sum / rows;
    ROW_SUM(squares, pitch, c,
            keep_columns((vload(x + c) - splat(batch_mean)) * (vload(x + c) - splat(batch_mean)), c, n))
    const float count = statistics[0], total = count + rows, shift = batch_mean - statistics[1];
    const float variance = (statistics[2] * count + squares + shift * shift * (count * rows / total)) / total;
    statistics[0] = total;
    statistics[1] = fma(shift, rows / total, statistics[1]);
    statistics[2] = variance;
    reward_scale_out[p] = 1.0f / sqrt(variance + epsilon);
}

// Mean and 1 / (std + 1e-8) of a minibatch's advantages (std with 1/(n - 1)), or 0 and 1. Work-item p owns member p.
__kernel void advantage_statistics(
        __global const float *scalar_in,     // [3, P, n], pitch a multiple of PAD: old log p, advantage, return
        __global float *statistics_out,      // [P, 2]
        const int member_count, const int n, const int pitch, const int normalise) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    __global const float *x = scalar_in + ((size_t)member_count + (size_t)p) * (size_t)pitch;
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    float sum, squares;
    ROW_SUM(sum, n_padded, c, keep_columns(vload(x + c), c, n))
    const float mean = sum / (float)n;
    ROW_SUM(squares, n_padded, c, keep_columns((vload(x + c) - splat(mean)) * (vload(x + c) - splat(mean)), c, n))
    const float deviation = n > 1 ? sqrt(squares / (float)(n - 1)) : 0.0f;
    statistics_out[2 * p] = normalise ? mean : 0.0f;
    statistics_out[2 * p + 1] = normalise ? 1.0f / (deviation + 1e-8f) : 1.0f;
}
