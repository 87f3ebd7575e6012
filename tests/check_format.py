#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C and C++ source is as clang-format leaves it, ASCII only, opens with its licence and stays below 400 lines.

    check_format.py SOURCE_ROOT
"""
import subprocess
import sys
from pathlib import Path

ROOMS = ("include", "format", "io", "engine", "tools", "bindings", "tests", "fuzz", "bench")
LONGEST = 400

root = Path(sys.argv[1])
sources = sorted(p for room in ROOMS for p in (root / room).rglob("*") if p.suffix in (".h", ".cc", ".c"))
complaints = [] if sources else [f"{root}: expected sources, found none"]
for path in sources:
    text = path.read_bytes()
    name = path.relative_to(root)
    if not text.isascii():
        complaints.append(f"{name}: expected ASCII")
    if not text.startswith(b"// SPDX-License-Identifier: Apache-2.0\n"):
        complaints.append(f"{name}: expected the licence line first")
    if text.count(b"\n") > LONGEST:
        complaints.append(f"{name}: {text.count(bytes([10]))} lines, at most {LONGEST} are allowed")
for line in complaints:
    print(line)
formatted = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, sources)], check=False)
sys.exit(1 if complaints or formatted.returncode != 0 else 0)
