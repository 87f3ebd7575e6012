#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: is an index that is changed again and again as good as one that is built anew?

    bench/churn.py --data FOLDER --set NAME [--rows 200000] [--share 0.05] [--rounds 100] [--every 10] [--metric l2]

Each round deletes a share of the records and inserts as many others, each in a commit. Every so many rounds the index is
compared with a fresh build of what is live: recall and page reads at the same effort, bytes; it is verified, and its
answers are searched for deleted ids. At the end it is compacted. Exit status 1 when a deleted record was answered or
damage was found.
"""
import array
import math
import random
import subprocess
import sys
from pathlib import Path

import datasets
import runs

K = 10


class Churn:
    """The index under test, and what it must hold: the source row of each live id."""

    def __init__(self, nearline: Path, source: Path, queries: Path, metric: str, memory: str, rows: int, work: Path):
        self.nearline, self.source, self.queries, self.metric, self.work = nearline, source, queries, metric, work
        self.memory = memory
        self.count, self.dim = datasets.shape(source)
        self.row_bytes = self.dim * datasets.ROW_BYTES[source.suffix]
        self.live = {number: number for number in range(rows)}
        self.next_id, self.next_row = rows, rows
        self.index = work / "churn.near"
        self.random = random.Random(1)
        self.write_rows(self.base(), list(range(rows)))
        runs.run(nearline, "build", self.base(), "-o", self.index, "--metric", metric, "--json")

    def base(self, name: str = "rows") -> Path:
        return self.work / f"{name}{self.source.suffix}"

    def write_rows(self, target: Path, rows: list[int]) -> None:
        with open(self.source, "rb") as read, open(target, "wb") as write:
            write.write(datasets.HEADER.pack(len(rows), self.dim))
            for row in rows:
                read.seek(datasets.HEADER.size + row * self.row_bytes)
                write.write(read.read(self.row_bytes))

    def write_ids(self, ids: list[int]) -> Path:
        target = self.work / "ids.txt"
        target.write_text("".join(f"{number}\n" for number in ids))
        return target

    def replace(self, share: float) -> float:
        """One round; returns its CPU-seconds."""
        count = int(len(self.live) * share)
        gone = self.random.sample(sorted(self.live), count)
        deleted = runs.run(self.nearline, "delete", self.index, "--ids", self.write_ids(gone), "--strict", "--json")
        for number in gone:
            del self.live[number]
        added = list(range(self.next_id, self.next_id + count))
        rows = [row % self.count for row in range(self.next_row, self.next_row + count)]
        self.next_id, self.next_row = self.next_id + count, self.next_row + count
        self.live.update(zip(added, rows))
        self.write_rows(self.base(), rows)
        inserted = runs.run(self.nearline, "insert", self.index, self.base(), "--ids", self.write_ids(added), "--json")
        return deleted.cpu_seconds + inserted.cpu_seconds

    def truth(self, ids: list[int], base: Path) -> Path:
        """Exact neighbours among the live records, by id."""
        target = self.work / "truth.ibin"
        runs.run(self.nearline, "truth", base, self.queries, "-k", K, "--metric", self.metric, "-o", target, "--force")
        raw = target.read_bytes()
        queries, k = datasets.HEADER.unpack(raw[:datasets.HEADER.size])
        rows = array.array("I", raw[datasets.HEADER.size:datasets.HEADER.size + queries * k * 4])
        named = array.array("I", (ids[row] for row in rows)).tobytes()
        target.write_bytes(raw[:datasets.HEADER.size] + named + raw[datasets.HEADER.size + len(named):])
        return target

    def measure(self, index: Path, truth: Path) -> dict:
        """Recall at an L from memory; from disk recall and reads when 0.95 is asked for, and reads where 0.95 is reached."""
        common = ["--truth", truth, "-k", K, "--no-warmup", "--threads", 1, "--json"]
        warm = runs.run(self.nearline, "eval", index, self.queries, *common, "-L", 40, "--io", "mapped").lines[0]
        cold = runs.run(self.nearline, "eval", index, self.queries, *common, "--recall", "0.95,0.88,0.9,0.92,0.94", "--io",
                        "pread", "--rank", "codes", "--memory", self.memory).lines
        return {"recall_l40": warm["recall"], "qps_l40": warm["qps"], "recall": cold[0]["recall"],
                "asked": cold[0]["reads_per_query"], "reads": runs.at_recall(cold, 0.95, "reads_per_query") or math.nan}

    def check_answers(self) -> None:
        found = self.work / "found.ibin"
        runs.run(self.nearline, "search", self.index, self.queries, "-k", 100, "-o", found, "--force")
        raw = found.read_bytes()
        queries, k = datasets.HEADER.unpack(raw[:datasets.HEADER.size])
        ids = array.array("I", raw[datasets.HEADER.size:datasets.HEADER.size + queries * k * 4])
        wrong = [number for number in ids if number not in self.live]
        if wrong:
            raise SystemExit(f"{len(wrong)} answers are no live records: {wrong[:5]}")
        subprocess.run([self.nearline, "verify", self.index, "--full"], check=True, stdout=subprocess.DEVNULL)

    def compare(self) -> dict:
        """This index beside a fresh one."""
        self.check_answers()
        ids = sorted(self.live)
        base = self.base("live")
        self.write_rows(base, [self.live[number] for number in ids])
        fresh = self.work / "fresh.near"
        runs.run(self.nearline, "build", base, "-o", fresh, "--ids", self.write_ids(ids), "--metric", self.metric, "--force",
                 "--json")
        truth = self.truth(ids, base)
        info = runs.run(self.nearline, "info", self.index, "--json").lines[0]
        return {"here": self.measure(self.index, truth), "fresh": self.measure(fresh, truth), "segments": info["segments"],
                "deleted": info["deleted"], "bytes": on_disk(self.index) / on_disk(fresh)}


def on_disk(path: Path) -> int:
    """Bytes that a file takes, holes left out."""
    return path.stat().st_blocks * 512


def print_row(name: str, found: dict) -> None:
    here, fresh = found["here"], found["fresh"]
    print(f"| {name} | {found['segments']} | {found['deleted']:,} | {here['recall_l40']:.4f} / {fresh['recall_l40']:.4f} | "
          f"{here['recall']:.4f} / {fresh['recall']:.4f} | {here['asked']:.1f} / {fresh['asked']:.1f} | "
          f"{here['reads']:.1f} / {fresh['reads']:.1f} | "
          f"{here['reads'] / fresh['reads']:.2f} | {found['bytes']:.2f} |", flush=True)


def main() -> None:
    parser = runs.parser(__doc__, rows=200_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--search-memory", default="12M", help="of searches by codes, whose reads are counted")
    args = parser.parse_args()
    nearline = runs.build_programs(args.build)["nearline"]
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, None, args.metric)
    churn = Churn(nearline, data.base, data.queries, args.metric, args.search_memory, args.rows, datasets.fresh(args.build / "churn"))
    print(f"### {data.name}: {args.rounds} rounds, each replacing {args.share:.0%} of {args.rows:,} records; here / fresh build\n")
    print("| after round | segments | deleted | recall@10 at L = 40 | recall@10 asked 0.95 by codes | its reads | reads "
          "where 0.95 is reached | ratio | bytes on disk, ratio |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    seconds = 0.0
    for round_number in range(1, args.rounds + 1):
        seconds += churn.replace(args.share)
        if round_number % args.every == 0:
            print_row(str(round_number), churn.compare())
    dense = churn.work / "dense.near"
    runs.run(nearline, "compact", churn.index, "-o", dense, "--force", "--json")
    churn.index = dense
    print_row("compact -o", churn.compare())
    replaced = args.rounds * int(args.rows * args.share)
    print(f"\n{replaced:,} records replaced in {seconds:.0f} CPU-seconds.")
    sys.exit(0)


if __name__ == "__main__":
    main()
