// random: counter-based random numbers: bits, uniforms, normals and permutations. No state, no barrier.
//
// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A number depends only on
//
//     key      the 64-bit seed of the run that the member belongs to
//     counter  (block, step, purpose, member's number within its run)
//
// and block b makes four words, for elements 4 b to 4 b + 3 of the member's row. So the values depend neither on W nor
// on the launch. A row is `pitch` elements long, a multiple of PAD; elements from N on are written as 0. Work-item (i,
// p) of random_bits, random_uniform and random_normal owns W blocks of member p, from block i * W.
#define PHILOX_M0 0xd2511f53u
#define PHILOX_M1 0xcd9e8d57u
#define PHILOX_W0 0x9e3779b9u  // golden ratio
#define PHILOX_W1 0xbb67ae85u  // sqrt 3 - 1

// Ten rounds of Philox on W counters at once, in place.
static inline void philox4x32_10(vu c[4], vu key0, vu key1) {
    UNROLL for (int round = 0; round < 10; ++round) {
        const vu hi0 = mul_hi(c[0], splatu(PHILOX_M0)), lo0 = c[0] * PHILOX_M0;
        const vu hi1 = mul_hi(c[2], splatu(PHILOX_M1)), lo1 = c[2] * PHILOX_M1;
        c[0] = hi1 ^ c[1] ^ key0;
        c[1] = lo1;
        c[2] = hi0 ^ c[3] ^ key1;
        c[3] = lo0;
        key0 += PHILOX_W0;
        key1 += PHILOX_W1;
    }
}

// [0, 1) in steps of 2^-24.
static inline vf uniform_from_bits(vu bits) { return to_float(bits_int(bits >> 8)) * 5.96046448e-08f; }

// (0, 1): the odd multiples of 2^-24, each half a step from the ends. Never 0 nor 1.
static inline vf uniform_open_from_bits(vu bits) {
    return to_float(bits_int((bits >> 8) | 1u)) * 5.96046448e-08f;
}

// Two standard normals from two words (Box and Muller 1958). |z| <= 6.77, because the radius uses all of its 32 bits.
// A small radius r is coarse, within about 3e-8 / r, because the logarithm's argument is then a float next to 1.
static inline void normals_from_bits(vu radius_bits, vu angle_bits, vf *z0, vf *z1) {
    const vf u = fma(to_float(radius_bits), splat(2.32830644e-10f), splat(1.16415322e-10f));  // (bits + 1/2) / 2^32
    const vf radius = sqrt(-2.0f * log_strict(u));
    vf sine, cosine;
    sincos_turns_strict(uniform_from_bits(angle_bits), &sine, &cosine);
    *z0 = radius * cosine;
    *z1 = radius * sine;
}

// Word j of W consecutive blocks' outputs is in word[j]; writes them to a row in element order, and 0 from `count` on.
static inline void store_blocks(const vu word[4], __global uint *row_out, uint first_block, int count, int pitch) {
    uint lane[4][W];
    UNROLL for (int j = 0; j < 4; ++j) vstorei(bits_int(word[j]), (int *)lane[j]);
    for (int l = 0; l < W; ++l) {
        const int at = ((int)first_block + l) * 4;
        if (at >= pitch) return;
        UNROLL for (int j = 0; j < 4; ++j) row_out[at + j] = at + j < count ? lane[j][l] : 0u;
    }
}

// The random words of W blocks of one member.
static inline void member_words(vu word[4], __global const uint *stream_in, uint first_block, uint step, uint purpose) {
    word[0] = bits_uint(lane_ids()) + first_block;
    word[1] = splatu(step);
    word[2] = splatu(purpose);
    word[3] = splatu(stream_in[2]);
    philox4x32_10(word, splatu(stream_in[0]), splatu(stream_in[1]));
}

__kernel void random_bits(
        __global const uint *streams_in,  // [P, 4]: seed's low word, high word, member within its run, unused
        __global uint       *bits_out,    // [P, pitch]
        const int member_count,           // P
        const int count,                  // N
        const int pitch,                  // of a row, in elements: >= N, a multiple of PAD
        const uint step,
        const uint purpose) {
    const uint block = (uint)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (block >= (uint)pitch / 4 || p >= member_count) return;
    vu word[4];
    member_words(word, streams_in + 4 * (size_t)p, block, step, purpose);
    store_blocks(word, bits_out + (size_t)p * (size_t)pitch, block, count, pitch);
}

// Uniforms in [0, 1).
__kernel void random_uniform(__global const uint *streams_in,  // [P, 4], as above
                             __global float      *uniform_out, // [P, pitch]
                             const int member_count,           // P
                             const int count,                  // N
                             const int pitch,                  // of a row, in elements: >= N, a multiple of PAD
                             const uint step,
                             const uint purpose) {
    const uint block = (uint)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (block >= (uint)pitch / 4 || p >= member_count) return;
    vu word[4];
    member_words(word, streams_in + 4 * (size_t)p, block, step, purpose);
    UNROLL for (int j = 0; j < 4; ++j) word[j] = bits_uint(uniform_from_bits(word[j]));
    store_blocks(word, (__global uint *)uniform_out + (size_t)p * (size_t)pitch, block, count, pitch);
}

// Standard normals: elements 4b and 4b + 1 from block b's first two words, the others from its last two.
__kernel void random_normal(__global const uint *streams_in,  // [P, 4], as above
                            __global float      *normal_out,  // [P, pitch]
                            const int member_count,           // P
                            const int count,                  // N
                            const int pitch,                  // of a row, in elements: >= N, a multiple of PAD
                            const uint step,
                            const uint purpose) {
    const uint block = (uint)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (block >= (uint)pitch / 4 || p >= member_count) return;
    vu word[4];
    member_words(word, streams_in + 4 * (size_t)p, block, step, purpose);
    UNROLL for (int j = 0; j < 4; j += 2) {
        vf z0, z1;
        normals_from_bits(word[j], word[j + 1], &z0, &z1);
        word[j] = bits_uint(z0);
        word[j + 1] = bits_uint(z1);
    }
    store_blocks(word, (__global uint *)normal_out + (size_t)p * (size_t)pitch, block, count, pitch);
}

#define PERMUTATION_ROUNDS 12

// The round function: one multiplication folded and another, of which the high half is used.
static inline vu permutation_hash(vu x, uint multiplier) {
    return ((mul_hi(x, splatu(multiplier)) ^ (x * multiplier)) * PHILOX_W0) >> 16;
}

// One pass through a Feistel network: a bijection of [0, 2^bits). The two halves take turns in changing each other.
static inline vu permutation_pass(vu i, uint bits, uint key0, uint key1) {
    const uint right_bits = bits / 2u, right_mask = (1u << right_bits) - 1u;
    const uint left_mask = (1u << (bits - right_bits)) - 1u;
    vu left = i >> right_bits, right = i & right_mask;
    UNROLL for (int round = 0; round < PERMUTATION_ROUNDS; round += 2) {
        right ^= permutation_hash(left ^ key0, PHILOX_M0) & right_mask;
        left ^= permutation_hash(right ^ key1, PHILOX_M1) & left_mask;
        key0 += PHILOX_W0;
        key1 += PHILOX_W1;
    }
    return (left << right_bits) | right;
}

// Where W numbers below n go under a bijection of [0, n) that two random words choose, for any n >= 1: passes are
// repeated until one lands below n (Mitchell, Stokes, Frank and Holmes 2022, arXiv:2106.06161). The first k values are
// k draws without replacement. Each lane is on its own: the same i gives the same value beside any others. Differs from
// the paper in the round function, in 12 rounds, and in never walking fewer than 64 numbers. So the orders of
// 2 to 6 elements are uniform to a chi-square test over 2 million keys (3 to 5: 10 million); on 16 numbers they were
// not, nor with the product folded but once.
static inline vu permuted_index(vu i, uint n, uint key0, uint key1) {
    uint bits = 6u;
    while (bits < 32u && ((n - 1u) >> bits) != 0u) ++bits;
    i = permutation_pass(i, bits, key0, key1);
    for (vi outside = i >= n; any_lane(outside); outside = i >= n)
        i = select(i, permutation_pass(i, bits, key0, key1), outside);
    // A network makes even permutations only; swapping 0 and 1 for half of the keys makes both kinds.
    const uint swap = n > 1u ? (key0 ^ key1) >> 31 : 0u;
    return select(i, i ^ swap, i < 2u);
}

// Places i to i + W - 1 of a member's order of [0, n), and 0 from place `count` on. The key is block 0's first two
// words.
static inline vi drawn_order(__global const uint *stream_in, int i, int count, int n, uint step, uint purpose) {
    vu word[4];
    member_words(word, stream_in, 0u, step, purpose);
    uint key[2][W];                                              // block 0 is in the first lane
    UNROLL for (int j = 0; j < 2; ++j) vstorei(bits_int(word[j]), (int *)key[j]);
    const vi place = lane_ids() + i;
    const vi beyond = place >= count;                            // these permute 0 idly
    const vu order = permuted_index(bits_uint(select(place, splati(0), beyond)), (uint)n, key[0][0], key[1][0]);
    return select(bits_int(order), splati(0), beyond);
}

// A uniformly drawn order of 0, 1, ... N-1 per member. Work-item (i, p) owns W elements of member p, from i * W.
__kernel void random_permutation(__global const uint *streams_in,  // [P, 4], as above
                                 __global int        *order_out,   // [P, pitch]
                                 const int member_count,           // P
                                 const int count,                  // N >= 1
                                 const int pitch,                  // of a row, in elements: >= N, a multiple of PAD
                                 const uint step,
                                 const uint purpose) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= pitch || p >= member_count) return;
    const vi order = drawn_order(streams_in + 4 * (size_t)p, i, count, count, step, purpose);
    vstorei(order, order_out + (size_t)p * (size_t)pitch + (size_t)i);
}

// `count` different numbers below n per member, drawn without replacement: the first values of an order drawn as above.
// Work-item (i, p) owns W elements of member p, from i * W.
__kernel void random_choice(__global const uint *streams_in,  // [P, 4], as above
                            __global int        *chosen_out,  // [P, pitch]
                            const int member_count,           // P
                            const int count,                  // drawn per member, at most n
                            const int pitch,                  // of a row, in elements: >= count, a multiple of PAD
                            const int n,                      // numbers to draw from, >= 1
                            const uint step,
                            const uint purpose) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= pitch || p >= member_count) return;
    const vi chosen = drawn_order(streams_in + 4 * (size_t)p, i, count, n, step, purpose);
    vstorei(chosen, chosen_out + (size_t)p * (size_t)pitch + (size_t)i);
}
