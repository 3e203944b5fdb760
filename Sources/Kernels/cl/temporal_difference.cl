// temporal_difference: the squared error of a critic to its one-step target, and its gradient, for a population. No
// barrier.
//
//     y = reward + gamma (1 - done) Q'(s', mu'(s')),   loss = mean over the batch of (Q(s, a) - y)^2
//
// Lillicrap et al. 2016 (arXiv:1509.02971), Algorithm 1. Work-item (b, p) owns batch row b of member p.
__kernel void temporal_difference(
        __global const float *q_in,       // [P, B, 1], padded
        __global const float *next_q_in,  // [P, B, 1], padded: the target networks' value
        __global const float *reward_in, __global const float *done_in,  // [P, B]; done is 0 or 1
        __global const float *gamma_in,   // [P], discount per step
        __global float *dq_out,           // [P, B, 1], padded: d loss / d Q
        __global float *loss_out,         // [P, B]: (Q - y)^2
        const int member_count, const int batch) {
    const int b = (int)get_global_id(0);
    const int p = (int)get_global_id(1);
    if (b >= batch || p >= member_count) return;
    const size_t row = (size_t)p * (size_t)batch + (size_t)b;
    const float y = fma(gamma_in[p] * (1.0f - done_in[row]), next_q_in[row * PAD], reward_in[row]);
    const float error = q_in[row * PAD] - y;
    for (int c = 0; c < PAD; ++c) dq_out[row * PAD + c] = c == 0 ? 2.0f * error / (float)batch : 0.0f;
    loss_out[row] = error * error;
}
