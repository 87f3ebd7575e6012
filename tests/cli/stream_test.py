# SPDX-License-Identifier: Apache-2.0
"""Where a stream is enough, a command reads one: - is standard input, and a pipe may stand for a file."""
import os
import struct
import subprocess
import threading

import support
from support import CliTest, counted, fbin, fvecs, npy, u8bin, vectors

ROWS = vectors(400, 8)


class Stream(CliTest):
    def fed(self, content, *words):
        """Runs a command with a pipe as standard input; returns its exit status, stdout and stderr."""
        return subprocess.run([support.NEARLINE, *map(str, words)], cwd=self.folder, input=content, capture_output=True,
                              timeout=120)

    def good_fed(self, content, *words):
        done = self.fed(content, *words)
        self.assertEqual((done.returncode, done.stderr), (0, b""), words)
        return done.stdout.decode()

    def bad_fed(self, content, *words, says):
        before = sorted(os.listdir(self.folder))
        done = self.fed(content, *words)
        self.assertEqual(done.returncode, 1, (words, done.stderr))
        self.assertRegex(done.stderr, rb"\Anearline: [^\n]+\n\Z")
        self.assertIn(says, done.stderr.decode())
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_vectors_come_from_standard_input_in_every_form_with_a_header(self):
        self.index(rows=400, dim=8)
        whole = (self.folder / "index.near").read_bytes()
        doubles = npy("<f8", "(400, 8)", b"".join(struct.pack("<8d", *row) for row in ROWS))
        for form, content in [("fbin", fbin(ROWS)), ("npy", npy("<f4", "(400, 8)", fbin(ROWS)[8:])), ("npy", doubles)]:
            with self.subTest(form):
                done = self.fed(content, "build", "-", "--form", form, "-o", "x.near", "--force")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stderr == b"", content is not doubles)  # which are said to be rounded
                self.assertEqual((self.folder / "x.near").read_bytes(), whole)
        more = self.good_fed(fbin(ROWS[:10]), "insert", "x.near", "-", "--form", "fbin", "--ids", "900,901,902,903,904,905,"
                             "906,907,908,909", "--json")
        self.assertIn('"inserted":10', more.replace(" ", ""))
        self.good_fed(u8bin([[1, 2], [3, 4]]), "convert", "-", "out.fbin", "--form", "u8bin")
        self.assertEqual((self.folder / "out.fbin").read_bytes(), fbin([[1, 2], [3, 4]]))

    def test_queries_and_ids_come_from_standard_input(self):
        index = self.index(rows=400, dim=8)
        self.put("queries.fbin", fbin(ROWS[:5]))
        words = ["-k", "3", "--io", "pread"]
        self.assertEqual(self.good_fed(fbin(ROWS[:5]), "search", index, "-", "--form", "fbin", *words),
                         self.good("search", index, "queries.fbin", *words))
        self.good_fed(fbin(ROWS[:5]), "truth", "rows.fbin", "-", "--form", "fbin", "-k", "3", "-o", "truth.ibin")
        self.good_fed(fbin(ROWS[:5]), "eval", index, "-", "--form", "fbin", "--truth", "truth.ibin", "-k", "3", "-L", "20",
                      "--fail-below", "0.9")
        self.assertIn('"deleted":3', self.good_fed(b"1\n2\n3\n", "delete", index, "--ids", "-", "--json").replace(" ", ""))
        ids = b"".join(b"%d\n" % (1000 + row) for row in range(400))
        self.good_fed(ids, "insert", index, "rows.fbin", "--ids", "-")
        self.bad_fed(b"1\ntwo\n", "delete", index, "--ids", "-", says="/dev/stdin: line 2 (at byte 2): expected a number")

    def test_a_file_as_standard_input_is_as_good_as_a_pipe(self):
        self.index(rows=400, dim=8)
        with open(self.folder / "rows.fbin", "rb") as rows:
            done = subprocess.run([support.NEARLINE, "build", "-", "--form", "fbin", "-o", "x.near"], cwd=self.folder,
                                  stdin=rows, capture_output=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual((self.folder / "x.near").read_bytes(), (self.folder / "index.near").read_bytes())

    def test_a_named_pipe_says_its_form_and_is_waited_for(self):
        self.index(rows=400, dim=8)
        os.mkfifo(self.folder / "pipe.fbin")

        def feed():
            with open(self.folder / "pipe.fbin", "wb") as pipe:
                content = fbin(ROWS)
                for at in range(0, len(content), 1000):  # comes in pieces that are no rows
                    pipe.write(content[at:at + 1000])
                    pipe.flush()

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.good("build", "pipe.fbin", "-o", "x.near")
        feeder.join()
        self.assertEqual((self.folder / "x.near").read_bytes(), (self.folder / "index.near").read_bytes())

    def test_a_stream_that_is_larger_than_any_buffer_is_read_row_by_row(self):
        rows = bytes(range(250)) * 8000
        self.put("rows.u8bin", counted(8000, 250, rows))
        self.good_fed(counted(8000, 250, rows), "convert", "-", "out.u8bin", "--form", "u8bin")
        self.assertEqual((self.folder / "out.u8bin").read_bytes(), (self.folder / "rows.u8bin").read_bytes())

    def test_streams_that_do_not_hold_what_they_say_are_refused(self):
        whole = fbin(ROWS)
        for content, form, says in [
            (b"", "fbin", "expected at least 8 bytes, found 0"), (whole[:5], "fbin", "expected at least 8 bytes, found 5"),
            (whole[:-1], "fbin", "ended while it was read"), (whole[:8], "fbin", "ended while it was read"),
            (whole + b"x", "fbin", "expected the end of the stream behind its last row, found more"),
            (counted(0, 4, b"x"), "fbin", "expected the end of the stream"),
            (counted(5, 0, b""), "fbin", "expected 1 to 65535, found 0"),
            (fvecs(ROWS), "fvecs", "rows that are not counted (at byte 0): expected a file"),
            (npy("<f4", "(2, 3)", bytes(24), order="True"), "npy", "Fortran order (at byte 0): expected a file, found a stream"),
            (npy("<f4", f"({1 << 63}, 65535)", b""), "npy", "of 65535 f32 (at byte 0): expected fewer than 2^64 bytes"),
        ]:
            with self.subTest(says):
                for words in [("build", "-", "-o", "x.near"), ("convert", "-", "x.npy")]:
                    self.bad_fed(content, *words, "--form", form, says=says)
        self.bad_fed(whole, "build", "-", "-o", "x.near", says="extension: expected .fbin")

    def test_standard_input_is_one_input_and_its_form_one_that_there_is(self):
        self.put("rows.fbin", fbin(ROWS))
        self.bad_fed(fbin(ROWS), "build", "-", "--form", "fbin", "--ids", "-", "-o", "x.near",
                     says="expected one input from standard input, found 2")
        self.put("bytes.u8bin", counted(100, 250, bytes(25_000)))
        self.bad_fed(fbin(ROWS), "build", "-", "--form", "text", "-o", "x.near", says="expected fbin, hbin")
        # A base that does not fit the memory is read once for each part of the queries: a stream cannot be.
        self.bad_fed(counted(8000, 250, bytes(range(250)) * 8000), "truth", "-", "bytes.u8bin", "--form", "u8bin", "-k", "2",
                     "--memory", "4K", "-o", "t.ibin", says="found a stream, which is read once")


if __name__ == "__main__":
    support.main()
