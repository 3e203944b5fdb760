// mountain_car: rock an underpowered car out of a valley (Moore 1990, PhD thesis, Cambridge), as Gymnasium's
// MountainCar-v0 with goal velocity 0.
//
//   state   position, uniform [-0.6, -0.4] at reset;   velocity per step, 0 at reset      observation = state
//   action  0, 1 or 2: push left, coast, push right
//   reward  -1 per step
//   ends    terminated when position >= 0.5 with velocity >= 0; truncated after 200 steps
#define MOUNTAIN_CAR_FORCE 0.001f     // velocity per step
#define MOUNTAIN_CAR_GRAVITY 0.0025f  // velocity per step
#define MOUNTAIN_CAR_MIN_POSITION (-1.2f)
#define MOUNTAIN_CAR_MAX_POSITION 0.6f
#define MOUNTAIN_CAR_MAX_SPEED 0.07f
#define MOUNTAIN_CAR_GOAL 0.5f

static inline void mountain_car_start(const vf *u, vf *state) {
    state[0] = fma(u[0], splat(0.2f), splat(-0.6f));
    state[1] = splat(0.0f);
}

static inline vf mountain_car_advance(vf *state, const vf *action, vi *terminated) {
    const vf push = (action[0] - 1.0f) * MOUNTAIN_CAR_FORCE;
    const vf slope = cos_strict(3.0f * state[0]);
    const vf velocity = vclamp(state[1] + fma(slope, splat(-MOUNTAIN_CAR_GRAVITY), push), -MOUNTAIN_CAR_MAX_SPEED, MOUNTAIN_CAR_MAX_SPEED);
    const vf position = vclamp(state[0] + velocity, MOUNTAIN_CAR_MIN_POSITION, MOUNTAIN_CAR_MAX_POSITION);
    state[0] = position;
    state[1] = select(velocity, splat(0.0f), (position == MOUNTAIN_CAR_MIN_POSITION) & (velocity < 0.0f));  // the left end stops it
    *terminated = (state[0] >= MOUNTAIN_CAR_GOAL) & (state[1] >= 0.0f);
    return splat(-1.0f);
}

ENVIRONMENT_OBSERVING_STATE(mountain_car, 2, 1, 1)
