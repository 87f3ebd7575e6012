# SPDX-License-Identifier: Apache-2.0
"""Runs a command under a cap of memory that the kernel keeps: it is killed where it takes more. A memory cgroup where
one can be made, else RLIMIT_DATA. Page cache of a cgroup is given back before anything is killed, so what counts is what
the process allocates. Standard library only."""
import os
import resource
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
# Each where a group begins, its limit, that of its swap, and what the second must be for so many bytes.
FORMS = [(V1, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", lambda limit: limit),
         (V2, "memory.max", "memory.swap.max", lambda limit: 0)]


def has_swap():
    return len(Path("/proc/swaps").read_text().splitlines()) > 1


@contextmanager
def capped_group(limit):
    """A cgroup without swap; None where the machine does not allow one."""
    for root, memory, swap, swap_limit in FORMS:
        try:
            group = Path(tempfile.mkdtemp(prefix="nearline-test-", dir=root))
        except OSError:
            continue
        try:
            if (group / memory).exists() and ((group / swap).exists() or not has_swap()):
                (group / memory).write_text(str(limit))
                if (group / swap).exists():
                    (group / swap).write_text(str(swap_limit(limit)))
                yield group
                return
        finally:
            remove(group)
    yield None


def remove(group):
    """The kernel lets go of a group some time after its last process is gone."""
    for _ in range(100):
        try:
            return group.rmdir()
        except OSError:
            time.sleep(0.05)
    raise OSError(f"{group} stays behind")


def run_capped(words, limit, **how):
    """As subprocess.run, of a process that may take so many bytes. Returns what it did, and what kept the cap."""
    with capped_group(limit) as group:
        def enter():
            if group:
                (group / "cgroup.procs").write_text(str(os.getpid()))
                return
            resource.setrlimit(resource.RLIMIT_STACK, (1 << 19, 1 << 19))  # of each thread: all of it would count
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

        done = subprocess.run(words, preexec_fn=enter, capture_output=True, text=True, **how)
        return done, "cgroup" if group else "RLIMIT_DATA"
