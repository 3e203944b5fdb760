# Shared by the peer benchmarks: the timing loop, the JSON line, and the data
# of the two kernels. It measures nothing itself; it keeps PyTorch and JAX on
# the same inputs, the same flop count and the same clock as one another.
import json
import os
import time

import numpy as np

# linear_tanh: y[p] = tanh(x[p] @ w[p] + b[p]), as (population, M, K, N).
LINEAR_SHAPES = [(10, 512, 128, 128), (10, 128, 128, 128)]

# mlp_forward_backward: layer widths, population, batch.
MLP_WIDTHS = [17, 128, 128, 6]
MLP_POPULATION = 10
MLP_BATCH = 128
LAYER_NORM_EPS = 1e-5


def use_cpus(count):
    """Keeps this process, and any thread pool it starts later, on `count` CPUs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def busy_elsewhere():
    """CPU seconds used so far by everything but this process (None: unknown)."""
    try:
        with open("/proc/stat") as f:
            user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq + steal) / ticks - sum(os.times()[:4])


def statistics(times, since=None, seconds=None):
    """The figures of some times; `since` is busy_elsewhere() before them."""
    stats = {
        "repeats": len(times),
        "median_s": float(np.median(times)),
        "p10_s": float(np.percentile(times, 10)),
        "p90_s": float(np.percentile(times, 90)),
        "min_s": float(np.min(times)),
    }
    if since is not None:
        stats["other_cpus"] = round(max(0.0, busy_elsewhere() - since) / seconds, 2)
    return stats


def measure(call, seconds=1.0, warmup=0.3, tries=3, quiet=0.1, least=5):
    """Times single calls for `seconds`, and `least` of them at the least.

    Where other processes disturbed them, tries again and keeps the quietest.
    """
    end = time.perf_counter() + warmup
    call()
    while time.perf_counter() < end:
        call()
    best = None
    for _ in range(tries):
        times = []
        since, begin, spent = busy_elsewhere(), time.perf_counter(), time.process_time()
        while len(times) < least or time.perf_counter() < begin + seconds:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        stats = statistics(times, since, time.perf_counter() - begin)
        stats["cpu_s"] = (time.process_time() - spent) / len(times)
        if best is None or stats["other_cpus"] < best["other_cpus"]:
            best = stats
        if best.get("other_cpus", 0) < quiet:
            break
    return best


def report(name, library, version, form, shape, threads, stats, flops, **more):
    """Prints one JSON line. other_cpus in it is how many CPUs other processes
    kept busy meanwhile: well above zero, the line is not to be trusted."""
    line = {"name": name, "library": library, "version": version, "form": form, "shape": shape,
            "threads": threads}
    line.update(stats)
    line["gflops"] = flops / stats["median_s"] / 1e9
    line.update(more)
    print(json.dumps(line), flush=True)


def linear_data(population, m, k, n):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((population, m, k), dtype=np.float32)
    w = rng.standard_normal((population, k, n), dtype=np.float32) / np.float32(k**0.5)
    b = rng.standard_normal((population, 1, n), dtype=np.float32) * np.float32(0.1)
    return x, w, b


def linear_flops(population, m, k, n):
    """The matrix product only; bias and tanh are not counted."""
    return 2 * population * m * k * n


def linear_shape(population, m, k, n):
    return {"population": population, "m": m, "k": k, "n": n, "dtype": "float32"}


def mlp_data():
    """Parameters (each with a leading population axis), inputs, cotangent."""
    rng = np.random.default_rng(2)
    p, layers = MLP_POPULATION, len(MLP_WIDTHS) - 1
    params = {}
    for i in range(layers):
        k, n = MLP_WIDTHS[i], MLP_WIDTHS[i + 1]
        params[f"w{i}"] = rng.standard_normal((p, k, n), dtype=np.float32) / np.float32(k**0.5)
        params[f"b{i}"] = rng.standard_normal((p, n), dtype=np.float32) * np.float32(0.1)
        if i < layers - 1:
            params[f"g{i}"] = np.ones((p, n), dtype=np.float32)
            params[f"s{i}"] = np.zeros((p, n), dtype=np.float32)
    x = rng.standard_normal((p, MLP_BATCH, MLP_WIDTHS[0]), dtype=np.float32)
    cotangent = rng.standard_normal((p, MLP_BATCH, MLP_WIDTHS[-1]), dtype=np.float32)
    return params, x, cotangent


def mlp_flops():
    """Matrix products only: y, dW and (but for the first layer) dX."""
    total = 0
    for i in range(len(MLP_WIDTHS) - 1):
        products = 2 if i == 0 else 3
        total += products * 2 * MLP_BATCH * MLP_WIDTHS[i] * MLP_WIDTHS[i + 1]
    return MLP_POPULATION * total


def mlp_shape():
    return {"population": MLP_POPULATION, "batch": MLP_BATCH, "widths": MLP_WIDTHS, "dtype": "float32"}


def gradient_norm(gradients):
    """One number to compare the gradients of two libraries by."""
    return float(np.sqrt(sum(float((np.asarray(g, dtype=np.float64) ** 2).sum()) for g in gradients)))


# PDERL at HalfCheetah's shapes.
PDERL_SHAPE = {"observations": 17, "actions": 6, "hidden": 128, "critic": [200, 300], "batch": 128, "memory": 8000, "dtype": "float32"}


def pderl_rows(count):
    """Transitions as five arrays: state, action, next state, reward, done."""
    rng = np.random.default_rng(3)
    n, a = PDERL_SHAPE["observations"], PDERL_SHAPE["actions"]
    normal = lambda width: rng.standard_normal((count, width), dtype=np.float32) * np.float32(0.3)
    return [normal(n), normal(a), normal(n), normal(1), np.zeros((count, 1), dtype=np.float32)]


def _actor_flops(rows):
    return 2 * rows * (17 * 128 + 128 * 128 + 128 * 6)


def _critic_flops(rows):
    return 2 * rows * (17 * 200 + 6 * 200 + 400 * 300 + 300)


def pderl_update_flops():
    """Products that an update needs: no gradient of a network's input but the action's."""
    actor, critic = _actor_flops(128), _critic_flops(128)
    inner = 2 * 128 * (400 * 300 + 300)
    return 3 * actor - 2 * 128 * 17 * 128 + actor + 4 * critic + inner + 2 * 128 * (200 * 300 + 300 + 6 * 200)


def pderl_distillation_flops():
    """Products for one child with the teacher's actions computed once."""
    return 2 * (_actor_flops(8000) + _critic_flops(8000)) + 744 * (3 * _actor_flops(128) - 2 * 128 * 17 * 128)


def pderl_mutation_flops():
    return _actor_flops(256) + 6 * (2 * _actor_flops(256) - 2 * 256 * 17 * 128)
