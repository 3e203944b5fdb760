// A persistent thread pool for kernel launches. Each launch is cut into chunks, and every thread has a run of
// neighbouring ones of its own, the same run in every launch of that many: what a thread wrote in one launch is still
// in its cache when it reads it in the next. A thread without chunks of its own left takes those of others, so nobody
// waits for one that is late. Which thread runs an item never changes what the item computes.
#include "Kernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() __asm__ volatile("yield")
#endif
enum { spins_before_sleep = 4000, chunks_per_thread = 4 };

// A thread's chunks, alone in its cache lines: those before `end`, as many as are left.
typedef struct { _Alignas(128) _Atomic uint32_t left; uint32_t end; } Share;

struct KernelPool {
    int threads;
    pthread_mutex_t launching;            // held for a whole launch; who finds it taken runs its own items alone
    _Alignas(128) _Atomic uint32_t launches;     // so far; counted up when a launch's chunks can be taken
    _Alignas(128) _Atomic uint32_t unfinished;   // chunks of the launch, taken or left, not yet reported done
    _Alignas(128) _Atomic int sleeping;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    HostKernelRun run;                    // of the current launch; written while no chunk is to be had
    void *const *arguments;
    const size_t *range;
    size_t total;
    uint32_t chunks;
    Share *shares;                        // [threads]; the first is the caller's
};

typedef struct { KernelPool *pool; int thread; } Worker;

// Takes and runs chunks until none is left, its own first, then those of the threads after it. True if there was one.
static int help(KernelPool *pool, int thread) {
    const int threads = pool->threads;
    Share *const shares = pool->shares;
    int helped = 0;
    for (int i = 0; i < threads; ++i) {
        Share *share = &shares[(thread + i) % threads];
        uint32_t ran = 0, left = atomic_load_explicit(&share->left, memory_order_acquire);
        while (left != 0) {
            if (!atomic_compare_exchange_weak_explicit(&share->left, &left, left - 1, memory_order_acq_rel,
                                                       memory_order_acquire))
                continue;
            const size_t chunk = share->end - left, chunks = pool->chunks, total = pool->total;
            pool->run(pool->arguments, pool->range, total * chunk / chunks, total * (chunk + 1) / chunks);
            ++ran;
            left = atomic_load_explicit(&share->left, memory_order_acquire);
        }
        if (ran == 0) continue;
        atomic_fetch_sub_explicit(&pool->unfinished, ran, memory_order_acq_rel);
        helped = 1;
    }
    return helped;
}

static void *work(void *argument) {
    Worker worker = *(Worker *)argument;
    KernelPool *pool = worker.pool;
    free(argument);
    uint32_t seen = 0;
    for (;;) {
        for (int spins = 0; spins < spins_before_sleep; ++spins) {
            const uint32_t launches = atomic_load_explicit(&pool->launches, memory_order_acquire);
            if (launches == seen) { PAUSE(); continue; }
            seen = launches;
            if (help(pool, worker.thread)) spins = 0;
        }
        pthread_mutex_lock(&pool->mutex);
        atomic_fetch_add(&pool->sleeping, 1);
        while (atomic_load(&pool->launches) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
        atomic_fetch_sub(&pool->sleeping, 1);
        pthread_mutex_unlock(&pool->mutex);
    }
    return NULL;
}

KernelPool *kernel_pool_create(int threads) {
    KernelPool *pool = aligned_alloc(_Alignof(KernelPool), sizeof *pool);
    if (pool == NULL) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->shares = aligned_alloc(_Alignof(Share), (size_t)threads * sizeof *pool->shares);
    if (pool->shares == NULL) { free(pool); return NULL; }
    for (int i = 0; i < threads; ++i) atomic_init(&pool->shares[i].left, 0);
    pool->threads = threads;
    pthread_mutex_init(&pool->launching, NULL);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (int i = 1; i < threads; ++i) {
        pthread_t thread;
        Worker *worker = malloc(sizeof *worker);
        if (worker != NULL) *worker = (Worker){ pool, i };
        if (worker == NULL || pthread_create(&thread, NULL, work, worker) != 0) { free(worker); break; }
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
    // The rest have none left from the launch before.
    for (size_t i = 0, end = 0, threads = (size_t)pool->threads; end < chunks; ++i) {
        const size_t first = end;
        end = (chunks * (i + 1) + threads - 1) / threads;
        if (end == first) continue;
        pool->shares[i].end = (uint32_t)end;
        atomic_store_explicit(&pool->shares[i].left, (uint32_t)(end - first), memory_order_release);
    }
    atomic_fetch_add(&pool->launches, 1);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    help(pool, 0);
    while (atomic_load_explicit(&pool->unfinished, memory_order_acquire) != 0) PAUSE();
    pthread_mutex_unlock(&pool->launching);
}
