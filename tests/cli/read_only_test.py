# SPDX-License-Identifier: Apache-2.0
"""Read-only means it (promise 14): a mount that forbids writing answers, and says so to those who would write."""
import os
import subprocess

import support
from support import CliTest, fbin, vectors


class ReadOnly(CliTest):
    def setUp(self):
        super().setUp()
        self.put("q.fbin", fbin(vectors(5, 8, 3)))
        self.name = self.index(rows=300, dim=8)
        self.mount = self.folder / "mounted"
        self.mount.mkdir()
        if os.geteuid() != 0 or self.run_mount("-t", "tmpfs", "-o", "size=8m", "none") != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(lambda: subprocess.run(["umount", str(self.mount)], check=True))
        (self.mount / "x.near").write_bytes((self.folder / self.name).read_bytes())
        self.assertEqual(self.run_mount("-o", "remount,ro"), 0)

    def run_mount(self, *words):
        return subprocess.run(["mount", *words, str(self.mount)], check=False, capture_output=True).returncode

    def test_a_mount_that_is_read_only_is_read(self):
        for io in ("mapped", "direct", "pread"):
            self.assertEqual(self.good("search", "mounted/x.near", "q.fbin", "-k", "3", "--io", io),
                             self.good("search", self.name, "q.fbin", "-k", "3"))
        self.good("verify", "mounted/x.near", "--full")
        self.good("export", "mounted/x.near", "-o", "all.fbin")
        self.good("snapshot", "mounted/x.near", "-o", "copy.near")
        self.good("compact", "mounted/x.near", "--dry-run")

    def test_and_refuses_to_be_written_by_name(self):
        for words in (["insert", "mounted/x.near", "q.fbin"], ["compact", "mounted/x.near"]):
            self.bad(1, *words, says=["mounted/x.near: ", "Read-only file system"])
        self.bad(1, "build", "q.fbin", "-o", "mounted/new.near", says="Read-only file system")


if __name__ == "__main__":
    support.main()
