# Measures JAX (XLA on the CPU), against two of our kernels:
#   mlp_forward_backward  our population MLP forward and backward pass to the
#                         parameter gradients (Linear -> LayerNorm -> tanh
#                         hidden layers, Linear -> tanh output)
#   linear_tanh           our fused population linear + bias + tanh kernel
# Compile time is reported apart, as compile_s; the timed calls wait for the
# result. The fastest form of each is the fair opponent.
import argparse
import os
import time

import common


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="per form")
    args = parser.parse_args()

    # XLA sizes its thread pool by the CPUs it may run on, when it is loaded.
    common.use_cpus(args.threads)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    def linear_one(x, w, b):
        return jnp.tanh(x @ w + b)

    def linear_loop(x, w, b):
        return [linear_one(x[i], w[i], b[i]) for i in range(x.shape[0])]

    def layer_norm(x, gain, shift):
        mean = x.mean(-1, keepdims=True)
        variance = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + common.LAYER_NORM_EPS) * gain + shift

    def mlp_one(p, x):
        for i in (0, 1):
            x = jnp.tanh(layer_norm(x @ p[f"w{i}"] + p[f"b{i}"], p[f"g{i}"], p[f"s{i}"]))
        return jnp.tanh(x @ p["w2"] + p["b2"])

    def loss(p, x, cotangent):
        return (mlp_one(p, x) * cotangent).sum()

    def mlp_loop(p, x, cotangent):
        grads = [
            jax.grad(loss)({k: v[i] for k, v in p.items()}, x[i], cotangent[i])
            for i in range(x.shape[0])
        ]
        return {k: jnp.stack([g[k] for g in grads]) for k in p}

    def run(name, form, function, inputs, shape, flops, norm=False):
        inputs = jax.device_put(inputs)
        start = time.perf_counter()
        call = jax.jit(function).lower(*inputs).compile()
        compile_s = time.perf_counter() - start
        stats = common.measure(lambda: jax.block_until_ready(call(*inputs)), args.seconds)
        more = {"compile_s": compile_s}
        if norm:
            more["gradient_norm"] = common.gradient_norm(call(*inputs).values())
        common.report(name, "jax", jax.__version__, form, shape, args.threads, stats, flops, **more)

    for shape in common.LINEAR_SHAPES:
        data = common.linear_data(*shape)
        for form, function in (("vmap", jax.vmap(linear_one)), ("member_loop", linear_loop)):
            run("linear_tanh", form, function, data, common.linear_shape(*shape), common.linear_flops(*shape))

    data = common.mlp_data()
    for form, function in (("vmap_grad", jax.vmap(jax.grad(loss))), ("member_loop_grad", mlp_loop)):
        run("mlp_forward_backward", form, function, data, common.mlp_shape(), common.mlp_flops(), norm=True)


if __name__ == "__main__":
    main()
