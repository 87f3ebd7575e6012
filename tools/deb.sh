#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes Debian packages of the command, the libraries, the Python module and the SQLite extension.
#   tools/deb.sh FOLDER           into FOLDER, from a build of its own in build/deb
#   tools/deb.sh FOLDER BUILD     from a release build whose prefix is /usr, which is not built anew
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $# -lt 1 || $# -gt 2 ]]; then
  echo "deb.sh: expected a folder for the packages and at most a build, found $# words" >&2
  exit 1
fi
mkdir -p "$1"
output=$(realpath "$1")
if [[ $# -eq 2 ]]; then
  build=$(realpath "$2")
else
  tools/setup.sh
  build=$PWD/build/deb
  mkdir -p build
  [[ -f $build/build.ninja ]] || meson setup --prefix=/usr -Dbuildtype=release -Dtests=disabled "$build" >build/deb.log
  meson compile -C "$build" >>build/deb.log
fi
prefix=$(meson introspect --buildoptions "$build" | python3 -c '
import json, sys
print(next(option["value"] for option in json.load(sys.stdin) if option["name"] == "prefix"))')
if [[ $prefix != /usr ]]; then
  echo "deb.sh: $build: expected a build with the prefix /usr, found $prefix" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/nearline"
cp -r packaging/debian "$work/nearline/"
cd "$work/nearline"
# What Debian 12 has of the packages that building needs was looked at when the build was set up (-d).
if ! NEARLINE_BUILD=$build dpkg-buildpackage --build=binary --no-sign -d >"$work/log" 2>&1; then
  tail -n 20 "$work/log" >&2
  exit 3
fi
cp "$work"/*.deb "$output"
ls "$output"/*.deb
