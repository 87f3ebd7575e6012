# SPDX-License-Identifier: Apache-2.0
"""Indexes that cannot be changed, and commands that are stopped or run out of space: the old state stands."""
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

import support
from support import fbin, vectors, NEARLINE
from writer_world import WriterTest, text_ids


class Trouble(WriterTest):
    """Whatever stops a change leaves the index as it was, and says why in one line."""

    CHANGES = [("insert", "new.fbin"), ("delete", "--ids", "gone.txt"), ("compact",), ("compact", "-o", "dense.near")]

    def setUp(self):
        super().setUp()
        self.put("new.fbin", fbin(vectors(3, 8, 2)))
        self.put("gone.txt", text_ids([1]))

    def each_change(self, status, name, says):
        for command, *rest in self.CHANGES:
            with self.subTest(command=command, rest=rest):
                self.bad(status, command, name, *rest, says=says)

    def test_an_index_that_is_not_there_or_none_is_refused(self):
        self.each_change(1, "none.near", "none.near")
        self.put("text.near", "what is no index " * 1000)
        self.each_change(1, "text.near", "text.near")
        os.mkdir(self.folder / "folder.near")
        self.each_change(1, "folder.near", "folder.near")

    def test_a_cut_index_is_refused_as_damaged(self):
        whole = (self.folder / self.name).read_bytes()
        self.put("cut.near", whole[:-4096])
        self.each_change(2, "cut.near", "cut.near")

    def test_records_that_are_damaged_stop_a_compaction_and_stay_where_they_are(self):
        whole = bytearray((self.folder / self.name).read_bytes())
        whole[8192 + 100] ^= 1  # the first graph page
        self.put("bad.near", bytes(whole))
        self.bad(2, "compact", "bad.near", says=("bad.near", "at byte 8192"))
        self.bad(2, "compact", "bad.near", "-o", "dense.near", says=("bad.near", "at byte 8192"))
        self.bad(2, "compact", "bad.near", "-o", "bad.near", says=("bad.near", "at byte 8192"))

    @unittest.skipIf(os.geteuid() == 0, "root writes where it may not")
    def test_a_read_only_index_is_refused(self):
        os.chmod(self.folder / self.name, 0o444)
        self.each_change(3, self.name, self.name)

    def test_a_second_writer_is_refused_at_once(self):
        self.put("many.fbin", fbin(vectors(20_000, 8, 2)))
        with self.held_by_a_writer("many.fbin"):
            self.each_change(1, self.name, (self.name, "another writer"))
            self.good("info", self.name)  # readers are not kept out
            self.good("snapshot", self.name, "-o", "copy.near")
        self.check_holds()

    def test_a_second_writer_waits_as_long_as_it_is_told(self):
        self.put("many.fbin", fbin(vectors(20_000, 8, 2)))
        with self.held_by_a_writer("many.fbin"):
            self.bad(1, "delete", self.name, "--ids", "1", "--wait", "0.2", says=("another writer", "200 ms", "--wait"))
            with subprocess.Popen([support.NEARLINE, "delete", self.name, "--ids", "1", "--wait", "60"], cwd=self.folder,
                                  stdout=subprocess.DEVNULL) as waits:
                time.sleep(0.3)
                self.assertIsNone(waits.poll())
                os.kill(self.process_that_holds.pid, signal.SIGKILL)
                self.assertEqual(waits.wait(), 0)
        del self.model[1]
        self.check_holds()
        self.bad(1, "compact", self.name, "--wait", "soon", says="--wait")

    def held_by_a_writer(self, rows):
        """A context in which another process is between opening the index and its commit."""
        test = self

        class Held:
            def __enter__(self):
                self.process = subprocess.Popen([support.NEARLINE, "insert", test.name, rows, "--progress"],
                                                cwd=test.folder, text=True, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.PIPE)
                for line in self.process.stderr:
                    if line.startswith("insert "):
                        break
                os.kill(self.process.pid, signal.SIGSTOP)
                test.process_that_holds = self.process

            def __exit__(self, *_):
                self.process.kill()
                self.process.wait()
                self.process.stderr.close()

        return Held()

    def test_a_stopped_insert_leaves_the_old_state(self):
        before = (self.folder / self.name).read_bytes()
        names = sorted(os.listdir(self.folder))
        self.put("many.fbin", fbin(vectors(20_000, 32, 2)))
        wide = self.index("wide.near", rows=60, dim=32)
        for phase, number, status in [("insert", signal.SIGINT, 130), ("link", signal.SIGINT, 130),
                                      ("link", signal.SIGTERM, 143), ("insert", signal.SIGKILL, -9)]:
            with self.subTest(phase=phase, signal=number):
                old = self.good("export", wide, "-o", "old.fbin", "--force")
                process = subprocess.Popen([support.NEARLINE, "insert", wide, "many.fbin", "--progress"],
                                           cwd=self.folder, text=True, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE)
                killer = threading.Timer(120, process.kill)
                killer.start()
                lines = []
                for line in process.stderr:
                    lines.append(line)
                    if line.startswith(phase + " "):
                        process.send_signal(number)
                        break
                lines += process.stderr.readlines()
                self.assertEqual(process.wait(), status, lines[-3:])
                killer.cancel()
                process.stderr.close()
                errors = [line for line in lines if line.startswith("nearline: ")]
                self.assertEqual(len(errors), 0 if number == signal.SIGKILL else 1, errors)
                self.assertEqual(self.good("export", wide, "-o", "old.fbin", "--force"), old)
                [info] = self.good_json("info", wide, "--json")
                self.assertEqual((info["generation"], info["count"]), (1, 60))
        self.assertEqual((self.folder / self.name).read_bytes(), before)
        for name in ["many.fbin", "wide.near", "old.fbin"]:
            os.remove(self.folder / name)
        self.assertEqual(sorted(os.listdir(self.folder)), names)
        self.good("insert", self.name, "new.fbin")

    def mount(self, size):
        """A small file system in a folder `small`, with a copy of the index; skips where that is not allowed."""
        place = self.folder / "small"
        os.mkdir(place)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True,
                          check=False).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", place], check=False)
        shutil.copy(self.folder / self.name, place / "index.near")
        return place

    def test_a_full_disk_leaves_the_old_state_and_space_lets_it_go_on(self):
        place = self.mount("256k")
        before = (place / "index.near").read_bytes()
        for rows, phase in ((8_000, "taking in"), (3_000, "the commit")):
            with self.subTest(phase):
                self.put("many.fbin", fbin(vectors(rows, 8, 2)))
                self.bad(3, "insert", "small/index.near", "many.fbin", says=("small/index.near", "No space left"))
                self.check_holds("small/index.near")
                self.assertEqual((place / "index.near").read_bytes()[:len(before)], before)
        subprocess.run(["mount", "-o", "remount,size=8m", place], check=True)
        self.new_rows(3, range(60, 63))
        self.good("insert", "small/index.near", "new.fbin")
        self.check_holds("small/index.near")

    def test_a_read_only_file_system_is_refused(self):
        place = self.mount("1m")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        self.each_change(1, "small/index.near", "small/index.near")
        self.bad(1, "compact", self.name, "-o", "small/dense.near", says="small")
        self.bad(1, "snapshot", self.name, "-o", "small/copy.near", says="small")
        self.check_holds("small/index.near")


if __name__ == "__main__":
    support.main()
