// acrobot: swing the tip of a two-link pendulum above a line by a torque at its elbow (Sutton 1996, NIPS 8), as
// Gymnasium's Acrobot-v1: the book's dynamics (Sutton and Barto 2018), one Runge-Kutta step of fourth order.
//
//   state   theta1 rad (0 hangs down), theta2 rad (from link 1), theta1' and theta2' rad/s;
//           all uniform [-0.1, 0.1] at reset
//   action  0, 1 or 2: torque -1, 0 or 1 N m
//   obs     cos theta1, sin theta1, cos theta2, sin theta2, theta1', theta2'
//   reward  -1 per step, 0 on the terminating one
//   ends    terminated when -cos theta1 - cos(theta1 + theta2) > 1; truncated after 500 steps (100 s)
//
// Both links are 1 m and 1 kg with their centre of mass halfway and a moment of inertia of 1 kg m^2; g = 9.8 m/s^2.
// So long a step is violent: near the speed limits it amplifies a relative error a thousandfold, and plain floats come
// out 6e-5 wrong. The step is therefore taken in pairs, and rounded to floats at its end.
#define ENV_NAME acrobot
#define ENV_STATE 4
#define ENV_OBSERVATION 6
#define ENV_ACTION 1
#define ENV_RESET_DRAWS 4

#define ACROBOT_DT 0.200000003f, -2.98023224e-09f          // s; each pair constant is its float and what that lacks
#define ACROBOT_HALF_DT 0.100000001f, -1.49011612e-09f     // s
#define ACROBOT_SIXTH_DT 0.0333333351f, -1.73846881e-09f   // s
#define ACROBOT_GRAVITY_1 14.6999998f, 1.90734862e-07f     // N m, (m1 lc1 + m2 l1) g
#define ACROBOT_GRAVITY_2 4.9000001f, -9.53674309e-08f     // N m, m2 lc2 g
#define ACROBOT_MAX_SPEED_1 12.5663706f                    // rad/s, 4 pi
#define ACROBOT_MAX_SPEED_2 28.2743339f                    // rad/s, 9 pi
#define ACROBOT_PI 3.14159274f                             // rad
#define ACROBOT_RESET_RANGE 0.1f

static inline void acrobot_observe(const vf *state, vf *obs) {
    sincos_strict(state[0], &obs[1], &obs[0]);
    sincos_strict(state[1], &obs[3], &obs[2]);
    obs[4] = state[2];
    obs[5] = state[3];
}

static inline void acrobot_start(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    UNROLL for (int c = 0; c < 4; ++c)
        state[c] = fma(u[c], splat(2.0f * ACROBOT_RESET_RANGE), splat(-ACROBOT_RESET_RANGE));
    acrobot_observe(state, obs);
}

// The state's time derivative, in the order of the state. Angles from the horizontal are folded in:
// cos(a - pi/2) = sin a.
static inline void acrobot_derivative(const pair *state, vf torque, pair *slope) {
    pair s1, c1, s2, c2;
    pair_sincos(state[0], &s1, &c1);
    pair_sincos(state[1], &s2, &c2);
    const pair w1 = state[2], w2 = state[3];
    const pair d1 = pair_add(pair_of(splat(3.5f), splat(0.0f)), c2);
    const pair d2 = pair_add(pair_of(splat(1.25f), splat(0.0f)), pair_halve(c2));
    const pair phi2 = pair_scale(pair_add(pair_mul(s1, c2), pair_mul(c1, s2)), ACROBOT_GRAVITY_2);
    const pair coriolis = pair_mul(pair_mul(s2, w2), pair_add(pair_halve(w2), w1));
    const pair phi1 = pair_add(pair_add(pair_scale(s1, ACROBOT_GRAVITY_1), phi2), pair_negate(coriolis));
    const pair ratio = pair_div(d2, d1);
    const pair centrifugal = pair_mul(pair_halve(pair_mul(w1, w1)), s2);
    const pair moment = pair_add(pair_add(pair_of(torque, splat(0.0f)), pair_mul(ratio, phi1)),
                                 pair_negate(pair_add(centrifugal, phi2)));
    const pair inertia = pair_add(pair_of(splat(1.25f), splat(0.0f)), pair_negate(pair_mul(d2, ratio)));
    slope[0] = w1;
    slope[1] = w2;
    slope[3] = pair_div(moment, inertia);
    slope[2] = pair_negate(pair_div(pair_add(pair_mul(d2, slope[3]), phi1), d1));
}

// The angle as a float in [-pi, pi].
static inline vf acrobot_wrapped(pair angle) {
    const vf turns = rint(angle.hi * 0.159154943f);
    pair wrapped = pair_add(angle, pair_product(turns, splat(-6.28318548f)));   // 2 pi in two parts
    wrapped.lo = fma(turns, splat(1.74845553e-07f), wrapped.lo);
    return select(wrapped.hi + wrapped.lo, angle.hi, fabs(angle.hi) <= ACROBOT_PI);
}

static inline vf acrobot_advance(vf *state, const vf *action, __global const float *settings_in, vf *obs,
                                 vi *terminated, vf *overflow) {
    const vf torque = action[0] - 1.0f;
    pair start[4], at[4], k[4], sum[4];
    UNROLL for (int c = 0; c < 4; ++c) start[c] = pair_of(state[c], splat(0.0f));
    acrobot_derivative(start, torque, sum);                                                   // k1
    UNROLL for (int c = 0; c < 4; ++c) at[c] = pair_add(start[c], pair_scale(sum[c], ACROBOT_HALF_DT));
    acrobot_derivative(at, torque, k);                                                        // k2
    UNROLL for (int c = 0; c < 4; ++c) {
        sum[c] = pair_add(sum[c], pair_add(k[c], k[c]));
        at[c] = pair_add(start[c], pair_scale(k[c], ACROBOT_HALF_DT));
    }
    acrobot_derivative(at, torque, k);                                                        // k3
    UNROLL for (int c = 0; c < 4; ++c) {
        sum[c] = pair_add(sum[c], pair_add(k[c], k[c]));
        at[c] = pair_add(start[c], pair_scale(k[c], ACROBOT_DT));
    }
    acrobot_derivative(at, torque, k);                                                        // k4
    UNROLL for (int c = 0; c < 4; ++c)
        at[c] = pair_add(start[c], pair_scale(pair_add(sum[c], k[c]), ACROBOT_SIXTH_DT));
    state[0] = acrobot_wrapped(at[0]);
    state[1] = acrobot_wrapped(at[1]);
    state[2] = vclamp(at[2].hi, -ACROBOT_MAX_SPEED_1, ACROBOT_MAX_SPEED_1);
    state[3] = vclamp(at[3].hi, -ACROBOT_MAX_SPEED_2, ACROBOT_MAX_SPEED_2);
    acrobot_observe(state, obs);
    *terminated = -obs[0] - fma(obs[0], obs[2], -obs[1] * obs[3]) > 1.0f;  // cosines and sines of both angles
    return select(splat(-1.0f), splat(0.0f), *terminated);
}
