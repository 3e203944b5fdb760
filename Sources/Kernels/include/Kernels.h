// The kernels' two forms: as C for this CPU (one table per instruction set) and as text for OpenCL drivers.
#pragma once
#include <stddef.h>

// Runs work-items [first, last) of a range (dimension 0 fastest). Each argument points at its value; a pointer
// argument's entry is the pointer itself.
typedef void (*HostKernelRun)(void *const *arguments, const size_t *range, size_t first, size_t last);
// `arguments`: the kinds that it reads them as, as in registry.inc: "P, P, I".
typedef struct { const char *name; HostKernelRun run; const char *arguments; } HostKernel;
typedef struct {
    const char *variant;      // instruction set, for people
    int lanes;                // W
    int count;
    const HostKernel *kernels;
} HostKernels;

// Null where this program was built for another processor family.
const HostKernels *kernels_x86_64_v4(void);  // AVX-512
const HostKernels *kernels_x86_64_v3(void);  // AVX2 and FMA
const HostKernels *kernels_baseline(void);   // NEON on arm64
int kernels_cpu_supports(const char *variant);

// One .cl file. on_host is 0 for files with barriers, which only OpenCL devices build.
typedef struct { const char *name; const char *text; int on_host; } KernelSource;
// In the order in which they are put together; the first `shared` ones precede every program.
const KernelSource *kernel_sources(int *count);
extern const int kernel_shared_sources;

// The physics engines' text, to be put together around a model of the user's own: physics, the model, planar or
// spatial, task.
const char *physics_text(void);
const char *physics_planar_text(void);
const char *physics_spatial_text(void);
const char *physics_task_text(void);
// A shipped model's description as JSON.
typedef struct { const char *name; const char *json; } PhysicsDescription;
const PhysicsDescription *physics_descriptions(int *count);

// A persistent pool of threads that share the items of one launch.
typedef struct KernelPool KernelPool;
KernelPool *kernel_pool_create(int threads);  // null if the threads can't be started
void kernel_pool_run(KernelPool *pool, HostKernelRun run, void *const *arguments, const size_t *range, size_t total);
