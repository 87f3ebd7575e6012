#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: how near do searches from the disk come to what the disk can give?

    bench/from_disk.py --data FOLDER --set NAME [--rows N] [--metric l2] [--layout lean|fused] [--search-memory 32M]

Reads blocks of the index at random, with 1, 8 and 64 reads in flight (disk_reads); then answers queries with O_DIRECT, one
thread: many at once, and one after the other. Prints, at each recall that is asked for, the queries and the reads a second
beside the disk's, and the latency beside what the reads would take one after the other.
"""
from pathlib import Path

import datasets
import runs

DEPTHS = "1,8,64"


def main() -> None:
    parser = runs.parser(__doc__)
    parser.add_argument("--layout", default="lean")
    parser.add_argument("--search-memory", default="32M")
    parser.add_argument("--recall", default="0.93,0.95,0.97,0.99")
    args = parser.parse_args()
    programs = runs.build_programs(args.build)
    nearline = programs["nearline"]
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, args.rows, args.metric)
    index = datasets.fresh(args.build / "from_disk") / "index.near"
    runs.run(nearline, "build", data.base, "-o", index, "--metric", data.metric, "--layout", args.layout, "--json")
    disk = {line["depth"]: line["reads_per_second"]
            for line in runs.run(programs["disk_reads"], index, 3, DEPTHS).lines}
    print("the disk: " + ", ".join(f"{rate:,.0f} reads/s with {depth} in flight" for depth, rate in disk.items()) + "\n")
    common = ["eval", index, data.queries, "--truth", data.truth, "-k", 10, "--recall", args.recall, "--io", "direct",
              "--memory", args.search_memory, "--no-warmup", "--threads", 1, "--json"]
    if args.layout == "lean":
        common += ["--rank", "codes"]
    many = runs.run(nearline, *common).lines
    single = runs.run(nearline, *common, "--batch", 1, "--beam-width", 4).lines  # as the library takes a single one
    print("| asked | recall@10 | reads a query | queries/s, many at once | of the disk's reads/s at 64 | one alone: p50, p99 us | "
          "reads a query | p50 / (reads at depth 1) |")
    print("|---|---|---|---|---|---|---|---|")
    for line, alone in zip(many, single):
        share = line["qps"] * line["reads_per_query"] / disk[64]
        serial = alone["reads_per_query"] / disk[1] * 1e6
        print(f"| {line['target']:.2f} | {line['recall']:.4f} | {line['reads_per_query']:.1f} | {line['qps']:,.0f} | {share:.2f} | "
              f"{alone['p50_us']:,.0f}, {alone['p99_us']:,.0f} | {alone['reads_per_query']:.1f} | {alone['p50_us'] / serial:.2f} |")


if __name__ == "__main__":
    main()
