# SPDX-License-Identifier: Apache-2.0
"""Graph pages of both layouts: format/SPEC.md section 6."""
import struct
from collections import namedtuple

import xxh3
from spec_layout import BLOCK, PAGE, float_text, need, size_of, unpack


def vector_bytes(field):
    return {1: 4 * field.dim, 2: 2 * field.dim, 3: 2 * field.dim, 4: field.dim, 5: field.dim,
            6: (field.dim + 7) // 8}[field.type]


def graph_of(m, section):
    """The graph that a section belongs to, or None."""
    return next((g for g in m.graphs if (g.segment, g.field) == (section.segment, section.field)), None)


Shape = namedtuple("Shape", "bits vector has_scale list_at slot_bytes slots page_bytes")


def shape_of(m, graph):
    """Section 6, shape."""
    field = m.fields[graph.field]
    has_scale = field.metric in (2, 3)
    if graph.layout == 2:
        links_at = vector_bytes(field) + 4 * has_scale + m.segments[graph.segment].id_bytes
        slot_bytes = links_at + (graph.slots + graph.targets + 7) // 8
        return Shape(1, vector_bytes(field), has_scale, links_at, slot_bytes, graph.slots, graph.page_bytes)
    bits = 1
    while 1 << bits < graph.nodes:
        bits += 1
    list_at = vector_bytes(field) + 4 * has_scale + m.segments[graph.segment].id_bytes + 2
    slot_bytes = list_at + (graph.degree * bits + 7) // 8
    alone = (slot_bytes + 16 + BLOCK - 1) // BLOCK * BLOCK
    need(graph.page_bytes in ((4096, 8192, 16384, 32768) if slot_bytes + 16 <= 32768 else (alone,)), "page_bytes")
    need(graph.page_bytes >= slot_bytes + 16, "room for a record on a page")
    slots = (graph.page_bytes - 16) // slot_bytes
    return Shape(bits, vector_bytes(field), has_scale, list_at, slot_bytes, slots, graph.page_bytes)


def table_at(graph, shape):
    return size_of(PAGE) + graph.slots * shape.slot_bytes


def components(field, raw):
    if field.type == 6:
        need(field.dim % 8 == 0 or raw[-1] >> field.dim % 8 == 0, "bits behind a vector")
        return raw.hex()
    if field.type == 3:
        values = [struct.unpack("<f", b"\0\0" + raw[i:i + 2])[0] for i in range(0, len(raw), 2)]
    else:
        values = struct.unpack(f"<{field.dim}" + {1: "f", 2: "e", 4: "b", 5: "B"}[field.type], raw)
    if field.type <= 3:
        need(all(abs(v) < float("inf") for v in values), "component that is not finite")
        return " ".join(map(float_text, values))
    return " ".join(map(str, values))


def read_record(data, at, m, graph, shape, ordinal, name, out):
    field = m.fields[graph.field]
    out.append(f"{at} {name}.vector = {components(field, data[at:at + shape.vector])}")
    place = at + shape.vector
    if shape.has_scale:
        scale = struct.unpack_from("<f", data, place)[0]
        need(0 <= scale < float("inf") and data[place + 3] < 128, "scale")
        out.append(f"{place} {name}.scale = {float_text(scale)}")
        place += 4
    record_id = int.from_bytes(data[place:place + m.segments[graph.segment].id_bytes], "little")
    need(record_id != 2**64 - 1, "id")
    out.append(f"{place} {name}.id = {record_id}")
    place += m.segments[graph.segment].id_bytes
    if graph.layout == 2:
        return record_id, place
    degree = struct.unpack_from("<H", data, place)[0]
    need(degree <= graph.degree, "degree")
    out.append(f"{place} {name}.degree = {degree}")
    packed = int.from_bytes(data[at + shape.list_at:at + shape.slot_bytes], "little")
    neighbors = [packed >> i * shape.bits & (1 << shape.bits) - 1 for i in range(degree)]
    need(packed >> degree * shape.bits == 0, "bits behind the neighbours")
    need(all(n < graph.nodes and n != ordinal for n in neighbors) and len(set(neighbors)) == degree, "neighbours")
    out.append(f"{at + shape.list_at} {name}.neighbors = {' '.join(map(str, neighbors))}")
    return record_id, degree


def read_table(data, at, graph, shape, page, name, out):
    """The ordinals that the page points to, and where the table ends."""
    count, place, found = struct.unpack_from("<H", data, at)[0], at + 2, []
    need(count <= graph.targets, "targets of a page")
    lines = [f"{at} {name}.targets = {count}"]
    for i in range(count):
        found.append(struct.unpack_from("<I", data, place)[0])
        lines.append(f"{place} {name}.target[{i}].ordinal = {found[-1]}")
        lines.append(f"{place + 4} {name}.target[{i}].code = {data[place + 4:place + 4 + graph.code_bytes].hex()}")
        place += 4 + graph.code_bytes
    need(found == sorted(set(found)), "order of targets")
    need(all(o < graph.nodes and o // shape.slots != page for o in found), "targets")
    return found, place, lines


def read_links(data, at, graph, shape, page, slot, records, targets, name, out):
    packed = int.from_bytes(data[at:at + shape.slot_bytes - shape.list_at], "little")
    bits = [bit for bit in range(packed.bit_length()) if packed >> bit & 1]
    need(slot not in bits and len(bits) <= graph.degree, "links")
    need(all(b < records if b < shape.slots else b - shape.slots < len(targets) for b in bits), "links")
    ordinals = [page * shape.slots + b if b < shape.slots else targets[b - shape.slots] for b in bits]
    out.append(f"{at} {name}.neighbors = {' '.join(map(str, ordinals))}")
    return ordinals


def read_seal(data, page, size, number, section, file_id, name, out):
    at = page + size - 8
    stored = struct.unpack_from("<Q", data, at)[0]
    salt = file_id + struct.pack("<QQI", section.serial, number, 0xFFFFFFFF)
    need(xxh3.hash64(data[page:at], xxh3.hash64(salt)) == stored, "seal")
    out.append(f"{at} {name} = {stored}")


def read_pages(data, m, section, row, file_id, out):
    graph = graph_of(m, section)
    shape, ids, edges = shape_of(m, graph), [], 0
    fused = graph.layout == 2
    for p in range(section.count):
        at, name = section.offset + p * shape.page_bytes, f"section[{row}].page[{p}]"
        header = unpack(PAGE, data, at, name, out)
        need(header.kind == (0x6632 if fused else 0x6C31) and header.page == p, "page header")
        need(header.count == min(shape.slots, graph.nodes - p * shape.slots), "records on a page")
        place, used = at + size_of(PAGE), set()
        if fused:
            targets, table_end, table = read_table(data, at + table_at(graph, shape), graph, shape, p, name, out)
        for slot in range(header.count):
            record = f"{name}.record[{slot}]"
            got = read_record(data, place, m, graph, shape, len(ids), record, out)
            ids.append(got[0])
            if fused:
                links = read_links(data, got[1], graph, shape, p, slot, header.count, targets, record, out)
                used |= set(links)
            edges += len(links) if fused else got[1]
            place += shape.slot_bytes
        if fused:
            need(not any(data[place:at + table_at(graph, shape)]), "bytes behind the last record")
            need(used >= set(targets), "targets that no record links to")
            out.extend(table)
            place = table_end
        need(not any(data[place:at + shape.page_bytes - 8]), "bytes behind the last record")
        read_seal(data, at, shape.page_bytes, p, section, file_id, name + ".seal", out)
    need(edges == graph.edges, "edges")
    return ids
