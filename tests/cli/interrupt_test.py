# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: the work stops with one line, and nothing half-made stays behind."""
import os
import re
import signal
import subprocess
import threading

import support
from support import CliTest, fbin, vectors


class Interrupt(CliTest):
    def setUp(self):
        super().setUp()
        self.put("rows.fbin", fbin(vectors(20_000, 32)))

    def stop(self, phase, number, *words):
        """Starts a command, sends it a signal once it shows a phase, returns status and stderr."""
        process = subprocess.Popen([support.NEARLINE, *words, "--progress"], cwd=self.folder, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        killer = threading.Timer(120, process.kill)
        killer.start()
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith(phase + " "):
                process.send_signal(number)
                break
        lines += process.stderr.readlines()
        status = process.wait()
        killer.cancel()
        process.stderr.close()
        self.assertTrue(any(line.startswith(phase + " ") for line in lines), lines)
        return status, [line for line in lines if line.startswith("nearline: ")]

    def test_a_stopped_build_leaves_nothing(self):
        for phase, number, status in [("read", signal.SIGINT, 130), ("link", signal.SIGINT, 130),
                                      ("link", signal.SIGTERM, 143)]:
            with self.subTest(phase=phase, signal=number):
                got = self.stop(phase, number, "build", "rows.fbin", "-o", "x.near", "--l-build", "200", "--threads", "1")
                self.assertEqual((got[0], len(got[1])), (status, 1), got)
                self.assertEqual(os.listdir(self.folder), ["rows.fbin"])

    def test_a_stopped_build_leaves_the_old_index(self):
        self.put("x.near", b"what stood here before")
        got = self.stop("link", signal.SIGINT, "build", "rows.fbin", "-o", "x.near", "--force", "--l-build", "200")
        self.assertEqual(got[0], 130)
        self.assertEqual((self.folder / "x.near").read_bytes(), b"what stood here before")
        self.assertEqual(sorted(os.listdir(self.folder)), ["rows.fbin", "x.near"])

    def test_progress_shows_phase_share_rate_and_time_left(self):
        self.put("few.fbin", fbin(vectors(500, 8)))
        done = self.run_tool("build", "few.fbin", "-o", "x.near", "--progress")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, re.compile(r"^read 0/500 \(0\.0 %\)", re.M))
        self.assertNotIn("\x1b", done.stderr)


if __name__ == "__main__":
    support.main()
