#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the first example of README.md in a language, a whole program, to a file:  extract.py cpp README.md OUTPUT"""
import re
import sys
from pathlib import Path

language, readme, output = sys.argv[1:]
example = re.search(rf"^```{language}\n(.*?)^```$", Path(readme).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
if not example:
    sys.exit(f"{readme}: expected a block that starts with ```{language}, found none")
Path(output).write_text(example[1], encoding="utf-8")
