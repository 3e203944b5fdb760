#!/usr/bin/env bash
# Compiles every kernel for NVIDIA and AMD GPUs without having one, and tables what each needs there.
#
#   offline_gpu_check.sh [FILE]   default: benchmarks/results/offline_gpu.md
#   EVOGPU_PTXAS                  a ptxas to use (default: the one of a throw-away Python environment, fetched once)
#
# Each program is what OpenCL drivers get (the shared files, then one unit, with W = 1), built by clang 19 with libclc. A
# GPU's own driver compiles otherwise, so the figures are a guide to spills and register pressure, not a promise. Fails if a
# unit does not compile, or if an addition or product was compiled so that ptxas may contract it.
# Needs Debian's clang-19 and libclc-19, and python3-venv for ptxas.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(realpath -m "${1:-$here/results/offline_gpu.md}")
for need in clang-19 python3; do
    command -v "$need" >/dev/null || { echo "$need is missing; on Debian: apt-get install clang-19 libclc-19 python3-venv" >&2; exit 1; }
done
[[ -e /usr/lib/clc/nvptx64--nvidiacl.bc ]] || { echo "libclc-19 is missing; on Debian: apt-get install libclc-19" >&2; exit 1; }

ptxas=${EVOGPU_PTXAS:-}
if [[ -z $ptxas ]]; then
    venv=$here/../.build/ptxas
    [[ -e $venv/bin/pip ]] || python3 -m venv "$venv"
    "$venv/bin/pip" show -q nvidia-cuda-nvcc-cu12 2>/dev/null || "$venv/bin/pip" install -q nvidia-cuda-nvcc-cu12
    ptxas=$(find "$venv" -path '*/bin/ptxas' | head -n 1)
fi
mkdir -p "$(dirname "$out")"
python3 - "$here/../Sources/Kernels" "$ptxas" "$out" <<'PYTHON'
import pathlib, re, subprocess, sys, tempfile

kernels, ptxas, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
source = (kernels / "source.c").read_text()
embeds = {name: re.findall(r'#embed "(.*?)"', body) for name, body in re.findall(r"^TEXT\((\w+)\) = \{(.*?)\};", source, re.S | re.M)}
order = [name for name in re.findall(r'\{"(\w+)", text_\w+, [01]\}', source)]
shared_count = int(re.search(r"kernel_shared_sources = (\d+)", source)[1])
text = {name: "".join((kernels / file).read_text() for file in embeds[name]) for name in order}
shared = "\n".join(text[name] for name in order[:shared_count])
units = {"shared files": shared} | {name: shared + "\n" + text[name] for name in order[shared_count:]}

common = ["-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-DW=1", "-cl-fp32-correctly-rounded-divide-sqrt", "-O3", "-w", "-nogpulib", "-S"]
def library(file): return ["-Xclang", "-mlink-builtin-bitcode", "-Xclang", f"/usr/lib/clc/{file}.bc"]
targets = {
    "sm_90": ["-target", "nvptx64-nvidia-cuda", "-march=sm_90"] + library("nvptx64--nvidiacl"),
    "gfx1100": ["-target", "amdgcn-amd-amdhsa", "-mcpu=gfx1100"] + library("amdgcn--amdhsa"),
    "gfx90a": ["-target", "amdgcn-amd-amdhsa", "-mcpu=gfx90a"] + library("amdgcn--amdhsa"),
}
failures = []

def run(command, what):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0: failures.append(f"{what}: {(done.stderr or done.stdout).strip()}")
    return done

def nvidia(assembly, unit, folder):
    code = assembly.read_text()
    loose = re.findall(r"\b(?:add|sub|mul|fma|div|sqrt)\.(?!rn\.f32)[a-z.]*f32.*", code)
    if loose: failures.append(f"{unit} for sm_90: {len(loose)} operations that are inexact, flush denormals or may be contracted, such as {loose[0].strip()}")
    done = run([ptxas, "-arch=sm_90", "-v", str(assembly), "-o", str(folder / "cubin")], f"{unit} for sm_90, ptxas")
    found = {}
    for name, stack, stores, loads, used in re.findall(
            r"Compiling entry function '(\w+)'.*?\n.*?\n\s*(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n.*?Used (.*)", done.stderr):
        number = lambda pattern: int(m[1]) if (m := re.search(pattern, used)) else 0
        found[name] = {"registers": number(r"(\d+) registers"), "stack": int(stack), "spill": int(stores) + int(loads), "local": number(r"(\d+) bytes smem")}
    return found

def amd(assembly, unit, folder):
    code = assembly.read_text()
    if re.search(r"\.amdhsa_float_denorm_mode_32 [012]\b", code): failures.append(f"{unit} for {assembly.suffixes[0]}: a kernel flushes denormals")
    occupancy = dict(re.findall(r"\.size\t(\w+), \.Lfunc_end.*?; Occupancy: (\d+)", code, re.S))
    found = {}
    for block in re.split(r"\n  - ", code[code.index("amdhsa.kernels:"):])[1:]:
        value = {key: number for key, number in re.findall(r"\.(\w+): +(\S+)", block)}
        if "vgpr_count" not in value: continue
        name = value["symbol"].removesuffix(".kd")
        found[name] = {"vgprs": int(value["vgpr_count"]), "agprs": int(value.get("agpr_count", 0)), "sgprs": int(value["sgpr_count"]),
                       "spill": int(value["vgpr_spill_count"]), "scalar": int(value["sgpr_spill_count"]), "stack": int(value["private_segment_fixed_size"]),
                       "local": int(value["group_segment_fixed_size"]), "occupancy": int(occupancy.get(name, 0))}
    return found

results = {}  # kernel: (unit, {target: figures})
with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    for unit, program in units.items():
        file = folder / "unit.cl"
        file.write_text(program)
        for target, options in targets.items():
            assembly = folder / f"unit.{target}.s"
            if run(["clang-19", *common, *options, "-o", str(assembly), str(file)], f"{unit} for {target}").returncode != 0: continue
            for name, figures in (nvidia if target == "sm_90" else amd)(assembly, unit, folder).items():
                kept = results.setdefault(name, (unit, {}))
                if kept[0] == unit: kept[1][target] = figures

version = lambda command, pattern: re.search(pattern, subprocess.run(command, capture_output=True, text=True).stdout)[1]
clang, cuda = version(["clang-19", "--version"], r"version (\S+)"), version([ptxas, "--version"], r"V([\d.]+)")
bad = {name: [f"{target}: " + ", ".join(([f"spills {f['spill']} {'bytes' if target == 'sm_90' else 'registers'}"] if f["spill"] else []) + ([f"spills {f['scalar']} scalar registers into lanes of vector registers"] if f.get("scalar") else []) + ([f"{f['stack']} bytes of private memory"] if f["stack"] else []))
              for target, f in figures.items() if f["spill"] or f["stack"] or f.get("scalar")] for name, (_, figures) in results.items()}
bad = {name: notes for name, notes in bad.items() if notes}
lines = [
    "# What the kernels need on GPUs, compiled offline", "",
    f"clang {clang} with libclc, W = 1; NVIDIA through ptxas {cuda}. Made by `benchmarks/offline_gpu_check.sh`. A GPU's own driver compiles otherwise.", "",
    f"{len(results)} kernels in {len(units)} programs; {len(bad)} use private memory or spill somewhere.", "",
    "Private memory is what a work-item keeps in arrays or spilled registers outside the register file, bytes. sm_90: Hopper (at most 255 registers a",
    "work-item, 65536 a multiprocessor). gfx1100: RDNA 3, gfx90a: CDNA 2 (waves is the most that a SIMD holds at that register use).", "",
    "| kernel | unit | sm_90 registers | private | spill | local | gfx1100 VGPR | SGPR | private | spill | local | waves | gfx90a VGPR + AGPR | SGPR | private | spill | local | waves |",
    "|---|---|" + "--:|" * 16]
for name, (unit, figures) in results.items():
    n, r, c = (figures.get(target) for target in targets)
    row = [name, unit]
    row += [n["registers"], n["stack"], n["spill"], n["local"]] if n else ["-"] * 4
    row += [r["vgprs"], r["sgprs"], r["stack"], r["spill"], r["local"], r["occupancy"]] if r else ["-"] * 6
    row += [f"{c['vgprs']} + {c['agprs']}" if c["agprs"] else c["vgprs"], c["sgprs"], c["stack"], c["spill"], c["local"], c["occupancy"]] if c else ["-"] * 6
    lines.append("| " + " | ".join(map(str, row)) + " |")
lines += ["", "## Spills and private memory", ""] + [f"- {name}: {'; '.join(notes)}" for name, notes in bad.items()] + ([] if bad else ["None."])
out.write_text("\n".join(lines) + "\n")
for failure in failures: print(failure, file=sys.stderr)
print(f"{out}: {len(results)} kernels, {len(bad)} with spills or private memory, {len(failures)} failures")
sys.exit(1 if failures else 0)
PYTHON
