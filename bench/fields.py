#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: what does a search over two fields find, and read, beside a search in one of them?

    bench/fields.py --data FOLDER [--rows 20000] [--queries 40] [--nearline PROGRAM]

Records of two fields: two encoders of the same texts (wordnet-use512-60k, wordnet-lsa128-20k), and the two halves of one
embedding, of which the second is there for all records, or for some. Each query is a process of its own, from the disk,
with the codes in memory, so that nothing was read before. Prints counts alone: recall@10 against brute force in f64, and
blocks of 4 KiB a query. Needs numpy.
"""
import argparse
import json
from pathlib import Path

import numpy as np

import datasets
import runs
from transforms import World, read

K = 10
WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9)
FROM_DISK = ("--io", "pread", "--rank", "codes", "--memory", "64M", "--threads", "1")


class TwoFields:
    """An index of fields a and b under cosine; there: records that have b."""

    def __init__(self, world: World, name: str, parts: list[np.ndarray], queries: list[np.ndarray], there: np.ndarray):
        self.world, self.there = world, there
        self.index = f"{name}.near"
        unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in parts]
        asked = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in queries]
        self.distances = [1 - q.astype(np.float64) @ x.T.astype(np.float64) for q, x in zip(asked, unit)]
        schema = {key: {"dim": rows.shape[1], "metric": "cosine"} for key, rows in zip("ab", parts)}
        (world.folder / "schema.json").write_text(json.dumps({"fields": schema}))
        (world.folder / "ids.txt").write_text("".join(f"{i}\n" for i in np.flatnonzero(there)))
        first, second = world.put("a.fbin", parts[0]), world.put("b.fbin", parts[1][there])
        world.run("build", first, "-o", self.index, "--schema", "schema.json", "--field", f"b={second}", "--field-ids",
                  "b=ids.txt", "--code-bytes", "36", "--search-memory", "1G", "--force")
        self.asked = [[world.put(f"{key}{q}.fbin", rows[q:q + 1]) for q in range(len(rows))]
                      for key, rows in zip("ab", queries)]

    def ask(self, *options) -> tuple[list, int]:
        line = json.loads(self.world.run("search", self.index, "-k", K, "--json", *FROM_DISK, *options))
        return line["ids"], line["stats"]["page_reads"]

    def single(self, key: str) -> float:
        return float(np.mean([self.ask(q, "--field", key, "--recall", "0.95")[1] for q in self.asked["ab".index(key)]]))

    def joint(self, weight: float, *options, missing: float | None = None) -> tuple[float, float]:
        """Recall and blocks."""
        sums = weight * self.distances[0] + (1 - weight) * self.distances[1]
        lacks = ~self.there
        sums[:, lacks] = np.inf if missing is None else weight * self.distances[0][:, lacks] + (1 - weight) * missing
        found, blocks = [], []
        for q, (a, b) in enumerate(zip(*self.asked)):
            more = [] if missing is None else ["--missing", missing]
            ids, reads = self.ask("--field", f"a={a}", "--field", f"b={b}", "--weight", f"a={weight},b={1 - weight}", *more,
                                  *options)
            last = np.partition(sums[q], K - 1)[K - 1]
            found.append(np.mean(sums[q][ids] <= last + 1e-6))
            blocks.append(reads)
        return float(np.mean(found)), float(np.mean(blocks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--build", type=Path, default=runs.ROOT / "build" / "bench")
    parser.add_argument("--nearline", type=Path, help="in place of a build of its own")
    args = parser.parse_args()
    nearline = (args.nearline or runs.build_programs(args.build)["nearline"]).resolve()
    find = lambda stem: datasets.find(args.data, args.build / "data", stem)  # noqa: E731
    use, use_queries = read(find("wordnet-use512-60k.base"), args.rows), read(find("wordnet-use512-60k.query"), args.queries)
    lsa, lsa_queries = read(find("wordnet-lsa128-20k.base"), args.rows), read(find("wordnet-lsa128-20k.query"), args.queries)
    world = World(nearline, args.build / "fields")
    everybody = np.ones(args.rows, bool)
    draw = np.random.default_rng(1)
    halves = ([use[:, :256], use[:, 256:]], [use_queries[:, :256], use_queries[:, 256:]])
    for name, parts, queries in (("two encoders", [use, lsa], [use_queries, lsa_queries]), ("two halves", *halves)):
        both = TwoFields(world, "both", parts, queries, everybody)
        print(f"{name}: one field alone, 0.95 asked: {both.single('a'):.1f} and {both.single('b'):.1f} blocks", flush=True)
        for weight in WEIGHTS:
            estimated, exact = both.joint(weight), both.joint(weight, "--exact")
            print(f"  weight {weight}: recall {estimated[0]:.3f}, {estimated[1]:.1f} blocks; exact {exact[0]:.3f}, {exact[1]:.1f}",
                  flush=True)
    for share in (0.2, 0.6):
        some = TwoFields(world, "some", *halves, draw.random(args.rows) >= share)
        for missing in (None, 1.0):
            recall, blocks = some.joint(0.5, missing=missing)
            print(f"two halves, {share:.0%} without the second, missing {missing}: recall {recall:.3f}, {blocks:.1f} blocks",
                  flush=True)


if __name__ == "__main__":
    main()
