#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the manual page of the command, or of one of its commands, of its help:  man_page.py HELP2MAN NEARLINE PAGE [COMMAND]"""
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

help2man, nearline, page, *command = sys.argv[1:]
help_text = subprocess.run([nearline, *command, "--help"], capture_output=True, text=True, check=True).stdout
version = subprocess.run([nearline, "--version"], capture_output=True, text=True, check=True).stdout.split(",")[0].split()[1]
summary, rest = help_text.split("\n", 1)

# help2man asks a program: one that says the same without the summary, which is the page's name, and with headings in its
# own words.
rest = rest.replace("\nPositionals:\n", "\nArguments:\n").replace("\nSubcommands:\n", "\nCommands:\n")
rest = re.sub(r"^  (-\w),(--)", r"  \1, \2", rest, flags=re.MULTILINE)  # which is how it expects two names of an option
with tempfile.TemporaryDirectory() as folder:
    program = Path(folder) / "-".join(["nearline", *command])
    (Path(folder) / "help").write_text(rest, encoding="utf-8")
    program.write_text(f"#!/bin/sh\nexec cat {shlex.quote(folder)}/help\n", encoding="utf-8")
    program.chmod(0o755)
    others = "nearline(1)" if command else "nearline-build(1), nearline-search(1) and the pages of the other commands"
    (Path(folder) / "more").write_text(f"[see also]\n{others}\n", encoding="utf-8")
    subprocess.run([help2man, "--no-info", f"--name={summary.rstrip('.')}", f"--version-string={version}",
                    f"--include={folder}/more", "--source=nearline", "--manual=nearline", f"--output={page}", str(program)],
                   check=True)
