# SPDX-License-Identifier: Apache-2.0
"""Less memory than all codes take: searches keep a part of each, read more pages, and say so. Reads are counts, which no
machine changes."""
from pathlib import Path

import support
from support import CliTest

DATA = str(Path(__file__).resolve().parent.parent / "data")
BASE, QUERIES = DATA + "/descriptors.base.u8bin", DATA + "/descriptors.query.u8bin"
FROM_DISK = ["--io", "pread", "--threads", "1"]


class ShortCodes(CliTest):
    def setUp(self):
        super().setUp()
        self.good("build", BASE, "-o", "d.near")
        [info] = self.good_json("info", "d.near", "--json")
        self.code_bytes = info["code_bytes"]
        self.codes = info["count"] * info["code_bytes"]
        self.enough = info["bytes_for_all_codes"]

    def memory(self, share):
        """A budget with room for that share of the codes."""
        return str(self.enough - int((1 - share) * self.codes))

    def test_reads_grow_smoothly_as_memory_falls_and_recall_is_kept(self):
        self.good("truth", BASE, QUERIES, "-k", "10", "-o", "t.ibin")
        call = ["eval", "d.near", QUERIES, "--truth", "t.ibin", "--recall", "0.95", "--no-warmup", "--json", *FROM_DISK]
        [all_codes] = self.good_json(*call, "--memory", self.memory(1))
        [exact] = self.good_json(*call, "--memory", self.memory(0.25), "--rank", "exact")
        self.assertEqual((all_codes["ranking"], all_codes["resident_code_bytes"]), ("codes", self.code_bytes))
        before = all_codes
        for share, most in [(0.75, 1.5), (0.5, 2), (0.25, 8)]:
            with self.subTest(share=share):
                [line] = self.good_json(*call, "--memory", self.memory(share))
                self.assertEqual((line["ranking"], line["code_bytes"]), ("codes", self.code_bytes))
                self.assertLess(line["resident_code_bytes"], before["resident_code_bytes"])
                self.assertGreater(line["resident_code_bytes"], (share - 0.15) * self.code_bytes)
                self.assertEqual(line["bytes_for_all_codes"], self.enough)
                self.assertLessEqual(line["memory_bytes"], int(self.memory(share)))
                self.assertLess(line["reads_per_query"], most * all_codes["reads_per_query"])
                self.assertLess(2 * line["reads_per_query"], exact["reads_per_query"])
                self.assertGreater(line["recall"], 0.94)
                before = line
        [least] = self.good_json(*call, "--memory", self.memory(0.125))
        self.assertLess(least["reads_per_query"], 1.1 * exact["reads_per_query"])
        self.assertGreater(least["recall"], 0.94)

    def test_with_room_for_all_codes_answers_are_those_of_all_codes(self):
        call = ["search", "d.near", QUERIES, "-k", "10", "-L", "40", *FROM_DISK, "-o"]
        self.good(*call, "auto.ibin", "--memory", self.memory(1))
        self.good(*call, "codes.ibin", "--memory", "64M", "--rank", "codes")
        self.assertEqual((self.folder / "auto.ibin").read_bytes(), (self.folder / "codes.ibin").read_bytes())

    def test_what_is_in_use_and_what_would_hold_all_is_said(self):
        half = self.memory(0.5)
        [info] = self.good_json("info", "d.near", "--memory", half, "--json")
        self.assertEqual((info["ranking"], info["bytes_for_all_codes"]), ("codes", self.enough))
        resident = info["resident_code_bytes"]
        words = f"ranking by codes, {resident} of {self.code_bytes} bytes of each in memory; "
        self.assertIn(words, self.good("info", "d.near", "--memory", half))
        self.good("truth", BASE, QUERIES, "-k", "10", "-o", "t.ibin")
        said = self.good("eval", "d.near", QUERIES, "--truth", "t.ibin", "-L", "40", "--memory", half, *FROM_DISK)
        self.assertIn(words, said)
        self.assertIn("hold all of the codes", said)
        found = self.good_json("search", "d.near", QUERIES, "--memory", half, "--json", *FROM_DISK)
        self.assertEqual((found[0]["ranking"], found[0]["resident_code_bytes"], found[0]["bytes_for_all_codes"]),
                         ("codes", resident, self.enough))
        self.assertIn("ranking by distance\n", self.good("info", "d.near", "--memory", "64M"))
        self.bad(1, "search", "d.near", QUERIES, "--memory", half, "--rank", "codes", *FROM_DISK,
                 says=f"at least {self.enough}")

    def test_a_build_goes_by_the_memory_of_searches(self):
        for memory, layout in [("64M", "lean"), ("600K", "fused")]:
            self.good("build", BASE, "-o", "x.near", "--search-memory", memory, "--force")
            [info] = self.good_json("info", "x.near", "--json")
            self.assertEqual(info["layout"], layout)
            [said] = self.good_json("estimate", "--count", "8000", "--dim", "128", "--type", "u8", "--search-memory",
                                    memory, "--json")
            self.assertEqual(said["layout"], layout)


if __name__ == "__main__":
    support.main()
