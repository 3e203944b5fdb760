# Measures PyTorch on the CPU, against two of our kernels:
#   linear_tanh           our fused population linear + bias + tanh kernel
#   mlp_forward_backward  our population MLP forward and backward pass to the
#                         parameter gradients (Linear -> LayerNorm -> tanh
#                         hidden layers, Linear -> tanh output)
# Each is timed in several forms; the fastest one is the fair opponent.
import argparse
import time

import torch
import torch.nn.functional as F

import common


def linear_tanh_forms(x, w, b, compile):
    out = torch.empty(x.shape[0], x.shape[1], w.shape[2])

    def plain():
        return torch.tanh(torch.baddbmm(b, x, w))

    def preallocated():
        torch.baddbmm(b, x, w, out=out)
        return torch.tanh(out, out=out)

    def per_member():
        for i in range(x.shape[0]):
            torch.addmm(b[i], x[i], w[i], out=out[i])
        return torch.tanh(out, out=out)

    forms = {"baddbmm_tanh": plain, "baddbmm_tanh_out": preallocated, "addmm_loop_tanh_out": per_member}

    # oneDNN's fused linear + tanh, which torch.compile uses for frozen weights.
    # The operators are private to torch: absent ones are left out. "packed"
    # lays the weights out for oneDNN beforehand, outside the timed call.
    fused = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    pack = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
    if torch.backends.mkldnn.is_available() and fused and pack:
        members = range(x.shape[0])
        weights = [w[i].T.contiguous() for i in members]
        packed = [pack(weight, x.shape[1]) for weight in weights]
        biases = [b[i, 0].contiguous() for i in members]

        def onednn(weights):
            return [fused(x[i], weights[i], biases[i], "tanh", [], "") for i in members]

        forms["onednn_fused_loop"] = lambda: onednn(weights)
        forms["onednn_fused_loop_packed"] = lambda: onednn(packed)

    if compile:
        call = torch.compile(lambda x, w, b: torch.tanh(torch.baddbmm(b, x, w)), dynamic=False)
        forms["baddbmm_tanh_compiled"] = lambda: call(x, w, b)
    return forms


def mlp_one(params, x):
    """One member: a function of its own parameters, for torch.func.vmap."""
    for i in (0, 1):
        x = F.linear(x, params[f"w{i}"].T, params[f"b{i}"])
        x = F.layer_norm(x, x.shape[-1:], params[f"g{i}"], params[f"s{i}"], common.LAYER_NORM_EPS)
        x = torch.tanh(x)
    return torch.tanh(F.linear(x, params["w2"].T, params["b2"]))


def mlp_all(params, x):
    """The whole population by hand, with batched matrix products."""
    for i in (0, 1):
        x = torch.baddbmm(params[f"b{i}"].unsqueeze(1), x, params[f"w{i}"])
        x = F.layer_norm(x, x.shape[-1:], eps=common.LAYER_NORM_EPS)
        x = torch.tanh(torch.addcmul(params[f"s{i}"].unsqueeze(1), x, params[f"g{i}"].unsqueeze(1)))
    return torch.tanh(torch.baddbmm(params["b2"].unsqueeze(1), x, params["w2"]))


def mlp_forms(params, x, cotangent, compile):
    names = list(params)
    leaves = {k: v.clone().requires_grad_() for k, v in params.items()}
    members = [
        {k: v[i].clone().requires_grad_() for k, v in params.items()} for i in range(x.shape[0])
    ]

    def loss_one(p, x, c):
        return (mlp_one(p, x) * c).sum()

    def loss_all(p, x, c):
        return (mlp_all(p, x) * c).sum()

    vmapped = torch.func.vmap(torch.func.grad(loss_one))

    def hand():
        g = torch.autograd.grad(mlp_all(leaves, x), [leaves[k] for k in names], cotangent)
        return dict(zip(names, g))

    def per_member():
        grads = [
            torch.autograd.grad(mlp_one(m, x[i]), [m[k] for k in names], cotangent[i])
            for i, m in enumerate(members)
        ]
        return {k: torch.stack(g) for k, g in zip(names, zip(*grads))}

    forms = {
        "vmap_grad": lambda: vmapped(params, x, cotangent),
        "hand_bmm_autograd": hand,
        "member_loop_autograd": per_member,
    }
    if compile:
        vmapped_c = torch.compile(vmapped)
        hand_c = torch.compile(torch.func.grad(loss_all))
        forms["vmap_grad_compiled"] = lambda: vmapped_c(params, x, cotangent)
        forms["hand_bmm_grad_compiled"] = lambda: hand_c(params, x, cotangent)
    return forms


def first_call(run):
    """The result of the first call and, for a compiled form, how long it took."""
    start = time.perf_counter()
    got = run()
    return got, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="per form")
    parser.add_argument("--compile", action="store_true",
                        help="time torch.compile forms too (needs a C++ compiler)")
    args = parser.parse_args()
    common.use_cpus(args.threads)
    torch.set_num_threads(args.threads)

    for shape in common.LINEAR_SHAPES:
        x, w, b = (torch.from_numpy(a) for a in common.linear_data(*shape))
        with torch.inference_mode():
            forms = linear_tanh_forms(x, w, b, args.compile)
            want = forms["baddbmm_tanh"]()
            for form, run in forms.items():
                got, first_s = first_call(run)
                got = torch.stack(got) if isinstance(got, list) else got
                torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
                more = {"compile_s": first_s} if form.endswith("compiled") else {}
                common.report("linear_tanh", "torch", torch.__version__, form,
                              common.linear_shape(*shape), args.threads,
                              common.measure(run, args.seconds), common.linear_flops(*shape), **more)

    params, x, cotangent = common.mlp_data()
    params = {k: torch.from_numpy(v) for k, v in params.items()}
    forms = mlp_forms(params, torch.from_numpy(x), torch.from_numpy(cotangent), args.compile)
    want = forms["vmap_grad"]()
    for form, run in forms.items():
        got, first_s = first_call(run)
        torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-3)
        more = {"gradient_norm": common.gradient_norm(got.values())}
        if form.endswith("compiled"):
            more["compile_s"] = first_s
        common.report("mlp_forward_backward", "torch", torch.__version__, form, common.mlp_shape(),
                      args.threads, common.measure(run, args.seconds), common.mlp_flops(), **more)


if __name__ == "__main__":
    main()
