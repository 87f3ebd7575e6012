# SPDX-License-Identifier: Apache-2.0
"""Builds and searches from Python: kinds of arrays, shapes, options, and what is refused."""
import pathlib
import unittest
import warnings

import numpy as np
from support import Case, cloud, line

import nearline
from nearline import _arrays


class Search(Case):
    def test_ids_and_distances_have_a_row_for_each_query(self):
        index = self.index(line(100))
        ids, distances = index.search(line(100)[[7, 50]] + np.float32(0.1), k=3)
        self.assertEqual((ids.dtype, distances.dtype), (np.uint64, np.float32))
        self.assertEqual(ids.tolist(), [[7, 8, 6], [50, 51, 49]])
        self.assertTrue((np.diff(distances) > 0).all())

    def test_a_single_query_gets_a_single_row(self):
        found = self.index(line(100)).search(line(100)[7], k=3, stats=True)
        self.assertEqual((found.ids.shape, found.distances.shape, found.counts), ((3,), (3,), 3))
        self.assertEqual(found.stats.dtype.names[0], "hops")
        self.assertGreater(found.stats["distance_computations"][0], 0)
        self.assertEqual(found.expected_recall, 1)

    def test_answers_outlive_the_index(self):
        index = self.index(line(100))
        found = index.search(line(3), k=2)
        index.close()
        del index
        self.assertEqual(found.ids[:, 0].tolist(), [0, 1, 2])

    def test_short_rows_are_padded(self):
        found = self.index(line(3)).search(line(2), k=5)
        self.assertEqual(found.ids[0].tolist(), [0, 1, 2, nearline.NO_ID, nearline.NO_ID])
        self.assertTrue(np.isinf(found.distances[0, 3:]).all())
        self.assertEqual(found.counts.tolist(), [3, 3])

    def test_no_queries_no_answers(self):
        self.assertEqual(self.index(line(30)).search(np.empty((0, 8), np.float32), k=4).ids.shape, (0, 4))

    def test_a_large_batch_is_answered_as_its_parts_are(self):
        index, queries = self.index(cloud(3000), calibrate=False), cloud(1000, seed=2)
        whole = index.search(queries, k=5, stats=True)
        parts = [index.search(queries[at:at + 100], k=5) for at in range(0, 1000, 100)]
        self.assertEqual(whole.ids.tolist(), np.concatenate([part.ids for part in parts]).tolist())
        self.assertEqual((whole.counts.shape, whole.stats.shape), ((1000,), (1000,)))

    def test_an_error_names_the_row_of_the_whole_batch(self):
        queries = cloud(1000)
        queries[900, 3] = np.nan
        self.fails(nearline.BadInputError, "query 900", self.index(cloud(1000)).search, queries)

    def test_recall_decides_how_far_to_walk(self):
        vectors, index = cloud(3000), self.index(cloud(3000))
        truth = index.search(vectors[:200], k=10, exact=True)
        found = index.evaluate(vectors[:200], truth.ids, recall=0.9)
        self.assertGreaterEqual(found.recall, 0.85)
        self.assertEqual(index.evaluate(vectors[:200], tuple(truth), exact=True).recall, 1)
        self.assertLess(index.evaluate(vectors[:200], truth.ids[::-1], exact=True).recall, 0.5)
        self.assertEqual(index.search(vectors[:2], recall=0.9).expected_recall, np.float32(0.9))

    def test_k_above_the_usual_l_needs_no_l(self):
        self.assertEqual(self.index(cloud(3000), calibrate=False).search(cloud(1), k=100).counts.tolist(), [100])


class Kinds(Case):
    def search_itself(self, vectors, **options):
        index = self.index(vectors, replace=True, **options)
        self.assertEqual(index.search(vectors[:5], k=1).ids[:, 0].tolist(), [0, 1, 2, 3, 4])
        return index

    def test_each_type_is_stored_as_it_comes(self):
        for dtype, word in ((np.float32, "f32"), (np.float16, "f16"), (np.int8, "i8"), (np.uint8, "u8")):
            with self.subTest(word):
                index = self.search_itself(line(100).astype(dtype))
                self.assertEqual(index.info.dtype, word)
                self.assertEqual(index.get([7, 3]).dtype, dtype)
                self.assertEqual(index.get([7, 3]).tolist(), line(100)[[7, 3]].tolist())

    def test_bf16_is_uint16_where_it_is_said(self):
        bits = (line(100).view(np.uint32) >> 16).astype(np.uint16)
        index = self.search_itself(bits, dtype="bf16")
        self.assertEqual(index.search(line(5), k=1).ids[:, 0].tolist(), [0, 1, 2, 3, 4])
        self.assertEqual(index.get([9]).tolist(), bits[[9]].tolist())
        self.fails(ValueError, "uint16", nearline.build, "x.near", bits)

    def test_bits_are_bool_or_packed(self):
        bits = np.random.default_rng(1).random((200, 70)) > 0.5
        index = self.search_itself(bits)
        self.assertEqual((index.info.dtype, index.info.dim, index.info.metric), ("b1", 70, "hamming"))
        packed = np.packbits(bits, axis=1, bitorder="little")
        self.assertEqual(index.search(packed[:5], k=1).ids[:, 0].tolist(), [0, 1, 2, 3, 4])
        self.assertEqual(index.get([3, 4]).tolist(), packed[3:5].tolist())
        self.assertEqual(self.search_itself(packed, dtype="b1").info.dim, 72)

    def test_rows_are_used_where_they_lie_and_so_are_answers(self):
        for vectors in (line(100), line(100)[10:20], line(100).astype(np.float16), line(100).astype(np.uint8)):
            self.assertIs(_arrays.rows(vectors, "vectors")[0], vectors)
        one = line(100)[7]
        self.assertTrue(np.shares_memory(_arrays.rows(one, "vectors", single=True)[0], one))
        ids = np.arange(10, dtype=np.uint64)
        self.assertTrue(np.shares_memory(_arrays.ids(ids), ids))
        self.assertFalse(self.index(line(100)).search(line(3)).ids.flags.owndata)

    def test_what_numpy_makes_unasked_is_taken(self):
        for vectors in (line(100).astype(np.float64), line(100).tolist(), np.asfortranarray(line(100)), line(200)[::2] / 2,
                        line(100).astype(">f4"), line(100).astype(np.int64)):
            self.search_itself(vectors, dtype="f32")

    def test_stored_as_asked(self):
        self.assertEqual(self.search_itself(line(100), dtype="f16").info.dtype, "f16")
        index = self.index(line(100), "u8.near", dtype=np.uint8)
        self.assertEqual(index.search(line(5).astype(np.uint8), k=1).ids[:, 0].tolist(), [0, 1, 2, 3, 4])

    def test_wrong_arrays_are_refused_in_words(self):
        index = self.index(line(100))
        for bad, words in ((np.array([["a"]]), "<U1"), (np.array([[None]]), "object"), (line(3)[None], "[1, 3, 8]"),
                           (3, "found shape []"), (line(3).astype(complex), "complex"), (np.full((1, 8), 1e300), "float32"),
                           (line(3, 5), "dimension 5"), (np.zeros((1, 8), np.uint16), "uint16"),
                           (np.full((1, 8), 2**60 + 1), "int64")):
            self.fails(nearline.InvalidArgumentError, words, index.search, bad)
        self.fails(nearline.BadInputError, "NaN", index.search, np.full(8, np.nan))
        self.fails(nearline.InvalidArgumentError, "type f32", self.index(line(50).astype(np.uint8), "u.near").search, line(1))


class Build(Case):
    def test_the_same_input_gives_the_same_file(self):
        vectors, ids = cloud(500), np.arange(500)[::-1]
        self.index(vectors, "a.near", ids=ids, threads=1)
        self.index(vectors[::-1], "b.near", ids=ids[::-1], threads=2)
        self.assertEqual(pathlib.Path("a.near").read_bytes(), pathlib.Path("b.near").read_bytes())

    def test_vectors_come_in_parts_or_from_a_file(self):
        self.index(line(100), "a.near")
        nearline.build("b.near", (line(100)[at:at + 7] for at in range(0, 100, 7)))
        nearline.write_vectors("v.fbin", line(100))
        nearline.build("c.near", pathlib.Path("v.fbin"))
        whole = pathlib.Path("a.near").read_bytes()
        self.assertEqual(whole, pathlib.Path("b.near").read_bytes())
        self.assertEqual(whole, pathlib.Path("c.near").read_bytes())

    def test_an_index_of_nothing_is_one(self):
        index = self.index(np.empty((0, 8), np.float32))
        self.assertEqual((len(index), index.search(line(1)).counts.tolist()), (0, [0]))

    def test_ids_are_any_numbers_of_64_bits(self):
        for ids in ([1, 2**63, 2**64 - 2], np.array([1, 2**63, 2**64 - 2], np.uint64)):
            index = self.index(line(3), ids=ids, replace=True)
            self.assertEqual(index.search(line(3), k=1).ids[:, 0].tolist(), [1, 2**63, 2**64 - 2])
            self.assertEqual(index.contains([0, 1, 2**64 - 2]).tolist(), [False, True, True])
        for ids, words in (([-1, 2**63, 1], "whole numbers from 0"), ([0, 1, 2**64], "whole numbers"), ([0, 1, 2**64 - 1], "id")):
            self.fails(ValueError, words, nearline.build, "x.near", line(3), ids)

    def test_ids_must_be_one_for_each_row(self):
        for ids, words in (([1], "found 1 and at least 100 rows"), ([-1] * 100, "from 0"), (["a"] * 100, "whole numbers"),
                           ([0.5] * 100, "whole numbers"), ([[1]] * 100, "shape [100, 1]"), (range(101), "found 101"),
                           ([7] * 100, "7")):
            self.fails(ValueError, words, nearline.build, "x.near", line(100), ids)
        self.assertFalse(pathlib.Path("x.near").exists())

    def test_options_are_checked_in_words(self):
        for options, words in (({"metric": "l3"}, "l3"), ({"memory": "much"}, "'64M'"), ({"dtype": "f64"}, "f64"),
                               ({"degree": 1}, "degree"), ({"layout": "thick"}, "lean or fused"), ({"threads": -1}, "threads"),
                               ({"seed": -1}, "seed"), ({"memory": -1}, "memory"), ({"metric": "hamming"}, "hamming")):
            self.fails(nearline.InvalidArgumentError, words, nearline.build, "x.near", line(100), **options)
        self.fails(TypeError, "whole number", nearline.build, "x.near", line(100), degree=3.5)
        self.fails(nearline.OverBudgetError, "memory", nearline.build, "x.near", cloud(5000), memory="1M")

    def test_unknown_keywords_name_the_nearest(self):
        index = self.index(line(100))
        self.fails(TypeError, "'recall'", index.search, line(1), recal=0.9)
        self.fails(TypeError, "'metric'", nearline.build, "x.near", line(1), metrik="l2")
        self.fails(TypeError, "'memory'", nearline.open, "test.near", memry="1M")
        self.fails(TypeError, "it has k, recall", index.search, line(1), zzzzz=1)

    def test_names_of_other_engines_are_understood_and_noted_once(self):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            for path in ("a.near", "b.near"):
                nearline.build(path, line(100), M=16, efConstruction=50)
        self.assertEqual([str(note.message) for note in seen],
                         ["nearline calls 'M' 'degree', here 32", "nearline calls 'efConstruction' 'l_build'"])
        self.assertTrue(seen[0].filename.endswith("search_test.py"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with nearline.open("a.near") as index:
                self.assertEqual((index.info.degree, index.info.l_build), (32, 50))
                self.assertEqual(index.search(line(2), k=1, ef=70).ids.tolist(), index.search(line(2), k=1, L=70).ids.tolist())
                self.fails(TypeError, "same option", index.search, line(2), ef=70, L=70)

    def test_estimates_come_close(self):
        found = nearline.estimate(3000, 16)
        self.index(cloud(3000))
        self.assertAlmostEqual(found.file_bytes / pathlib.Path("test.near").stat().st_size, 1, delta=0.15)


if __name__ == "__main__":
    unittest.main()
