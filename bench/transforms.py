#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: what do transforms of queries and records keep of nearness, across spaces, encoders and dimensions?

    bench/transforms.py --data FOLDER [--rows 20000] [--anchors 256] [--nearline PROGRAM]

Takes two encodings of the same texts, wordnet-use512-60k and wordnet-lsa128-20k, and prints counts alone: answers across a
rotation, a scale and a permutation of one space; answers across the two encoders, by anchors and by a matrix that is
learned, beside chance and beside what the encoders agree on; and the distortion of a sparse random projection beside its
bound. Needs numpy.
"""
import argparse
import json
import math
import struct
import subprocess
from pathlib import Path

import numpy as np

import datasets
import runs

K = 10


def read(path: Path, rows: int | None = None) -> np.ndarray:
    count, dim = datasets.shape(path)
    kind = np.float16 if path.suffix == ".hbin" else np.float32
    count = min(count, rows or count)
    return np.fromfile(path, kind, count * dim, offset=8).reshape(count, dim).astype(np.float32)


def write(path: Path, rows: np.ndarray) -> Path:
    with open(path, "wb") as file:
        file.write(struct.pack("<II", *rows.shape))
        file.write(np.ascontiguousarray(rows, np.float32).tobytes())
    return path


class World:
    def __init__(self, nearline: Path, folder: Path):
        self.nearline, self.folder = nearline, datasets.fresh(folder)

    def put(self, name: str, rows: np.ndarray) -> str:
        return write(self.folder / name, rows).name

    def run(self, *words) -> str:
        return subprocess.run([self.nearline, *map(str, words)], cwd=self.folder, check=True, capture_output=True,
                              text=True).stdout

    def build(self, name: str, base: str, *options) -> str:
        self.run("build", base, "-o", name, "-R", 16, "--l-build", 32, "--no-calibrate", *options)
        return name

    def answers(self, index: str, queries: str, *options) -> np.ndarray:
        lines = self.run("search", index, queries, "-k", K, "--json", *options).splitlines()
        return np.array([json.loads(line)["ids"] for line in lines])


def hits(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(found, wanted)]))


def share(found: np.ndarray, own: np.ndarray) -> float:
    """Of queries whose own record is among the answers."""
    return float(np.mean([own[i] in found[i] for i in range(len(own))]))


def turned_space(world: World, base: np.ndarray, queries: np.ndarray, anchors: np.ndarray, draw) -> dict:
    """Records in one space, queries in another that is the first one turned, scaled and permuted."""
    dim = base.shape[1]
    turn = np.linalg.qr(draw.standard_normal((dim, dim)))[0][draw.permutation(dim)] * 3.7
    there = lambda rows: rows.astype(np.float64) @ turn.T  # noqa: E731
    here, across = world.put("anchors.fbin", anchors), world.put("anchors_there.fbin", there(anchors))
    rows = world.put("base.fbin", base)
    plain = world.build("plain.near", rows, "--metric", "cosine", "--transform", f"relative({here})")
    other = world.build("across.near", rows, "--metric", "cosine", "--transform", f"relative({here})", "--query-transform",
                        f"relative({across})")
    result = {}
    for way in (["--exact"], ["-L", "64"]):
        own = world.answers(plain, world.put("queries.fbin", queries), *way)
        turned = world.answers(other, world.put("there.fbin", there(queries)), *way)
        result["answers equal, " + " ".join(way)] = f"{int(np.sum(np.all(own == turned, axis=1)))} of {len(queries)}"
    return result


def two_encoders(world: World, base: np.ndarray, other: np.ndarray, queries: np.ndarray, other_queries: np.ndarray,
                 anchors: np.ndarray) -> dict:
    """Records of one encoder, queries of the other; anchors: rows that both have, and that the matrix is learned from."""
    rest = np.setdiff1d(np.arange(len(base)), anchors["matrix"])[:1000]
    result = {"chance": K / len(base)}
    plain = world.build("use.near", world.put("use.fbin", base), "--metric", "cosine")
    truth = world.answers(plain, world.put("use_queries.fbin", queries), "--exact")
    lsa = world.build("lsa.near", world.put("lsa.fbin", other), "--metric", "cosine")
    asked = world.put("lsa_queries.fbin", other_queries)
    result["ceiling: the ten nearest of both encoders agree"] = hits(world.answers(lsa, asked, "--exact"), truth)
    own = world.put("own.fbin", other[rest])
    chosen = anchors["relative"]
    relative = ["--transform", f"relative({world.put('use_anchors.fbin', base[chosen])})", "--query-transform",
                f"relative({world.put('lsa_anchors.fbin', other[chosen])})"]
    pairs = anchors["matrix"]
    x, y = other[pairs].astype(np.float64), base[pairs].astype(np.float64)
    learned = np.linalg.solve(x.T @ x + 0.3 * np.eye(x.shape[1]), x.T @ y).T
    matrix = ["--query-transform", f"matrix({world.put('learned.fbin', learned)})"]
    for name, options in (("relative", relative), ("matrix", matrix)):
        index = world.build(f"{name}.near", "use.fbin", "--metric", "cosine", *options)
        result[f"{name}: of the ten nearest found"] = hits(world.answers(index, asked, "--exact"), truth)
        result[f"{name}: own text among the ten"] = share(world.answers(index, own, "--exact"), rest)
    return result


def sparse_projection(world: World, base: np.ndarray, queries: np.ndarray, k: int, draw) -> dict:
    index = world.build("sparse.near", world.put("wide.fbin", base), "--transform", f"sparse_random({k})")
    world.run("export", index, "-o", "narrow.fbin", "--force")
    narrow = read(world.folder / "narrow.fbin")
    a, b = draw.integers(len(base), size=20_000), draw.integers(len(base), size=20_000)
    a, b = a[a != b], b[a != b]
    apart = (base[a] - base[b]).astype(np.float64)
    squares = np.sum(apart**2, axis=1)
    ratio = np.sum((narrow[a] - narrow[b]).astype(np.float64)**2, axis=1) / squares
    flat = np.sum(apart**4, axis=1) / squares**2
    bound = np.sqrt((2 + (math.sqrt(base.shape[1]) - 3) * flat) / k)
    exact = np.array([np.argsort(np.sum((base - q)**2, axis=1))[:K] for q in queries[:200]])
    asked = world.put("wide_queries.fbin", queries[:200])
    return {"mean of squared distance over the true one": float(ratio.mean()),
            "its standard deviation": float(ratio.std()), "the bound of that (root mean square)": float(math.sqrt(np.mean(bound**2))),
            "pairs beyond two bounds": float(np.mean(np.abs(ratio - 1) > 2 * bound)),
            "recall@10 of the projection alone": hits(world.answers(index, asked, "--exact"), exact)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--anchors", type=int, default=256)
    parser.add_argument("--build", type=Path, default=runs.ROOT / "build" / "bench")
    parser.add_argument("--nearline", type=Path, help="in place of a build of its own")
    args = parser.parse_args()
    nearline = (args.nearline or runs.build_programs(args.build)["nearline"]).resolve()
    find = lambda stem: datasets.find(args.data, args.build / "data", stem)  # noqa: E731
    use, use_queries = read(find("wordnet-use512-60k.base"), args.rows), read(find("wordnet-use512-60k.query"))
    lsa, lsa_queries = read(find("wordnet-lsa128-20k.base"), args.rows), read(find("wordnet-lsa128-20k.query"))
    draw = np.random.default_rng(1)
    order = draw.permutation(args.rows)
    world = World(nearline, args.build / "transforms")
    anchors = {"relative": order[:args.anchors], "matrix": np.sort(order[:min(5000, args.rows // 2)])}
    for name, figures in (
            ("a space turned, scaled and permuted", turned_space(world, lsa, lsa_queries, lsa[order[:args.anchors]], draw)),
            ("two encoders", two_encoders(world, use, lsa, use_queries, lsa_queries, anchors)),
            ("sparse_random(128) of 512", sparse_projection(world, use, use_queries, 128, draw))):
        print(name)
        for what, figure in figures.items():
            print(f"  {what}: {figure if isinstance(figure, str) else f'{figure:.4f}'}", flush=True)


if __name__ == "__main__":
    main()
