#include "Kernels.h"
#if defined(__x86_64__)
const HostKernels *kernels_baseline(void) { return NULL; }
#else
#define W 4
#define VARIANT "baseline"
#define TABLE kernels_baseline
#include "variant.inc"
#endif
