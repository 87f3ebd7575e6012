# SPDX-License-Identifier: Apache-2.0
"""Checks an index file, and saves what is whole of a damaged one."""
from __future__ import annotations

from typing import NamedTuple

from . import _core, _options
from ._progress import Shown


class VerifyReport(NamedTuple):
    """findings: at most 100 of (offset, what); none: the file is good."""
    findings: list[tuple[int, str]]
    finding_count: int
    blocks_checked: int
    bytes_checked: int
    records_checked: int
    full: bool
    uncommitted_bytes: int


class SalvageReport(NamedTuple):
    """lost_bytes: (offset, bytes, records); lost_ids: (first, last, records); at most 100 of each."""
    complete: bool  # the new index holds just what the newest commit held
    generation: int
    newer_generation: int
    by_footer: bool
    saved: int
    lost: int
    deleted: int
    unsure: int
    repeated: int
    lost_bytes: list[tuple[int, int, int]]
    lost_ids: list[tuple[int, int, int]]
    file_bytes: int


class SystemInfo(NamedTuple):
    """What this machine gives."""
    io_uring: bool
    io_uring_reason: str  # why not, when not
    kernels: str
    fused: bool
    processors: int
    memory_bytes: int
    available_memory_bytes: int


def verify(path, full: bool = False, *, progress=False) -> VerifyReport:
    """Checks the file's metadata, or with `full` every block and the structure. Damage is a finding, not an exception."""
    with Shown(progress) as told:
        return VerifyReport(**_core.verify(_options.path(path), bool(full), told))


def salvage(path, output, *, memory: int | str = "512M", threads: int | str | None = "auto", replace: bool = False,
            progress=False) -> SalvageReport:
    """Copies every record that is whole to a new index. The damaged file is only read, and may be hostile."""
    with Shown(progress) as told:
        return SalvageReport(**_core.salvage(_options.path(path), _options.path(output), _options.size(memory),
                                             _options.auto(threads, "threads"), bool(replace), told))


def system_info() -> SystemInfo:
    """SIMD target, io_uring, processors and memory."""
    return SystemInfo(**_core.system_info())
