#!/usr/bin/env bash
# Runs every kernel at small odd sizes under Oclgrind, which watches each access, and fails on any report of it: data races, and
# reads or writes outside a buffer. Fails as well if a kernel of the sources was not run.
#
# Two passes: as GPUs build the kernels (one lane, local memory), and as CPUs do (eight lanes). Takes a few minutes. Oclgrind
# knows no correct rounding, so results are not looked at; `evogpu verify` and the tests do that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${EVOGPU_PROGRAM:-.build/release/evogpu}
command -v oclgrind >/dev/null || { echo "oclgrind is missing; on Debian: apt-get install oclgrind" >&2; exit 1; }
[[ -x $program ]] || { echo "$program is missing; run make build" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export EVOGPU_CACHE_DIR=$folder/cache
failed=0
pass() {  # pass LANES FORM [COMPILER OPTION]
    local reports=$folder/reports.$1 names=$folder/names.$1
    echo "$1 lanes, $2 memory form"
    if ! oclgrind --data-races --check-api --max-errors 100 --global-mem-size 1000000000 --log "$reports" ${3:+--build-options "$3"} \
        "$program" verify kernels --device opencl:0 --lanes "$1" --form "$2" >"$names"; then
        echo "the program failed"
        failed=1
    fi
    if [[ -s $reports ]]; then
        cat "$reports"
        failed=1
    fi
    echo "$(wc -l <"$names") kernels, $(awk '{ sum += $2 } END { print sum + 0 }' "$names") launches, $(grep -c 'Kernel:' "$reports" 2>/dev/null || true) reports"
}
pass 1 local
# Optimised or inlined, eight lanes give LLVM instructions that Oclgrind 21.10 doesn't know.
pass 8 register "-cl-opt-disable -DALWAYS_INLINE=static"

missing=$({
    sed -n 's/^KERNEL(\([a-z0-9_]*\),.*/\1/p' Sources/Kernels/registry.inc
    sed -n 's/^ENVIRONMENT_KERNELS(\([a-z0-9_]*\)).*/\1_reset\n\1_step/p' Sources/Kernels/registry.inc
    sed -n 's/^PHYSICS_KERNELS(\([a-z0-9_]*\)).*/\1_reset\n\1_place\n\1_step/p' Sources/Kernels/registry.inc
    cat Sources/Kernels/cl/*local*.cl | tr '\n' ' ' | grep -oE '__kernel[^(]*\([^)]*\)\)\)[[:space:]]*void [a-z0-9_]+' | awk '{ print $NF }'
} | sort -u | comm -23 - <(cut -d: -f1 "$folder"/names.* | sort -u))
if [[ -n $missing ]]; then
    echo "not run: $(echo $missing); add them to Sources/EvoGPU/Verify/KernelExercise.swift"
    failed=1
fi
[[ $failed -ne 0 ]] || echo "Oclgrind has nothing to report."
exit "$failed"
