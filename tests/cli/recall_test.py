# SPDX-License-Identifier: Apache-2.0
"""What eval counts as found: the id, or a record as near as the k-th true neighbour."""
import math
import subprocess
from pathlib import Path

import support
from support import CliTest, fbin, ibin

DATA = str(Path(__file__).resolve().parents[1] / "data")

# On a line: record i stands at i; records 5 and 6 are equal. The query stands at 0.
LINE = [[float(place), 0.0] for place in [0, 1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11]]
SQUARES = [row[0] ** 2 for row in LINE]


class Recall(CliTest):
    def setUp(self):
        super().setUp()
        self.put("line.fbin", fbin(LINE))
        self.put("query.fbin", fbin([[0.0, 0.0]]))
        self.good("build", "line.fbin", "-o", "line.near")

    def recall(self, ids, scores, k, index="line.near", query="query.fbin"):
        self.put("truth.ibin", ibin([ids], [scores]))
        [line] = self.good_json("eval", index, query, "--truth", "truth.ibin", "-k", k, "-L", "12", "--json")
        return round(line["recall"] * k, 6)

    def test_ids_count(self):
        self.assertEqual(self.recall([0, 1, 2], SQUARES[:3], 3), 3)
        self.assertEqual(self.recall([2, 1, 0], [9e9] * 3, 3), 3)  # the scores contradict: ids alone

    def test_an_equal_distance_at_the_last_place_counts(self):
        self.assertEqual(self.recall([0, 1, 2, 3, 4, 6], SQUARES[:6], 6), 6)  # found 5, which is as near as 6

    def test_a_record_that_is_farther_does_not_count(self):
        self.assertEqual(self.recall([0, 1, 11], [0, 1, 3.9], 3), 2)  # found 2 at distance 4

    def test_scores_of_another_kind_are_not_mistaken_for_distances(self):
        roots = [math.sqrt(value) for value in SQUARES]
        self.assertEqual(self.recall([2, 3, 4, 7, 8], [roots[i] for i in (2, 3, 4, 7, 8)], 5), 3)

    def test_only_the_first_k_of_a_longer_truth_count(self):
        self.assertEqual(self.recall([0, 1, 9, 2, 3], [0, 1, 1, 4, 9], 3), 2)

    def test_a_truth_without_distances_counts_ids(self):
        raw = ibin([[0, 1, 6]], [[0.0] * 3])
        self.put("truth.ibin", raw[:8 + 12])
        [line] = self.good_json("eval", "line.near", "query.fbin", "--truth", "truth.ibin", "-k", "3", "-L", "12", "--json")
        self.assertAlmostEqual(line["recall"], 2 / 3)

    def test_inner_products_in_falling_order_are_understood(self):
        self.good("build", "line.fbin", "-o", "ip.near", "--metric", "ip")
        self.put("right.fbin", fbin([[1.0, 0.0]]))
        products = [11.0, 10.0, 9.0, 8.0, 7.0, 5.0]
        self.assertEqual(self.recall([11, 10, 9, 8, 7, 6], products, 6, "ip.near", "right.fbin"), 6)
        distances = [1 - value for value in products]
        self.assertEqual(self.recall([11, 10, 9, 8, 7, 6], distances, 6, "ip.near", "right.fbin"), 6)
        self.assertEqual(self.recall([11, 10, 9, 8, 7, 0], products[:5] + [5.1], 6, "ip.near", "right.fbin"), 5)
        nearly = products[:5] + [5.00001]  # other arithmetic
        self.assertEqual(self.recall([11, 10, 9, 8, 7, 6], nearly, 6, "ip.near", "right.fbin"), 6)

    def test_a_recall_that_is_asked_for_is_reached(self):
        base = DATA + "/descriptors.base.u8bin"
        queries = DATA + "/descriptors.query.u8bin"
        self.good("build", base, "-o", "d.near")
        self.good("truth", base, queries, "-k", "10", "-o", "t.ibin")
        for rank in ("exact", "codes"):
            lines = self.good_json("eval", "d.near", queries, "--truth", "t.ibin", "--recall", "0.9,0.95,0.99", "--rank",
                                   rank, "--json")
            self.assertEqual([round(line["target"], 6) for line in lines], [0.9, 0.95, 0.99])
            for line in lines:
                self.assertGreater(line["recall"], line["target"] - 0.01, rank)
        self.good("search", "d.near", queries, "--recall", "0.95")
        for bad in ("0", "1", "1.5", "-0.1", "nan", "much"):
            self.bad(1, "search", "d.near", queries, "--recall", bad)

    def test_calibrate_takes_queries_keeps_them_and_forgets_them(self):
        base = DATA + "/descriptors.base.u8bin"
        queries = DATA + "/descriptors.query.u8bin"
        self.good("build", base, "-o", "d.near")
        [done] = self.good_json("calibrate", "d.near", queries, "--json")
        [info] = self.good_json("info", "d.near", "--json")
        self.assertEqual((info["real_queries"], info["calibration_queries"]), (True, done["queries"]))
        self.good("verify", "d.near", "--full")
        lines = self.good_json("search", "d.near", queries, "--recall", "0.95", "--json")
        self.assertAlmostEqual(lines[0]["expected_recall"], 0.95, places=6)
        self.good("calibrate", "d.near")
        [info] = self.good_json("info", "d.near", "--json")
        self.assertEqual((info["real_queries"], info["calibration_queries"]), (False, 512))

    def test_queries_come_from_standard_input_and_an_index_of_one_record_or_none_is_calibrated(self):
        rows = [[float(i), 1.0] for i in range(40)]
        for count in (0, 1):
            with self.subTest(count):
                self.put("few.fbin", fbin(rows[:1]))
                self.good("build", "few.fbin", "-o", "one.near", "--force")
                if count == 0:
                    self.good("delete", "one.near", "--ids", "0")
                done = subprocess.run([support.NEARLINE, "calibrate", "one.near", "-", "--form", "fbin", "--json"],
                                      cwd=self.folder, input=fbin(rows), capture_output=True, timeout=120)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.good("verify", "one.near", "--full")
                self.good("calibrate", "one.near")
                self.good("verify", "one.near", "--full")

    def test_queries_that_cannot_calibrate_are_named_and_change_nothing(self):
        rows = [[float(i), 1.0] for i in range(40)]
        self.put("many.fbin", fbin([[float(i % 50 + 1), float(i // 50 + 1)] for i in range(2000)]))
        self.good("build", "many.fbin", "-o", "c.near", "--metric", "cosine")
        before = (Path(self.folder) / "c.near").read_bytes()
        self.put("few.fbin", fbin(rows[:31]))
        self.put("wide.fbin", fbin([row + [0.0] for row in rows]))
        self.put("zero.fbin", fbin(rows[:9] + [[0.0, 0.0]] + rows[10:]))
        self.put("none.fbin", fbin([[0.0, 0.0]])[:4].replace(b"\1", b"\0") + (2).to_bytes(4, "little"))
        self.bad(1, "calibrate", "c.near", "few.fbin", says="at least 32")
        self.bad(1, "calibrate", "c.near", "wide.fbin", says="dimension")
        self.bad(1, "calibrate", "c.near", "zero.fbin", says="query 9")
        self.put("later.fbin", fbin(rows * 25 + [[0.0, 0.0]] * 3))  # of more than a sample the file's row is named
        self.bad(1, "calibrate", "c.near", "later.fbin", says="query 1001")
        self.bad(1, "calibrate", "c.near", "none.fbin", says="no rows")
        self.bad(1, "calibrate", "c.near", "gone.fbin")
        self.assertEqual((Path(self.folder) / "c.near").read_bytes(), before)

    def test_a_build_without_calibration_says_what_is_missing(self):
        base = DATA + "/descriptors.base.u8bin"
        queries = DATA + "/descriptors.query.u8bin"
        self.good("build", base, "-o", "d.near", "--no-calibrate")
        [info] = self.good_json("info", "d.near", "--json")
        self.assertEqual(info["calibration_queries"], 0)
        self.bad(1, "search", "d.near", queries, "--recall", "0.9", says="calibration")


if __name__ == "__main__":
    support.main()
