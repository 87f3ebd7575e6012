#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which headers cost most of a build: the seconds that g++ takes to read one alone, times the sources that read it.

    costly_headers.py BUILD [NUMBER]     the first 10 of the headers that sources name; BUILD: a folder that is built
"""
import re
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

build, number = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
root = Path(__file__).resolve().parent.parent
EIGEN = "/usr/include/eigen3"


def seconds(header: str) -> float:
    """The least user time of two runs; of our own headers with what they include."""
    line = f'#include "{header}"\n' if (root / header).is_file() else f"#include <{header}>\n"
    took = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(["g++", "-std=c++20", f"-I{root}", f"-I{root}/include", "-isystem", EIGEN, "-fsyntax-only",
                        "-x", "c++", "-"], input=line, text=True, check=True, capture_output=True)
        took.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(took)


readers = Counter()
for target in subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True,
                             check=True).stdout.split("\n\n"):
    object_, *files = [line.strip() for line in target.splitlines()] or [""]
    if object_.split(":")[0].endswith(".o"):
        readers.update(str((Path(build) / file).resolve()) for file in set(files))

named = set()
for room in ("include", "format", "io", "engine", "tools", "tests", "fuzz"):
    for path in (p for p in (root / room).rglob("*") if p.suffix in (".h", ".cc") and p.parent.name != "pch"):
        named |= set(re.findall(r'^#include ["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.MULTILINE))
rows = []
for header in sorted(named):
    places = [root, root / "include", Path(EIGEN), Path("/usr/include"), *Path("/usr/include/c++").glob("*")]
    count = sum(readers[str((place / header).resolve())] for place in places if (place / header).is_file())
    if count >= 5:  # no header is so slow that it counts with fewer
        rows.append((count * (cost := seconds(header)), count, cost, header))
print("   sum s  sources  s alone  header")
for total, count, cost, header in sorted(rows, reverse=True)[:number]:
    print(f"{total:8.0f} {count:8} {cost:8.2f}  {header}")
