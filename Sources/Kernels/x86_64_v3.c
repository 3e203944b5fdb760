#include "Kernels.h"
#if defined(__x86_64__)
#define W 8
#define TARGET "arch=x86-64-v3"
#define VARIANT "AVX2"
#define TABLE kernels_x86_64_v3
#include "variant.inc"
#else
const HostKernels *kernels_x86_64_v3(void) { return NULL; }
#endif
