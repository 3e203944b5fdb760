// mountain_car: rock an underpowered car out of a valley (Moore 1990, PhD thesis, Cambridge), as Gymnasium's
// MountainCar-v0 with goal velocity 0.
//
//   state   position, uniform [-0.6, -0.4] at reset;   velocity per step, 0 at reset      observation = state
//   action  0, 1 or 2: push left, coast, push right
//   reward  -1 per step
//   ends    terminated when position >= 0.5 with velocity >= 0; truncated after 200 steps
#define ENV_NAME mountain_car
#define ENV_STATE 2
#define ENV_OBSERVATION 2
#define ENV_ACTION 1
#define ENV_RESET_DRAWS 1

#define MOUNTAIN_CAR_FORCE 0.001f     // velocity per step
#define MOUNTAIN_CAR_GRAVITY 0.0025f  // velocity per step
#define MOUNTAIN_CAR_MIN_POSITION (-1.2f)
#define MOUNTAIN_CAR_MAX_POSITION 0.6f
#define MOUNTAIN_CAR_MAX_SPEED 0.07f
#define MOUNTAIN_CAR_GOAL 0.5f

static inline void mountain_car_start(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    state[0] = fma(u[0], splat(0.2f), splat(-0.6f));
    state[1] = splat(0.0f);
    copy_components(state, obs, ENV_STATE);
}

static inline vf mountain_car_advance(vf *state, const vf *action, __global const float *settings_in, vf *obs,
                                      vi *terminated, vf *overflow) {
    const vf push = (action[0] - 1.0f) * MOUNTAIN_CAR_FORCE;
    const vf slope = cos_strict(3.0f * state[0]);
    const vf pushed = state[1] + fma(slope, splat(-MOUNTAIN_CAR_GRAVITY), push);
    const vf velocity = vclamp(pushed, -MOUNTAIN_CAR_MAX_SPEED, MOUNTAIN_CAR_MAX_SPEED);
    const vf position = vclamp(state[0] + velocity, MOUNTAIN_CAR_MIN_POSITION, MOUNTAIN_CAR_MAX_POSITION);
    state[0] = position;
    const vi hit = (position == MOUNTAIN_CAR_MIN_POSITION) & (velocity < 0.0f);  // the left end stops it
    state[1] = select(velocity, splat(0.0f), hit);
    *terminated = (state[0] >= MOUNTAIN_CAR_GOAL) & (state[1] >= 0.0f);
    copy_components(state, obs, ENV_STATE);
    return splat(-1.0f);
}
