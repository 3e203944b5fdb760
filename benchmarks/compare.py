#!/usr/bin/env python3
"""Measures our kernels and PPO beside their peers in one run, and writes the ratios as a table.

    benchmarks/compare.py [--out benchmarks/results/NAME]     NAME.jsonl and NAME.md

Ours run before and after the peers, on the CPU backend and on the first OpenCL device; the faster median of the two counts, as the
peers keep the quietest of their tries. Set up the peers first: benchmarks/peers/setup.sh. Ours: swift build -c release.
"""
import argparse, json, os, platform, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.join(here, "..", ".build", "release", "evogpu")


def ours(subject, device, tag):
    text = subprocess.run([program, "bench", *subject.split(), "--device", device, "--json"], capture_output=True, text=True)
    if text.returncode != 0:
        print(f"left out: bench {subject} on {device}: {text.stderr.strip()}", file=sys.stderr)
        return []
    rows = [json.loads(line) for line in text.stdout.splitlines()]
    for row in rows:
        row.update(library="evogpu", backend=device, round=tag)
        if "iterations" not in row:
            continue
        # An algorithm's training, its phases in `phases`.
        rate, policies = row["steps"] / row["total"], f"{row['policies']} policies"
        if row["algorithm"] == "pderl":
            row.update(name="generation", shapes=f"PDERL on {row['environment']}", median_s=row["median"], rate=rate, unit="frames/s")
        elif row["algorithm"] == "gpo":
            row.update(name="gpo_mutation" if "single" in subject else "gpo", shapes=f"{row['environment']}, {policies}", median_s=row["total"], rate=rate, unit="steps/s")
        else:
            row.update(name=row["algorithm"], shapes=f"{row['environment']}, {row['policies']} members", median_s=row["median"], rate=rate, unit="steps/s")
    return rows


def peers(scripts):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        subprocess.run(["bash", os.path.join(here, "peers", "run.sh"), file.name, *scripts], check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in open(file.name)]


# What is compared: our line's name and shapes, the peer's library and forms (the fastest counts), the ratio aimed at.
COMPARISONS = [
    ("linear_tanh", "10 x (512 x 128 x 128)", "torch", ["baddbmm_tanh", "baddbmm_tanh_out"], 512, 2),
    ("linear_tanh", "10 x (512 x 128 x 128)", "torch", ["baddbmm_tanh_compiled"], 512, None),
    ("linear_tanh", "10 x (128 x 128 x 128)", "torch", ["baddbmm_tanh", "baddbmm_tanh_out"], 128, 2),
    ("linear_tanh", "10 x (128 x 128 x 128)", "torch", ["baddbmm_tanh_compiled"], 128, None),
    ("mlp_forward_backward", "10 x", "torch", ["vmap_grad", "hand_bmm_autograd"], None, 3),
    ("mlp_forward_backward", "10 x", "torch", ["vmap_grad_compiled", "hand_bmm_grad_compiled"], None, None),
    ("mlp_forward_backward", "10 x", "jax", ["vmap_grad"], None, 2),
    ("mlp_forward_backward", "10 x", "jax", ["member_loop_grad"], None, None),
    *[("environment_steps", f"{task}-v5, 1024 environments", library, forms, None, None)
      for task in ("HalfCheetah", "Swimmer", "Hopper", "Walker2d", "Ant", "Humanoid") for library, forms in (("envpool", ["sync", "async"]), ("mujoco", ["mj_step"]))],
    ("ppo", "Pendulum-v1, 8 members", "stable-baselines3", ["DummyVecEnv", "SubprocVecEnv"], None, 12),
    ("gpo_mutation", "HalfCheetah-v5, 8 policies", "stable-baselines3", ["DummyVecEnv", "SubprocVecEnv"], None, 12),
    ("gpo", "HalfCheetah-v5, 8 policies", "stable-baselines3", ["DummyVecEnv", "SubprocVecEnv"], None, None),
    ("ddpg_update", "17 x 6", "torch", ["published", "published_memory"], None, 4),
    ("ddpg_update", "17 x 6", "torch", ["batch_at_hand"], None, None),
    ("ddpg_update", "17 x 6", "jax", ["scan"], None, 2),
    ("distillation", "4 children", "torch", ["published"], None, 20),
    ("distillation", "4 children", "jax", ["vmap_4", "one"], None, 2.5),
    ("proximal_mutation", "9 mutants", "torch", ["published"], None, 10),
    ("proximal_mutation", "9 mutants", "jax", ["vmap_9_columns_together", "vmap_9_columns_in_turn", "map_9"], None, 2.5),
    ("generation", "PDERL on HalfCheetah-v5", "torch", ["published"], None, 6),
]
# Ours do so many at once; the peers' lines are of one.
TOGETHER = {"distillation": 4, "proximal_mutation": 9}


def table(lines):
    mine = [line for line in lines if line["library"] == "evogpu"]
    out = ["| what | peer | peer's median | ours, CPU backend | ratio | ours, OpenCL | ratio | aimed at |", "|---|---|---|---|---|---|---|---|"]
    for name, shapes, library, forms, rows, aim in COMPARISONS:
        isPhysics = name == "environment_steps"
        theirs = [l for l in lines if l["library"] == library and l["name"] == {"ppo": "ppo_pendulum", "gpo": "ppo_half_cheetah", "gpo_mutation": "ppo_half_cheetah", "environment_steps": "physics_steps"}.get(name, name) and l["form"] in forms
                  and (not isPhysics or shapes.startswith(l["task"] + "-")) and (rows is None or l.get("shape", {}).get("m") == rows)]
        if not theirs:
            continue
        comparesRates = name in ("ppo", "gpo", "gpo_mutation") or isPhysics
        best = max(theirs, key=lambda l: l["env_steps_per_s"]) if comparesRates else min(theirs, key=lambda l: l["median_s"])
        cells = []
        for backend in ("cpu", "opencl"):
            found = [l for l in mine if l["backend"] == backend and l["name"] == name and l["shapes"].startswith(shapes)]
            if not found:
                cells += ["not run", ""]
            elif comparesRates:
                rate = max(l["rate"] for l in found)
                cells += [f"{rate:,.0f} steps/s", f"**{rate / best['env_steps_per_s']:.1f}x**"]
            else:
                median = min(l["median_s"] for l in found) / TOGETHER.get(name, 1)
                cells += [f"{median * 1e3:.3f} ms", f"**{best['median_s'] / median:.2f}x**"]
        what = f"{best['env_steps_per_s']:,.0f} steps/s" if comparesRates else f"{best['median_s'] * 1e3:.3f} ms"
        out.append(f"| {name} {shapes.rstrip(' x') if name == 'ppo' else shapes} | {library} {best.get('version', '')} {best['form']} | {what} | " + " | ".join(cells) + f" | {str(aim) + 'x' if aim else ''} |")
    out += ["", "| ours | device | median | rate | of the device's measured peak |", "|---|---|---|---|---|"]
    seen = {}
    for line in mine:
        key = (line["backend"], line["name"], line["shapes"])
        if key not in seen or line["median_s"] < seen[key]["median_s"]:
            seen[key] = line
    for (backend, name, shapes), line in seen.items():
        share = f"{100 * line['rate'] / line['peak']:.0f} %" if line.get("peak") else ""
        out.append(f"| {name}, {shapes} | {backend}, {line['lanes']} lanes | {line['median_s'] * 1e6:,.2f} us | {line['rate']:,.1f} {line['unit']} | {share} |")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=os.path.join(here, "results", "cpu"))
    parser.add_argument("--from", dest="source", help="make the table of an earlier run's .jsonl again")
    parser.add_argument("--subjects", nargs="+", default=["kernels", "ppo --set total_steps=1000000000", "gpo --env HalfCheetah --whole --set total_steps=2000000 --set rounds=3",
                                                              "gpo --env HalfCheetah --whole --set variant=single --set total_steps=2000000 --set rounds=3", "envs", "operators", "pderl --env HalfCheetah --iterations 2"], help="of evogpu bench")
    parser.add_argument("--peers", nargs="*", default=[], help="scripts of benchmarks/peers, with options; all by default")
    options = parser.parse_args()
    if options.source:
        lines = [json.loads(line) for line in open(options.source)]
    else:
        lines = []
        for tag in ("before", "after"):
            for subject in options.subjects:
                for device in ("cpu", "opencl"):
                    lines += ours(subject, device, tag)
            if tag == "before":
                lines += peers(options.peers)
    commit = subprocess.run(["git", "-C", here, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    with open(options.out + ".jsonl", "w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    head = [f"# Beside peers, in one run", "", f"`benchmarks/compare.py` at commit {commit}, {os.cpu_count()} cores of {model}. Medians; ratios above 1 are ours faster.", ""]
    with open(options.out + ".md", "w") as file:
        file.write("\n".join(head + table(lines)) + "\n")
    print(open(options.out + ".md").read())


main()
