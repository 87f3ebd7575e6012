#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes one target with libFuzzer under ASan and UBSan. The committed corpus is only read; what is new goes to
# build/fuzz/found/TARGET, and an input that breaks the property to build/fuzz/broken/TARGET.
#   tools/fuzz.sh TARGET SECONDS [LIBFUZZER OPTION...]     (without arguments: lists the targets)
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -lt 2 || ! -d fuzz/corpus/$1 || ! $2 =~ ^[0-9]+$ ]]; then
  echo "usage: tools/fuzz.sh TARGET SECONDS, with TARGET one of: $(cd fuzz/corpus && echo *)" >&2
  exit 1
fi
target=$1 seconds=$2
shift 2
tools/setup.sh

folder=build/fuzz
if [[ ! -f $folder/build.ninja ]]; then
  mkdir -p build
  CXX=clang++ meson setup "$folder" -Dfuzzing=libfuzzer -Dtests=enabled -Dtools=disabled -Dbuildtype=debugoptimized \
    -Db_ndebug=false -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static >build/fuzz.log 2>&1 ||
    { tail -n 20 build/fuzz.log >&2; exit 3; }
fi
meson compile -C "$folder" "fuzz_$target" >build/fuzz.log 2>&1 || { grep -m 20 -E 'error|FAILED' build/fuzz.log >&2; exit 3; }

found=$folder/found/$target broken=$folder/broken/$target
mkdir -p "$found" "$broken"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
status=0
"$folder/fuzz/fuzz_$target" "$found" "fuzz/corpus/$target" -max_total_time="$seconds" -rss_limit_mb=1024 \
  -malloc_limit_mb=512 -timeout=10 -print_final_stats=1 -artifact_prefix="$broken/" "$@" 2>"$folder/$target.log" ||
  status=$?
executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target.log")
echo "fuzz_$target: ${executions:-0} executions, $(find "$broken" -type f | wc -l) findings (log: $folder/$target.log)"
if [[ $status -ne 0 ]]; then
  grep -m 5 -E 'ERROR|runtime error|SUMMARY|libFuzzer' "$folder/$target.log" >&2 || true
fi
exit "$status"
