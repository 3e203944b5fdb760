#!/usr/bin/env python3
"""Where an environment step's time goes, and how much of the processor it uses.

    physics_phases.py [FILE]      default: benchmarks/results/physics_phases.md

For each MuJoCo task on the CPU backend: operations per environment step (physics_operations.cpp counts them in the kernels' own
source), steps per second of `evogpu bench envs`, the rate of arithmetic that makes and its share of the measured peak, and the
share of samples in each phase (perf). Needs a release build, perf, and a clang++ that compiles C++17. Operations are those that
one environment needs; lanes that wait for their neighbours' solver do more.
"""
import json, pathlib, re, subprocess, sys, tempfile

here = pathlib.Path(__file__).resolve().parent
out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "results/physics_phases.md")
program = here / "../.build/release/evogpu"
kernels = here / "../Sources/Kernels"
INF = "(1.0f / 0.0f)"
# kernel, engine, action bound, terminates, z from, z to, angle, state
tasks = {
    "Swimmer": ("swimmer", "planar", 1, 0, f"-{INF}", INF, INF, INF),
    "Hopper": ("hopper", "planar", 1, 1, "0.7f", INF, "0.2f", "100"),
    "HalfCheetah": ("half_cheetah", "planar", 1, 0, f"-{INF}", INF, INF, INF),
    "Walker2d": ("walker2d", "planar", 1, 1, "0.8f", "2", "1", INF),
    "Ant": ("ant", "spatial", 1, 1, "0.2f", "1", INF, INF),
    "Humanoid": ("humanoid", "spatial", "0.4f", 1, "1", "2", INF, INF),
}
# A function belongs to the first phase whose pattern its name matches.
phases = [
    ("kinematics", r"_(kinematics|move|spread)$"),
    ("inertia and forces", r"_(inertia|forces|balance)$"),
    ("collision and rows", r"_(detect|find_floor|find_limits|find_pairs)$|^(make_floor_contact|make_limit|keep_\w+)$"),
    ("solver", r"_(assemble|accelerate|line_search|factor|apply_inverse|add_slots|newton_step|move_point|slope|search_line|take_sets|solve)$|^(load_floor_contact|test_floor_contact)$"),
    ("integration, reward, observation", r"_(advance|forward|physics_step|soften|observe|step|start|place_state)$"),
]

def run(*command): return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout

def bench(task):
    lines = [json.loads(line) for line in run(program, "bench", "envs", "--env", task, "--device", "cpu", "--json").splitlines()]
    return next(line for line in lines if line["name"] == "environment_steps")

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    peak = next(line["rate"] for line in map(json.loads, run(program, "bench", "kernels", "--device", "cpu", "--json").splitlines()) if line["name"] == "peak_fma")
    rows, device = [], ""
    for task, (model, engine, bound, ends, low, high, angle, state) in tasks.items():
        settings = f"1,0.1f,1,{ends},0,{low},{high},-{angle},{angle},-{state},{state},0.01f,0.0005f,-1,1,10,0,0,10,0"
        run("clang++", "-std=c++17", "-O1", "-w", "-I", kernels, f'-DMODEL_FILE="cl/physics/generated/{model}.cl"', f'-DENGINE_FILE="cl/physics/{engine}.cl"',
            f"-DSETTINGS={settings}", "-DFRICTION=1", f"-DBOUND={bound}", here / "physics_operations.cpp", "-o", folder / model)
        operations = float(run(folder / model))
        measured = bench(task)
        device = measured["device"]
        subprocess.run(["perf", "record", "-q", "-F", "2000", "-o", folder / "perf", program, "bench", "envs", "--env", task, "--device", "cpu"], check=True, capture_output=True)
        share = {name: 0.0 for name, _ in phases} | {"memory, resets, waiting": 0.0}
        for line in run("perf", "report", "-i", folder / "perf", "--stdio", "--no-children", "-F", "overhead,symbol").splitlines():
            found = re.match(r"\s*([\d.]+)%\s+\[.\]\s+(\S+)", line)
            if not found: continue
            function = re.sub(r"\.\w+$", "", found[2])
            phase = next((name for name, pattern in phases if re.search(pattern, function)), "memory, resets, waiting")
            share[phase] += float(found[1])
        total = sum(share.values())
        gflops = operations * measured["rate"] * 1e-9
        rows.append(f"| {task} | {operations:,.0f} | {measured['rate']:,.0f} | {gflops:.0f} | {100 * gflops / peak:.0f} % | " + " | ".join(f"{100 * s / total:.0f} %" for s in share.values()) + " |")
        print(rows[-1], flush=True)

commit = run("git", "-C", here, "rev-parse", "--short", "HEAD").strip()
header = ["task", "operations per step", "steps/s", "GFLOP/s", "of peak"] + [name for name, _ in phases] + ["memory, resets, waiting"]
out.write_text("# Where an environment step's time goes\n\n" + f"CPU backend, {device}, {measured['threads']} threads, {measured['lanes']} lanes, 1,024 environments, commit {commit}. "
    f"Peak: {peak:.0f} GFLOP/s, measured in the same run. Made by `benchmarks/physics_phases.py`.\n\n"
    "Operations are those that one environment needs on average (a fused multiply-add is two); what lanes do while they wait for a neighbour's solver is not among them.\n\n"
    "| " + " | ".join(header) + " |\n|---|" + "--:|" * (len(header) - 1) + "\n" + "\n".join(rows) + "\n")
print(out)
