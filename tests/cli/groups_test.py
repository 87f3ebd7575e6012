# SPDX-License-Identifier: Apache-2.0
"""search --group-by and --votes: what they find, print and write, what they refuse, and the example of docs/capabilities.md."""
import json
import struct
from pathlib import Path

import support
from support import CliTest, fbin, vectors

ROWS = vectors(60, 5)
KINDS = [None if i % 10 == 9 else ["red", "green", "blue"][i % 3] for i in range(60)]


def near(query):
    """The groups by their nearest record, each with its records, nearest first."""
    groups = {}
    for i, row in enumerate(ROWS):
        if KINDS[i]:
            groups.setdefault(KINDS[i], []).append((sum((a - b) ** 2 for a, b in zip(query, row)), i))
    return sorted((sorted(of), kind) for kind, of in groups.items())


class Groups(CliTest):
    def setUp(self):
        super().setUp()
        self.put("base.fbin", fbin(ROWS))
        self.put("base.jsonl", "".join(json.dumps({"kind": kind, "n": i % 7, "x": i / 2}) + "\n" for i, kind in enumerate(KINDS)))
        self.run_tool("build", "base.fbin", "-o", "x.near", "--attributes", "base.jsonl")
        self.put("query.fbin", fbin(ROWS[:6]))

    def test_groups_are_printed_and_written_in_every_form(self):
        search = ("search", "x.near", "query.fbin", "-k", "4", "--group-by", "kind", "--per-group", "2", "--exact")
        lines = self.good_json(*search, "--json")
        for line, query in zip(lines, ROWS):
            wanted = near(query)
            self.assertEqual((line["count"], line["group_count"], line["matches"]), (3, 3, 54))
            self.assertEqual([group["group"] for group in line["groups"]], [kind for _, kind in wanted])
            self.assertEqual([group["ids"] for group in line["groups"]], [[i for _, i in of[:2]] for of, _ in wanted])
        text = self.good(*search).splitlines()
        self.assertEqual(text[0].split(), ["query", "group", "rank", "id", "distance", "kind"])
        self.assertEqual((len(text), text[1].split()[:4], text[1].split()[5]), (1 + 6 * 6, ["0", "1", "1", "0"], "red"))
        self.good(*search, "-o", "found.ibin", "--distances-out", "far.fbin")
        found = (self.folder / "found.ibin").read_bytes()
        self.assertEqual(struct.unpack("<II", found[:8]), (6, 8))
        ids = struct.unpack("<48I", found[8:8 + 48 * 4])
        self.assertEqual(list(ids[:6]), [i for group in lines[0]["groups"] for i in group["ids"]])
        self.assertEqual((self.folder / "far.fbin").stat().st_size, 8 + 48 * 4)
        for io in ("mapped", "pread"):
            self.assertEqual([line["groups"] for line in self.good_json(*search, "--io", io, "--threads", "2", "--batch", "1", "--json")],
                             [line["groups"] for line in lines])
        [line] = self.good_json(*search, "--filter", "kind = 'blue' and n < 3", "--json")[:1]
        self.assertEqual((line["count"], line["groups"][0]["group"]), (1, "blue"))

    def test_sets_of_queries_vote(self):
        offsets = struct.pack("<II3Q", 3, 1, 0, 2, 6)
        self.put("sets.u64bin", offsets)
        vote = ("search", "x.near", "query.fbin", "--exact", "--votes", "n", "--vote-neighbors", "7", "-k", "3")
        one, two = self.good_json(*vote, "--vote-offsets", "sets.u64bin", "--json")
        self.assertEqual((one["queries"], two["queries"], one["count"]), (2, 4, 3))
        self.assertGreaterEqual(one["groups"][0]["score"], 1)
        [every, _] = self.good_json(*vote[:-1], "7", "--vote-offsets", "sets.u64bin", "--json")
        scores = {group["group"]: group["score"] for group in every["groups"]}
        self.assertGreaterEqual(min(scores[0], scores[1]), 1)
        [all_] = self.good_json(*vote, "--json")
        self.assertEqual(all_["queries"], 6)
        text = self.good(*vote).splitlines()
        self.assertEqual((text[0].split(), len(text)), (["set", "rank", "score", "votes", "nearest", "n"], 4))
        self.put("bad.fbin", fbin(ROWS[:3] + [[float("nan")] * 5]))
        self.bad(1, "search", "x.near", "bad.fbin", "--votes", "n", says=("bad.fbin", "query 3"))
        for data, says in ((offsets[:-1], "31 bytes: expected u32 n + 1"), (b"", "0 bytes"),
                           (struct.pack("<II3Q", 3, 1, 0, 7, 6), "offset 1 is 7: expected them to ascend from 0 to the number of queries, 6"),
                           (struct.pack("<II3Q", 3, 1, 0, 2, 5), "offset 2 is 5"), (struct.pack("<II3Q", 3, 1, 1, 2, 6), "offset 0 is 1")):
            self.put("bad.u64bin", data)
            self.bad(1, *vote, "--vote-offsets", "bad.u64bin", says=("bad.u64bin", says))

    def test_what_does_not_fit_is_one_clear_error(self):
        search = ("search", "x.near", "query.fbin")
        self.bad(1, *search, "--group-by", "knid", says="did you mean 'kind'?")
        self.bad(1, *search, "--group-by", "x", says="groups by 'x', which is f64: expected an attribute of type i64, string or bool")
        self.bad(1, *search, "--votes", "x", says="groups by 'x'")
        self.bad(1, *search, "--per-group", "2", says="expected --group-by with it")
        self.bad(1, *search, "--vote-offsets", "query.fbin", says="expected --votes with it")
        self.bad(1, *search, "--vote-cap", "2", says="expected --votes with it")
        self.bad(1, *search, "--group-by", "kind", "--votes", "kind", says="--votes")
        self.bad(1, *search, "--group-by", "kind", "--radius", "2", says="--radius")
        self.bad(1, *search, "--votes", "kind", "-o", "x.ibin", says="--output")
        self.bad(1, *search, "--group-by", "kind", "--attributes", "--json", says="expected neither --attributes")
        self.bad(1, *search, "--group-by", "kind", "--per-group", "65536", says="expected 1 to 65536 answers a query")
        self.bad(1, "search", "x.near", "--field", "vector=query.fbin", "--group-by", "kind", says="neither --radius nor --page, --group-by")

    def test_a_limit_in_one_field_holds_in_a_search_by_several(self):
        self.put("schema.json", json.dumps({"fields": {"a": {"dim": 5}, "b": {"dim": 5}}}))
        self.good("create", "two.near", "--schema", "schema.json")
        self.put("b.fbin", fbin(ROWS[::-1]))
        self.good("insert", "two.near", "base.fbin", "--field", "b=b.fbin")
        self.put("one.fbin", fbin(ROWS[:1]))
        far = [sum((a - b) ** 2 for a, b in zip(ROWS[0], ROWS[59 - i])) for i in range(60)]
        limit = sorted(far)[7] * 1.0001
        search = ("search", "two.near", "-k", "60", "--exact", "--field", "a=one.fbin", "--field", "b=one.fbin")
        [line] = self.good_json(*search, "--limit", f"b={limit}", "--weight", "b=0", "--json")
        near_a = sorted((sum((a - b) ** 2 for a, b in zip(ROWS[0], ROWS[i])), i) for i in range(60) if far[i] <= limit)
        self.assertEqual(line["ids"], [i for _, i in near_a])
        self.bad(1, *search, "--limit", "b", says="expected NAME=D")
        self.bad(1, *search, "--limit", "c=1", says="--limit c: expected --field c=QUERIES with it")

    def test_the_worked_example_is_true(self):
        root = support.GOLDEN.parent
        for name in ("sentences.base.hbin", "sentences.query.fbin"):
            self.put(name, (root / "data" / name).read_bytes())
        self.put("said.jsonl", "".join(json.dumps({"page": i // 40}) + "\n" for i in range(4000)))
        self.assertEqual(self.worked_example("Groups"), 3)


if __name__ == "__main__":
    support.main()
