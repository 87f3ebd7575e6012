# SPDX-License-Identifier: Apache-2.0
"""An open index, and what it answers."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import _arrays, _attributes, _core, _options, _spaces
from ._errors import invalid
from ._pages import Cursor, Page
from ._progress import Shown
from ._results import Evaluation, GraphStatistics, IndexInfo, MemoryUsage, RangeResult, Records, SearchResult
from ._spaces import FieldInfo

if TYPE_CHECKING:
    import numpy as np

_SPACE = ("field", "prefix", "walk_prefix", "mask", "as_stored")
_SEARCH = ("k", "recall", "L", "beam_width", "exact", "filter", "explain", "stats", *_SPACE)
_RANGE = ("max_results", "recall", "L", "beam_width", "exact", "filter", "stats", "field", "prefix", "mask", "as_stored")
_PAGES = ("k", "recall", "L", "beam_width", "exact", "filter", *_SPACE)
_OPEN = ("memory", "io", "ranking", "threads", "untrusted")
_LEAST_L = 64


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

    __slots__ = ("_core", "_path", "_options", "_shapes", "__weakref__")

    def __init__(self, path: str, options: dict) -> None:
        self._path, self._options = path, options
        self._core = _core.Index(os.fsencode(path), options["memory"], options["threads"], options["io"],
                                 options["ranking"], options["untrusted"])
        self._shapes: dict[str, tuple[int, int]] = {}
        self._shape("")

    def _shape(self, field: str) -> tuple[int, int]:
        """(element type, dim) of what a field stores."""
        found = self._shapes.get(field)
        if found is None:
            info = self._core.info(field)
            found = self._shapes[field] = (_arrays.WORDS[info["dtype"]], info["dim"])
        return found

    def search(self, queries, k: int = 10, *, recall: float | None = None, L: int | None = None,
               beam_width: int | str | None = "auto", exact: bool = False, filter: str | None = None,
               explain: bool = False, stats: bool = False,
               field: str | None = None, prefix: int | None = None, walk_prefix: int | None = None, mask=None,
               as_stored: bool = False, **aliases) -> SearchResult:
        """The k records nearest to each query: (ids, distances), and more as attributes (SearchResult).

        queries     array [rows, dim], or [dim] for a single one: of the stored type, or any float type for another
        recall      the share of the k nearest to find, above 0 and below 1: the index knows how far to walk for it
        L           instead: candidates kept while walking, at least k; more is better and slower. None: 64, or k
        beam_width  reads that a query keeps in flight
        exact       the k nearest for certain
        filter      which records may be answers: "lang = 'en' and year >= 2019 and not tags has 'draft/*'"
        explain     also say how each segment was searched
        stats       also say what each query cost
        field       the field whose vectors are compared; None: the first
        prefix      only the first so many dimensions count; walk_prefix: the walk goes by fewer, and these rank
        mask        instead: how much each dimension counts, [dim] numbers from 0
        as_stored   queries are vectors as `get` gives them: no transform

        ef of hnswlib is understood as L. A call runs on the calling thread and lets others run: for all processors call it
        from several. Raises InvalidArgumentError, BadInputError (NaN), CorruptError.
        """
        k = _options.whole(k, "k")
        share, length = _effort("search", _SEARCH, recall, L, k, aliases)
        space = _spaces.space(field, prefix, walk_prefix, mask, as_stored)
        rows, kind, dim, single = _arrays.rows(queries, "queries", *self._shape(space[0]), True)
        ids, distances, counts, costs, expected, matches, reads, lines = self._core.search(
            rows, kind, dim, k, length, _options.auto(beam_width, "beam_width"), exact, share, stats,
            _options.filter(filter), bool(explain), space)
        return SearchResult.of((ids, distances, counts, costs, expected, matches, reads, lines), single)

    def search_fields(self, queries: dict, k: int = 10, *, weights: dict | None = None, missing: float | None = None,
                      exact: bool = False, filter: str | None = None, choose_by: str | None = None, candidates: int | None = None,
                      stats: bool = False) -> SearchResult:
        """The k records whose weighted sum of distances in several fields is smallest.

        queries     {"image": array [rows, dim] or [dim], "text": ...}: as many rows in each field
        weights     {"text": 0.3, ...} of the fields' distances, 1 where it says nothing; they make up for scales, too
        missing     what a record counts with in a field that it lacks; None: it is no answer
        exact       the k nearest for certain
        choose_by   only the `candidates` (100) that a search in this field finds are compared: it may have the weight 0
        """
        k = _options.whole(k, "k")
        if not isinstance(queries, dict) or not queries:
            raise TypeError(f"queries: expected a dict of arrays by field, found {queries!r}")
        weights = dict(weights or {})
        if unknown := [name for name in weights if name not in queries]:
            raise invalid(f"weights: no queries of the field {unknown[0]!r}")
        asked, single = [], True
        for name, array in queries.items():
            rows, kind, dim, one = _arrays.rows(array, f"queries of {name!r}", *self._shape(_spaces.name(name)), True)
            asked.append((name, rows, kind, dim, float(weights.get(name, 1))))
            single = single and one
        most = max(100, k) if candidates is None else _options.whole(candidates, "candidates", 1)
        return SearchResult.of(self._core.search_fields(
            asked, k, bool(exact), None if missing is None else float(missing), _options.filter(filter),
            _spaces.name(choose_by), most, bool(stats)), single)

    def range_search(self, queries, radius: float, *, max_results: int | None = None, recall: float | None = None,
                     L: int | None = None, beam_width: int | str | None = "auto", exact: bool = False,
                     filter: str | None = None, stats: bool = False, field: str | None = None, prefix: int | None = None,
                     mask=None, as_stored: bool = False, **aliases) -> RangeResult:
        """All records within `radius` of each query, itself included, in the metric's distances (squared under l2).

        queries      array [rows, dim], or [dim]; max_results: the nearest so many of each query are kept; None: all
        recall       the share of them to find, as of `search`, whose other options serve here, too
        """
        share, length = _effort("range_search", _RANGE, recall, L, _LEAST_L, aliases)
        most = 0 if max_results is None else _options.whole(max_results, "max_results", 1, 2**64 - 1)
        space = _spaces.space(field, prefix, None, mask, as_stored)
        rows, kind, dim, _ = _arrays.rows(queries, "queries", *self._shape(space[0]), True)
        ids, distances, offsets, complete_to, cut, costs, expected = self._core.range_search(
            rows, kind, dim, float(radius), most, length, _options.auto(beam_width, "beam_width"), exact, share,
            _options.filter(filter), stats, space)
        result = RangeResult(ids, distances, offsets)
        result.complete_to, result.cut, result.stats, result.expected_recall = complete_to, cut, costs, expected
        return result

    def cursor(self, query, k: int = 10, *, recall: float | None = None, L: int | None = None,
               beam_width: int | str | None = "auto", exact: bool = False, filter: str | None = None,
               field: str | None = None, prefix: int | None = None, walk_prefix: int | None = None, mask=None,
               as_stored: bool = False, **aliases) -> Cursor:
        """The answers of one query [dim] in their order, k at a time, on the commit that is open now:

            for ids, distances in index.cursor(query, k=10): ...

        Options as of `search`. It goes on where the index is refreshed or closed.
        """
        k = _options.whole(k, "k", 1)
        space = _spaces.space(field, prefix, walk_prefix, mask, as_stored)
        arguments = self._one(query, "cursor", k, recall, L, beam_width, exact, filter, space, aliases)
        return Cursor(self._core.cursor(*arguments), k)

    def search_page(self, query, k: int = 10, token: str = "", *, recall: float | None = None, L: int | None = None,
                    beam_width: int | str | None = "auto", exact: bool = False, filter: str | None = None,
                    field: str | None = None, prefix: int | None = None, walk_prefix: int | None = None, mask=None,
                    as_stored: bool = False, **aliases) -> Page:
        """The first k answers of one query [dim] or, given the `next` of the page before, those behind them: for servers,
        which keep nothing between pages. Options as of `search`, the same for each page of a query.
        """
        k = _options.whole(k, "k", 1)
        space = _spaces.space(field, prefix, walk_prefix, mask, as_stored)
        rows, kind, dim, *options = self._one(query, "search_page", k, recall, L, beam_width, exact, filter, space, aliases)
        return Page.of(self._core.search_page(rows, kind, dim, k, *options, token))

    def _one(self, query, call, k, recall, L, beam_width, exact, filter, space, aliases):
        share, length = _effort(call, _PAGES, recall, L, k, aliases)
        rows, kind, dim, _ = _arrays.rows(query, "query", *self._shape(space[0]), True)
        return (rows, kind, dim, length, _options.auto(beam_width, "beam_width"), exact, share, _options.filter(filter), space)

    def count(self, filter: str | None = None) -> int:
        """How many records match the filter, exactly; without one: how many there are."""
        return len(self) if filter is None else self._core.matches(_options.filter(filter))

    def matching_ids(self, filter: str) -> np.ndarray:
        """The ids of all records that match, ascending: array [n] of uint64."""
        return self._core.matching_ids(_options.filter(filter))

    def get(self, ids, missing: str = "raise", *, vectors: bool = True, attributes=False,
            payloads: bool = False, field: str | None = None) -> np.ndarray | Records:
        """The stored vectors: array [n, dim] in the stored type, row i that of ids[i]; [dim] for a single number.

        bf16 comes as uint16, bits as uint8 [n, (dim + 7) // 8]. missing: "raise" UnknownIdError, or "zeros".
        field: whose vectors; records without one there are missing. attributes: True, or names of some; payloads: True. With either, or vectors=False, Records: (vectors, attributes,
        payloads), where attributes is a list of dicts [n] and payloads a list of bytes [n].
        """
        _options.word(missing, "missing", ("raise", "zeros"))
        import numpy as np
        single = np.ndim(ids) == 0
        wanted = _arrays.ids([ids] if single else ids)
        field = _spaces.name(field)
        out = said = raw = None
        if vectors:
            kind, dim = self._shape(field)
            out = np.empty((len(wanted), _arrays.columns(kind, dim)), _arrays.numpy_type(kind))
            absent = self._core.get(wanted, out, field)
        elif missing == "raise":
            absent = np.flatnonzero(~self._core.contains(wanted, field))
        if missing == "raise" and len(absent):
            raise self._unknown(int(wanted[absent[0]]), len(absent), field)
        names = _attributes.names_wanted(attributes)
        if names != [] or payloads:
            said, raw = self._core.data(wanted, names, bool(payloads))
        elif vectors:
            return out[0] if single else out
        records = Records(out, None if names == [] else said, raw)
        return Records(*(None if part is None else part[0] for part in records)) if single else records

    def _unknown(self, first: int, count: int, field: str):
        from ._errors import UnknownIdError
        error = UnknownIdError(first)
        error.code, error.file = "not_found", self._path
        error.message = f"{self._path}: no record has the id {first}" + (f" in the field {field!r}" if field else "") + (
            f", nor {count - 1} more" if count > 1 else "")
        return error

    def contains(self, ids, field: str | None = None) -> np.ndarray:
        """Whether a record has each of the ids, and a vector in the field: array [n] of bool. `7 in index` asks for one."""
        return self._core.contains(_arrays.ids(ids), _spaces.name(field))

    def for_each(self, visit, rows: int = 4096, field: str | None = None) -> None:
        """Calls visit(ids [n], vectors [n, dim]) for all records that have the field in ascending order of ids, at most
        `rows` at a time."""
        field = _spaces.name(field)
        stored = _arrays.numpy_type(self._shape(field)[0])
        self._core.for_each(_options.whole(rows, "rows", 1), lambda ids, part: visit(ids, part.view(stored)), field)

    def sample_ids(self, count: int, seed: int = 1, field: str | None = None) -> np.ndarray:
        """The ids of `count` different records that have the field, ascending: array [n] of uint64; of all where there are
        not more."""
        return self._core.sample_ids(_options.whole(count, "count", 0, 2**63 - 1),
                                     _options.whole(seed, "seed", 0, 2**64 - 1), _spaces.name(field))

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
        return IndexInfo(**self._core.info(""))

    def field_info(self, field: str) -> IndexInfo:
        """The same of one field: its records, graph and codes."""
        return IndexInfo(**self._core.info(_spaces.name(field)))

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """All fields by name, the first one first."""
        return {each["name"]: FieldInfo(**each) for each in self._core.fields()}

    @property
    def path(self) -> str:
        return self._path

    def memory_usage(self) -> MemoryUsage:
        return MemoryUsage(**self._core.memory_usage())

    def graph_statistics(self, *, field: str | None = None, progress=False) -> GraphStatistics:
        """Reads every page of a field once, and checks it."""
        with Shown(progress) as told:
            return GraphStatistics(**self._core.graph_statistics(told, _spaces.name(field)))

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


def _effort(call: str, known: tuple[str, ...], recall, L, k: int, aliases: dict) -> tuple[float, int]:
    """(recall, L), one of which decides how far a search goes."""
    if aliases:
        given = {"L": L}
        _options.spell_out(call, known, given, aliases)
        L = given["L"]
    if recall is None:
        return 0.0, max(_LEAST_L, k) if L is None else _options.whole(L, "L")
    if L is not None:
        raise invalid("recall and L: expected one of them")
    if not 0 < recall < 1:
        raise invalid(f"recall of {recall}: expected a share above 0 and below 1")
    return float(recall), max(_LEAST_L, k)


_NO_ID = 2**64 - 1
