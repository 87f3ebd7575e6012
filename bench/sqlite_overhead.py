#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What SQLite adds to the library: the time of one query in SQL, less what the library says of the same query just before
(`nanoseconds`), as a share of it; with and without a comparison of an attribute.

    PYTHONPATH=BUILD/bindings/python bench/sqlite_overhead.py BUILD [BASE QUERIES]      files of vectors; without: drawn rows

With a Python whose SQLite loads extensions, as Debian's does.
"""
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import nearline

ROUNDS = 5


def added(index: nearline.Index, db: sqlite3.Connection, rows: np.ndarray, where: str) -> None:
    """Prints the medians over all queries."""
    sql = "SELECT id, distance FROM v WHERE vector MATCH ? AND k = 10" + (" AND " + where if where else "")
    more, shares = [], []
    for _ in range(ROUNDS):
        for row in rows:
            own = int(index.search(row, filter=where or None, stats=True).stats["nanoseconds"][0])
            blob = row.tobytes()
            begun = time.perf_counter_ns()
            db.execute(sql, [blob]).fetchall()
            more.append(time.perf_counter_ns() - begun - own)
            shares.append(more[-1] / own)
    print(f"one query{' where ' + where if where else ''}: {statistics.median(more) / 1000:.1f} us more than the library says, "
          f"{100 * statistics.median(shares):.1f} %, median of {len(more)}")


def main() -> None:
    if len(sys.argv) > 3:
        base, rows = nearline.read_vectors(sys.argv[2]), nearline.read_vectors(sys.argv[3])[:1000].astype(np.float32)
    else:
        draw = np.random.default_rng(1)
        base, rows = (draw.standard_normal((count, 128), dtype=np.float32) for count in (20000, 1000))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.near"
        nearline.build(path, base, attributes={"year": np.arange(len(base)) % 100 + 1925}, calibrate=False)
        db = sqlite3.connect(Path(folder) / "bench.db")
        db.enable_load_extension(True)
        db.load_extension(str(Path(sys.argv[1]) / "bindings" / "sqlite" / "nearline_sqlite.so"))
        db.execute(f"CREATE VIRTUAL TABLE v USING nearline('{path}')")
        with nearline.open(path) as index:
            for where in ("", "year > 1999"):
                added(index, db, rows[:20], where)  # warm
                added(index, db, rows, where)
        db.close()


if __name__ == "__main__":
    main()
