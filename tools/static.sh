#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the command without shared libraries, for size: one file that runs on any Linux of the same processor.
#   tools/static.sh [OUTPUT]      build/nearline-static unless said; below 5 MB, or it fails
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
output=${1:-build/nearline-static}
mkdir -p build
[[ -f build/static/build.ninja ]] ||
  meson setup -Dbuildtype=release -Doptimization=s -Dprefer_static=true -Dstatic_tool=true -Ddefault_library=static \
    -Dtests=disabled -Dpython=disabled -Dsqlite=disabled build/static >build/static.log
ninja -C build/static tools/nearline >>build/static.log || { tail -n 20 build/static.log >&2; exit 3; }
strip -o "$output" build/static/tools/nearline
if readelf -d "$output" | grep -q NEEDED; then
  echo "static.sh: $output: expected no shared library" >&2
  exit 3
fi
bytes=$(stat -c %s "$output")
if [[ $bytes -ge 5000000 ]]; then
  echo "static.sh: $output: expected less than 5000000 bytes, found $bytes" >&2
  exit 3
fi
"$output" --version
echo "$output: $bytes bytes"
