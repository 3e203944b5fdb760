// transition_memory: rings of transitions for many owners: appending episodes, drawing and gathering batches,
// inheriting. No barrier.
//
// A row is (state, action, next state, reward, done): 2 n + A + 2 floats without padding. Owner o's ring is block[o] of
// the storage [blocks, capacity, row]; its filled slots are always 0 to count[o] - 1, the next row goes to slot
// head[o], and the latest row is the one before it. Heads and counts stay on the device: no kernel needs the host to
// know them.

// The slot of the row that is `back` rows before the next one; 1 <= back <= capacity.
static inline int memory_slot(int head, int back, int capacity) {
    return head >= back ? head - back : head - back + capacity;
}

// Appends episodes in the order of each owner's list. Rows that later rows of the same call would overwrite are left
// out. Work-item (t, o K + k) owns row t of owner o's k-th episode.
__kernel void memory_append(__global const float *episode_in,  // [S, T, row]
                            __global const int *length_in,     // [S]: rows that count, from t = 0 on
                            __global const int *order_in,      // [O, K]: episodes, -1 for none
                            __global const int *block_in, __global const int *head_in,  // [O]
                            __global float *ring_out,          // [blocks, capacity, row]
                            const int owner_count, const int K, const int T, const int capacity, const int row) {
    const int t = (int)get_global_id(0);
    const int o = (int)get_global_id(1) / K, k = (int)get_global_id(1) % K;
    if (t >= T || o >= owner_count) return;
    const int s = order_in[(size_t)o * (size_t)K + (size_t)k];
    if (s < 0 || t >= length_in[s]) return;
    int before = 0, total = 0;
    for (int j = 0; j < K; ++j) {
        const int other = order_in[(size_t)o * (size_t)K + (size_t)j];
        const int length = other < 0 ? 0 : length_in[other];
        before += j < k ? length : 0;
        total += length;
    }
    if (total - (before + t) > capacity) return;
    const int slot = (int)(((uint)head_in[o] + (uint)(before + t)) % (uint)capacity);
    __global const float *from = episode_in + ((size_t)s * (size_t)T + (size_t)t) * (size_t)row;
    __global float *to = ring_out + ((size_t)block_in[o] * (size_t)capacity + (size_t)slot) * (size_t)row;
    for (int c = 0; c < row; ++c) to[c] = from[c];
}

// Moves heads and counts past what memory_append has written. Work-item o owns owner o.
__kernel void memory_advance(__global const int *length_in, __global const int *order_in,  // as above
                             __global int *head_inout, __global int *count_inout,          // [O]
                             const int owner_count, const int K, const int capacity) {
    const int o = (int)get_global_id(0);
    if (o >= owner_count) return;
    int total = 0;
    for (int j = 0; j < K; ++j) {
        const int s = order_in[(size_t)o * (size_t)K + (size_t)j];
        total += s < 0 ? 0 : length_in[s];
    }
    head_inout[o] = (int)(((uint)head_inout[o] + (uint)total) % (uint)capacity);
    count_inout[o] = total >= capacity - count_inout[o] ? capacity : count_inout[o] + total;
}

// Draws slots without replacement, uniformly among an owner's latest rows, by a keyed order of them (random.cl). Where
// there are fewer rows than are asked for, all are drawn, and the rest is -1. Work-item (i, m) owns W draws, from i *
// W.
__kernel void memory_draw(
        __global const uint *streams_in,  // [M, 4], random.cl
        __global const int *owner_in,     // [M]
        __global const uint *step_in,     // [M]: added to `step`
        __global const int *head_in, __global const int *count_in,  // [O]
        __global int *slot_out,           // [M, pitch], -1 from `wanted` on
        const int member_count, const int wanted, const int pitch, const int latest, const int capacity,
        const uint step, const uint purpose) {
    const int i = (int)get_global_id(0) * W;
    const int m = (int)get_global_id(1);
    if (i >= pitch || m >= member_count) return;
    const int o = owner_in[m], filled = count_in[o], n = filled < latest ? filled : latest,
              count = wanted < n ? wanted : n;
    __global int *slots = slot_out + (size_t)m * (size_t)pitch + (size_t)i;
    if (count == 0) {
        vstorei(splati(-1), slots);
        return;
    }
    const vi back = splati(n) - drawn_order(streams_in + 4 * (size_t)m, i, count, n, step + step_in[m], purpose);
    const vi slot = splati(head_in[o]) - back;
    vstorei(select(select(slot, slot + capacity, slot < 0), splati(-1), lane_ids() + i >= count), slots);
}

// The rows in given slots as five arrays; zeros for a slot that holds nothing. Work-item (b, m) owns row b of member m.
__kernel void memory_gather(
        __global const float *ring_in,  // [blocks, capacity, row]
        __global const int *owner_in,   // [M]
        __global const int *block_in, __global const int *count_in,  // [O]
        __global const int *slot_in,    // [M, slot_pitch]
        __global float *state_out,
        __global float *action_out, __global float *next_state_out,  // [M, B, n] and [M, B, A], padded
        __global float *reward_out, __global float *done_out,  // [M, B]
        const int member_count, const int batch, const int slot_pitch, const int n, const int A, const int state_pitch,
        const int action_pitch, const int capacity) {
    const int b = (int)get_global_id(0);
    const int m = (int)get_global_id(1);
    if (b >= batch || m >= member_count) return;
    const int o = owner_in[m], slot = slot_in[(size_t)m * (size_t)slot_pitch + (size_t)b], row = 2 * n + A + 2;
    const int held = slot >= 0 && slot < count_in[o];
    __global const float *from = ring_in
        + ((size_t)block_in[o] * (size_t)capacity + (size_t)(held ? slot : 0)) * (size_t)row;
    const size_t at = (size_t)m * (size_t)batch + (size_t)b;
    __global float *state = state_out + at * (size_t)state_pitch, *next = next_state_out + at * (size_t)state_pitch,
                   *action = action_out + at * (size_t)action_pitch;
    for (int c = 0; c < state_pitch; ++c) {
        state[c] = held && c < n ? from[c] : 0.0f;
        next[c] = held && c < n ? from[n + A + c] : 0.0f;
    }
    for (int c = 0; c < action_pitch; ++c) action[c] = held && c < A ? from[n + c] : 0.0f;
    reward_out[at] = held ? from[row - 2] : 0.0f;
    done_out[at] = held ? from[row - 1] : 0.0f;
}

#define INHERITANCE 6  // target, first, its limit, second or -1, its limit, 1 to shuffle

// Rows that one of a target's two sources gives.
static inline int memory_share(__global const int *count_in, int source, int limit) {
    const int count = source < 0 ? 0 : count_in[source];
    return count < limit ? count : limit;
}

// Fills each target's spare block with the latest rows of its first source and after them those of its second, in ring
// order or in a drawn one. Sources are read from the blocks in use, so that targets and sources may be the same.
// Work-item (i, j) owns row i of job j.
__kernel void memory_inherit(
        __global const int *job_in,        // [J, INHERITANCE]
        __global const uint *streams_in,   // [O, 4], random.cl
        __global const int *block_in, __global const int *head_in, __global const int *count_in,  // [O]
        __global float *ring_inout,        // [2 O, capacity, row]: owner o has blocks o and O + o
        __global int *total_out,           // [J]: rows of the target
        const int job_count, const int owner_count, const int capacity, const int row, const uint step,
        const uint purpose) {
    const int i = (int)get_global_id(0);
    const int j = (int)get_global_id(1);
    if (i >= capacity || j >= job_count) return;
    __global const int *job = job_in + (size_t)j * INHERITANCE;
    const int target = job[0], first = memory_share(count_in, job[1], job[2]),
              all = first + memory_share(count_in, job[3], job[4]);
    const int total = all < capacity ? all : capacity;   // of more, the latest
    if (i == 0) total_out[j] = total;
    if (i >= total) return;
    const int r = i + all - total, source = r < first ? job[1] : job[3], back = r < first ? first - r : all - r;
    int place = i;
    if (job[5]) {
        vu word[4];
        member_words(word, streams_in + 4 * (size_t)target, 0u, step, purpose);
        place = (int)FIRST(permuted_index(splatu((uint)i), (uint)total, FIRST(word[0]), FIRST(word[1])));
    }
    const int spare = block_in[target] < owner_count ? block_in[target] + owner_count : block_in[target] - owner_count;
    __global const float *from = ring_inout
        + ((size_t)block_in[source] * (size_t)capacity + (size_t)memory_slot(head_in[source], back, capacity))
            * (size_t)row;
    __global float *to = ring_inout + ((size_t)spare * (size_t)capacity + (size_t)place) * (size_t)row;
    for (int c = 0; c < row; ++c) to[c] = from[c];
}

// Puts the spare blocks that memory_inherit has filled to use. Work-item j owns job j.
__kernel void memory_adopt(__global const int *job_in, __global const int *total_in,  // as above
                           __global int *block_inout, __global int *head_inout, __global int *count_inout,  // [O]
                           const int job_count, const int owner_count, const int capacity) {
    const int j = (int)get_global_id(0);
    if (j >= job_count) return;
    const int target = job_in[(size_t)j * INHERITANCE];
    block_inout[target] = block_inout[target] < owner_count ? block_inout[target] + owner_count
                                                            : block_inout[target] - owner_count;
    head_inout[target] = total_in[j] % capacity;
    count_inout[target] = total_in[j];
}
