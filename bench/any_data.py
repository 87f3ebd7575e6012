#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: is nearline right on data that is not unit embeddings, and how does it compare there with hnswlib?

    bench/any_data.py [--data FOLDER] [--only WORDS] [--seed 1] [--build FOLDER] [--json FILE]

Each row of the table is a set made from the seed (and, with --data, from the sets in the folder), with its own exact
neighbours. Recall is recall@10 but where each row is to find itself. Both engines build with their usual effort (R 32; M 16,
efConstruction 128), both are searched at growing effort, and recalls are compared at the same number of distance
computations. Last, the index is calibrated with half of the queries, and the other half asks again. Figures do not depend on the machine but for
the CPU time of the builds. Needs tools/setup.sh bench.
"""
import argparse
import json
import math
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import datasets
import runs

EFFORTS = "10,14,20,28,40,56,64,80,112,160,224,320,448,640,896,1280"
L = 64
ASKED = 0.95


@dataclass
class Kind:
    """A row of the table."""

    title: str
    metric: str
    make: list  # words for any_rows: kind, number
    rows: int = 5000
    queries: int = 500
    files: list = field(default_factory=list)  # stems of a set that it is made from
    own_queries: bool = False  # the rows themselves are the queries, and each is to find itself

    @property
    def k(self) -> int:
        return 1 if self.own_queries else 10


KINDS = [
    Kind("ip, Gaussian 32-d, lengths 0.2", "ip", ["lengths", 0.2]),
    Kind("ip, Gaussian 32-d, lengths 0.5", "ip", ["lengths", 0.5]),
    Kind("ip, sparse-like 500-d, 8 non-zero", "ip", ["sparse", 8], rows=4000),
    Kind("ip, queries around another mean", "ip", ["elsewhere", 0.5]),
    Kind("ip, one record x 10^4", "ip", ["one_long", 1e4], rows=4000),
    Kind("l2, Gaussian 96-d", "l2", ["gaussian", 96]),
    Kind("l2, Gaussian 96-d, finds itself", "l2", ["gaussian", 96], own_queries=True),
    Kind("l2, near-copies 10 : 1", "l2", ["copies", 10 / 11], rows=3300),
    Kind("l2, each row four times", "l2", ["repeated", 4], rows=8000),
    Kind("cosine, parallels", "cosine", ["parallel", 40], rows=1500),
    Kind("cosine, Gaussian 32-d, lengths 0.5", "cosine", ["lengths", 0.5]),
    Kind("ip, unit sentences", "ip", ["scaled", 0], rows=6000, files=["wordnet-use512-60k"]),
    Kind("ip, sentences, lengths 0.2", "ip", ["scaled", 0.2], rows=6000, files=["wordnet-use512-60k"]),
    Kind("ip, sentences, lengths 0.5", "ip", ["scaled", 0.5], rows=6000, files=["wordnet-use512-60k"]),
    Kind("ip, MUVERA encodings 1,280-d", "ip", ["muvera", 0], files=["wordnet-mv-5k"]),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the sets; without it the rows made from them are left out")
    parser.add_argument("--only", help="only rows whose title contains one of these words, divided by commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", type=Path, default=runs.ROOT / "build" / "bench", help="where to build and work")
    parser.add_argument("--json", type=Path, help="keep all curves here")
    return parser.parse_args()


def prepare(kind: Kind, args, programs, work: Path) -> datasets.Dataset:
    """Makes the rows, and finds the exact neighbours."""
    base, queries, truth = work / "base.fbin", work / "query.fbin", work / "truth.ibin"
    truth.unlink(missing_ok=True)
    files = []
    for stem in kind.files:
        parts = (["base", "base.offsets", "query", "query.offsets"] if kind.make[0] == "muvera" else ["base", "query"])
        files += [datasets.find(args.data, args.build / "data", f"{stem}.{part}") for part in parts]
    subprocess.run([str(word) for word in (programs["any_rows"], kind.make[0], args.seed, kind.rows, kind.queries, base,
                                           queries, kind.make[1], *files)], check=True)
    if kind.own_queries:
        queries = base
    datasets.find_truth(programs["nearline"], base, queries, kind.metric, truth, k=100)
    count, dim = datasets.shape(base)
    return datasets.Dataset(kind.title, base, queries, truth, kind.metric, count, dim, 4 * dim)


def near_curve(programs, data, index: Path, k: int, *options) -> list[dict]:
    """Recall and distance computations at each effort."""
    return runs.run(programs["nearline"], "eval", index, data.queries, "--truth", data.truth, "-k", k, "--io", "mapped",
                    "--json", *options).lines


def recall_at(lines: list[dict], computations: float) -> float | None:
    """Recall at a number of distance computations: linear in its logarithm between two settings; of a curve that ended
    before, what it ended with."""
    points = sorted((line["distance_computations"], line["recall"]) for line in lines)
    for (low, first), (high, second) in zip(points, points[1:]):
        if low <= computations <= high and high > low:
            return first + (second - first) * (math.log(computations / low) / math.log(high / low))
    return points[-1][1] if computations > points[-1][0] else None


def asked(programs, data, index: Path, k: int, ranking: str) -> str:
    """What is reached of the recall that is asked for, or why the search is refused."""
    done = subprocess.run([str(programs["nearline"]), "eval", str(index), str(data.queries), "--truth", str(data.truth), "-k",
                           str(k), "--io", "mapped", "--rank", ranking, "--recall", str(ASKED), "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return f"{json.loads(done.stdout.splitlines()[-1])['recall']:.3f}"
    reached = re.search(r"at most ([0-9.]+)", done.stderr)
    return f"refused ({reached[1]})" if reached else "refused" if "recall" in done.stderr else "-"


def halves(path: Path, work: Path) -> list[Path]:
    """The rows of a file of vectors with even numbers, and those with odd ones."""
    raw = path.read_bytes()
    rows, dim = datasets.HEADER.unpack(raw[:datasets.HEADER.size])
    each = [raw[datasets.HEADER.size + row * dim * 4:datasets.HEADER.size + (row + 1) * dim * 4] for row in range(rows)]
    files = [work / "even.fbin", work / "odd.fbin"]
    for half, target in enumerate(files):
        target.write_bytes(datasets.HEADER.pack(len(each[half::2]), dim) + b"".join(each[half::2]))
    return files


def asked_after_calibrating(kind: Kind, programs, data, index: Path, work: Path) -> list[str]:
    """As asked, by distance and by codes, of half of the queries, once the index is calibrated with the others."""
    if kind.own_queries:
        return ["-", "-"]
    given, others = halves(data.queries, work)
    truth = work / "odd.ibin"
    truth.unlink(missing_ok=True)
    datasets.find_truth(programs["nearline"], data.base, others, data.metric, truth, k=100)
    subprocess.run([str(programs["nearline"]), "calibrate", str(index), str(given), "--json"], check=True, capture_output=True)
    half = replace(data, queries=others, truth=truth)
    return [asked(programs, half, index, kind.k, ranking) for ranking in ("exact", "codes")]


def measure(kind: Kind, args, programs, work: Path) -> dict:
    data = prepare(kind, args, programs, work)
    near, hnsw = work / "index.near", work / "index.hnsw"
    built = runs.run(programs["nearline"], "build", data.base, "-o", near, "--metric", data.metric, "--force", "--json")
    verified = subprocess.run([str(programs["nearline"]), "verify", "--full", str(near)], capture_output=True, check=False)
    peer = runs.run(programs["hnsw_peer"], "build", data.base, hnsw, data.metric, 16, 128, 2)
    return {"title": kind.title, "rows": data.rows, "mean_degree": built.lines[-1].get("mean_degree"),
            "verifies": verified.returncode == 0,
            "build_ratio": built.cpu_seconds / peer.cpu_seconds,
            "near": near_curve(programs, data, near, kind.k, "--rank", "exact", "-L", EFFORTS),
            "codes": near_curve(programs, data, near, kind.k, "--rank", "codes", "-L", L),
            "hnsw": runs.run(programs["hnsw_peer"], "count", hnsw, data.queries, data.truth, data.metric, kind.k, EFFORTS, 2, 0).lines,
            "asked_exact": asked(programs, data, near, kind.k, "exact"),
            "asked_codes": asked(programs, data, near, kind.k, "codes"),
            "calibrated": asked_after_calibrating(kind, programs, data, near, work)}


def line_of(found: dict) -> str:
    """A row of the table."""
    ours = next(line for line in found["near"] if line["L"] == L)
    theirs = recall_at(found["hnsw"], ours["distance_computations"])
    at = {target: (runs.at_recall(found["near"], target, "distance_computations"),
                   runs.at_recall(found["hnsw"], target, "distance_computations")) for target in (0.9, 0.95, 0.99)}
    ratios = [f"{mine / other:.2f}" if mine and other else "-" for mine, other in at.values()]
    cells = [found["title"], f"{ours['recall']:.3f} @ {ours['distance_computations']:.0f}",
             "-" if theirs is None else f"{theirs:.3f}", " / ".join(ratios),
             f"{found['codes'][0]['recall']:.3f}" if found["codes"] else "-", found["asked_exact"], found["asked_codes"], " / ".join(found["calibrated"]),
             f"{found['build_ratio']:.2f}", "" if found["verifies"] else "DAMAGED"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    args = arguments()
    programs = runs.build_programs(args.build)
    for needed in ("hnsw_peer", "any_rows"):
        if needed not in programs:
            sys.exit(f"{needed} is not built: run tools/setup.sh bench, then remove the --build folder")
    words = args.only.lower().split(",") if args.only else [""]
    kinds = [kind for kind in KINDS if (args.data or not kind.files) and any(word in kind.title.lower() for word in words)]
    work = datasets.fresh(args.build / "any_data")
    print(f"| data | recall at L {L} @ distances | hnswlib there | distances to 0.9 / 0.95 / 0.99, of hnswlib's | "
          f"by codes, L {L} | asked {ASKED} | by codes | both, calibrated with other queries | build CPU, of hnswlib's | |\n" + "|---" * 10 + "|", flush=True)
    kept = []
    for kind in kinds:
        kept.append(measure(kind, args, programs, work))
        print(line_of(kept[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
