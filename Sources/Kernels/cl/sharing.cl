// sharing: how policies learn from each other's samples, and how far apart they are. No barrier.
//
// GPO's data sharing (Gangwani and Peng 2018, arXiv:1711.01012, section 3.3.2): the policies that are similar to policy
// i,
//     S_i = { j : KL[pi_i, pi_j] < epsilon },
// add their samples to its policy gradient, as a sum over j in S_i of means over j's samples, with ratio pi_i /
// pi_j(old). A history keeps the last L rollouts [P, L, R, ...] with raw observations, because each policy normalises
// by statistics of its own. Members of a run are M consecutive ones; nothing crosses from run to run.

// Work-item (r, p) keeps row r of member p's rollout in the history's slot.
__kernel void keep_rollout(
        __global const float *observation_in,   // [P, R, n], padded
        __global const float *reward_in,        // [P, R]
        __global const int *terminated_in, __global const int *truncated_in,  // [P, R]
        __global float *observation_out,        // [P, L, R, n], padded
        __global float *reward_out,             // [P, L, R]
        __global int *ended_out,                // [P, L, R]: 1 where an episode ended
        const int member_count, const int row_count, const int pitch, const int slot, const int slot_count) {
    const int r = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (r >= row_count || p >= member_count) return;
    const size_t from = (size_t)p * (size_t)row_count + (size_t)r;
    const size_t to = ((size_t)p * (size_t)slot_count + (size_t)slot) * (size_t)row_count + (size_t)r;
    for (int c = 0; c < pitch; c += W)
        vstore(vload(observation_in + from * (size_t)pitch + c), observation_out + to * (size_t)pitch + c);
    reward_out[to] = reward_in[from];
    ended_out[to] = terminated_in[from] | truncated_in[from];
}

// Work-item (b, p) takes row b R / B of another member of p's run, `shift` places on, and normalises it as p does.
__kernel void gather_states(
        __global const float *observation_in,  // [P, L, R, n], padded, raw
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
        __global float *state_out,             // [P, B, n], padded
        const int member_count, const int population, const int shift, const int row_count, const int slot,
        const int slot_count, const int batch, const int n, const int pitch, const int normalise, const float epsilon,
        const float limit) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const int first = p / population * population, peer = first + (p - first + shift) % population;
    const size_t row = (size_t)b * (size_t)row_count / (size_t)batch;
    __global const float *x = observation_in
        + (((size_t)peer * (size_t)slot_count + (size_t)slot) * (size_t)row_count + row) * (size_t)pitch;
    __global float *y = state_out + ((size_t)p * (size_t)batch + (size_t)b) * (size_t)pitch;
    for (int c = 0; c < pitch; c += W) vstore(vload(x + c), y + c);
    if (normalise)
        normalise_row(x, y, mean_in + (size_t)p * (size_t)pitch, variance_in + (size_t)p * (size_t)pitch, n, epsilon,
                      limit);
}

// Work-item (b, p): both divergences between p and the member `shift` places on, in state b of the latter.
//     column 0: KL(p || peer), column 1: KL(peer || p), zero from there on
__kernel void gaussian_divergence(
        __global const float *mean_in,        // [P, B, A], padded: p's means in its peer's states
        __global const float *own_mean_in,    // [P, B, A], padded: everyone's means in their own
        __global const float *parameters_in,  // log_std at log_std_offset + p parameter_stride
        __global float *divergence_out,       // [P, B, PAD]
        const ulong log_std_offset, const ulong parameter_stride,
        const int member_count, const int population, const int shift, const int batch, const int n, const int pitch) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const int first = p / population * population, peer = first + (p - first + shift) % population;
    __global const float *mean = mean_in + ((size_t)p * (size_t)batch + (size_t)b) * (size_t)pitch;
    __global const float *peer_mean = own_mean_in + ((size_t)peer * (size_t)batch + (size_t)b) * (size_t)pitch;
    __global const float *log_std = parameters_in + (log_std_offset + (size_t)p * parameter_stride);
    __global const float *peer_log_std = parameters_in + (log_std_offset + (size_t)peer * parameter_stride);
    __global float *out = divergence_out + ((size_t)p * (size_t)batch + (size_t)b) * PAD;
    float there, back;
    ROW_SUM(there, pitch, c, keep_columns(vload(peer_log_std + c) - vload(log_std + c) - splat(0.5f)
        + 0.5f * (exp_strict(2.0f * vload(log_std + c))
                  + (vload(mean + c) - vload(peer_mean + c)) * (vload(mean + c) - vload(peer_mean + c)))
          / exp_strict(2.0f * vload(peer_log_std + c)), c, n))
    ROW_SUM(back, pitch, c, keep_columns(vload(log_std + c) - vload(peer_log_std + c) - splat(0.5f)
        + 0.5f * (exp_strict(2.0f * vload(peer_log_std + c))
                  + (vload(mean + c) - vload(peer_mean + c)) * (vload(mean + c) - vload(peer_mean + c)))
          / exp_strict(2.0f * vload(log_std + c)), c, n))
    out[0] = there;
    out[1] = back;
    for (int c = 2; c < PAD; ++c) out[c] = 0.0f;
}

// The same for categorical policies, from log probabilities.
__kernel void categorical_divergence(
        __global const float *log_p_in,      // [P, B, A], padded: p's in its peer's states
        __global const float *own_log_p_in,  // [P, B, A], padded: everyone's in their own
        __global float *divergence_out,      // [P, B, PAD]
        const int member_count, const int population, const int shift, const int batch, const int n, const int pitch) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const int first = p / population * population, peer = first + (p - first + shift) % population;
    __global const float *mine = log_p_in + ((size_t)p * (size_t)batch + (size_t)b) * (size_t)pitch;
    __global const float *theirs = own_log_p_in + ((size_t)peer * (size_t)batch + (size_t)b) * (size_t)pitch;
    __global float *out = divergence_out + ((size_t)p * (size_t)batch + (size_t)b) * PAD;
    float there, back;
    ROW_SUM(there, pitch, c, keep_columns(exp_strict(vload(mine + c)) * (vload(mine + c) - vload(theirs + c)), c, n))
    ROW_SUM(back, pitch, c, keep_columns(exp_strict(vload(theirs + c)) * (vload(theirs + c) - vload(mine + c)), c, n))
    out[0] = there;
    out[1] = back;
    for (int c = 2; c < PAD; ++c) out[c] = 0.0f;
}

// Work-item p writes KL[pi_p, pi_j] for every j of its run, half from p's states and half from j's.
__kernel void mixed_divergence(
        __global const float *sum_in,   // [P, M, PAD]: sums over B states for each shift, columns as above
        __global float *divergence_out, // [P, M]
        const int member_count, const int population, const int batch) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    const int first = p / population * population;
    for (int j = 0; j < population; ++j) {
        const int shift = (j - (p - first) + population) % population, back = (population - shift) % population;
        const float theirs = sum_in[((size_t)p * (size_t)population + (size_t)shift) * PAD];
        const float own = sum_in[((size_t)(first + j) * (size_t)population + (size_t)back) * PAD + 1];
        divergence_out[(size_t)p * (size_t)population + (size_t)j] = 0.5f * (theirs + own) / (float)batch;
    }
}

// Work-item p writes S_p: itself first, then the members of its run below epsilon, the nearest first, then -1. A NaN is
// far.
__kernel void similar_members(
        __global const float *divergence_in,  // [P, M]
        __global int *peer_out,               // [P, K]
        __global int *peer_count_out,         // [P]
        const int member_count, const int population, const int peer_limit, const float epsilon) {  // peer_limit = K
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    const int first = p / population * population;
    __global const float *divergence = divergence_in + (size_t)p * (size_t)population;
    __global int *peer = peer_out + (size_t)p * (size_t)peer_limit;
    int count = 1;
    peer[0] = p;
    for (int k = 1; k < peer_limit; ++k) {
        const int last = peer[k - 1] - first;      // the next one after it in the order of (divergence, number)
        int best = -1;
        for (int j = 0; j < population && count == k; ++j) {
            if (first + j == p || !(divergence[j] < epsilon)) continue;
            const int taken = k > 1
                && (divergence[j] < divergence[last] || (divergence[j] == divergence[last] && j <= last));
            if (!taken && (best < 0 || divergence[j] < divergence[best])) best = j;
        }
        peer[k] = best < 0 ? -1 : first + best;
        if (best >= 0) count = k + 1;
    }
    peer_count_out[p] = count;
}

// Work-item (b, p) copies what p learns from row order[peer, first + b] of its k-th similar member; its own row where
// it has none. The observation is normalised as p does; log probability and advantage are the peer's.
__kernel void gather_shared(
        __global const int *peer_in,              // [P, K]
        __global const int *order_in,             // [P, order_pitch]
        __global const float *observation_in,     // [P, L, R, n], padded, raw
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
        __global const float *action_in,          // [P, R, A], padded
        __global const float *log_p_in, __global const float *advantage_in,  // [P, R]
        __global float *observation_out,          // [P, B, n], padded
        __global float *action_out,               // [P, B, A], padded
        __global float *scalar_out,               // [3, P, scalar_pitch]: log p, advantage, return (0)
        const int member_count, const int row_count, const int slot, const int slot_count, const int k,
        const int peer_limit, const int first, const int batch, const int order_pitch, const int n,
        const int observation_pitch, const int action_pitch, const int scalar_pitch, const int normalise,
        const float epsilon, const float limit) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const int named = peer_in[(size_t)p * (size_t)peer_limit + (size_t)k], peer = named < 0 ? p : named;
    const int row = order_in[(size_t)peer * (size_t)order_pitch + (size_t)(first + b)];
    const size_t from = (size_t)peer * (size_t)row_count + (size_t)row, to = (size_t)p * (size_t)batch + (size_t)b;
    __global const float *x = observation_in
        + (((size_t)peer * (size_t)slot_count + (size_t)slot) * (size_t)row_count + (size_t)row)
            * (size_t)observation_pitch;
    __global float *y = observation_out + to * (size_t)observation_pitch;
    for (int c = 0; c < observation_pitch; c += W) vstore(vload(x + c), y + c);
    if (normalise)
        normalise_row(x, y, mean_in + (size_t)p * (size_t)observation_pitch,
                      variance_in + (size_t)p * (size_t)observation_pitch, n, epsilon, limit);
    for (int c = 0; c < action_pitch; c += W)
        vstore(vload(action_in + from * (size_t)action_pitch + c), action_out + to * (size_t)action_pitch + c);
    const size_t scalar = (size_t)p * (size_t)scalar_pitch + (size_t)b,
                 plane = (size_t)member_count * (size_t)scalar_pitch;
    scalar_out[scalar] = log_p_in[from];
    scalar_out[plane + scalar] = advantage_in[from];
    scalar_out[2 * plane + scalar] = 0.0f;
}

// Adds the gradient that came from the k-th similar member's samples, unless there is none or it is not finite
// (counted): a broken member must not reach another. Work-item (i, p) owns W parameters of member p, from i * W.
__kernel void add_shared_gradient(
        __global const int *peer_in,         // [P, K]
        __global const float *squares_in,    // [P, blocks], of gradient_squares
        __global const float *shared_in,     // [P, N]
        __global float *gradient_inout,      // [P, N]
        __global int *refused_inout,         // [P]
        const int member_count, const int parameter_count,
        const int end, const int block_count, const int k, const int peer_limit) {  // only parameters below `end`
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= end || p >= member_count || peer_in[(size_t)p * (size_t)peer_limit + (size_t)k] < 0) return;
    float sum = 0.0f;
    for (int b = 0; b < block_count; ++b) sum = sum + squares_in[(size_t)p * (size_t)block_count + (size_t)b];
    if (!(sum <= 3.402823466e38f)) {
        if (i == 0) refused_inout[p] += 1;
        return;
    }
    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    vstore(vload(gradient_inout + at) + vload(shared_in + at), gradient_inout + at);
}
