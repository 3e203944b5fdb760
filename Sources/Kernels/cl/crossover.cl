// crossover: what GPO's crossovers need beside networks: the best of recent episodes, the gate between two parents, the
// expert that it makes of them, and the child's data. No barrier.
//
// Gangwani and Peng 2018 (arXiv:1711.01012), section 3.3.1. Child c has parents first[c] and second[c], members of its
// run. A parent's history holds L rollouts [P, L, R, ...] of T = R / E steps in E environments; row t E + e.

// Work-item (e, p) cuts the last `window` rollouts of environment e into episodes, each with the sum of its rewards in
// the window. What an episode did before the window, or will do after it, does not count; but one that the window cuts
// off and that lost rewards counts as if it had lost as much at every step of a whole episode, or a piece would be
// better the shorter it is.
__kernel void episode_parts(
        __global const float *reward_in,   // [P, L, R]
        __global const int *ended_in,      // [P, L, R]
        __global float *score_out,         // [P, E, window T]: of each part in order of time
        __global int *length_out,          // [P, E, window T]
        __global int *count_out,           // [P, E]
        const int member_count, const int environment_count, const int step_count, const int slot_count,
        const int first_slot, const int window, const int time_limit) {  // steps of a whole episode
    const int e = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (e >= environment_count || p >= member_count) return;
    const size_t row_count = (size_t)environment_count * (size_t)step_count;
    const size_t list = ((size_t)p * (size_t)environment_count + (size_t)e) * (size_t)window * (size_t)step_count;
    int count = 0, length = 0;
    float score = 0.0f;
    for (int s = 0; s < window; ++s) {
        const int slot = (first_slot + s) % slot_count;
        for (int t = 0; t < step_count; ++t) {
            const size_t at = ((size_t)p * (size_t)slot_count + (size_t)slot) * row_count
                + (size_t)t * (size_t)environment_count + (size_t)e;
            score = score + reward_in[at];
            length += 1;
            if (ended_in[at] == 0 && (s + 1 < window || t + 1 < step_count)) continue;
            const int is_cut = count == 0 || ended_in[at] == 0;
            if (is_cut && score < 0.0f && length < time_limit) score = score / (float)length * (float)time_limit;
            score_out[list + (size_t)count] = score == score ? score : -3.402823466e38f;
            length_out[list + (size_t)count] = length;
            count += 1;
            length = 0;
            score = 0.0f;
        }
    }
    count_out[(size_t)p * (size_t)environment_count + (size_t)e] = count;
}

// Work-item (e, p) writes the rows of its episodes, with the episode's score, to their places in member p's order from
// the best episode to the worst, if the place is below `kept`: a row's number in the history is slot R + t E + e.
__kernel void best_rows(
        __global const float *score_in, __global const int *length_in, __global const int *count_in,  // as above
        __global int *row_out,                 // [P, kept]
        __global float *row_score_out,         // [P, kept]
        const int member_count, const int environment_count, const int step_count, const int slot_count,
        const int first_slot, const int window, const int kept) {
    const int e = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (e >= environment_count || p >= member_count) return;
    const size_t all = (size_t)window * (size_t)step_count, base = (size_t)p * (size_t)environment_count;
    __global int *row = row_out + (size_t)p * (size_t)kept;
    __global float *row_score = row_score_out + (size_t)p * (size_t)kept;
    const int count = count_in[base + (size_t)e];
    int at = 0;                                                // steps of this environment before part k
    for (int k = 0; k < count; ++k) {
        const float score = score_in[(base + (size_t)e) * all + (size_t)k];
        const int length = length_in[(base + (size_t)e) * all + (size_t)k];
        int place = 0;
        for (int other = 0; other < environment_count && place < kept; ++other) {
            const int others = count_in[base + (size_t)other];
            for (int j = 0; j < others; ++j) {
                const float theirs = score_in[(base + (size_t)other) * all + (size_t)j];
                const int before = theirs > score || (theirs == score && (other < e || (other == e && j < k)));
                place += before ? length_in[(base + (size_t)other) * all + (size_t)j] : 0;
            }
        }
        for (int i = 0; i < length && place + i < kept; ++i) {
            const int step = at + i, slot = (first_slot + step / step_count) % slot_count;
            row[place + i] = (slot * step_count + step % step_count) * environment_count + e;
            row_score[place + i] = score;
        }
        at += length;
    }
}

// Work-item c counts how many of the `wanted` best rows of both its parents together are the first one's; of equals
// those come first.
__kernel void best_of_both(__global const int *parent_in,      // [2, P]
                           __global const float *row_score_in, // [P, kept], falling
                           __global int *first_count_out,      // [P]
                           const int member_count, const int kept, const int wanted) {
    const int c = (int)get_global_id(0);
    if (c >= member_count) return;
    __global const float *first = row_score_in + (size_t)parent_in[c] * (size_t)kept;
    __global const float *second = row_score_in + (size_t)parent_in[member_count + c] * (size_t)kept;
    int a = 0, b = 0;
    while (a + b < wanted) {
        const int takes_first = b >= kept || (a < kept && first[a] >= second[b]);
        a += takes_first;
        b += 1 - takes_first;
    }
    first_count_out[c] = a;
}

// Work-item (b, c) takes a state from one of child c's parents' best rows, normalised as the child does, with the
// parent's number.
__kernel void gather_gate(
        __global const int *order_in,            // [P, order_pitch]: places, the first parent's first
        __global const int *first_count_in,      // [P]: how many those are
        __global const int *parent_in,           // [2, P]
        __global const int *row_in,              // [P, kept]
        __global const float *observation_in,    // [P, L R, n], padded, raw
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded: the child's
        __global float *state_out,               // [P, B, n], padded
        __global int *label_out,                 // [P, B]: 0 or 1
        const int member_count, const int history_rows, const int kept, const int first, const int batch,
        const int order_pitch, const int n, const int pitch, const int normalise, const float epsilon,
        const float limit) {
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= member_count) return;
    const int place = order_in[(size_t)c * (size_t)order_pitch + (size_t)(first + b)], first_count = first_count_in[c],
              label = place >= first_count;
    const int parent = parent_in[label * member_count + c],
              row = row_in[(size_t)parent * (size_t)kept + (size_t)(place - label * first_count)];
    __global const float *x = observation_in + ((size_t)parent * (size_t)history_rows + (size_t)row) * (size_t)pitch;
    __global float *y = state_out + ((size_t)c * (size_t)batch + (size_t)b) * (size_t)pitch;
    for (int i = 0; i < pitch; i += W) vstore(vload(x + i), y + i);
    if (normalise)
        normalise_row(x, y, mean_in + (size_t)c * (size_t)pitch, variance_in + (size_t)c * (size_t)pitch, n, epsilon,
                      limit);
    label_out[(size_t)c * (size_t)batch + (size_t)b] = label;
}

// Cross-entropy of a gate over two parents, averaged over the batch. A softmax over two is the logistic function of
// their difference. Work-item (b, c) owns row b of child c.
__kernel void gate_loss(
        __global const float *logits_in,  // [P, B, 2], padded
        __global const int *label_in,     // [P, B]
        __global float *dlogits_out,      // [P, B, 2], padded
        __global float *statistics_out,   // [P, B, PAD]: 0 the row's loss, 1 whether the larger logit is the label's
        const int member_count, const int batch) {
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= member_count) return;
    const size_t row = (size_t)c * (size_t)batch + (size_t)b, at = row * PAD;
    const int label = label_in[row] != 0;
    const float difference = logits_in[at + 1] - logits_in[at];
    const float slope = (FIRST(sigmoid_strict(splat(difference))) - (label ? 1.0f : 0.0f)) / (float)batch;
    for (int i = 0; i < PAD; ++i) {
        dlogits_out[at + i] = i == 0 ? -slope : i == 1 ? slope : 0.0f;
        statistics_out[at + i] = 0.0f;
    }
    statistics_out[at] = FIRST(softplus_strict(splat(label ? -difference : difference)));
    statistics_out[at + 1] = label == (difference > 0.0f) ? 1.0f : 0.0f;
}

// The two-level expert: row (b, c) is the distribution of one of child c's parents. Work-item (b, c) owns it.
//     choice 0 or 1  that parent;  2  the one with the larger logit, the first of equals;
//            3       drawn by the gate's probabilities
__kernel void pick_expert(
        __global const float *logits_in,      // [P, B, 2], padded
        __global const float *uniform_in,     // [P, uniform_pitch]: row b's number is at uniform_first + b
        __global const float *first_in,
        __global const float *second_in,  // [P, B, A], padded: means or logits of either parent
        __global const float *first_parameters_in,
        __global const float *second_parameters_in,  // log_std at log_std_offset + c parameter_stride
        __global int *pick_out,               // [P, B]
        __global float *expert_out,           // [P, B, A], padded: mean, or log p of every category
        __global float *expert_log_std_out,   // [P, B, A], padded; left alone for categories
        const ulong log_std_offset, const ulong parameter_stride, const int member_count, const int batch,
        const int n, const int pitch, const int uniform_first, const int uniform_pitch, const int choice,
        const int categorical) {
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= member_count) return;
    const size_t row = (size_t)c * (size_t)batch + (size_t)b, at = row * (size_t)pitch;
    const float difference = logits_in[row * PAD + 1] - logits_in[row * PAD];
    int pick = choice == 1 || (choice == 2 && difference > 0.0f);
    if (choice == 3)
        pick = uniform_in[(size_t)c * (size_t)uniform_pitch + (size_t)(uniform_first + b)]
            < FIRST(sigmoid_strict(splat(difference)));
    pick_out[row] = pick;
    __global const float *from = (pick ? second_in : first_in) + at;
    if (categorical) {
        log_softmax_row(from, expert_out + at, n);
        return;
    }
    __global const float *log_std = (pick ? second_parameters_in : first_parameters_in)
        + (log_std_offset + (size_t)c * parameter_stride);
    for (int i = 0; i < pitch; i += W) {
        vstore(vload(from + i), expert_out + at + i);
        vstore(keep_columns(vload(log_std + i), i, n), expert_log_std_out + at + i);
    }
}

// The gate's choices at one step as actions: work-item (e, c) writes environment e's to row `first` + e of child c, in
// column 0.
__kernel void keep_picks(
        __global const int *pick_in,    // [P, E]
        __global float *action_out,     // [P, R, 2], padded
        const int member_count, const int environment_count, const int row_count, const int first, const int pitch) {
    const int e = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (e >= environment_count || c >= member_count) return;
    action_out[((size_t)c * (size_t)row_count + (size_t)(first + e)) * (size_t)pitch] =
        (float)pick_in[(size_t)c * (size_t)environment_count + (size_t)e];
}

// Advantages alone as what a policy loss wants of a minibatch: work-item (b, c) writes row b's.
__kernel void advantage_scalars(
        __global const float *advantage_in,  // [P, B]
        __global float *scalar_out,          // [3, P, scalar_pitch]: log p (0), advantage, return (0)
        const int member_count, const int batch, const int scalar_pitch) {
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= member_count) return;
    const size_t scalar = (size_t)c * (size_t)scalar_pitch + (size_t)b,
                 plane = (size_t)member_count * (size_t)scalar_pitch;
    scalar_out[scalar] = 0.0f;
    scalar_out[plane + scalar] = advantage_in[(size_t)c * (size_t)batch + (size_t)b];
    scalar_out[2 * plane + scalar] = 0.0f;
}

// Work-item (r, c) copies row r of child c from one place to another, normalised on the way if that is asked for.
__kernel void normalise_to(
        __global const float *x_in,          // row r at (c * in_stride + r) pitch
        __global const float *mean_in, __global const float *variance_in,  // [P, n], padded
        __global float *y_out,               // row r at (out_offset + c * out_stride + r) pitch
        const ulong in_stride, const ulong out_offset, const ulong out_stride,   // in rows
        const int member_count, const int row_count, const int n, const int pitch, const int normalise,
        const float epsilon, const float limit) {
    const int r = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (r >= row_count || c >= member_count) return;
    __global const float *x = x_in + ((size_t)c * in_stride + (size_t)r) * (size_t)pitch;
    __global float *y = y_out + (out_offset + (size_t)c * out_stride + (size_t)r) * (size_t)pitch;
    for (int i = 0; i < pitch; i += W) vstore(vload(x + i), y + i);
    if (normalise)
        normalise_row(x, y, mean_in + (size_t)c * (size_t)pitch, variance_in + (size_t)c * (size_t)pitch, n, epsilon,
                      limit);
}

// Work-item (b, c) copies row order[c, first + b] of child c's data.
__kernel void gather_imitation(
        __global const int *order_in,          // [P, order_pitch]
        __global const float *state_in,        // [P, D, n], padded
        __global const float *expert_in, __global const float *expert_log_std_in,  // [P, D, A], padded
        __global float *state_out,             // [P, B, n], padded
        __global float *expert_out, __global float *expert_log_std_out,  // [P, B, A], padded
        const int member_count, const int data_rows, const int first, const int batch,
        const int order_pitch, const int state_pitch, const int action_pitch) {
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= member_count) return;
    const size_t from = (size_t)c * (size_t)data_rows
        + (size_t)order_in[(size_t)c * (size_t)order_pitch + (size_t)(first + b)];
    const size_t to = (size_t)c * (size_t)batch + (size_t)b;
    for (int i = 0; i < state_pitch; i += W)
        vstore(vload(state_in + from * (size_t)state_pitch + i), state_out + to * (size_t)state_pitch + i);
    for (int i = 0; i < action_pitch; i += W) {
        vstore(vload(expert_in + from * (size_t)action_pitch + i), expert_out + to * (size_t)action_pitch + i);
        vstore(vload(expert_log_std_in + from * (size_t)action_pitch + i),
               expert_log_std_out + to * (size_t)action_pitch + i);
    }
}

// Parameter-space crossover: each group of parameters comes from either parent, by the lowest bit of a random word.
// Work-item (i, c) owns W parameters of child c, from i * W.
__kernel void cross_parameters(__global const float *first_in, __global const float *second_in,  // [P, N]
                               __global const uint *bits_in,     // [P, N]
                               __global const int *group_in,     // [N]: the number of each parameter's word
                               __global float *child_out,        // [P, N]
                               const int member_count, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int c = (int)get_global_id(1);
    if (i >= parameter_count || c >= member_count) return;
    const size_t row = (size_t)c * (size_t)parameter_count;
    for (int l = i; l < i + W; ++l)
        child_out[row + (size_t)l] =
            bits_in[row + (size_t)group_in[l]] & 1u ? second_in[row + (size_t)l] : first_in[row + (size_t)l];
}

// Running statistics of two members together (Chan, Golub and LeVeque 1979). Work-item (i, c) owns W columns of child
// c, from i * W.
__kernel void merge_normalisers(
        __global const float *first_count_in,
        __global const float *first_mean_in, __global const float *first_variance_in,  // [P, n], padded
        __global const float *second_count_in, __global const float *second_mean_in,
        __global const float *second_variance_in, __global float *count_out, __global float *mean_out,
        __global float *variance_out, const int member_count, const int n, const int pitch) {
    const int column = (int)get_global_id(0) * W;
    const int c = (int)get_global_id(1);
    if (column >= pitch || c >= member_count) return;
    const size_t at = (size_t)c * (size_t)pitch + (size_t)column;
    const vf a = vload(first_count_in + at), b = vload(second_count_in + at), total = a + b;
    const vf share = b / vmax(total, splat(1.0f)), shift = vload(second_mean_in + at) - vload(first_mean_in + at);
    vstore(keep_columns(total, column, n), count_out + at);
    vstore(keep_columns(fma(shift, share, vload(first_mean_in + at)), column, n), mean_out + at);
    vstore(keep_columns(vload(first_variance_in + at) * (splat(1.0f) - share) + vload(second_variance_in + at) * share
                            + shift * shift * (share * (splat(1.0f) - share)),
                        column, n),
           variance_out + at);
}

// A network's first parameters from uniform numbers: (2 u - 1) bound. Work-item (i, p) owns W parameters, from i * W.
__kernel void bounded_parameters(__global float *parameter_inout,      // [P, N]: uniforms in [0, 1)
                                 __global const float *bound_in,       // [N], 0 in the padding
                                 const int member_count, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    __global float *x = parameter_inout + (size_t)p * (size_t)parameter_count + (size_t)i;
    vstore((2.0f * vload(x) - splat(1.0f)) * vload(bound_in + i), x);
}

// Work-item p: 1 where every value of member p's row is finite, else 0.
__kernel void finite_rows(__global const float *x_in,    // [P, N], N a multiple of PAD
                          __global int *finite_out,      // [P]
                          const int member_count, const int n) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    __global const float *x = x_in + (size_t)p * (size_t)n;
    float sum;
    ROW_SUM(sum, n, c, vload(x + c) - vload(x + c))
    finite_out[p] = sum == 0.0f;
}
