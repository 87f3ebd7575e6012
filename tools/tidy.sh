#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the whole tree; tools/test.sh checks only what changed since. Where all is clean and committed, it
# writes the commit's name into tests/tidied, to be committed.
#   tools/tidy.sh [--analyze]        --analyze: with clang's static analyzer, before a release
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh

folder=build/tidy
mkdir -p build
if [[ ! -f $folder/build.ninja ]]; then
  meson setup -Dbuildtype=release -Dtests=enabled "$folder" >build/tidy.log || { tail -n 20 build/tidy.log >&2; exit 3; }
fi
ninja -C "$folder" build.ninja >/dev/null # what meson.build says now
commit=$(git rev-parse HEAD)
changes=$(git status --porcelain)
tests/check_tidy.py --all "$@" . "$folder"
if [[ -n $changes || $(git rev-parse HEAD) != "$commit" || -n $(git status --porcelain) ]]; then
  echo "tests/tidied stays as it is: it names a commit, and there are changes besides"
  exit 0
fi
{ echo "$commit" && clang-tidy --version | sed -n 's/^ *\(.*version.*\)/\1/p'; } >tests/tidied
echo "tests/tidied: clean at $commit"
