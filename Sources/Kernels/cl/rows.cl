// rows: what several files' kernels do with whole rows and columns of a batch. No kernel of its own.

// The sum of columns [column, column + W) of dy over all batch rows, in chunks.
static inline vf column_sum(__global const float *dy, int dy_pitch, int column, int m) {
    vf total = splat(0.0f);
    for (int first = 0; first < m; first += CHUNK) {
        const int rows = m - first < CHUNK ? m - first : CHUNK;
        vf sum = splat(0.0f);
        for (int r = first; r < first + rows; ++r) sum = sum + vload(dy + (size_t)r * (size_t)dy_pitch + column);
        total = first == 0 ? sum : total + sum;
    }
    return total;
}

// log p of the categories that one row of logits stands for, in the row's first n columns; returns the row's entropy.
static inline float log_softmax_row(__global const float *logits, __global float *log_p, int n) {
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    float largest = logits[0];
    for (int c = 1; c < n; ++c) largest = logits[c] > largest ? logits[c] : largest;
    float sum, entropy;
    ROW_SUM(sum, n_padded, c, keep_columns(exp_strict(vload(logits + c) - splat(largest)), c, n))
    const float shift = largest + FIRST(log_strict(splat(sum)));
    for (int c = 0; c < n_padded; c += W) vstore(keep_columns(vload(logits + c) - splat(shift), c, n), log_p + c);
    ROW_SUM(entropy, n_padded, c, keep_columns(exp_strict(vload(log_p + c)) * vload(log_p + c), c, n))
    return -entropy;
}

// The squared distance of columns of a row from its mean, zero past column n.
static inline vf squared_distance(vf x, float mean, int column, int n) {
    const vf d = x - splat(mean);
    return keep_columns(d * d, column, n);
}

// One row normalised, scaled and through its activation, from its mean and the sum of squared distances from it; see
// layer_norm.cl for the two forms. y may be x. scale: form 1: 1 / sqrt(var + epsilon) and its inverse; form 2: 1 / (std
// + epsilon) and std.
static inline void layer_norm_apply(
        float mean, float squares, __global const float *x, __global const float *gamma, __global const float *beta,
        __global float *xhat, __global float *scale, __global float *y,
        int n, int form, float epsilon, int activation) {
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    float factor, deviation;
    if (form == 2) {
        deviation = n > 1 ? sqrt(squares / (float)(n - 1)) : 0.0f;
        factor = 1.0f / (deviation + epsilon);
    } else {
        deviation = sqrt(squares / (float)n + epsilon);
        factor = 1.0f / deviation;
    }
    scale[0] = factor;
    scale[1] = deviation;
    for (int c = 0; c < n_padded; c += W) {
        const vf h = keep_columns((vload(x + c) - splat(mean)) * splat(factor), c, n);
        vstore(h, xhat + c);
        vstore(keep_columns(activate(fma(vload(gamma + c), h, vload(beta + c)), activation), c, n), y + c);
    }
}

// Layer normalisation of one row, with its sums.
static inline void layer_norm_row(__global const float *x, __global const float *gamma, __global const float *beta,
                                  __global float *xhat, __global float *scale, __global float *y,
                                  int n, int form, float epsilon, int activation) {
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    float sum, squares;
    ROW_SUM(sum, n_padded, c, vload(x + c))
    const float mean = sum / (float)n;
    ROW_SUM(squares, n_padded, c, squared_distance(vload(x + c), mean, c, n))
    layer_norm_apply(mean, squares, x, gamma, beta, xhat, scale, y, n, form, epsilon, activation);
}

// (x - mean) / sqrt(var + epsilon), clipped: one padded row.
static inline void normalise_row(
        __global const float *x, __global float *y, __global const float *mean, __global const float *variance,
        int n, float epsilon, float limit) {
    for (int c = 0; c < n; c += W) {
        const vf scaled = (vload(x + c) - vload(mean + c)) / sqrt(vload(variance + c) + splat(epsilon));
        vstore(keep_columns(vclamp(scaled, -limit, limit), c, n), y + c);
    }
}
