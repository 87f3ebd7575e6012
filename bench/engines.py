# SPDX-License-Identifier: Apache-2.0
"""The engines that compare.py measures: how each is installed, builds, is searched, and gives its first answer.

All get the same files. Lines of a search carry recall, qps, p50_us, p99_us, reads_per_query and rss_bytes.
"""
import math
import re
import shutil
import subprocess
from pathlib import Path

import datasets
import runs

K = 10
USEARCH = "usearch@2.25.3"  # named, so that reports of different days speak of one version
LEAST_SECONDS = 0.5  # of passes at each effort of a peer
FIRST_EFFORT = 64  # of the first answer
FIRST_PROBES = 16
MOST_PARTS = 128  # of a product quantizer: each takes as long to train


class Nearline:
    """Mapped, by exact distances: as fast as it goes when the page cache holds the file."""

    name, reads_from = "nearline, warm", "page cache"
    note = "--io mapped --rank exact"
    shares_build_with = None  # or the name of the engine whose file this one searches
    interleaves = True  # queries of one thread

    def __init__(self, program: Path, args, data, work: Path):
        self.program, self.args, self.data, self.index = program, args, data, work / "index.near"
        self.absent = None if program else "not built"

    def files(self) -> list[Path]:
        return [self.index]

    def build(self, threads: str) -> runs.Run:
        return runs.run(self.program, "build", self.data.base, "-o", self.index, "--metric", self.data.metric,
                        "--memory", self.args.memory, "--threads", threads, "--force", "--json")

    def how(self) -> list:
        return ["--io", "mapped", "--rank", "exact"]

    def evaluate(self, *options) -> runs.Run:
        return runs.run(self.program, "eval", self.index, self.data.queries, "--truth", self.data.truth, "-k", K,
                        "-L", self.args.widths, *self.how(), "--json", *options)

    def search(self, threads: str) -> runs.Run:
        return self.evaluate("--threads", threads)

    def search_one_by_one(self) -> runs.Run:
        """Latencies mean something only when no other query is under way."""
        return self.evaluate("--threads", 1, "--batch", 1)

    def first_answer(self, one: Path) -> runs.Run:
        return runs.run(self.program, "search", self.index, one, "-k", K, *self.how())


class NearlineFromDisk(Nearline):
    """The same file read past the page cache, ranked by codes, within a bound on memory."""

    name, reads_from = "nearline, from disk", "disk"
    shares_build_with = Nearline.name

    @property
    def note(self) -> str:
        return " ".join(self.how())

    def how(self) -> list:
        return ["--io", self.args.disk_io, "--rank", "codes", "--memory", self.memory()]

    def memory(self) -> str:
        """The bound asked for, or the least that the index opens with: hardly any page cache of its own."""
        if self.args.search_memory is None:
            threads = max(self.args.threads.split(","), key=int)
            tried = subprocess.run([str(self.program), "eval", str(self.index), str(self.data.queries), "--truth",
                                    str(self.data.truth), "-L", str(K), "--io", self.args.disk_io, "--rank", "codes",
                                    "--memory", "64K", "--threads", threads], capture_output=True, text=True, check=False)
            least = re.search(r"at least (\d+)", tried.stderr)
            if least is None:
                raise runs.Failed(f"expected the least memory to be named, found: {tried.stderr.strip()}")
            self.args.search_memory = least[1]
        return self.args.search_memory


class Peer:
    """A program that is driven as bench/peer.h says."""

    shares_build_with, interleaves = None, False

    def __init__(self, name: str, command: list, absent: str | None, args, data, index: Path, build_options: list,
                 efforts: str, first_effort: int, reads_from: str):
        self.name, self.command, self.absent, self.args, self.data = name, command, absent, args, data
        self.index, self.build_options, self.efforts, self.first_effort = index, build_options, efforts, first_effort
        self.reads_from = reads_from
        self.note = "built with " + " ".join(str(option) for option in build_options if option)

    def files(self) -> list[Path]:
        return [self.index, *self.index.parent.glob(self.index.name + ".*")]

    def build(self, threads: str) -> runs.Run:
        return runs.run(*self.command, "build", self.data.base, self.index, self.data.metric, *self.build_options, threads)

    def ask(self, queries: Path, efforts, threads, seconds) -> runs.Run:
        return runs.run(*self.command, "search", self.index, queries, self.data.truth, self.data.metric, K, efforts, threads,
                        seconds)

    def search(self, threads: str) -> runs.Run:
        return self.ask(self.data.queries, self.efforts, threads, LEAST_SECONDS)

    def search_one_by_one(self) -> runs.Run:
        return self.ask(self.data.queries, self.efforts, 1, LEAST_SECONDS)

    def first_answer(self, one: Path) -> runs.Run:
        return self.ask(one, self.first_effort, 1, 0)


def install_usearch(folder: Path) -> str | None:
    """Puts the npm package in the folder unless it is there; says why not when that cannot be done."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "not installed: node and npm are missing"
    if not (folder / "node_modules" / "usearch").exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", USEARCH],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"not installed: npm install {USEARCH} failed"
    return None


def all_engines(programs: dict[str, Path], args, data: datasets.Dataset, work: Path) -> list:
    """In the order of the rows of a report."""
    absent = {name: None if name in programs else "not installed: run tools/setup.sh bench, then remove the --build folder"
              for name in runs.PROGRAMS}
    lists = 2 ** round(math.log2(3 * math.sqrt(data.rows)))
    parts = next(parts for parts in range(min(max(data.dim // 2, 1), MOST_PARTS), 0, -1) if data.dim % parts == 0)
    modules = args.build / "npm"
    near = programs.get("nearline")

    # Else Faiss's threads spin while they wait for each other, and count as work.
    faiss = ["env", "OMP_WAIT_POLICY=passive", programs.get("faiss_peer")]

    def graph(name, command, missing, index, options, reads_from):
        return Peer(name, command, missing, args, data, work / index, options, args.widths, FIRST_EFFORT, reads_from)

    def inverted(codes):
        return Peer(f"Faiss IVF{lists},{codes} on disk", faiss, absent["faiss_peer"], args, data,
                    work / f"index.{codes}", [f"IVF{lists},{codes}", 0], args.probes, FIRST_PROBES, "page cache")

    return [
        Nearline(near, args, data, work),
        NearlineFromDisk(near, args, data, work),
        graph("hnswlib", [programs.get("hnsw_peer")], absent["hnsw_peer"], "index.hnsw", [16, 128], "memory"),
        graph("Faiss HNSW32,SQ8", faiss, absent["faiss_peer"], "index.faiss", ["HNSW32,SQ8", 128],
              "memory"),
        inverted(f"PQ{parts}np"),  # np: without the training for a filter by Hamming distance, which nothing here uses
        inverted("SQ8"),
        graph("USearch view", ["node", "--expose-gc", runs.ROOT / "bench" / "usearch_peer.mjs", modules],
              install_usearch(modules), "index.usearch", [16, 128], "page cache"),
    ]
