#include "Kernels.h"
#if defined(__x86_64__)
#define W 16
#define TARGET "arch=x86-64-v4"
#define VARIANT "AVX-512"
#define TABLE kernels_x86_64_v4
#include "variant.inc"
#else
const HostKernels *kernels_x86_64_v4(void) { return NULL; }
#endif
