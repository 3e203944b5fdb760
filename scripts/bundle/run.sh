#!/bin/sh
# Runs evogpu from its unpacked archive, wherever that lies. Needs neither Swift nor root nor a network.
#
#   run.sh ARGUMENTS...     the program with these arguments: run.sh devices
#   run.sh check [FOLDER]   every self-check and benchmark on every usable device, into FOLDER (default evogpu-check-<time>)
#
# OpenCL's loader finds drivers by ICD files in /etc/OpenCL/vendors. Containers often have a GPU's driver but no such file,
# so this script also looks for driver libraries itself and names them in a folder of its own. OCL_ICD_VENDORS, if set, is
# left alone and nothing is looked for.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
PATH=$PATH:/usr/sbin:/sbin  # ldconfig
vendors=/etc/OpenCL/vendors
folders="/usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/local/cuda/compat /usr/lib/wsl/lib /opt/rocm/lib /opt/rocm/opencl/lib
/opt/amdgpu-pro/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu/nvidia/current /usr/lib/x86_64-linux-gnu/intel-opencl
/usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib64/intel-opencl /usr/lib /usr/lib/intel-opencl /usr/local/lib64 /usr/local/lib"

# The full path of a library file, or nothing: LD_LIBRARY_PATH, the system's cache, then the usual folders.
find_library() {
    case $1 in /*) [ -e "$1" ] && echo "$1"; return ;; esac
    for folder in $(echo "${LD_LIBRARY_PATH:-}" | tr : ' '); do
        [ -e "$folder/$1" ] && { echo "$folder/$1"; return; }
    done
    found=$(ldconfig -p 2>/dev/null | awk -v name="$1" '$1 == name && /x86-64|AArch64/ { print $NF; exit }')
    [ -n "$found" ] && [ -e "$found" ] && { echo "$found"; return; }
    for folder in $folders; do
        [ -e "$folder/$1" ] && { echo "$folder/$1"; return; }
    done
}

# True if the system finds the library by its name alone.
seen_by_loader() {
    case ":${LD_LIBRARY_PATH:-}:/lib:/usr/lib:/lib64:/usr/lib64:/lib/$(uname -m)-linux-gnu:/usr/lib/$(uname -m)-linux-gnu:" in
    *":$(dirname "$1"):"*) ;;
    *) ldconfig -p 2>/dev/null | grep -F " => $1" >/dev/null ;;
    esac
}

# Sets drivers to the driver libraries, one a line, and extra to 1 if the ICD files alone don't lead to all of them.
look_for_drivers() {
    drivers='' extra=0
    for file in "$vendors"/*.icd; do
        [ -e "$file" ] || continue
        name=$(head -n 1 "$file" | tr -d '\r')
        path=$(find_library "$name")
        if [ -z "$path" ]; then extra=1; continue; fi   # a file that leads nowhere
        [ "$path" = "$name" ] || seen_by_loader "$path" || extra=1
        drivers="$drivers$path
"
    done
    for name in libnvidia-opencl.so.1 libamdocl64.so libigdrcl.so libpocl.so.2; do
        case $drivers in *"/${name%%.so*}.so"*) continue ;; esac
        path=$(find_library "$name")
        [ -n "$path" ] || continue
        extra=1
        drivers="$drivers$path
"
    done
}

# Writes the drivers' ICD files to a folder named after their content and points the loader there.
name_drivers() {
    stamp=$(printf %s "$drivers" | cksum | tr ' ' -)
    for base in "$here" "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/evogpu" temporary; do
        [ "$base" != temporary ] || base=$(mktemp -d) || return
        icd=$base/icd-$stamp
        [ -d "$icd" ] && break
        new=$icd.$$
        mkdir -p "$new" 2>/dev/null || continue
        number=0
        printf %s "$drivers" | while IFS= read -r path; do
            number=$((number + 1))
            echo "$path" >"$new/$number.icd"
        done
        mv "$new" "$icd" 2>/dev/null || rm -rf "$new"
        [ -d "$icd" ] && break
    done
    export OCL_ICD_VENDORS="$icd"
    # A driver opens further libraries beside its own.
    for path in $drivers; do seen_by_loader "$path" || paths=$paths:$(dirname "$path"); done
}

# LD_LIBRARY_PATH goes before the system's own folders, so the loader here is used and not the host's: it is the one that was
# tested, and any loader finds any driver. Only where no driver is known (some hosts' libOpenCL.so.1 is the driver) is the
# host's taken.
paths=''
if [ -z "${OCL_ICD_VENDORS:-}" ]; then
    look_for_drivers
    [ "$extra" = 1 ] && [ -n "$drivers" ] && name_drivers
    own=$here/lib
    if [ -z "$drivers" ] && [ -n "$(find_library libOpenCL.so.1)" ]; then own=$(dirname "$(find_library libOpenCL.so.1)"); fi
else
    own=$here/lib
fi
# libstdc++ and libgcc are the host's too, unless missing or older than the program needs.
cxx=$(find_library libstdc++.so.6)
if [ -z "$cxx" ] || ! grep -q 'GLIBCXX_3\.4\.30' "$cxx" || [ -z "$(find_library libgcc_s.so.1)" ]; then paths=$paths:$here/lib/fallback; fi
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$own$paths"

[ "${1:-}" = check ] || exec "$here/evogpu" "$@"

out=${2:-evogpu-check-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$out" || exit 1
summary=$out/summary.txt
: >"$summary"
failed=0

# record NAME EXTENSION ARGUMENTS...: output to NAME.EXTENSION, standard error to NAME.log, the exit status to the summary.
record() {
    name=$1 extension=$2
    shift 2
    start=$(date +%s)
    "$here/evogpu" "$@" >"$out/$name.$extension" 2>"$out/$name.log"
    status=$?
    [ -s "$out/$name.log" ] || rm -f "$out/$name.log"
    [ "$status" = 0 ] || failed=1
    line="exit $status, $(($(date +%s) - start)) s: evogpu $*"
    echo "$line" >>"$summary"
    echo "$line"
    [ "$status" = 0 ] || tail -n 3 "$out/$name.log" 2>/dev/null
}

{ uname -a; "$here/evogpu" --version; ldd --version 2>&1 | head -n 1; echo "OCL_ICD_VENDORS=${OCL_ICD_VENDORS:-}"; } >"$out/host.txt" 2>&1
record devices json devices --json
# One line per usable device: its identifier, then its name as far as file names allow.
awk -F'"' '/"id" *:/ { id = $4 } /"name" *:/ { name = $4 } /"unusable" *:/ { bad = 1 }
    /^ *}/ { if (!bad) { gsub(/[^A-Za-z0-9.]+/, "-", name); print id, name } bad = 0 }' "$out/devices.json" >"$out/usable.txt"
[ -s "$out/usable.txt" ] || { echo "no device is usable; see $out/devices.json" | tee -a "$summary"; failed=1; }
while read -r device name <&3; do
    folder=$(echo "$device-$name" | tr ':' '-')
    mkdir -p "$out/$folder"
    record "$folder/math" txt verify math --device "$device"
    record "$folder/gradients" txt verify gradients --reference "$here/data/torch-reference" --device "$device"
    record "$folder/physics" txt verify physics --reference "$here/data/classic-reference" --device "$device"
    record "$folder/robots" txt verify physics --reference "$here/data/mujoco-reference" --device "$device"
    record "$folder/kernels" json bench kernels --json --device "$device"
    record "$folder/ppo" json bench ppo --json --device "$device"
done 3<"$out/usable.txt"
record backends txt verify backends
rm -f "$out/usable.txt"
[ "$failed" = 0 ] && echo "every check passed; results: $out" || echo "some checks failed; see $summary"
exit "$failed"
