// Words that every kernel is written in: lanes (vf, vi, vu: W of them) and arithmetic that gives the same bits
// everywhere.
//
// In OpenCL this file comes first in the program text; the C build includes host.h first, then this file.
// What is used from OpenCL C 1.2 beside these words: fma, fabs, sqrt, rint, floor, select, mul_hi, get_global_id and
// the operators. min and max are ours (vmin, vmax), because fmin and fmax leave the sign of a zero open.
#ifdef __OPENCL_C_VERSION__
#ifndef W
#define W 1
#endif
#pragma OPENCL FP_CONTRACT OFF
#define UNROLL _Pragma("unroll")
#define LANES_(t, n) t##n
#define LANES(t, n) LANES_(t, n)
#if W == 1
typedef float vf;
typedef int vi;
typedef uint vu;
#define vload(p) (*(p))
#define vstore(v, p) (*(p) = (v))
#define vloadi(p) (*(p))
#define vstorei(v, p) (*(p) = (v))
#define any_lane(m) ((m) != 0)
#define to_float(x) ((float)(x))
#define to_int(x) ((int)(x))
#define to_uint(x) ((uint)(x))
#define bits_int(x) as_int(x)
#define bits_uint(x) as_uint(x)
#define bits_float(x) as_float(x)
#else
typedef LANES(float, W) vf;
typedef LANES(int, W) vi;
typedef LANES(uint, W) vu;
#define vload(p) LANES(vload, W)(0, p)
#define vstore(v, p) LANES(vstore, W)(v, 0, p)
#define vloadi(p) LANES(vload, W)(0, p)
#define vstorei(v, p) LANES(vstore, W)(v, 0, p)
#define any_lane(m) any(m)
#define to_float(x) LANES(convert_float, W)(x)
#define to_int(x) LANES(convert_int, W)(x)
#define to_uint(x) LANES(convert_uint, W)(x)
#define bits_int(x) LANES(as_int, W)(x)
#define bits_uint(x) LANES(as_uint, W)(x)
#define bits_float(x) LANES(as_float, W)(x)
#endif
#endif
#define splat(x) ((vf)(x))
#define splati(x) ((vi)(x))
#define splatu(x) ((vu)(x))
// Every row that lanes run over is padded to a multiple of PAD elements, so that layouts do not depend on W.
#define PAD 16
// A sum over rows is split into chunks of CHUNK rows: in order within a chunk, then the chunks in order.
#define CHUNK 256

static inline vf vmin(vf a, vf b) { return select(a, b, b < a); }  // a where the two are equal or either is NaN
static inline vf vmax(vf a, vf b) { return select(a, b, a < b); }
static inline vf vclamp(vf x, float low, float high) {
    return vmin(vmax(x, splat(low)), splat(high));
}  // NaN stays NaN

// 0, 1, 2, ... W-1: the lanes' own numbers.
static inline vi lane_ids(void) {
    int id[W];
    UNROLL for (int i = 0; i < W; ++i) id[i] = i;
    return vloadi(id);
}

// The sum of 16 values in one fixed tree. With PAD / W vectors of partial sums it gives every W the same bits.
static inline float tree_sum16(const float *part) {
    float sum[8];
    UNROLL for (int i = 0; i < 8; ++i) sum[i] = part[i] + part[i + 8];
    UNROLL for (int i = 0; i < 4; ++i) sum[i] = sum[i] + sum[i + 4];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

// Zero in lanes at or past column n.
static inline vf keep_columns(vf value, int column, int n) {
    return column + W <= n ? value : select(splat(0.0f), value, lane_ids() + splati(column) < splati(n));
}

#if W > 1
// Turns W rows of W values over, row r and lane c for row c and lane r, by log2(W) rounds of interleaving the first
// half of the rows with the second.
static inline void transpose_rows(vf *row) {
    UNROLL for (int round = 1; round < W; round *= 2) {
        vf mixed[W];
        UNROLL for (int i = 0; i < W / 2; ++i) {
            const vf a = row[i], b = row[i + W / 2];
            mixed[2 * i].even = a.lo;
            mixed[2 * i].odd = b.lo;
            mixed[2 * i + 1].even = a.hi;
            mixed[2 * i + 1].odd = b.hi;
        }
        UNROLL for (int i = 0; i < W; ++i) row[i] = mixed[i];
    }
}
#endif

// The number in the first lane.
#if W == 1
#define FIRST(v) (v)
#else
#define FIRST(v) ((v).s0)
#endif

// The sums of `term`, a vf expression of `row` and `column`, over ROWS rows padded to n_padded columns; the term must
// be zero in the padding. Kept as 16 partial sums (column c goes to sum c mod 16) added in one fixed tree, for every W
// alike.
#define ROW_SUMS(result, ROWS, n_padded, row, column, term)                                                       \
    {                                                                                                            \
        vf part_[ROWS][PAD / W];                                                                                 \
        UNROLL for (int row = 0; row < ROWS; ++row)                                                              \
            UNROLL for (int j_ = 0; j_ < PAD / W; ++j_) part_[row][j_] = splat(0.0f);                            \
        for (int c_ = 0; c_ < (n_padded); c_ += PAD)                                                             \
            UNROLL for (int row = 0; row < ROWS; ++row)                                                          \
                UNROLL for (int j_ = 0; j_ < PAD / W; ++j_) {                                                    \
                    const int column = c_ + j_ * W;                                                              \
                    part_[row][j_] = part_[row][j_] + (term);                                                    \
                }                                                                                                \
        UNROLL for (int row = 0; row < ROWS; ++row) {                                                            \
            float flat_[PAD];                                                                                    \
            UNROLL for (int j_ = 0; j_ < PAD / W; ++j_) vstore(part_[row][j_], flat_ + j_ * W);                  \
            (result)[row] = tree_sum16(flat_);                                                                   \
        }                                                                                                        \
    }

// The same of one row.
#define ROW_SUM(result, n_padded, column, term)                                                                   \
    {                                                                                                            \
        float one_[1];                                                                                           \
        ROW_SUMS(one_, 1, n_padded, row_, column, term)                                                          \
        result = one_[0];                                                                                        \
    }
