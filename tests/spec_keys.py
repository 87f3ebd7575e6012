# SPDX-License-Identifier: Apache-2.0
"""Keys, as format/SPEC.md section 7 has them: from ids to rows."""
import struct

from spec_layout import BLOCK, need
from spec_pages import read_seal


def is_dense(g):
    return g.count > 0 and g.last_id - g.first_id == g.count - 1


def key_blocks(g):
    """Keys to a block, blocks of keys, blocks of fences."""
    room = (BLOCK - 8) // (4 if is_dense(g) else g.id_bytes + 4)
    blocks = (g.count + room - 1) // room
    return room, blocks, 0 if is_dense(g) else (max(blocks, 1) - 1 + 510) // 511


def key_elements(g, section):
    """Their size and how many there are."""
    _, blocks, fences = key_blocks(g)
    return BLOCK, 0 if section.count == 0 and (is_dense(g) or g.count == 0) else blocks + fences


def read_keys(data, g, section, row, file_id, out):
    """The rows by id."""
    def numbers(at, form, count, what, first):
        size = struct.calcsize(form)
        found = struct.unpack_from(f"<{count}{form}", data, at)
        out.extend(f"{at + i * size} section[{row}].{what}[{first + i}] = {v}" for i, v in enumerate(found))
        return list(found)

    room, blocks, fence_blocks = key_blocks(g)
    fences, ids, rows, at = [], [], [], section.offset
    for block in range(fence_blocks + blocks):
        read_seal(data, at, BLOCK, block, section, file_id, f"section[{row}].seal[{block}]", out)
        end = at + BLOCK - 8
        if block < fence_blocks:
            here = min(511, blocks - 1 - 511 * block)
            fences += numbers(at, "Q", here, "fence", 511 * block)
            need(not any(data[at + 8 * here:end]), "bytes behind the fences")
        else:
            first, rows_at = (block - fence_blocks) * room, at
            here = min(room, g.count - first)
            if is_dense(g):
                ids += range(g.first_id + first, g.first_id + first + here)
            else:
                rows_at = at + room * g.id_bytes
                ids += numbers(at, "I" if g.id_bytes == 4 else "Q", here, "id", first)
                need(not any(data[at + here * g.id_bytes:rows_at]), "bytes behind the ids of a block")
            rows += numbers(rows_at, "I", here, "row", first)
            need(not any(data[rows_at + 4 * here:end]), "bytes behind the rows of a block")
        at += BLOCK
    need(ids == sorted(set(ids)) and (ids[0], ids[-1]) == (g.first_id, g.last_id), "order of keys")
    need(fences == ([] if is_dense(g) else ids[room::room]), "fences")
    return dict(zip(ids, rows))
