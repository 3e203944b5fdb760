// A model as an environment, for env/kernels.cl, and the kernel that only models have: ENV(place) takes positions and
// velocities as they are and makes the rest of the state as a reset would. Work-item i owns W slots, from i * W.
//
// MuJoCo gives up on a number beyond 1e10; such a slot is treated as one that isn't finite, and so is one whose
// observation is beyond it (contact forces on the way there), the square of which float32 might not hold.
#define ENV_NAME MODEL_NAME
#define ENV_STATE MODEL_STATE
#define ENV_OBSERVATION MODEL_FULL
#define ENV_ACTION MODEL_NU
#define ENV_RESET_DRAWS MODEL_DRAWS
#define ENV_COLUMNS 1
#define ENV_LIMIT 1e10f

__kernel void ENV(place)(__global float *state_inout, __global float *obs_out, __global const float *settings_in,
                         __global const int *columns_in, const int slot_pitch, const int slot_count,
                         const int obs_pitch, const int obs_count) {
    const int first = (int)get_global_id(0) * W;
    if (first >= slot_pitch) return;
    vf state[MODEL_STATE], obs[MODEL_FULL];
    load_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    MODEL(place_state)(settings_in, state, obs);
    store_components(state, state_inout, MODEL_STATE, first, slot_pitch);
    store_columns(obs, columns_in, obs_count, obs_out, first, slot_count, slot_count, 1, 0, obs_pitch);
}
