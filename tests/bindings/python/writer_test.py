# SPDX-License-Identifier: Apache-2.0
"""Changes from Python: the block that commits or abandons, what each call does, and one writer at a time."""
import threading
import unittest

import numpy as np
from support import Case, cloud, line

import nearline


class Writing(Case):
    def test_a_block_commits_at_its_end(self):
        index = self.index(line(100))
        with nearline.writer("test.near") as w:
            self.assertEqual(w.insert(line(2) + 500), (2, 100))
            w.upsert(line(1) + 700, [3])
            w.upsert(line(1)[0] + 800, 4)
            self.assertEqual(w.delete([5, 6, 999]), (2, 1))
            self.assertEqual(w.delete(7), (1, 0))
            self.assertTrue(w.dirty)
            self.assertEqual(len(index), 100)
        self.assertTrue(w.closed)
        self.assertTrue(index.refresh())
        self.assertFalse(index.refresh())
        self.assertEqual(len(index), 99)
        self.assertEqual(index.contains([3, 5, 100, 7]).tolist(), [True, False, True, False])
        self.assertEqual(index.get(3).tolist(), [700] * 8)
        self.assertEqual(index.search(line(1) + 500, k=1).ids.tolist(), [[100]])

    def test_an_exception_abandons(self):
        index = self.index(line(100))
        with self.assertRaises(ZeroDivisionError), nearline.writer("test.near") as w:
            w.delete([5])
            1 / 0
        self.assertTrue(w.closed)
        index.refresh()
        self.assertIn(5, index)
        self.assertEqual(index.info.generation, 1)

    def test_commits_report(self):
        self.index(line(100))
        with nearline.writer("test.near") as w:
            w.delete([5])
            done = w.commit()
            self.assertEqual((done.count, done.generation, done.durable), (99, 2, True))
            w.delete([6])
            self.assertEqual(w.commit(durable=False).count, 98)
            w.delete([8])
            w.abandon()
            self.assertFalse(w.dirty)
            self.assertEqual(w.compact().segments, 1)
            self.assertEqual(w.wait_for_merges().count, 98)
            self.assertEqual(w.compact_to("dense.near"), 98)
        with nearline.open("dense.near") as index:
            self.assertEqual(len(index), 98)

    def test_real_queries_calibrate(self):
        self.index(cloud(3000))
        with nearline.writer("test.near") as w:
            w.calibrate(cloud(200, seed=5))
        with nearline.open("test.near") as index:
            self.assertTrue(index.info.real_queries)

    def test_ids_are_wanted_where_they_are_needed(self):
        self.index(line(100))
        with nearline.writer("test.near") as w:
            error = self.fails(nearline.IdExistsError, "3", w.insert, line(1), [3])
            self.assertEqual((error.code, isinstance(error, ValueError)), ("exists", True))
            self.fails(nearline.InvalidArgumentError, "twice", w.insert, line(2), [200, 200])
            self.fails(nearline.InvalidArgumentError, "2, one for each row", w.upsert, line(2), [200])
            self.fails(nearline.InvalidArgumentError, "dimension", w.insert, line(2, 5))
            self.assertFalse(w.dirty)

    def test_there_is_one_writer(self):
        self.index(line(100))
        with nearline.writer("test.near"):
            self.assertEqual(self.fails(nearline.BusyError, "test.near", nearline.writer, "test.near").code, "busy")
        nearline.writer("test.near").close()

    def test_a_closed_writer_says_so(self):
        self.index(line(100))
        w = nearline.writer("test.near")
        w.close()
        w.close()
        for call in (lambda: w.insert(line(1)), w.commit, lambda: w.delete([1]), w.abandon, lambda: w.dirty):
            self.fails(ValueError, "closed", call)

    def test_threads_take_turns(self):
        self.index(line(100))
        with nearline.writer("test.near") as w:
            threads = [threading.Thread(target=lambda first=first: [
                w.upsert(line(1), [first + i]) for i in range(50)]) for first in range(1000, 5000, 1000)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        with nearline.open("test.near") as index:
            self.assertEqual(len(index), 300)

    def test_a_writer_is_not_called_from_its_own_progress(self):
        self.index(cloud(1500), calibrate=False)
        said = []

        def told(phase, done, total):
            try:
                w.delete([1])
            except nearline.Error as error:
                said.append(str(error))

        with nearline.writer("test.near", progress=told) as w:
            w.upsert(cloud(100), np.arange(100))
            w.compact()
        self.assertIn("its own progress function", said[0])

    def test_progress_that_says_false_cancels(self):
        self.index(cloud(1500), calibrate=False)
        with nearline.writer("test.near", progress=lambda *_: False) as w:
            w.delete([1])
            self.fails(nearline.CancelledError, "cancelled", w.compact)
            w.abandon()


class Reading(Case):
    def test_get_says_which_ids_are_unknown(self):
        index = self.index(line(100))
        error = self.fails(KeyError, "no record has the id 777, nor 1 more", index.get, [3, 777, 888])
        self.assertEqual((type(error), error.code), (nearline.UnknownIdError, "not_found"))
        self.assertEqual(index.get([3, 777], missing="zeros").tolist(), [[3] * 8, [0] * 8])
        self.assertEqual(index.get(3).shape, (8,))
        self.assertEqual(index.get([]).shape, (0, 8))

    def test_for_each_visits_all_in_order(self):
        seen = []
        self.index(line(100), ids=np.arange(100)[::-1]).for_each(lambda ids, vectors: seen.append((ids, vectors)), rows=30)
        self.assertEqual([len(ids) for ids, _ in seen], [30, 30, 30, 10])
        self.assertEqual(np.concatenate([ids for ids, _ in seen]).tolist(), list(range(100)))
        self.assertEqual(np.concatenate([vectors for _, vectors in seen]).tolist(), line(100)[::-1].tolist())

    def test_what_a_visitor_raises_ends_the_call(self):
        seen = []

        def visit(ids, vectors):
            seen.append(ids)
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            self.index(line(100)).for_each(visit, rows=10)
        self.assertEqual(len(seen), 1)

    def test_samples_and_snapshots(self):
        index = self.index(line(100))
        drawn = index.sample_ids(10)
        self.assertEqual((len(set(drawn.tolist())), drawn.tolist()), (10, index.sample_ids(10).tolist()))
        index.snapshot("copy.near")
        self.fails(FileExistsError, "copy.near", index.snapshot, "copy.near")
        index.snapshot("copy.near", replace=True)
        with nearline.open("copy.near") as copy:
            self.assertEqual(len(copy), 100)

    def test_information_has_names(self):
        index = self.index(cloud(3000), metric="cos")
        self.assertEqual((index.info.count, index.info.dim, index.info.metric, index.info.io), (3000, 16, "cosine", "mapped"))
        usage = index.memory_usage()
        self.assertEqual(usage.budget, 16 << 20)
        self.assertLessEqual(usage.total, usage.budget)
        self.assertEqual(index.graph_statistics().degrees.sum(), 3000)
        self.assertIn("3000 x 16 f32, cosine", repr(index))


if __name__ == "__main__":
    unittest.main()
