#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: do filtered searches find what they should, and what do they cost, at every share and correlation?

    bench/filters.py --data FOLDER --set NAME [--rows N] [--metric l2] [--layout lean|fused] [--io direct] [--rank codes]
                     [--shares 0.5,0.1,0.01,0.001,0.0001] [--queries 100] [--seconds 0]

Gives each record a random number and the nearest of 256 centres, which are records. Filters by number are random; those by
centre take the centres nearest to the query (near) or farthest from it (far) until their records are the share, and by number as
many of these as are wanted. Prints recall@10, reads and queries a second beside those without a filter.
"""
import json
import random
import struct

import datasets
import runs

CENTRES = 256
NUMBERS = 100_000


def neighbours(path) -> list[tuple[int, ...]]:
    """The ids of an .ibin."""
    raw = path.read_bytes()
    rows, k = struct.unpack_from("<II", raw)
    return [struct.unpack_from(f"<{k}I", raw, 8 + row * 4 * k) for row in range(rows)]


def main() -> None:
    parser = runs.parser(__doc__)
    parser.add_argument("--layout", default="lean")
    parser.add_argument("--io", default="direct")
    parser.add_argument("--rank", default="auto")
    parser.add_argument("--search-memory", type=int, default=64 << 20)
    parser.add_argument("--shares", default="0.5,0.1,0.01,0.001,0.0001")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=0, help="of each timing; 0: counts alone, on a busy machine")
    parser.add_argument("--recall", default="0.95")
    args = parser.parse_args()
    programs = runs.build_programs(args.build)
    nearline = programs["nearline"]
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "filters")
    chosen = random.Random(1)
    centres = work / f"centres{data.base.suffix}"
    with open(data.base, "rb") as read, open(centres, "wb") as write:
        write.write(datasets.HEADER.pack(CENTRES, data.dim))
        for row in sorted(chosen.sample(range(data.rows), CENTRES)):
            read.seek(datasets.HEADER.size + row * data.row_bytes)
            write.write(read.read(data.row_bytes))
    metric = ["--metric", data.metric]
    runs.run(nearline, "truth", centres, data.base, "-k", 1, "-o", work / "home.ibin", *metric)
    runs.run(nearline, "truth", centres, data.queries, "-k", CENTRES, "-o", work / "order.ibin", *metric)
    home = [ids[0] for ids in neighbours(work / "home.ibin")]
    order = neighbours(work / "order.ibin")
    sizes = [0] * CENTRES
    for centre in home:
        sizes[centre] += 1
    lines = work / "attributes.jsonl"
    with open(lines, "w", encoding="utf-8") as out:
        for centre in home:
            out.write(json.dumps({"n": chosen.randrange(NUMBERS), "c": centre}) + "\n")
    index = work / "index.near"
    runs.run(nearline, "build", data.base, "-o", index, *metric, "--layout", args.layout, "--attributes", lines, "--json")

    def filters(kind: str, share: float) -> list[str]:
        made = []
        for query in range(min(args.queries, len(order))):
            if kind == "random":
                made.append(f"n < {round(share * NUMBERS)}")
                continue
            taken, records = [], 0
            for centre in order[query] if kind == "near" else reversed(order[query]):
                taken.append(centre)
                records += sizes[centre]
                if records >= share * data.rows:
                    break
            made.append(f"c in ({', '.join(map(str, taken))}) and n < {round(share * data.rows / records * NUMBERS)}")
        return made

    def measure(lines: list[str]) -> dict:
        path = work / "filters.txt"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return runs.run(programs["filtered"], index, data.queries, path, args.io, args.search_memory, args.rank, args.recall,
                        args.seconds).lines[0]

    plain = measure([f"n >= 0"] * min(args.queries, len(order)))
    print(f"without a filter's help: recall {plain['recall']:.4f}, {plain['reads']:.1f} reads, {plain['qps']:,.0f} queries/s\n")
    print("| share | matches | filter | recall@10 | reads | over all | codes | distances | queries/s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for share in map(float, args.shares.split(",")):
        for kind in ("random", "near", "far"):
            line = measure(filters(kind, share))
            print(f"| {share * 100:g} % | {line['matches']:,.0f} | {kind} | {line['recall']:.4f} | {line['reads']:.1f} | "
                  f"{line['reads'] / plain['reads']:.2f} | {line['estimates']:,.0f} | {line['distances']:,.0f} | {line['qps']:,.0f} |",
                  flush=True)


if __name__ == "__main__":
    main()
