#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long crash programme: simulated power cuts with a death at every call, each call and allocation that can fail, real
# kills, and a soak of one writer and eight readers whose processes are killed and stopped at random. Merges run beside
# commits in every second workload of power cuts, and in three of four lives of a real writer. Every part prints
# its tally and its seed; the first violation ends it.
#   tools/soak.sh [CUTS [KILLS [SECONDS [SEED]]]]     200000 5000 3600 1
set -euo pipefail
cd "$(dirname "$0")/.."
cuts=${1:-200000} kills=${2:-5000} seconds=${3:-3600} seed=${4:-1}

folder=build/soak
if [[ ! -f $folder/build.ninja ]]; then
  tools/setup.sh
  meson setup -Dbuildtype=release -Dtests=enabled -Dtools=disabled "$folder" >/dev/null
fi
meson compile -C "$folder" crash_tests crash_agent engine_tests >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/kills" "$work/soak"
NEARLINE_CUTS=$cuts NEARLINE_SEED=$seed "$folder/tests/crash/crash_tests" --no-intro \
  --test-suite=crash/power_cut,crash/faults |
  grep -E 'MESSAGE|ERROR|logged|Status'
NEARLINE_CUTS=$cuts "$folder/tests/engine/engine_tests" --test-suite='engine/write/*' --test-case='whichever allocation*' --no-intro
NEARLINE_CUTS=$cuts "$folder/tests/engine/engine_tests" --test-suite='engine/write/few_segments' --no-intro
"$folder/tests/crash/crash_agent" kills "$work/kills" "$kills" "$seed"
"$folder/tests/crash/crash_agent" soak "$work/soak" "$seconds" "$seed"
