#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Joins the ids of a search result with texts, so that a person can judge the answers.

    show_answers.py RESULT.ibin TEXTS.jsonl QUERY-TEXTS.txt [ANSWERS PER QUERY] [QUERY NUMBER...]
"""
import json
import struct
import sys
from pathlib import Path


def read_result(path: str) -> list[list[tuple[int, float]]]:
    """(id, distance) of each answer of each query; padding is left out."""
    data = Path(path).read_bytes()
    queries, k = struct.unpack_from("<II", data)
    cells = queries * k
    ids = struct.unpack_from(f"<{cells}I", data, 8)
    distances = struct.unpack_from(f"<{cells}f", data, 8 + 4 * cells)
    pairs = [(i, d) for i, d in zip(ids, distances)]
    return [[(i, d) for i, d in pairs[q * k:(q + 1) * k] if d != float("inf")] for q in range(queries)]


def main() -> None:
    result = read_result(sys.argv[1])
    texts = [json.loads(line) for line in Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()]
    queries = Path(sys.argv[3]).read_text(encoding="utf-8").splitlines()
    answers = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    for q in map(int, sys.argv[5:] or range(8)):
        print(f'"{queries[q]}"')
        for record, distance in result[q][:answers]:
            words = ", ".join(texts[record]["words"].split(", ")[:3])
            text = texts[record]["text"]
            print(f"   {distance:.3f}  {words}: {text if len(text) < 75 else text[:72] + '...'}")


if __name__ == "__main__":
    main()
