#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the first C++ example of README.md, a whole program, to a file:  extract.py README.md OUTPUT"""
import re
import sys
from pathlib import Path

example = re.search(r"^```cpp\n(.*?)^```$", Path(sys.argv[1]).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
if not example:
    sys.exit(f"{sys.argv[1]}: expected a block that starts with ```cpp, found none")
Path(sys.argv[2]).write_text(example[1], encoding="utf-8")
