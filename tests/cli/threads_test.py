# SPDX-License-Identifier: Apache-2.0
"""Threads that a machine or its limits do not give: every command goes on with those that it has."""
import os
import resource
import unittest

import support
from support import CliTest, fbin, vectors


class Threads(CliTest):
    def limited(self, *words, most):
        """Runs a command as a user with no other process, of which there may be `most` threads."""
        user = 60_000 + os.getpid() % 5_000

        def limit():
            if os.geteuid() == 0:  # root has no limit
                os.setresuid(user, user, user)
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))

        leaks = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # looking for them takes a process more
        return self.run_tool(*words, preexec_fn=limit, env={**os.environ, "ASAN_OPTIONS": leaks})

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o777)
        try:
            if self.limited("--version", most=1).returncode != 0:
                raise unittest.SkipTest("another user cannot run the program")
        except PermissionError:
            raise unittest.SkipTest("another user cannot reach the program") from None

    def test_with_few_threads_or_none_all_commands_do_their_work(self):
        rows = vectors(2_000, 8)
        self.put("rows.fbin", fbin(rows))
        self.put("more.fbin", fbin(vectors(300, 8, seed=2)))
        self.put("queries.fbin", fbin(rows[:50]))
        self.good("build", "rows.fbin", "-o", "all.near", "--threads", "2")
        searched = self.good("search", "all.near", "queries.fbin", "--batch", "5")
        for most in [1, 2]:
            for words in [["build", "rows.fbin", "-o", "x.near", "--force"],
                          ["build", "rows.fbin", "-o", "fused.near", "--force", "--layout", "fused"],
                          ["search", "x.near", "queries.fbin", "--batch", "5"],
                          ["truth", "rows.fbin", "queries.fbin", "-k", "5", "-o", "truth.ibin", "--force"],
                          ["profile", "rows.fbin"],
                          ["insert", "x.near", "more.fbin"],
                          ["compact", "x.near"],
                          ["compact", "x.near", "-o", "y.near", "--force"]]:
                with self.subTest(words=words, most=most):
                    done = self.limited(*words, "--threads", "8", most=most)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    if words[0] == "search":
                        self.assertEqual(done.stdout, searched)
                    if words[:4] == ["build", "rows.fbin", "-o", "x.near"]:
                        same = (self.folder / "x.near").read_bytes() == (self.folder / "all.near").read_bytes()
                        self.assertTrue(same, "the file depends on threads")
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["all.near", "fused.near", "more.fbin", "queries.fbin", "rows.fbin", "truth.ibin", "x.near",
                          "y.near"])

    def test_numbers_of_threads_that_mean_nothing_are_refused_by_name(self):
        index = self.index()
        for words in [["search", index, "rows.fbin"], ["build", "rows.fbin", "-o", "x.near"],
                      ["truth", "rows.fbin", "rows.fbin", "-o", "x.ibin"], ["compact", index], ["profile", "rows.fbin"]]:
            for threads in ["0", "1025", "-1", "many"]:
                with self.subTest(words=words, threads=threads):
                    self.bad(1, *words, "--threads", threads, says=["--threads", threads, "1024"])


if __name__ == "__main__":
    support.main()
