# SPDX-License-Identifier: Apache-2.0
"""An output is never an input, however the two are spelled."""
import os

import support
from support import CliTest, fbin, vectors


class SameFile(CliTest):
    def setUp(self):
        super().setUp()
        self.index("x.near", rows=300, dim=8)
        self.put("queries.fbin", fbin(vectors(20, 8)))
        self.put("ids.txt", "".join(f"{number}\n" for number in range(300)))
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "10", "-o", "truth.ibin")

    def calls(self):
        """(input, its word, extension that the output must have, the call with the output's name last, its word)"""
        report = ("report", "x.near", "-L", "20", "--sample", "20")
        return [("x.near", "INDEX", "", report + ("-o",), "--output"),
                ("queries.fbin", "--queries", "", report + ("--queries", "queries.fbin", "-o"), "--output"),
                ("truth.ibin", "--truth", "",
                 report + ("--queries", "queries.fbin", "--truth", "truth.ibin", "-o"), "--output"),
                ("x.near", "INDEX", ".fbin", ("export", "x.near", "-o"), "--output"),
                ("x.near", "INDEX", "", ("export", "x.near", "-o", "all.fbin", "--ids-out"), "--ids-out"),
                ("x.near", "INDEX", ".fbin", ("get", "x.near", "--ids", "1", "-o"), "--output"),
                ("ids.txt", "--ids", "", ("get", "x.near", "--ids", "ids.txt", "--ids-out"), "--ids-out"),
                ("rows.fbin", "INPUT", "", ("build", "rows.fbin", "-o"), "--output"),
                ("ids.txt", "--ids", "", ("build", "rows.fbin", "--ids", "ids.txt", "-o"), "--output"),
                ("x.near", "INDEX", "", ("snapshot", "x.near", "-o"), "--output"),
                ("x.near", "INDEX", "", ("salvage", "x.near", "-o"), "--output"),
                ("rows.fbin", "IN", ".fbin", ("convert", "rows.fbin"), "OUT"),
                ("rows.fbin", "BASE", ".ibin", ("truth", "rows.fbin", "queries.fbin", "-k", "3", "-o"), "--output"),
                ("queries.fbin", "QUERIES", ".ibin", ("truth", "rows.fbin", "queries.fbin", "-k", "3", "-o"),
                 "--output"),
                ("x.near", "INDEX", ".ibin", ("search", "x.near", "queries.fbin", "-o"), "--output"),
                ("queries.fbin", "QUERIES", ".ibin", ("search", "x.near", "queries.fbin", "-o"), "--output")]

    def test_no_command_replaces_what_it_reads(self):
        for source, word, extension, call, output in self.calls():
            os.link(self.folder / source, self.folder / f"hard{extension}")
            os.symlink(source, self.folder / f"soft{extension}")
            names = [f"hard{extension}", f"soft{extension}", os.path.join("..", self.folder.name, f"hard{extension}")]
            if source.endswith(extension):
                names += [source, "./" + source]
            before = (self.folder / source).read_bytes()
            for name in names:
                with self.subTest(call=call, output=name):
                    self.bad(1, *call, name, "--force", says=(f"{output}: expected another file than {word}", name))
                    self.assertEqual((self.folder / source).read_bytes(), before)
            os.remove(self.folder / f"hard{extension}")
            os.remove(self.folder / f"soft{extension}")

    def test_two_outputs_are_two_files(self):
        for ids in ("all.fbin", "./all.fbin"):
            self.bad(1, "export", "x.near", "-o", "all.fbin", "--ids-out", ids,
                     says="--ids-out: expected another file than --output")

    def test_an_index_is_compacted_onto_itself_by_its_own_name_only(self):
        os.link(self.folder / "x.near", self.folder / "hard.near")
        before = (self.folder / "x.near").read_bytes()
        self.bad(1, "compact", "x.near", "-o", "hard.near", "--force", says="--output: expected another file than INDEX")
        self.assertEqual((self.folder / "x.near").read_bytes(), before)
        self.good("compact", "x.near", "-o", "./x.near")
        self.good("verify", "x.near", "--full")


if __name__ == "__main__":
    support.main()
