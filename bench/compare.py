#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: on the same rows, queries and machine, in the same minutes, how does nearline compare with hnswlib?

    bench/compare.py --data FOLDER --set NAME [--rows N] [--metric l2|ip|cosine] [--threads 1,2] [--repeat 3]

Runs of the two alternate; medians and their ratios are printed as Markdown, everything is kept as JSON. Seconds depend
on machine and hour: only the ratios are to be compared between reports. Needs tools/setup.sh bench.
"""
import argparse
import json
from pathlib import Path

import datasets
import runs

WIDTHS = "10,14,20,28,40,56,80,112,160,224"
TARGETS = (0.95, 0.99)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the set's files")
    parser.add_argument("--set", required=True, help="name of the set")
    parser.add_argument("--rows", type=int, help="take the first rows only")
    parser.add_argument("--metric", default="l2")
    parser.add_argument("--threads", default="1,2", help="of the searches; the builds take the largest")
    parser.add_argument("--repeat", type=int, default=3, help="alternating runs of the searches")
    parser.add_argument("--repeat-build", type=int, default=1, help="alternating runs of the builds")
    parser.add_argument("--memory", default="2G", help="bound on nearline's build")
    parser.add_argument("--widths", default=WIDTHS, help="L of nearline, ef of hnswlib")
    parser.add_argument("--build", type=Path, default=runs.ROOT / "build" / "bench", help="where to build and work")
    return parser.parse_args()


def build_both(args, nearline: Path, peer: Path, data, work: Path) -> dict:
    """Alternating builds; the last index of each stays for the searches."""
    threads = max(args.threads.split(","), key=int)
    costs = {"nearline": [], "hnswlib": []}
    for _ in range(args.repeat_build):
        costs["nearline"].append(runs.run(nearline, "build", data.base, "-o", work / "index.near", "--metric", data.metric,
                                          "--memory", args.memory, "--threads", threads, "--force", "--json"))
        costs["hnswlib"].append(runs.run(peer, "build", data.base, work / "index.hnsw", data.metric, 16, 128, threads))
    files = {"nearline": work / "index.near", "hnswlib": work / "index.hnsw"}
    return {engine: {
        "build_seconds": runs.median([run.seconds for run in done]),
        "build_cpu_seconds": runs.median([run.cpu_seconds for run in done]),
        "build_peak_bytes": runs.median([run.peak_rss_bytes for run in done]),
        "bytes_per_vector": files[engine].stat().st_size / data.rows,
    } for engine, done in costs.items()}


def search_both(args, nearline: Path, peer: Path, data, work: Path) -> dict:
    """Alternating searches over all widths, for each number of threads; then open and answer once, in a new process."""
    found = {"nearline": {}, "hnswlib": {}}
    curves = {}
    for threads in args.threads.split(","):
        lines = {"nearline": [], "hnswlib": []}
        peaks = {"nearline": [], "hnswlib": []}
        for _ in range(args.repeat):
            ours = runs.run(nearline, "eval", work / "index.near", data.queries, "--truth", data.truth, "-k", 10,
                            "-L", args.widths, "--io", "mapped", "--threads", threads, "--json")
            theirs = runs.run(peer, "search", work / "index.hnsw", data.base, data.queries, data.truth, data.metric, 10,
                              args.widths, threads, 0.5)
            lines["nearline"].append(ours.lines)
            lines["hnswlib"].append([line for line in theirs.lines if line["phase"] == "search"])
            peaks["nearline"].append(ours.peak_rss_bytes)
            peaks["hnswlib"].append(theirs.peak_rss_bytes)
        for engine, repeats in lines.items():
            for target in TARGETS:
                speed = runs.median([runs.qps_at(curve, target) for curve in repeats])
                found[engine][f"qps_at_{target}_threads_{threads}"] = speed
            found[engine]["search_peak_bytes"] = runs.median(peaks[engine])
        curves[threads] = lines
    one = datasets.one_query(data, work)
    first = {"nearline": [], "hnswlib": []}
    for _ in range(max(args.repeat, 3)):
        first["nearline"].append(runs.run(nearline, "search", work / "index.near", one, "-k", 10, "--io", "mapped"))
        first["hnswlib"].append(runs.run(peer, "search", work / "index.hnsw", data.base, one, data.truth, data.metric, 10,
                                         64, 1, 0))
    for engine, done in first.items():
        found[engine]["first_answer_ms"] = runs.median([run.seconds * 1e3 for run in done])
    return {"figures": found, "curves": curves}


def markdown(figures: dict, args, data) -> str:
    """One row a figure: both engines, and the ratio of nearline to hnswlib."""
    title = f"{data.name}, {data.rows:,} rows of {data.dim} components, {data.metric}, recall@10"
    rows = [f"### {title}", "", "| figure | nearline | hnswlib | ratio |", "|---|---|---|---|"]
    for key in figures["nearline"]:
        ours, theirs = figures["nearline"][key], figures["hnswlib"][key]
        ratio = f"{ours / theirs:.2f}" if ours and theirs else "-"
        text = ["-" if value is None else f"{value:,.{0 if value >= 1000 else 2}f}" for value in (ours, theirs)]
        rows.append(f"| {key.replace('_', ' ')} | {text[0]} | {text[1]} | {ratio} |")
    raw = data.rows * data.row_bytes
    rows += ["", f"Raw vectors {raw:,} bytes; nearline's build peaked at "
                 f"{figures['nearline']['build_peak_bytes'] / raw:.2f}x of that, its file is "
                 f"{figures['nearline']['bytes_per_vector'] / data.row_bytes:.2f}x."]
    return "\n".join(rows)


def main() -> None:
    args = arguments()
    nearline, peer = runs.build_programs(args.build)
    data = datasets.prepare(nearline, args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "work")
    figures = build_both(args, nearline, peer, data, work)
    searched = search_both(args, nearline, peer, data, work)
    for engine, more in searched["figures"].items():
        figures[engine].update(more)
    report = {"set": data.name, "rows": data.rows, "dim": data.dim, "metric": data.metric,
              "machine": runs.machine(nearline), "figures": figures, "curves": searched["curves"]}
    out = args.build / f"compare-{data.name}-{data.rows}.json"
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(markdown(figures, args, data))
    print(f"\n{report['machine']['processor']}, {report['machine']['processors']} processors; {report['machine']['system']}")


if __name__ == "__main__":
    main()
