#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example of bindings/sqlite/README.md, run by the shell of SQLite, prints what it says:  readme_test.py SHELL README"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

shell, readme = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
nearline, extension = (Path(os.environ[name]).resolve() for name in ("NEARLINE", "EXTENSION"))
commands, sql, printed = re.findall(r"^```\w*\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.M | re.S)[:3]

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    shutil.copy(extension, ".")
    Path("photos.fbin").write_bytes(struct.pack("<II6f", 3, 2, 0, 0, 1, 0, 0, 1))
    Path("photos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (
        {"year": 2019, "lang": "en"}, {"year": 2020, "lang": "de"}, {"year": 2021, "lang": "de"})), encoding="utf-8")
    build, open_shell = commands.splitlines()
    subprocess.run([nearline, *build.split()[1:]], check=True, capture_output=True)
    done = subprocess.run([shell, "-bail", *open_shell.split()[1:]], input=sql, capture_output=True, text=True, check=False)
if done.returncode != 0 or done.stdout != printed:
    sys.exit(f"expected {printed!r}, found status {done.returncode} and {done.stdout!r}\n{done.stderr}")
