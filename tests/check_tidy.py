#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy has nothing to say about the library, the tools and the fuzz targets (.clang-tidy lists the checks).

    check_tidy.py [--analyze] SOURCE_ROOT BUILD_ROOT [FILE...]

FILE: only these, relative to SOURCE_ROOT. --analyze: the checks of clang's static analyzer, too.
"""
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOMS = ("format", "io", "engine", "tools", "fuzz")

# NewDeleteLeaks loses the unique_ptr inside a moved Result; LeakSanitizer runs the suite instead.
ANALYZER = "--checks=clang-analyzer-*,-clang-analyzer-cplusplus.NewDeleteLeaks"

words = [word for word in sys.argv[1:] if word != "--analyze"]
more = [ANALYZER] if len(words) < len(sys.argv) - 1 else []
root, build = Path(words[0]).resolve(), Path(words[1]).resolve()
only = set(words[2:])


def in_rooms(path: Path) -> bool:
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
    return name.split("/", 1)[0] in ROOMS and (not only or name in only)


def tidy(path: Path) -> str:
    """What clang-tidy says of one file; empty when it is content."""
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", *more,
                           str(path)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
sources = sorted({(Path(c["directory"]) / c["file"]).resolve() for c in commands})
sources = [path for path in sources if in_rooms(path) and path.suffix == ".cc"]
if not sources:
    sys.exit(f"{build}: expected sources of {ROOMS} in compile_commands.json, found none")
with ThreadPoolExecutor(os.cpu_count()) as pool:
    findings = [said for said in pool.map(tidy, sources) if said]
print("".join(findings))
print(f"{len(sources)} files, {len(findings)} with findings")
sys.exit(1 if findings else 0)
