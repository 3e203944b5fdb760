// polyak_update: soft target update for a whole population. No barrier, no local memory.
//
//     target[p,i] <- target[p,i] + tau[p] * (online[p,i] - target[p,i])
//
// Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1, target update.
// Work-item (i, p) owns W parameters of member p, from i * W; rows are padded to a multiple of PAD.
__kernel void polyak_update(__global const float *online_in,     // [P, N]
                            __global const float *tau_in,        // [P], dimensionless, in [0, 1]
                            __global float       *target_inout,  // [P, N]
                            const int member_count,              // P
                            const int parameter_count) {         // N, a multiple of PAD
    const int i = (int)get_global_id(0) * W;
    const int p = (int)get_global_id(1);
    if (i >= parameter_count || p >= member_count) return;

    const size_t at = (size_t)p * (size_t)parameter_count + (size_t)i;
    const vf target = vload(target_inout + at);
    vstore(fma(splat(tau_in[p]), vload(online_in + at) - target, target), target_inout + at);
}
