// pendulum: swing a pendulum up and hold it there, as Gymnasium's Pendulum-v1.
//
//   state   theta rad (0 is upright), uniform [-pi, pi] at reset;   theta' rad/s, uniform [-1, 1]
//   action  torque N m, clamped to [-2, 2]                          observation = (cos theta, sin theta, theta')
//   reward  -(theta^2 + 0.1 theta'^2 + 0.001 torque^2) with theta in [-pi, pi], of the state before the step
//   ends    never terminated; truncated after 200 steps (10 s)
//
// Gymnasium lets theta grow; here a step first takes whole turns off an angle beyond 2.5 pi, so that float32 loses
// nothing.
#define ENV_NAME pendulum
#define ENV_STATE 2
#define ENV_OBSERVATION 3
#define ENV_ACTION 1
#define ENV_RESET_DRAWS 2

#define PENDULUM_DT 0.05f             // s
#define PENDULUM_GRAVITY_TERM 15.0f   // 1/s^2, 3 g / (2 l) with g = 10 m/s^2 and l = 1 m
#define PENDULUM_TORQUE_TERM 3.0f     // 1/(kg m^2), 3 / (m l^2) with m = 1 kg
#define PENDULUM_MAX_SPEED 8.0f       // rad/s
#define PENDULUM_MAX_TORQUE 2.0f      // N m
#define PENDULUM_ANGLE_KEPT 7.853982f // rad, 2.5 pi
#define PENDULUM_PI 3.14159274f       // rad

// The angle in rad, less the whole turns that bring it to [-pi, pi]; unchanged where |angle| <= keep. For
// |angle| < 1000.
static inline vf pendulum_turns_removed(vf angle, float keep) {
    const vf turns = rint(angle * 0.159154943f);
    const vf wrapped = fma(turns, splat(1.74845553e-07f), fma(turns, splat(-6.28318548f), angle));  // 2 pi in two parts
    return select(wrapped, angle, fabs(angle) <= keep);
}

static inline void pendulum_observe(const vf *state, vf *obs) {
    sincos_strict(state[0], &obs[1], &obs[0]);
    obs[2] = state[1];
}

static inline void pendulum_start(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    state[0] = fma(u[0], splat(2.0f * PENDULUM_PI), splat(-PENDULUM_PI));
    state[1] = fma(u[1], splat(2.0f), splat(-1.0f));
    pendulum_observe(state, obs);
}

static inline vf pendulum_advance(vf *state, const vf *action, __global const float *settings_in, vf *obs,
                                  vi *terminated, vf *overflow) {
    const vf angle = pendulum_turns_removed(state[0], PENDULUM_ANGLE_KEPT);
    const vf speed = state[1];
    const vf torque = vclamp(action[0], -PENDULUM_MAX_TORQUE, PENDULUM_MAX_TORQUE);
    const vf from_upright = pendulum_turns_removed(angle, PENDULUM_PI);
    const vf cost = fma(from_upright, from_upright, fma(0.1f * speed, speed, 0.001f * (torque * torque)));
    const vf acceleration = fma(splat(PENDULUM_GRAVITY_TERM), sin_strict(angle), PENDULUM_TORQUE_TERM * torque);
    state[1] = vclamp(fma(acceleration, splat(PENDULUM_DT), speed), -PENDULUM_MAX_SPEED, PENDULUM_MAX_SPEED);
    state[0] = fma(state[1], splat(PENDULUM_DT), angle);
    *terminated = splati(0);
    pendulum_observe(state, obs);
    return -cost;
}
