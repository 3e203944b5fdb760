// mountain_car_continuous: mountain_car with a continuous push, as Gymnasium's MountainCarContinuous-v0 with goal
// velocity 0.
//
//   state   position, uniform [-0.6, -0.4] at reset;   velocity per step, 0 at reset      observation = state
//   action  push, clamped to [-1, 1] for the motion but not for the reward
//   reward  -0.1 action^2 per step, and 100 on reaching the goal
//   ends    terminated when position >= 0.45 with velocity >= 0; truncated after 999 steps
#define ENV_NAME mountain_car_continuous
#define ENV_STATE 2
#define ENV_OBSERVATION 2
#define ENV_ACTION 1
#define ENV_RESET_DRAWS 1

#define CONTINUOUS_CAR_POWER 0.0015f    // velocity per step
#define CONTINUOUS_CAR_GRAVITY 0.0025f  // velocity per step
#define CONTINUOUS_CAR_MIN_POSITION (-1.2f)
#define CONTINUOUS_CAR_MAX_POSITION 0.6f
#define CONTINUOUS_CAR_MAX_SPEED 0.07f
#define CONTINUOUS_CAR_GOAL 0.45f

static inline void mountain_car_continuous_start(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    state[0] = fma(u[0], splat(0.2f), splat(-0.6f));
    state[1] = splat(0.0f);
    copy_components(state, obs, ENV_STATE);
}

static inline vf mountain_car_continuous_advance(vf *state, const vf *action, __global const float *settings_in,
                                                 vf *obs, vi *terminated, vf *overflow) {
    const vf push = vclamp(action[0], -1.0f, 1.0f) * CONTINUOUS_CAR_POWER;
    const vf slope = cos_strict(3.0f * state[0]);
    const vf pushed = state[1] + fma(slope, splat(-CONTINUOUS_CAR_GRAVITY), push);
    const vf velocity = vclamp(pushed, -CONTINUOUS_CAR_MAX_SPEED, CONTINUOUS_CAR_MAX_SPEED);
    const vf position = vclamp(state[0] + velocity, CONTINUOUS_CAR_MIN_POSITION, CONTINUOUS_CAR_MAX_POSITION);
    state[0] = position;
    const vi hit = (position == CONTINUOUS_CAR_MIN_POSITION) & (velocity < 0.0f);  // the left end stops it
    state[1] = select(velocity, splat(0.0f), hit);
    *terminated = (state[0] >= CONTINUOUS_CAR_GOAL) & (state[1] >= 0.0f);
    copy_components(state, obs, ENV_STATE);
    return fma(-0.1f * action[0], action[0], select(splat(0.0f), splat(100.0f), *terminated));
}
