// reduce: sums, means, variances, maxima and orders over the rows of a matrix, and log-softmax. No barrier.
//
// Sums take a row's elements as 16 partial sums (element i in sum i mod 16) and add those in one fixed tree.

// Work-item r owns row r: its sum, mean and variance (1/(n - correction)).
__kernel void reduce_rows(__global const float *x_in,     // [R, n], pitch a multiple of PAD
                          __global float       *sum_out,  // [R]
                          __global float       *mean_out, // [R]
                          __global float       *variance_out,  // [R]; 0 where n <= correction
                          const int row_count, const int n, const int pitch,
                          const int correction) {         // 0 for 1/n, 1 for 1/(n - 1)
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    __global const float *x = x_in + (size_t)r * (size_t)pitch;
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    float sum, squares;
    ROW_SUM(sum, n_padded, c, keep_columns(vload(x + c), c, n))
    const float mean = sum / (float)n;
    ROW_SUM(squares, n_padded, c, keep_columns((vload(x + c) - splat(mean)) * (vload(x + c) - splat(mean)), c, n))
    sum_out[r] = sum;
    mean_out[r] = mean;
    variance_out[r] = n > correction ? squares / (float)(n - correction) : 0.0f;
}

// Work-item r owns row r: where its largest element lies; the first of equals. A NaN is never the largest.
__kernel void argmax_rows(__global const float *x_in,    // [R, n], any pitch
                          __global int         *index_out,  // [R]
                          const int row_count, const int n, const int pitch) {
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    __global const float *x = x_in + (size_t)r * (size_t)pitch;
    int best = 0;
    for (int c = 1; c < n; ++c)
        if (x[c] > x[best] || (x[best] != x[best] && x[c] == x[c])) best = c;
    index_out[r] = best;
}

// Work-item (c, r) finds the place of element c of row r in ascending order; equal elements keep their order, NaNs go
// last.
__kernel void argsort_rows(__global const float *x_in,    // [R, n], any pitch
                           __global int         *order_out,  // [R, n]: element order[i] is the i-th smallest
                           const int row_count, const int n, const int pitch, const int order_pitch) {
    const int c = (int)get_global_id(0);
    const int r = (int)get_global_id(1);
    if (c >= n || r >= row_count) return;
    __global const float *x = x_in + (size_t)r * (size_t)pitch;
    const float mine = x[c];
    int place = 0;
    for (int i = 0; i < n; ++i) {
        const float other = x[i];
        const int before = mine != mine ? other == other || i < c : other < mine || (other == mine && i < c);
        place += before != 0;
    }
    order_out[(size_t)r * (size_t)order_pitch + place] = c;
}

// Work-item r owns row r.
__kernel void log_softmax_rows(__global const float *logits_in,  // [R, n], pitch a multiple of PAD
                               __global float       *log_p_out,  // [R, n], the same pitch
                               const int row_count, const int n, const int pitch) {
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    log_softmax_row(logits_in + (size_t)r * (size_t)pitch, log_p_out + (size_t)r * (size_t)pitch, n);
}

// Work-item r copies row index[r]. Rows are copied whole, padding included.
__kernel void gather_rows(__global const float *x_in,      // [rows, pitch]
                          __global const int   *index_in,  // [R], each below source_count
                          __global float       *y_out,     // [R, pitch]
                          const int row_count, const int pitch, const int source_count) {
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    const int from = index_in[r];
    if (from < 0 || from >= source_count) return;
    for (int c = 0; c < pitch; ++c) y_out[(size_t)r * (size_t)pitch + c] = x_in[(size_t)from * (size_t)pitch + c];
}

// Work-item i owns W elements, from i * W.
__kernel void fill_float(__global float *x_out, const ulong count, const float value) {
    const ulong i = (ulong)get_global_id(0) * W;
    if (i >= count) return;
    for (ulong j = i; j < i + W && j < count; ++j) x_out[j] = value;
}
