#!/usr/bin/env bash
# Packs evogpu for Linux machines without Swift: dist/evogpu-<version>-linux-<arch>.tar.gz
#
# The archive holds the program with Swift's libraries inside it, an OpenCL loader, the reference data of `evogpu verify`
# and run.sh, which finds the machine's drivers. It needs a glibc at least as new as the one its README.txt names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { echo "$1" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin

version=$(sed -n 's/.*evogpuVersion = "\([^"]*\)".*/\1/p' Sources/EvoGPU/Version.swift)
arch=$(uname -m)
name=evogpu-$version-linux-$arch
fixtures=Tests/EvoGPUTests/Fixtures
for data in torch-reference classic-reference mujoco-reference; do
    [[ -n $(ls -A "$fixtures/$data" 2>/dev/null) ]] || fail "$fixtures/$data is missing or empty, and the bundle carries it for 'evogpu verify'."
done
library() { ldconfig -p | awk -v name="$1" '$1 == name && /x86-64|AArch64/ && !found { print $NF; found = 1 }'; }
copyright() {  # of the Debian package that a library came from
    local real package
    real=$(readlink -f "$1")
    package=$(dpkg -S "$real" 2>/dev/null || dpkg -S "${real#/usr}" 2>/dev/null) || fail "no Debian package owns $real, so its copyright notice is unknown."
    cp "/usr/share/doc/${package%%:*}/copyright" "$2"
}

# A build of its own: other flags in the same folder would rebuild everything at each change. It starts from the packages
# that the ordinary build has fetched, so that it works offline.
scratch=.build/static
if [[ ! -e $scratch/workspace-state.json ]]; then
    swift package resolve
    mkdir -p "$scratch"
    cp -a .build/repositories .build/checkouts .build/workspace-state.json "$scratch/"
fi
swift build -c release --static-swift-stdlib --product evogpu --scratch-path "$scratch"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
to=$stage/$name
mkdir -p "$to/lib/fallback" "$to/data"
strip -s -o "$to/evogpu" "$scratch/release/evogpu"
cp "$(library libOpenCL.so.1)" "$to/lib/libOpenCL.so.1"
copyright "$(library libOpenCL.so.1)" "$to/lib/libOpenCL.copyright"
for file in libstdc++.so.6 libgcc_s.so.1; do  # for hosts whose own are missing or too old
    cp "$(library "$file")" "$to/lib/fallback/$file"
    copyright "$(library "$file")" "$to/lib/fallback/${file%%.*}.copyright"
done
cp -r "$fixtures/torch-reference" "$fixtures/classic-reference" "$fixtures/mujoco-reference" "$to/data/"
cp LICENSE "$to/"
mkdir "$to/licences"  # of what the program has inside it
for package in "$scratch"/checkouts/*/; do cp "$package"LICENSE* "$to/licences/$(basename "$package").txt"; done
swift_home=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
[[ ! -e $swift_home/share/swift/LICENSE.txt ]] || cp "$swift_home/share/swift/LICENSE.txt" "$to/licences/swift.txt"
cp scripts/bundle/run.sh "$to/"
glibc=$(objdump -T "$to/evogpu" "$to"/lib/*.so.1 | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
{
    awk '/^(## |    )/ { exit } { print }' README.md
    awk '/^## Machines without Swift/ { on = 1 } /^## / && !/Machines without Swift/ { on = 0 } on' README.md
    echo "This archive: version $version, $arch, needs glibc ${glibc#GLIBC_} or newer."
} >"$to/README.txt"

for file in "$to/evogpu" "$to"/lib/*.so.1; do
    needs=$(objdump -p "$file" | awk '$1 == "NEEDED" { print $2 }' | grep -vE '^(libOpenCL\.so\.1|libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|libgcc_s\.so\.1|libstdc\+\+\.so\.6|ld-linux.*)$' || true)
    [[ -z $needs ]] || fail "$(basename "$file") needs $(echo $needs), which other machines may lack."
done

mkdir -p dist
archive=dist/$name.tar.gz
stamp=$(git log -1 --format=%ct 2>/dev/null || date +%s)
tar -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$stamp" -c "$name" | gzip -9n >"$archive"
size=$(stat -c %s "$archive")
[[ $size -lt 60000000 ]] || fail "$archive has $size bytes; the limit is 60000000."
echo "$archive: $((size / 1000000)) MB; unpack it anywhere and run $name/run.sh"
