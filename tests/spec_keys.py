# SPDX-License-Identifier: Apache-2.0
"""Keys, as format/SPEC.md section 7 has them: from ids to rows."""
import struct

from spec_layout import BLOCK, need


def is_dense(g):
    return g.count > 0 and g.last_id - g.first_id == g.count - 1


def key_blocks(g):
    """Keys to a block, blocks of keys, blocks of fences."""
    room = BLOCK // (g.id_bytes + 4)
    blocks = (g.count + room - 1) // room
    return room, blocks, (max(blocks, 1) - 1 + 511) // 512


def key_elements(g, section):
    """Their size and how many there are."""
    if is_dense(g) or g.count == 0:
        return 4, 0 if section.count == 0 else g.count
    _, blocks, fences = key_blocks(g)
    return BLOCK, blocks + fences


def read_keys(data, g, section, row, out):
    """The rows by id."""
    def numbers(at, form, count, what, first):
        size = struct.calcsize(form)
        found = struct.unpack_from(f"<{count}{form}", data, at)
        out.extend(f"{at + i * size} section[{row}].{what}[{first + i}] = {v}" for i, v in enumerate(found))
        return list(found)

    if is_dense(g):
        rows = [v for first in range(0, g.count, 1024)
                for v in numbers(section.offset + 4 * first, "I", min(1024, g.count - first), "row", first)]
        return {g.first_id + i: v for i, v in enumerate(rows)}
    room, blocks, fence_blocks = key_blocks(g)
    fences = []
    for first in range(0, blocks - 1, 512):
        fences += numbers(section.offset + 8 * first, "Q", min(512, blocks - 1 - first), "fence", first)
    used = section.offset + 8 * len(fences)
    at = section.offset + BLOCK * fence_blocks
    need(not any(data[used:at]), "bytes behind the fences")
    ids, rows = [], []
    for first in range(0, g.count, room):
        here = min(room, g.count - first)
        ids += numbers(at, "I" if g.id_bytes == 4 else "Q", here, "id", first)
        rows += numbers(at + room * g.id_bytes, "I", here, "row", first)
        need(not any(data[at + here * g.id_bytes:at + room * g.id_bytes]), "bytes behind the ids of a block")
        need(not any(data[at + room * g.id_bytes + 4 * here:at + BLOCK]), "bytes behind the rows of a block")
        at += BLOCK
    need(ids == sorted(set(ids)) and (ids[0], ids[-1]) == (g.first_id, g.last_id), "order of keys")
    need(fences == ids[room::room], "fences")
    return dict(zip(ids, rows))
