// distillation: the losses of PDERL's Q-filtered distillation crossover, for a population of children. No barrier.
//
// Bodnar et al. 2020 (arXiv:1906.09807), section 3.2, as in the published code (crisbodnar/pderl, core/ddpg.py).

// The action that a child learns in a state: that of the parent whose action the critic values more; ties go to the
// second. Work-item (b, p) owns row b of member p.
__kernel void distillation_teacher(
        __global const float *first_in, __global const float *second_in,      // [P, B, A], padded: the parents' actions
        __global const float *first_q_in, __global const float *second_q_in,  // [P, B, 1], padded: their values
        __global float *teacher_out,  // member p's row b at teacher_offset + p teacher_stride + b pitch
        const ulong teacher_offset, const ulong teacher_stride,
        const int member_count, const int row_count, const int pitch) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= row_count || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)row_count + (size_t)b, at = row * (size_t)pitch;
    const int first = first_q_in[row * PAD] > second_q_in[row * PAD];
    __global float *teacher = teacher_out + (teacher_offset + (size_t)p * teacher_stride + (size_t)b * (size_t)pitch);
    for (int c = 0; c < pitch; c += W)
        vstore(first ? vload(first_in + at + c) : vload(second_in + at + c), teacher + c);
}

// loss = sum over batch and actions of (mu - teacher)^2 + mean over both of mu^2, and its gradient before mu's tanh;
// both 0 in rows that do not count. Work-item (b, p) owns batch row b of member p.
__kernel void distillation_loss(
        __global const float *mu_in,       // [P, B, A], padded: tanh outputs
        __global const float *teacher_in,  // member p's row b at teacher_offset + p teacher_stride + b pitch
        __global const int *row_count_in,  // [P]: rows that count; not read unless `limited`
        __global float *dmu_out,           // [P, B, A], padded
        __global float *loss_out,          // [P, B]: the row's share of the loss
        const ulong teacher_offset, const ulong teacher_stride,
        const int member_count, const int batch, const int n, const int pitch, const int limited) {  // n = A
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b;
    __global const float *mu = mu_in + row * (size_t)pitch;
    __global const float *teacher = teacher_in
        + (teacher_offset + (size_t)p * teacher_stride + (size_t)b * (size_t)pitch);
    const int rows = limited ? row_count_in[p] : batch;
    if (b >= rows) {
        loss_out[row] = 0.0f;
        for (int c = 0; c < pitch; c += W) vstore(splat(0.0f), dmu_out + row * (size_t)pitch + c);
        return;
    }
    const float share = 1.0f / ((float)rows * (float)n);
    float error, size;
    ROW_SUM(error, pitch, c, (vload(mu + c) - vload(teacher + c)) * (vload(mu + c) - vload(teacher + c)))
    ROW_SUM(size, pitch, c, vload(mu + c) * vload(mu + c))
    loss_out[row] = fma(size, share, error);
    for (int c = 0; c < pitch; c += W) {
        const vf m = vload(mu + c), d = fma(splat(share), m, m - vload(teacher + c));
        vstore(2.0f * d * fma(-m, m, splat(1.0f)), dmu_out + row * (size_t)pitch + c);
    }
}
