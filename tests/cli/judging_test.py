# SPDX-License-Identifier: Apache-2.0
"""Judging: eval by labels and judgments, clusters, prototypes, compare, profile --orders; and their worked example."""
import json
import math
import struct

import support
from support import CliTest, counted, fbin, vectors

# Three heaps on a plane, a label each; the last row stands alone.
HEAPS = [[10 * (i % 3) + 0.01 * (i // 3), 0.02 * i] for i in range(30)] + [[500.0, 0.0]]
KINDS = [("ant", "bee", "cow")[i % 3] for i in range(30)] + ["newt"]


class Judging(CliTest):
    def setUp(self):
        super().setUp()
        self.put("heaps.fbin", fbin(HEAPS))
        self.put("heaps.jsonl", "".join(json.dumps({"kind": kind, "size": i / 2, "year": i % 2}) + "\n" for i, kind in enumerate(KINDS)))
        self.put("kinds.txt", "".join(kind + "\n" for kind in KINDS))
        self.run_tool("build", "heaps.fbin", "-o", "heaps.near", "--attributes", "heaps.jsonl")
        self.put("asked.fbin", fbin([[0.5, 0.0], [9.0, 1.0], [21.0, 0.0]]))

    def test_labels_of_an_attribute_and_of_a_file_judge_alike(self):
        for labels in ("kind", "kinds.txt"):
            lines = self.good_json("eval", "heaps.near", "heaps.fbin", "--labels", labels, "-k", "9", "-L", "40", "--json")
            figures = lines[0]
            self.assertAlmostEqual(figures["accuracy"], 30 / 31)  # newt is alone: all its answers are wrong
            self.assertEqual([figures[key] for key in ("map", "ndcg", "mrr", "recall")], [1, 1, 1, 1])
            curve = lines[1:]
            self.assertEqual([line["false_accept_rate"] for line in curve], [0.1, 0.01, 0.001, 0.0001])
            self.assertEqual((curve[0]["same_pairs"], curve[0]["other_pairs"]), (3 * 90, 31 * 30 - 270))
            self.assertEqual([line["true_accept_rate"] for line in curve], [1, 1, 1, 1])
            for line in curve:
                self.assertLessEqual(line["reached"], line["false_accept_rate"])
        text = self.good("eval", "heaps.near", "heaps.fbin", "--labels", "kind", "-k", "9", "-L", "40")
        self.assertIn("verification of 31 queries: 270 pairs of one label, 660 of two", text)

    def test_labels_of_one_kind_alone_have_no_verification_and_that_is_said(self):
        self.put("alike.txt", "ant\n" * 31)
        call = ["eval", "heaps.near", "heaps.fbin", "--labels", "alike.txt", "-k", "9", "-L", "40"]
        self.assertIn("no verification: pairs of two labels: expected some, found none", self.good(*call))
        self.assertIn("pairs of two labels", self.good_json(*call, "--json")[1]["no_verification"])

    def test_queries_may_have_labels_of_their_own(self):
        self.put("asked.txt", "ant\ncow\ncow\n")
        call = ["eval", "heaps.near", "asked.fbin", "--labels", "kind", "--query-labels", "asked.txt", "-k", "3", "-L", "40"]
        line = self.good_json(*call, "--json")[0]
        self.assertAlmostEqual(line["accuracy"], 2 / 3)
        self.assertAlmostEqual(line["mrr"], 2 / 3)
        self.bad(1, *call, "--fail-below", "0.9", says="accuracy: expected at least 0.9, found 0.6667")

    def test_judgments_give_graded_figures(self):
        [found] = self.good_json("search", "heaps.near", "asked.fbin", "-k", "3", "--json")[:1]
        first, second, third = found["ids"]
        self.put("qrels.txt", f"0 0 {second} 2\n0 0 {third} 1\n0 0 30 1\n1 0 0 0\n")
        [line] = self.good_json("eval", "heaps.near", "asked.fbin", "--qrels", "qrels.txt", "-k", "3", "-L", "40", "--json")
        self.assertAlmostEqual(line["mrr"], 1 / 2)
        self.assertAlmostEqual(line["recall"], 2 / 3)
        self.assertAlmostEqual(line["map"], (1 / 2 + 2 / 3) / 3)
        ideal = 2 + 1 / math.log2(3) + 1 / 2
        self.assertAlmostEqual(line["ndcg"], (2 / math.log2(3) + 1 / 2) / ideal)

    def test_what_eval_cannot_judge_by_is_one_clear_error(self):
        call = ("eval", "heaps.near", "heaps.fbin")
        self.put("short.txt", "ant\nbee\n")
        self.put("bad.txt", "0 1 1\n0 x 1\n")
        self.put("far.txt", "31 1 1\n")
        self.bad(1, *call, says="expected --truth, --qrels or --labels")
        self.bad(1, *call, "--labels", "kinds", says="did you mean 'kind'?")
        self.bad(1, *call, "--labels", "size", says="expected i64, bool or string to go by, found f64")
        self.bad(1, *call, "--labels", "short.txt", says=("short.txt", "expected 31 lines", "found 2"))
        self.bad(1, *call, "--labels", "kind", "--query-labels", "short.txt", says=("short.txt", "expected 31 lines"))
        self.bad(1, "eval", "heaps.near", "asked.fbin", "--labels", "kind", says=("asked.fbin", "expected --query-labels"))
        self.bad(1, *call, "--query-labels", "kinds.txt", "--truth", "t.ibin", says="--query-labels: expected --labels")
        self.bad(1, *call, "--labels", "kind", "--qrels", "bad.txt", says="--qrels")
        self.bad(1, *call, "--qrels", "bad.txt", says=("bad.txt", "line 2: expected QUERY ID GRADE"))
        self.bad(1, *call, "--qrels", "far.txt", says=("far.txt", "line 1: query 31"))
        self.bad(1, *call, "--qrels", "no.txt", says="no.txt")

    def test_clusters_are_told_in_each_form(self):
        call = ["clusters", "heaps.near", "--radius", "1", "--exact"]
        [got] = self.good_json(*call, "--json")
        self.assertEqual((got["records"], got["clusters"], got["alone"], got["sizes"]), (31, 4, 1, [10, 10, 10, 1]))
        self.assertEqual(got["pairs"], 135)
        text = self.good(*call, "-o", "c.txt")
        self.assertIn("31 records, 4 clusters within 1, 1 of one record\ncluster   0          10 records, the first is 0\n", text)
        wanted = [(i, i % 3) for i in range(30)] + [(30, 3)]
        self.assertEqual([tuple(map(int, line.split())) for line in (self.folder / "c.txt").read_text().splitlines()], wanted)
        self.good(*call, "-o", "c.jsonl")
        lines = [json.loads(line) for line in (self.folder / "c.jsonl").read_text().splitlines()]
        self.assertEqual([(line["id"], line["cluster"]) for line in lines], wanted)
        self.good(*call, "-o", "c.npy")
        self.assertEqual((self.folder / "c.npy").read_bytes()[-31 * 16:], b"".join(struct.pack("<QQ", *one) for one in wanted))
        [few] = self.good_json(*call, "--filter", "kind = 'ant'", "--json")
        self.assertEqual(few["sizes"], [10])
        self.bad(1, *call, "-o", "c.txt", says="c.txt")
        self.good(*call, "-o", "c.txt", "--force")

    def test_a_radius_that_is_none_is_one_clear_error(self):
        self.bad(1, "clusters", "heaps.near", says="expected --radius")
        self.bad(1, "clusters", "heaps.near", "--radius", "nan", says="--radius")
        self.bad(1, "clusters", "heaps.near", "--radius", "-1", says=("heaps.near", "radius of -1", "under l2 is 0 or more"))
        self.bad(1, "clusters", "heaps.near", "--radius", "1", "--filter", "knid = 1", says="did you mean 'kind'?")
        self.bad(1, "clusters", "heaps.near", "--radius", "1", "--field", "other", says="unknown field 'other'")

    def test_prototypes_classify_and_say_why(self):
        lines = self.good_json("prototypes", "heaps.near", "--by", "kind", "--json", "-o", "means.fbin")
        self.assertEqual([(line["group"], line["count"]) for line in lines], [("ant", 10), ("bee", 10), ("cow", 10), ("newt", 1)])
        means = struct.unpack_from("<8f", (self.folder / "means.fbin").read_bytes(), 8)
        self.assertAlmostEqual(means[0], sum(HEAPS[i][0] for i in range(0, 30, 3)) / 10, 4)
        self.put("asked.txt", "ant\nbee\nbee\n")
        *lines, last = self.good_json("prototypes", "heaps.near", "asked.fbin", "--by", "kind", "--query-labels", "asked.txt", "--json")
        self.assertEqual([line["group"] for line in lines], ["ant", "bee", "cow"])
        self.assertEqual(lines[1]["second"], "ant")
        for line in lines:
            self.assertAlmostEqual(line["margin"], line["second_distance"] - line["distance"])
            self.assertEqual({KINDS[i] for i in line["members"]}, {line["group"]})
            self.assertEqual(len(line["members"]), 3)
        self.assertEqual((last["labelled"], last["right"]), (3, 2))
        text = self.good("prototypes", "heaps.near", "asked.fbin", "--by", "kind", "--query-labels", "asked.txt")
        self.assertRegex(text, r"\A    0  ant at [0-9.]+, before bee by [0-9.]+, like [0-9]+ [0-9]+ [0-9]+\n")
        self.assertIn("accuracy 0.6667: 2 of 3\n", text)

    def test_what_has_no_prototypes_is_one_clear_error(self):
        call = ("prototypes", "heaps.near")
        self.bad(1, *call, says="expected --by ATTRIBUTE")
        self.bad(1, *call, "--by", "knid", says=("heaps.near", "did you mean 'kind'?"))
        self.bad(1, *call, "--by", "size", says="expected i64, bool or string to go by, found f64")
        self.bad(1, *call, "--by", "kind", "--query-labels", "kinds.txt", says="expected QUERIES with it")
        self.put("wide.fbin", fbin([[1.0, 2.0, 3.0]]))
        self.bad(1, *call, "wide.fbin", "--by", "kind", says=("wide.fbin", "dimension 3: expected 2"))
        self.put("one.jsonl", '{"kind": "ant"}\n' * 31)
        self.run_tool("build", "heaps.fbin", "-o", "one.near", "--attributes", "one.jsonl")
        self.bad(1, "prototypes", "one.near", "--by", "kind", says=("one.near", "two groups of records or more, found 1"))

    def test_profile_tells_how_rows_fill_their_space(self):
        self.put("pairs.txt", "1\n4\n2\n5\n")
        [got] = self.good_json("profile", "heaps.fbin", "--pairs", "pairs.txt", "--json")
        shape = got["shape"]
        self.assertEqual((shape["sample"], shape["k"], shape["pairs"], shape["collapsed"]), (31, 10, 2, 0))
        middle = [sum(row[d] for row in HEAPS) / 31 for d in (0, 1)]
        xx, yy, xy = (sum((row[a] - middle[a]) * (row[b] - middle[b]) for row in HEAPS) / 31 for a, b in ((0, 0), (1, 1), (0, 1)))
        root = math.hypot(xx - yy, 2 * xy)
        values = [(xx + yy + root) / 2, (xx + yy - root) / 2]
        self.assertAlmostEqual(shape["isotropy"], sum(values) ** 2 / sum(v * v for v in values) - 1, 6)
        shares = [math.sqrt(v) / sum(map(math.sqrt, values)) for v in values]
        self.assertAlmostEqual(shape["effective_rank"], math.exp(-sum(p * math.log(p) for p in shares)), 5)
        text = self.good("profile", "heaps.fbin", "--pairs", "pairs.txt")
        for words in ("isotropy", "effective rank", "uniformity", "coding rate", "hubness", "entropy by neighbours", "of 2 pairs"):
            self.assertIn(words, text)
        self.put("bits.bbin", counted(3, 8, b"\1\2\3"))
        [bits] = self.good_json("profile", "bits.bbin", "--json")
        self.assertEqual((bits["shape"]["sample"], bits["shape"]["alignment"]), (0, None))
        self.put("odd.txt", "0\n3\n1\n")
        self.put("far.txt", "0\n31\n")
        self.bad(1, "profile", "heaps.fbin", "--pairs", "odd.txt", says=("odd.txt", "expected two rows each, found 3 rows"))
        self.bad(1, "profile", "heaps.fbin", "--pairs", "far.txt", says=("heaps.fbin", "pair 0: expected rows below 31, found 31"))
        self.bad(1, "profile", "bits.bbin", "--pairs", "far.txt", says=("bits.bbin", "found b1"))

    def test_two_encoders_are_compared_by_what_both_have(self):
        rows = vectors(60, 6)
        self.put("a.fbin", fbin(rows))
        self.put("b.fbin", fbin([row[::-1] for row in rows[:50]]))
        self.put("ids.txt", "".join(f"{i}\n" for i in range(10, 60)))
        self.good("build", "a.fbin", "-o", "a.near", "--metric", "cosine")
        for a in ("a.fbin", "a.near"):
            [got] = self.good_json("compare", a, "b.fbin", "--json", "-k", "5")
            self.assertEqual((got["rows"], got["overlap"], got["best"], got["held_out"]), (50, 1, "relative", 25))
            self.assertAlmostEqual(got["cka"], 1, 5)
            self.assertAlmostEqual(got["procrustes"], 0, 5)
            self.assertEqual([map["map"] for map in got["maps"]], ["relative", "orthogonal", "affine"])
        self.put("few.txt", "3\n5\n7\n9\n11\n")
        [few] = self.good_json("compare", "a.near", "b.fbin", "--ids", "few.txt", "--json", "-k", "2")
        self.assertEqual(few["rows"], 5)
        [thin] = self.good_json("compare", "a.near", "b.fbin", "--rows", "20", "--json")
        self.assertEqual(thin["rows"], 20)
        text = self.good("compare", "a.near", "b.fbin", "-k", "5")
        self.assertIn("a.near and b.fbin: 50 records that both have\noverlap of the 5 nearest  1.0000 of 50 records", text)

    def test_orders_tell_the_shift_of_recall(self):
        self.put("rows.fbin", fbin(vectors(400, 6)))
        call = ["profile", "rows.fbin", "--orders", "--order-records", "300", "--order-queries", "20"]
        [got] = self.good_json(*call, "--order-parts", "1", "--json")
        self.assertEqual((got["records"], got["queries"], got["parts"], got["shift"]), (300, 20, 1, 0))
        self.assertEqual(list(got["orders"]), ["given", "reversed", "shuffled", "easy_first", "hard_first"])
        self.assertIn("largest shift of 300 records in 4 parts at L 40: ", self.good(*call))
        self.bad(1, "profile", "heaps.fbin", "--orders", says=("heaps.fbin", "expected 210 or more", "found 31"))

    def test_what_cannot_be_compared_is_one_clear_error(self):
        self.put("b.fbin", fbin(HEAPS[:20]))
        self.put("none.fbin", fbin(HEAPS[:2]))
        self.bad(1, "compare", "heaps.near", "b.fbin", "--ids", "3,25", says=("b.fbin", "id 25: expected one that both have"))
        self.bad(1, "compare", "heaps.near", "none.fbin", says=("none.fbin", "expected 4 or more that both encoders have, found 2"))
        self.bad(1, "compare", "heaps.near", "b.fbin", "-k", "20", says="k of 20: expected 1 to 19")
        self.bad(1, "compare", "heaps.near", "b.fbin", "--field-a", "txet", says="txet")
        self.bad(1, "compare", "heaps.near", "b.fbin", "--field-b", "text", says=("b.fbin", "expected an index"))
        self.bad(1, "compare", "heaps.near", "no.fbin", says="no.fbin")

    def test_the_worked_example_is_true(self):
        root = support.GOLDEN.parent
        for name in ("sentences.base.hbin", "sentences.query.fbin", "sentences.texts.jsonl"):
            self.put(name, (root / "data" / name).read_bytes())

        def kind(sentence):
            return "thing" if sentence.split()[0].lower() in ("a", "an", "the") else "other"

        texts = [json.loads(line)["text"] for line in (self.folder / "sentences.texts.jsonl").read_text().splitlines()]
        self.put("kinds.jsonl", "".join(json.dumps({"kind": kind(text)}) + "\n" for text in texts))
        asked = (root / "data" / "sentences.query-texts.txt").read_text().splitlines()
        self.put("asked.txt", "".join(kind(text) + "\n" for text in asked))
        self.assertEqual(self.worked_example("Judging"), 7)


if __name__ == "__main__":
    support.main()
