// Counts the floating-point operations of one environment step of one model: additions, subtractions, multiplications,
// divisions and square roots are one each, a fused multiply-add two; comparisons, selections and integer work are none.
// The kernels' own source, compiled as C++ over a number that counts; one environment at a time, so lanes that only wait for
// others are not counted. Uniform actions, resets where an episode ends. Built and run by physics_phases.py.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>
static unsigned long long *counter;
struct vf {
    float v;
    vf() = default;
    vf(float x) : v(x) {}
    vf(double x) : v((float)x) {}
    vf(int x) : v((float)x) {}
    vf &operator+=(vf o) { return *this = vf(v + o.v); }
};
typedef int vi;
typedef unsigned int vu, uint;
typedef unsigned long ulong;
#define COUNT(n) (*counter += (n))
static inline vf operator+(vf a, vf b) { COUNT(1); return a.v + b.v; }
static inline vf operator-(vf a, vf b) { COUNT(1); return a.v - b.v; }
static inline vf operator*(vf a, vf b) { COUNT(1); return a.v * b.v; }
static inline vf operator/(vf a, vf b) { COUNT(1); return a.v / b.v; }
static inline vf operator-(vf a) { return -a.v; }
#define COMPARE(op) static inline vi operator op(vf a, vf b) { return a.v op b.v; }
COMPARE(<) COMPARE(>) COMPARE(<=) COMPARE(>=) COMPARE(==) COMPARE(!=)
static inline vf fma(vf a, vf b, vf c) { COUNT(2); return std::fmaf(a.v, b.v, c.v); }
static inline vf fabs(vf a) { return std::fabs(a.v); }
static inline vf sqrt(vf a) { COUNT(1); return std::sqrt(a.v); }
static inline vf rint(vf a) { return std::rint(a.v); }
static inline vf floor(vf a) { return std::floor(a.v); }
static inline vf select(vf a, vf b, vi c) { return c ? b : a; }
static inline vi select(vi a, vi b, vi c) { return c ? b : a; }
static inline vu select(vu a, vu b, vi c) { return c ? b : a; }
static inline uint mul_hi(uint a, uint b) { return (uint)(((uint64_t)a * b) >> 32); }
static inline int as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
static inline uint as_uint(float x) { uint i; memcpy(&i, &x, 4); return i; }
static inline float as_float(uint x) { float f; memcpy(&f, &x, 4); return f; }
static inline vi bits_int(vf x) { return as_int(x.v); }
static inline vi bits_int(vu x) { return (int)x; }
static inline vu bits_uint(vf x) { return as_uint(x.v); }
static inline vu bits_uint(vi x) { return (uint)x; }
static inline vf bits_float(vu x) { return as_float(x); }
static inline vf bits_float(vi x) { return as_float((uint)x); }
#define W 1
#define PAD 16
#define UNROLL
#define __global
#define __kernel static
#define __constant const
#define __private
#define splat(x) vf(x)
#define splati(x) ((vi)(x))
#define splatu(x) ((vu)(x))
#define vload(p) vf(*(p))
#define vstore(x, p) (*(p) = vf(x).v)
#define vloadi(p) (*(p))
#define vstorei(x, p) (*(p) = (x))
#define any_lane(m) ((m) != 0)
#define to_float(x) vf((float)(x))
#define to_int(x) ((int)(x).v)
#define FIRST(x) (x)
#define get_global_id(d) ((size_t)0)
static inline vf vmin(vf a, vf b) { return b < a ? b : a; }
static inline vf vmax(vf a, vf b) { return a < b ? b : a; }
static inline vf vclamp(vf x, float low, float high) { return vmin(vmax(x, low), high); }
static inline vi lane_ids(void) { return 0; }
#define ROW_SUM(...)
#define keep_columns(v, a, b) (v)
#include "cl/math.cl"
#include "cl/random.cl"
#include "cl/env/environment.cl"
#include "cl/physics/physics.cl"
#include MODEL_FILE
#include ENGINE_FILE

int main() {
    unsigned long long total = 0, ignored = 0;
    counter = &ignored;
    uint seed = 1;
    auto uniform = [&] { seed = seed * 1664525u + 1013904223u; return (float)(seed >> 8) / 16777216.0f; };
    std::vector<float> settings = {SETTINGS};
    for (int i = 0; i < 64; ++i) settings.push_back(FRICTION);
    static vf u[MODEL_DRAWS], state[MODEL_STATE], obs[MODEL_FULL], action[MODEL_NU];
    auto reset = [&] {
        for (auto &x : u) x = uniform();
        MODEL(start)(u, settings.data(), state, obs);
    };
    reset();
    const int steps = 4000;
    for (int i = 0, length = 0; i < steps; ++i) {
        for (auto &a : action) a = (2 * uniform() - 1) * BOUND;
        vi terminated = 0;
        vf overflow = 0.0f;
        counter = &total;
        MODEL(advance)(state, action, settings.data(), obs, &terminated, &overflow);
        counter = &ignored;
        if (terminated || ++length == 1000) { reset(); length = 0; }
    }
    printf("%.0f\n", (double)total / steps);
}
