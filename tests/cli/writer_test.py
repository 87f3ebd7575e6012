# SPDX-License-Identifier: Apache-2.0
"""insert, delete, compact, snapshot: what each says, and what search, info, verify and export say afterwards."""
import os
import signal
import struct
import subprocess

import support
from support import fbin, u8bin, vectors, NEARLINE
from writer_world import WriterTest, text_ids

COMMIT_KEYS = ["generation", "count", "segments", "merged_records", "file_bytes", "free_bytes"]


class Insert(WriterTest):
    def test_inserted_records_are_found_by_id_and_by_search(self):
        self.new_rows(10, range(1000, 1010))
        [said] = self.good_json("insert", self.name, "new.fbin", "--ids", "new.txt", "--json")
        self.assertEqual(list(said), ["index", "inserted"] + COMMIT_KEYS)
        self.assertEqual((said["index"], said["inserted"], said["generation"], said["count"], said["segments"]),
                         (self.name, 10, 2, 70, 2))
        self.assertEqual(said["file_bytes"], (self.folder / self.name).stat().st_size)
        info = self.check_holds()
        self.assertEqual((info["generation"], info["segments"], info["deleted"]), (2, 2, 0))

    def test_without_ids_records_follow_the_largest_and_their_ids_are_told(self):
        self.new_rows(5, range(60, 65))
        said = self.good("insert", self.name, "new.fbin")
        self.assertIn("5 inserted; generation 2 holds 65 in 2 segments", said)
        self.assertIn("the new records have ids 60 to 64", said)
        self.check_holds()
        self.put("gone.txt", "64\n")
        self.good("delete", self.name, "--ids", "gone.txt")
        del self.model[64]
        self.new_rows(5, range(65, 70))
        [said] = self.good_json("insert", self.name, "new.fbin", "--commit-every", "2", "--json")
        self.assertEqual((said["first_ids"], said["last_ids"]), ([65], [69]))
        self.put("far.txt", "".join(f"{number}\n" for number in [2**64 - 2, 2**63 - 1, 2**63 + 1, 2**64 - 4, 2**64 - 3]))
        self.good("insert", self.name, "new.fbin", "--ids", "far.txt")
        [said] = self.good_json("insert", self.name, "new.fbin", "--commit-every", "1", "--json")
        self.assertEqual((said["first_ids"], said["last_ids"]), ([2**63, 2**63 + 2], [2**63, 2**63 + 5]))

    def test_an_emptied_index_is_refilled_as_it_was_built(self):
        self.put("rows.fbin", fbin(vectors(60, 8)))
        self.good("build", "rows.fbin", "-o", "fused.near", "--layout", "fused", "-R", "16", "--seed", "5")
        self.put("all.txt", "".join(f"{row}\n" for row in range(60)))
        self.good("delete", "fused.near", "--ids", "all.txt")
        for words in [("compact", "fused.near"), ("compact", "fused.near", "-o", "fused.near", "--force")]:
            [info] = self.good_json("info", "fused.near", "--json")
            self.assertEqual((info["count"], info["layout"], info["build"]["degree"], info["build"]["seed"]),
                             (0, "fused", 16, 5))
            self.good(*words)
        self.assertIn("have ids 60 to 119", self.good("insert", "fused.near", "rows.fbin"))

    def test_upsert_replaces_and_adds(self):
        self.new_rows(6, [3, 100, 7, 59, 101, 0])
        self.bad(1, "insert", self.name, "new.fbin", "--ids", "new.txt", says=("new.fbin", "id 3"))
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt", "--upsert")
        self.assertEqual(self.check_holds()["deleted"], 4)

    def test_commit_every_makes_so_many_commits(self):
        self.new_rows(10, range(60, 70))
        [said] = self.good_json("insert", self.name, "new.fbin", "--commit-every", "4", "--json")
        self.assertEqual((said["inserted"], said["generation"], said["count"]), (10, 4, 70))
        self.check_holds()

    def test_what_was_committed_before_a_bad_row_stays_and_is_said(self):
        rows = vectors(10, 8, 2)
        self.model |= {60 + row: rows[row] for row in range(8)}
        rows[9][3] = float("inf")
        self.put("new.fbin", fbin(rows))
        self.bad(1, "insert", self.name, "new.fbin", "--commit-every", "4",
                 says=("new.fbin", "vector 1 holds", "behind 8 rows that are committed"))
        self.check_holds()

    def test_bad_input_changes_nothing(self):
        before = (self.folder / self.name).read_bytes()
        self.put("new.fbin", fbin(vectors(3, 8, 2)))
        self.put("twice.txt", text_ids([100, 101, 100]))
        self.put("held.txt", text_ids([100, 59, 101]))
        self.put("few.txt", text_ids([100, 101]))
        self.put("last.txt", text_ids([100, 101, 2**64 - 1]))
        self.put("wide.fbin", fbin(vectors(3, 9)))
        self.put("bytes.u8bin", u8bin([[1] * 8] * 3))
        self.put("nan.fbin", fbin(vectors(2, 8) + [[float("nan")] * 8]))
        for words, says in [
            (("new.fbin", "--ids", "twice.txt"), "id 100"),
            (("new.fbin", "--ids", "held.txt"), "id 59"),
            (("new.fbin", "--ids", "few.txt"), "expected 3"),
            (("new.fbin", "--ids", "last.txt"), ("last.txt", "row 2")),
            (("new.fbin", "--upsert"), "--upsert: expected --ids"),
            (("wide.fbin",), ("dimension 9", "dimension 8")),
            (("nan.fbin",), "vector 2"),
            (("none.fbin",), "none.fbin"),
            (("new.fbin", "--ids", "none.txt"), "none.txt"),
        ]:
            with self.subTest(words):
                self.bad(1, "insert", self.name, *words, says=says)
                self.assertEqual((self.folder / self.name).read_bytes(), before)
        self.good("build", "bytes.u8bin", "-o", "bytes.near")
        self.bad(1, "insert", "bytes.near", "new.fbin", says="new.fbin")

    def test_relaxed_commits_are_durable_when_the_command_ends_however_it_ends(self):
        self.new_rows(55, range(100, 155))
        words = ["insert", self.name, "new.fbin", "--ids", "new.txt", "--commit-every", "10", "--relaxed"]
        [said] = self.good_json(*words, "--json")
        self.assertEqual((said["inserted"], said["generation"], said["count"]), (55, 12, 115))
        self.assertTrue(self.check_holds()["durable"])
        rows = vectors(55, 8, 3)
        self.put("new.fbin", fbin(rows))
        self.put("last.txt", text_ids([*range(200, 254), 100]))  # the last row is refused, behind five commits
        self.bad(1, *words[:3], "--ids", "last.txt", *words[5:], says=("id 100", "50 rows that are committed"))
        self.model |= dict(zip(range(200, 250), rows))
        self.assertTrue(self.check_holds()["durable"])

    def test_the_death_of_a_relaxed_insert_loses_no_commit_and_the_next_command_makes_it_durable(self):
        rows = vectors(20_000, 8, 2)
        self.put("many.fbin", fbin(rows))
        process = subprocess.Popen([support.NEARLINE, "insert", self.name, "many.fbin", "--commit-every", "50",
                                    "--relaxed"], cwd=self.folder, stdout=subprocess.DEVNULL)
        seen = 0
        while seen < 5 and process.poll() is None:
            [info] = self.good_json("info", self.name, "--json")
            seen = info["generation"]
        process.kill()
        self.assertEqual(process.wait(), -signal.SIGKILL)
        [info] = self.good_json("info", self.name, "--json")
        self.assertGreaterEqual(info["generation"], seen)
        self.assertFalse(info["durable"])
        self.assertIn("not durable yet", self.good("info", self.name))
        self.assertEqual((info["count"] - 60) % 50, 0)
        self.model |= dict(zip(range(60, info["count"]), rows))
        self.put("gone.txt", text_ids([7]))
        self.good("delete", self.name, "--ids", "gone.txt")
        del self.model[7]
        self.assertTrue(self.check_holds()["durable"])

    def test_of_an_id_that_upsert_meets_twice_the_last_row_counts(self):
        self.new_rows(3, [5, 6, 5])
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt", "--upsert")
        self.check_holds()

    def test_nothing_to_insert_is_no_commit(self):
        self.put("none.fbin", struct.pack("<II", 0, 8))
        self.assertIn("0 inserted; generation 1", self.good("insert", self.name, "none.fbin"))


class Delete(WriterTest):
    def test_deleted_records_are_gone(self):
        self.put("gone.txt", text_ids([0, 17, 59]))
        [said] = self.good_json("delete", self.name, "--ids", "gone.txt", "--json")
        self.assertEqual(list(said), ["index", "deleted"] + COMMIT_KEYS + ["unknown"])
        self.assertEqual((said["deleted"], said["generation"], said["count"], said["unknown"]), (3, 2, 57, 0))
        for number in (0, 17, 59):
            del self.model[number]
        self.assertEqual(self.check_holds()["deleted"], 3)

    def test_unknown_ids_are_counted_and_refused_when_strict(self):
        self.put("gone.txt", text_ids([1, 60, 2, 1000]))
        self.bad(1, "delete", self.name, "--ids", "gone.txt", "--strict", says=("gone.txt", "2 of 4 ids"))
        self.check_holds()
        text = self.good("delete", self.name, "--ids", "gone.txt")
        self.assertIn("2 deleted; generation 2 holds 58", text)
        self.assertIn("2 ids that no record has", text)
        del self.model[1], self.model[2]
        self.check_holds()
        self.assertIn("4 ids that no record has", self.good("delete", self.name, "--ids", "gone.txt"))

    def test_a_deleted_id_may_be_used_again(self):
        self.put("gone.txt", text_ids([5]))
        self.good("delete", self.name, "--ids", "gone.txt")
        self.new_rows(1, [5])
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt")
        self.check_holds()

    def test_an_index_may_lose_all_its_records(self):
        self.put("gone.txt", text_ids(range(60)))
        [said] = self.good_json("delete", self.name, "--ids", "gone.txt", "--json")
        self.assertEqual(said["count"], 0)
        [info] = self.good_json("info", self.name, "--json")
        self.assertEqual(info["count"], 0)
        self.good("verify", self.name, "--full")
        self.model = {}
        self.new_rows(4, range(4))
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt")
        self.check_holds()


class Compact(WriterTest):
    def setUp(self):
        super().setUp()
        self.new_rows(20, range(100, 120))
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt")
        self.put("gone.txt", text_ids(range(5)))
        self.good("delete", self.name, "--ids", "gone.txt")
        for number in range(5):
            del self.model[number]

    def test_in_place_there_is_one_segment_and_nothing_deleted(self):
        [said] = self.good_json("compact", self.name, "--json")
        self.assertEqual(list(said), ["index", "compacted"] + COMMIT_KEYS)
        self.assertEqual((said["compacted"], said["count"], said["segments"]), (75, 75, 1))
        info = self.check_holds()
        self.assertEqual((info["segments"], info["deleted"]), (1, 0))

    def test_in_place_the_file_becomes_short_again_and_info_tells_what_it_takes(self):
        self.put("many.fbin", fbin(vectors(4_000, 8, 2)))
        self.good("build", "many.fbin", "-o", "many.near")
        self.put("few.txt", text_ids(range(100)))
        self.good("delete", "many.near", "--ids", "few.txt")
        [said] = self.good_json("compact", "many.near", "--json")
        length = (self.folder / "many.near").stat()
        self.good("compact", "many.near", "-o", "dense.near")
        self.assertLess(length.st_size, 1.1 * (self.folder / "dense.near").stat().st_size)
        [info] = self.good_json("info", "many.near", "--json")
        self.assertEqual((said["file_bytes"], info["file_bytes"], info["disk_bytes"]),
                         (length.st_size, length.st_size, 512 * length.st_blocks))
        self.assertIn(f"{info['disk_bytes']} on disk", self.good("info", "many.near"))
        self.assertEqual(info["generation"], said["generation"])
        [verified] = self.good_json("verify", "many.near", "--full", "--json")
        self.assertEqual((verified["ok"], verified["uncommitted_bytes"]), (True, 0))

    def test_a_new_file_is_what_a_build_of_the_same_records_makes(self):
        before = (self.folder / self.name).read_bytes()
        [said] = self.good_json("compact", self.name, "-o", "dense.near", "--json")
        self.assertEqual(list(said), ["index", "count", "file_bytes", "seconds"])
        self.assertEqual((said["index"], said["count"]), ("dense.near", 75))
        self.assertEqual((self.folder / self.name).read_bytes(), before)
        self.check_holds("dense.near")
        self.good("build", "all.fbin", "--ids", "all.u64bin", "-o", "fresh.near")
        self.assertEqual((self.folder / "dense.near").read_bytes(), (self.folder / "fresh.near").read_bytes())
        self.bad(1, "compact", self.name, "-o", "dense.near", says=("dense.near", "exists"))
        self.good("compact", self.name, "-o", "dense.near", "--force")

    def test_the_index_itself_can_be_the_new_file(self):
        long_way = os.path.join("..", self.folder.name, self.name)
        for spelled in (self.name, "./" + self.name, long_way, str(self.folder / self.name)):
            with self.subTest(spelled):
                self.good("compact", self.name, "-o", spelled)
                info = self.check_holds()
                self.assertEqual((info["generation"], info["segments"], info["free_bytes"]), (1, 1, 0))

    def test_a_dry_run_only_says_what_it_would_be_worth(self):
        before = (self.folder / self.name).read_bytes()
        [said] = self.good_json("compact", self.name, "--dry-run", "--json")
        self.assertEqual(list(said), ["index", "file_bytes", "free_bytes", "deleted", "segments", "dense_bytes",
                                      "reclaimable_bytes"])
        self.assertEqual((said["file_bytes"], said["deleted"], said["segments"]), (len(before), 5, 2))
        self.assertIn("5 deleted records in 2 segments", self.good("compact", self.name, "--dry-run"))
        self.assertEqual((self.folder / self.name).read_bytes(), before)

    def test_what_many_commits_left_is_given_back(self):
        for round_ in range(8):
            self.new_rows(20, range(100, 120), seed=round_ + 3)
            self.good("insert", self.name, "new.fbin", "--ids", "new.txt", "--upsert")
        grown = (self.folder / self.name).stat().st_size
        self.good("compact", self.name, "-o", self.name)
        self.assertLess((self.folder / self.name).stat().st_size, grown)
        self.check_holds()


class Snapshot(WriterTest):
    def test_a_snapshot_is_the_commit_and_stays_so(self):
        self.new_rows(10, range(100, 110))
        self.good("insert", self.name, "new.fbin", "--ids", "new.txt")
        held = dict(self.model)
        self.assertIn(f"generation 2 of {self.name}, 70 vectors", self.good("snapshot", self.name, "-o", "copy.near"))
        self.put("gone.txt", text_ids(range(30)))
        self.good("delete", self.name, "--ids", "gone.txt")
        self.model = held
        self.check_holds("copy.near")
        self.bad(1, "snapshot", self.name, "-o", "copy.near", says=("copy.near", "exists"))
        self.bad(1, "snapshot", self.name, "-o", self.name, says=(self.name, "expected another file than INDEX"))

    def test_a_snapshot_can_be_written_to(self):
        self.good("snapshot", self.name, "-o", "copy.near")
        self.new_rows(3, range(60, 63))
        self.good("insert", "copy.near", "new.fbin")
        self.check_holds("copy.near")


if __name__ == "__main__":
    support.main()
