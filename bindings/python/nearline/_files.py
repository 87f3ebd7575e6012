# SPDX-License-Identifier: Apache-2.0
"""Files of vectors, neighbours and ids, in the field's exchange formats, and brute force over them."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import _arrays, _core, _options
from ._errors import invalid
from ._progress import Shown

if TYPE_CHECKING:
    import numpy as np


class VectorFile:
    """An open file of vectors: .fbin .hbin .u8bin .i8bin .bbin .fvecs .bvecs .npy. form: the extension to go by."""

    def __init__(self, path, form: str = "") -> None:
        self._core = _core.VectorFile(_options.path(path), form)

    @property
    def dim(self) -> int:
        return self._core.dim

    @property
    def dtype(self) -> str:
        """ "f32", "f16", "i8", "u8" or "b1": what `read` gives."""
        return _arrays.NAMES[self._kind]

    @property
    def _kind(self) -> int:
        return self._core.type

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self), self.dim)

    def __len__(self) -> int:
        return self._core.rows

    def read(self, first: int = 0, count: int | None = None) -> np.ndarray:
        """Rows [first, first + count): array [count, dim]; bits as uint8 [count, (dim + 7) // 8]. None: all that follow."""
        import numpy as np
        first = _options.whole(first, "first", 0, len(self))
        count = len(self) - first if count is None else _options.whole(count, "count", 0, len(self) - first)
        out = np.empty((count, _arrays.columns(self._kind, self.dim)), _arrays.numpy_type(self._kind))
        self._core.read(first, count, out)
        return out


def read_vectors(path, first: int = 0, count: int | None = None) -> np.ndarray:
    """Rows of a file of vectors, as VectorFile.read."""
    return VectorFile(path).read(first, count)


def write_vectors(path, vectors, *, dtype=None, replace: bool = False) -> None:
    """Writes an array [n, dim]; the extension names the form and the type. dtype: "bf16" or "b1" of uint16 or uint8."""
    kind = None if dtype is None else _arrays.element(dtype)
    rows, have, dim, _ = _arrays.rows(vectors, "vectors", kind)
    _core.write_vectors(_options.path(path), rows, have, dim, bool(replace))


def convert_vectors(path, output, *, replace: bool = False, progress=False) -> int:
    """Copies a file of vectors into the form of the output's extension; the number of rows."""
    with Shown(progress) as told:
        return _core.convert_vectors(_options.path(path), _options.path(output), bool(replace), told)


class NeighborTable(NamedTuple):
    """ids: uint64 [queries, k], NO_ID behind what there is; distances: float32 [queries, k], or None."""
    ids: np.ndarray
    distances: np.ndarray | None


def read_neighbors(path) -> NeighborTable:
    """A file of neighbours: .ibin .ibin64 .ivecs .npy."""
    return NeighborTable(*_core.read_neighbors(_options.path(path)))


def write_neighbors(path, ids, distances=None, *, replace: bool = False) -> None:
    """ids [queries, k], distances [queries, k] or None."""
    import numpy as np
    table = np.asarray(ids)
    if table.ndim != 2:
        raise invalid(f"ids: expected an array [queries, k], found shape {list(table.shape)}")
    if distances is not None and np.shape(distances) != table.shape:
        raise invalid(f"distances: expected the shape of ids, {list(table.shape)}, found {list(np.shape(distances))}")
    _core.write_neighbors(_options.path(path), _arrays.ids(table.reshape(-1)), table.shape[1], distances, bool(replace))


def exact_neighbors(base, queries, k: int = 100, *, metric: str = "l2", memory: int | str = "256M",
                    threads: int | str | None = "auto", progress=False) -> NeighborTable:
    """The k nearest rows of the file `base` for each row of the file `queries`, by brute force: row numbers, distances."""
    with Shown(progress) as told:
        return NeighborTable(*_core.exact_neighbors(
            _options.path(base), _options.path(queries), _options.whole(k, "k"), _options.metric(metric),
            _options.size(memory), _options.auto(threads, "threads"), told))


class Profile(NamedTuple):
    """A file of vectors as a graph index sees it."""
    rows: int
    dim: int
    dtype: str
    norm_min: float
    norm_mean: float
    norm_max: float
    zero_vectors: int
    invalid_vectors: int
    first_invalid_row: int | None
    overlong_vectors: int
    first_overlong_row: int | None
    duplicates: int
    constant_components: int
    lid_mean: float
    lid_median: float
    lid_k: int
    lid_sample: int
    advice: list[str]


def profile(path, *, metric: str = "l2", sample: int = 1000, k: int = 100, threads: int | str | None = "auto", seed: int = 1,
            progress=False) -> Profile:
    """Norms, duplicates, intrinsic dimension of a file of vectors, and what follows from them."""
    with Shown(progress) as told:
        return Profile(**_core.profile(_options.path(path), _options.metric(metric), _options.whole(sample, "sample"),
                                       _options.whole(k, "k"), _options.auto(threads, "threads"),
                                       _options.whole(seed, "seed", 0, 2**64 - 1), told))


def read_ids(path) -> np.ndarray:
    """Ids of a file (.u64bin, .npy, or text with one a line): array [n] of uint64."""
    return _core.read_ids(_options.path(path))


def write_ids(path, ids, *, replace: bool = False) -> None:
    """ids [n], in the form that the extension names."""
    _core.write_ids(_options.path(path), _arrays.ids(ids), bool(replace))
