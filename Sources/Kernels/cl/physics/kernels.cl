// The three kernels of one model. reset and step are environment.cl's, with settings, columns and a count of contacts
// that found no room; place takes positions and velocities as they are and makes the rest of the state as a reset would.
// Work-item i owns W slots, from i * W.
__kernel void MODEL(reset)(__global float *state_out, __global float *obs_out, __global float *episode_out,
                           __global const uint *streams_in, __global const float *settings_in, __global const int *columns_in,
                           const int slot_pitch, const int slot_count, const int environment_count, const int obs_pitch,
                           const int obs_count, const uint step) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf u[MODEL_DRAWS], state[MODEL_STATE], obs[MODEL_FULL];
    reset_draws(u, MODEL_DRAWS, streams_in, first, slot_count, environment_count, step);
    MODEL(start)(u, settings_in, state, obs);
    store_components(state, state_out, MODEL_STATE, first, slot_pitch);
    store_columns(obs, columns_in, obs_count, obs_out, first, slot_count, slot_count, 1, 0, obs_pitch);
    UNROLL for (int c = 0; c < EPISODE_COUNT; ++c)
        vstore(splat(0.0f), episode_out + (size_t)c * (size_t)slot_pitch + (size_t)first);
}

__kernel void MODEL(place)(__global float *state_inout, __global float *obs_out, __global const float *settings_in,
                           __global const int *columns_in, const int slot_pitch, const int slot_count, const int obs_pitch,
                           const int obs_count) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf state[MODEL_STATE], obs[MODEL_FULL];
    load_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    MODEL(place_state)(settings_in, state, obs);
    store_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    store_columns(obs, columns_in, obs_count, obs_out, first, slot_count, slot_count, 1, 0, obs_pitch);
}

// MuJoCo gives up on a number beyond 1e10; such a slot is treated as one that isn't finite, and so is one whose observation is
// beyond it (contact forces on the way there), the square of which float32 might not hold.
__kernel void MODEL(step)(__global float *state_inout, __global const float *action_in, __global float *obs_out,
                          __global float *reward_out, __global int *terminated_out, __global int *truncated_out,
                          __global float *next_obs_out, __global float *episode_inout, __global const uint *streams_in,
                          __global const float *settings_in, __global const int *columns_in, const int slot_pitch,
                          const int slot_count, const int environment_count, const int T, const int t, const int action_pitch,
                          const int obs_pitch, const int obs_count, const int time_limit, const int auto_reset, const uint step) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf state[MODEL_STATE], obs[MODEL_FULL], action[MODEL_NU];
    load_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    load_rows(action, action_in, MODEL_NU, first, slot_count, action_pitch);
    vf suspect = finite_zero(state, MODEL_STATE) + finite_zero(action, MODEL_NU), overflow = splat(0.0f);
    vi terminated = splati(0);
    vf reward = MODEL(advance)(state, action, settings_in, obs, &terminated, &overflow);
    vi sane = (suspect + (reward - reward)) == 0.0f;
    for (int c = 0; c < MODEL_STATE; ++c) sane = sane & (fabs(state[c]) <= 1e10f);
    for (int c = 0; c < obs_count; ++c) sane = sane & (fabs(obs[columns_in[c]]) <= 1e10f);
    const vi bad = !sane;
    const vf elapsed = vload(episode_inout + first) + 1.0f;
    const vi truncated = elapsed >= splat((float)time_limit);
    terminated = terminated | bad;
    reward = select(reward, splat(0.0f), bad);
    const vi done = terminated | truncated, restart = auto_reset ? done : bad;
    if (any_lane(bad))
        for (int c = 0; c < MODEL_FULL; ++c) obs[c] = select(obs[c], splat(0.0f), bad);
    store_columns(obs, columns_in, obs_count, next_obs_out, first, slot_count, environment_count, T, t, obs_pitch);
    store_float(reward, reward_out, first, slot_count, environment_count, T, t);
    store_mask(terminated, terminated_out, first, slot_count, environment_count, T, t);
    store_mask(truncated, truncated_out, first, slot_count, environment_count, T, t);
    count_step(episode_inout, first, slot_count, slot_pitch, elapsed, reward, done, restart, bad, overflow);
    if (any_lane(restart)) {
        vf u[MODEL_DRAWS], fresh[MODEL_STATE], fresh_obs[MODEL_FULL];
        reset_draws(u, MODEL_DRAWS, streams_in, first, slot_count, environment_count, step);
        MODEL(start)(u, settings_in, fresh, fresh_obs);
        for (int c = 0; c < MODEL_STATE; ++c) state[c] = select(state[c], fresh[c], restart);
        for (int c = 0; c < MODEL_FULL; ++c) obs[c] = select(obs[c], fresh_obs[c], restart);
    }
    store_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    store_columns(obs, columns_in, obs_count, obs_out, first, slot_count, slot_count, 1, 0, obs_pitch);
}
