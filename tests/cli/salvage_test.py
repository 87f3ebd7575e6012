# SPDX-License-Identifier: Apache-2.0
"""salvage: what is saved, what is said of the rest, and the exit status."""
import json
import os
import signal
import subprocess
import threading

import support
from support import GOLDEN, CliTest, fbin, vectors

KEYS = ["index", "complete", "generation", "by_footer", "newer_generation", "saved", "lost", "lost_values", "lost_transform", "deleted", "unsure",
        "repeated", "file_bytes"]


class Salvage(CliTest):
    def setUp(self):
        super().setUp()
        self.name = self.index(rows=400, dim=8)
        self.put("new.fbin", fbin(vectors(10, 8, 2)))
        self.put("gone.txt", "3\n5\n")
        self.good("insert", self.name, "new.fbin")
        self.good("delete", self.name, "--ids", "gone.txt")
        self.bytes = (self.folder / self.name).read_bytes()

    def rows(self, name):
        """What export says of an index."""
        self.good("export", name, "-o", "all.fbin", "--ids-out", "all.txt", "--force")
        return (self.folder / "all.fbin").read_bytes(), (self.folder / "all.txt").read_text()

    def test_of_a_whole_index_all_is_saved(self):
        [said] = self.good_json("salvage", self.name, "-o", "saved.near", "--json")
        self.assertEqual(list(said), KEYS)
        self.assertEqual((said["complete"], said["generation"], said["saved"], said["lost"], said["deleted"]),
                         (True, 3, 408, 0, 2))
        self.assertEqual(said["file_bytes"], (self.folder / "saved.near").stat().st_size)
        self.assertEqual(self.rows("saved.near"), self.rows(self.name))
        self.good("verify", "saved.near", "--full")
        self.assertEqual((self.folder / self.name).read_bytes(), self.bytes)

    def test_lost_superblocks_cost_nothing(self):
        self.put("bad.near", bytes(8192) + self.bytes[8192:])
        self.bad(1, "info", "bad.near")
        self.assertIn("408 records of generation 3, found without a superblock; 0 lost",
                      self.good("salvage", "bad.near", "-o", "saved.near"))
        self.assertEqual(self.rows("saved.near"), self.rows(self.name))

    def test_a_damaged_page_costs_its_records_and_the_status_says_so(self):
        bad = bytearray(self.bytes)
        bad[8192 + 200] ^= 1  # the first graph page
        self.put("bad.near", bytes(bad))
        done = self.run_tool("salvage", "bad.near", "-o", "saved.near")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, r"\Anearline: bad\.near: expected all records[^\n]+\n\Z")
        self.assertRegex(done.stdout, r"bad\.near: lost: \d+ records in 4096 bytes at byte 8192\n")
        self.assertRegex(done.stdout, r"bad\.near: lost ids: \d+(, \d+( to \d+)?)*(, \.\.\.)?\n")
        done = self.run_tool("salvage", "bad.near", "-o", "saved.near", "--force", "--json")
        self.assertEqual(done.returncode, 2)
        [lost, *_, said] = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((lost["at"], lost["bytes"], lost["records"]), (8192, 4096, said["lost"]))
        self.assertEqual((said["complete"], said["saved"] + said["lost"]), (False, 408))
        self.good("verify", "saved.near", "--full")

    def test_without_a_manifest_nothing_can_be_saved(self):
        fresh = (self.folder / self.index("fresh.near")).read_bytes()
        self.put("cut.near", fresh[:-4096])
        self.bad(2, "salvage", "cut.near", "-o", "saved.near", says=("cut.near", "no whole manifest is left"))
        self.put("text.near", "what is no index " * 1000)
        self.bad(1, "salvage", "text.near", "-o", "saved.near", says=("text.near", "no superblock of an index"))
        self.put("empty.near", "")
        self.bad(1, "salvage", "empty.near", "-o", "saved.near", says="empty.near")

    def test_names_that_cannot_be_right_are_refused(self):
        self.bad(1, "salvage", "none.near", "-o", "saved.near", says="none.near")
        self.bad(1, "salvage", self.name, "-o", self.name, "--force", says="--output: expected another file than INDEX")
        self.bad(1, "salvage", self.name, "-o", "./" + self.name, "--force", says="--output: expected another file than INDEX")
        self.put("there.near", "what stood here before")
        self.bad(1, "salvage", self.name, "-o", "there.near", says=("there.near", "exists"))
        self.assertEqual((self.folder / "there.near").read_text(), "what stood here before")
        self.bad(1, "salvage", self.name, "-o", "none/saved.near", says="none")
        self.bad(1, "salvage", self.name, "-o", "saved.near", "--memory", "4096", says=("memory bound", "--memory"))

    def test_a_stopped_salvage_leaves_nothing(self):
        self.put("rows.fbin", fbin(vectors(20_000, 32)))
        self.good("build", "rows.fbin", "-o", "large.near")
        before = sorted(os.listdir(self.folder))
        process = subprocess.Popen([support.NEARLINE, "salvage", "large.near", "-o", "saved.near", "--progress"],
                                   cwd=self.folder, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        killer = threading.Timer(120, process.kill)
        killer.start()
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith("link "):
                process.send_signal(signal.SIGINT)
                break
        lines += process.stderr.readlines()
        self.assertEqual(process.wait(), 130, lines[-3:])
        killer.cancel()
        process.stderr.close()
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_no_golden_file_good_or_bad_makes_it_crash(self):
        for file in sorted(GOLDEN.glob("**/*.near")):
            with self.subTest(file.name):
                done = self.run_tool("salvage", file, "-o", "saved.near", "--force")
                self.assertIn(done.returncode, (0, 1, 2), done.stderr)
                if file.name.startswith("unsupported_"):  # a newer nearline's, and no damage
                    self.assertEqual(done.returncode, 1)
                if os.path.exists(self.folder / "saved.near"):
                    self.good("verify", "saved.near", "--full")


if __name__ == "__main__":
    support.main()
