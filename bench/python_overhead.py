#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Python adds to the library: the time of an import, of one query, and of batches of 1,000. The library's own time is
what its answers say (`nanoseconds` of each query), and for batches that of `nearline eval` in the same minute.

    PYTHONPATH=BUILD/bindings/python bench/python_overhead.py BUILD [BASE QUERIES]      files of vectors; without: drawn rows
"""
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def import_seconds() -> float:
    """CPU time, the least of twenty, less that of a start without it."""
    def least(program: str) -> float:
        times = []
        for _ in range(20):
            begun = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", program], check=True)
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime)
        return min(times)
    return least("import nearline") - least("pass")


def main() -> None:
    print(f"import nearline: {1000 * import_seconds():.1f} ms of CPU time")
    import numpy as np

    import nearline
    tool = Path(sys.argv[1]) / "tools" / "nearline"
    with tempfile.TemporaryDirectory() as folder:
        base, queries = (Path(word) for word in sys.argv[2:4]) if len(sys.argv) > 3 else (
            Path(folder) / "base.fbin", Path(folder) / "queries.fbin")
        if len(sys.argv) <= 3:
            draw = np.random.default_rng(1)
            nearline.write_vectors(base, draw.standard_normal((20000, 32), dtype=np.float32))
            nearline.write_vectors(queries, draw.standard_normal((1000, 32), dtype=np.float32))
        path = Path(folder) / "index.near"
        nearline.build(path, base, calibrate=False)
        rows = nearline.read_vectors(queries)[:1000]
        with nearline.open(path, io="mapped") as index:
            index.search(rows)
            added = []
            for _ in range(5):
                for row in rows:
                    begun = time.perf_counter_ns()
                    found = index.search(row, stats=True)
                    added.append(time.perf_counter_ns() - begun - int(found.stats["nanoseconds"][0]))
            print(f"one query: {statistics.median(added) / 1000:.1f} us more than the library says, median of {len(added)}")
            nearline.write_vectors(Path(folder) / "rows.npy", rows)
            nearline.write_neighbors(Path(folder) / "truth.ibin", *nearline.exact_neighbors(base, Path(folder) / "rows.npy", 10))
            ratios = []
            for _ in range(7):
                begun = time.perf_counter()
                for _ in range(5):
                    index.search(rows)
                ours = 5 * len(rows) / (time.perf_counter() - begun)
                said = subprocess.run(
                    [tool, "eval", path, Path(folder) / "rows.npy", "--truth", Path(folder) / "truth.ibin", "-k", "10", "-L", "64",
                     "--threads", "1", "--io", "mapped", "--json"], check=True, capture_output=True, text=True).stdout
                ratios.append(json.loads(said.splitlines()[0])["qps"] / ours - 1)
            print(f"batches of {len(rows)}: {100 * statistics.median(ratios):.1f} % more than nearline eval, median of "
                  f"{len(ratios)} pairs, {100 * min(ratios):.1f} to {100 * max(ratios):.1f}")


if __name__ == "__main__":
    main()
