#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that nearline needs; says nothing and asks nobody when they are there already.
#   tools/setup.sh          to build, test and run the demo
#   tools/setup.sh bench    and the peers that it is measured against
set -euo pipefail

# One line per purpose: the word that asks for it, then the packages.
packages='
base   g++ meson ninja-build pkg-config python3 libc6-dev linux-libc-dev
base   liburing-dev libboost-dev libxxhash-dev libzstd-dev libhwy-dev libeigen3-dev
base   libcli11-dev libfmt-dev nlohmann-json3-dev
base   python3-dev python3-numpy pybind11-dev python3-pip
base   libsqlite3-dev sqlite3
base   cmake help2man man-db debhelper dh-python dpkg-dev
base   doctest-dev clang-format clang-tidy clang lld libclang-rt-14-dev
bench  libhnswlib-dev libfaiss-dev libopenblas-openmp-dev libbenchmark-dev zstd
'

purposes=(base "$@")
wanted=()
for purpose in "${purposes[@]}"; do
  list=$(awk -v purpose="$purpose" '$1 == purpose { for (i = 2; i <= NF; ++i) print $i }' <<<"$packages")
  if [[ -z $list ]]; then
    echo "setup.sh: expected 'bench', found '$purpose'" >&2
    exit 1
  fi
  mapfile -t -O "${#wanted[@]}" wanted <<<"$list"
  # USearch comes with npm. Other makers' nodejs has its own npm and refuses Debian's: one that is there is good.
  if [[ $purpose == bench ]] && ! command -v npm >/dev/null; then wanted+=(nodejs npm); fi
done

if ! command -v dpkg-query apt-get >/dev/null; then
  echo "setup.sh: this is not a Debian system; please install the equivalents of: ${wanted[*]}" >&2
  exit 3
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed* ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: installing needs root and there is no sudo; please have installed: ${missing[*]}" >&2
    exit 3
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing: ${missing[*]}" >&2
install_missing() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
# The package lists of a fresh container are empty or old: fetch them only when they turn out to be needed.
if ! install_missing >"$log" 2>&1; then
  if ! { "${as_root[@]}" apt-get update -qq && install_missing; } >"$log" 2>&1; then
    echo "setup.sh: apt-get could not install ${missing[*]}; it said:" >&2
    tail -n 20 "$log" >&2
    exit 3
  fi
fi
