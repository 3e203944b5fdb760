// What the C build puts in place of OpenCL. Anything it can't do faithfully (barrier, __local, atomics) is left
// undefined on purpose: such a kernel lives in a file of its own that only OpenCL devices build.
#include <stddef.h>
#include <stdint.h>
#define __kernel static
#define __global
#define __private
#define __constant const
#define UNROLL _Pragma("clang loop unroll(full)")
typedef unsigned int uint;
typedef unsigned long ulong;
typedef float vf __attribute__((ext_vector_type(W)));
typedef int vi __attribute__((ext_vector_type(W)));
typedef uint vu __attribute__((ext_vector_type(W)));
typedef uint64_t vu64 __attribute__((ext_vector_type(W)));
typedef float vf_unaligned __attribute__((ext_vector_type(W), aligned(4)));
typedef int vi_unaligned __attribute__((ext_vector_type(W), aligned(4)));
#define vload(p) ((vf)*(const vf_unaligned *)(p))
#define vstore(v, p) ((void)(*(vf_unaligned *)(p) = (v)))
#define vloadi(p) ((vi)*(const vi_unaligned *)(p))
#define vstorei(v, p) ((void)(*(vi_unaligned *)(p) = (v)))
#define fma(a, b, c) __builtin_elementwise_fma(a, b, c)
#define fabs(a) __builtin_elementwise_abs(a)
#define sqrt(a) __builtin_elementwise_sqrt(a)
#define rint(a) __builtin_elementwise_roundeven(a)
#define floor(a) __builtin_elementwise_floor(a)
#define get_global_id(d) work_item[d]
#define any_lane(m) (__builtin_reduce_or(m) != 0)
#define to_float(x) __builtin_convertvector(x, vf)
#define to_int(x) __builtin_convertvector(x, vi)
#define to_uint(x) __builtin_convertvector(x, vu)
#define bits_int(x) ((vi)(x))
#define bits_uint(x) ((vu)(x))
#define bits_float(x) ((vf)(x))
// OpenCL's scalar reinterpretations, for code that runs one element at a time.
static inline int as_int(float x) { return __builtin_bit_cast(int, x); }
static inline uint as_uint(float x) { return __builtin_bit_cast(uint, x); }
static inline float as_float(uint x) { return __builtin_bit_cast(float, x); }
// select and mul_hi take lanes or single values, as in OpenCL.
#define OVERLOADED static inline __attribute__((overloadable))
OVERLOADED vf select(vf a, vf b, vi c) { return c ? b : a; }
OVERLOADED vi select(vi a, vi b, vi c) { return c ? b : a; }
OVERLOADED vu select(vu a, vu b, vi c) { return c ? b : a; }
OVERLOADED float select(float a, float b, int c) { return c ? b : a; }
OVERLOADED int select(int a, int b, int c) { return c ? b : a; }
OVERLOADED vu mul_hi(vu a, vu b) {
    return __builtin_convertvector((__builtin_convertvector(a, vu64) * __builtin_convertvector(b, vu64)) >> 32, vu);
}
OVERLOADED uint mul_hi(uint a, uint b) { return (uint)(((uint64_t)a * b) >> 32); }
