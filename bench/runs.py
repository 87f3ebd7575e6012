# SPDX-License-Identifier: Apache-2.0
"""Builds the programs, runs them with their cost, and reads what they print."""
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Run:
    """One finished process: what it printed, and what it cost."""

    lines: list[dict]
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


def build_programs(folder: Path) -> tuple[Path, Path]:
    """A release build of the command and of the peer; returns their paths."""
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", str(folder), str(ROOT), "-Dbuildtype=release", "-Dbench=enabled", "-Dtests=disabled"],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["meson", "compile", "-C", str(folder), "nearline:executable", "hnsw_peer"],
                   check=True, stdout=subprocess.DEVNULL)
    return folder / "tools" / "nearline", folder / "bench" / "hnsw_peer"


def run(*command) -> Run:
    """Runs a program to its end; its lines of JSON are read, its own resources are counted."""
    words = [str(word) for word in command]
    print("$", " ".join(words), file=sys.stderr)
    start = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{words[0]}: exit status {process.returncode}")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return Run(lines, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def qps_at(lines: list[dict], recall: float) -> float | None:
    """Queries a second at a recall: the logarithm of the speed, linear between the two settings around it."""
    best = None
    points = sorted((line["recall"], line["qps"]) for line in lines)
    for (low, slow), (high, fast) in zip(points, points[1:]):
        if low <= recall <= high and high > low:
            share = (recall - low) / (high - low)
            found = math.exp(math.log(slow) + share * (math.log(fast) - math.log(slow)))
            best = found if best is None else max(best, found)
    return best


def median(values: list[float | None]) -> float | None:
    """Of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def machine(nearline: Path) -> dict:
    """What the figures were taken on."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith("model name")), platform.machine())
    system = subprocess.run([str(nearline), "info", "--system"], capture_output=True, text=True, check=True).stdout
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "system": " ".join(system.split())}
