# SPDX-License-Identifier: Apache-2.0
"""However pages reach memory, and however the queries are shared out, the answers are the same."""
import support
from support import CliTest, fbin, vectors


class IoModes(CliTest):
    def test_all_modes_threads_and_batches_give_the_same_bytes(self):
        for metric, dim, rank in [("l2", 12, "auto"), ("ip", 12, "auto"), ("cosine", 12, "auto"),
                                  ("ip", 192, "exact"), ("cosine", 192, "codes")]:  # the last two on larger pages
            index = self.index(f"{metric}-{dim}.near", rows=1500, dim=dim, metric=metric)
            self.put("queries.fbin", fbin(vectors(100, dim, seed=3)))
            answers = set()
            for io in ["auto", "mapped", "direct", "pread"]:
                for how in [("--threads", "1"), ("--threads", "2"), ("--threads", "1", "--batch", "1"),
                            ("--memory", "4M", "--threads", "1")]:
                    with self.subTest(metric=metric, dim=dim, io=io, how=how):
                        self.good("search", index, "queries.fbin", "-o", "r.ibin", "--force", "--io", io,
                                  "--rank", rank, *how)
                        answers.add((self.folder / "r.ibin").read_bytes())
            self.assertEqual(len(answers), 1)

    def test_the_mode_in_use_and_its_reads_are_reported(self):
        for dim, page_bytes, io in [(12, 4096, "mapped"), (12, 4096, "direct"), (12, 4096, "pread"),
                                    (192, 8192, "mapped"), (192, 8192, "direct"), (192, 8192, "pread")]:
            with self.subTest(dim=dim, io=io):
                index = self.index(f"{dim}-{io}.near", rows=1500, dim=dim)
                self.put("queries.fbin", fbin(vectors(20, dim, seed=3)))
                self.good("truth", "rows.fbin", "queries.fbin", "-k", "10", "-o", "t.ibin", "--force")
                [info] = self.good_json("info", index, "--json")
                self.assertEqual(info["page_bytes"], page_bytes)
                [line] = self.good_json("eval", index, "queries.fbin", "--truth", "t.ibin", "-L", "30", "--io", io,
                                        "--no-warmup", "--json")
                allowed = {io, "pread"} if io == "direct" else {io}  # without io_uring, direct becomes pread
                self.assertIn(line["io"], allowed)
                if io != "mapped":
                    self.assertGreater(line["reads_per_query"], 0)
                    self.assertEqual(round(20 * line["bytes_per_query"]) % page_bytes, 0)
                    self.assertEqual(line["bytes_per_query"], 4096 * line["reads_per_query"])

    def test_a_memory_bound_that_cannot_work_says_the_least_that_can(self):
        index = self.index(rows=2500, dim=12)
        self.put("queries.fbin", fbin(vectors(20, 12, seed=3)))
        done = self.run_tool("search", index, "queries.fbin", "--io", "pread", "--memory", "1K", "--threads", "1")
        self.assertIn(done.returncode, [1, 3])
        self.assertRegex(done.stderr, r"\Anearline: [^\n]*\d+[^\n]*\n\Z")


if __name__ == "__main__":
    support.main()
