# SPDX-License-Identifier: Apache-2.0
"""--prefix and --mask of search, eval and truth: what they find, what they refuse, and the example of docs/capabilities.md."""
import re
import shlex
import struct
import subprocess
from pathlib import Path

import support
from support import CliTest, fbin, u8bin, vectors

CAPABILITIES = Path(__file__).resolve().parent.parent.parent / "docs" / "capabilities.md"


def neighbours(path):
    raw = path.read_bytes()
    rows, k = struct.unpack_from("<II", raw)
    return [list(struct.unpack_from(f"<{k}I", raw, 8 + row * 4 * k)) for row in range(rows)]


class Weights(CliTest):
    def setUp(self):
        super().setUp()
        self.rows = vectors(400, 6)
        self.queries = vectors(20, 6, seed=2)
        self.near = self.index(rows=400, dim=6, code_bytes="10")
        self.put("queries.fbin", fbin(self.queries))
        self.mask = [0.0, 2.0, 0.5, 0.0, 1.0, 0.0]
        self.put("mask.fbin", fbin([self.mask]))

    def nearest(self, query, weights, k=10):
        order = sorted((sum(w * (x - y) ** 2 for x, y, w in zip(query, row, weights)), i) for i, row in enumerate(self.rows))
        return [i for _, i in order[:k]]

    def test_search_and_truth_find_the_nearest_by_what_counts(self):
        for words, weights in ((["--prefix", "3"], [1, 1, 1, 0, 0, 0]), (["--mask", "mask.fbin"], self.mask)):
            wanted = [self.nearest(query, weights) for query in self.queries]
            for more in ([], ["--exact"], ["--rank", "codes", "--exact"], ["--recall", "0.95"], ["--threads", "2", "--batch", "3"]):
                lines = self.good_json("search", self.near, "queries.fbin", "--json", *words, *more)
                self.assertEqual([line["ids"] for line in lines], wanted, (words, more))
            for base in ("rows.fbin", self.near):
                self.good("truth", base, "queries.fbin", "-k", "10", "-o", "truth.ibin", "--force", *words)
                self.assertEqual(neighbours(self.folder / "truth.ibin"), wanted)
            [line] = self.good_json("eval", self.near, "queries.fbin", "--truth", "truth.ibin", "-L", "400", "--json", *words)
            self.assertEqual(line["recall"], 1)

    def test_a_radius_and_pages_are_by_what_counts(self):
        self.put("one.fbin", fbin(self.queries[:1]))
        wanted = self.nearest(self.queries[0], self.mask, 12)
        radius = sum(w * (x - y) ** 2 for x, y, w in zip(self.queries[0], self.rows[wanted[-1]], self.mask))
        [line] = self.good_json("search", self.near, "one.fbin", "--mask", "mask.fbin", "--radius", repr(radius * 1.0001),
                                "--exact", "--json")
        self.assertEqual(line["ids"], wanted)
        call = ["search", self.near, "one.fbin", "--mask", "mask.fbin", "-k", "6", "--exact", "--json", "--page"]
        [first] = self.good_json(*call, "first")
        [second] = self.good_json(*call, first["next"])
        self.assertEqual(first["ids"] + second["ids"], wanted)

    def test_a_funnel_answers_by_its_last_prefix(self):
        lines = self.good_json("search", self.near, "queries.fbin", "--json", "--prefix", "3,5", "-L", "400")
        weights = [1, 1, 1, 1, 1, 0]
        self.assertEqual([line["ids"] for line in lines], [self.nearest(query, weights) for query in self.queries])

    def test_what_does_not_fit_is_one_clear_line(self):
        call = ["search", self.near, "queries.fbin"]
        self.bad(1, *call, "--prefix", "7", says="--prefix: prefix of 7: expected 1 to 6, the dimension")
        self.bad(1, *call, "--prefix", "0", says="--prefix: expected numbers above 0")
        self.bad(1, *call, "--prefix", "1,2,3", says="--prefix: expected N, or N,M, found 3 numbers")
        self.bad(1, *call, "--prefix", "4,3", says="--prefix: walk prefix of 4: expected 1 to 3")
        self.bad(1, *call, "--prefix", "3,4", "--recall", "0.9", says="expected -L in place of --recall, found both")
        self.bad(1, *call, "--prefix", "3,4", "--radius", "1", says="expected one number with --radius")
        self.bad(1, *call, "--prefix", "3", "--mask", "mask.fbin", says="expected --prefix or --mask, found both")
        for name, mask, says in (("short", [1, 1], "mask of 2 weights: expected 6, one for each dimension"),
                                 ("negative", [1, 1, -1, 1, 1, 1], "mask: weight 2 is -1"),
                                 ("nan", [1, 1, 1, float("nan"), 1, 1], "mask: weight 3 is nan"),
                                 ("infinite", [float("inf"), 1, 1, 1, 1, 1], "mask: weight 0 is inf"),
                                 ("zero", [0] * 6, "mask: all weights are 0: expected one above 0")):
            self.put(f"{name}.fbin", fbin([mask]))
            self.bad(1, *call, "--mask", f"{name}.fbin", says=[f"{name}.fbin", says])
            self.bad(1, "truth", "rows.fbin", "queries.fbin", "-o", "t.ibin", "--mask", f"{name}.fbin",
                     says=[f"{name}.fbin", says])
        self.bad(1, *call, "--mask", "rows.fbin", says="mask: expected one row of f32, found 400 of f32")
        self.put("bytes.u8bin", u8bin([[1] * 6]))
        self.bad(1, *call, "--mask", "bytes.u8bin", says="mask: expected one row of f32, found 1 of u8")
        self.bad(1, *call, "--mask", "none.fbin", says="none.fbin")
        self.bad(1, "truth", "rows.fbin", "queries.fbin", "-o", "t.ibin", "--prefix", "9", says="--prefix: prefix of 9")
        self.good("build", "rows.fbin", "-o", "cosine.near", "--metric", "cosine")
        self.put("lone.fbin", fbin([[1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]]))
        self.bad(1, "search", "cosine.near", "lone.fbin", "--prefix", "3",
                 says="query 1 has no direction in the dimensions that count")

    def test_the_example_of_the_documentation_runs(self):
        block = re.search(r"^## Prefixes, masks.*?^```sh\n(.*?)^```$", CAPABILITIES.read_text(encoding="utf-8"),
                          re.MULTILINE | re.DOTALL)
        self.assertIsNotNone(block, "an example under the heading of prefixes and masks")
        self.put("texts.fbin", fbin(vectors(400, 64)))
        self.put("asked.fbin", fbin(vectors(5, 64, seed=3)))
        for line in block[1].splitlines():
            command, _, said = line.partition("  # ")
            if not command.strip():
                continue
            shell = command.replace("nearline", shlex.quote(support.NEARLINE))
            done = subprocess.run(["sh", "-c", shell.replace("python3", shlex.quote(__import__("sys").executable))],
                                  cwd=self.folder, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, (command, done.stderr))
            self.assertIn(said.strip(), done.stdout + done.stderr, command)


if __name__ == "__main__":
    support.main()
