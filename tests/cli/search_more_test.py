# SPDX-License-Identifier: Apache-2.0
"""search --radius, --exact and --page: what they print, and what they refuse."""
import support
from support import CliTest, fbin, vectors

RANGE_KEYS = ["query", "count", "ids", "distances", "complete_to", "cut", "expected_recall", "stats", "ranking",
              "code_bytes", "resident_code_bytes", "bytes_for_all_codes"]
PAGE_KEYS = ["query", "count", "ids", "distances", "end", "complete_to", "late", "expected_recall", "stats", "next",
             "ranking", "code_bytes", "resident_code_bytes", "bytes_for_all_codes"]


def squared(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b))


class SearchMore(CliTest):
    def setUp(self):
        super().setUp()
        self.rows = vectors(400, 6)
        self.queries = vectors(70, 6, seed=2)  # more than a batch
        self.near = self.index(rows=400, dim=6, code_bytes="10")
        self.put("queries.fbin", fbin(self.queries))
        self.put("one.fbin", fbin(self.queries[:1]))

    def sorted(self, query, rows=None):
        return sorted((squared(query, row), number) for number, row in enumerate(self.rows))

    def test_all_within_a_radius(self):
        radius = self.sorted(self.queries[0])[25][0]  # its record lies at the edge
        for words in ([], ["--exact"], ["--threads", "3", "--batch", "8"], ["--rank", "codes", "--exact"]):
            lines = self.good_json("search", self.near, "queries.fbin", "--radius", repr(radius), "-L", "400", "--json",
                                   *words)
            self.assertEqual([line["query"] for line in lines], list(range(70)))
            for line, query in zip(lines, self.queries):
                self.assertEqual(list(line), RANGE_KEYS)
                inside = [(d, n) for d, n in self.sorted(query) if d <= radius]
                self.assertEqual(line["ids"], [n for _, n in inside])
                self.assertEqual((line["count"], line["cut"]), (len(inside), False))
                self.assertAlmostEqual(line["complete_to"], radius, places=4)
            self.assertEqual(lines[0]["count"], 26)

    def test_max_results_cuts_and_says_so(self):
        radius = self.sorted(self.queries[0])[25][0]
        [line] = self.good_json("search", self.near, "one.fbin", "--radius", repr(radius), "--max-results", "4", "--exact",
                                "--json")
        four = self.sorted(self.queries[0])[:4]
        self.assertEqual(line["ids"], [n for _, n in four])
        self.assertTrue(line["cut"])
        self.assertAlmostEqual(line["complete_to"], four[-1][0], places=4)
        self.bad(1, "search", self.near, "one.fbin", "--max-results", "4", says="--max-results: expected --radius with it")

    def test_a_radius_prints_rows_for_people(self):
        radius = self.sorted(self.queries[0])[2][0]
        head, *lines = self.good("search", self.near, "one.fbin", "--radius", repr(radius), "--exact").splitlines()
        self.assertEqual(head.split(), ["query", "rank", "id", "distance"])
        self.assertEqual([line.split()[1:3] for line in lines],
                         [[str(i + 1), str(n)] for i, (_, n) in enumerate(self.sorted(self.queries[0])[:3])])

    def test_radius_beside_what_it_replaces_is_refused(self):
        self.bad(1, "search", self.near, "one.fbin", "--radius", "1", "-k", "3", says="expected --radius or -k, found both")
        self.bad(1, "search", self.near, "one.fbin", "--radius", "1", "-o", "out.ibin",
                 says="expected --radius or --output, found both")
        self.bad(1, "search", self.near, "one.fbin", "--radius", "1", "--page", "first",
                 says="expected --radius or --page, found both")

    def test_a_radius_that_is_none_is_refused(self):
        self.bad(1, "search", self.near, "one.fbin", "--radius", "-1",
                 says="radius of -1: expected a number from 0 on, in the units of distances under l2")
        for text in ("nan", "1e99", "near"):
            self.bad(1, "search", self.near, "one.fbin", "--radius", text, says=["--radius", f"found '{text}'"])
        self.good("build", "rows.fbin", "-o", "ip.near", "--metric", "ip")
        self.good("search", "ip.near", "one.fbin", "--radius", "-1")

    def test_pages_follow_each_other_to_the_end(self):
        everything = [n for _, n in self.sorted(self.queries[0])]
        found, token = [], "first"
        while token:
            [line] = self.good_json("search", self.near, "one.fbin", "-k", "130", "--exact", "--page", token, "--json")
            self.assertEqual(list(line), PAGE_KEYS)
            found += line["ids"]
            self.assertEqual(line["end"], line["next"] is None)
            token = line["next"]
        self.assertEqual(found, everything)
        self.assertIsNone(line["complete_to"])  # JSON has no infinity

    def test_a_page_for_people_ends_with_the_next(self):
        *_, last = self.good("search", self.near, "one.fbin", "-k", "5", "--page", "first").splitlines()
        self.assertRegex(last, r"^next page: --page [A-Za-z0-9_-]{72}$")
        again = self.good("search", self.near, "one.fbin", "-k", "500", *last.split()[2:]).splitlines()
        self.assertEqual(again[-1], "end")
        self.assertEqual(len(again), 1 + 395 + 1)

    def test_tokens_that_do_not_fit_are_refused(self):
        call = ["search", self.near, "one.fbin", "-k", "5", "--json", "--page"]
        token = self.good_json(*call, "first")[0]["next"]
        self.bad(1, *call, "x", says="page token: expected the 72 letters")
        self.bad(1, *call, token[:-1] + ("A" if token[-1] != "A" else "B"), says="letters that were changed")
        self.bad(1, "search", self.near, "queries.fbin", "--page", "first", says="pages of 70 queries: expected one")
        self.put("other.fbin", fbin(self.queries[1:2]))
        self.bad(1, "search", self.near, "other.fbin", "--page", token, says="page token of another query")
        self.put("new.fbin", fbin(vectors(1, 6, seed=9)))
        self.good("insert", self.near, "new.fbin")
        self.bad(1, *call, token, says="page token of commit 1: the index is open at commit 2; expected no token")


if __name__ == "__main__":
    support.main()
