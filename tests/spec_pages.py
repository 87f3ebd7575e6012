# SPDX-License-Identifier: Apache-2.0
"""Graph pages of both layouts: format/SPEC.md section 6."""
import struct
from collections import namedtuple

from spec_layout import BLOCK, PAGE, float_text, need, size_of, unpack


def vector_bytes(field):
    return {1: 4 * field.dim, 2: 2 * field.dim, 3: 2 * field.dim, 4: field.dim, 5: field.dim,
            6: (field.dim + 7) // 8}[field.type]


Shape = namedtuple("Shape", "bits vector has_scale list_at slot_bytes slots page_bytes")


def shape_of(m, segment):
    """Section 6, shape."""
    field = m.fields[segment.field]
    has_scale = field.metric in (2, 3)
    if segment.layout == 2:
        links_at = vector_bytes(field) + 4 * has_scale + segment.id_bytes
        slot_bytes = links_at + (segment.slots + segment.targets + 7) // 8
        return Shape(1, vector_bytes(field), has_scale, links_at, slot_bytes, segment.slots, segment.page_bytes)
    bits = 1
    while 1 << bits < segment.count:
        bits += 1
    list_at = vector_bytes(field) + 4 * has_scale + segment.id_bytes + 2
    slot_bytes = list_at + (segment.degree * bits + 7) // 8
    alone = (slot_bytes + 16 + BLOCK - 1) // BLOCK * BLOCK
    need(segment.page_bytes in ((4096, 8192, 16384, 32768) if slot_bytes + 16 <= 32768 else (alone,)), "page_bytes")
    need(segment.page_bytes >= slot_bytes + 16, "room for a record on a page")
    slots = (segment.page_bytes - 16) // slot_bytes
    return Shape(bits, vector_bytes(field), has_scale, list_at, slot_bytes, slots, segment.page_bytes)


def table_at(segment, shape):
    return size_of(PAGE) + segment.slots * shape.slot_bytes


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


def read_record(data, at, m, segment, shape, ordinal, name, out):
    field = m.fields[segment.field]
    out.append(f"{at} {name}.vector = {components(field, data[at:at + shape.vector])}")
    place = at + shape.vector
    if shape.has_scale:
        scale = struct.unpack_from("<f", data, place)[0]
        need(0 <= scale < float("inf") and data[place + 3] < 128, "scale")
        out.append(f"{place} {name}.scale = {float_text(scale)}")
        place += 4
    record_id = int.from_bytes(data[place:place + segment.id_bytes], "little")
    need(record_id != 2**64 - 1, "id")
    out.append(f"{place} {name}.id = {record_id}")
    place += segment.id_bytes
    if segment.layout == 2:
        return record_id, place
    degree = struct.unpack_from("<H", data, place)[0]
    need(degree <= segment.degree, "degree")
    out.append(f"{place} {name}.degree = {degree}")
    packed = int.from_bytes(data[at + shape.list_at:at + shape.slot_bytes], "little")
    neighbors = [packed >> i * shape.bits & (1 << shape.bits) - 1 for i in range(degree)]
    need(packed >> degree * shape.bits == 0, "bits behind the neighbours")
    need(all(n < segment.count and n != ordinal for n in neighbors) and len(set(neighbors)) == degree, "neighbours")
    out.append(f"{at + shape.list_at} {name}.neighbors = {' '.join(map(str, neighbors))}")
    return record_id, degree


def read_table(data, at, segment, shape, page, name, out):
    """The ordinals that the page points to, and where the table ends."""
    count, place, found = struct.unpack_from("<H", data, at)[0], at + 2, []
    need(count <= segment.targets, "targets of a page")
    lines = [f"{at} {name}.targets = {count}"]
    for i in range(count):
        found.append(struct.unpack_from("<I", data, place)[0])
        lines.append(f"{place} {name}.target[{i}].ordinal = {found[-1]}")
        lines.append(f"{place + 4} {name}.target[{i}].code = {data[place + 4:place + 4 + segment.code_bytes].hex()}")
        place += 4 + segment.code_bytes
    need(found == sorted(set(found)), "order of targets")
    need(all(o < segment.count and o // shape.slots != page for o in found), "targets")
    return found, place, lines


def read_links(data, at, segment, shape, page, slot, records, targets, name, out):
    packed = int.from_bytes(data[at:at + shape.slot_bytes - shape.list_at], "little")
    bits = [bit for bit in range(packed.bit_length()) if packed >> bit & 1]
    need(slot not in bits and len(bits) <= segment.degree, "links")
    need(all(b < records if b < shape.slots else b - shape.slots < len(targets) for b in bits), "links")
    ordinals = [page * shape.slots + b if b < shape.slots else targets[b - shape.slots] for b in bits]
    out.append(f"{at} {name}.neighbors = {' '.join(map(str, ordinals))}")
    return ordinals


def read_pages(data, m, section, row, out):
    segment = m.segments[section.segment]
    shape, ids, edges = shape_of(m, segment), [], 0
    fused = segment.layout == 2
    for p in range(section.count):
        at, name = section.offset + p * shape.page_bytes, f"section[{row}].page[{p}]"
        header = unpack(PAGE, data, at, name, out)
        need(header.kind == (0x6632 if fused else 0x6C31) and header.page == p, "page header")
        need(header.count == min(shape.slots, segment.count - p * shape.slots), "records on a page")
        place, used = at + size_of(PAGE), set()
        if fused:
            targets, table_end, table = read_table(data, at + table_at(segment, shape), segment, shape, p, name, out)
        for slot in range(header.count):
            record = f"{name}.record[{slot}]"
            got = read_record(data, place, m, segment, shape, len(ids), record, out)
            ids.append(got[0])
            if fused:
                links = read_links(data, got[1], segment, shape, p, slot, header.count, targets, record, out)
                used |= set(links)
            edges += len(links) if fused else got[1]
            place += shape.slot_bytes
        if fused:
            need(not any(data[place:at + table_at(segment, shape)]), "bytes behind the last record")
            need(used >= set(targets), "targets that no record links to")
            out.extend(table)
            place = table_end
        need(not any(data[place:at + shape.page_bytes]), "bytes behind the last record")
    need(edges == segment.edges, "edges")
    return ids
