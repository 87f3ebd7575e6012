# SPDX-License-Identifier: Apache-2.0
"""Files from Python: vectors, neighbours, ids, brute force, checks and rescue; and how errors look there."""
import os
import pathlib
import pickle
import unittest

import numpy as np
from support import Case, line

import nearline


class Files(Case):
    def test_vectors_come_back(self):
        for name, dtype in (("v.fbin", np.float32), ("v.hbin", np.float16), ("v.u8bin", np.uint8), ("v.i8bin", np.int8),
                            ("v.npy", np.float32)):
            nearline.write_vectors(name, line(100).astype(dtype))
            file = nearline.VectorFile(pathlib.Path(name))
            self.assertEqual((len(file), file.dim, file.shape), (100, 8, (100, 8)))
            self.assertEqual(file.read(10, 2).tolist(), line(100)[10:12].tolist())
            self.assertEqual((nearline.read_vectors(name).dtype, nearline.read_vectors(name, 98).shape), (dtype, (2, 8)))
        bits = np.random.default_rng(1).random((20, 12)) > 0.5
        nearline.write_vectors("v.bbin", bits)
        self.assertEqual((nearline.VectorFile("v.bbin").dtype, nearline.VectorFile("v.bbin").dim), ("b1", 12))
        self.assertEqual(nearline.read_vectors("v.bbin").tolist(), np.packbits(bits, 1, "little").tolist())
        self.assertEqual(nearline.convert_vectors("v.fbin", "w.fvecs"), 100)
        self.assertEqual(np.load("v.npy").tolist(), line(100).tolist())

    def test_rows_beyond_the_end_are_refused(self):
        nearline.write_vectors("v.fbin", line(10))
        self.fails(nearline.InvalidArgumentError, "first of 11", nearline.read_vectors, "v.fbin", 11)
        self.fails(nearline.InvalidArgumentError, "count of 6", nearline.read_vectors, "v.fbin", 5, 6)

    def test_brute_force_and_its_files(self):
        nearline.write_vectors("v.fbin", line(50))
        table = nearline.exact_neighbors("v.fbin", "v.fbin", 3)
        self.assertEqual(table.ids[10].tolist(), [10, 9, 11])
        self.assertEqual(table.distances[10].tolist(), [0, 8, 8])
        nearline.write_neighbors("t.ibin", *table)
        again = nearline.read_neighbors("t.ibin")
        self.assertEqual((again.ids.tolist(), again.distances.tolist()), (table.ids.tolist(), table.distances.tolist()))
        nearline.write_neighbors("t.ivecs", table.ids)
        self.assertIsNone(nearline.read_neighbors("t.ivecs").distances)
        with self.index(line(50)) as index:
            self.assertEqual(index.evaluate(line(50), "t.ibin", k=3).recall, 1)
            self.fails(nearline.InvalidArgumentError, "at least 10", index.evaluate, line(50), "t.ibin")
        self.fails(nearline.InvalidArgumentError, "shape", nearline.write_neighbors, "x.ibin", table.ids[0])
        self.fails(nearline.InvalidArgumentError, "shape", nearline.write_neighbors, "x.ibin", table.ids, [1])

    def test_ids_and_profiles(self):
        nearline.write_ids("ids.txt", [5, 7])
        self.assertEqual(nearline.read_ids("ids.txt").tolist(), [5, 7])
        nearline.write_vectors("v.fbin", line(50))
        found = nearline.profile("v.fbin")
        self.assertEqual((found.rows, found.zero_vectors, found.first_invalid_row), (50, 1, None))
        self.assertTrue(found.advice)

    def test_damage_is_found_and_the_rest_saved(self):
        self.index(line(5000), calibrate=False).close()
        self.assertEqual(nearline.verify("test.near", full=True).findings, [])
        data = bytearray(pathlib.Path("test.near").read_bytes())
        data[len(data) // 3] ^= 1
        pathlib.Path("bad.near").write_bytes(data)
        report = nearline.verify("bad.near", full=True)
        self.assertEqual(report.finding_count, len(report.findings))
        self.assertGreater(report.finding_count, 0)
        saved = nearline.salvage("bad.near", "saved.near")
        self.assertEqual((saved.saved + saved.lost, saved.complete, saved.lost_bytes[0][2]), (5000, False, saved.lost))
        with nearline.open("bad.near", io="pread") as index:
            error = self.fails(nearline.CorruptError, "bad.near", index.for_each, lambda ids, vectors: None)
            self.assertEqual((error.code, os.path.basename(error.file)), ("corrupt", "bad.near"))
            self.assertEqual(error.offset % 4096, 0)


class Errors(Case):
    def test_they_are_what_python_would_raise(self):
        error = self.fails(FileNotFoundError, "nowhere.near", nearline.open, "nowhere.near")
        self.assertEqual((type(error), error.code, error.errno), (nearline.NotFoundError, "not_found", 2))
        self.assertEqual(os.path.basename(error.file), "nowhere.near")
        self.fails(FileNotFoundError, "nowhere.fbin", nearline.build, "x.near", "nowhere.fbin")
        self.index(line(3)).close()
        self.fails(FileExistsError, "test.near", nearline.build, "test.near", line(3))
        pathlib.Path("junk.near").write_text("not an index", encoding="utf-8")
        self.fails(nearline.NotAnIndexError, "junk.near", nearline.open, "junk.near")
        self.fails(ValueError, "zero bytes", nearline.open, "a\0b")
        self.fails(TypeError, "int", nearline.open, 7)
        if os.getuid() != 0:
            os.chmod("test.near", 0)
            self.fails(PermissionError, "test.near", nearline.open, "test.near")

    def test_all_have_one_base_and_can_be_sent(self):
        kinds = [kind for kind in vars(nearline).values() if isinstance(kind, type) and issubclass(kind, Exception)]
        self.assertGreater(len(kinds), 15)
        self.assertEqual([kind for kind in kinds if not issubclass(kind, nearline.Error)], [])
        error = self.fails(nearline.Error, "nowhere.near", nearline.open, "nowhere.near")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), str(again), again.code, again.file), (type(error), str(error), error.code, error.file))

    def test_names_need_not_be_utf8(self):
        name = os.fsdecode(b"caf\xe9.near")
        nearline.build(name, line(3))
        with nearline.open(name) as index:
            self.assertEqual(os.fsencode(os.path.basename(index.path)), b"caf\xe9.near")
        self.fails(FileNotFoundError, "caf", nearline.open, b"no caf\xe9.near")


if __name__ == "__main__":
    unittest.main()
