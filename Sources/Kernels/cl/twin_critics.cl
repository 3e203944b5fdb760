// twin_critics: what TD3 adds to DDPG: the smaller of two values, and noise on the target's actions. No barrier.
//
// Fujimoto, van Hoof and Meger 2018 (arXiv:1802.09477), Algorithm 1.

// first <- min(first, second). Work-item r owns row r; values are column 0 of padded rows.
__kernel void twin_minimum(__global float *first_inout, __global const float *second_in,  // [rows, PAD]
                           const int row_count) {
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    const float a = first_inout[(size_t)r * PAD], b = second_in[(size_t)r * PAD];
    first_inout[(size_t)r * PAD] = b < a ? b : a;
}

// action <- clip(action + clip(sigma N(0, 1), -limit, limit), -1, 1). Elements of a member's padded rows are numbered
// through for the random numbers (random.cl). Work-item (i, p) owns 4 W elements of member p, from 4 i W.
__kernel void smooth_target_actions(
        __global const uint *streams_in,  // [P, 4]
        __global const uint *step_in,     // [P]: added to `step`
        __global float *action_inout,     // [P, rows, pitch]; columns from A on stay 0
        const int member_count, const int element_count, const int A, const int pitch,  // element_count: rows * pitch
        const float sigma, const float limit, const uint step, const uint purpose) {
    const int block = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (block * 4 >= element_count || p >= member_count) return;
    vu word[4];
    member_words(word, streams_in + 4 * (size_t)p, (uint)block, step + step_in[p], purpose);
    float normal[4][W];
    UNROLL for (int j = 0; j < 4; j += 2) {
        vf z0, z1;
        normals_from_bits(word[j], word[j + 1], &z0, &z1);
        vstore(vclamp(z0 * splat(sigma), -limit, limit), normal[j]);
        vstore(vclamp(z1 * splat(sigma), -limit, limit), normal[j + 1]);
    }
    __global float *action = action_inout + (size_t)p * (size_t)element_count;
    for (int l = 0; l < W; ++l)
        for (int j = 0; j < 4; ++j) {
            const int at = (block + l) * 4 + j;
            if (at >= element_count || at % pitch >= A) continue;
            const float moved = action[at] + normal[j][l];
            action[at] = moved < -1.0f ? -1.0f : moved > 1.0f ? 1.0f : moved;
        }
}

// Whose actor and targets move in this update: every delay-th of each member's own. Work-item p owns member p.
__kernel void delay_actors(__global const uint *step_in,   // [P]: added to `step`
                           __global const float *tau_in,   // [P]
                           __global int *active_out,       // [P]
                           __global float *due_tau_out,    // [P]: tau, or 0 where nothing is due
                           const int member_count, const uint step, const uint delay) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    const int due = (step + step_in[p] + 1u) % delay == 0u;
    active_out[p] = due;
    due_tau_out[p] = due ? tau_in[p] : 0.0f;
}
