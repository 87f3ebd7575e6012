# SPDX-License-Identifier: Apache-2.0
"""convert: values keep their meaning, or the row that cannot is named."""
import struct

import support
from support import CliTest, fbin, fvecs, hbin, ibin, npy, u8bin, vectors

ROWS = vectors(30, 5)
BYTES = [[(7 * row + column) % 256 for column in range(5)] for row in range(30)]


class Convert(CliTest):
    def converted(self, name, content, out):
        self.put(name, content)
        self.assertEqual(self.good("convert", name, out, "--force"), f"{out}: 30 rows\n")
        return (self.folder / out).read_bytes()

    def test_every_form_of_vectors_goes_through_fbin_and_back(self):
        floats = b"".join(struct.pack("<5f", *row) for row in ROWS)
        for name, content in [("a.fbin", fbin(ROWS)), ("b.fvecs", fvecs(ROWS)), ("c.hbin", hbin(ROWS)),
                              ("d.npy", npy("<f4", "(30, 5)", floats)), ("e.npy", npy("<f4", "(30, 5)", floats, version=2))]:
            with self.subTest(name):
                self.assertEqual(self.converted(name, content, "out.fbin"), fbin(ROWS))
                back = "back" + name[1:]
                again = self.converted("out.fbin", fbin(ROWS), back)
                if name.endswith("bin") or name.endswith("vecs"):
                    self.assertEqual(again, content)
                self.assertEqual(self.converted(back, again, "out.fbin"), fbin(ROWS))

    def test_bytes_become_floats_and_floats_that_are_bytes_come_back(self):
        as_floats = [[float(value) for value in row] for row in BYTES]
        self.assertEqual(self.converted("a.u8bin", u8bin(BYTES), "a.fbin"), fbin(as_floats))
        self.assertEqual(self.converted("a.fbin", fbin(as_floats), "b.u8bin"), u8bin(BYTES))
        self.assertEqual(self.converted("a.u8bin", u8bin(BYTES), "a.hbin"), hbin(as_floats))
        bvecs = b"".join(struct.pack("<I", 5) + bytes(row) for row in BYTES)
        self.assertEqual(self.converted("a.bvecs", bvecs, "c.u8bin"), u8bin(BYTES))
        self.assertEqual(self.converted("a.u8bin", u8bin(BYTES), "d.bvecs"), bvecs)

    def test_numpy_output_is_what_numpy_writes(self):
        raw = self.converted("a.u8bin", u8bin(BYTES), "a.npy")
        self.assertEqual(raw[:8], b"\x93NUMPY\1\0")
        header = raw[10:128].decode()
        self.assertEqual(eval(header), {"descr": "|u1", "fortran_order": False, "shape": (30, 5)})
        self.assertEqual((len(raw), raw[127:128]), (128 + 150, b"\n"))

    def test_doubles_and_fortran_order_become_rows_of_floats_and_that_is_said(self):
        turned = [value for column in zip(*ROWS) for value in column]
        for name, content, note in [
            ("f8.npy", npy("<f8", "(30, 5)", struct.pack("<150d", *(value for row in ROWS for value in row))),
             "float64, read as f32"),
            ("order.npy", npy("<f4", "(30, 5)", struct.pack("<150f", *turned), order="True"), "Fortran order, read as rows"),
            ("both.npy", npy("<f8", "(30, 5)", struct.pack("<150d", *turned), order="True"),
             "float64 in Fortran order, read as rows of f32"),
        ]:
            self.put(name, content)
            with self.subTest(name):
                done = self.run_tool("convert", name, "out.fbin", "--force")
                self.assertEqual((done.returncode, done.stderr), (0, f"nearline: {name}: note: {note}\n"))
                self.assertEqual((self.folder / "out.fbin").read_bytes(), fbin(ROWS))
                for words in [("build", name, "-o", "x.near", "--force"), ("search", "x.near", name, "-k", "1"),
                              ("insert", "x.near", name), ("profile", name)]:
                    done = self.run_tool(*words)
                    self.assertEqual((done.returncode, done.stderr), (0, f"nearline: {name}: note: {note}\n"), words)
                done = self.run_tool("truth", name, "out.fbin", "-k", "1", "-o", "t.ibin", "--force")
                self.assertEqual(done.stderr, f"nearline: {name}: note: {note}\n")
                self.assertEqual(struct.unpack("<30I", (self.folder / "t.ibin").read_bytes()[8:128]), tuple(range(30)))
        self.put("rows.npy", npy("<f8", "(2, 2)", struct.pack("<4d", 1, 2, 1e39, 4)))
        done = self.run_tool("build", "rows.npy", "-o", "y.near")
        self.assertEqual(done.returncode, 1)
        self.assertIn("rows.npy: row 1 (at byte 144): expected values that fit f32", done.stderr)
        self.assertFalse((self.folder / "y.near").exists())

    def test_ids_and_answers_come_as_numpy_arrays_and_are_taken_as_such(self):
        index = self.index(rows=40, dim=8, ids=",".join(str(2**40 + row) for row in range(40)))
        self.good("export", index, "-o", "out.npy", "--ids-out", "ids.npy")
        raw = (self.folder / "ids.npy").read_bytes()
        self.assertEqual(eval(raw[10:128].decode()), {"descr": "<u8", "fortran_order": False, "shape": (40,)})
        self.assertEqual(struct.unpack("<40Q", raw[128:]), tuple(2**40 + row for row in range(40)))
        self.good("build", "out.npy", "-o", "again.near", "--ids", "ids.npy")
        self.assertEqual((self.folder / "again.near").read_bytes(), (self.folder / index).read_bytes())
        self.put("gone.npy", npy("<i8", "(2, 1)", struct.pack("<2q", 2**40, 2**40 + 39)))
        [said] = self.good_json("delete", "again.near", "--ids", "gone.npy", "--json")
        self.assertEqual((said["deleted"], said["count"]), (2, 38))

        self.put("queries.fbin", fbin(vectors(5, 8, seed=2)))
        found = self.good_json("search", index, "queries.fbin", "-k", "50", "--json")
        self.good("search", index, "queries.fbin", "-k", "50", "-o", "found.npy", "--distances-out", "far.npy")
        raw = (self.folder / "found.npy").read_bytes()
        self.assertEqual(eval(raw[10:128].decode()), {"descr": "<u8", "fortran_order": False, "shape": (5, 50)})
        far = (self.folder / "far.npy").read_bytes()
        self.assertEqual(eval(far[10:128].decode()), {"descr": "<f4", "fortran_order": False, "shape": (5, 50)})
        for query, line in enumerate(found):
            self.assertEqual(struct.unpack_from("<50Q", raw, 128 + 400 * query), (*line["ids"], *[2**64 - 1] * 10))
            self.assertEqual(far[128 + 200 * query:][:200], struct.pack("<50f", *line["distances"], *[float("inf")] * 10))
        self.bad(1, "search", index, "queries.fbin", "--distances-out", "d.npy", says="--distances-out: expected -o")

        self.good("truth", "rows.fbin", "queries.fbin", "-k", "10", "-o", "truth.npy")
        self.good("build", "rows.fbin", "-o", "plain.near")
        for raw in [(self.folder / "truth.npy").read_bytes(),
                    npy("<i8", "(5, 10)", (self.folder / "truth.npy").read_bytes()[128:])]:
            self.put("truth.npy", raw)
            [line] = self.good_json("eval", "plain.near", "queries.fbin", "--truth", "truth.npy", "-L", "40", "--json")
            self.assertEqual(line["recall"], 1.0)
        self.good("convert", "truth.npy", "truth.ibin64")
        self.good("convert", "truth.ibin64", "back.npy")
        self.assertEqual((self.folder / "back.npy").read_bytes()[128:], raw[128:])

    def test_one_dimension_is_one_vector(self):
        self.put("one.npy", npy("<f2", "(3,)", struct.pack("<3e", 1, 2, 3)))
        self.good("convert", "one.npy", "one.fbin")
        self.assertEqual((self.folder / "one.fbin").read_bytes(), fbin([[1, 2, 3]]))

    def test_a_row_that_does_not_fit_is_named(self):
        for out, value in [("x.u8bin", 256.0), ("x.u8bin", -1.0), ("x.u8bin", 0.5), ("x.i8bin", 128.0),
                           ("x.u8bin", float("nan")), ("x.hbin", 70000.0)]:
            rows = [[1.0, 2.0], [3.0, value], [4.0, 5.0]]
            self.put("rows.fbin", fbin(rows))
            with self.subTest(value):
                self.bad(1, "convert", "rows.fbin", out, says=(out, "row 1: expected values that fit"))
        self.put("rows.fbin", fbin([[1.0] * 8]))
        self.bad(1, "convert", "rows.fbin", "x.bbin", says="expected an extension that can hold f32, found .bbin")
        self.bad(1, "convert", "rows.fbin", "x.txt", says="extension: expected .fbin")
        self.bad(1, "convert", "rows.fbin", "x.ibin", says="x.ibin")

    def test_tables_of_neighbours_change_their_form(self):
        ids, distances = [[3, 1, 2], [9, 8, 0xFFFFFFFF]], [[0.0, 1.0, 2.0], [0.5, 0.5, float("inf")]]
        self.put("a.ibin", ibin(ids, distances))
        self.good("convert", "a.ibin", "b.ibin64")
        wide = struct.unpack("<II6Q", (self.folder / "b.ibin64").read_bytes()[:56])
        self.assertEqual(wide, (2, 3, 3, 1, 2, 9, 8, 2**64 - 1))
        self.good("convert", "b.ibin64", "c.ibin")
        self.assertEqual((self.folder / "c.ibin").read_bytes(), ibin(ids, distances))
        self.good("convert", "a.ibin", "d.ivecs")
        self.assertEqual((self.folder / "d.ivecs").read_bytes(), struct.pack("<IiiiIiii", 3, 3, 1, 2, 3, 9, 8, -1))
        self.assertIn("without distances", self.good("convert", "d.ivecs", "e.ibin"))
        self.assertEqual((self.folder / "e.ibin").read_bytes(), ibin(ids, distances)[:32])
        self.put("big.ibin", ibin([[0x80000000]], [[1.0]]))
        self.bad(1, "convert", "big.ibin", "big.ivecs", says="id: expected at most 2147483647 in this form")
        self.put("minus.ivecs", struct.pack("<Ii", 1, -2))
        self.bad(1, "convert", "minus.ivecs", "x.ibin", says=("minus.ivecs", "(at byte 4)"))
        self.bad(1, "convert", "a.ibin", "a.fbin", says="expected .ibin, .ibin64, .ivecs or .npy")


if __name__ == "__main__":
    support.main()
