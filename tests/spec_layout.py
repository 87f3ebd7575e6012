# SPDX-License-Identifier: Apache-2.0
"""The structures of format/SPEC.md sections 3, 4, 6 and 7 as field lists, and how their values read as text."""
import struct
from types import SimpleNamespace

BLOCK = 4096
NONE = 0xFFFFFFFF
TYPES = {1: "f32", 2: "f16", 3: "bf16", 4: "i8", 5: "u8", 6: "b1"}
METRICS = {1: "l2", 2: "ip", 3: "cosine", 4: "hamming", 5: "jaccard"}
LAYOUTS = {1: "lean", 2: "fused"}
ATTRIBUTES = {1: "i64", 2: "f64", 3: "bool", 4: "string", 5: "tags", 6: "place"}
KINDS = {1: "graph_pages", 2: "entry_points", 3: "keys", 5: "vectors", 6: "codes", 7: "code_parameters",
         8: "tombstones", 9: "attribute", 10: "payload", 11: "payload_dictionary", 12: "transform", 13: "calibration",
         15: "queries"}

# Field lists as "name form": u8 u16 u32 u64 f32, bN bytes, tN text, zN zeros; words of an enumeration behind a colon.
SUPERBLOCK = """magic b16, endian_mark u32, float_mark f32, block_bytes u32, major u16, minor u16, compat u64,
    ro_compat u64, incompat u64, slot u32, reserved_0 z4, file_id b16, generation u64, committed_bytes u64,
    manifest_offset u64, manifest_bytes u64, manifest_hash b16, boot b16, reserved_1 z3936,
    hash b16"""
MANIFEST = """magic b8, manifest_bytes u64, file_id b16, generation u64, live_count u64, next_serial u64,
    next_id u64, field_count u32, attribute_count u32, transform_count u32, segment_count u32, graph_count u32,
    section_count u32, free_count u32, reserved z4"""
FIELD = """name t64, dim u32, type u8:TYPES, metric u8:METRICS, multi u8, indexed u8, transform u32, layout u8:LAYOUTS,
    calibrate u8, code_bytes u16, degree u32, l_build u32, alpha f32, page_records u32, seed u64, reserved z24"""
ATTRIBUTE = "name t64, type u8:ATTRIBUTES, reserved z15"
TRANSFORM = "kind u16, reserved_0 z2, in_dim u32, query_dim u32, reserved_1 z4"
SEGMENT = "count u64, deleted u64, first_id u64, last_id u64, id_bytes u8, reserved z7"
GRAPH = """segment u32, field u32, layout u8:LAYOUTS, neighbor_bits u8, targets u16, code_bytes u16, reserved_0 z2,
    nodes u64, edges u64, local_edges u64, degree u32, page_bytes u32, slots u32, slot_bytes u32,
    reserved_1 z24"""
SECTION = """kind u16:KINDS, flags u16, field u32, segment u32, element_bytes u32, offset u64, length u64, count u64,
    serial u64, tree_offset u64, tree_bytes u64, root u64, reserved z8"""
FREE = "offset u64, length u64, freed_in u64"
FOOTER = "magic b8, manifest_bytes u64, generation u64, hash b16"
PAGE = "kind u16, count u16, page u32"
CODE_BOOK = """kind u16, parts u16, dim u32, axes u32, offset_low f32, offset_step f32, factor_low f32, factor_step f32,
    error f32, reserved z16"""
CALIBRATION = "kind u16, source u16, steps u32, norm f32, queries u32"
COLUMN = """rows u64, nulls u64, values u64, entries u64, dictionary u64, strings u64, postings u64, type u8:ATTRIBUTES,
    reserved z7"""
RUN = "offset u64, least u64, most u64, nulls u32, values u32, bits u8, end_bits u8, reserved z6"
ENTRY = "string u64, posting u64, rows u32, reserved z4"
PAYLOADS = "rows u64, frames u32, reserved z4"
FRAME = "offset u64, first_row u32, bytes u32, opened_bytes u32, reserved z4"
TRANSFORMS = "kind u16, steps u16, query_steps u16, reserved_0 z2, in_dim u32, query_dim u32, reserved_1 z16"
TRANSFORM_STEP = "kind u16, flags u16, out_dim u32, seed u64, reserved z8"
STEP = "ranking u16, k u16, l u32, slack f32, recall f32"


class Refused(Exception):
    """reason: the first word of a name in tests/golden/bad."""

    def __init__(self, reason, what):
        super().__init__(f"{reason}: {what}")
        self.reason = reason


def need(condition, what, reason="corrupt"):
    if not condition:
        raise Refused(reason, what)


def float_text(value):
    return "nan" if value != value else "%.9g" % value


def text_form(raw, whole=False):
    shown = raw if whole else raw.rstrip(b"\0")
    return '"' + "".join(chr(c) if 32 <= c <= 126 and c not in b'"\\' else "\\x%02x" % c for c in shown) + '"'


def fields_of(layout):
    """(name, offset, size, format, words) of a field list."""
    at, out = 0, []
    for entry in layout.replace("\n", " ").split(","):
        name, form = entry.split()
        form, _, words = form.partition(":")
        size = int(form[1:]) if form[0] in "btz" else int(form[1:]) // 8
        out.append((name, at, size, form, globals()[words] if words else None))
        at += size
    return out, at


def size_of(layout):
    return fields_of(layout)[1]


def unpack(layout, data, at, prefix, out):
    """The fields as an object, whose all_zero says whether reserved bytes are; their lines go to `out`."""
    values = {"all_zero": True}
    fields, _ = fields_of(layout)
    for name, offset, size, form, words in fields:
        raw = data[at + offset:at + offset + size]
        if form[0] == "u":
            value = int.from_bytes(raw, "little")
            text = f"{value} ({words.get(value, 'unknown')})" if words else str(value)
        elif form[0] == "f":
            value = struct.unpack("<f", raw)[0]
            text = float_text(value)
        elif form[0] == "t":
            value, text = raw, text_form(raw)
        else:
            value, text = raw, raw.hex()
            if form[0] == "z":
                zero = not any(raw)
                values["all_zero"] &= zero
                text = "zero" if zero else "not zero"
        values[name] = value
        out.append(f"{at + offset} {prefix}.{name} = {text}")
    return SimpleNamespace(**values)
