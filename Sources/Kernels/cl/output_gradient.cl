// output_gradient: what a loss asks of a network's output, taken back through its last activation. No barrier.
//
//     output_gradient          dy = g * activation'(y)
//     output_column_gradient   the same for g = 1 in one column and 0 elsewhere: the gradient of that output's sum over
//                              rows

// Work-item i owns W elements, from i * W. Padding of y is 0, and so has to be that of g.
__kernel void output_gradient(__global const float *g_in,  // [count], with respect to the output
                              __global const float *y_in,  // [count], the output
                              __global float *dy_out,      // [count], before the activation
                              const int count,             // a multiple of PAD
                              const int activation) {      // see activation.cl
    const int i = (int)get_global_id(0) * W;
    if (i >= count) return;
    vstore(vload(g_in + i) * activation_slope(vload(y_in + i), activation), dy_out + i);
}

// Work-item r owns one row of any member.
__kernel void output_column_gradient(
        __global const float *y_in,        // [R, pitch]
        __global const int *row_limit_in,  // [R / rows]: rows of each member that count; not read unless `limited`
        __global float *dy_out,            // [R, pitch]
        const int row_count, const int pitch,  // pitch a multiple of PAD
        const int rows,                    // of a member
        const int limited, const int column, const int activation) {
    const int r = (int)get_global_id(0);
    if (r >= row_count) return;
    const size_t at = (size_t)r * (size_t)pitch;
    const int counts = !limited || r % rows < row_limit_in[r / rows];
    for (int c = 0; c < pitch; c += W) {
        const vf slope = activation_slope(vload(y_in + at + c), activation);
        vstore(select(splat(0.0f), slope, lane_ids() + splati(c) == splati(counts ? column : -1)), dy_out + at + c);
    }
}
