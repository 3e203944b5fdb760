// layer_norm: layer normalisation of batch rows with an activation after it, and its gradient, for a population.
//
//     form 1 (PyTorch; Ba et al. 2016, arXiv:1607.06450)   xhat = (x - mean) / sqrt(var + epsilon), var with 1/n
//     form 2 (published ERL code)                          xhat = (x - mean) / (std + epsilon), std with 1/(n-1)
//     u = gamma xhat + beta,  y = activation(u)
//
// Row sums are kept as 16 partial sums (element i goes to sum i mod 16) added in one fixed tree, for every W alike.

// Work-item (r, p) owns batch row r of member p.
__kernel void layer_norm_forward(
        __global const float *x_in,      // [P, M, N], pitch a multiple of PAD; may be y_out
        __global const float *g_in,      // parameters: gamma at g_offset + p g_stride, beta at b_offset + p g_stride
        __global float       *xhat_out,  // [P, M, pad(N)], densely
        __global float       *scale_out, // [P, M, 2]: 1/sqrt(var + epsilon), unused; or 1/(std + epsilon), std
        __global float       *y_out,     // [P, M, N], pitch a multiple of PAD
        const ulong x_offset, const ulong x_stride, const int x_pitch,
        const ulong g_offset, const ulong b_offset, const ulong g_stride,
        const ulong y_offset, const ulong y_stride, const int y_pitch,
        const int member_count, const int m, const int n,
        const int form, const float epsilon, const int activation) {
    const int r = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (r >= m || p >= member_count) return;
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    __global const float *x = x_in + (x_offset + (size_t)p * x_stride + (size_t)r * (size_t)x_pitch);
    __global const float *gamma = g_in + (g_offset + (size_t)p * g_stride);
    __global const float *beta = g_in + (b_offset + (size_t)p * g_stride);
    __global float *xhat = xhat_out + ((size_t)p * (size_t)m + (size_t)r) * (size_t)n_padded;
    __global float *scale = scale_out + ((size_t)p * (size_t)m + (size_t)r) * 2;
    __global float *y = y_out + (y_offset + (size_t)p * y_stride + (size_t)r * (size_t)y_pitch);

    layer_norm_row(x, gamma, beta, xhat, scale, y, n, form, epsilon, activation);
}

// Work-item (r, p) owns batch row r of member p. du is the gradient before the activation.
__kernel void layer_norm_input_gradient(
        __global const float *du_in,    // [P, M, N], pitch a multiple of PAD
        __global const float *g_in,     // gamma at g_offset + p g_stride
        __global const float *xhat_in,  // [P, M, pad(N)], from the forward pass
        __global const float *scale_in, // [P, M, 2], from the forward pass
        __global float       *dx_out,   // [P, M, N], pitch a multiple of PAD; may be du_in
        const ulong du_stride, const int du_pitch,
        const ulong g_offset, const ulong g_stride,
        const ulong dx_stride, const int dx_pitch,
        const int member_count, const int m, const int n, const int form) {
    const int r = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (r >= m || p >= member_count) return;
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    __global const float *du = du_in + ((size_t)p * du_stride + (size_t)r * (size_t)du_pitch);
    __global const float *gamma = g_in + (g_offset + (size_t)p * g_stride);
    __global const float *xhat = xhat_in + ((size_t)p * (size_t)m + (size_t)r) * (size_t)n_padded;
    __global const float *scale = scale_in + ((size_t)p * (size_t)m + (size_t)r) * 2;
    __global float *dx = dx_out + ((size_t)p * dx_stride + (size_t)r * (size_t)dx_pitch);
    float sum, product;
    ROW_SUM(sum, n_padded, c, vload(du + c) * vload(gamma + c))
    ROW_SUM(product, n_padded, c, vload(du + c) * vload(gamma + c) * vload(xhat + c))
    const float mean = sum / (float)n;
    const float factor = scale[0];
    // Form 1: factor (g - mean(g) - xhat mean(g xhat)). Form 2: factor (g - mean(g)) - xhat sum(g xhat) / ((n - 1)
    // std).
    const float along = form == 2 ? (n > 1 && scale[1] > 0.0f ? product / ((float)(n - 1) * scale[1]) : 0.0f)
                                  : factor * (product / (float)n);
    for (int c = 0; c < n_padded; c += W) {
        const vf g = vload(du + c) * vload(gamma + c);
        vstore(keep_columns((g - splat(mean)) * splat(factor) - vload(xhat + c) * splat(along), c, n), dx + c);
    }
}

// Work-item (i, p) owns columns [i W, i W + W) of member p: d gamma = sum over rows of du xhat, d beta = that of du.
__kernel void layer_norm_parameter_gradient(
        __global const float *du_in,    // [P, M, N], pitch a multiple of PAD
        __global const float *xhat_in,  // [P, M, pad(N)]
        __global float       *dg_out,   // d gamma at g_offset + p g_stride, d beta at b_offset + p g_stride
        const ulong du_stride, const int du_pitch,
        const ulong g_offset, const ulong b_offset, const ulong g_stride,
        const int member_count, const int m, const int n) {
    const int column = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    const int n_padded = (n + PAD - 1) / PAD * PAD;
    if (column >= n_padded || p >= member_count) return;
    __global const float *du = du_in + (size_t)p * du_stride + column;
    __global const float *xhat = xhat_in + (size_t)p * (size_t)m * (size_t)n_padded + column;
    vf gamma = splat(0.0f), beta = splat(0.0f);
    for (int first = 0; first < m; first += CHUNK) {
        const int end = m - first < CHUNK ? m : first + CHUNK;
        vf gamma_part = splat(0.0f), beta_part = splat(0.0f);
        for (int r = first; r < end; ++r) {
            const vf d = vload(du + (size_t)r * (size_t)du_pitch);
            gamma_part = fma(d, vload(xhat + (size_t)r * (size_t)n_padded), gamma_part);
            beta_part = beta_part + d;
        }
        gamma = first == 0 ? gamma_part : gamma + gamma_part;
        beta = first == 0 ? beta_part : beta + beta_part;
    }
    vstore(keep_columns(gamma, column, n), dg_out + (g_offset + (size_t)p * g_stride) + column);
    vstore(keep_columns(beta, column, n), dg_out + (b_offset + (size_t)p * g_stride) + column);
}
