#!/usr/bin/env bash
# Sees to it that the build has what it needs. Touches the network only if something is missing, and asks nothing.
#
#   setup.sh           Swift, the OpenCL headers and loader, and PoCL (OpenCL on the processor, which the tests use)
#   setup.sh oclgrind  these and Oclgrind, the OpenCL simulator that finds data races
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin  # ldconfig, which Debian keeps from ordinary users

if ! command -v swift >/dev/null; then
    echo "Swift is not installed: evogpu needs Swift 6.3 or newer, from https://www.swift.org/install/linux/." >&2
    exit 1
fi

has_library() { ldconfig -p | grep "$1" >/dev/null; }  # no grep -q: it would break the pipe
missing=() required=()
[[ -e /usr/include/CL/cl.h || -e /usr/local/include/CL/cl.h ]] || required+=(opencl-headers)
has_library 'libOpenCL\.so ' || required+=(ocl-icd-opencl-dev)
missing=("${required[@]}")
{ has_library 'libpocl\.so' && ls /etc/OpenCL/vendors/pocl*.icd >/dev/null 2>&1; } || missing+=(pocl-opencl-icd)
for name in "$@"; do command -v "$name" >/dev/null || { missing+=("$name"); required+=("$name"); }; done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
    [[ ${#required[@]} -gt 0 ]] || exit 0  # PoCL alone may be missing: the tests then skip OpenCL
    echo "evogpu needs what Debian calls ${required[*]}; install them with this system's package manager." >&2
    exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "${missing[*]} must be installed by root, and there is no sudo: run 'apt-get install ${missing[*]}' as root." >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing ${missing[*]} with apt-get."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}
if ! install >"$log" 2>&1; then
    cat "$log" >&2
    echo "apt-get could not install ${missing[*]}; its output is above." >&2
    exit 1
fi
