#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: does the order of the rows matter, or the number of threads?

    bench/order.py --data FOLDER --set NAME [--rows N] [--metric l2|ip|cosine]

Builds an index from the rows as they come, with 1 and with 2 threads, and shuffled, reversed, and sorted by cluster (both
ways), each row under its own number as id. Prints the recall of each at the same L, and whether it is the same file as the
first. Exit status 1 when one is not.
"""
import filecmp
import random
import sys
from pathlib import Path

import datasets
import runs

WIDTHS = "10,20,40,80"
CLUSTERS = 256


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


def build(nearline: Path, data, order: list[int], index: Path, memory: str, threads: int) -> None:
    """Makes an index of the rows in that order."""
    base, ids = index.with_suffix(data.base.suffix), index.with_suffix(".u64bin")
    datasets.reorder(data.base, order, base, ids)
    runs.run(nearline, "build", base, "-o", index, "--ids", ids, "--metric", data.metric, "--memory", memory, "--threads",
             threads, "--force", "--json")


def recalls(nearline: Path, data, index: Path) -> dict[int, float]:
    """Recall at each L."""
    done = runs.run(nearline, "eval", index, data.queries, "--truth", data.truth, "-k", 10, "-L", WIDTHS, "--threads", 2,
                    "--no-warmup", "--json")
    return {line["L"]: line["recall"] for line in done.lines}


def main() -> None:
    parser = runs.parser(__doc__)
    parser.add_argument("--memory", default="2G")
    args = parser.parse_args()
    nearline = runs.build_programs(args.build)["nearline"]
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "order")

    first, index = work / "first.near", work / "order.near"
    build(nearline, data, list(range(data.rows)), first, args.memory, 1)
    widths = list(recalls(nearline, data, first))
    print(f"### {data.name}, {data.rows:,} rows: recall@10 by order of the input\n")
    print("| order | " + " | ".join(f"L = {width}" for width in widths) + " | file |\n|---|" + "---|" * (len(widths) + 1))
    all_same = True
    for name, order in orders(nearline, data, work).items():
        build(nearline, data, order, index, args.memory, 2)
        found = recalls(nearline, data, index)
        same = filecmp.cmp(first, index, shallow=False)
        all_same = all_same and same
        cells = [name, *(f"{found[width]:.4f}" for width in widths), "the same" if same else "OTHER"]
        print("| " + " | ".join(cells) + " |")
    sys.exit(0 if all_same else 1)


if __name__ == "__main__":
    main()
