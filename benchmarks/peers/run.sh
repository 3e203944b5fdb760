#!/usr/bin/env bash
# Runs every peer benchmark and writes its JSON lines to a file.
#
#   run.sh [FILE [SCRIPT...]]   default: benchmarks/results/peers.jsonl, all scripts; a script's options in its word
#   EVOGPU_PEERS_VENV  the environment setup.sh made (default: .venv beside this script)
#   THREADS            CPU threads for every library (default: 2)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${EVOGPU_PEERS_VENV:-$here/.venv}/bin/python
out=${1:-$here/../results/peers.jsonl}
threads=${THREADS:-2}

# CPU only, whatever the installed builds could use.
export CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
# glibc keeps large blocks instead of returning each to the system: otherwise
# every fresh result is paid for in page faults, which are not the kernel's.
export MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296

compile=()
if command -v "${CXX:-g++}" >/dev/null; then compile=(--compile); fi

mkdir -p "$(dirname "$out")"
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
scripts=("kernels_torch.py ${compile[*]}" kernels_jax.py ppo_sb3.py physics_envpool.py "pderl_torch.py --generation" pderl_jax.py)
if [ $# -gt 1 ]; then scripts=("${@:2}"); fi
for script in "${scripts[@]}"; do
    # shellcheck disable=SC2086  # the options are separate words
    "$python" "$here"/$script --threads "$threads" | tee -a "$lines"
done
cat "$lines" >"$out"
echo "wrote $(wc -l <"$out") lines to $out" >&2
