// environment: what the kernels of every environment (kernels.cl) are made of: batches of slots, random numbers,
// episode statistics, and how rows are stored. No barrier, no local memory.
#define EPISODE_ELAPSED 0         // steps taken in the running episode
#define EPISODE_RETURN 1          // its sum of rewards so far
#define EPISODE_FINISHED 2        // finished episodes; this and what follows counts since the host last cleared it
#define EPISODE_RETURN_SUM 3      // over finished episodes
#define EPISODE_LENGTH_SUM 4      // steps, over finished episodes
#define EPISODE_FIRST_RETURN 5    // of the first finished episode; meaningless while FINISHED is 0
#define EPISODE_FIRST_LENGTH 6    // steps; negative if the last of them met a NaN or an infinity
#define EPISODE_NON_FINITE 7      // steps that met a NaN or an infinity
#define EPISODE_OVERFLOW 8        // contacts that found no room (physics tasks)
#define EPISODE_COUNT 9

#define RESET_PURPOSE 0x52534554u  // "RSET", in the random counter

#define ENV_PASTE_(a, b) a##b
#define ENV_PASTE(a, b) ENV_PASTE_(a, b)
#define ENV(x) ENV_PASTE(ENV_NAME, _##x)  // pasted before x could expand: drivers have macros such as step
#ifndef ALWAYS_INLINE  // Oclgrind doesn't know what inlining leaves behind, and is given another
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#endif

static inline vf one_where(vi mask) { return select(splat(0.0f), splat(1.0f), mask); }

// 0 where every value is finite, NaN elsewhere.
ALWAYS_INLINE vf finite_zero(const vf *value, int count) {
    vf sum = splat(0.0f);
    UNROLL for (int c = 0; c < count; ++c) sum = sum + (value[c] - value[c]);
    return sum;
}

// The observation of a task that shows its state.
ALWAYS_INLINE void copy_components(const vf *value, vf *copy, int count) {
    UNROLL for (int c = 0; c < count; ++c) copy[c] = value[c];
}

ALWAYS_INLINE void load_components(vf *value, __global const float *in, int count, int first, int slot_pitch) {
    UNROLL for (int c = 0; c < count; ++c) value[c] = vload(in + (size_t)c * (size_t)slot_pitch + (size_t)first);
}

ALWAYS_INLINE void store_components(const vf *value, __global float *out, int count, int first, int slot_pitch) {
    UNROLL for (int c = 0; c < count; ++c) vstore(value[c], out + (size_t)c * (size_t)slot_pitch + (size_t)first);
}

// Rows of W slots into lanes. Slots from S on read row S - 1.
ALWAYS_INLINE void load_rows(vf *value, __global const float *in, int count, int first, int slot_count, int pitch) {
    for (int c = 0; c < count; ++c) {
        float lane[W];
        UNROLL for (int l = 0; l < W; ++l) {
            const int s = first + l < slot_count ? first + l : slot_count - 1;
            lane[l] = in[(size_t)s * (size_t)pitch + (size_t)c];
        }
        value[c] = vload(lane);
    }
}

// The next slot's member and environment.
static inline void next_slot(int *p, int *e, int environment_count) {
    if (++*e == environment_count) { *e = 0; ++*p; }
}

// The rollout row of slot (p, e), or of plain slot rows with T = 1 and t = 0.
static inline size_t rollout_row(int p, int e, int environment_count, int T, int t) {
    return ((size_t)p * (size_t)T + (size_t)t) * (size_t)environment_count + (size_t)e;
}

// Lanes into rows (p, t, e) of `pitch` floats, zero from column `count` on.
ALWAYS_INLINE void store_rows(const vf *value, __global float *out, int count, int first, int slot_count,
                                   int environment_count, int T, int t, int pitch) {
    const int covered = (count + PAD - 1) / PAD * PAD;
    UNROLL for (int column = 0; column < covered; column += PAD) {
        float lane[PAD][W];
        UNROLL for (int c = 0; c < PAD; ++c)
            if (column + c < count) vstore(value[column + c], lane[c]);
        int p = first / environment_count, e = first - p * environment_count;
        for (int l = 0; l < W && first + l < slot_count; ++l) {
            __global float *row_out = out + rollout_row(p, e, environment_count, T, t) * (size_t)pitch;
            UNROLL for (int c = 0; c < PAD; ++c) row_out[column + c] = column + c < count ? lane[c][l] : 0.0f;
            if (column + PAD == covered)
                for (int c = covered; c < pitch; ++c) row_out[c] = 0.0f;
            next_slot(&p, &e, environment_count);
        }
    }
}

// Lanes into rows as store_rows does, column c from obs[columns_in[c]].
ALWAYS_INLINE void store_columns(const vf *obs, __global const int *columns_in, int count, __global float *out,
                                 int first, int slot_count, int environment_count, int T, int t, int pitch) {
    for (int column = 0; column < pitch; column += PAD) {
        float lane[PAD][W];
        for (int c = 0; c < PAD; ++c) vstore(column + c < count ? obs[columns_in[column + c]] : splat(0.0f), lane[c]);
        int p = first / environment_count, e = first - p * environment_count;
        for (int l = 0; l < W && first + l < slot_count; ++l) {
            __global float *row_out = out + rollout_row(p, e, environment_count, T, t) * (size_t)pitch + column;
            UNROLL for (int c = 0; c < PAD; ++c) row_out[c] = lane[c][l];
            next_slot(&p, &e, environment_count);
        }
    }
}

// One value per slot into [P, T, E].
ALWAYS_INLINE void store_float(vf value, __global float *out, int first, int slot_count, int environment_count, int T,
                               int t) {
    int p = first / environment_count, e = first - p * environment_count;
    if (first + W <= slot_count && e + W <= environment_count) {
        vstore(value, out + rollout_row(p, e, environment_count, T, t));
        return;
    }
    float lane[W];
    vstore(value, lane);
    for (int l = 0; l < W && first + l < slot_count; ++l) {
        out[rollout_row(p, e, environment_count, T, t)] = lane[l];
        next_slot(&p, &e, environment_count);
    }
}

ALWAYS_INLINE void store_mask(vi mask, __global int *out, int first, int slot_count, int environment_count, int T,
                              int t) {
    const vi value = select(splati(0), splati(1), mask);
    int p = first / environment_count, e = first - p * environment_count;
    if (first + W <= slot_count && e + W <= environment_count) {
        vstorei(value, out + rollout_row(p, e, environment_count, T, t));
        return;
    }
    int lane[W];
    vstorei(value, lane);
    for (int l = 0; l < W && first + l < slot_count; ++l) {
        out[rollout_row(p, e, environment_count, T, t)] = lane[l];
        next_slot(&p, &e, environment_count);
    }
}

// The draws of a reset: word j of block b is draw 4 b + j. Key: the member's seed; counter: (e * blocks + b, step,
// purpose, member within its run).
ALWAYS_INLINE void reset_draws(vf *u, int count, __global const uint *streams_in, int first, int slot_count,
                               int environment_count, uint step) {
    int key0[W], key1[W], member[W], environment[W];
    const int start = first < slot_count ? first : slot_count - 1;
    int p = start / environment_count, e = start - p * environment_count;
    for (int l = 0; l < W; ++l) {
        key0[l] = (int)streams_in[4 * (size_t)p];
        key1[l] = (int)streams_in[4 * (size_t)p + 1];
        member[l] = (int)streams_in[4 * (size_t)p + 2];
        environment[l] = e;
        if (first + l + 1 < slot_count) next_slot(&p, &e, environment_count);
    }
    const int blocks = (count + 3) / 4;
    UNROLL for (int b = 0; b < blocks; ++b) {
        vu word[4];
        word[0] = bits_uint(vloadi(environment)) * (uint)blocks + (uint)b;
        word[1] = splatu(step);
        word[2] = splatu(RESET_PURPOSE);
        word[3] = bits_uint(vloadi(member));
        philox4x32_10(word, bits_uint(vloadi(key0)), bits_uint(vloadi(key1)));
        UNROLL for (int j = 0; j < 4; ++j)
            if (4 * b + j < count) u[4 * b + j] = uniform_from_bits(word[j]);
    }
}

// Adds a step to the statistics; `restart` marks the slots that start anew.
ALWAYS_INLINE void count_step(__global float *episode_inout, int first, int slot_count, int slot_pitch,
                                   vf elapsed, vf reward, vi done, vi restart, vi bad, vf overflow) {
    vf episode[EPISODE_COUNT];
    load_components(episode, episode_inout, EPISODE_COUNT, first, slot_pitch);
    const vf total = episode[EPISODE_RETURN] + reward;
    const vi first_one = done & (episode[EPISODE_FINISHED] == 0.0f);
    episode[EPISODE_ELAPSED] = select(elapsed, splat(0.0f), restart);
    episode[EPISODE_RETURN] = select(total, splat(0.0f), restart);
    episode[EPISODE_FINISHED] = episode[EPISODE_FINISHED] + one_where(done);
    episode[EPISODE_RETURN_SUM] = select(episode[EPISODE_RETURN_SUM], episode[EPISODE_RETURN_SUM] + total, done);
    episode[EPISODE_LENGTH_SUM] = select(episode[EPISODE_LENGTH_SUM], episode[EPISODE_LENGTH_SUM] + elapsed, done);
    episode[EPISODE_FIRST_RETURN] = select(episode[EPISODE_FIRST_RETURN], total, first_one);
    episode[EPISODE_FIRST_LENGTH] = select(episode[EPISODE_FIRST_LENGTH], select(elapsed, -elapsed, bad), first_one);
    episode[EPISODE_NON_FINITE] = episode[EPISODE_NON_FINITE] + one_where(bad);
    episode[EPISODE_OVERFLOW] = episode[EPISODE_OVERFLOW] + overflow;
    if (first + W > slot_count) {
        UNROLL for (int c = 0; c < EPISODE_COUNT; ++c) episode[c] = keep_columns(episode[c], first, slot_count);
    }
    store_components(episode, episode_inout, EPISODE_COUNT, first, slot_pitch);
}
