#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program in an empty folder and compares what it prints:  run_alone.py PROGRAM EXPECTED ARGUMENTS..."""
import subprocess
import sys
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    command = [Path(sys.argv[1]).resolve(), *sys.argv[3:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
print(done.stdout + done.stderr, end="")
if done.returncode != 0 or done.stdout != sys.argv[2] + "\n":
    sys.exit(f"expected status 0 and {sys.argv[2]!r}, found status {done.returncode} and {done.stdout!r}")
