# SPDX-License-Identifier: Apache-2.0
"""Further fields of records, and which dimensions of a field count."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import _arrays, _options
from ._errors import invalid


class Field(NamedTuple):
    """A further vector space of an index, for `build(fields={"text": Field(...)})`.

    vectors   array [n, dim], the name of a file, or an iterator of arrays, as of `build`; None: none yet, and `dim` and
              `dtype` say what they will be
    ids       of records of the index, one for each row; None: 0, 1, 2, ...
    metric, dtype, transform, query_transform, matrices    as of `build`
    indexed   False: stored only, without a graph
    """
    vectors: Any = None
    ids: Any = None
    metric: str | None = None
    dtype: Any = None
    dim: int | None = None
    indexed: bool = True
    transform: str | None = None
    query_transform: str | None = None
    matrices: Mapping | None = None


class FieldInfo(NamedTuple):
    """A field of an index."""
    name: str
    dim: int  # of what is stored
    dtype: str
    metric: str
    indexed: bool
    transform: str  # "center, matrix(64 x 512)"; "" where there is none
    query_transform: str


def transforms(transform, query_transform, matrices) -> tuple[str, str, dict]:
    """As the library takes them."""
    for text, name in ((transform, "transform"), (query_transform, "query_transform")):
        if not isinstance(text, (str, type(None))):
            raise TypeError(f"{name}: expected steps such as 'center, pca(64)', found {text!r}")
    if not isinstance(matrices, (Mapping, type(None))):
        raise TypeError(f"matrices: expected a dict of arrays by name, found {matrices!r}")
    return transform or "", query_transform or "", dict(matrices or {})


def stored_kind(kind: int, dtype, transform) -> int:
    """How vectors of `kind` are stored where nobody says: as they come, but as floats behind a transform."""
    if dtype is not None:
        return _arrays.element(dtype)
    return _arrays.F32 if transform and kind not in _arrays.FLOATS else kind


def fields(given, batches, metric_of) -> tuple[list[tuple], list[tuple]]:
    """(what the schema says of each, (name, ids, arrays as they come) of each that has some).

    batches, metric_of: of _build.py, which make arrays of vectors, and a metric's name where none is given.
    """
    if given is None:
        return [], []
    if not isinstance(given, Mapping):
        raise TypeError(f"fields: expected a dict of arrays or nearline.Field by name, found {given!r}")
    said, coming = [], []
    for name, field in given.items():
        if not isinstance(field, Field):
            field = Field(field)
        steps = transforms(field.transform, field.query_transform, field.matrices)
        if field.vectors is None:
            if field.dim is None or field.dtype is None:
                raise invalid(f"field {name!r}: expected vectors, or dim and dtype")
            dim, kept = _options.whole(field.dim, "dim"), _arrays.element(field.dtype)
        else:
            arrays = batches(field.vectors, None if field.dtype is None else _arrays.element(field.dtype))
            first = next(arrays, None)
            if first is None:
                raise invalid(f"field {name!r}: expected at least one array, which says the dimension, found none")
            dim, kept = first[2], stored_kind(first[1], field.dtype, field.transform)
            coming.append((str(name), None if field.ids is None else _arrays.ids(field.ids), first, arrays))
        said.append((str(name), dim, kept, metric_of(field.metric, kept), bool(field.indexed), steps))
    return said, coming


def add(builder, coming) -> None:
    """Gives a builder what `fields` found."""
    for name, ids, first, arrays in coming:
        done = 0
        while first is not None:
            array, kind, dim = first
            some = None if ids is None else ids[done:done + len(array)]
            if some is not None and len(some) != len(array):
                raise invalid(f"field {name!r}: ids: expected one for each row, found {len(ids)}")
            if len(array) > 0:
                builder.add_field(name, array, kind, dim, some)
            done += len(array)
            first = next(arrays, None)
        if ids is not None and len(ids) != done:
            raise invalid(f"field {name!r}: ids: expected {done}, one for each row, found {len(ids)}")


def name(field) -> str:
    """None: the first."""
    if field is None:
        return ""
    if not isinstance(field, str):
        raise TypeError(f"field: expected a name, found {field!r}")
    return field


def space(field, prefix, walk_prefix, mask, as_stored) -> tuple:
    """As the library takes it: whose queries these are, and which dimensions count."""
    if mask is not None:
        import numpy as np
        mask = np.asarray(mask)
        if mask.dtype.kind not in "biuf" or mask.ndim != 1:
            raise invalid(f"mask: expected an array [dim] of numbers, found {mask.dtype} {list(mask.shape)}")
        mask = mask.astype(np.float32)
    return (name(field), 0 if prefix is None else _options.whole(prefix, "prefix", 1),
            0 if walk_prefix is None else _options.whole(walk_prefix, "walk_prefix", 1), mask, bool(as_stored))
