#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to answers: sets up, builds nearline, indexes real data, measures it, and asks questions.
# Fails when recall@10 is below 0.95 in any mode, when the modes do not agree, or when a check finds damage.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

say() { printf '\n== %s\n' "$*"; }
# run COMMAND...: shows the command as a user would type it, then runs it.
run() {
  printf '$ nearline %s\n' "$*"
  "$nearline" "$@"
}
milliseconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.1f", (to - from) * 1000 }'; }

say 'setting up'
tools/setup.sh
if [[ ! -f build/demo/build.ninja ]]; then
  mkdir -p build
  meson setup build/demo -Dbuildtype=release -Dtests=disabled -Dpython=disabled >build/demo.log 2>&1 ||
    { tail -n 20 build/demo.log >&2; exit 3; }
fi
echo 'building nearline (a minute or two the first time)'
meson compile -C build/demo >build/demo.log 2>&1 || { grep -m 20 -E 'error|FAILED' build/demo.log >&2; exit 3; }
nearline=$root/build/demo/tools/nearline
data=../../../tests/data  # seen from $work
work=$root/build/demo/work
rm -rf "$work"
mkdir -p "$work"
cd "$work"
SECONDS=0
run info --system

# collection NAME BASE QUERIES METRIC
collection() {
  local name=$1 base=$2 queries=$3 metric=$4 io
  say "$name: build"
  run build "$base" -o "$name.near" --metric "$metric"
  run truth "$base" "$queries" -k 100 --metric "$metric" -o "$name.truth.ibin"
  say "$name: what the file says of itself, and whether it is whole"
  run info "$name.near"
  run verify "$name.near" --full
  say "$name: recall, speed, reads and memory; the file in the page cache"
  run eval "$name.near" "$queries" --truth "$name.truth.ibin" -k 10 -L 10,20,40,80 --io mapped --fail-below 0.95
  say "$name: the same from disk with 3 MiB of private memory, page cache bypassed; what does not fit is ranked by codes"
  run eval "$name.near" "$queries" --truth "$name.truth.ibin" -k 10 --recall 0.9,0.95,0.99 --io direct --memory 3M \
    --no-warmup --fail-below 0.95
  for io in auto mapped direct pread; do
    "$nearline" search "$name.near" "$queries" -k 10 -L 64 --io "$io" -o "$name.$io.ibin"
    cmp "$name.auto.ibin" "$name.$io.ibin"
  done
  echo 'the four --io modes give the same answers, byte for byte'
}

collection descriptors "$data/descriptors.base.u8bin" "$data/descriptors.query.u8bin" l2
collection sentences "$data/sentences.base.hbin" "$data/sentences.query.fbin" cosine

say 'questions, and the words whose definitions are nearest'
"$root/tools/show_answers.py" sentences.auto.ibin "$data/sentences.texts.jsonl" "$data/sentences.query-texts.txt" 3 \
  0 1 7 8 13 18 20 34

say 'a new process: start, open, one answer'
{ printf '\1\0\0\0\200\0\0\0'; tail -c +9 "$data/descriptors.query.u8bin" | head -c 128; } >one.u8bin
from=$EPOCHREALTIME
"$nearline" search descriptors.near one.u8bin -k 1
first=$(milliseconds "$from" "$EPOCHREALTIME")

# best NAME IO: the highest recall and its speed, from a run of its own.
best() {
  "$nearline" eval "$1.near" "$2" --truth "$1.truth.ibin" -k 10 -L 80 --io mapped --threads 1 --json --fail-below 0.95 |
    python3 -c 'import json, sys; r = json.load(sys.stdin); print("%.3f at %d queries/s" % (r["recall"], r["qps"]))'
}
say 'summary'
echo "image descriptors:   recall@10 $(best descriptors "$data/descriptors.query.u8bin") on one thread"
echo "sentence embeddings: recall@10 $(best sentences "$data/sentences.query.fbin") on one thread"
echo "process start to first answer: $first ms"
echo "recall@10 >= 0.95 measured in every mode; indexes are in ${work#"$root/"}; $SECONDS s after the build"
