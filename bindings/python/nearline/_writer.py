# SPDX-License-Identifier: Apache-2.0
"""The one writer of an index."""
from __future__ import annotations

import os
from typing import NamedTuple

from . import _arrays, _attributes, _core, _options, _spaces
from ._errors import invalid
from ._progress import Shown

_WRITER = ("memory", "delta_records", "merge", "background_merges", "threads", "untrusted", "wait", "progress")


class InsertReport(NamedTuple):
    inserted: int
    first_id: int | None  # of records that came without ids: first_id, first_id + 1, ... in the order of the rows


class EraseReport(NamedTuple):
    erased: int
    unknown: int  # ids that no record has


class CommitReport(NamedTuple):
    """What a commit did, and what the index holds since."""
    generation: int
    count: int
    segments: int
    merged_records: int
    file_bytes: int
    free_bytes: int
    durable: bool
    merging: bool  # a merge goes on beside the commits that follow


def writer(path, memory: int | str = "256M", *, delta_records: int = 4096, merge: bool = True, background_merges: bool = True,
           threads: int | str | None = "auto", untrusted: bool = False, wait: float = 0, progress=False,
           **unknown) -> Writer:
    """Opens the index for changes. There is one writer at a time: another is a BusyError, after `wait` seconds.

        with nearline.writer("photos.near") as w:
            w.upsert(vectors, ids)
            w.delete([7, 8])

    commits where the block ends, and changes nothing where it raises. Readers go on with the commit that they opened.
    """
    if unknown:
        _options.spell_out("writer", _WRITER, {}, unknown)
    if not 0 <= wait < 1e9:
        raise invalid(f"wait of {wait}: expected seconds from 0")
    return Writer(path, progress, _options.size(memory), _options.whole(delta_records, "delta_records"), bool(merge),
                  bool(background_merges), _options.auto(threads, "threads"), bool(untrusted), float(wait))


class Writer:
    """Changes of one index, which nobody sees before `commit`; made by `nearline.writer`.

    Threads may share it: their calls come one by one. It is for the process that opened it.
    """

    def __init__(self, path, progress, *options) -> None:
        self._path = os.path.abspath(os.fsdecode(_options.path(path)))
        self._shown = Shown(progress)
        self._core = _core.Writer(os.fsencode(self._path), *options, self._shown.told)
        view = _core.Index(os.fsencode(self._path), 64 << 20, _options.AUTO, "pread", "exact", False)  # what kind of vectors
        self._shapes = {each["name"]: (_arrays.WORDS[each["dtype"]], each["dim"]) for each in view.fields()}
        view.close()
        self._first = next(iter(self._shapes))

    def insert(self, vectors, ids=None, *, attributes=None, payloads=None) -> InsertReport:
        """Adds records: vectors [n, dim] or [dim]; ids [n], or None: the index gives them. IdExistsError where one has.

        attributes: what they say, as of `build`: a list of dicts [n], a dict of columns [n], or a table; of a single
        vector one dict. payloads: a list [n] of bytes, str or None; of a single vector one.
        """
        rows, kind, dim, named, said = self._rows(vectors, ids, attributes, payloads)
        return InsertReport(*self._core.insert(rows, kind, dim, named, said))

    def upsert(self, vectors, ids, *, attributes=None, payloads=None) -> None:
        """Adds records in place of those with the same ids, if there are: nothing of these stays. Of an id given twice the
        last row counts. attributes, payloads: as of `insert`."""
        rows, kind, dim, named, said = self._rows(vectors, ids, attributes, payloads)
        self._core.upsert(rows, kind, dim, named, said)

    def delete(self, ids=None, *, filter: str | None = None) -> EraseReport:
        """Deletes the records with these ids: [n], or one number. Ids that no record has are counted.

        filter: instead, all that match; changes before it must be committed.
        """
        if (ids is None) == (filter is None):
            raise invalid("ids and filter: expected one of them")
        if filter is not None:
            return EraseReport(self._core.erase_where(_options.filter(filter)), 0)
        return EraseReport(*self._core.erase(_arrays.ids(_some(ids))))

    def set_field(self, field: str, vectors, ids) -> None:
        """Gives records vectors [n, dim] or [dim] in a further field, in place of those that they have there. ids: [n], of
        records that are there or were just added."""
        rows, kind, dim, _ = _arrays.rows(vectors, "vectors", *self._shape(field), True)
        self._core.set_field(_spaces.name(field), rows, kind, dim, _arrays.ids_for(_some(ids), len(rows)))

    def delete_field(self, field: str, ids) -> EraseReport:
        """Takes away what records have in a further field."""
        if field == self._first:
            raise invalid(f"field {field!r}: the first field's vectors go with their records: expected a further one, or delete()")
        return EraseReport(*self._core.erase_field(_spaces.name(field), _arrays.ids(_some(ids))))

    def commit(self, *, durable: bool = True) -> CommitReport:
        """Makes all changes visible, together; durable=False does not wait for the disk."""
        return self._report(self._core.commit, bool(durable))

    def wait_for_merges(self) -> CommitReport:
        """Waits until nothing is left to merge."""
        return self._report(self._core.wait_for_merges)

    def calibrate(self, queries, field: str | None = None) -> CommitReport:
        """Measures anew how far walks go for a recall, with queries [n, dim] like those to come; no rows: with records."""
        rows, kind, dim, _ = _arrays.rows(queries, "queries", *self._shape(field))
        return self._report(self._core.calibrate, rows, kind, dim, _spaces.name(field))

    def compact(self) -> CommitReport:
        """Commits, with all records in one segment without the deleted ones, and makes the file shorter."""
        return self._report(self._core.compact)

    def compact_to(self, output, *, replace: bool = False) -> int:
        """Writes all committed records to a new, dense file, and says how many. Its own name: the writer is spent then."""
        return self._report(self._core.compact_to, _options.path(output), bool(replace))

    def abandon(self) -> None:
        """Forgets all changes since the last commit."""
        self._core.abandon()

    @property
    def dirty(self) -> bool:
        """Whether a commit would change anything."""
        return self._core.dirty

    @property
    def path(self) -> str:
        return self._path

    def close(self) -> None:
        """Forgets what was not committed, and lets another writer in."""
        self._core.close()
        self._shown.close()

    @property
    def closed(self) -> bool:
        return self._core.closed

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind, *_) -> None:
        try:
            if kind is None and not self.closed and self.dirty:
                self.commit()
        finally:
            self.close()

    def __repr__(self) -> str:
        return f"<nearline.Writer {self._path!r}{', closed' if self.closed else ''}>"

    def _shape(self, field) -> tuple:
        """(element type, dim) of a field; of one that there is not the first one's: the library tells its name."""
        return self._shapes.get(field, self._shapes[self._first])

    def _rows(self, vectors, ids, attributes, payloads):
        rows, kind, dim, single = _arrays.rows(vectors, "vectors", *self._shape(None), True)
        if single:
            attributes = [attributes] if isinstance(attributes, dict) else attributes  # a list in it means tags
            payloads = [payloads] if isinstance(payloads, (str, bytes)) else payloads
        said = _attributes.data(attributes, payloads, len(rows))
        return rows, kind, dim, _arrays.ids_for(None if ids is None else _some(ids), len(rows)), said

    def _report(self, call, *arguments):
        try:
            done = call(*arguments)
        finally:
            self._shown.close()
        return CommitReport(**done) if isinstance(done, dict) else done


def _some(ids):
    """One number is as good as a list of one."""
    return [ids] if isinstance(ids, int) or getattr(ids, "ndim", 1) == 0 else ids
