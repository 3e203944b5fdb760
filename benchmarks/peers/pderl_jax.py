# Measures PDERL's parts in JAX on the CPU, as fast as jit, vmap and scan make them:
#   ddpg_update         a scan over 50 updates, each with its own drawn batch of 128; per update
#   distillation        4 children by vmap, 12 epochs of 62 batches by scan, teacher's actions once; per child
#   proximal_mutation   9 mutants by vmap, 256 states, the 6 backward passes by vmap or one after the other; per mutant
# Batches are drawn uniformly with replacement, which is cheaper than what the others do. Compile time is reported apart.
import argparse
import os
import time

import common


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="per form")
    args = parser.parse_args()
    common.use_cpus(args.threads)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp
    from jax import lax

    tree = jax.tree_util.tree_map

    def norm(p, x):
        return p["gamma"] * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True, ddof=1) + 1e-6) + p["beta"]

    def linear(p, x):
        return x @ p["w"] + p["b"]

    def actor(p, x):
        x = jnp.tanh(norm(p["n1"], linear(p["l1"], x)))
        x = jnp.tanh(norm(p["n2"], linear(p["l2"], x)))
        return jnp.tanh(linear(p["out"], x))

    def critic(p, state, action):
        x = jnp.concatenate([jax.nn.elu(linear(p["state"], state)), jax.nn.elu(linear(p["action"], action))], -1)
        return linear(p["out"], jax.nn.elu(norm(p["n2"], linear(p["l2"], x))))[..., 0]

    def layer(key, inputs, outputs):
        k = jax.random.split(key)
        bound = inputs**-0.5
        return {"w": jax.random.uniform(k[0], (inputs, outputs), minval=-bound, maxval=bound), "b": jax.random.uniform(k[1], (outputs,), minval=-bound, maxval=bound)}

    def ones(width):
        return {"gamma": jnp.ones(width), "beta": jnp.zeros(width)}

    n, a, hidden, (first, second) = (common.PDERL_SHAPE[k] for k in ("observations", "actions", "hidden", "critic"))

    def make_actor(key):
        k = jax.random.split(key, 3)
        return {"l1": layer(k[0], n, hidden), "n1": ones(hidden), "l2": layer(k[1], hidden, hidden), "n2": ones(hidden), "out": layer(k[2], hidden, a)}

    def make_critic(key):
        k = jax.random.split(key, 4)
        return {"state": layer(k[0], n, first), "action": layer(k[1], a, first), "l2": layer(k[2], 2 * first, second), "n2": ones(second), "out": layer(k[3], second, 1)}

    def adam(p, g, state, rate):
        m, v, t = state
        t = t + 1
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        p = tree(lambda p, m, v: p - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), p, m, v)
        return p, (m, v, t)

    def fresh(p):
        return tree(jnp.zeros_like, p), tree(jnp.zeros_like, p), 0.0

    def clipped(g, limit=10.0):
        size = jnp.sqrt(sum((x**2).sum() for x in jax.tree_util.tree_leaves(g)))
        return tree(lambda x: x * jnp.minimum(1.0, limit / (size + 1e-6)), g)

    def soft(target, online):
        return tree(lambda t, o: t + 1e-3 * (o - t), target, online)

    def update(carry, batch):
        pa, pc, ta, tc, sa, sc = carry
        state, action, next_state, reward, done = batch
        target = reward[:, 0] + 0.99 * (1 - done[:, 0]) * critic(tc, next_state, actor(ta, next_state))
        pc, sc = adam(pc, clipped(jax.grad(lambda p: ((critic(p, state, action) - target) ** 2).mean())(pc)), sc, 5e-4)
        pa, sa = adam(pa, clipped(jax.grad(lambda p: -critic(pc, state, actor(p, state)).mean())(pa)), sa, 5e-5)
        return pa, pc, soft(ta, pa), soft(tc, pc), sa, sc

    def updates(carry, key, rows, count):
        def one(state, key):
            chosen = jax.random.randint(key, (128,), 0, rows[0].shape[0])
            return update(state, [r[chosen] for r in rows]), None

        return lax.scan(one, carry, jax.random.split(key, count))[0]

    def distil(key, p1, p2, pc, states):
        a1, a2 = actor(p1, states), actor(p2, states)
        better = critic(pc, states, a1) > critic(pc, states, a2)
        teacher = jnp.where(better[:, None], a1, a2)

        def loss(p, state, action):
            mu = actor(p, state)
            return ((mu - action) ** 2).sum() + (mu**2).mean()

        def one(carry, key):
            p, s = carry
            chosen = jax.random.randint(key, (128,), 0, states.shape[0])
            return adam(p, jax.grad(loss)(p, states[chosen], teacher[chosen]), s, 1e-3), None

        return lax.scan(one, (p2, fresh(p2)), jax.random.split(key, 12 * (states.shape[0] // 128)))[0][0]

    def mutate(key, p, states, together):
        k = jax.random.split(key, 4)
        chosen = states[jax.random.randint(k[3], (256,), 0, states.shape[0])]
        names = ("l1", "l2", "out")

        def forward(matrices):
            return actor({**p, **{name: {**p[name], "w": w} for name, w in zip(names, matrices)}}, chosen)

        matrices = [p[name]["w"] for name in names]
        _, back = jax.vjp(forward, matrices)

        def squares(column):
            return [g**2 for g in back(jnp.zeros((256, a)).at[:, column].set(1.0))[0]]

        if together:
            total = [g.sum(0) for g in jax.vmap(squares)(jnp.arange(a))]
        else:
            total = lax.scan(lambda sums, c: ([s + g for s, g in zip(sums, squares(c))], None), [jnp.zeros_like(m) for m in matrices], jnp.arange(a))[0]
        moved = []
        for key, m, t in zip(k, matrices, total):
            s = jnp.sqrt(t)
            moved.append(m + 0.1 * jax.random.normal(key, m.shape) / jnp.where(s == 0, 1.0, jnp.maximum(s, 0.01)))
        return moved

    def run(name, form, function, inputs, each, flops):
        inputs = jax.device_put(inputs)
        start = time.perf_counter()
        call = jax.jit(function).lower(*inputs).compile()
        compile_s = time.perf_counter() - start
        stats = common.measure(lambda: jax.block_until_ready(call(*inputs)), args.seconds)
        for figure in ("median_s", "p10_s", "p90_s", "min_s", "cpu_s"):
            stats[figure] /= each
        common.report(name, "jax", jax.__version__, form, common.PDERL_SHAPE, args.threads, stats, flops, compile_s=compile_s, each=each)

    key, rows = jax.random.PRNGKey(1), common.pderl_rows(100_000)
    pa, pc = make_actor(key), make_critic(key)
    run("ddpg_update", "scan", lambda c, k, *r: updates(c, k, r, 50), ((pa, pc, pa, pc, fresh(pa), fresh(pc)), key, *rows), 50, common.pderl_update_flops())

    states = rows[0][:32_000].reshape(4, 8000, n)
    keys, p1, p2 = jax.random.split(key, 4), jax.vmap(make_actor)(jax.random.split(key, 4)), jax.vmap(make_actor)(jax.random.split(jax.random.PRNGKey(2), 4))
    run("distillation", "vmap_4", jax.vmap(distil, (0, 0, 0, None, 0)), (keys, p1, p2, pc, states), 4, common.pderl_distillation_flops())
    one = tree(lambda x: x[0], (keys, p1, p2))
    run("distillation", "one", distil, (*one, pc, states[0]), 1, common.pderl_distillation_flops())

    states, keys, actors = rows[0][:72_000].reshape(9, 8000, n), jax.random.split(key, 9), jax.vmap(make_actor)(jax.random.split(key, 9))
    for form, together in (("vmap_9_columns_together", True), ("vmap_9_columns_in_turn", False)):
        run("proximal_mutation", form, jax.vmap(lambda k, p, s: mutate(k, p, s, together)), (keys, actors, states), 9, common.pderl_mutation_flops())

    def in_turn(keys, actors, states):
        return lax.map(lambda x: mutate(*x, True), (keys, actors, states))

    run("proximal_mutation", "map_9", in_turn, (keys, actors, states), 9, common.pderl_mutation_flops())


if __name__ == "__main__":
    main()
