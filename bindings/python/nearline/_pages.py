# SPDX-License-Identifier: Apache-2.0
"""The answers of one query page by page."""
from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING

from . import _options

if TYPE_CHECKING:
    import numpy as np


class Page(namedtuple("Page", "ids distances")):
    """`ids, distances = page`: uint64 and float32 [n], nearest first.

    end              nothing comes behind these
    complete_to      up to this distance the pages so far are as complete as expected_recall says
    late             records that were found too late for an earlier page, and are left out
    stats            what this page cost: an array [1], as of SearchResult
    next             of `search_page`: the token of the next page; "" at the end
    """
    end: bool
    complete_to: float
    expected_recall: float
    late: int
    stats: np.ndarray
    next: str

    @classmethod
    def of(cls, parts: tuple) -> Page:
        page = cls(*parts[:2])
        page.end, page.complete_to, page.expected_recall, page.late, page.stats, page.next = parts[2:]
        return page


class Cursor:
    """One query's answers on one commit; made by `Index.cursor`. Iterating gives pages to the end."""

    def __init__(self, core, k: int) -> None:
        self._core, self._k, self._end = core, k, False

    def next(self, n: int | None = None) -> Page:
        """The next n answers (None: k), fewer only at the end."""
        page = Page.of(self._core.next(self._k if n is None else _options.whole(n, "n", 1)))
        self._end = page.end
        return page

    def __iter__(self) -> Cursor:
        return self

    def __next__(self) -> Page:
        if self._end:
            raise StopIteration
        page = self.next()
        if page.end and len(page.ids) == 0:
            raise StopIteration
        return page
