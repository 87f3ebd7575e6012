# SPDX-License-Identifier: Apache-2.0
"""verify tells what it checked; --untrusted checks all before a command does anything else."""
import signal
import subprocess
import time

import support
from support import CliTest, fbin, vectors


class Verify(CliTest):
    def test_without_full_it_says_what_it_did_not_check(self):
        index = self.index(rows=300, dim=8)
        self.assertRegex(self.good("verify", index),
                         rf"\A{index}: metadata good, \d+ blocks; data not checked, use --full\n\Z")
        [said] = self.good_json("verify", index, "--json")
        self.assertEqual((said["ok"], said["data_checked"], said["uncommitted_bytes"]), (True, False, 0))
        self.assertRegex(self.good("verify", index, "--full"), rf"\A{index}: good: .* in \d+ blocks, 300 records\n\Z")
        [said] = self.good_json("verify", index, "--full", "--json")
        self.assertEqual((said["ok"], said["data_checked"], said["uncommitted_bytes"]), (True, True, 0))

    def stopped_writer(self, index):
        """A writer inside a commit: blocks behind the newest one are there."""
        self.committed = (self.folder / index).stat().st_size
        process = subprocess.Popen([support.NEARLINE, "insert", index, "many.fbin", "--threads", "1"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while (self.folder / index).stat().st_size == self.committed and process.poll() is None:
            time.sleep(0.0005)
        process.send_signal(signal.SIGSTOP)
        self.assertIsNone(process.poll())
        return process

    def check_good_with_a_note(self, index):
        behind = (self.folder / index).stat().st_size - self.committed
        self.assertGreater(behind, 0)
        for words in [("verify", index), ("verify", index, "--full")]:
            text = self.good(*words).splitlines()
            self.assertEqual(len(text), 2)
            self.assertRegex(text[0], rf"\A{index}: note: {behind} bytes behind the newest commit")
            [said] = self.good_json(*words, "--json")
            self.assertEqual((said["ok"], said["uncommitted_bytes"]), (True, behind))

    def test_a_sound_index_is_good_beside_a_writer_and_after_one_was_killed(self):
        index = self.index(rows=300, dim=8)
        self.put("many.fbin", fbin(vectors(8_000, 8, seed=2)))
        writer = self.stopped_writer(index)
        self.check_good_with_a_note(index)
        writer.kill()
        writer.wait()
        self.check_good_with_a_note(index)
        [info] = self.good_json("info", index, "--json")
        self.assertEqual((info["generation"], info["count"]), (1, 300))
        self.put("few.fbin", fbin(vectors(3, 8, seed=3)))
        self.good("insert", index, "few.fbin")  # takes what is there
        [said] = self.good_json("verify", index, "--full", "--json")
        self.assertEqual((said["ok"], said["uncommitted_bytes"]), (True, 0))

    def test_untrusted_is_an_option_of_every_command_that_uses_an_index(self):
        good = self.index(rows=2_500, dim=8)
        raw = bytearray((self.folder / good).read_bytes())
        raw[8192 + 3 * 4096 + 50] ^= 1  # a graph page that few queries need
        self.put("bad.near", bytes(raw))
        self.put("one.fbin", fbin(vectors(2_500, 8)[:1]))
        self.put("ids.txt", "7\n")
        self.good("truth", "rows.fbin", "one.fbin", "-k", "10", "-o", "truth.ibin")
        calls = [("search", "one.fbin", "-k", "1"), ("eval", "one.fbin", "--truth", "truth.ibin", "-L", "10"), ("info",),
                 ("report", "-L", "20", "--sample", "20", "-o", "x.html"), ("export", "-o", "x.fbin"),
                 ("snapshot", "-o", "x.near"), ("compact", "--dry-run"), ("compact",), ("compact", "-o", "x.near"),
                 ("get", "--ids", "7"), ("calibrate", "rows.fbin"), ("insert", "one.fbin"), ("delete", "--ids", "ids.txt"), ("tune", "--sample", "1000")]
        for command, *rest in calls:
            with self.subTest(command, rest=rest):
                self.bad(2, command, "bad.near", *rest, "--untrusted", says=("bad.near", "at byte"))
                self.assertEqual((self.folder / "bad.near").read_bytes(), bytes(raw))
                if command != "tune":
                    self.good(command, good, *rest, "--untrusted")
                for name in ("x.html", "x.fbin", "x.near"):
                    (self.folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    support.main()
