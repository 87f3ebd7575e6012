# SPDX-License-Identifier: Apache-2.0
"""Outputs appear whole, or not at all; nothing is replaced unasked."""
import os
import re
import resource
import shutil
import subprocess
import sys
import unittest

import support
from support import CliTest, fbin, vectors

ROOT = os.geteuid() == 0
NOBODY = 65534


class Output(CliTest):
    def commands(self):
        """One call of each command that makes a file, with its output's name last."""
        index = self.index(rows=300, dim=8)
        self.put("queries.fbin", fbin(vectors(200, 8)))
        return [("build", "rows.fbin", "-o", "out.near"), ("convert", "rows.fbin", "out.fvecs"),
                ("truth", "rows.fbin", "queries.fbin", "-k", "5", "-o", "out.ibin"),
                ("search", index, "queries.fbin", "-o", "out.ibin64"), ("export", index, "-o", "out.npy"),
                ("get", index, "--ids", ",".join(map(str, range(300))), "-o", "got.npy"),
                ("report", index, "-L", "20", "--sample", "20", "-o", "out.html"),
                ("export", index, "-o", "all.fbin", "--ids-out", "out.u64bin")]

    def test_what_exists_is_replaced_only_with_force(self):
        for words in self.commands():
            self.put(words[-1], b"precious")
            with self.subTest(words):
                self.bad(1, *words, says=words[-1])
                self.assertEqual((self.folder / words[-1]).read_bytes(), b"precious")
                self.good(*words, "--force")
                self.assertNotEqual((self.folder / words[-1]).read_bytes(), b"precious")
            for name in [words[-1], "all.fbin"]:
                (self.folder / name).unlink(missing_ok=True)

    def test_an_output_in_no_folder_is_refused(self):
        for words in self.commands():
            with self.subTest(words):
                self.bad(1, *words[:-1], "no_such_folder/" + words[-1], says="no_such_folder")

    def test_files_and_folders_without_permission_are_named(self):
        how = {"cwd": self.folder, "capture_output": True, "text": True}
        tool = support.NEARLINE
        if ROOT:  # permissions do not bind root: somebody else must ask
            tool = shutil.copy(tool, self.folder / "nearline")
            os.chmod(self.folder, 0o755)
            how["user"] = NOBODY
        self.put("rows.fbin", fbin(vectors(30, 4)))
        self.put("secret.fbin", fbin(vectors(30, 4)))
        os.chmod(self.folder / "secret.fbin", 0)
        os.mkdir(self.folder / "closed", 0o555)
        for words, name in [(("build", "secret.fbin", "-o", "x.near"), "secret.fbin"),
                            (("build", "rows.fbin", "-o", "closed/x.near"), "closed"),
                            (("convert", "rows.fbin", "closed/x.npy"), "closed"),
                            (("info", "secret.fbin"), "secret.fbin"), (("inspect", "secret.fbin"), "secret.fbin")]:
            with self.subTest(words):
                done = subprocess.run([tool, *words], **how, timeout=60)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertRegex(done.stderr, rf"\Anearline: {name}[^\n]*Permission denied\n\Z")
        self.assertEqual(os.listdir(self.folder / "closed"), [])

    def test_a_limit_on_file_size_stops_every_writer_cleanly(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        for words in self.commands():
            if words[0] == "truth":
                words = words[:3] + ("-k", "50") + words[5:]
            with self.subTest(words):
                before = sorted(os.listdir(self.folder))
                done = subprocess.run([support.NEARLINE, *words], cwd=self.folder, capture_output=True, text=True,
                                      preexec_fn=limit, timeout=60)
                self.assertEqual(done.returncode, 3, (words, done.stderr))
                name = re.escape("all.fbin" if words[-2] == "--ids-out" else words[-1])  # the larger one comes first
                self.assertRegex(done.stderr, rf"\Anearline: {name}: [^\n]*File too large\n\Z")
                self.assertEqual(sorted(os.listdir(self.folder)), before)

    @unittest.skipUnless(ROOT and sys.platform == "linux", "mounting a small disk takes root")
    def test_a_full_disk_stops_every_writer_cleanly(self):
        commands = self.commands()
        small = self.folder / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "nearline-test", small], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("this system does not let root mount a tmpfs")
        try:
            for words in commands:
                if words[0] == "truth":
                    words = words[:3] + ("-k", "50") + words[5:]
                if words[-2] == "--ids-out":
                    words = words[:-2]
                with self.subTest(words):
                    self.bad(3, *words[:-1], f"small/{words[-1]}", says=(words[-1], "No space left on device"))
                    self.assertEqual(os.listdir(small), [])
        finally:
            subprocess.run(["umount", small], check=True)

    @unittest.skipUnless(ROOT and sys.platform == "linux", "mounting a small disk takes root")
    def test_a_disk_that_is_too_full_is_found_before_the_work(self):
        self.put("many.fbin", fbin(vectors(8_000, 32)))
        self.index("x.near", rows=300, dim=32)
        self.good("build", "many.fbin", "-o", "many.near")
        small = self.folder / "small"
        small.mkdir()
        for words, size in [(("build", "many.fbin", "-o", "small/out.near"), "2m"),
                            (("truth", "many.fbin", "many.fbin", "-k", "100", "-o", "small/out.ibin"), "2m"),
                            (("search", "many.near", "many.fbin", "-k", "100", "-o", "small/out.ibin"), "2m"),
                            (("snapshot", "many.near", "-o", "small/out.near"), "1m"),
                            (("convert", "many.fbin", "small/out.npy"), "900k"),
                            (("export", "many.near", "-o", "small/out.npy"), "900k"),
                            (("insert", "small/x.near", "many.fbin"), "3m")]:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "nearline-test", small],
                                     capture_output=True)
            if mounted.returncode != 0:
                self.skipTest("this system does not let root mount a tmpfs")
            try:
                if words[0] == "insert":
                    shutil.copy(self.folder / "x.near", small)
                with self.subTest(words):
                    before = os.listdir(small)
                    progress = [] if words[0] == "search" else ["--progress"]
                    done = self.run_tool(*words, *progress)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    phases = {line.split()[0] for line in done.stderr.splitlines()}
                    self.assertLessEqual(phases, {"nearline:", "read", "insert", "gather"}, done.stderr)
                    named = words[1] if words[0] == "insert" else words[-1]
                    self.assertRegex(done.stderr.splitlines()[-1], rf"nearline: {named}: .*No space left on device")
                    self.assertEqual(os.listdir(small), before)
            finally:
                subprocess.run(["umount", small], check=True)

    @unittest.skipUnless(ROOT and sys.platform == "linux", "mounting a small disk takes root")
    def test_a_calibration_for_which_the_disk_is_too_full_leaves_the_index_as_it_was(self):
        self.index("x.near", rows=300, dim=32)
        self.put("queries.fbin", fbin(vectors(600, 32, seed=2)))  # 64 KiB of them are to be kept
        small = self.folder / "small"
        small.mkdir()
        room = (self.folder / "x.near").stat().st_size + (32 << 10)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "nearline-test", small], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("this system does not let root mount a tmpfs")
        try:
            shutil.copy(self.folder / "x.near", small)
            before = self.good("search", "small/x.near", "queries.fbin", "-k", "3")
            self.bad(3, "calibrate", "small/x.near", "queries.fbin", says=("small/x.near", "No space left on device"))
            self.assertEqual(self.good("search", "small/x.near", "queries.fbin", "-k", "3"), before)
            self.good("verify", "small/x.near", "--full")
        finally:
            subprocess.run(["umount", small], check=True)

    def test_an_output_stream_that_is_full_is_an_error(self):
        self.index()
        with open("/dev/full", "w") as full:
            done = subprocess.run([support.NEARLINE, "info", "index.near"], cwd=self.folder, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"\Anearline: standard output: [^\n]+\n\Z")

    def test_reading_commands_change_nothing(self):
        index = self.index()
        path = self.folder / index
        os.chmod(path, 0o444)
        os.utime(path, ns=(1, 1))
        raw = path.read_bytes()
        os.utime(path, ns=(1, 1))
        for words in [("info", index), ("verify", index, "--full"), ("inspect", index, "--all"),
                      ("search", index, "rows.fbin"), ("search", index, "rows.fbin", "--io", "direct")]:
            self.good(*words)
        self.assertEqual((path.read_bytes(), path.stat().st_mtime_ns), (raw, 1))
        self.assertEqual(sorted(os.listdir(self.folder)), [index, "rows.fbin"])


if __name__ == "__main__":
    support.main()
