# SPDX-License-Identifier: Apache-2.0
"""What a field does to vectors and queries, as format/SPEC.md section 7 has it."""
import math
import struct

from spec_layout import TRANSFORM_STEP, TRANSFORMS, float_text, need, size_of, unpack


def read_steps(steps, dim, of_queries, in_dim, field_dim):
    """The shapes of the numbers of steps that are checked as far as they go without numbers."""
    shapes, drawn = [], 0
    for i, step in enumerate(steps):
        need(1 <= step.kind <= 7, "kind of a step", "unsupported")
        need(step.all_zero and step.flags <= (step.kind == 5) and (step.kind == 4 or step.seed == 0), "a step")
        need(1 <= step.out_dim <= 65535, "components of a step")
        need(step.kind not in (1, 2) or step.out_dim == dim, "components that a step keeps")
        need(step.kind not in (3, 4) or step.out_dim <= dim, "components that a step leaves")
        need(not (step.kind == 5 and step.flags) or step.out_dim <= dim, "orthogonal rows")
        need(not (of_queries and step.kind in (2, 3)), "a step of queries")
        need(step.kind != 7 or of_queries and i + 1 == len(steps) and dim == in_dim, "a step that is the field's")
        drawn += dim * step.out_dim if step.kind == 4 else 0
        shapes.append((step.kind, {2: 1, 3: step.out_dim, 5: step.out_dim, 6: step.out_dim}.get(step.kind, 0), dim))
        dim = step.out_dim
    need(not steps or dim == field_dim, "components of the last step")
    need(4 * (drawn + sum(rows * width for _, rows, width in shapes)) <= 1 << 28, "numbers of a transform")
    return shapes


def read_transform(data, m, section, row, out):
    at, name = section.offset, f"section[{row}]"
    head = unpack(TRANSFORMS, data, at, name + ".transform", out)
    field = m.fields[section.field]
    entry = m.transforms[field.transform]
    need(head.kind == 1, "kind of a transform", "unsupported")
    need(head.all_zero and head.steps <= 16 and head.query_steps <= 16 and head.steps + head.query_steps > 0, "head")
    need((head.in_dim, head.query_dim) == (entry.in_dim, entry.query_dim), "dimensions of a transform")
    need(head.steps > 0 or head.in_dim == field.dim, "components of a record")
    need(head.query_steps > 0 or head.query_dim == head.in_dim, "components of a query")
    count = head.steps + head.query_steps
    at += size_of(TRANSFORMS)
    need(section.length >= at - section.offset + count * size_of(TRANSFORM_STEP), "room for steps")
    steps = []
    for i in range(count):
        steps.append(unpack(TRANSFORM_STEP, data, at, f"{name}.step[{i}]", out))
        at += size_of(TRANSFORM_STEP)
    shapes = (read_steps(steps[:head.steps], head.in_dim, False, head.in_dim, field.dim) +
              read_steps(steps[head.steps:], head.query_dim, True, head.in_dim, field.dim))
    number = 0
    need(section.length == at - section.offset + 4 * sum(rows * width for _, rows, width in shapes), "numbers")
    for kind, rows, width in shapes:
        for _ in range(rows):
            values = struct.unpack_from(f"<{width}f", data, at)
            for i, value in enumerate(values):
                out.append(f"{at + 4 * i} {name}.number[{number + i}] = {float_text(value)}")
            need(all(map(math.isfinite, values)), "numbers of a step")
            need(kind != 6 or abs(sum(v * v for v in values) - 1) <= 1e-3, "length of an anchor")
            number += width
            at += 4 * width
