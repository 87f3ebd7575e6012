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
        self.bad(1, "convert", "a.ibin", "a.fbin", says="expected .ibin, .ibin64 or .ivecs")


if __name__ == "__main__":
    support.main()
