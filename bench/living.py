#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: what does it cost to change an index, and what do its readers notice?

    bench/living.py --data FOLDER --set NAME [--rows N] [--metric l2] [--what insert,commits,latency,compact,keys] [--built 0.5]

insert   a part is built, the others inserted in durable commits of 1,000; beside a build of as many records at once
commits  p50 and p99 of durable commits of 100 records, one after the other, while all others are merged beside them
latency  one reader's p50 and p99, alone and while a process inserts a tenth of the records, merges included
compact  all is built and every tenth record deleted; compacted in place and to a new file, within --memory; beside a build
         of as many records within the same
keys     reads of a cold id from the disk, and microseconds of one in batches of 1,000; with ids in a row, and spread over 64 bits
"""
import sys
from pathlib import Path

import datasets
import runs

COMMIT_ROWS = 1000
SMALL_ROWS = 100


def split(data, work: Path, first: int, last: int, name: str) -> Path:
    """Rows [first, last) as a file."""
    target = work / f"{name}{data.base.suffix}"
    with open(data.base, "rb") as read, open(target, "wb") as write:
        write.write(datasets.HEADER.pack(last - first, data.dim))
        read.seek(datasets.HEADER.size + first * data.row_bytes)
        for _ in range(first, last):
            write.write(read.read(data.row_bytes))
    return target


def build(nearline: Path, base: Path, index: Path, data, *options) -> runs.Run:
    """An index of all rows of a file."""
    return runs.run(nearline, "build", base, "-o", index, "--metric", data.metric, "--force", "--json", *options)


def inserts(nearline: Path, data, work: Path, there: int) -> None:
    """The rate of inserts into an index of so many records beside that of a build."""
    more = data.rows - there
    first, second = split(data, work, 0, there, "first"), split(data, work, there, data.rows, "second")
    index = work / "insert.near"
    build(nearline, first, index, data)
    inserted = runs.run(nearline, "insert", index, second, "--commit-every", COMMIT_ROWS, "--json")
    bulk = build(nearline, second, work / "bulk.near", data)
    print(f"insert: {more:,} beside {there:,} in {inserted.cpu_seconds:.1f} CPU-s, {inserted.seconds:.1f} s; built at once "
          f"{bulk.cpu_seconds:.1f} CPU-s, {bulk.seconds:.1f} s; rate {bulk.cpu_seconds / inserted.cpu_seconds:.2f} by CPU, "
          f"{bulk.seconds / inserted.seconds:.2f} by the clock", flush=True)


def commits(programs: dict, data, work: Path, pause: int, memory: int) -> None:
    """Small commits beside the merge of all that is there but a hundredth, which is what they insert."""
    first = data.rows - data.rows // 100
    base, more = split(data, work, 0, first, "first"), split(data, work, first, data.rows, "more")
    index = work / "commits.near"
    build(programs["nearline"], base, index, data)
    line = runs.run(programs["commit_latency"], index, more, SMALL_ROWS, pause, memory).lines[0]
    print(f"commits: {line['commits']:,} of {SMALL_ROWS} records beside the merge of {first:,} in {line['seconds']:.1f} s: p50 "
          f"{line['p50']:.1f} ms, p99 {line['p99']:.1f}, most {line['most']:.1f}; the one that began it {line['began']:.1f}, "
          f"the one that adopted it {line['adopted']:.1f}; at most {line['segments']} segments", flush=True)


def latency(programs: dict, data, work: Path, memory: int, seconds: int) -> None:
    """A reader beside a writer."""
    first = data.rows - data.rows // 10
    base, more = split(data, work, 0, first, "first"), split(data, work, first, data.rows, "more")
    index = work / "latency.near"
    for mode in ("mapped", "direct"):
        build(programs["nearline"], base, index, data)
        line = runs.run(programs["reader_latency"], index, data.queries, more, mode, 0.95, seconds, memory).lines[0]
        print(f"latency, {mode}: p50 {line['p50_alone']:.0f} us alone, {line['p50_beside']:.0f} beside a writer; p99 "
              f"{line['p99_alone']:.0f} and {line['p99_beside']:.0f}: {line['p99_beside'] / line['p99_alone']:.2f}x "
              f"({line['queries_alone']:,} and {line['queries_beside']:,} queries); refresh p50 {line['p50_refresh']:.0f}, "
              f"p99 {line['p99_refresh']:.0f} us, {line['refreshes']} of them", flush=True)


def compaction(nearline: Path, data, work: Path, memory: str) -> None:
    """Both ways to compact, beside a build of what is live."""
    index = work / "compact.near"
    build(nearline, data.base, index, data, "--memory", memory)
    gone = work / "gone.txt"
    gone.write_text("".join(f"{number}\n" for number in range(0, data.rows, 10)))
    runs.run(nearline, "delete", index, "--ids", gone, "--strict", "--json")
    live = data.rows - len(range(0, data.rows, 10))
    fresh = build(nearline, split(data, work, 0, live, "live"), work / "fresh.near", data, "--memory", memory)
    dense = runs.run(nearline, "compact", index, "-o", work / "dense.near", "--force", "--memory", memory, "--json")
    place = runs.run(nearline, "compact", index, "--memory", memory, "--json")
    for name, run in (("build of as many", fresh), ("compact -o", dense), ("compact in place", place)):
        print(f"compact: {name}: {live:,} records, --memory {memory}: {run.cpu_seconds:.1f} CPU-s, {run.seconds:.1f} s, "
              f"{run.cpu_seconds / fresh.cpu_seconds:.2f}x and {run.seconds / fresh.seconds:.2f}x; peak resident "
              f"{run.peak_rss_bytes / 1e6:.0f} MB, mapped pages included, private {run.peak_private_bytes / 1e6:.0f} MB", flush=True)


def keys(programs: dict, data, work: Path, memory: int) -> None:
    """Records by id."""
    spread = work / "spread.txt"
    spread.write_text("".join(f"{(number + 1) * 0x9E3779B97F4A7C15 % (2**64 - 1)}\n" for number in range(data.rows)))
    index = work / "keys.near"
    for name, options in (("in a row", ()), ("spread", ("--ids", spread))):
        build(programs["nearline"], data.base, index, data, "--no-calibrate", *options)
        for mode in ("direct", "mapped"):
            line = runs.run(programs["keys"], index, mode, memory).lines[0]
            print(f"keys, ids {name}, {mode}: a cold id {line['reads_next']:.2f} reads in {line['rounds_next']:.2f} rounds, the "
                  f"first {line['reads_first']:.2f} in {line['rounds_first']:.2f}; {line['us_contains']:.3f} us an id to "
                  f"know, {line['us_get']:.3f} to get, of {line['ids']:,}", flush=True)


def main() -> None:
    parser = runs.parser(__doc__)
    parser.add_argument("--what", default="insert,commits,latency,compact,keys")
    parser.add_argument("--built", type=float, default=0.5, help="share of the records that are there before others are inserted")
    parser.add_argument("--memory", default="256M", help="of builds and compactions beside each other")
    parser.add_argument("--search-memory", type=int, default=64 << 20, help="of the reader, in bytes")
    parser.add_argument("--writer-memory", type=int, default=1 << 30, help="of the writer of small commits, in bytes")
    parser.add_argument("--pause", type=int, default=0, help="milliseconds between small commits")
    parser.add_argument("--seconds", type=int, default=10, help="for which the reader is alone")
    args = parser.parse_args()
    asked = args.what.split(",")
    if not set(asked) <= {"insert", "commits", "latency", "compact", "keys"}:
        sys.exit(f"--what {args.what}: expected some of insert,commits,latency,compact,keys")
    if not 0 < args.built < 1:
        sys.exit(f"--built {args.built}: expected a share above 0 and below 1")
    programs = runs.build_programs(args.build)
    data = datasets.prepare(programs["nearline"], args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "living")
    if "insert" in asked:
        inserts(programs["nearline"], data, work, int(data.rows * args.built))
    if "commits" in asked:
        commits(programs, data, work, args.pause, args.writer_memory)
    if "latency" in asked:
        latency(programs, data, work, args.search_memory, args.seconds)
    if "compact" in asked:
        compaction(programs["nearline"], data, work, args.memory)
    if "keys" in asked:
        keys(programs, data, work, args.search_memory)


if __name__ == "__main__":
    main()
