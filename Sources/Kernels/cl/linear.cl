// linear: batched fully connected layers for a population, as register tiles. No barrier, no local memory.
//
//     forward          y[p] = activation(norm(x[p] w[p] + b[p])), norm optional: see layer_norm.cl
//     input gradient   g[p] = (dy[p] w[p]^T) * activation'(a[p]),  a = the output of the layer before
//     weight gradient  dw[p] = x[p]^T dy[p],  db[p] = 1^T dy[p]
//
// Every output element is summed in order over its inner index with fma; the weight gradient sums batch rows in chunks
// of CHUNK and adds the chunks in order. Nothing depends on W or on the tile sizes. linear_local.cl holds the form
// with local memory for GPUs; it gives the same bits.
//
// Weights lie as [K, pad(N)] (input-major), so that lanes run over outputs. Rows that lanes run over are padded to a
// multiple of PAD with zeros, and every kernel here writes zeros there.
//
// With lanes, a work-item owns TILE_ROWS rows and all their columns, range (row blocks, P). With single values (GPUs)
// it owns one column of TILE_ROWS rows, range (padded columns, row blocks, P), so that neighbours read neighbouring
// weights and small batches still fill a device.
#if W == 1
#define TILE_ROWS 4
#define TILE_VECTORS 1
#define TILE_ITEM(n_padded)                                                                                       \
    const int first_column = (int)get_global_id(0), end_column = first_column + 1;                               \
    const int row = (int)get_global_id(1) * TILE_ROWS;                                                           \
    const int p = (int)get_global_id(2);                                                                         \
    if (first_column >= (n_padded)) return;
#else
#if W >= 16
#define TILE_ROWS 8
#else
#define TILE_ROWS 6
#endif
#define TILE_VECTORS 2
#define TILE_ITEM(n_padded)                                                                                       \
    const int first_column = 0, end_column = (n_padded);                                                         \
    const int row = (int)get_global_id(0) * TILE_ROWS;                                                           \
    const int p = (int)get_global_id(1);
#endif

// One tile: sum[i][j] += x[row i][l] * w[l][column j] for l in [0, k), in order. x_row holds element offsets.
#define MULTIPLY_TILE(VECTORS, sum, x, x_row, x_step, w, w_pitch, k)                                              \
    for (int l = 0; l < (k); ++l) {                                                                              \
        __global const float *wl = (w) + (size_t)l * (size_t)(w_pitch);                                          \
        vf weight[VECTORS];                                                                                      \
        UNROLL for (int j = 0; j < VECTORS; ++j) weight[j] = vload(wl + j * W);                                  \
        UNROLL for (int i = 0; i < TILE_ROWS; ++i) {                                                             \
            const vf value = splat((x)[x_row[i] + (size_t)l * (size_t)(x_step)]);                                \
            UNROLL for (int j = 0; j < VECTORS; ++j) sum[i][j] = fma(value, weight[j], sum[i][j]);               \
        }                                                                                                        \
    }

// Columns [column, column + VECTORS * W) of TILE_ROWS rows, forward.
#define FORWARD_TILE(VECTORS)                                                                                     \
    {                                                                                                            \
        vf sum[TILE_ROWS][VECTORS];                                                                              \
        UNROLL for (int j = 0; j < VECTORS; ++j) {                                                               \
            const vf start = has_bias ? vload(b + column + j * W) : splat(0.0f);                                 \
            UNROLL for (int i = 0; i < TILE_ROWS; ++i) sum[i][j] = start;                                        \
        }                                                                                                        \
        MULTIPLY_TILE(VECTORS, sum, x, x_row, 1, w + column, n_padded, k)                                        \
        UNROLL for (int i = 0; i < TILE_ROWS; ++i)                                                               \
            UNROLL for (int j = 0; j < VECTORS; ++j)                                                             \
                vstore(keep_columns(activate(sum[i][j], activation), column + j * W, n),                         \
                       y + y_row[i] + column + j * W);                                                           \
    }

// What a work-item of the two forward kernels does: its rows' products, with the arguments' names.
#define FORWARD_ROWS                                                                                             \
    __global const float *x = x_in + (x_offset + (size_t)p * x_stride);                                          \
    __global const float *w = w_in + (w_offset + (size_t)p * w_stride);                                          \
    __global const float *b = b_in + (b_offset + (size_t)p * b_stride);                                          \
    __global float *y = y_out + (y_offset + (size_t)p * y_stride);                                               \
    size_t x_row[TILE_ROWS], y_row[TILE_ROWS];                                                                   \
    UNROLL for (int i = 0; i < TILE_ROWS; ++i) {                                                                 \
        const int r = row + i < m ? row + i : m - 1;                                                             \
        x_row[i] = (size_t)r * (size_t)x_pitch;                                                                  \
        y_row[i] = (size_t)r * (size_t)y_pitch;                                                                  \
    }                                                                                                            \
    int column = first_column;                                                                                   \
    for (; column + TILE_VECTORS * W <= end_column; column += TILE_VECTORS * W) FORWARD_TILE(TILE_VECTORS)       \
    for (; column < end_column; column += W) FORWARD_TILE(1)

// Work-items as above, row block i from batch row i * TILE_ROWS. Rows past the end are computed as copies of the last
// one, which writes the same values to the same place.
__kernel void linear_forward(__global const float *x_in,       // member p's row r at x_offset + p x_stride + r x_pitch
                             __global const float *w_in,       // member p's [K, pad(N)] at w_offset + p w_stride
                             __global const float *b_in,       // member p's [pad(N)] at b_offset + p b_stride
                             __global float       *y_out,      // member p's row r at y_offset + p y_stride + r y_pitch
                             const ulong x_offset, const ulong x_stride, const int x_pitch,
                             const ulong w_offset, const ulong w_stride,
                             const ulong b_offset, const ulong b_stride, const int has_bias,
                             const ulong y_offset, const ulong y_stride, const int y_pitch,
                             const int member_count,           // P
                             const int m, const int n, const int k,   // batch rows, outputs, inputs
                             const int activation) {           // see activation.cl
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    TILE_ITEM(n_padded)
    if (row >= m || p >= member_count) return;
    FORWARD_ROWS
}

#if W > 1
// A layer with layer normalisation in one launch: linear_forward without activation, then the normalisation of the same
// rows. Work-items as in linear_forward. With W = 1 a work-item owns no whole row, and layer_norm_forward follows as a
// launch of its own.
__kernel void linear_norm_forward(
        __global const float *x_in, __global const float *w_in, __global const float *b_in, __global float *y_out,
        __global float *xhat_out,   // [P, M, pad(N)], densely
        __global float *scale_out,  // [P, M, 2]: see layer_norm_apply
        const ulong x_offset, const ulong x_stride, const int x_pitch,
        const ulong w_offset, const ulong w_stride,
        const ulong b_offset, const ulong b_stride, const int has_bias,
        const ulong y_offset, const ulong y_stride, const int y_pitch,
        const ulong gamma_offset, const ulong beta_offset,  // in a parameter row
        const int member_count, const int m, const int n, const int k,
        const int form, const float epsilon, const int norm_activation) {
    const int n_padded = (n + PAD - 1) / PAD * PAD, activation = 0;
    TILE_ITEM(n_padded)
    if (row >= m || p >= member_count) return;
    FORWARD_ROWS
    // The sums of all rows together: one after the other each would wait for its own additions.
    float mean[TILE_ROWS], squares[TILE_ROWS];
    ROW_SUMS(mean, TILE_ROWS, n_padded, i, c, vload(y + y_row[i] + c))
    UNROLL for (int i = 0; i < TILE_ROWS; ++i) mean[i] = mean[i] / (float)n;
    ROW_SUMS(squares, TILE_ROWS, n_padded, i, c, squared_distance(vload(y + y_row[i] + c), mean[i], c, n))
    for (int i = 0; i < TILE_ROWS && row + i < m; ++i) {
        const size_t at = (size_t)p * (size_t)m + (size_t)(row + i);
        layer_norm_apply(mean[i], squares[i], y + y_row[i], w_in + (gamma_offset + (size_t)p * w_stride),
                         w_in + (beta_offset + (size_t)p * w_stride), xhat_out + at * (size_t)n_padded,
                         scale_out + at * 2, y + y_row[i], n, form, epsilon, norm_activation);
    }
}
#endif

#define INPUT_GRADIENT_TILE(VECTORS)                                                                              \
    {                                                                                                            \
        vf sum[TILE_ROWS][VECTORS];                                                                              \
        UNROLL for (int j = 0; j < VECTORS; ++j)                                                                 \
            UNROLL for (int i = 0; i < TILE_ROWS; ++i) sum[i][j] = splat(0.0f);                                  \
        MULTIPLY_TILE(VECTORS, sum, dy, dy_row, 1, w + column, k_padded, n)                                      \
        UNROLL for (int i = 0; i < TILE_ROWS; ++i)                                                               \
            UNROLL for (int j = 0; j < VECTORS; ++j) {                                                           \
                const vf slope = activation == 0 ? splat(1.0f)                                                   \
                    : activation_slope(vload(a + a_row[i] + column + j * W), activation);                        \
                vstore(keep_columns(sum[i][j] * slope, column + j * W, k), dx + dx_row[i] + column + j * W);     \
            }                                                                                                    \
    }

// Work-items as in linear_forward.
__kernel void linear_input_gradient(
        __global const float *dy_in,  // [P, M, N] with offset, stride and pitch
        __global const float *wt_in,  // transposed weights, member p's [N, pad(K)]
        __global const float *a_in,   // [P, M, K], what this layer was given; unread if activation is 0
        __global float       *dx_out, // [P, M, K]: gradient before that activation
        const ulong dy_offset, const ulong dy_stride, const int dy_pitch,
        const ulong w_offset, const ulong w_stride,
        const ulong a_offset, const ulong a_stride, const int a_pitch,
        const ulong dx_offset, const ulong dx_stride, const int dx_pitch,
        const int member_count, const int m, const int n, const int k,
        const int activation) {       // of the layer before: see activation.cl
    const int k_padded = (k + PAD - 1) / PAD * PAD;
    TILE_ITEM(k_padded)
    if (row >= m || p >= member_count) return;
    __global const float *dy = dy_in + (dy_offset + (size_t)p * dy_stride);
    __global const float *w = wt_in + (w_offset + (size_t)p * w_stride);
    __global const float *a = a_in + (a_offset + (size_t)p * a_stride);
    __global float *dx = dx_out + (dx_offset + (size_t)p * dx_stride);
    size_t dy_row[TILE_ROWS], a_row[TILE_ROWS], dx_row[TILE_ROWS];
    UNROLL for (int i = 0; i < TILE_ROWS; ++i) {
        const int r = row + i < m ? row + i : m - 1;
        dy_row[i] = (size_t)r * (size_t)dy_pitch;
        a_row[i] = (size_t)r * (size_t)a_pitch;
        dx_row[i] = (size_t)r * (size_t)dx_pitch;
    }
    int column = first_column;
    for (; column + TILE_VECTORS * W <= end_column; column += TILE_VECTORS * W) INPUT_GRADIENT_TILE(TILE_VECTORS)
    for (; column < end_column; column += W) INPUT_GRADIENT_TILE(1)
}

#define WEIGHT_GRADIENT_TILE(VECTORS)                                                                             \
    {                                                                                                            \
        vf total[TILE_ROWS][VECTORS];                                                                            \
        for (int first = 0; first < m; first += CHUNK) {                                                         \
            const int rows = m - first < CHUNK ? m - first : CHUNK;                                              \
            vf sum[TILE_ROWS][VECTORS];                                                                          \
            UNROLL for (int i = 0; i < TILE_ROWS; ++i)                                                           \
                UNROLL for (int j = 0; j < VECTORS; ++j) sum[i][j] = splat(0.0f);                                \
            MULTIPLY_TILE(VECTORS, sum, x + (size_t)first * (size_t)x_pitch, x_column, x_pitch,                  \
                          dy + (size_t)first * (size_t)dy_pitch + column, dy_pitch, rows)                        \
            UNROLL for (int i = 0; i < TILE_ROWS; ++i)                                                           \
                UNROLL for (int j = 0; j < VECTORS; ++j)                                                         \
                    total[i][j] = first == 0 ? sum[i][j] : total[i][j] + sum[i][j];                              \
        }                                                                                                        \
        UNROLL for (int i = 0; i < TILE_ROWS; ++i)                                                               \
            UNROLL for (int j = 0; j < VECTORS; ++j)                                                             \
                vstore(keep_columns(total[i][j], column + j * W, n), dw + dw_row[i] + column + j * W);           \
    }

// Row block i is TILE_ROWS rows of member p's weight gradient (inputs k), from i * TILE_ROWS; the first one past them
// (i = ceil(K / TILE_ROWS)) is the bias gradient.
__kernel void linear_weight_gradient(
        __global const float *x_in,    // [P, M, K], any pitch
        __global const float *dy_in,   // [P, M, N], pitch a multiple of PAD
        __global float       *dw_out,  // member p's [K, pad(N)] at w_offset + p w_stride; its
                                       // [pad(N)] bias gradient at b_offset + p w_stride
        const ulong x_offset, const ulong x_stride, const int x_pitch,
        const ulong dy_offset, const ulong dy_stride, const int dy_pitch,
        const ulong w_offset, const ulong w_stride, const ulong b_offset, const int has_bias,
        const int member_count, const int m, const int n, const int k) {
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    TILE_ITEM(n_padded)
    if (p >= member_count) return;
    __global const float *x = x_in + (x_offset + (size_t)p * x_stride);
    __global const float *dy = dy_in + (dy_offset + (size_t)p * dy_stride);
    if (row >= k) {
        if (has_bias == 0 || row >= k + TILE_ROWS) return;
        __global float *db = dw_out + (b_offset + (size_t)p * w_stride);
        for (int column = first_column; column < end_column; column += W)
            vstore(keep_columns(column_sum(dy, dy_pitch, column, m), column, n), db + column);
        return;
    }
    __global float *dw = dw_out + (w_offset + (size_t)p * w_stride);
    size_t x_column[TILE_ROWS], dw_row[TILE_ROWS];
    UNROLL for (int i = 0; i < TILE_ROWS; ++i) {
        const int r = row + i < k ? row + i : k - 1;
        x_column[i] = (size_t)r;
        dw_row[i] = (size_t)r * (size_t)n_padded;
    }
    int column = first_column;
    for (; column + TILE_VECTORS * W <= end_column; column += TILE_VECTORS * W) WEIGHT_GRADIENT_TILE(TILE_VECTORS)
    for (; column < end_column; column += W) WEIGHT_GRADIENT_TILE(1)
}

// Column sums of a batch per member, for parameters that act on every row alike (the log standard deviation).
// Work-item (i, p) owns W columns of member p, from i * W.
__kernel void linear_column_sum(__global const float *dy_in,  // [P, M, N], pitch a multiple of PAD
                                __global float       *sum_out,  // member p's [pad(N)] at sum_offset + p sum_stride
                                const ulong dy_stride, const int dy_pitch,
                                const ulong sum_offset, const ulong sum_stride,
                                const int member_count, const int m, const int n) {
    const int column = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (column >= (n + PAD - 1) / PAD * PAD || p >= member_count) return;
    vstore(keep_columns(column_sum(dy_in + (size_t)p * dy_stride, dy_pitch, column, m), column, n),
           sum_out + (sum_offset + (size_t)p * sum_stride) + column);
}

// Work-item (i, p) owns rows of member p's transposed weights: PAD of them from i * PAD, which it turns over by blocks
// of W x W; with W = 1 (GPUs) row i alone.
__kernel void linear_transpose(__global const float *w_in,   // member p's [K, pad(N)] at w_offset + p w_stride
                               __global float       *wt_out, // member p's [N, pad(K)] at wt_offset + p wt_stride
                               const ulong w_offset, const ulong w_stride,
                               const ulong wt_offset, const ulong wt_stride,
                               const int member_count, const int n, const int k) {
    const int p = (int)get_global_id(1);
    const int n_padded = (n + PAD - 1) / PAD * PAD, k_padded = (k + PAD - 1) / PAD * PAD;
    if (p >= member_count) return;
    __global const float *w = w_in + (w_offset + (size_t)p * w_stride);
    __global float *wt = wt_out + (wt_offset + (size_t)p * wt_stride);
#if W == 1
    const int l = (int)get_global_id(0);
    if (l >= n) return;
    for (int i = 0; i < k_padded; ++i)
        wt[(size_t)l * (size_t)k_padded + i] = i < k ? w[(size_t)i * (size_t)n_padded + l] : 0.0f;
#else
    const int begin = (int)get_global_id(0) * PAD;
    for (int first = begin; first < begin + PAD && first < n; first += W)
        for (int i = 0; i < k_padded; i += W) {
            vf block[W];
            UNROLL for (int r = 0; r < W; ++r)
                block[r] = i + r < k ? vload(w + (size_t)(i + r) * (size_t)n_padded + first) : splat(0.0f);
            transpose_rows(block);
            UNROLL for (int c = 0; c < W; ++c)
                if (first + c < n) vstore(block[c], wt + (size_t)(first + c) * (size_t)k_padded + i);
        }
#endif
}
