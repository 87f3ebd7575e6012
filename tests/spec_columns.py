# SPDX-License-Identifier: Apache-2.0
"""Columns and payloads, as format/SPEC.md section 7 has them. The standard library has no zstd: of a frame only raw and
repeated blocks are opened, as RFC 8878 has them; one that is compressed stays closed."""
import struct

from spec_layout import COLUMN, ENTRY, FRAME, PAYLOADS, RUN, Refused, need, size_of, text_form, unpack

RUN_ROWS = 4096
I64, F64, BOOL, STRING, TAGS, PLACE = range(1, 7)
SIGN = 1 << 63


def up8(n):
    return (n + 7) // 8 * 8


class Packed:
    """Numbers of some bits each, and zeros behind them up to 8 bytes."""

    def __init__(self, raw, at, count, bits):
        self.end = at + up8((count * bits + 7) // 8)
        need(self.end <= len(raw), "packed numbers")
        number = int.from_bytes(raw[at:self.end], "little")
        need(number >> (count * bits) == 0, "bits behind packed numbers")
        mask = (1 << bits) - 1
        if count * bits < 4096:
            self.numbers = [number >> (i * bits) & mask for i in range(count)]
        else:  # the same in pieces: shifts of long numbers are slow
            self.numbers = []
            for i in range(count):
                first = at + i * bits // 8
                piece = int.from_bytes(raw[first:first + 9], "little")
                self.numbers.append(piece >> (i * bits % 8) & mask)


def value_text(kind, key):
    if kind == I64:
        return str((key ^ SIGN) - ((key ^ SIGN) >> 63 << 64))
    if kind == F64:
        return "%.17g" % f64_of(key)
    if kind == PLACE:
        return "%.7f,%.7f" % tuple((half - most / 2) / 1e7 for half, most in halves(key))
    return ("false", "true")[key] if kind == BOOL else str(key)


def halves(key):
    """Latitude and longitude of a place in units from the least, each with the most that it may be."""
    latitude, longitude = (sum((key >> (2 * i + odd) & 1) << i for i in range(32)) for odd in (1, 0))
    return (latitude, 1_800_000_000), (longitude, 3_600_000_000)


def f64_of(key):
    bits = key ^ SIGN if key & SIGN else key ^ (2**64 - 1)
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def check_key(kind, key, entries):
    if kind == F64:
        value = f64_of(key)
        need(abs(value) < float("inf") and (value != 0 or key == SIGN), "a number of a column")
    elif kind == PLACE:
        need(all(half <= most for half, most in halves(key)), "a place of a column")
    else:
        need(kind == I64 or key < (2 if kind == BOOL else entries), "a key of a column")


def read_run(raw, section, head, run, name, first, count, entries, out):
    """What each of the rows has: None, or its keys."""
    tags = head.type == TAGS
    need(run.all_zero and run.nulls <= count and run.least <= run.most, "a run")
    need(run.bits == (run.most - run.least).bit_length(), "bits of a run")
    need(run.end_bits == (run.values.bit_length() if tags else 0), "bits of ends")
    need(run.values <= (count - run.nulls) * min(4096, run.most - run.least + 1) if tags
         else run.values == count - run.nulls, "values of a run")
    at, null = run.offset, [run.nulls == count] * count
    if 0 < run.nulls < count:
        part = Packed(raw, at, count, 1)
        null, at = [bit == 1 for bit in part.numbers], part.end
    need(sum(null) == run.nulls, "nulls of a run")
    begins = list(range(count))
    if tags:
        ends = [0] * count
        if run.values:
            part = Packed(raw, at, count, run.end_bits)
            ends, at = part.numbers, part.end
        begins = [0] + ends
        need(begins == sorted(begins) and begins[-1] == run.values, "ends of tags")
    elif not run.values:
        begins = [0] * count
    keys = Packed(raw, at, run.values if tags or not run.values else count, run.bits)
    rows, all_keys = [], []
    for i in range(count):
        here = keys.numbers[begins[i]:begins[i + 1]] if tags else keys.numbers[i:i + 1]
        need(not null[i] or not (any(here) or (tags and here)), "keys of a row that is null")
        here = None if null[i] else [run.least + key for key in here]
        need(here is None or (len(here) <= 4096 if tags else len(here) == 1), "keys of a row")
        need(here is None or here == sorted(set(here)), "order of the keys of a row")
        rows.append(here)
        all_keys += here or []
        text = "null" if here is None else " ".join(value_text(head.type, key) for key in here)
        out.append(f"{section.offset + at + begins[i] * run.bits // 8} {name}.row[{first + i}] = {text}")
    need((run.least, run.most) == ((min(all_keys), max(all_keys)) if all_keys else (0, 0)), "least and most of a run")
    for key in set(all_keys):
        check_key(head.type, key, entries)
    return rows, keys.end


def read_column(data, m, section, row, out):
    raw = data[section.offset:section.offset + section.length]
    count, name = m.segments[section.segment].count, f"section[{row}]"
    head = unpack(COLUMN, data, section.offset, f"{name}.column", out)
    need(head.all_zero and head.type == m.attributes[section.field].type and head.rows == count, "a column")
    need(head.nulls < count and (head.type == TAGS or head.values == count - head.nulls), "counts of a column")
    words = head.type in (STRING, TAGS)
    need(head.dictionary % 8 == head.postings % 8 == 0 and head.postings <= section.length, "parts of a column")
    if words:
        need(head.strings == head.dictionary + 24 * (head.entries + 1) <= head.postings, "parts of a column")
    else:
        need(head.entries == 0 and head.dictionary == head.strings == head.postings == section.length, "parts")
    runs = (count + RUN_ROWS - 1) // RUN_ROWS
    table, end = size_of(COLUMN), size_of(COLUMN) + runs * size_of(RUN)
    rows, nulls, values = [], 0, 0
    for r in range(runs):
        run = unpack(RUN, data, section.offset + table + r * size_of(RUN), f"{name}.run[{r}]", out)
        need(run.offset == end, "place of a run")
        here, end = read_run(raw, section, head, run, name, r * RUN_ROWS, min(RUN_ROWS, count - r * RUN_ROWS),
                             head.entries, out)
        rows, nulls, values = rows + here, nulls + run.nulls, values + run.values
    need((nulls, values) == (head.nulls, head.values), "counts of a column")
    need(end == head.dictionary, "end of the runs")
    if words:
        read_dictionary(data, raw, section, head, rows, name, out)


def read_dictionary(data, raw, section, head, rows, name, out):
    found = [[] for _ in range(head.entries)]
    for row, keys in enumerate(rows):
        for key in keys or []:
            found[key].append(row)
    entries = []
    lines = [[] for _ in range(head.entries + 1)]
    for i in range(head.entries + 1):
        entries.append(unpack(ENTRY, data, section.offset + head.dictionary + i * size_of(ENTRY), f"{name}.entry[{i}]",
                              lines[i]))
    need(all(entry.all_zero for entry in entries) and entries[0].string == entries[0].posting == 0, "a dictionary")
    strings, posted = [], []
    for i, (entry, after) in enumerate(zip(entries, entries[1:])):
        need(entry.string <= after.string <= head.postings - head.strings, "a string of a dictionary")
        text = raw[head.strings + entry.string:head.strings + after.string]
        need(len(text) <= 65535 and (text or head.type == STRING), "length of a string")
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("corrupt", "a string that is not UTF-8") from None
        lines[i].append(f"{section.offset + head.strings + entry.string} {name}.text[{i}] = {text_form(text, True)}")
        need(entry.rows == len(found[i]) > 0, "rows of an entry")
        here = found[i] if entry.rows < head.rows // 64 else []
        need(after.posting - entry.posting == len(here), "place of a posting")
        strings.append(text)
        posted += here
    need(strings == sorted(set(strings)), "order of a dictionary")
    need(entries[-1].rows == 0 and entries[-1].posting == len(posted), "the last entry of a dictionary")
    used = head.strings + entries[-1].string
    need(up8(used) == head.postings and not any(raw[used:head.postings]), "bytes behind the strings")
    for some in lines:
        out.extend(some)
    bits = (head.rows - 1).bit_length()
    part = Packed(raw, head.postings, len(posted), bits)
    need(part.end == section.length and part.numbers == posted, "postings")
    for i, row in enumerate(posted):
        out.append(f"{section.offset + head.postings + i * bits // 8} {name}.posting[{i}] = {row}")


def open_frame(raw):
    """What one zstd frame of raw and repeated blocks holds (RFC 8878, 3.1.1); None for one that has others."""
    need(raw[:4] == b"\x28\xb5\x2f\xfd" and len(raw) >= 6, "magic of a zstd frame")
    descriptor = raw[4]
    single, size_flag = descriptor >> 5 & 1, descriptor >> 6
    need(descriptor & 0x0b == 0, "a reserved bit or a dictionary of a zstd frame")
    at, opened = 5 + (not single), b""
    at += (single, 2, 4, 8)[size_flag]
    while True:
        need(at + 3 <= len(raw), "a block of a zstd frame")
        block = int.from_bytes(raw[at:at + 3], "little")
        last, form, size = block & 1, block >> 1 & 3, block >> 3
        at += 3
        if form == 2:
            return None
        need(form != 3 and at + (1 if form == 1 else size) <= len(raw), "a block of a zstd frame")
        opened += raw[at:at + 1] * size if form == 1 else raw[at:at + size]
        at += 1 if form == 1 else size
        if last:
            break
    need(at + (descriptor >> 2 & 1) * 4 == len(raw), "end of a zstd frame")
    return opened


def read_payloads(data, m, section, row, out):
    raw = data[section.offset:section.offset + section.length]
    count, name = m.segments[section.segment].count, f"section[{row}]"
    head = unpack(PAYLOADS, data, section.offset, f"{name}.payloads", out)
    table_end = size_of(PAYLOADS) + head.frames * size_of(FRAME)
    need(head.all_zero and head.rows == count and head.frames >= 1 and table_end <= section.length, "payloads")
    frames, lines = [], []
    for i in range(head.frames):
        lines.append([])
        frames.append(unpack(FRAME, data, section.offset + size_of(PAYLOADS) + i * size_of(FRAME),
                             f"{name}.frame[{i}]", lines[i]))
    need(frames[0].first_row == 0 and frames[0].offset == table_end, "the first frame")
    ends = [f.first_row for f in frames[1:]] + [count]
    places = [f.offset for f in frames[1:]] + [section.length]
    for i, (f, end, place) in enumerate(zip(frames, ends, places)):
        rows = end - f.first_row
        need(f.all_zero and 1 <= rows <= 4096 and f.offset + f.bytes == place, "a frame")
        need(4 * rows <= f.opened_bytes <= 16809984, "what a frame opens to")
        need(f.bytes <= f.opened_bytes + f.opened_bytes // 128 + 512, "bytes of a frame")
        out.extend(lines[i])
        for piece in range(0, f.bytes, 65536):
            at = f.offset + piece
            shown = raw[at:min(at + 65536, place)]
            out.append(f"{section.offset + at} {name}.frame[{i}].data[{piece // 65536}] = {shown.hex()}")
        opened = open_frame(raw[f.offset:place])
        if opened is None:
            continue
        need(len(opened) == f.opened_bytes, "what a frame opens to")
        payload_ends = struct.unpack_from(f"<{rows}I", opened)
        need(list(payload_ends) == sorted(payload_ends) and payload_ends[-1] == len(opened) - 4 * rows, "payloads")
