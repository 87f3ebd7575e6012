#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reader of nearline files made from format/SPEC.md alone, with nothing but the standard library.

    spec_reader.py FILE             checks all hashes, checksums and rules, prints the text form (SPEC.md section 12)
    spec_reader.py --golden FOLDER  reads every golden file; each must print what its .txt shows, where there is one, and
                                    each file in bad/ must be refused for the reason that its name begins with

Nothing is shared with the C++ sources: where the two disagree, one of them or the document is wrong.
"""
import struct
import sys
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True
import xxh3  # noqa: E402
from spec_layout import (  # noqa: E402
    ATTRIBUTE, ATTRIBUTES, BLOCK, FIELD, FOOTER, FREE, GRAPH, KINDS, MANIFEST, METRICS, NONE, SECTION, SEGMENT, SUPERBLOCK,
    TRANSFORM, TYPES, Refused, need, size_of, unpack)
from spec_codes import read_calibration, read_code_book, read_queries  # noqa: E402
from spec_columns import read_column, read_payloads  # noqa: E402
from spec_keys import key_elements, read_keys  # noqa: E402
from spec_pages import graph_of, read_pages, shape_of, table_at  # noqa: E402
from spec_transforms import read_transform  # noqa: E402

# Section 3.

def read_superblock(data, slot, out):
    at = slot * BLOCK
    block = data[at:at + BLOCK].ljust(BLOCK, b"\0")
    if at >= len(data):
        raise Refused("not_an_index", "no such slot")
    padded = bytes(at) + block
    s = unpack(SUPERBLOCK, padded, at, f"superblock[{slot}]", out)
    need(s.magic == b"\x89NEAR INDEX\r\n\x1a\n\0", "magic", "not_an_index")
    need(len(data) >= at + BLOCK, "the file ends inside a superblock", "truncated")
    need(s.hash == xxh3.hash128(block[:4080]), "superblock hash")
    need(s.endian_mark == 0x01020304 and s.float_mark == -118.625 and s.block_bytes == BLOCK, "marks", "unsupported")
    need(s.major == 1 and s.incompat == 0, "version or feature", "unsupported")
    need(s.slot == slot and (s.generation == 1 or s.generation > 1 and s.generation % 2 == slot), "slot")
    need(s.all_zero, "reserved bytes")
    need(s.committed_bytes % BLOCK == 0 and s.committed_bytes > 2 * BLOCK, "committed_bytes")
    need(s.manifest_offset % BLOCK == 0 and 2 * BLOCK <= s.manifest_offset, "manifest_offset")
    need(s.manifest_bytes % BLOCK == 0 and BLOCK <= s.manifest_bytes <= 8388608, "manifest_bytes")
    need(s.manifest_offset + s.manifest_bytes <= s.committed_bytes, "manifest beyond the commit")
    need(s.committed_bytes <= len(data), "the file ends before the commit", "truncated")
    return s


def choose(data, out):
    found, refused = [], []
    for slot in (0, 1):
        try:
            found.append(read_superblock(data, slot, out))
        except Refused as error:
            refused.append(error)
    for error in sorted(refused, key=lambda e: ("unsupported", "truncated", "corrupt", "not_an_index").index(e.reason)):
        if error.reason == "unsupported" or not found:
            raise error
    return max(found, key=lambda s: s.generation)  # relaxed or not: the text form is the same on every machine


# Section 4.

Manifest = namedtuple("Manifest", "header fields attributes transforms segments graphs sections free")


def is_printable(name):
    try:
        text = name.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return 0 < len(name.rstrip(b"\0")) < 64 and not any(ord(c) < 32 or 0x7F <= ord(c) <= 0x9F for c in text)


def read_manifest(data, s, out):
    at, end = s.manifest_offset, s.manifest_offset + s.manifest_bytes
    need(xxh3.hash128(data[at:end]) == s.manifest_hash, "manifest hash")
    h = unpack(MANIFEST, data, at, "manifest", out)
    need(h.magic == b"\x8aNEARMAN" and h.manifest_bytes == s.manifest_bytes and h.all_zero, "manifest header")
    need(h.file_id == s.file_id and h.generation == s.generation, "manifest of another file or commit")
    counts = (h.field_count, h.attribute_count, h.transform_count, h.segment_count, h.graph_count, h.section_count,
              h.free_count)
    limits = (1024, 4096, 1024, 4096, 4096, 65536, 65536)
    need(h.field_count >= 1 and all(c <= most for c, most in zip(counts, limits)), "counts")
    tables = [("field", FIELD, counts[0]), ("attribute", ATTRIBUTE, counts[1]), ("transform", TRANSFORM, counts[2]),
              ("segment", SEGMENT, counts[3]), ("graph", GRAPH, counts[4]), ("section", SECTION, counts[5]),
              ("free", FREE, counts[6])]
    used = size_of(MANIFEST) + sum(size_of(layout) * count for _, layout, count in tables)
    need((used + size_of(FOOTER) + BLOCK - 1) // BLOCK * BLOCK == s.manifest_bytes, "manifest length")
    place, rows = at + size_of(MANIFEST), []
    for name, layout, count in tables:
        size = size_of(layout)
        rows.append([unpack(layout, data, place + i * size, f"{name}[{i}]", out) for i in range(count)])
        place += count * size
    need(all(row.all_zero for table in rows for row in table), "reserved bytes of a row")
    footer_at = end - size_of(FOOTER)
    f = unpack(FOOTER, data, footer_at, "footer", out)
    need(not any(data[place:footer_at]), "bytes between tables and footer")
    need(f.magic == b"\x8bNEAREND" and f.manifest_bytes == s.manifest_bytes and f.generation == s.generation, "footer")
    need(f.hash == xxh3.hash128(data[at:end - 16]), "footer hash")
    m = Manifest(h, *rows)
    check_schema(m)
    check_segments(m)
    for i in range(len(m.graphs)):
        check_graph(m, i)
    check_sections(m, s)
    check_space(m, s)
    return m


def check_schema(m):
    for table in (m.fields, m.attributes):
        names = [row.name for row in table]
        need(all(map(is_printable, names)) and len(set(names)) == len(names), "names")
    for f in m.fields:
        need(1 <= f.dim <= 65535 and f.type in TYPES and f.metric in METRICS, "dimension, type or metric")
        need((f.metric in (4, 5)) == (f.type == 6) and f.multi <= 1 and f.indexed <= 1, "metric for the type")
        need(f.multi == 0, "multi", "unsupported")
        need(f.transform == NONE or f.transform < len(m.transforms), "transform row")
        check_settings(f)
    need(all(a.name.rstrip(b"\0") != b"id" for a in m.attributes), "an attribute of the name of the id")
    need(all(a.type in ATTRIBUTES for a in m.attributes), "attribute type")
    for i, t in enumerate(m.transforms):
        need(t.kind == 1, "kind of a transform", "unsupported")
        need(1 <= t.in_dim <= 65535 and 1 <= t.query_dim <= 65535, "dimensions of a transform")
        need([f.type in (1, 2, 3) for f in m.fields if f.transform == i] == [True], "the field of a transform")


def check_settings(f):
    need(f.layout in (1, 2) and f.calibrate <= 1 and 1 <= f.alpha <= 2, "settings")
    need(4 <= f.degree <= 1024 and f.degree <= f.l_build <= 4096, "degree or candidates")
    fused, possible = f.layout == 2, f.metric <= 3 and f.dim <= 4096
    need(f.code_bytes in (0, 65535) or (5 <= f.code_bytes <= 1028 and possible), "code bytes")
    need(not fused or (f.code_bytes != 0 and possible), "codes of fused pages")
    need(f.page_records >= 1 and (fused or f.page_records == NONE), "page records")


def check_segments(m):
    for g in m.segments:
        need(g.count <= 4294967294 and g.deleted <= g.count and g.id_bytes in (4, 8), "segment")
        need(g.first_id + max(g.count, 1) - 1 <= g.last_id <= (2**32 - 1 if g.id_bytes == 4 else 2**64 - 2), "ids")
        need(g.count > 0 or g.first_id == g.last_id == 0, "ids of no record")
    need(len(m.graphs) == len(m.segments), "a graph for each segment")
    for i, (g, segment) in enumerate(zip(m.graphs, m.segments)):
        need(g.segment == i, "segment of a graph")
        need(g.field < len(m.fields), "field of a graph")
        need(g.nodes == segment.count, "nodes of a graph")
        need(g.edges == 0 or m.fields[g.field].indexed == 1, "edges over a field that is stored only")
    live = sum(s.count - s.deleted for s, g in zip(m.segments, m.graphs) if g.field == 0)
    need(m.header.live_count == live, "live_count")


def check_graph(m, i):
    g = m.graphs[i]
    need(g.layout in (1, 2) and 1 <= g.degree <= 1024, "graph")
    need(g.edges <= g.nodes * g.degree and g.local_edges <= g.edges, "edges")
    shape = shape_of(m, g)
    if g.layout == 1:
        need(g.targets == g.code_bytes == 0, "targets of lean pages")
    else:
        need(m.fields[g.field].type != 6, "fused pages of bits")
        need(g.page_bytes in (4096, 8192, 16384, 32768, 65536) and 5 <= g.code_bytes <= 1028, "fused pages")
        need(1 <= g.slots <= 65535 and g.targets >= 1, "fused pages")
        need(table_at(g, shape) + 2 + g.targets * (4 + g.code_bytes) + 8 <= g.page_bytes, "room on fused pages")
    need((g.neighbor_bits, g.slot_bytes, g.slots, g.page_bytes) ==
         (shape.bits, shape.slot_bytes, shape.slots, shape.page_bytes), "page shape")


def tree_levels(length):
    """Blocks of each level above the data."""
    blocks, levels = (length + BLOCK - 1) // BLOCK, []
    while blocks and (not levels or blocks > 1):
        blocks = (blocks + 511) // 512
        levels.append(blocks)
    return levels


def check_sections(m, s):
    def inside(offset, size):
        return offset % BLOCK == 0 and offset >= 2 * BLOCK and offset + size <= s.committed_bytes

    for c in m.sections:
        need(c.kind != 0 and c.flags <= 1 and c.element_bytes >= 1, "section")
        need(inside(c.offset, c.length) and c.count * c.element_bytes == c.length, "extent of a section")
        need(c.tree_bytes == sum(tree_levels(c.length)) * BLOCK, "tree_bytes")
        need(inside(c.tree_offset, c.tree_bytes) if c.length else c.tree_offset == c.root == 0, "tree_offset")
        if c.kind > 3 and c.kind not in (8, 9, 10, 12):
            need(c.field in range(len(m.fields)) or c.field == NONE, "field of a section")
            need(c.segment in range(len(m.segments)) or c.segment == NONE, "segment of a section")
            need(c.flags == 1, f"section of kind {c.kind}", "unsupported")
            continue
        need(c.flags == 0, "an optional section of a kind that is defined")
        if c.kind <= 2:
            g = graph_of(m, c)
            need(g is not None, "graph of a section")
            pages = (g.nodes + g.slots - 1) // g.slots
            size, least, most = (g.page_bytes, pages, pages) if c.kind == 1 else (4, min(1, g.nodes), g.nodes)
        elif c.kind in (9, 10):
            need(c.segment < len(m.segments) and m.graphs[c.segment].field == 0, "segment of a section")
            need(c.field < len(m.attributes) if c.kind == 9 else c.field == NONE, "attribute of a section")
            need(m.segments[c.segment].count > 0, "values of a segment without records")
            size, least, most = 1, 64 if c.kind == 9 else 16, c.length
        elif c.kind == 12:
            need(c.segment == NONE and c.field < len(m.fields) and m.fields[c.field].transform != NONE, "a transform")
            size, least, most = 1, 32, c.length
        else:
            need(c.segment < len(m.segments) and c.field == NONE, "segment of a section")
            g = m.segments[c.segment]
            size, least = key_elements(g, c) if c.kind == 3 else (1, (g.count + 7) // 8)
            most = least
        need(c.element_bytes == size and least <= c.count <= most, "elements of a section")
    offsets, serials = [c.offset for c in m.sections], [c.serial for c in m.sections]
    need(offsets == sorted(offsets) and len(set(serials)) == len(serials), "order or serials of sections")
    need(all(1 <= serial < m.header.next_serial for serial in serials), "serials of sections")
    values = [(c.kind, c.segment, c.field) for c in m.sections if c.kind in (9, 10, 12)]
    need(len(set(values)) == len(values), "a second column, payloads or transform")
    need(all(f.transform == NONE or (12, NONE, i) in values for i, f in enumerate(m.fields)), "steps of a transform")
    for i, g in enumerate(m.segments):
        found = sum(c.kind == 3 and c.segment == i for c in m.sections)
        need(found == 1 or (found == 0 and g.count == 0), "keys of a segment")
        tombstones = sum(c.kind == 8 and c.segment == i for c in m.sections)
        need(tombstones == (1 if g.deleted else 0), "tombstones of a segment")
    for g in m.graphs:
        own = [[c for c in m.sections if c.kind == kind and (c.segment, c.field) == (g.segment, g.field)]
               for kind in (1, 2, 6, 7)]
        for found in own[:2]:
            need(len(found) == 1 or (not found and g.nodes == 0), "sections of a graph")
        if g.layout == 2 and g.nodes > 0:
            entries, codes, books = own[1:]
            need(len(codes) == len(books) == 1 and books[0].length > 0, "codes of fused pages")
            need(codes[0].count == entries[0].count and codes[0].element_bytes == g.code_bytes, "codes of entry points")


def check_space(m, s):
    up = lambda n: (n + BLOCK - 1) // BLOCK * BLOCK  # noqa: E731
    claims = [(0, 2 * BLOCK), (s.manifest_offset, s.manifest_bytes)]
    for c in m.sections:
        if c.length:
            claims += [(c.offset, up(c.length)), (c.tree_offset, c.tree_bytes)]
    for f in m.free:
        need(f.offset % BLOCK == 0 and f.length % BLOCK == 0 and f.length > 0, "free space")
        need(1 <= f.freed_in <= s.generation, "freed_in")
        claims.append((f.offset, f.length))
    need([f.offset for f in m.free] == sorted(f.offset for f in m.free), "order of free space")
    end = 0
    for at, size in sorted(claims):
        need(at == end, f"gap or overlap at {at}")
        end = at + size
    need(end == s.committed_bytes, "end of the commit")


# Section 5.

def block_checksum(data, at, s, section, number, level):
    salt = s.file_id + struct.pack("<QQI", section.serial, number, level)
    return xxh3.hash64(data[at:at + BLOCK], xxh3.hash64(salt))


def check_tree(data, s, section, row, out):
    levels, tree = tree_levels(section.length), section.tree_offset
    out.append(f"{tree} section[{row}].tree = {len(levels)} levels in {sum(levels)} blocks")
    need(not any(data[section.offset + section.length:section.offset + (section.length + 4095) // BLOCK * BLOCK]),
         "bytes behind a section")
    below, below_at = (section.length + BLOCK - 1) // BLOCK, section.offset
    for level, blocks in enumerate(levels, 1):
        for i in range(below):
            stored = struct.unpack_from("<Q", data, tree + 8 * i)[0]
            out.append(f"{tree + 8 * i} section[{row}].level[{level}].checksum[{i}] = {stored}")
            need(block_checksum(data, below_at + i * BLOCK, s, section, i, level - 1) == stored, "block checksum")
        need(not any(data[tree + 8 * below:tree + blocks * BLOCK]), "bytes behind the last checksum")
        below, below_at, tree = blocks, tree, tree + blocks * BLOCK
    need(block_checksum(data, below_at, s, section, 0, len(levels)) == section.root, "root")


def read_elements(data, section, row, out):
    size, values = min(section.element_bytes, 65536), []
    for i, at in enumerate(range(section.offset, section.offset + section.length, size)):
        raw = data[at:min(at + size, section.offset + section.length)]
        values.append(int.from_bytes(raw, "little"))
        out.append(f"{at} section[{row}].element[{i}] = {values[-1] if section.kind == 2 else raw.hex()}")
    return values


def read(data):
    """The lines of the text form. What they show of a file that is refused later is lost with the exception."""
    out = []
    s = choose(data, out)
    m = read_manifest(data, s, out)
    ids, keys = {}, {}
    for row, section in enumerate(m.sections):
        if section.length == 0:
            continue
        out.append(f"{section.offset} section[{row}].data = {section.count} x {section.element_bytes} bytes of "
                   f"{KINDS.get(section.kind, 'unknown')}")
        if section.kind == 1:
            ids[section.segment] = read_pages(data, m, section, row, s.file_id, out)
        elif section.kind == 3:
            keys[section.segment] = read_keys(data, m.segments[section.segment], section, row, s.file_id, out)
        elif section.kind == 9:
            read_column(data, m, section, row, out)
        elif section.kind == 10:
            read_payloads(data, m, section, row, out)
        elif section.kind == 12:
            read_transform(data, m, section, row, out)
        elif section.kind == 13:
            read_calibration(data, section, row, out)
        else:
            if section.kind == 7:
                read_code_book(data, m, section, row, out)
            if section.kind == 15:
                read_queries(m, section)
            values = read_elements(data, section, row, out)
            if section.kind == 2:
                need(all(v < m.segments[section.segment].count for v in values), "nodes of a section")
                need(graph_of(m, section).layout == 1 or values == sorted(set(values)), "order of entry points")
        check_tree(data, s, section, row, out)
    for i, g in enumerate(m.segments):
        if g.count > 0:
            in_order = {g.first_id + at: at for at in range(g.count)}
            need(keys.get(i, in_order) == {name: at for at, name in enumerate(ids[i])}, "keys of the records")
    return out


def check_golden(folder):
    files = sorted(folder.glob("*.near"))
    assert files, f"no golden files in {folder}"
    for path in files:
        if not path.with_suffix(".txt").exists():
            read(path.read_bytes())  # the text would be long
            continue
        shown = []
        for line in path.with_suffix(".txt").read_text(encoding="ascii").splitlines():
            shown.append(f"{int(line.split()[0], 16)} {line[45:]}")
        got = read(path.read_bytes())
        for number, (mine, theirs) in enumerate(zip(got, shown), 1):
            assert mine == theirs, f"{path.name}: line {number}: SPEC.md says {mine}, the file beside it {theirs}"
        assert len(got) == len(shown), f"{path.name}: {len(got)} lines, {len(shown)} beside it"
    for path in sorted((folder / "bad").glob("*.near")):
        try:
            read(path.read_bytes())
        except Refused as error:
            assert path.name.startswith(error.reason + "_"), f"{path.name}: {error}"
        else:
            raise AssertionError(f"{path.name} is not refused")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--golden":
        xxh3.self_test()
        check_golden(Path(arguments[1]))
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 1
    try:
        print("\n".join(read(Path(arguments[0]).read_bytes())))
    except Refused as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 2 if error.reason in ("corrupt", "truncated") else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
