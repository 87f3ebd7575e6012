# SPDX-License-Identifier: Apache-2.0
"""Sets of vectors for the benchmarks: finds or unpacks them, cuts them to size, finds exact neighbours, reorders rows.

A set NAME is three files in the data folder, each as it is or zstd-compressed (.zst):
NAME.base.EXT, NAME.query.EXT and, for all rows, NAME.gt100.ibin.
"""
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROW_BYTES = {".u8bin": 1, ".i8bin": 1, ".hbin": 2, ".fbin": 4}  # a component
HEADER = struct.Struct("<II")
BLOCK = 1 << 24


@dataclass
class Dataset:
    """What a run works on: files ready to be read, `rows` of base, the metric."""

    name: str
    base: Path
    queries: Path
    truth: Path
    metric: str
    rows: int
    dim: int
    row_bytes: int


def find(folder: Path, cache: Path, stem: str) -> Path:
    """The unpacked file whose name is `stem` and an extension."""
    for path in sorted(folder.glob(stem + ".*")):
        if path.suffix != ".zst":
            return path
        unpacked = cache / path.stem
        if not unpacked.exists():
            cache.mkdir(parents=True, exist_ok=True)
            partial = unpacked.with_suffix(".partial")
            subprocess.run(["zstd", "-dqf", str(path), "-o", str(partial)], check=True)
            partial.rename(unpacked)
        return unpacked
    raise SystemExit(f"{folder}: expected a file {stem}.*, found none")


def shape(path: Path) -> tuple[int, int]:
    """Rows and components, from the header."""
    with open(path, "rb") as file:
        return HEADER.unpack(file.read(HEADER.size))


def cut(source: Path, target: Path, rows: int) -> None:
    """Copies the first rows."""
    count, dim = shape(source)
    left = min(rows, count) * dim * ROW_BYTES[source.suffix]
    with open(source, "rb") as read, open(target, "wb") as write:
        read.seek(HEADER.size)
        write.write(HEADER.pack(min(rows, count), dim))
        while left > 0:
            block = read.read(min(BLOCK, left))
            write.write(block)
            left -= len(block)


def prepare(nearline: Path, folder: Path, cache: Path, name: str, rows: int | None, metric: str) -> Dataset:
    """The set cut to `rows`; truth is taken from the folder for all rows, else found by brute force and kept."""
    base, queries = find(folder, cache, f"{name}.base"), find(folder, cache, f"{name}.query")
    count, dim = shape(base)
    if rows is None or rows >= count:
        rows, truth = count, find(folder, cache, f"{name}.gt100")
    else:
        whole, base = base, cache / f"{name}-{rows}.base{base.suffix}"
        truth = cache / f"{name}-{rows}.gt100.ibin"
        if not base.exists():
            cut(whole, base, rows)
        if not truth.exists():
            find_truth(nearline, base, queries, metric, truth)
    return Dataset(name, base, queries, truth, metric, rows, dim, dim * ROW_BYTES[base.suffix])


def find_truth(nearline: Path, base: Path, queries: Path, metric: str, out: Path, k: int = 100) -> None:
    """Exact neighbours by brute force."""
    subprocess.run([str(nearline), "truth", str(base), str(queries), "-k", str(k), "--metric", metric, "-o", str(out)],
                   check=True, stdout=subprocess.DEVNULL)


def reorder(source: Path, order: list[int], target: Path, ids: Path) -> None:
    """Writes the rows in another order, and beside them their old numbers as ids."""
    count, dim = shape(source)
    size = dim * ROW_BYTES[source.suffix]
    rows = memoryview(source.read_bytes())[HEADER.size:]
    with open(target, "wb") as write:
        write.write(HEADER.pack(count, dim))
        for first in range(0, count, 65536):
            write.write(b"".join(rows[i * size:(i + 1) * size] for i in order[first:first + 65536]))
    ids.write_bytes(HEADER.pack(count, 1) + struct.pack(f"<{count}Q", *order))


def nearest_center(nearline: Path, data: Dataset, centers: list[int], work: Path) -> list[int]:
    """For each row the position of the nearest of some rows, found by brute force: a plain clustering."""
    few, out = work / f"centers{data.base.suffix}", work / "nearest-center.ibin"
    rows = memoryview(data.base.read_bytes())[HEADER.size:]
    few.write_bytes(HEADER.pack(len(centers), data.dim) +
                    b"".join(rows[i * data.row_bytes:(i + 1) * data.row_bytes] for i in centers))
    out.unlink(missing_ok=True)
    find_truth(nearline, few, data.base, data.metric, out, k=1)
    table = out.read_bytes()
    return list(struct.unpack_from(f"<{data.rows}I", table, HEADER.size))


def one_query(data: Dataset, work: Path) -> Path:
    """A file with the first query alone."""
    target = work / f"one{data.queries.suffix}"
    cut(data.queries, target, 1)
    return target


def fresh(folder: Path) -> Path:
    """An empty folder of that name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
