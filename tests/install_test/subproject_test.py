#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A project that has nearline as a Meson subproject configures, builds and runs, without asking for anything: the command
is no part of it, and what a compiler warns of is no error.

    subproject_test.py SOURCE_ROOT CONSUMER.cc
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Whatever else were asked for would not be found.
SOURCES = ("meson.build", "meson_options.txt", "include", "format", "io", "engine", "bindings", "LICENSE", "README.md")
PROJECT = """\
project('consumer', 'cpp', default_options: ['cpp_std=c++20'])
nearline_dep = dependency('nearline', fallback: 'nearline', default_options: ['default_library=static'])
test('consumer', executable('consumer', 'consumer.cc', dependencies: nearline_dep))
"""

source, consumer = Path(sys.argv[1]), Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    project = Path(folder) / "project"
    (project / "subprojects" / "nearline").mkdir(parents=True)
    for name in SOURCES:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, project / "subprojects" / "nearline" / name)
    with open(project / "subprojects" / "nearline" / "format" / "result.cc", "a", encoding="utf-8") as one:
        one.write("#warning as from a newer compiler\n")
    (project / "meson.build").write_text(PROJECT, encoding="utf-8")
    shutil.copy(consumer, project / "consumer.cc")
    # The fallback is forced, so that an installed nearline cannot stand in for a broken one.
    for command in (["meson", "setup", "build", "--buildtype=plain", "-Doptimization=0", "--force-fallback-for=nearline"],
                    ["meson", "test", "-C", "build"]):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
