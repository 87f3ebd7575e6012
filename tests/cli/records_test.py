# SPDX-License-Identifier: Apache-2.0
"""What records say, from the command line: --attributes, --schema, --payload and --filter through every command."""
import json

import support
from support import CliTest, fbin, vectors

ROWS = vectors(80, 6)
LINES = [{"year": 1990 + i % 30, "price": i / 4, "sold": i % 3 == 0, "lang": ["de", "en", "fr"][i % 3] if i % 5 != 4 else None,
          "tags": [f"a/{i % 4}", "b"] if i % 2 else [], "text": f"text of {i}"} for i in range(80)]


def jsonl(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


class Records(CliTest):
    def build(self, *options, lines=None):
        self.put("base.fbin", fbin(ROWS))
        self.put("base.jsonl", jsonl(LINES if lines is None else lines))
        return self.run_tool("build", "base.fbin", "-o", "x.near", "--attributes", "base.jsonl", "--force", *options)

    def built(self, *options):
        done = self.build("--payload", "text", *options)
        self.assertEqual((done.returncode, done.stderr),
                         (0, "nearline: base.jsonl: attributes year i64, price f64, sold bool, lang string, tags tags\n"))
        return "x.near"

    def count(self, index, *options):
        return int(self.good("count", index, *options))

    def test_filters_count_search_export_and_delete_the_same_records(self):
        index = self.built()
        filter_text = "lang = 'en' and (price < 12.5 or tags has 'a/*') and not year between 2000 and 2003"
        ids = [i for i, line in enumerate(LINES) if line["lang"] == "en" and
               (line["price"] < 12.5 or line["tags"][:1] != []) and not 2000 <= line["year"] <= 2003]
        self.assertTrue(ids)
        self.assertEqual(self.count(index, "--filter", filter_text), len(ids))
        self.assertEqual(self.good_json("count", index, "--filter", filter_text, "--json"), [{"count": len(ids)}])
        self.assertEqual(self.count(index), 80)
        self.put("query.fbin", fbin([ROWS[3]]))
        [found] = self.good_json("search", index, "query.fbin", "-k", "40", "--filter", filter_text, "--json")
        self.assertEqual((sorted(found["ids"]), found["matches"]), (ids, len(ids)))
        self.good("export", index, "-o", "some.fbin", "--ids-out", "some.txt", "--filter", filter_text)
        self.assertEqual((self.folder / "some.fbin").read_bytes(), fbin([ROWS[i] for i in ids]))
        self.good("truth", index, "query.fbin", "-k", "3", "-o", "truth.ibin", "--filter", filter_text)
        [line] = self.good_json("eval", index, "query.fbin", "--truth", "truth.ibin", "-k", "3", "-L", "20", "--filter",
                                filter_text, "--json")
        self.assertEqual(line["recall"], 1)
        self.good("delete", index, "--filter", filter_text)
        self.assertEqual(self.count(index), 80 - len(ids))
        self.assertEqual(self.count(index, "--filter", filter_text), 0)

    def test_what_was_said_comes_back_by_id_and_with_answers(self):
        index = self.built()
        said = self.good_json("get", index, "--ids", "7,20", "--attributes", "--payload")
        for found, i in zip(said, (7, 20)):
            wanted = {key: value for key, value in LINES[i].items() if key != "text"}
            self.assertEqual(found, {"id": i, **wanted, "payload": f"text of {i}"})
        self.put("query.fbin", fbin([ROWS[7]]))
        [found] = self.good_json("search", index, "query.fbin", "-k", "1", "--attributes", "--payload", "--explain", "--json")
        self.assertEqual((found["records"][0]["year"], found["payloads"]), (1997, ["text of 7"]))
        self.assertIn("80 of 80 records may be answers", found["plan"][0])
        [info] = self.good_json("info", index, "--json")
        self.assertEqual(info["attributes"], {"year": "i64", "price": "f64", "sold": "bool", "lang": "string", "tags": "tags"})

    def test_inserted_and_replaced_records_say_what_their_lines_do(self):
        index = self.built()
        self.put("new.fbin", fbin(ROWS[:2]))
        self.put("new.jsonl", jsonl([{"id": 5, "lang": "it"}, {"id": 900, "year": 1500, "text": "new"}]))
        self.good("insert", index, "new.fbin", "--attributes", "new.jsonl", "--payload", "text", "--upsert")
        self.assertEqual(self.count(index, "--filter", "lang = 'it' and id = 5 and year is null"), 1)
        [said] = self.good_json("get", index, "--ids", "900", "--attributes", "--payload")
        self.assertEqual((said["year"], said["price"], said["payload"]), (1500, None, "new"))
        self.good("compact", index)
        self.assertEqual(self.count(index, "--filter", "year = 1500"), 1)

    def test_a_schema_file_says_the_types_and_the_payload(self):
        self.put("schema.json", json.dumps({"attributes": {"n": "f64", "s": "string"}, "payload": "p"}))
        self.put("two.fbin", fbin(ROWS[:2]))
        self.put("two.jsonl", jsonl([{"n": 1, "p": [1, 2]}, {"s": "x"}]))
        self.good("build", "two.fbin", "-o", "two.near", "--attributes", "two.jsonl", "--schema", "schema.json")
        self.assertEqual(self.good_json("get", "two.near", "--ids", "0,1", "--attributes", "--payload"),
                         [{"id": 0, "n": 1.0, "s": None, "payload": "[1,2]"}, {"id": 1, "n": None, "s": "x", "payload": ""}])
        self.good("build", "two.fbin", "-o", "none.near", "--schema", "schema.json")
        self.assertEqual(self.count("none.near", "--filter", "n is null"), 2)
        for text, says in (("[]", "expected a JSON object"), ('{"attributes": {"n": "int"}}', "expected i64, f64"),
                           ('{"columns": {}}', "'columns': expected 'fields' and 'attributes'")):
            self.put("bad.json", text)
            self.bad(1, "build", "two.fbin", "-o", "y.near", "--attributes", "two.jsonl", "--schema", "bad.json",
                     says=("bad.json", says))

    def test_lines_that_do_not_fit_are_refused_by_number_and_leave_nothing(self):
        cases = ((LINES[:79], "line 80: expected one for each vector, found the end"),
                 (LINES + [{}], "line 81: expected the end"),
                 ([{"year": 1}, {"year": "x"}] + LINES[2:], "line 2: 'year' is string here and i64 before"),
                 ([{"year": {}}], "line 1: 'year': expected a number"),
                 ([{"year": 1}, 7], "line 2: expected a JSON object"),
                 ([{"id": 1}, {"year": 2}] + [{}] * 78, "line 2: expected an 'id'"))
        for lines, says in cases:
            with self.subTest(says):
                done = self.build(lines=lines)
                self.assertEqual(done.returncode, 1)
                self.assertIn(says, done.stderr)
                self.assertFalse((self.folder / "x.near").exists())
        self.built()
        self.put("one.fbin", fbin(ROWS[:1]))
        for line, says in (({"yaer": 1}, "line 1: unknown attribute 'yaer': expected year i64"),
                           ({"year": 0.5}, "line 1: 'year': expected i64, found 0.5"),
                           ({"year": 2**63}, "line 1: 'year': expected i64"), ({"id": -1}, "line 1: 'id': expected a whole")):
            self.put("one.jsonl", jsonl([line]))
            self.bad(1, "insert", "x.near", "one.fbin", "--attributes", "one.jsonl", says=("one.jsonl", says))
        self.bad(1, "insert", "x.near", "one.fbin", "--payload", "text", says="--payload: expected --attributes")
        self.assertEqual(self.count("x.near"), 80)

    def test_a_filter_that_cannot_be_names_the_byte(self):
        index = self.built()
        self.put("query.fbin", fbin(ROWS[:1]))
        for text, says in (("year >", "byte 6"), ("yaer = 1", "did you mean 'year'?"), ("lang = 1", "expected a string")):
            for command in (("count", index), ("search", index, "query.fbin"), ("delete", index),
                            ("export", index, "-o", "out.fbin")):
                self.bad(1, *command, "--filter", text, says=says)
        self.bad(1, "delete", index, says="--filter")
        self.bad(1, "delete", index, "--ids", "1", "--filter", "sold", says="--filter")
        self.bad(1, "truth", "base.fbin", "query.fbin", "-o", "t.ibin", "--filter", "sold", says="base.fbin")
        self.assertFalse((self.folder / "out.fbin").exists())
        self.assertEqual(self.count(index), 80)


if __name__ == "__main__":
    support.main()
