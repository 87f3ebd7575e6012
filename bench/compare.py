#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: on the same rows, queries and machine, in the same minutes, how does nearline compare with its peers?

    bench/compare.py --data FOLDER --set NAME [--rows N] [--metric l2|ip|cosine] [--threads 1,2] [--repeat 3]
                     [--engines nearline,hnswlib] [--markdown FILE] [--json FILE]

Engines take turns; medians and ratios are printed as Markdown, everything is kept as JSON. Seconds depend on machine
and hour: only the ratios are to be compared between reports. Needs tools/setup.sh bench; an engine that is missing gets
a row that says so. Exit status 1 when one that is there has failed.
"""
import argparse
import json
import sys
from pathlib import Path

import datasets
import engines as kinds
import report
import runs

WIDTHS = "10,14,20,28,40,56,80,112,160,224"
PROBES = "1,2,4,8,16,32,64,128,256"
TARGETS = (0.95, 0.99)


def arguments() -> argparse.Namespace:
    parser = runs.parser(__doc__)
    parser.add_argument("--threads", default="1,2", help="of the searches; the builds take the largest")
    parser.add_argument("--repeat", type=int, default=3, help="alternating runs of the searches")
    parser.add_argument("--repeat-build", type=int, default=1, help="alternating runs of the builds")
    parser.add_argument("--memory", default="2G", help="bound on nearline's build")
    parser.add_argument("--search-memory", help="bound on nearline's search from disk; the least possible unless said")
    parser.add_argument("--disk-io", default="direct", choices=("direct", "pread"), help="how nearline reads from disk")
    parser.add_argument("--widths", default=WIDTHS, help="L of nearline, ef of the other graphs")
    parser.add_argument("--probes", default=PROBES, help="lists that Faiss IVF looks at")
    parser.add_argument("--engines", help="only those whose name contains one of these words, in any case")
    parser.add_argument("--markdown", type=Path, help="write the tables here too")
    parser.add_argument("--json", type=Path, help="where everything is kept; in the --build folder unless said")
    return parser.parse_args()


def in_turns(engines: list, times: int, work) -> dict[str, list]:
    """What `work(engine)` gives, `times` times for each; an engine that fails is left out from then on."""
    done = {engine.name: [] for engine in engines}
    for _ in range(times):
        for engine in engines:
            if engine.absent:
                continue
            try:
                done[engine.name].append(work(engine))
            except runs.Failed as error:
                engine.absent = f"FAILED: {error}"
                print(f"{engine.name}: {engine.absent}", file=sys.stderr)
    return done


def build_figures(engine, done: list[runs.Run], rows: int) -> dict:
    return {"build_seconds": runs.median([run.seconds for run in done]),
            "build_cpu_seconds": runs.median([run.cpu_seconds for run in done]),
            "build_peak_bytes": runs.median([run.peak_rss_bytes for run in done]),
            "bytes_per_vector": sum(file.stat().st_size for file in engine.files()) / rows}


def search_figures(curves: dict[str, list], lone: list[list]) -> dict:
    """curves: of each number of threads, one of each repeat. lone: those of queries that came one by one."""
    def at(repeats, key, target):
        return runs.median([runs.at_recall(curve, target, key) for curve in repeats])

    every = [line for repeats in [*curves.values(), lone] for curve in repeats for line in curve]
    found = {"best_recall": max(line["recall"] for line in every),
             "rss_bytes": runs.median([max(line["rss_bytes"] for line in curve) for curve in lone])}
    for target in TARGETS:
        for threads, repeats in curves.items():
            found[f"qps_at_{target}_threads_{threads}"] = at(repeats, "qps", target)
        for name, key in (("p50_us", "p50_us"), ("p99_us", "p99_us"), ("reads", "reads_per_query"),
                          ("pages_touched", "pages_touched")):
            found[f"{name}_at_{target}"] = at(lone, key, target)
    return found


def measure(args, engines: list, data, work: Path) -> dict:
    """Builds, searches and first answers of all engines, in turns."""
    most = max(args.threads.split(","), key=int)
    builders = [engine for engine in engines if not engine.shares_build_with]
    built = in_turns(builders, args.repeat_build, lambda engine: engine.build(most))
    curves = {threads: in_turns(engines, args.repeat, lambda engine, count=threads: engine.search(count).lines)
              for threads in args.threads.split(",")}
    # A peer on one thread answers one query at a time already.
    lone = {**curves.get("1", {}),
            **in_turns([engine for engine in engines if engine.interleaves or "1" not in curves], args.repeat,
                       lambda engine: engine.search_one_by_one().lines)}
    one = datasets.one_query(data, work)
    first = in_turns(engines, max(args.repeat, 3), lambda engine: engine.first_answer(one).seconds * 1e3)
    figures = {}
    for engine in (engine for engine in engines if not engine.absent):
        figures[engine.name] = {
            **build_figures(engine, built[engine.shares_build_with or engine.name], data.rows),
            **search_figures({threads: done[engine.name] for threads, done in curves.items()}, lone[engine.name]),
            "first_answer_ms": runs.median(first[engine.name])}
    return {"figures": figures, "curves": curves, "one_by_one": lone}


def chosen(args, engines: list) -> list:
    """The engines named by --engines. One that searches another's file brings the other with it."""
    words = args.engines.lower().split(",") if args.engines else [""]
    names = {engine.name for engine in engines if any(word in engine.name.lower() for word in words)}
    names |= {engine.shares_build_with for engine in engines if engine.name in names}
    return [engine for engine in engines if engine.name in names]


def main() -> None:
    args = arguments()
    programs = runs.build_programs(args.build)
    data = datasets.prepare(programs["nearline"], args.data, args.build / "data", args.set, args.rows, args.metric)
    work = datasets.fresh(args.build / "work")
    engines = chosen(args, kinds.all_engines(programs, args, data, work))
    if not engines:
        sys.exit(f"--engines: expected a word of an engine's name, found {args.engines}")
    found = {"set": data.name, "rows": data.rows, "dim": data.dim, "metric": data.metric,
             "raw_bytes": data.rows * data.row_bytes, "machine": runs.machine(programs["nearline"]),
             **measure(args, engines, data, work)}
    found["absent"] = {engine.name: engine.absent for engine in engines if engine.absent}
    found["how"] = {engine.name: engine.note for engine in engines if not engine.absent}
    out = args.json or args.build / f"compare-{data.name}-{data.rows}.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = report.markdown(found, engines, TARGETS, args.threads.split(","))
    print(text)
    if args.markdown:
        args.markdown.write_text(text + "\n", encoding="utf-8")
    sys.exit(1 if any(reason.startswith("FAILED") for reason in found["absent"].values()) else 0)


if __name__ == "__main__":
    main()
