// A persistent thread pool for kernel launches. Each launch is cut into chunks; the caller and the workers take chunks from
// one ticket (launch number, chunks left) by compare-and-swap, so a worker that is late finds nothing and nobody waits for it.
// Which thread runs an item never changes what the item computes.
#include "Kernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() __asm__ volatile("yield")
#endif
enum { spins_before_sleep = 4000, chunks_per_thread = 4 };

struct KernelPool {
    int threads;
    pthread_mutex_t launching;            // held for the length of a launch; who finds it taken runs its own items alone
    _Atomic uint64_t ticket;              // launch number << 32 | chunks left to take
    _Atomic uint32_t unfinished;          // chunks taken or left, not yet done
    _Atomic int sleeping;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    HostKernelRun run;                    // of the current launch; written while no chunk is to be had
    void *const *arguments;
    const size_t *range;
    size_t total;
    uint32_t chunks;
};

// Takes and runs chunks until none is left. True if at least one was run.
static int help(KernelPool *pool) {
    int ran = 0;
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while ((uint32_t)ticket != 0) {
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel, memory_order_acquire)) continue;
        const size_t chunk = (uint32_t)ticket - 1, chunks = pool->chunks, total = pool->total;
        pool->run(pool->arguments, pool->range, total * chunk / chunks, total * (chunk + 1) / chunks);
        atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_acq_rel);
        ran = 1;
        ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
    return ran;
}

static void *work(void *argument) {
    KernelPool *pool = argument;
    for (;;) {
        int spins = 0;
        while (spins < spins_before_sleep) {
            if (help(pool)) spins = 0;
            else { PAUSE(); ++spins; }
        }
        pthread_mutex_lock(&pool->mutex);
        atomic_fetch_add(&pool->sleeping, 1);
        while ((uint32_t)atomic_load(&pool->ticket) == 0) pthread_cond_wait(&pool->wake, &pool->mutex);
        atomic_fetch_sub(&pool->sleeping, 1);
        pthread_mutex_unlock(&pool->mutex);
    }
    return NULL;
}

KernelPool *kernel_pool_create(int threads) {
    KernelPool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->threads = threads;
    pthread_mutex_init(&pool->launching, NULL);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (int i = 1; i < threads; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, pool) != 0) { pool->threads = i; break; }
        pthread_detach(thread);
    }
    return pool;
}

void kernel_pool_run(KernelPool *pool, HostKernelRun run, void *const *arguments, const size_t *range, size_t total) {
    if (total == 0) return;
    if (total == 1 || pool->threads == 1 || pthread_mutex_trylock(&pool->launching) != 0) {
        run(arguments, range, 0, total);
        return;
    }
    size_t chunks = (size_t)pool->threads * chunks_per_thread;
    if (chunks > total) chunks = total;
    pool->run = run;
    pool->arguments = arguments;
    pool->range = range;
    pool->total = total;
    pool->chunks = (uint32_t)chunks;
    atomic_store_explicit(&pool->unfinished, (uint32_t)chunks, memory_order_relaxed);
    const uint64_t launch = (atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> 32) + 1;
    atomic_store(&pool->ticket, launch << 32 | chunks);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    help(pool);
    while (atomic_load_explicit(&pool->unfinished, memory_order_acquire) != 0) PAUSE();
    pthread_mutex_unlock(&pool->launching);
}
