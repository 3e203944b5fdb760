// The two kernels of one environment. This text is a template: it follows each environment's own, in the C build and in
// the text that drivers are given alike, any number of times. No barrier, no local memory.
//
// There are S = P * E slots; slot s is environment e = s % E of member p = s / E. Work-item i owns W slots, from i * W.
// An environment's text names itself and its sizes, all per slot:
//
//     ENV_NAME          what its kernels' names begin with; ENV(reset) is that, an underscore and reset
//     ENV_STATE         floats of state
//     ENV_OBSERVATION   entries of an observation
//     ENV_ACTION        floats of an action; a discrete one is its index
//     ENV_RESET_DRAWS   uniform random numbers that a start takes
//     ENV_COLUMNS       1: column c < obs_count of what is stored is entry columns_in[c]. 0: every entry in order
//     ENV_LIMIT         the largest magnitude of a state's or an observation's value that counts as finite; the
//                       largest float unless it says otherwise
//
// and gives two pure functions over W slots at once:
//
//     void ENV(start)(const vf *u, __global const float *settings_in, vf *state, vf *obs)
//         a fresh state and its observation, from ENV_RESET_DRAWS numbers u in [0, 1)
//     vf ENV(advance)(vf *state, const vf *action, __global const float *settings_in, vf *obs, vi *terminated,
//                     vf *overflow)
//         one step: the reward, the observation of where it led, whether the task ended there (a mask; 0 before the
//         call), and of robots the contacts that found no room (0 before the call)
//
// ENV(reset) starts every slot anew and clears its statistics.
//     state_out     [STATE, Sp], Sp >= S and a multiple of PAD; obs_out [S, obs_pitch], zero from column obs_count on
//     episode_out   [9, Sp], see EPISODE_* of environment.cl
//     streams_in    [P, 4]: seed's low word, high word, member within its run, unused (random.cl)
//     settings_in   what the environment makes of it; columns_in [obs_count], see ENV_COLUMNS. Neither is empty
//     step          a number that no other reset or step of the run has, for the random draws
//
// ENV(step) takes one step in every slot. Rows (p, t, e) of the rollout are at (p * T + t) * E + e.
//     state_inout   [STATE, Sp]
//     action_in     [S, action_pitch], in the environment's own units
//     obs_out       [S, obs_pitch]: what the next action is to be chosen from, so after a reset where there was one
//     reward_out    [P, T, E]
//     terminated_out, truncated_out   [P, T, E], 0 or 1; both may be 1, as with Gymnasium's TimeLimit
//     next_obs_out  [P, T, E, obs_pitch]: where the step itself led, before any reset
//     episode_inout [9, Sp]
//     time_limit    steps; truncated where as many have been taken
//     auto_reset    1: a finished slot starts anew. 0: it goes on as it is; each further step counts as finished again
//
// A slot whose state, action, reward or observation isn't finite, or is beyond ENV_LIMIT, is terminated, counted and
// always starts anew; its reward and its row of next_obs are written as 0, so that nothing else sees a NaN. Lanes never
// mix. Slots from S on are computed too, with slot S - 1's actions, but written to no row, and their statistics stay 0.
#ifndef ENV_COLUMNS
#define ENV_COLUMNS 0
#endif
#ifndef ENV_LIMIT
#define ENV_LIMIT 3.40282347e38f
#endif
#if ENV_COLUMNS
#define ENV_UNROLL  // a robot's arrays are too long for it
#define ENV_OBSERVED obs_count
#define ENV_ENTRY(c) columns_in[c]
#define ENV_STORE(out, E, T, t) store_columns(obs, columns_in, obs_count, out, first, slot_count, E, T, t, obs_pitch)
#else
#define ENV_UNROLL UNROLL
#define ENV_OBSERVED ENV_OBSERVATION
#define ENV_ENTRY(c) c
#define ENV_STORE(out, E, T, t) store_rows(obs, out, ENV_OBSERVATION, first, slot_count, E, T, t, obs_pitch)
#endif

__kernel void ENV(reset)(__global float *state_out, __global float *obs_out, __global float *episode_out,
                         __global const uint *streams_in, __global const float *settings_in,
                         __global const int *columns_in, const int slot_pitch, const int slot_count,
                         const int environment_count, const int obs_pitch, const int obs_count, const uint step) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf u[ENV_RESET_DRAWS], state[ENV_STATE], obs[ENV_OBSERVATION];
    reset_draws(u, ENV_RESET_DRAWS, streams_in, first, slot_count, environment_count, step);
    ENV(start)(u, settings_in, state, obs);
    store_components(state, state_out, ENV_STATE, first, slot_pitch);
    ENV_STORE(obs_out, slot_count, 1, 0);
    UNROLL for (int c = 0; c < EPISODE_COUNT; ++c)
        vstore(splat(0.0f), episode_out + (size_t)c * (size_t)slot_pitch + (size_t)first);
}

__kernel void ENV(step)(__global float *state_inout, __global const float *action_in, __global float *obs_out,
                        __global float *reward_out, __global int *terminated_out, __global int *truncated_out,
                        __global float *next_obs_out, __global float *episode_inout, __global const uint *streams_in,
                        __global const float *settings_in, __global const int *columns_in, const int slot_pitch,
                        const int slot_count, const int environment_count, const int T, const int t,
                        const int action_pitch, const int obs_pitch, const int obs_count, const int time_limit,
                        const int auto_reset, const uint step) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf state[ENV_STATE], obs[ENV_OBSERVATION], action[ENV_ACTION];
    load_components(state, state_inout, ENV_STATE, first, slot_pitch);
    load_rows(action, action_in, ENV_ACTION, first, slot_count, action_pitch);
    const vf suspect = finite_zero(state, ENV_STATE) + finite_zero(action, ENV_ACTION);
    vi terminated = splati(0);
    vf overflow = splat(0.0f);
    vf reward = ENV(advance)(state, action, settings_in, obs, &terminated, &overflow);
    vi sane = (suspect + (reward - reward)) == 0.0f;
    ENV_UNROLL for (int c = 0; c < ENV_STATE; ++c) sane = sane & (fabs(state[c]) <= ENV_LIMIT);
    ENV_UNROLL for (int c = 0; c < ENV_OBSERVED; ++c) sane = sane & (fabs(obs[ENV_ENTRY(c)]) <= ENV_LIMIT);
    const vi bad = !sane;
    const vf elapsed = vload(episode_inout + first) + 1.0f;
    const vi truncated = elapsed >= splat((float)time_limit);
    terminated = terminated | bad;
    reward = select(reward, splat(0.0f), bad);
    const vi done = terminated | truncated, restart = auto_reset ? done : bad;
    if (any_lane(bad)) {
        ENV_UNROLL for (int c = 0; c < ENV_OBSERVATION; ++c) obs[c] = select(obs[c], splat(0.0f), bad);
    }
    ENV_STORE(next_obs_out, environment_count, T, t);
    store_float(reward, reward_out, first, slot_count, environment_count, T, t);
    store_mask(terminated, terminated_out, first, slot_count, environment_count, T, t);
    store_mask(truncated, truncated_out, first, slot_count, environment_count, T, t);
    count_step(episode_inout, first, slot_count, slot_pitch, elapsed, reward, done, restart, bad, overflow);
    if (any_lane(restart)) {
        vf u[ENV_RESET_DRAWS], fresh[ENV_STATE], fresh_obs[ENV_OBSERVATION];
        reset_draws(u, ENV_RESET_DRAWS, streams_in, first, slot_count, environment_count, step);
        ENV(start)(u, settings_in, fresh, fresh_obs);
        ENV_UNROLL for (int c = 0; c < ENV_STATE; ++c) state[c] = select(state[c], fresh[c], restart);
        ENV_UNROLL for (int c = 0; c < ENV_OBSERVATION; ++c) obs[c] = select(obs[c], fresh_obs[c], restart);
    }
    store_components(state, state_inout, ENV_STATE, first, slot_pitch);
    ENV_STORE(obs_out, slot_count, 1, 0);
}

// Forgets this environment, so that the next one may follow.
#undef ENV_NAME
#undef ENV_STATE
#undef ENV_OBSERVATION
#undef ENV_ACTION
#undef ENV_RESET_DRAWS
#undef ENV_COLUMNS
#undef ENV_LIMIT
#undef ENV_UNROLL
#undef ENV_OBSERVED
#undef ENV_ENTRY
#undef ENV_STORE
