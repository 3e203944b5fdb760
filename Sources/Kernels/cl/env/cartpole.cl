// cartpole: keep a pole upright on a cart (Barto, Sutton and Anderson 1983, IEEE Trans. SMC 13:834), as Gymnasium's
// CartPole-v1 with sutton_barto_reward off and the Euler integrator.
//
//   state   x m, x' m/s, theta rad (0 is upright), theta' rad/s; all uniform [-0.05, 0.05] at reset
//   obs     the state
//   action  0 or 1: push left or right with 10 N
//   reward  1 per step, the terminating one included
//   ends    terminated when |x| > 2.4 m or |theta| > 12 degrees; truncated after 500 steps (10 s)
#define ENV_NAME cartpole
#define ENV_STATE 4
#define ENV_OBSERVATION 4
#define ENV_ACTION 1
#define ENV_RESET_DRAWS 4

#define CARTPOLE_GRAVITY 9.8f             // m/s^2
#define CARTPOLE_POLE_MASS 0.1f           // kg
#define CARTPOLE_TOTAL_MASS 1.1f          // kg, cart and pole
#define CARTPOLE_HALF_LENGTH 0.5f         // m
#define CARTPOLE_POLE_MOMENT 0.05f        // kg m, pole mass x half length
#define CARTPOLE_FORCE 10.0f              // N
#define CARTPOLE_DT 0.02f                 // s
#define CARTPOLE_LIMIT 2.4f               // m
#define CARTPOLE_ANGLE_LIMIT 0.20943951f  // rad, 12 degrees
#define CARTPOLE_RESET_RANGE 0.05f

static inline void cartpole_start(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    UNROLL for (int c = 0; c < 4; ++c)
        state[c] = fma(u[c], splat(2.0f * CARTPOLE_RESET_RANGE), splat(-CARTPOLE_RESET_RANGE));
    copy_components(state, obs, ENV_STATE);
}

static inline vf cartpole_advance(vf *state, const vf *action, __global const float *settings_in, vf *obs,
                                  vi *terminated, vf *overflow) {
    const vf speed = state[1], angle = state[2], spin = state[3];
    const vf force = select(splat(-CARTPOLE_FORCE), splat(CARTPOLE_FORCE), action[0] > 0.5f);
    vf sine, cosine;
    sincos_strict(angle, &sine, &cosine);
    const vf push = fma(CARTPOLE_POLE_MOMENT * (spin * spin), sine, force) / CARTPOLE_TOTAL_MASS;
    const vf inertia = CARTPOLE_HALF_LENGTH
        * fma(cosine * cosine, splat(-CARTPOLE_POLE_MASS / CARTPOLE_TOTAL_MASS), splat(4.0f / 3.0f));
    const vf angular_acceleration = fma(-cosine, push, CARTPOLE_GRAVITY * sine) / inertia;
    const vf acceleration =
        fma(angular_acceleration * cosine, splat(-CARTPOLE_POLE_MOMENT / CARTPOLE_TOTAL_MASS), push);
    state[0] = fma(splat(CARTPOLE_DT), speed, state[0]);
    state[1] = fma(splat(CARTPOLE_DT), acceleration, speed);
    state[2] = fma(splat(CARTPOLE_DT), spin, angle);
    state[3] = fma(splat(CARTPOLE_DT), angular_acceleration, spin);
    *terminated = (fabs(state[0]) > CARTPOLE_LIMIT) | (fabs(state[2]) > CARTPOLE_ANGLE_LIMIT);
    copy_components(state, obs, ENV_STATE);
    return splat(1.0f);
}
