# SPDX-License-Identifier: Apache-2.0
"""Records with vectors in several fields, from the command line: create, build, insert, search, get, export, delete."""
import json
import re
import shlex

import support
from support import CliTest, fbin, vectors

IMAGES, TEXTS = vectors(60, 6), vectors(60, 4)
SCHEMA = {"fields": {"image": {"dim": 6, "type": "f32", "metric": "l2"},
                     "text": {"dim": 4, "type": "f32", "metric": "cosine"},
                     "raw": {"dim": 4, "type": "f16", "indexed": False}},
          "attributes": {"year": "i64"}}


class Fields(CliTest):
    def setUp(self):
        super().setUp()
        self.put("schema.json", json.dumps(SCHEMA))
        self.put("image.fbin", fbin(IMAGES))
        self.put("text.fbin", fbin(TEXTS))

    def answers(self, *options):
        return [line["ids"] for line in self.good_json("search", "x.near", *options, "--json")]

    def create(self):
        self.assertIn("3 fields", self.good("create", "x.near", "--schema", "schema.json"))
        lines = "".join(json.dumps({"id": 100 + i, "year": 1990 + i}) + "\n" for i in range(60))
        self.put("said.jsonl", lines)
        self.good("insert", "x.near", "image.fbin", "--field", "text=text.fbin", "--attributes", "said.jsonl")

    def test_each_field_is_searched_by_its_own_vectors(self):
        self.create()
        self.put("image_query.fbin", fbin([IMAGES[7]]))
        self.put("text_query.fbin", fbin([TEXTS[9]]))
        self.assertEqual(self.answers("image_query.fbin", "-k", "1"), [[107]])
        self.assertEqual(self.answers("text_query.fbin", "-k", "1", "--field", "text"), [[109]])
        [[other]] = self.answers("text_query.fbin", "-k", "1", "--field", "text", "--filter", "year != 1999")
        self.assertNotEqual(other, 109)
        [info] = self.good_json("info", "x.near", "--json")
        self.assertEqual({name: field["count"] for name, field in info["fields"].items()},
                         {"image": 60, "text": 60, "raw": 0})
        self.good("verify", "x.near", "--full")

    def test_several_fields_are_searched_by_the_weighted_sum(self):
        self.create()
        self.put("i.fbin", fbin([IMAGES[7]]))
        self.put("t.fbin", fbin([TEXTS[9]]))
        both = ("--field", "image=i.fbin", "--field", "text=t.fbin", "-k", "3")
        self.assertEqual(self.answers(*both, "--weight", "text=0")[0][0], 107)
        self.assertEqual(self.answers(*both, "--weight", "image=0,text=2")[0][0], 109)
        [line] = self.good_json("search", "x.near", *both, "--weight", "image=0.001", "--exact", "--json")

        def cosine(a, b):
            length = sum(x * x for x in a) ** 0.5 * sum(x * x for x in b) ** 0.5
            return 1 - sum(x * y for x, y in zip(a, b)) / length

        sums = sorted((0.001 * sum((x - y) ** 2 for x, y in zip(IMAGES[7], IMAGES[i])) + cosine(TEXTS[9], TEXTS[i]), 100 + i)
                      for i in range(60))
        self.assertEqual((line["ids"], line["expected_recall"]), ([i for _, i in sums[:3]], 1))
        for distance, (expected, _) in zip(line["distances"], sums):
            self.assertAlmostEqual(distance, expected, places=4)
        self.assertEqual(self.answers(*both, "--choose-by", "text", "--candidates", "3", "--weight", "text=0"),
                         [sorted(self.answers("t.fbin", "-k", "3", "--field", "text")[0],
                                 key=lambda i: sum((x - y) ** 2 for x, y in zip(IMAGES[7], IMAGES[i - 100])))])

    def test_rows_of_a_field_may_be_of_some_records(self):
        self.put("some.txt", "3\n5\n")
        self.put("two.fbin", fbin(TEXTS[:2]))
        self.good("build", "image.fbin", "-o", "x.near", "--schema", "schema.json", "--field", "raw=two.fbin", "--field-ids",
                  "raw=some.txt", "--field", "text=text.fbin")
        self.assertEqual(self.good("get", "x.near", "--ids", "5", "--field", "raw").split()[0], "5")
        self.bad(1, "get", "x.near", "--ids", "4", "--field", "raw", says="1 of 1 ids have no record")
        self.good("export", "x.near", "-o", "raw.hbin", "--ids-out", "raw.txt", "--field", "raw")
        self.assertEqual((self.folder / "raw.txt").read_text().split(), ["3", "5"])
        self.good("delete", "x.near", "--ids", "3", "--field", "raw")
        [info] = self.good_json("info", "x.near", "--json")
        self.assertEqual((info["count"], info["fields"]["raw"]["count"]), (60, 1))
        self.good("compact", "x.near")
        self.good("compact", "x.near", "-o", "y.near")
        self.good("salvage", "y.near", "-o", "z.near")
        for index in ("x.near", "y.near", "z.near"):
            [info] = self.good_json("info", index, "--json")
            self.assertEqual((info["count"], info["fields"]["raw"]["count"], info["fields"]["text"]["count"]), (60, 1, 60))
            self.good("verify", index, "--full")

    def test_the_worked_example_is_true(self):
        root = support.GOLDEN.parent
        for name in ("sentences.base.hbin", "sentences.query.fbin"):
            self.put(name, (root / "data" / name).read_bytes())
        text = (root.parent / "docs" / "capabilities.md").read_text().split("## Several fields")[1].split("\n## ")[0]
        said, ran = "", 0
        for line in re.findall(r"^    (.*)$", text, re.MULTILINE):
            if line.startswith("{"):
                self.put("texts.json", line)
            elif line.startswith("$ nearline "):
                said, ran = self.good(*shlex.split(line)[2:]), ran + 1
            else:
                self.assertIn(line + "\n", said)
        self.assertEqual(ran, 7)

    def test_what_does_not_fit_is_one_clear_error(self):
        self.create()
        self.put("query.fbin", fbin([TEXTS[0]]))
        self.put("few.fbin", fbin(TEXTS[:3]))
        search = ("search", "x.near")
        self.bad(1, *search, "query.fbin", "--field", "txet", says="unknown field 'txet': did you mean 'text'?")
        self.bad(1, *search, says="expected QUERIES, or --field NAME=QUERIES")
        self.bad(1, *search, "query.fbin", "--field", "text=query.fbin", says="found both")
        self.bad(1, *search, "--field", "image=query.fbin", says="field 'image': queries of dimension 4")
        text = (*search, "--field", "text=query.fbin")
        self.bad(1, *text, "--weight", "text=-1", says="expected NAME=W, W a number from 0 on")
        self.bad(1, *text, "--weight", "text=0", says="weights that are all 0")
        self.bad(1, *text, "--weight", "image=1", says="expected --field image=QUERIES with it")
        self.bad(1, *text, "--field", "text=query.fbin", says="comes twice")
        self.bad(1, *text, "--choose-by", "image", says="expected queries for it")
        self.bad(1, *text, "--radius", "3", says="neither --radius nor --page")
        insert = ("insert", "x.near", "image.fbin")
        self.bad(1, *insert, "--field", "image=text.fbin", says="expected a further field of the index, of 'text', 'raw'")
        self.bad(1, *insert, "--field", "text=few.fbin", says="3 rows of field 'text': expected 60")
        self.bad(1, *insert, "--field", "text", says="expected NAME=FILE")
        self.bad(1, *insert, "--field-ids", "text=few.fbin", says="expected --field with it")
        self.bad(1, "build", "image.fbin", "-o", "text.fbin", "--force", "--schema", "schema.json", "--field", "text=text.fbin",
                 says="text.fbin: --output: expected another file than --field text")
        [info] = self.good_json("info", "x.near", "--json")
        self.assertEqual(info["count"], 60)
        for fields, said in (({}, "expected an object of names"), ({"a": {}}, "field 'a': expected 'dim'"),
                             ({"a": {"dim": 0}}, "dim: expected 1 to 65535"),
                             ({"a": {"dim": 3, "metric": "l3"}}, "metric: expected l2"),
                             ({"a": {"dim": 3, "indexd": True}}, "'indexd': expected")):
            self.put("bad.json", json.dumps({"fields": fields}))
            self.bad(1, "create", "y.near", "--schema", "bad.json", says=said)
        self.put("bad.json", "{}")
        self.bad(1, "create", "y.near", "--schema", "bad.json", says="expected 'fields'")


if __name__ == "__main__":
    support.main()
