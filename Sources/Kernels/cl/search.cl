// search: what black-box searches do with rows of parameters, for R independent runs of M members each (P = R M, run by
// run). No barrier.

// A member's parameters: x[p,i] = centre[r,i] + sqrt(variance[r,i]) noise[p,i], r = p / M. Work-item (i, p) owns W
// parameters of member p, from i * W; where the variance is 0, as in padding, the centre stays.
__kernel void perturb_rows(__global const float *centre_in,    // [R, N]
                           __global const float *variance_in,  // [R, N]
                           __global const float *noise_in,     // [P, N]: standard normals
                           __global float *row_out,            // [P, N]
                           const int member_count, const int members_per_run, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;
    const size_t mine = (size_t)p * (size_t)parameter_count + (size_t)i;
    const size_t run = (size_t)(p / members_per_run) * (size_t)parameter_count + (size_t)i;
    const vf deviation = sqrt(vload(variance_in + run));
    vstore(fma(deviation, vload(noise_in + mine), vload(centre_in + run)), row_out + mine);
}

// Mean, and variance about it divided by their number, of K chosen rows of each run. Work-item (i, r) owns W parameters
// of run r. The sums' order is that of the choice.
__kernel void row_moments(__global const float *row_in,   // [P, N]
                          __global const int *chosen_in,  // [R, K]: rows
                          __global float *mean_out,       // [R, N]
                          __global float *variance_out,   // [R, N]
                          const int run_count, const int chosen_count, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int r = (int)get_global_id(1);
    if (i >= parameter_count || r >= run_count) return;
    __global const int *chosen = chosen_in + (size_t)r * (size_t)chosen_count;
    vf sum = splat(0.0f);
    for (int k = 0; k < chosen_count; ++k)
        sum = sum + vload(row_in + (size_t)chosen[k] * (size_t)parameter_count + (size_t)i);
    const vf mean = sum / splat((float)chosen_count);
    vf squares = splat(0.0f);
    for (int k = 0; k < chosen_count; ++k) {
        const vf d = vload(row_in + (size_t)chosen[k] * (size_t)parameter_count + (size_t)i) - mean;
        squares = fma(d, d, squares);
    }
    const size_t at = (size_t)r * (size_t)parameter_count + (size_t)i;
    vstore(mean, mean_out + at);
    vstore(squares / splat((float)chosen_count), variance_out + at);
}

// Adds to each parameter's variance what its run says, where the mask is 1. Work-item (i, r) owns W parameters of run
// r.
__kernel void add_variance(__global float *variance_inout,    // [R, N]
                           __global const float *extra_in,    // [R]
                           __global const float *mask_in,     // [N]: 0 in padding
                           const int run_count, const int parameter_count) {
    const int i = (int)get_global_id(0) * W;
    const int r = (int)get_global_id(1);
    if (i >= parameter_count || r >= run_count) return;
    const size_t at = (size_t)r * (size_t)parameter_count + (size_t)i;
    vstore(fma(splat(extra_in[r]), vload(mask_in + i), vload(variance_inout + at)), variance_inout + at);
}

// A member's fitness: the mean return of its E first episodes; NaN if one met a state that is not finite. Work-item p
// owns member p.
__kernel void episode_fitness(__global const float *episode_in,  // [9, slot_pitch], environment.cl
                              __global float *fitness_out,       // [P]
                              const int member_count, const int environment_count, const int slot_pitch) {
    const int p = (int)get_global_id(0);
    if (p >= member_count) return;
    const size_t pitch = (size_t)slot_pitch;
    float sum = 0.0f;
    int broken = 0;
    for (int e = 0; e < environment_count; ++e) {
        const size_t s = (size_t)p * (size_t)environment_count + (size_t)e;
        sum = sum + episode_in[EPISODE_FIRST_RETURN * pitch + s];
        broken |= !(episode_in[EPISODE_FIRST_LENGTH * pitch + s] > 0.0f);
    }
    fitness_out[p] = broken ? FIRST(MATH_NAN) : sum / (float)environment_count;
}
