// physics: what the planar and the 3D engine share: names, settings and the impedance of a constraint. The formulas are
// MuJoCo 4.0.0's (Todorov, Erez and Tassa 2012, IROS); no barrier, no local memory.
//
// A program for one model is: this file, generated/NAME.cl (made from NAME.json: lists of literals), planar.cl or
// spatial.cl, which compute with them, task.cl, env/kernels.cl and, in the C build, end.cl. The lists are macros that
// take a macro: every line calls a function with literal indices and coefficients, so the tree's loops are unrolled and
// what is zero falls away.
//
// An engine gives, for W environments at once,
//     MODEL(start)    a fresh state and its observation from MODEL_DRAWS uniforms
//     MODEL(place)    fills up a state of which positions and velocities are given, as after a reset
//     MODEL(advance)  one environment step: the reward, and the observation of where it led
// A state is qpos [MODEL_NQ], qvel [MODEL_NV], then what MODEL_STATE leaves room for. obs has MODEL_FULL entries, every
// one that any variant of the task shows; columns_in picks and orders those that are stored.
#define MODEL(x) ENV_PASTE(MODEL_NAME, _##x)  // as ENV(x)

// Several lanes: a phase is a function of its own, for smaller code. One lane (GPUs): everything is inlined into
// registers.
#if W > 1
#define PHASE static __attribute__((noinline))
#else
#define PHASE static inline __attribute__((always_inline))
#endif

// Indices of settings_in; from SETTING_COUNT on, the sliding friction of each pair of the floor and a geom.
#define SETTING_FORWARD_WEIGHT 0
#define SETTING_CONTROL_COST 1
#define SETTING_HEALTHY_REWARD 2
#define SETTING_TERMINATES 3        // 1: an unhealthy robot ends its episode
#define SETTING_BONUS_ALWAYS 4      // 1: the healthy reward is also given on the terminating step (v4)
#define SETTING_LOWEST_Z 5          // m
#define SETTING_HIGHEST_Z 6
#define SETTING_LOWEST_ANGLE 7      // rad
#define SETTING_HIGHEST_ANGLE 8
#define SETTING_LOWEST_STATE 9      // of qpos[2:] and qvel
#define SETTING_HIGHEST_STATE 10
#define SETTING_RESET_NOISE 11
#define SETTING_CONTACT_COST 12
#define SETTING_LOWEST_FORCE 13     // contact forces are clipped to these two, N and N m
#define SETTING_HIGHEST_FORCE 14
#define SETTING_HIGHEST_CONTACT_COST 15
#define SETTING_DISTANCE_WEIGHT 16  // reacher
#define SETTING_EARLY_DISTANCE 17   // 1: the distance before the step is rewarded (v4)
#define SETTING_VELOCITY_CLIP 18
#define SETTING_TERRAIN_HEIGHT 19   // m
#define SETTING_LOWEST_CONTACT_COST 20
#define SETTING_COUNT 21

#define HINGE 0
#define SLIDE 1
#define FREE 2

// sum + c x for a literal c: nothing where c is 0, no product where it is 1 or -1.
ALWAYS_INLINE vf add_scaled(float c, vf x, vf sum) {
    if (c == 0.0f) return sum;
    if (c == 1.0f) return sum + x;
    if (c == -1.0f) return sum - x;
    return fma(splat(c), x, sum);
}
// a x + b y for literals a and b.
ALWAYS_INLINE vf weighted(float a, vf x, float b, vf y) {
    if (a == 0.0f) return b == 0.0f ? splat(0.0f) : b == 1.0f ? y : b * y;
    return add_scaled(b, y, a == 1.0f ? x : a * x);
}

// Sine and cosine of an angle of at most 65536 rad (a larger one gives some finite number, an infinite one NaN).
ALWAYS_INLINE void sincos_angle(vf x, vf *s, vf *c) {
    const vf t = fma(x, splat(0.636619747f), splat(ROUND_SHIFT));
    const vf n = t - ROUND_SHIFT;
    vf r = fma(n, splat(-1.57079637f), x);
    r = fma(n, splat(4.37113883e-08f), r);
    r = fma(n, splat(1.71512451e-15f), r);
    vf sine, cosine;
    sincos_reduced(r, &sine, &cosine);
    const vu q = bits_uint(t);
    const vi swap = bits_int(q & 1u) != 0;
    *s = sign_flipped(select(sine, cosine, swap), (q & 2u) << 30);
    *c = sign_flipped(select(cosine, sine, swap), ((q + 1u) & 2u) << 30);
}

// How hard a constraint resists at distance `excess` below its margin: solimp = (d0, dw, width, mid, power), power 1 or
// 2.
ALWAYS_INLINE vf impedance(vf excess, float d0, float dw, float width, float mid, float power) {
    if (d0 == dw || width <= 1e-15f) return splat(0.5f * (d0 + dw));
    const vf x = vmin(fabs(excess) * (1.0f / width), splat(1.0f));
    vf y = x;
    if (power == 2.0f) {
        const vf rest = 1.0f - x;
        y = select(1.0f - rest * rest * (1.0f / (1.0f - mid)), x * x * (1.0f / mid), x <= mid);
    }
    return fma(splat(dw - d0), y, splat(d0));
}

// Two standard normals from two uniforms in [0, 1).
ALWAYS_INLINE void normals_from_uniforms(vf u, vf turn, vf *z0, vf *z1) {
    const vf radius = sqrt(-2.0f * log_strict(1.0f - u));
    vf s, c;
    sincos_turns_strict(turn, &s, &c);
    *z0 = radius * c;
    *z1 = radius * s;
}
