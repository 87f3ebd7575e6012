# SPDX-License-Identifier: Apache-2.0
"""Who may read what a command makes, and what becomes of symbolic links: as with any other program."""
import os
import signal
import stat
import struct
import subprocess
import unittest

import support
from support import CliTest, fbin, vectors

ROOT = os.geteuid() == 0


class FilesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.index("x.near", rows=300, dim=8)
        self.put("queries.fbin", fbin(vectors(20, 8)))
        self.put("new.fbin", fbin(vectors(10, 8, seed=2)))

    def commands(self):
        """A call of each command that makes a file, with its output's name last."""
        return [("build", "rows.fbin", "-o", "out.near"), ("convert", "rows.fbin", "out.fvecs"),
                ("truth", "rows.fbin", "queries.fbin", "-k", "5", "-o", "out.ibin"),
                ("search", "x.near", "queries.fbin", "-o", "out.ibin64"), ("export", "x.near", "-o", "out.npy"),
                ("get", "x.near", "--ids", "7", "-o", "one.npy"),
                ("report", "x.near", "-L", "20", "--sample", "20", "-o", "out.html"),
                ("export", "x.near", "--force", "-o", "all.fbin", "--ids-out", "out.u64bin"),
                ("snapshot", "x.near", "-o", "copy.near"), ("compact", "x.near", "-o", "dense.near"),
                ("salvage", "x.near", "-o", "saved.near")]

    def mode(self, name):
        return stat.S_IMODE((self.folder / name).stat().st_mode)


class Modes(FilesTest):
    def test_a_new_file_follows_the_umask(self):
        for umask in (0o022, 0o077):
            for words in self.commands():
                with self.subTest(umask=oct(umask), words=words):
                    self.good(*words, umask=umask)
                    self.assertEqual(oct(self.mode(words[-1])), oct(0o666 & ~umask))
                (self.folder / words[-1]).unlink()

    def test_a_replaced_file_gives_its_mode_and_group_to_its_successor(self):
        for words in self.commands():
            for mode in (0o600, 0o664):
                self.put(words[-1], b"old")
                os.chmod(self.folder / words[-1], mode)
                if ROOT:
                    os.chown(self.folder / words[-1], 65534, 65533)
                with self.subTest(mode=oct(mode), words=words):
                    self.good(*words, "--force", umask=0o022)
                    made = (self.folder / words[-1]).stat()
                    self.assertNotEqual(made.st_size, 3)
                    self.assertEqual(oct(stat.S_IMODE(made.st_mode)), oct(mode))
                    if ROOT:
                        self.assertEqual((made.st_uid, made.st_gid), (65534, 65533))
                (self.folder / words[-1]).unlink()

    def test_an_index_that_is_changed_or_compacted_onto_itself_keeps_its_mode(self):
        os.chmod(self.folder / "x.near", 0o640)
        for words in [("insert", "x.near", "new.fbin"), ("compact", "x.near"), ("compact", "x.near", "-o", "x.near")]:
            self.good(*words)
            self.assertEqual(oct(self.mode("x.near")), oct(0o640), words)

    def test_what_is_no_regular_file_is_not_replaced(self):
        os.mkfifo(self.folder / "pipe.npy")
        os.mkdir(self.folder / "folder.npy")
        for name in ("pipe.npy", "folder.npy"):
            self.bad(1, "convert", "rows.fbin", name, "--force", says=(name, "not a regular file"))
        self.assertTrue(stat.S_ISFIFO((self.folder / "pipe.npy").stat().st_mode))


class Links(FilesTest):
    def through(self, words):
        """Runs the command, which must say that it worked on the target of its symbolic link."""
        done = self.run_tool(*words)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        self.assertRegex(done.stderr, r"\Anearline: [^\n]+ is a symbolic link: worked on its target, [^\n]+\n\Z")
        return done

    def test_an_output_through_a_link_makes_or_replaces_its_target(self):
        os.mkdir(self.folder / "real")
        for words in self.commands():
            target = self.folder / "real" / words[-1]
            link = self.folder / ("link" + target.suffix)
            for old in (None, b"old"):
                with self.subTest(words=words, old=old):
                    os.symlink(os.path.join("real", words[-1]), link)
                    if old:
                        target.write_bytes(old)
                        if "--force" not in words:
                            self.bad(1, *words[:-1], link.name, says="exists")
                    self.assertIn(words[-1], self.through((*words[:-1], link.name, "--force")).stderr)
                    self.assertTrue(link.is_symlink())
                    self.assertGreater(target.stat().st_size, 3)
                    self.assertEqual(os.listdir(self.folder / "real"), [words[-1]])
                for name in (link, target, self.folder / "all.fbin"):
                    name.unlink(missing_ok=True)

    def test_an_index_behind_links_is_read_and_changed(self):
        os.mkdir(self.folder / "real")
        os.rename(self.folder / "x.near", self.folder / "real" / "x.near")
        os.symlink("real/x.near", self.folder / "first.near")
        os.symlink("first.near", self.folder / "link.near")
        self.put("gone.txt", "1\n2\n")
        for words in [("insert", "link.near", "new.fbin"), ("delete", "link.near", "--ids", "gone.txt"),
                      ("compact", "link.near"), ("compact", "link.near", "-o", "link.near"),
                      ("insert", "link.near", "new.fbin")]:
            self.through(words)
            self.assertTrue((self.folder / "link.near").is_symlink(), words)
            self.assertTrue((self.folder / "first.near").is_symlink(), words)
            self.assertEqual(os.listdir(self.folder / "real"), ["x.near"])
        self.assertIn("link.near -> real/x.near: 318 vectors", self.good("info", "link.near"))
        [info] = self.good_json("info", "link.near", "--json")
        self.assertEqual((info["count"], info["target"]), (318, "real/x.near"))
        self.good("verify", "link.near", "--full")

    def test_links_in_a_circle_are_refused(self):
        os.symlink("b.near", self.folder / "a.near")
        os.symlink("a.near", self.folder / "b.near")
        self.bad(1, "info", "a.near", says="a.near")
        self.bad(1, "insert", "a.near", "new.fbin", says="a.near")
        self.bad(1, "build", "rows.fbin", "-o", "a.near", "--force", says="a.near")


class Leftovers(FilesTest):
    def stopped_command(self):
        """A command that is stopped while it writes, far from its end. One that is done before that is begun anew."""
        self.put("many.fbin", struct.pack("<II", 400_000, 16) + fbin(vectors(4_000, 16))[8:] * 100)
        for _ in range(50):
            process = subprocess.Popen([support.NEARLINE, "convert", "many.fbin", "many.fvecs", "--progress"],
                                       cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self.addCleanup(process.stderr.close)
            process.stderr.readline()
            process.send_signal(signal.SIGSTOP)
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                process.returncode = os.waitstatus_to_exitcode(status)
            elif self.temporary():
                return process
            process.kill()
            process.wait()
            (self.folder / "many.fvecs").unlink(missing_ok=True)
        return self.fail("the command was never seen at work")

    def temporary(self):
        return [name for name in os.listdir(self.folder) if name.startswith(".nearline-")]

    def test_what_a_dead_process_left_is_removed_by_the_next_that_writes_there(self):
        for words in [("convert", "rows.fbin", "rows.fvecs", "--force"), ("insert", "x.near", "new.fbin")]:
            with self.subTest(words):
                process = self.stopped_command()
                held = self.temporary()
                self.assertEqual(len(held), 1)
                self.good(*words)  # the process lives
                self.assertEqual(self.temporary(), held)
                process.kill()
                process.wait()
                self.put(".nearline-1-x.tmp", "somebody's")
                self.good(*words)
                self.assertEqual(self.temporary(), [".nearline-1-x.tmp"])
                os.remove(self.folder / ".nearline-1-x.tmp")
                self.assertFalse((self.folder / "many.fvecs").exists())

    def test_any_request_to_end_leaves_nothing(self):
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process = self.stopped_command()
                self.assertEqual(len(self.temporary()), 1)
                process.send_signal(number)
                process.send_signal(signal.SIGCONT)
                said = process.stderr.read().decode().splitlines()[-1]
                self.assertEqual((process.wait(), self.temporary()), (128 + number, []))
                self.assertRegex(said, r"\Anearline: ")

    def test_what_was_told_to_ignore_a_hang_up_goes_on(self):
        self.put("many.fbin", fbin(vectors(20_000, 16)))
        process = subprocess.Popen([support.NEARLINE, "convert", "many.fbin", "many.fvecs", "--progress"],
                                   cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.addCleanup(process.stderr.close)
        process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        process.stderr.read()
        self.assertEqual(process.wait(), 0)


if __name__ == "__main__":
    support.main()
