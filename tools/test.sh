#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every test: a release build with all suites, then one under ASan and UBSan, then the tests of threads
# under TSan. Ends with the line "N passed, N failed"; the exit status is 0 when none failed.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh

passed=0
failed=0

# suite NAME TARGET "MESON TEST OPTIONS" MESON SETUP OPTIONS...     (no TARGET: all; CXX and CXX_LD are the compiler and linker)
suite() {
  local name=$1 target=$2 test_options=$3 folder=build/$1 log=build/$1.log begun=$SECONDS
  shift 3
  echo "== $name: build"
  local how=()
  [[ -f $folder/build.ninja ]] && how=(--reconfigure)
  mkdir -p build
  # shellcheck disable=SC2086  # no target is no word
  if ! { meson setup "${how[@]}" "$@" "$folder" && meson compile -C "$folder" $target; } >"$log" 2>&1; then
    echo "$name does not build (all of it: $log):"
    grep -E -m 40 'error|ERROR|FAILED' "$log" || tail -n 40 "$log"
    failed=$((failed + 1))
    return
  fi
  echo "== $name: built in $((SECONDS - begun)) s, test"
  # Meson's exit status says no more than its log, which is counted below; a log that is missing counts as a failure.
  rm -f "$folder/meson-logs/testlog.json"
  # shellcheck disable=SC2086  # the options are words
  meson test -C "$folder" --no-rebuild --print-errorlogs $test_options || true
  local good bad
  read -r good bad < <(tools/count_tests.py "$folder/meson-logs/testlog.json")
  echo "== $name: $((SECONDS - begun)) s in all"
  passed=$((passed + good))
  failed=$((failed + bad))
}

# With the prefix that Debian's packages have, which are made of this build.
suite release '' '' -Dprefix=/usr -Dbuildtype=release -Dtests=enabled -Dbench=enabled

# Undefined behaviour traps, and ASan prints where. UBSan's sentences would triple the programs, whose relocation took longer
# than most commands that the tests start; hence -no-pie, too. To read the sentence, build without the trap.
# clang takes a third less time than gcc for these, and warns of what gcc does not. Its libraries are linked into the programs, so
# a shared library's unresolved names are no errors (b_lundef).
export CC=clang CXX=clang++ CC_LD=lld CXX_LD=lld
export ASAN_OPTIONS=abort_on_error=1:handle_sigill=1:strict_string_checks=1
suite sanitize '' '--no-suite lint --no-suite install --timeout-multiplier 4' \
  -Doptimization=1 -Ddebug=true -Dcpp_args='-g1 -fsanitize-trap=undefined' -Dcpp_link_args=-no-pie \
  -Db_lundef=false -Db_ndebug=false -Db_sanitize=address,undefined -Dtests=enabled -Ddefault_library=static

suite tsan thread_tests '--suite threads --timeout-multiplier 4' \
  -Doptimization=0 -Ddebug=true -Dcpp_args=-g1 -Db_lundef=false -Db_ndebug=false -Db_sanitize=thread -Dtests=enabled \
  -Ddefault_library=static

[[ $passed -gt 0 ]] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
