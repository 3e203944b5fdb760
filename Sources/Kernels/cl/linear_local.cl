// linear_local: the products of linear.cl for GPUs, as tiles in local memory. Uses barriers, so only OpenCL devices
// build it.
//
// The C build and CPU devices use linear.cl. Both sum every element in order over its inner index with fma from the
// same start, and the weight gradient in the same chunks, so both give the same bits. Arguments are those of linear.cl.
//
// A work-group of LOCAL_X x LOCAL_Y work-items owns a tile of TILE_M x TILE_N outputs of one member; each work-item
// owns THREAD_M x 8 of them. Any W builds; values are single floats here.
#define LOCAL_X 8
#define LOCAL_Y 16
#define THREAD_M 8
#define TILE_M (LOCAL_Y * THREAD_M)  // 128 rows
#define TILE_N (LOCAL_X * 8)         // 64 columns
#define TILE_K 16
#define THREADS (LOCAL_X * LOCAL_Y)
// Local memory is read as float4: four loads for the 64 products of a step, which are written out for THREAD_M = 8.

#if W == 1
#define activate_one(x, activation) activate(x, activation)
#define slope_one(y, activation) activation_slope(y, activation)
#else
#define activate_one(x, activation) (activate(splat(x), activation).s0)
#define slope_one(y, activation) (activation_slope(splat(y), activation).s0)
#endif

// Loads x[rows][l0..] and w[l0..][columns] into local memory, then adds their product to sum, in order over l.
// x's element (r, l) lies at r * x_row_step + l * x_step; rows and columns past the end are loaded as zeros, never
// stored.
#define LOCAL_STEP(x, x_row_step, x_step, rows, w, w_pitch, columns, l0, l_end)                                   \
    {                                                                                                            \
        const int depth_ = (l_end) - (l0) < TILE_K ? (l_end) - (l0) : TILE_K;                                    \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                            \
        for (int e_ = thread; e_ < TILE_M * TILE_K; e_ += THREADS) {                                             \
            const int r_ = (x_row_step) == 1 ? e_ % TILE_M : e_ / TILE_K;                                        \
            const int l_ = (x_row_step) == 1 ? e_ / TILE_M : e_ % TILE_K;                                        \
            ((__local float *)x_tile[l_])[r_] = l_ < depth_ && row0 + r_ < (rows)                                      \
                ? (x)[(size_t)(row0 + r_) * (size_t)(x_row_step) + (size_t)((l0) + l_) * (size_t)(x_step)] : 0.0f; \
        }                                                                                                        \
        for (int e_ = thread; e_ < TILE_N * TILE_K; e_ += THREADS) {                                             \
            const int c_ = e_ % TILE_N, l_ = e_ / TILE_N;                                                        \
            ((__local float *)w_tile[l_])[c_] = l_ < depth_ && column0 + c_ < (columns)                                \
                ? (w)[(size_t)((l0) + l_) * (size_t)(w_pitch) + (size_t)(column0 + c_)] : 0.0f;                  \
        }                                                                                                        \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                            \
        for (int l_ = 0; l_ < depth_; ++l_) {                                                                    \
            const float8 b_ = (float8)(w_tile[l_][tx], w_tile[l_][tx + 8]);                                      \
            const float4 low_ = x_tile[l_][ty * 2], high_ = x_tile[l_][ty * 2 + 1];                              \
            sum[0] = fma((float8)(low_.s0), b_, sum[0]);                                                         \
            sum[1] = fma((float8)(low_.s1), b_, sum[1]);                                                         \
            sum[2] = fma((float8)(low_.s2), b_, sum[2]);                                                         \
            sum[3] = fma((float8)(low_.s3), b_, sum[3]);                                                         \
            sum[4] = fma((float8)(high_.s0), b_, sum[4]);                                                        \
            sum[5] = fma((float8)(high_.s1), b_, sum[5]);                                                        \
            sum[6] = fma((float8)(high_.s2), b_, sum[6]);                                                        \
            sum[7] = fma((float8)(high_.s3), b_, sum[7]);                                                        \
        }                                                                                                        \
    }
#define LOCAL_TILE_VARIABLES                                                                                      \
    __local float4 x_tile[TILE_K][TILE_M / 4 + 1];  /* one more, so that columns fall into different banks */    \
    __local float4 w_tile[TILE_K][TILE_N / 4];                                                                   \
    const int tx = (int)get_local_id(0), ty = (int)get_local_id(1), thread = ty * LOCAL_X + tx;                  \
    const int column0 = (int)get_group_id(0) * TILE_N, row0 = (int)get_group_id(1) * TILE_M;                     \
    const size_t p = get_group_id(2);                                                                            \
    float8 sum[THREAD_M];
// Column of element j of a float8: two runs of four, 32 apart.
#define COLUMN_OF(j) (column0 + tx * 4 + ((j) & 3) + ((j) >> 2) * 32)

__kernel __attribute__((reqd_work_group_size(LOCAL_X, LOCAL_Y, 1)))
void linear_local_forward(
        __global const float *x_in, __global const float *w_in, __global const float *b_in, __global float *y_out,
        const ulong x_offset, const ulong x_stride, const int x_pitch,
        const ulong w_offset, const ulong w_stride,
        const ulong b_offset, const ulong b_stride, const int has_bias,
        const ulong y_offset, const ulong y_stride, const int y_pitch,
        const int member_count, const int m, const int n, const int k, const int activation) {
    LOCAL_TILE_VARIABLES
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    __global const float *x = x_in + (x_offset + p * x_stride);
    __global const float *w = w_in + (w_offset + p * w_stride);
    __global const float *b = b_in + (b_offset + p * b_stride);
    __global float *y = y_out + (y_offset + p * y_stride);
    float start[8];
    UNROLL for (int j = 0; j < 8; ++j) start[j] = has_bias && COLUMN_OF(j) < n ? b[COLUMN_OF(j)] : 0.0f;
    UNROLL for (int i = 0; i < THREAD_M; ++i) sum[i] = vload8(0, start);
    for (int l = 0; l < k; l += TILE_K) LOCAL_STEP(x, x_pitch, 1, m, w, n_padded, n, l, k)
    UNROLL for (int i = 0; i < THREAD_M; ++i) {
        const int r = row0 + ty * THREAD_M + i;
        float result[8];
        vstore8(sum[i], 0, result);
        UNROLL for (int j = 0; j < 8; ++j) if (r < m && COLUMN_OF(j) < n_padded)
            y[(size_t)r * (size_t)y_pitch + COLUMN_OF(j)] = COLUMN_OF(j) < n ? activate_one(result[j], activation)
                                                                             : 0.0f;
    }
}

__kernel __attribute__((reqd_work_group_size(LOCAL_X, LOCAL_Y, 1)))
void linear_local_input_gradient(
        __global const float *dy_in, __global const float *wt_in, __global const float *a_in, __global float *dx_out,
        const ulong dy_offset, const ulong dy_stride, const int dy_pitch,
        const ulong w_offset, const ulong w_stride,
        const ulong a_offset, const ulong a_stride, const int a_pitch,
        const ulong dx_offset, const ulong dx_stride, const int dx_pitch,
        const int member_count, const int m, const int n, const int k, const int activation) {
    LOCAL_TILE_VARIABLES
    const int k_padded = (k + PAD - 1) / PAD * PAD;
    __global const float *dy = dy_in + (dy_offset + p * dy_stride);
    __global const float *w = wt_in + (w_offset + p * w_stride);
    __global const float *a = a_in + (a_offset + p * a_stride);
    __global float *dx = dx_out + (dx_offset + p * dx_stride);
    UNROLL for (int i = 0; i < THREAD_M; ++i) sum[i] = (float8)(0.0f);
    for (int l = 0; l < n; l += TILE_K) LOCAL_STEP(dy, dy_pitch, 1, m, w, k_padded, k, l, n)
    UNROLL for (int i = 0; i < THREAD_M; ++i) {
        const int r = row0 + ty * THREAD_M + i;
        float result[8];
        vstore8(sum[i], 0, result);
        UNROLL for (int j = 0; j < 8; ++j)
            if (r < m && COLUMN_OF(j) < k_padded) {
            const float slope = activation == 0 ? 1.0f
                                                : slope_one(a[(size_t)r * (size_t)a_pitch + COLUMN_OF(j)], activation);
            dx[(size_t)r * (size_t)dx_pitch + COLUMN_OF(j)] = COLUMN_OF(j) < k ? result[j] * slope : 0.0f;
            }
    }
}

// The bias gradient is linear.cl's column sum, launched apart.
__kernel __attribute__((reqd_work_group_size(LOCAL_X, LOCAL_Y, 1)))
void linear_local_weight_gradient(__global const float *x_in, __global const float *dy_in, __global float *dw_out,
                                  const ulong x_offset, const ulong x_stride, const int x_pitch,
                                  const ulong dy_offset, const ulong dy_stride, const int dy_pitch,
                                  const ulong w_offset, const ulong w_stride, const ulong b_offset, const int has_bias,
                                  const int member_count, const int m, const int n, const int k) {
    LOCAL_TILE_VARIABLES
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    __global const float *x = x_in + (x_offset + p * x_stride);
    __global const float *dy = dy_in + (dy_offset + p * dy_stride);
    __global float *dw = dw_out + (w_offset + p * w_stride);
    float8 total[THREAD_M];
    for (int first = 0; first < m; first += CHUNK) {
        const int end = m - first < CHUNK ? m : first + CHUNK;
        UNROLL for (int i = 0; i < THREAD_M; ++i) sum[i] = (float8)(0.0f);
        for (int l = first; l < end; l += TILE_K) LOCAL_STEP(x, 1, x_pitch, k, dy, dy_pitch, n, l, end)
        UNROLL for (int i = 0; i < THREAD_M; ++i) total[i] = first == 0 ? sum[i] : total[i] + sum[i];
    }
    UNROLL for (int i = 0; i < THREAD_M; ++i) {
        const int r = row0 + ty * THREAD_M + i;
        float result[8];
        vstore8(total[i], 0, result);
        UNROLL for (int j = 0; j < 8; ++j) if (r < k && COLUMN_OF(j) < n_padded)
            dw[(size_t)r * (size_t)n_padded + COLUMN_OF(j)] = COLUMN_OF(j) < n ? result[j] : 0.0f;
    }
}
