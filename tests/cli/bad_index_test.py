# SPDX-License-Identifier: Apache-2.0
"""Files that are no index, or no longer a whole one: never a crash, never an answer from damage."""
import support
from support import GOLDEN, CliTest, fbin, vectors

STATUS = {"corrupt": 2, "truncated": 2, "not_an_index": 1, "unsupported": 1}

# Damage in what records say, of which an index reads nothing before it is asked for.
READ_WHEN_ASKED = ("corrupt_column_", "corrupt_run_", "corrupt_frame_", "corrupt_payload_", "corrupt_entry_",
                   "corrupt_postings", "corrupt_tag_")


class BadIndex(CliTest):
    def test_every_bad_golden_file_has_the_status_of_its_name(self):
        files = sorted((GOLDEN / "bad").glob("*.near"))
        self.assertGreater(len(files), 10)
        for file in files:
            [status] = [status for code, status in STATUS.items() if file.name.startswith(code + "_")]
            with self.subTest(file.name):
                if file.name.startswith(READ_WHEN_ASKED) and file.name != "corrupt_column_attribute.near":
                    self.good("info", file)  # opening reads none of it
                    self.bad(status, "verify", file, "--full", says=file.name)
                    self.bad(status, "info", file, "--untrusted", says=file.name)
                    continue
                for words in [("info", file), ("info", file, "--json"), ("verify", file), ("verify", file, "--full"),
                              ("inspect", file), ("export", file, "-o", "out.fbin"),
                              ("report", file, "-o", "out.html")]:
                    self.bad(status, *words, says=file.name)

    def test_every_good_golden_file_is_good(self):
        files = sorted(GOLDEN.glob("*.near"))
        self.assertGreater(len(files), 3)
        for file in files:
            if file.name == "v1_all_sections.near":
                continue  # holds section kinds that only the format room's readers know
            with self.subTest(file.name):
                if file.name == "v1_relaxed.near":  # of a boot that is over: readers take the commit before
                    self.bad(2, "verify", file, "--full", says="relaxed commit")
                    self.assertIn("the commit before one that is damaged or lost", self.good("info", file))
                else:
                    self.good("verify", file, "--full")
                self.good("info", file)
                self.assertIn("superblock[1].magic", self.good("inspect", file, "--all"))

    def test_a_cut_index_is_refused_wherever_it_is_cut(self):
        whole = (self.folder / self.index()).read_bytes()
        self.put("queries.fbin", fbin(vectors(3, 8)))
        cuts = [0, 1, 14, 16, 100, 4095, 4096, 8191, 8192, len(whole) // 2, len(whole) - 4096, len(whole) - 1]
        for cut in cuts:
            self.put("cut.near", whole[:cut])
            with self.subTest(cut):
                status = 1 if cut < 16 else 2  # inside the magic it is no index; behind it, a damaged one
                for words in [("info", "cut.near"), ("verify", "cut.near"), ("search", "cut.near", "queries.fbin"),
                              ("export", "cut.near", "-o", "out.fbin"), ("report", "cut.near", "-o", "out.html")]:
                    self.bad(status, *words, says="cut.near")

    def test_a_flipped_byte_is_found_and_never_changes_an_answer(self):
        name = self.index(rows=200, dim=8)
        self.put("queries.fbin", fbin(vectors(40, 8, seed=2)))
        whole = (self.folder / name).read_bytes()
        expected = {io: self.good("search", name, "queries.fbin", "--io", io) for io in ("mapped", "pread")}
        refused = 0
        for at in range(5, len(whole), len(whole) // 60):
            flipped = bytearray(whole)
            flipped[at] ^= 0x20
            self.put("flipped.near", bytes(flipped))
            with self.subTest(at):
                found = self.bad(2, "verify", "flipped.near", "--full")
                self.assertIn("(at byte ", found.stderr)
                for io, answer in expected.items():
                    done = self.run_tool("search", "flipped.near", "queries.fbin", "--io", io)
                    refused += done.returncode != 0
                    if done.returncode == 0:
                        self.assertEqual(done.stdout, answer)
                    else:
                        self.assertEqual((done.returncode, done.stdout), (2, ""))
                        self.assertRegex(done.stderr, r"\Anearline: flipped\.near: [^\n]+\n\Z")
        self.assertGreater(refused, 20)

    def test_trailing_bytes_are_no_part_of_the_commit(self):
        name = self.index()
        with open(self.folder / name, "ab") as file:
            file.write(b"left by a writer that died")
        self.good("info", name)


if __name__ == "__main__":
    support.main()
