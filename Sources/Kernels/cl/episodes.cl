// episodes: deterministic actors play whole episodes, explorers with noise, and every transition of each slot's first
// episode is kept. No barrier.
//
// S = P E slots, slot s is environment s % E of member s / E. A kept row is (state, action, next state, reward, done),
// 2 n + A + 2 floats, at (s T + t); see transition_memory.cl. Work-item s owns slot s.

__kernel void episode_act(
        __global const float *actor_in,        // [S, A], padded: in [-1, 1]
        __global const float *observation_in,  // [S, n], padded
        __global const float *episode_in,      // [9, slot_pitch], environment.cl
        __global const float *bounds_in,       // [2, A]: low, high
        __global const int *explorer_in,       // [P]: the explorer that a member's first environment is, -1 for none
        __global const int *random_in,         // [X]: 1 where the explorer acts at random instead
        __global const int *clip_in,           // [X]: 1 where a noisy action is clipped to [-1, 1]
        __global const float *normal_in,       // [X, noise_pitch]: standard normals, t A + j
        __global const float *uniform_in,      // [X, noise_pitch]: in [0, 1), t A + j
        __global float *noise_inout,           // [X, A]: the process's state
        __global float *environment_action_out,  // [S, A]
        __global float *transition_out,        // [S, T, 2 n + A + 2]
        const int slot_count, const int E, const int slot_pitch, const int T, const int t, const int n, const int A,
        const int observation_pitch, const int action_pitch, const int noise_pitch, const int keep,
        const float theta, const float sigma,
        const float scale) {  // x <- x + theta (0 - x) + sigma N(0, 1); the action's noise is scale x
    const int s = (int)get_global_id(0);
    if (s >= slot_count) return;
    const int p = s / E, running = episode_in[(size_t)EPISODE_FINISHED * (size_t)slot_pitch + (size_t)s] == 0.0f;
    const int x = s % E == 0 ? explorer_in[p] : -1;
    __global const float *observation = observation_in + (size_t)s * (size_t)observation_pitch;
    __global float *row = transition_out + ((size_t)s * (size_t)T + (size_t)t) * (size_t)(2 * n + A + 2);
    for (int j = 0; j < A; ++j) {
        float action = actor_in[(size_t)s * (size_t)action_pitch + (size_t)j];
        if (x >= 0 && running) {
            const size_t draw = (size_t)x * (size_t)noise_pitch + (size_t)t * (size_t)A + (size_t)j;
            if (random_in[x]) action = fma(2.0f, uniform_in[draw], -1.0f);
            else {
                __global float *noise = noise_inout + (size_t)x * (size_t)A + (size_t)j;
                *noise = fma(sigma, normal_in[draw], fma(-theta, *noise, *noise));
                action = fma(scale, *noise, action);
                if (clip_in[x]) action = action < -1.0f ? -1.0f : action > 1.0f ? 1.0f : action;
            }
        }
        const float low = bounds_in[j], high = bounds_in[A + j];
        environment_action_out[(size_t)s * (size_t)A + (size_t)j] = fma(0.5f * (action + 1.0f), high - low, low);
        if (keep) row[n + j] = action;
    }
    for (int c = 0; c < n && keep; ++c) row[c] = observation[c];
}

// The rest of the row, after the environment's step; `length` counts the rows that belong to the slot's first episode.
// A step whose action or state was not finite is left out.
__kernel void episode_record(
        __global const float *next_observation_in,  // [S, n], padded: before any reset
        __global const float *reward_in,            // [S]
        __global const int *terminated_in, __global const int *truncated_in,  // [S]
        __global const float *episode_in,           // [9, slot_pitch]
        __global float *transition_inout,           // [S, T, 2 n + A + 2]
        __global int *length_inout,                 // [S], 0 before the first step
        const int slot_count, const int slot_pitch, const int T, const int t, const int n, const int A,
        const int observation_pitch, const int truncation_masks) {  // 1: a time limit counts as an end too
    const int s = (int)get_global_id(0);
    if (s >= slot_count) return;
    const int ended = terminated_in[s] | truncated_in[s];
    const float finished = episode_in[(size_t)EPISODE_FINISHED * (size_t)slot_pitch + (size_t)s];
    const float broken = episode_in[(size_t)EPISODE_NON_FINITE * (size_t)slot_pitch + (size_t)s];
    if (finished - (float)ended != 0.0f || broken != 0.0f) return;   // the first episode was over before this step
    const int width = 2 * n + A + 2;
    __global float *row = transition_inout + ((size_t)s * (size_t)T + (size_t)t) * (size_t)width;
    for (int c = 0; c < n; ++c) row[n + A + c] = next_observation_in[(size_t)s * (size_t)observation_pitch + (size_t)c];
    row[width - 2] = reward_in[s];
    row[width - 1] = (truncation_masks ? ended : terminated_in[s]) ? 1.0f : 0.0f;
    length_inout[s] = t + 1;
}
