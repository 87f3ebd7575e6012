# SPDX-License-Identifier: Apache-2.0
"""Makes an index file in one go, and says what that will take."""
from __future__ import annotations

import os
from typing import NamedTuple

from . import _arrays, _attributes, _core, _options, _spaces
from ._errors import invalid
from ._progress import Shown

_BUILD = ("attributes", "payloads", "schema", "metric", "dtype", "degree", "l_build", "alpha", "memory", "code_bytes", "layout", "search_memory", "page_records",
          "calibrate", "threads", "seed", "replace", "progress", "name", "indexed", "transform", "query_transform", "matrices", "fields")
_AT_ONCE = 64 << 20  # bytes of one call, so that Ctrl-C is heard between them


class BuildReport(NamedTuple):
    """What a build did."""
    count: int
    file_bytes: int
    unreachable_repaired: int  # records that no path led to before repair
    mean_degree: float
    partitions: int  # above 1 when the memory bound made the build work in parts
    seconds: float


class Estimate(NamedTuple):
    """What a build will take."""
    layout: str
    file_bytes: int
    build_memory_bytes: int
    least_build_memory_bytes: int
    search_memory_bytes: int
    code_search_memory_bytes: int
    build_cpu_seconds: float


def _checked(degree, l_build, alpha, memory, code_bytes, layout, search_memory, page_records, calibrate, threads, seed,
             replace=False) -> dict:
    options = {"alpha": float(alpha), "memory": _options.size(memory), "calibrate": bool(calibrate),
               "search_memory": _options.size(search_memory, "search_memory"), "replace": bool(replace),
               "code_bytes": _options.auto(code_bytes, "code_bytes"), "threads": _options.auto(threads, "threads"),
               "page_records": _options.auto(page_records, "page_records"),
               "layout": _options.word(layout, "layout", ("auto", "lean", "fused")),
               "seed": _options.whole(seed, "seed", 0, 2**64 - 1)}
    if degree is not None:
        options["degree"] = _options.whole(degree, "degree")
    if l_build is not None:
        options["l_build"] = _options.whole(l_build, "l_build")
    return options


def _metric(metric: str | None, kind: int) -> str:
    return _options.metric(metric) if metric is not None else "hamming" if kind == _arrays.B1 else "l2"


def _batches(vectors, kind):
    """Arrays as they come: of one array, of a file of vectors by its name, or of whatever yields arrays."""
    if isinstance(vectors, (str, bytes, os.PathLike)):
        from ._files import VectorFile
        file = VectorFile(vectors)
        at_once = max(1, _AT_ONCE // max(1, file.dim * 4))
        yield file.read(0, 0), file._kind, file.dim
        for first in range(0, len(file), at_once):
            yield file.read(first, min(at_once, len(file) - first)), file._kind, file.dim
        return
    if hasattr(vectors, "__next__"):
        for some in vectors:
            yield _arrays.rows(some, "vectors", kind)[:3]
        return
    array, have, dim, _ = _arrays.rows(vectors, "vectors", kind)
    at_once = max(1, _AT_ONCE // max(1, array.shape[1] * array.itemsize))
    yield array[:0], have, dim
    for first in range(0, len(array), at_once):
        yield array[first:first + at_once], have, dim


def build(path, vectors, ids=None, *, attributes=None, payloads=None, schema: dict | None = None, metric: str | None = None, dtype=None, degree: int | None = None,
          l_build: int | None = None, alpha: float = 1.2, memory: int | str = "512M", code_bytes: int | str | None = "auto",
          layout: str = "auto", search_memory: int | str = "64M", page_records: int | str | None = "auto",
          calibrate: bool = True, threads: int | str | None = "auto", seed: int = 1, replace: bool = False,
          name: str = "vector", indexed: bool = True, transform: str | None = None, query_transform: str | None = None,
          matrices: dict | None = None, fields: dict | None = None, progress=False, **aliases) -> BuildReport:
    """Builds the index file `path`, which appears whole or not at all.

    vectors  array [n, dim]; or the name of a file of vectors (.fbin, .npy, ...); or an iterator of arrays [some, dim]
    ids      [n] whole numbers, one for each row; None: 0, 1, 2, ...
    attributes  what records say besides: a list of dicts [n], a dict of columns [n] (lists, arrays, Series), or a table of
             pandas or Arrow; values are None, bool, int, float, str, a list of str (tags), or a tuple of two
             float, latitude and longitude (place)
    payloads a list [n] of bytes, str or None, which `get` gives back
    schema   {name: "i64", "f64", "bool", "string", "tags" or "place"} of all attributes; None: learned from the values
    metric   "l2" (squared), "ip" and "cosine" (as 1 - product), or of bits "hamming" and "jaccard"
    dtype    how vectors are stored: "f32", "f16", "bf16", "i8", "u8" or "b1"; None: as they come
    degree, l_build, alpha    neighbours of a record (R, 32), effort of linking (100), pruning slack
    memory   bound on what the build allocates: "512M" or bytes
    transform   what is done to vectors before they are stored: "normalize, center, pca(64)", "sparse_random(128)",
             "matrix(turn)", "relative(anchors)"; matrices: {"turn": array [k, dim]}. query_transform: of queries instead
    fields   further vectors of the records: {"text": array [n, dim], or nearline.Field(vectors, ids, metric=...)}
    name, indexed   of the first field; indexed=False: it is stored only, without a graph
    layout   "lean", "fused" (next to no memory at search, more disk), "auto": by `search_memory`
    progress True shows it; a function (phase, done, total) gets it, and stops the build by returning False

    The same vectors, ids, options and seed give the same file. M and efConstruction of hnswlib are understood (M of 16 is a
    degree of 32). Raises ExistsError unless `replace`, InvalidArgumentError, BadInputError, OverBudgetError.
    """
    if aliases:
        given = {"degree": degree, "l_build": l_build}
        _options.spell_out("build", _BUILD, given, aliases)
        degree, l_build = given["degree"], given["l_build"]
    options = _checked(degree, l_build, alpha, memory, code_bytes, layout, search_memory, page_records, calibrate, threads,
                       seed, replace)
    file = _options.path(path)
    stored = None if dtype is None else _arrays.element(dtype)
    if ids is not None:
        ids = _arrays.ids(ids)
    said = _attributes.data(attributes, payloads)
    types = _attributes.schema(schema, said)
    spaces = {"name": name, "indexed": bool(indexed), "transforms": _spaces.transforms(transform, query_transform, matrices)}
    spaces["fields"], further = _spaces.fields(fields, _batches, _metric)
    builder, done = None, 0
    with Shown(progress) as told:
        for array, kind, dim in _batches(vectors, stored):
            if builder is None:
                kept = _spaces.stored_kind(kind, dtype, transform)
                builder = _core.Builder(file, dim, kept, _metric(metric, kept), options, told, types, spaces)
            if len(array) > 0:
                some = None if ids is None else ids[done:done + len(array)]
                if some is not None and len(some) != len(array):
                    raise invalid(f"ids: expected one for each row, found {len(ids)} and at least {done + len(array)} rows")
                builder.add(array, kind, dim, some, _attributes.part(said, done, done + len(array)))
                done += len(array)
        if builder is None:
            raise invalid("vectors: expected at least one array, which says the dimension, found none")
        if ids is not None and len(ids) != done:
            raise invalid(f"ids: expected {done}, one for each row, found {len(ids)}")
        _attributes.check_length(said, done)
        _spaces.add(builder, further)
        return BuildReport(**builder.finish())


def estimate(count: int, dim: int, *, schema: dict | None = None, metric: str | None = None, dtype="f32", degree: int | None = None,
             l_build: int | None = None, alpha: float = 1.2, memory: int | str = "512M",
             code_bytes: int | str | None = "auto", layout: str = "auto", search_memory: int | str = "64M",
             page_records: int | str | None = "auto", calibrate: bool = True, threads: int | str | None = "auto",
             **aliases) -> Estimate:
    """What a build of `count` vectors of `dim` components will take, from arithmetic alone; options as of `build`."""
    if aliases:
        given = {"degree": degree, "l_build": l_build}
        _options.spell_out("estimate", _BUILD[2:_BUILD.index("seed")], given, aliases)
        degree, l_build = given["degree"], given["l_build"]
    options = _checked(degree, l_build, alpha, memory, code_bytes, layout, search_memory, page_records, calibrate, threads, 1)
    kind = _arrays.element(dtype)
    return Estimate(**_core.estimate(_options.whole(count, "count", 0, 2**64 - 1), _options.whole(dim, "dim"), kind,
                                     _metric(metric, kind), options, _attributes.schema(schema, None)))
