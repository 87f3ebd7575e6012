# SPDX-License-Identifier: Apache-2.0
"""An open index, and what it answers."""
from __future__ import annotations

import os
from collections import namedtuple
from typing import TYPE_CHECKING, NamedTuple

from . import _arrays, _core, _options
from ._errors import invalid
from ._progress import Shown

if TYPE_CHECKING:
    import numpy as np

_SEARCH = ("k", "recall", "L", "beam_width", "exact", "stats")
_OPEN = ("memory", "io", "ranking", "threads", "untrusted")
_LEAST_L = 64


class SearchResult(namedtuple("SearchResult", "ids distances")):
    """`ids, distances = index.search(...)`: uint64 and float32 [rows, k], or [k] of a single query; nearest first.

    A row is short where there are fewer than k records: NO_ID and inf behind what there is.
    counts           [rows] answers of each row, or a number
    expected_recall  share of the true neighbours, as far as it is known; else 0
    stats            with stats=True: an array [rows] with the fields hops, distance_computations, estimates, page_reads,
                     cache_hits, bytes_read, nanoseconds; else None
    """
    counts: np.ndarray | int
    expected_recall: float
    stats: np.ndarray | None


class IndexInfo(NamedTuple):
    """What the file says of itself, and how it is open."""
    count: int
    dim: int
    dtype: str
    metric: str
    layout: str
    generation: int
    segments: int
    deleted: int
    file_bytes: int
    disk_bytes: int
    free_bytes: int
    format: str
    file_id: str
    degree: int
    l_build: int
    alpha: float
    seed: int
    mean_degree: float
    page_bytes: int
    records_per_page: int
    code_bytes: int
    local_edge_share: float
    calibration_queries: int
    real_queries: bool
    rolled_back: bool
    durable: bool
    io: str
    ranking: str


class MemoryUsage(NamedTuple):
    """Where an open index's private memory goes, in bytes."""
    budget: int
    codes: int
    page_cache: int
    buffers: int
    scratch: int
    code_bytes: int
    resident_code_bytes: int
    bytes_for_all_codes: int

    @property
    def total(self) -> int:
        return self.codes + self.page_cache + self.buffers + self.scratch


class GraphStatistics(NamedTuple):
    """What one pass over all pages counts; histograms are arrays of uint64."""
    records: int
    edges: int
    local_edges: int
    degrees: np.ndarray
    in_degrees: np.ndarray
    in_degree_records: int
    in_degree_max: int
    pages: int
    vector_bytes: int
    list_bytes: int
    list_spare_bytes: int
    head_bytes: int
    fill: np.ndarray


class Evaluation(NamedTuple):
    """Answers against the truth: the share found, and what that cost."""
    recall: float
    queries: int
    k: int
    page_reads: float  # mean of a query
    distance_computations: float  # mean of a query
    seconds: float  # of all queries, on this thread


def open(path, memory: int | str = "64M", *, io: str = "auto", ranking: str = "auto", threads: int | str | None = "auto",
         untrusted: bool = False, **unknown) -> Index:
    """Opens an index file, in milliseconds at any size. Use it in a `with`, or close it, or leave that to Python.

    memory     bound on private memory: page cache, codes, buffers; "64M" or bytes
    io         "mapped", "direct" (past the kernel's cache), "pread", or "auto"
    ranking    "exact", "codes", or "auto": by codes where pages come from the disk
    threads    searches at once
    untrusted  the file may be hostile: check all of it first

    Raises NotFoundError, NotAnIndexError, CorruptError, OverBudgetError, PermissionDeniedError, UnsupportedError.
    """
    if unknown:
        _options.spell_out("open", _OPEN, {}, unknown)
    options = {"memory": _options.size(memory), "threads": _options.auto(threads, "threads"),
               "io": _options.word(io, "io", ("auto", "mapped", "direct", "pread")),
               "ranking": _options.word(ranking, "ranking", ("auto", "exact", "codes")), "untrusted": bool(untrusted)}
    return Index(os.path.abspath(os.fsdecode(_options.path(path))), options)


class Index:
    """An open index: one commit of one file, whatever a writer does meanwhile; made by `nearline.open`.

    Any number of threads may use one; calls let others run. After fork each process opens its own (an Error says so).
    Pickling sends path and options, and opens the file anew.
    """

    __slots__ = ("_core", "_path", "_options", "_kind", "_dim", "__weakref__")

    def __init__(self, path: str, options: dict) -> None:
        self._path, self._options = path, options
        self._core = _core.Index(os.fsencode(path), options["memory"], options["threads"], options["io"],
                                 options["ranking"], options["untrusted"])
        info = self._core.info()
        self._kind, self._dim = _arrays.WORDS[info["dtype"]], info["dim"]

    def search(self, queries, k: int = 10, *, recall: float | None = None, L: int | None = None,
               beam_width: int | str | None = "auto", exact: bool = False, stats: bool = False, **aliases) -> SearchResult:
        """The k records nearest to each query: (ids, distances), and more as attributes (SearchResult).

        queries     array [rows, dim], or [dim] for a single one: of the stored type, or any float type for another
        recall      the share of the k nearest to find, above 0 and below 1: the index knows how far to walk for it
        L           instead: candidates kept while walking, at least k; more is better and slower. None: 64, or k
        beam_width  reads that a query keeps in flight
        exact       compare with every record
        stats       also say what each query cost

        ef of hnswlib is understood as L. A call runs on the calling thread and lets others run: for all processors call it
        from several. Raises InvalidArgumentError, BadInputError (NaN), CorruptError.
        """
        if aliases:
            given = {"L": L}
            _options.spell_out("search", _SEARCH, given, aliases)
            L = given["L"]
        k = _options.whole(k, "k")
        if recall is None:
            recall = 0.0
        elif L is not None:
            raise invalid("recall and L: expected one of them")
        elif not 0 < recall < 1:
            raise invalid(f"recall of {recall}: expected a share above 0 and below 1")
        length = max(_LEAST_L, k) if L is None else _options.whole(L, "L")
        rows, kind, dim, single = _arrays.rows(queries, "queries", self._kind, self._dim, True)
        ids, distances, counts, costs, expected = self._core.search(
            rows, kind, dim, k, length, _options.auto(beam_width, "beam_width"), exact, recall, stats)
        if single:
            ids, distances, counts = ids[0], distances[0], int(counts[0])
        result = SearchResult(ids, distances)
        result.counts, result.expected_recall, result.stats = counts, expected, costs
        return result

    def get(self, ids, missing: str = "raise") -> np.ndarray:
        """The stored vectors: array [n, dim] in the stored type, row i that of ids[i]; [dim] for a single number.

        bf16 comes as uint16, bits as uint8 [n, (dim + 7) // 8]. missing: "raise" UnknownIdError, or "zeros".
        """
        _options.word(missing, "missing", ("raise", "zeros"))
        import numpy as np
        single = np.ndim(ids) == 0
        wanted = _arrays.ids([ids] if single else ids)
        out = np.empty((len(wanted), _arrays.columns(self._kind, self._dim)), _arrays.numpy_type(self._kind))
        absent = self._core.get(wanted, out)
        if len(absent) and missing == "raise":
            raise self._unknown(int(wanted[absent[0]]), len(absent))
        return out[0] if single else out

    def _unknown(self, first: int, count: int):
        from ._errors import UnknownIdError
        error = UnknownIdError(first)
        error.code, error.file = "not_found", self._path
        error.message = f"{self._path}: no record has the id {first}" + (f", nor {count - 1} more" if count > 1 else "")
        return error

    def contains(self, ids) -> np.ndarray:
        """Whether a record has each of the ids: array [n] of bool. `7 in index` asks for one."""
        return self._core.contains(_arrays.ids(ids))

    def for_each(self, visit, rows: int = 4096) -> None:
        """Calls visit(ids [n], vectors [n, dim]) for all records in ascending order of ids, at most `rows` at a time."""
        stored = _arrays.numpy_type(self._kind)
        self._core.for_each(_options.whole(rows, "rows", 1), lambda ids, part: visit(ids, part.view(stored)))

    def sample_ids(self, count: int, seed: int = 1) -> np.ndarray:
        """The ids of `count` different records, ascending: array [n] of uint64; of all where there are not more."""
        return self._core.sample_ids(_options.whole(count, "count", 0, 2**63 - 1),
                                     _options.whole(seed, "seed", 0, 2**64 - 1))

    def evaluate(self, queries, truth, k: int = 10, **how) -> Evaluation:
        """Searches, and counts how many of the true neighbours are found. how: as of `search` (recall, L, exact, ...).

        truth  ids [rows, at least k]; or (ids, distances), by which other records that are as near as the k-th count, too;
               or the name of a file of neighbours (.ibin, .ivecs, .npy)
        """
        import time

        import numpy as np
        if isinstance(truth, (str, bytes, os.PathLike)):
            from ._files import read_neighbors
            truth = read_neighbors(truth)
        true, far = truth if isinstance(truth, tuple) else (truth, None)
        true = np.asarray(true)
        k = _options.whole(k, "k", 1)
        begun = time.perf_counter()
        found = self.search(queries, k, stats=True, **how)
        seconds = time.perf_counter() - begun
        ids, distances = np.atleast_2d(found.ids), np.atleast_2d(found.distances)
        if true.ndim != 2 or true.shape[0] != len(ids) or true.shape[1] < k:
            raise invalid(f"truth: expected ids [{len(ids)}, at least {k}], found shape {list(true.shape)}")
        true = true[:, :k].astype(np.uint64)
        real = true != _NO_ID
        hit = (ids[:, :, None] == np.where(real, true, 0)[:, None, :]) & real[:, None, :]
        hits = hit.any(2)
        if far is not None:
            last = np.where(real, np.asarray(far, np.float64)[:, :k], -np.inf).max(1)
            hits |= distances <= (last + 1e-5 * np.abs(last))[:, None]
        hits &= ids != _NO_ID
        good, wanted = int(np.minimum(hits.sum(1), real.sum(1)).sum()), int(real.sum())
        return Evaluation(good / wanted if wanted else 0.0, len(ids), k, float(found.stats["page_reads"].mean()),
                          float(found.stats["distance_computations"].mean()), seconds)

    def snapshot(self, output, *, replace: bool = False, progress=False) -> None:
        """Writes the open commit to a new file, without free space, while writers and readers go on."""
        with Shown(progress) as told:
            self._core.snapshot(_options.path(output), bool(replace), told)

    def refresh(self) -> bool:
        """Moves to the newest commit of the file, and says whether there was a newer one. May run beside searches."""
        return self._core.refresh()

    @property
    def info(self) -> IndexInfo:
        return IndexInfo(**self._core.info())

    @property
    def path(self) -> str:
        return self._path

    def memory_usage(self) -> MemoryUsage:
        return MemoryUsage(**self._core.memory_usage())

    def graph_statistics(self, *, progress=False) -> GraphStatistics:
        """Reads every page once, and checks it."""
        with Shown(progress) as told:
            return GraphStatistics(**self._core.graph_statistics(told))

    def close(self) -> None:
        """Calls that other threads have under way end as if nothing had happened; later ones are errors."""
        self._core.close()

    @property
    def closed(self) -> bool:
        return self._core.closed

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __len__(self) -> int:
        return self._core.count()

    def __contains__(self, id) -> bool:
        return bool(self.contains([id])[0])

    def __reduce__(self):
        return (Index, (self._path, self._options))

    def __repr__(self) -> str:
        if self.closed:
            return f"<nearline.Index {self._path!r}, closed>"
        info = self.info
        return f"<nearline.Index {self._path!r}: {info.count} x {info.dim} {info.dtype}, {info.metric}>"


_NO_ID = 2**64 - 1
