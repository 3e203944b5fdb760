// variation: ERL's row swaps and weight mutation, and what PDERL's operators take from transition memories. No barrier.
//
// Khadka and Tumer 2018 (arXiv:1805.07917) and Bodnar et al. 2020 (arXiv:1906.09807), as in the published code
// (crisbodnar/pderl, core/mod_neuro_evo.py). A unit is one output of a layer: a row of PyTorch's matrices with us a
// column, and one element of a vector.

#define SWAP_SLOT 4  // first unit, units, first word, 1 for a matrix

// Row swaps copy single units from one parent to the other, one after the other. After a unit's first copy both parents
// agree on it, so the first one alone decides. Work-item (u, c) looks for that of unit u: 0 none, 1 both have the
// second parent's, 2 both the first's. Words of a slot: one for the number of copies, below 2 units for matrices and
// below units for vectors, then one for each copy.
__kernel void first_copies(__global const uint *bits_in,       // [C, bits_pitch]
                           __global const int *slot_in,        // [S, SWAP_SLOT]
                           __global const int *unit_slot_in,   // [U]: each unit's slot
                           __global int *copy_out,             // [C, U]
                           const int couple_count, const int unit_count, const int bits_pitch) {
    const int u = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (u >= unit_count || c >= couple_count) return;
    __global const int *slot = slot_in + SWAP_SLOT * unit_slot_in[u];
    __global const uint *word = bits_in + (size_t)c * (size_t)bits_pitch + (size_t)slot[2];
    const int unit = u - slot[0];
    const uint units = (uint)slot[1];
    const int count = (int)mul_hi(word[0], slot[3] ? 2u * units : units);
    int copy = 0;
    for (int k = 1; k <= count && copy == 0; ++k)
        if ((int)mul_hi(word[k], units) == unit) copy = 1 + (int)(word[k] & 1u);
    copy_out[(size_t)c * (size_t)unit_count + (size_t)u] = copy;
}

// Both children of each couple. Work-item (i, c) owns W parameters of couple c, from i * W.
__kernel void swap_units(__global const float *first_in, __global const float *second_in,  // [C, N]
                         __global const int *copy_in,       // [C, U], from first_copies
                         __global const int *unit_in,       // [N]: each parameter's unit
                         __global float *child_out,         // [2, C, N]: all first children, then all second ones
                         const int couple_count, const int parameter_count, const int unit_count) {
    const int i = (int)get_global_id(0) * W;
    const int c = (int)get_global_id(1);
    if (i >= parameter_count || c >= couple_count) return;
    const size_t row = (size_t)c * (size_t)parameter_count;
    for (int l = i; l < i + W; ++l) {
        const int copy = copy_in[(size_t)c * (size_t)unit_count + (size_t)unit_in[l]];
        const float a = first_in[row + (size_t)l], b = second_in[row + (size_t)l];
        child_out[row + (size_t)l] = copy == 1 ? b : a;
        child_out[(size_t)couple_count * (size_t)parameter_count + row + (size_t)l] = copy == 2 ? a : b;
    }
}

#define MUTATION_SLOT 6  // offset in a parameter row, inputs, outputs, pitch, first word, first normal

// Changes single weights one after the other, each drawn anew, so that a weight may be hit twice. Work-item (s, m) owns
// matrix s of the m-th mutant. Words: two whose uniforms u0 < 2 u1 say whether the matrix is touched, one for the
// number of hits below ceil(fraction * weights), and two for each hit: which weight, and which change.
__kernel void mutate_weights(
        __global const uint *bits_in,      // [C, bits_pitch]
        __global const float *normal_in,   // [C, normal_pitch]: one for each hit
        __global const int *slot_in,       // [S, MUTATION_SLOT]
        __global const int *member_in,     // [C]: each mutant's row
        __global const int *hits_in,       // [S]: ceil(fraction * weights)
        __global float *parameter_inout,   // [P, N]
        const int mutant_count, const int slot_count, const int parameter_count, const int bits_pitch,
        const int normal_pitch, const float strength, const float super_strength, const float super_probability,
        const float reset_strength, const float reset_probability, const float limit) {
    const int s = (int)get_global_id(0);
    const int m = (int)get_global_id(1);
    if (s >= slot_count || m >= mutant_count) return;
    __global const int *slot = slot_in + MUTATION_SLOT * s;
    __global const uint *word = bits_in + (size_t)m * (size_t)bits_pitch + (size_t)slot[4];
    __global const float *normal = normal_in + (size_t)m * (size_t)normal_pitch + (size_t)slot[5];
    __global float *weights = parameter_inout + (size_t)member_in[m] * (size_t)parameter_count + (size_t)slot[0];
    if (!((word[0] >> 8) < 2u * (word[1] >> 8))) return;
    const int count = (int)mul_hi(word[2], (uint)hits_in[s]);
    for (int k = 0; k < count; ++k) {
        const uint hit = mul_hi(word[3 + 2 * k], (uint)(slot[1] * slot[2]));
        const float u = (float)(word[4 + 2 * k] >> 8) * 5.96046448e-08f, z = normal[k];
        __global float *at = weights + (size_t)(hit / (uint)slot[2]) * (size_t)slot[3] + (size_t)(hit % (uint)slot[2]);
        const float w = *at;
        const float changed = u < super_probability ? fma(z, super_strength * w, w)
                            : u < super_probability + reset_probability ? z * reset_strength : fma(z, strength * w, w);
        *at = changed > limit ? limit : changed < -limit ? -limit : changed;
    }
}

// How many rows a batch of each owner's memory has: all that were wanted, or what there is. Work-item m.
__kernel void held_rows(__global const int *owner_in,   // [C]
                        __global const int *count_in,   // [O]
                        __global int *row_count_out,    // [C]
                        const int member_count, const int wanted) {
    const int m = (int)get_global_id(0);
    if (m >= member_count) return;
    const int held = count_in[owner_in[m]];
    row_count_out[m] = held < wanted ? held : wanted;
}

// States of slots [first, first + rows) of each owner's memory, zero where it holds nothing. Work-item (r, m).
__kernel void memory_states(
        __global const float *ring_in,    // [blocks, capacity, row], see transition_memory.cl
        __global const int *owner_in,     // [C]
        __global const int *block_in, __global const int *count_in,  // [O]
        __global float *state_out,        // [C, capacity, n], padded
        const int member_count, const int first, const int row_count, const int capacity, const int row, const int n,
        const int pitch) {
    const int r = first + (int)get_global_id(0);
    const int m = (int)get_global_id(1);
    if (r >= first + row_count || r >= capacity || m >= member_count) return;
    const int o = owner_in[m], held = r < count_in[o];
    __global const float *from = ring_in + ((size_t)block_in[o] * (size_t)capacity + (size_t)r) * (size_t)row;
    __global float *to = state_out + ((size_t)m * (size_t)capacity + (size_t)r) * (size_t)pitch;
    for (int c = 0; c < pitch; ++c) to[c] = held && c < n ? from[c] : 0.0f;
}

// A child's batch: the states and teacher's actions of the drawn slots. Who has had all batches of its epoch,
// floor(count / rows), does not step. Work-item (b, c) owns row b of child c.
__kernel void distillation_batch(
        __global const int *slot_in,          // [C, slot_pitch], -1 for none
        __global const int *owner_in,         // [C]
        __global const int *count_in,         // [O]
        __global const float *state_in,       // [C, capacity, n], padded
        __global const float *teacher_in,     // [C, capacity, A], padded
        __global float *state_out, __global float *teacher_out,  // [C, B, ...], padded
        __global int *row_count_out,          // [C]
        __global int *active_out,             // [C]
        const int child_count, const int batch, const int capacity, const int slot_pitch, const int state_pitch,
        const int teacher_pitch,
        const int index) {                    // of the batch within its epoch
    const int b = (int)get_global_id(0);
    const int c = (int)get_global_id(1);
    if (b >= batch || c >= child_count) return;
    const int held = count_in[owner_in[c]], rows = held < batch ? held : batch;
    if (b == 0) {
        row_count_out[c] = rows;
        active_out[c] = rows > 0 && index < held / (rows > 0 ? rows : 1);
    }
    const int slot = slot_in[(size_t)c * (size_t)slot_pitch + (size_t)b];
    const size_t from = (size_t)c * (size_t)capacity + (size_t)(slot < 0 ? 0 : slot),
                 to = (size_t)c * (size_t)batch + (size_t)b;
    for (int i = 0; i < state_pitch; i += W)
        vstore(vload(state_in + from * (size_t)state_pitch + i), state_out + to * (size_t)state_pitch + i);
    for (int i = 0; i < teacher_pitch; i += W)
        vstore(vload(teacher_in + from * (size_t)teacher_pitch + i), teacher_out + to * (size_t)teacher_pitch + i);
}

// How far each policy's actions are from those that another one took: mean over the held rows of |mu - a|^2. Work-item
// m.
__kernel void action_gaps(
        __global const float *mu_in, __global const float *action_in,  // [C, B, A], padded
        __global const int *row_count_in,  // [C]
        __global float *gap_out,           // [C, columns]; 0 where there are no rows
        const int member_count, const int batch, const int pitch, const int column_count, const int column) {
    const int m = (int)get_global_id(0);
    if (m >= member_count) return;
    const int rows = row_count_in[m];
    float total = 0.0f;
    for (int b = 0; b < rows; ++b) {
        const size_t at = ((size_t)m * (size_t)batch + (size_t)b) * (size_t)pitch;
        float gap;
        ROW_SUM(gap, pitch, c,
                (vload(mu_in + at + c) - vload(action_in + at + c))
                    * (vload(mu_in + at + c) - vload(action_in + at + c)))
        total = total + gap;
    }
    gap_out[(size_t)m * (size_t)column_count + (size_t)column] = rows > 0 ? total / (float)rows : 0.0f;
}
