# SPDX-License-Identifier: Apache-2.0
"""Builds the programs, runs them with their cost, and reads what they print."""
import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("nearline", "hnsw_peer", "faiss_peer", "reader_latency", "commit_latency", "disk_reads", "any_rows", "keys", "filtered")


@dataclass
class Run:
    """One finished process: what it printed, and what it cost."""

    lines: list[dict]
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    peak_private_bytes: int  # sampled, and without what is mapped


class Failed(SystemExit):
    """A program ended badly; whoever can go on without it catches this."""


def parser(text: str, rows: int | None = None) -> argparse.ArgumentParser:
    """What every script is told: which set, how much of it, and where to build and work."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, required=True, help="folder of the set's files")
    made.add_argument("--set", required=True, help="name of the set")
    made.add_argument("--rows", type=int, default=rows, help="take the first rows only")
    made.add_argument("--metric", default="l2")
    made.add_argument("--build", type=Path, default=ROOT / "build" / "bench", help="where to build and work")
    return made


def build_programs(folder: Path) -> dict[str, Path]:
    """A release build of the command and of the peers whose libraries are installed; paths by name."""
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", str(folder), str(ROOT), "-Dbuildtype=release", "-Dbench=enabled", "-Dtests=disabled"],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(folder), "build.ninja"], check=True, stdout=subprocess.DEVNULL)  # a target may be new
    listed = subprocess.run(["meson", "introspect", "--targets", str(folder)], check=True, capture_output=True, text=True)
    found = {target["name"]: Path(target["filename"][0]) for target in json.loads(listed.stdout)
             if target["type"] == "executable" and target["name"] in PROGRAMS}
    subprocess.run(["meson", "compile", "-C", str(folder)] + [f"{name}:executable" for name in found],
                   check=True, stdout=subprocess.DEVNULL)
    return found


class PrivatePeak(threading.Thread):
    """Looks at a process's private memory (RssAnon) ten times a second until it is told to stop."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.status, self.bytes, self.done = Path(f"/proc/{pid}/status"), 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.done.wait(0.1):
            for line in self.status.read_text(encoding="utf-8").splitlines():
                if line.startswith("RssAnon:"):  # a process that has ended has none
                    self.bytes = max(self.bytes, int(line.split()[1]) * 1024)

    def stop(self) -> int:
        self.done.set()
        self.join()
        return self.bytes


def run(*command) -> Run:
    """Runs a program to its end; its lines of JSON are read, its own resources are counted."""
    words = [str(word) for word in command]
    print("$", " ".join(words), file=sys.stderr)
    start = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        private = PrivatePeak(process.pid)
        text = process.stdout.read()
        private_bytes = private.stop()  # the process may have ended, but is still there until it is waited for
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{words[0]}: exit status {process.returncode}")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return Run(lines, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, private_bytes)


def at_recall(lines: list[dict], recall: float, key: str) -> float | None:
    """A figure at a recall: its logarithm, linear between the two settings around it (the figure itself where it is 0).

    None when no two settings lie around the recall, or the figure is not known there.
    """
    points = sorted((line["recall"], line[key]) for line in lines if line.get(key) is not None)
    for (low, first), (high, second) in zip(points, points[1:]):
        if low <= recall <= high and high > low:
            share = (recall - low) / (high - low)
            if first <= 0 or second <= 0:
                return first + share * (second - first)
            return math.exp(math.log(first) + share * (math.log(second) - math.log(first)))
    return None


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
