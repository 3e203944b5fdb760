// peak: what a device can do at best, for benchmarks to be compared with. No barrier.
//
// Work-item i runs `rounds` rounds of fma on 12 independent values of W lanes, which fit the registers of every
// processor: 24 W operations a round.
__kernel void peak_fma(__global float *y_out,  // [items * W]
                       const int item_count, const int rounds, const float factor, const float term) {
    const int item = (int)get_global_id(0);
    if (item >= item_count) return;
    vf value[12];
    UNROLL for (int i = 0; i < 12; ++i) value[i] = splat((float)(item + i) * 1e-3f);
    const vf a = splat(factor), b = splat(term);
    for (int r = 0; r < rounds; ++r) UNROLL for (int i = 0; i < 12; ++i) value[i] = fma(value[i], a, b);
    vf sum = value[0];
    UNROLL for (int i = 1; i < 12; ++i) sum = sum + value[i];
    vstore(sum, y_out + (size_t)item * W);
}

// Work-item i copies W elements, from i * W: the memory's speed.
__kernel void peak_copy(__global const float *x_in, __global float *y_out, const int count) {
    const int i = (int)get_global_id(0) * W;
    if (i >= count) return;
    vstore(vload(x_in + i), y_out + i);
}
