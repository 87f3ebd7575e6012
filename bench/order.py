#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: does the order of the rows matter to the recall, and the number of threads to the bytes?

    bench/order.py --data FOLDER --set NAME [--rows N] [--metric l2|ip|cosine]

Builds an index from the rows as they come, shuffled, reversed, and sorted by cluster (both ways), and prints the recall
at the same L. Then builds the first one again with 1 and with 2 threads and compares the files. Exit status 1 when the
recalls lie more than a point apart or the files differ.
"""
import argparse
import filecmp
import random
import sys
from pathlib import Path

import datasets
import runs

WIDTHS = "10,20,40,80"
CLUSTERS = 256
MOST_SHIFT = 0.01


def orders(nearline: Path, data, work: Path) -> dict[str, list[int]]:
    """Row numbers in each order."""
    generator = random.Random(1)
    shuffled = list(range(data.rows))
    generator.shuffle(shuffled)
    centers = sorted(shuffled[:min(CLUSTERS, data.rows)])
    cluster = datasets.nearest_center(nearline, data, centers, work)
    by_cluster = sorted(range(data.rows), key=lambda row: cluster[row])
    return {"as given": list(range(data.rows)), "shuffled": shuffled, "reversed": list(range(data.rows))[::-1],
            "by cluster": by_cluster, "by cluster, reversed": by_cluster[::-1]}


def recalls(nearline: Path, data, base: Path, ids: Path, work: Path, memory: str) -> dict[int, float]:
    """Recall at each L of an index of these rows under these ids."""
    index = work / "order.near"
    runs.run(nearline, "build", base, "-o", index, "--ids", ids, "--metric", data.metric, "--memory", memory, "--force",
             "--json")
    done = runs.run(nearline, "eval", index, data.queries, "--truth", data.truth, "-k", 10, "-L", WIDTHS, "--threads", 2,
                    "--no-warmup", "--json")
    return {line["L"]: line["recall"] for line in done.lines}


def same_bytes(nearline: Path, data, work: Path, memory: str) -> bool:
    """Whether 1 and 2 threads make the same file."""
    files = [work / f"threads-{threads}.near" for threads in (1, 2)]
    for threads, file in zip((1, 2), files):
        runs.run(nearline, "build", data.base, "-o", file, "--metric", data.metric, "--memory", memory, "--threads", threads,
                 "--json")
    return filecmp.cmp(*files, shallow=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--metric", default="l2")
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--build", type=Path, default=runs.ROOT / "build" / "bench")
    args = parser.parse_args()
    nearline = runs.build_programs(args.build)["nearline"]
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "order")

    found = {}
    for name, order in orders(nearline, data, work).items():
        base, ids = work / f"rows{data.base.suffix}", work / "ids.u64bin"
        datasets.reorder(data.base, order, base, ids)
        found[name] = recalls(nearline, data, base, ids, work, args.memory)
    widths = list(next(iter(found.values())))
    print(f"### {data.name}, {data.rows:,} rows: recall@10 by order of the input\n")
    print("| order | " + " | ".join(f"L = {width}" for width in widths) + " |\n|---|" + "---|" * len(widths))
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{row[width]:.4f}" for width in widths) + " |")
    shift = {width: max(row[width] for row in found.values()) - min(row[width] for row in found.values()) for width in widths}
    print("| largest shift | " + " | ".join(f"{shift[width]:.4f}" for width in widths) + " |\n")
    same = same_bytes(nearline, data, work, args.memory)
    print(f"Files built with 1 and 2 threads: {'identical' if same else 'DIFFERENT'}.")
    sys.exit(0 if same and max(shift.values()) <= MOST_SHIFT else 1)


if __name__ == "__main__":
    main()
