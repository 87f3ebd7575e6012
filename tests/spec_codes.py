# SPDX-License-Identifier: Apache-2.0
"""Code books, calibrations and queries, as format/SPEC.md section 7 has them."""
import struct

from spec_layout import CALIBRATION, CODE_BOOK, STEP, need, size_of, unpack
from spec_pages import graph_of


def read_code_book(data, m, section, row, out):
    need(section.length >= size_of(CODE_BOOK) and section.count == 1, "a code book")
    book = unpack(CODE_BOOK, data, section.offset, f"section[{row}].book", out)
    graph = graph_of(m, section)
    need(graph is not None, "graph of a code book")
    need(book.kind == 1, "kind of a code book", "unsupported")
    need(book.all_zero and book.dim == m.fields[graph.field].dim, "a code book")
    need(1 <= book.parts <= 1024 and book.parts <= book.axes <= book.dim, "parts of a code book")
    need(book.offset_step >= 0 and book.factor_step >= 0 and book.error >= 0, "scales of a code book")
    floats = book.dim + book.axes * book.dim + 256 * book.axes
    need(section.length == size_of(CODE_BOOK) + 4 * (floats + book.parts), "size of a code book")
    widths_at = section.offset + size_of(CODE_BOOK) + 4 * book.dim
    widths = struct.unpack_from(f"<{book.parts}I", data, widths_at)
    need(min(widths) >= 1 and sum(widths) == book.axes, "widths of a code book")
    tables = (struct.unpack_from(f"<{book.dim}f", data, section.offset + size_of(CODE_BOOK)) +
              struct.unpack_from(f"<{floats - book.dim}f", data, widths_at + 4 * book.parts))
    need(all(abs(value) < float("inf") for value in tables), "numbers of a code book")
    codes = [c for c in m.sections if c.kind == 6 and c.segment == section.segment]
    count = graph.nodes
    if graph.layout == 2:
        count = next(c.count for c in m.sections if c.kind == 2 and c.segment == section.segment)
    need(len(codes) == 1 and codes[0].count == count and codes[0].element_bytes == 4 + book.parts, "codes")


def read_calibration(data, section, row, out):
    need(section.length >= size_of(CALIBRATION), "a calibration")
    head = unpack(CALIBRATION, data, section.offset, f"section[{row}].calibration", out)
    need(head.kind == 1, "kind of a calibration", "unsupported")
    need(head.source <= 1 and head.queries > 0 and 0 <= head.norm < float("inf"), "head of a calibration")
    need(1 <= head.steps <= 4096, "steps of a calibration")
    need(section.length == size_of(CALIBRATION) + head.steps * size_of(STEP), "size of a calibration")
    before = None
    for i in range(head.steps):
        at = section.offset + size_of(CALIBRATION) + i * size_of(STEP)
        step = unpack(STEP, data, at, f"section[{row}].step[{i}]", out)
        need(step.ranking in (1, 2) and step.k > 0 and step.l > 0, "a step of a calibration")
        need(step.slack > -1 and 0 <= step.recall <= 1, "a step of a calibration")
        curve, effort = (step.ranking, step.k), (step.l, step.slack, step.recall)
        if before and before[0] == curve:
            need(all(a <= b for a, b in zip(before[1], effort)), "order of a calibration")
        need(not before or before[0] <= curve, "order of a calibration")
        before = curve, effort


def read_queries(m, section):
    if section.field >= len(m.fields):
        return  # ignored, as what is optional and not understood
    field = m.fields[section.field]
    bits = {1: 32, 2: 16, 3: 16, 4: 8, 5: 8, 6: 1}[field.type]
    need(section.element_bytes == (field.dim * bits + 7) // 8 and 1 <= section.count <= 512, "queries")
