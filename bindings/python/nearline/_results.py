# SPDX-License-Identifier: Apache-2.0
"""What an open index answers with."""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class SearchResult(namedtuple("SearchResult", "ids distances")):
    """`ids, distances = index.search(...)`: uint64 and float32 [rows, k], or [k] of a single query; nearest first.

    A row is short where there are fewer than k records: NO_ID and inf behind what there is.
    counts           [rows] answers of each row, or a number
    expected_recall  share of the true neighbours, as far as it is known; else 0
    stats            with stats=True: an array [rows] with the fields hops, distance_computations, estimates, page_reads,
                     cache_hits, bytes_read, nanoseconds; else None
    matches          records that match the filter; all without one
    filter_reads     4 KiB blocks that were read to know them
    explanation      with explain=True: a line for each segment that was searched; else none
    """
    counts: np.ndarray | int
    expected_recall: float
    stats: np.ndarray | None
    matches: int
    filter_reads: int
    explanation: list[str]

    @classmethod
    def of(cls, answers: tuple, single: bool) -> SearchResult:
        """Of what the library gives; single: of one query, which was no row of several."""
        ids, distances, counts, costs, expected, matches, reads, lines = answers
        if single:
            ids, distances, counts = ids[0], distances[0], int(counts[0])
        result = cls(ids, distances)
        result.counts, result.expected_recall, result.stats = counts, expected, costs
        result.matches, result.filter_reads, result.explanation = matches, reads, lines
        return result


class RangeResult(namedtuple("RangeResult", "ids distances offsets")):
    """`ids, distances, offsets = index.range_search(...)`: uint64 [n], float32 [n], uint64 [rows + 1]; answers of query i
    are [offsets[i]:offsets[i + 1]], nearest first. `of(i)` gives these two, iterating `rows()` those of each query.

    complete_to      [rows] up to this distance an answer is complete: the radius, or less where it was cut
    cut              [rows] whether max_results left some out
    expected_recall  share of what lies within complete_to, as far as it is known; else 0
    stats            with stats=True: as of SearchResult
    """
    complete_to: np.ndarray
    cut: np.ndarray
    expected_recall: float
    stats: np.ndarray | None

    def of(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        """(ids, distances) of one query."""
        part = slice(int(self.offsets[query]), int(self.offsets[query + 1]))
        return self.ids[part], self.distances[part]

    def rows(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(ids, distances) of each query, one after the other."""
        return (self.of(query) for query in range(len(self.offsets) - 1))


class Records(NamedTuple):
    """What `index.get` found: a row for each id; of a single id the row itself."""
    vectors: np.ndarray | None  # [n, dim]
    attributes: list[dict] | dict | None  # None where a record has no value; tags as a list
    payloads: list[bytes] | bytes | None  # b"" where there is none


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
    field: str  # that this is of
    indexed: bool  # whether the field has a graph
    attributes: dict[str, str]  # name -> "i64", "f64", "bool", "string", "tags" or "place"
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
