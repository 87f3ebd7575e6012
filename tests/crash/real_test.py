#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the crash agent in folders that are gone afterwards.

    real_test.py AGENT kills NUMBER [SEED]
    real_test.py AGENT soak SECONDS [SEED]
    real_test.py AGENT full [SEED]     on a small tmpfs and a small ext4; skipped where mounting is not allowed
"""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77  # what Meson takes for it

agent, what, *words = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a time limit: what is mounted is still unmounted


def run(folder, *args):
    return subprocess.run([agent, what, str(folder), *map(str, args)], check=False).returncode


def drawn():
    return random.randrange(1, 2**32)


@contextlib.contextmanager
def mounted(folder, words):
    """Yields whether the mount worked."""
    target = Path(folder) / "mounted"
    target.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *words, str(target)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        print("not mounted:", done.stderr.strip())
        yield None
        return
    try:
        inside = target / "inside"  # ext4 has a folder of its own at the top
        inside.mkdir()
        yield inside
    finally:
        subprocess.run(["umount", str(target)], check=True)


def full(folder, seed):
    image = Path(folder) / "image"
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    kinds = [["-t", "tmpfs", "-o", "size=6m", "none"]]
    if shutil.which("mkfs.ext4"):
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        kinds.append(["-t", "ext4", "-o", "loop", str(image)])
    statuses = []
    for words in kinds:
        with mounted(folder, words) as inside:
            if inside is None:
                continue
            print(words[1], flush=True)
            statuses.append(run(inside, seed))
    return max(statuses) if statuses else SKIPPED


folder = tempfile.mkdtemp(prefix="nearline-crash-")
try:
    if what == "full":
        if os.geteuid() != 0:
            print("skipped: mounting needs root")
            sys.exit(SKIPPED)
        sys.exit(full(folder, words[0] if words else drawn()))
    sys.exit(run(folder, words[0], words[1] if len(words) > 1 else drawn()))
finally:
    shutil.rmtree(folder, ignore_errors=True)
