// rollout: what happens between a network and an environment: observations normalised, actions drawn, minibatches
// gathered.
//
// S = P E slots (member p = slot / E). Rollout buffers are [P, T, E, ...]: row (p T + t) E + e. Rows of observations,
// actions and distributions are padded to a multiple of PAD with zeros.

// Work-item s owns slot s: keeps its raw observation in the rollout and gives the policy a normalised one.
__kernel void observe(__global const float *observation_in,  // [S, n], padded
                      __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
                      __global float *rollout_out,           // [P, T, E, n], raw
                      __global float *current_out,           // [S, n]
                      const int slot_count, const int environment_count, const int step_count, const int t,  // S, E, T
                      const int n, const int pitch, const int normalise, const float epsilon, const float limit) {
    const int s = (int)get_global_id(0);
    if (s >= slot_count) return;
    const int p = s / environment_count, e = s % environment_count;
    __global const float *x = observation_in + (size_t)s * (size_t)pitch;
    __global float *kept = rollout_out
        + (((size_t)p * (size_t)step_count + (size_t)t) * (size_t)environment_count + (size_t)e) * (size_t)pitch;
    __global float *y = current_out + (size_t)s * (size_t)pitch;
    for (int c = 0; c < pitch; c += W) {
        const vf value = vload(x + c);
        vstore(value, kept + c);
        vstore(value, y + c);
    }
    if (normalise)
        normalise_row(x, y, mean_in + (size_t)p * (size_t)pitch, variance_in + (size_t)p * (size_t)pitch, n, epsilon,
                      limit);
}

// Work-item (r, p) normalises row r of member p in place.
__kernel void normalise_rows(
        __global float *x_inout,  // [P, R, n], padded
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
        const int member_count, const int row_count, const int n, const int pitch, const float epsilon,
        const float limit) {
    const int r = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (r >= row_count || p >= member_count) return;
    __global float *x = x_inout + ((size_t)p * (size_t)row_count + (size_t)r) * (size_t)pitch;
    normalise_row(x, x, mean_in + (size_t)p * (size_t)pitch, variance_in + (size_t)p * (size_t)pitch, n, epsilon,
                  limit);
}

// Merges a batch into running statistics, per member and column (Chan, Golub and LeVeque 1979): variance with 1/n.
// Work-item (i, p) owns W columns, from i * W.
__kernel void merge_statistics(
        __global const float *x_in,       // [P, R, n], padded
        __global const float *count_in,
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
        __global float *count_out, __global float *mean_out, __global float *variance_out,
        const int member_count, const int row_count, const int n, const int pitch) {
    const int column = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (column >= pitch || p >= member_count) return;
    __global const float *x = x_in + (size_t)p * (size_t)row_count * (size_t)pitch;
    const float rows = (float)row_count;
    const vf batch_mean = column_sum(x, pitch, column, row_count) / splat(rows);
    vf squares = splat(0.0f);
    for (int first = 0; first < row_count; first += CHUNK) {
        const int end = row_count - first < CHUNK ? row_count : first + CHUNK;
        vf part = splat(0.0f);
        for (int r = first; r < end; ++r) {
            const vf d = vload(x + (size_t)r * (size_t)pitch + column) - batch_mean;
            part = fma(d, d, part);
        }
        squares = first == 0 ? part : squares + part;
    }
    const size_t at = (size_t)p * (size_t)pitch + (size_t)column;
    const vf count = vload(count_in + at), total = count + splat(rows), shift = batch_mean - vload(mean_in + at);
    const vf mean = fma(shift, splat(rows) / total, vload(mean_in + at));
    const vf sum = vload(variance_in + at) * count + squares + shift * shift * (count * splat(rows) / total);
    vstore(keep_columns(total, column, n), count_out + at);
    vstore(keep_columns(mean, column, n), mean_out + at);
    vstore(keep_columns(sum / total, column, n), variance_out + at);
}

// Diagonal Gaussian policy: action = mean + exp(log_std) noise. A slot stride of 0 means a log standard deviation per
// member. Work-item s owns slot s. Policies act in [-1, 1] per dimension; the environment gets low + (clip(action) + 1)
// / 2 (high - low).
__kernel void gaussian_act(
        __global const float *mean_in,        // [S, A], padded
        __global const float *parameters_in,  // log_std at log_std_offset + p parameter_stride + e slot_stride
        __global const float *noise_in,       // [P, noise_pitch]: standard normals, (t E + e) A + j
        __global const float *bounds_in,      // [2, A]: low, high
        __global float *action_out,           // [P, T, E, A], padded
        __global float *distribution_out,     // [P, T, E, A], padded: the mean
        __global float *log_p_out,            // [P, T, E]
        __global float *environment_action_out,  // [S, A]
        const ulong log_std_offset, const ulong parameter_stride, const ulong slot_stride, const int noise_pitch,
        const int slot_count, const int environment_count, const int step_count, const int t,
        const int action_count, const int pitch, const int deterministic) {
    const int s = (int)get_global_id(0);
    if (s >= slot_count) return;
    const int p = s / environment_count, e = s % environment_count;
    const size_t row = ((size_t)p * (size_t)step_count + (size_t)t) * (size_t)environment_count + (size_t)e;
    __global const float *mean = mean_in + (size_t)s * (size_t)pitch;
    __global const float *log_std = parameters_in
        + (log_std_offset + (size_t)p * parameter_stride + (size_t)e * slot_stride);
    __global const float *noise = noise_in + (size_t)p * (size_t)noise_pitch
        + ((size_t)t * (size_t)environment_count + (size_t)e) * (size_t)action_count;
    float log_p = 0.0f;
    for (int j = 0; j < pitch; ++j) {
        float action = 0.0f;
        if (j < action_count) {
            const float z = deterministic ? 0.0f : noise[j];
            action = deterministic ? mean[j] : fma(FIRST(exp_strict(splat(log_std[j]))), z, mean[j]);
            log_p = log_p - (0.5f * z * z + log_std[j] + 0.918938533204672742f);  // log sqrt(2 pi)
            const float low = bounds_in[j], high = bounds_in[action_count + j];
            const float clipped = action < -1.0f ? -1.0f : action > 1.0f ? 1.0f : action;
            environment_action_out[(size_t)s * (size_t)action_count + j] = fma(0.5f * (clipped + 1.0f), high - low,
                                                                               low);
        }
        action_out[row * (size_t)pitch + j] = action;
        distribution_out[row * (size_t)pitch + j] = j < action_count ? mean[j] : 0.0f;
    }
    log_p_out[row] = log_p;
}

// Categorical policy: draws a category by its cumulative probability, or takes the most probable one. Work-item s owns
// slot s.
__kernel void categorical_act(
        __global const float *logits_in,    // [S, A], padded
        __global const float *uniform_in,   // [P, uniform_pitch]: t E + e
        __global float *action_out,         // [P, T, E, A], padded: column 0 holds the category
        __global float *distribution_out,   // [P, T, E, A], padded: log p
        __global float *log_p_out,          // [P, T, E]
        __global float *environment_action_out,  // [S]
        const int uniform_pitch, const int slot_count, const int environment_count, const int step_count, const int t,
        const int action_count, const int pitch, const int deterministic) {
    const int s = (int)get_global_id(0);
    if (s >= slot_count) return;
    const int p = s / environment_count, e = s % environment_count;
    const size_t row = ((size_t)p * (size_t)step_count + (size_t)t) * (size_t)environment_count + (size_t)e;
    __global float *log_p = distribution_out + row * (size_t)pitch;
    log_softmax_row(logits_in + (size_t)s * (size_t)pitch, log_p, action_count);
    const float u = uniform_in[(size_t)p * (size_t)uniform_pitch + (size_t)t * (size_t)environment_count + (size_t)e];
    int chosen = deterministic ? 0 : action_count - 1, found = deterministic;
    float sum = 0.0f;
    for (int j = 0; j < action_count && !found; ++j) {
        sum = sum + FIRST(exp_strict(splat(log_p[j])));
        if (u < sum) {
            chosen = j;
            found = 1;
        }
    }
    for (int j = 1; j < action_count && deterministic; ++j)
        if (log_p[j] > log_p[chosen]) chosen = j;
    for (int j = 0; j < pitch; ++j) action_out[row * (size_t)pitch + j] = j == 0 ? (float)chosen : 0.0f;
    log_p_out[row] = log_p[chosen];
    environment_action_out[s] = (float)chosen;
}

// Work-item (b, p) copies what one update needs of rollout row order[p, first + b].
__kernel void gather_minibatch(
        __global const int *order_in,            // [P, order_pitch]
        __global const float *observation_in,    // [P, R, n], padded
        __global const float *action_in, __global const float *distribution_in,  // [P, R, A], padded
        __global const float *log_p_in, __global const float *advantage_in, __global const float *return_in,  // [P, R]
        __global float *observation_out,         // [P, B, n], padded
        __global float *action_out, __global float *distribution_out,  // [P, B, A], padded
        __global float *scalar_out,              // [3, P, scalar_pitch]: log p, advantage, return
        const int member_count, const int row_count, const int first, const int batch,
        const int order_pitch, const int observation_pitch, const int action_pitch, const int scalar_pitch) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t from = (size_t)p * (size_t)row_count
        + (size_t)order_in[(size_t)p * (size_t)order_pitch + (size_t)(first + b)];
    const size_t to = (size_t)p * (size_t)batch + (size_t)b;
    for (int c = 0; c < observation_pitch; c += W)
        vstore(vload(observation_in + from * (size_t)observation_pitch + c),
               observation_out + to * (size_t)observation_pitch + c);
    for (int c = 0; c < action_pitch; c += W) {
        vstore(vload(action_in + from * (size_t)action_pitch + c), action_out + to * (size_t)action_pitch + c);
        vstore(vload(distribution_in + from * (size_t)action_pitch + c),
               distribution_out + to * (size_t)action_pitch + c);
    }
    const size_t scalar = (size_t)p * (size_t)scalar_pitch + (size_t)b,
                 plane = (size_t)member_count * (size_t)scalar_pitch;
    scalar_out[scalar] = log_p_in[from];
    scalar_out[plane + scalar] = advantage_in[from];
    scalar_out[2 * plane + scalar] = return_in[from];
}

// Work-item (b, p) copies column 0 of member p's row b to its place first + b.
__kernel void take_column(
        __global const float *x_in,  // [P, rows, pitch]
        __global float *y_out,       // [P, total]
        const int member_count, const int row_count, const int pitch, const int total, const int first) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= row_count || p >= member_count) return;
    y_out[(size_t)p * (size_t)total + (size_t)(first + b)] =
        x_in[((size_t)p * (size_t)row_count + (size_t)b) * (size_t)pitch];
}

// Copies one slot of every member's parameter row to a tensor of its own. Work-item (i, p) owns W elements, from i * W.
__kernel void copy_slot(
        __global const float *parameters_in,  // member p's slot at slot_offset + p parameter_stride
        __global float *slot_out,             // [P, pitch]
        const ulong slot_offset, const ulong parameter_stride, const int member_count, const int pitch) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= pitch || p >= member_count) return;
    vstore(vload(parameters_in + (slot_offset + (size_t)p * parameter_stride) + i),
           slot_out + (size_t)p * (size_t)pitch + i);
}
