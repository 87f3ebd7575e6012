# SPDX-License-Identifier: Apache-2.0
"""Inputs that do not hold what they say: exit status 1, one line, nothing left behind."""
import os
import struct

import support
from support import CliTest, counted, fbin, fvecs, ibin, npy, u8bin, vectors

ROWS = vectors(20, 4)


class BadInput(CliTest):
    def refused(self, name, content, says):
        """The file is refused by every command that reads vectors, with the same words."""
        self.put(name, content)
        out = "out.bbin" if name.endswith(".bbin") else "out.npy"
        for words in [("build", name, "-o", "out.near"), ("profile", name), ("convert", name, out),
                      ("truth", name, name, "-k", "1", "-o", "out.ibin")]:
            self.bad(1, *words, says=(f"nearline: {name}: ", says))

    def test_headers_that_do_not_fit_the_length(self):
        body = fbin(ROWS)
        for name, content, says in [
            ("more_rows.fbin", struct.pack("<I", 21) + body[4:], "expected 344 bytes, found 328"),
            ("fewer_rows.fbin", struct.pack("<I", 19) + body[4:], "expected 312 bytes, found 328"),
            ("trailing.fbin", body + b"\0", "expected 328 bytes, found 329"),
            ("short.fbin", body[:-1], "expected 328 bytes, found 327"),
            ("huge.fbin", counted(0xFFFFFFFF, 65535, b""), "4294967295 rows of 65535 f32"),
            ("huge.npy", npy("<f4", f"({1 << 63}, 65535)", b""), "more than 2^64"),
            ("no_dim.fbin", counted(5, 0, b""), "dimension (at byte 4): expected 1 to 65535, found 0"),
            ("wide.u8bin", counted(1, 65536, bytes(65536)), "found 65536"),
            ("half_header.fbin", b"\1\0\0", "expected at least 8 bytes, found 3"),
            ("empty.fbin", b"", "expected at least 8 bytes, found 0"),
            ("empty.fvecs", b"", "expected at least 4 bytes, found 0"),
            ("odd.fvecs", fvecs(ROWS)[:-2], "expected a multiple of 20 bytes, found 398"),
            ("wild.fvecs", b"\xff" * 64, "found 4294967295"),
            ("bits.bbin", counted(2, 9, b"\0\1\0\4"), "row 1 (at byte 11): expected zero bits behind the last component"),
        ]:
            with self.subTest(name):
                self.refused(name, content, says)

    def test_a_row_whose_own_dimension_differs_is_named(self):
        rows = bytearray(fvecs(ROWS))
        rows[3 * 20] = 5
        self.refused("rows.fvecs", bytes(rows), "dimension of row 3 (at byte 60): expected 4 as in row 0, found 5")

    def test_numpy_files_that_are_not_plain_tables(self):
        body = bytes(4 * 6)
        good = npy("<f4", "(2, 3)", body)
        for name, content, says in [
            ("long_double", npy("<f16", "(2, 3)", body * 4), "expected <f4, <f2, <f8, |u1 or |i1, found <f16"),
            ("double", npy("<f8", "(2, 3)", body), "2 rows of 3 f64 (at byte 0): expected 176 bytes, found 152"),
            ("big_endian", npy(">f4", "(2, 3)", body), "found >f4"),
            ("order", npy("<f4", "(2, 3)", body, order="Maybe"), "fortran_order (at byte 43): expected True or False"),
            ("fortran", npy("<f4", "(2, 3)", body[:-1], order="True"), "expected 152 bytes, found 151"),
            ("cube", npy("<f4", "(1, 2, 3)", body), "expected one or two sizes, found more"),
            ("scalar", npy("<f4", "()", body[:4]), "expected one or two sizes, found none"),
            ("no_dim", npy("<f4", "(2, 0)", b""), "dimension (at byte 59): expected 1 to 65535, found 0"),
            ("negative", npy("<f4", "(2, -3)", body), "expected a number"),
            ("too_big", npy("<f4", f"(2, {1 << 70})", body), "below 2^64"),
            ("version_9", good[:6] + b"\x09" + good[7:], "version (at byte 6): expected 1.0, 2.0 or 3.0, found 9.0"),
            ("text", b"not numpy at all", "expected \\x93NUMPY"),
            ("long", good[:8] + b"\xff\xff" + good[10:], "length (at byte 8): expected at most"),
            ("twice", good.replace(b"fortran_order", b"descr'        ", 1), "NumPy header"),
            ("code", good.replace(b"'<f4'", b"f()  ", 1), "expected a quoted word"),
            ("short", good[:-1], "found 151"),
            ("trailing", good + b"\0", "found 153"),
        ]:
            with self.subTest(name):
                self.refused(name + ".npy", content, says)

    def test_names_say_what_a_file_holds(self):
        self.refused("rows.dat", fbin(ROWS), "extension: expected .fbin")
        self.refused("rows", fbin(ROWS), "found none")
        self.put("ids.ivecs", struct.pack("<II", 1, 7))
        self.bad(1, "build", "ids.ivecs", "-o", "x.near", says="holds ids: expected a file of vectors")

    def test_values_that_have_no_place_name_their_row(self):
        for value, name in [(float("nan"), "nan"), (float("inf"), "inf"), (float("-inf"), "minus_inf")]:
            rows = [list(row) for row in ROWS]
            rows[17][2] = value
            self.put(f"{name}.fbin", fbin(rows))
            with self.subTest(name):
                self.bad(1, "build", f"{name}.fbin", "-o", "x.near", says=(f"{name}.fbin", "17"))
                self.bad(1, "truth", f"{name}.fbin", f"{name}.fbin", "-k", "1", "-o", "x.ibin", says="17")
        rows = [list(row) for row in ROWS]
        rows[11] = [0.0] * 4
        self.put("zero.fbin", fbin(rows))
        self.bad(1, "build", "zero.fbin", "-o", "x.near", "--metric", "cosine", says=("zero.fbin", "11"))
        self.good("build", "zero.fbin", "-o", "x.near", "--metric", "l2")

    def test_a_type_that_does_not_hold_the_values_is_refused(self):
        self.put("rows.fbin", fbin(ROWS))
        self.bad(1, "build", "rows.fbin", "-o", "x.near", "--type", "u8", says="rows.fbin")
        self.bad(1, "build", "rows.fbin", "-o", "x.near", "--type", "b1", says="rows.fbin")
        self.bad(1, "build", "rows.fbin", "-o", "x.near", "--metric", "hamming", says="metric hamming")

    def test_ids_must_be_one_for_each_row_and_differ(self):
        self.put("rows.fbin", fbin(ROWS))
        for name, content, says in [
            ("few.txt", "1\n2\n", "ids: expected 20, one for each row of the vectors, found 2"),
            ("word.txt", "1\ntwo\n3\n", "line 2 (at byte 2): expected a number"),
            ("minus.txt", "-1\n", "line 1 (at byte 0): expected a number"),
            ("big.txt", "18446744073709551616\n", "line 1 (at byte 0): expected a number"),
            ("reserved.txt", "18446744073709551615\n", "id of row 0"),
            ("twice.txt", "7\n" * 20, "7"),
            ("count.u64bin", counted(21, 1, bytes(160)), "expected 176 bytes, found 168"),
            ("pairs.u64bin", counted(10, 2, bytes(160)), "ids a row (at byte 4): expected 1, found 2"),
            ("empty.u64bin", b"", "expected at least 8 bytes, found 0"),
            ("few.npy", npy("<i8", "(2,)", bytes(16)), "ids: expected 20"),
            ("minus.npy", npy("<i4", "(3,)", struct.pack("<3i", 1, 2, -1)),
             "id of row 2 (at byte 136): expected 0 or more"),
            ("floats.npy", npy("<f4", "(20,)", bytes(80)), "expected <u8, <i8, <u4 or <i4, found <f4"),
            ("table.npy", npy("<u8", "(10, 2)", bytes(160)), "expected one row or one column of ids, found 10 x 2"),
            ("reserved.npy", npy("<u8", "(1,)", b"\xff" * 8), "id of row 0"),
        ]:
            self.put(name, content)
            with self.subTest(name):
                self.bad(1, "build", "rows.fbin", "-o", "x.near", "--ids", name, says=says)

    def test_queries_must_fit_the_index(self):
        index = self.index(rows=30, dim=4)
        self.put("narrow.fbin", fbin(vectors(2, 3)))
        self.bad(1, "search", index, "narrow.fbin", says=("narrow.fbin", "expected 4", "found 3"))
        self.put("bytes.u8bin", u8bin([[1, 2, 3, 4]]))
        self.bad(1, "search", index, "bytes.u8bin", says=("bytes.u8bin", "u8", "f32"))
        self.put("queries.fbin", fbin(vectors(2, 4)))
        self.bad(1, "search", index, "queries.fbin", "-k", "65537", says="k of 65537: expected 1 to 65536")
        rows = vectors(300, 4)
        rows[201][0] = float("nan")
        self.put("nan.fbin", fbin(rows))
        for threads in ["1", "2"]:
            self.bad(1, "search", index, "nan.fbin", "--threads", threads, says=("nan.fbin", "query 201 "))
        cosine = self.index("cosine.near", metric="cosine", dim=4)
        self.put("zero.fbin", fbin([[1.0, 0, 0, 0], [0.0, 0, 0, 0]]))
        self.bad(1, "search", cosine, "zero.fbin", says=("zero.fbin", "query 1 "))

    def test_truth_must_fit_the_queries(self):
        index = self.index(rows=30, dim=4)
        self.put("queries.fbin", fbin(vectors(2, 4)))
        for name, content, says in [
            ("one.ibin", ibin([[1] * 10], [[0.0] * 10]), "queries: expected 2"),
            ("few.ibin", ibin([[1, 2]] * 2, [[0.0, 1.0]] * 2), "expected at least k = 10, found 2"),
            ("cut.ibin", ibin([[1] * 10] * 2, [[0.0] * 10] * 2)[:-3], "expected 168 bytes, found 165"),
            ("none.ibin", counted(2, 0, b""), "k (at byte 4): expected at least 1"),
            ("huge.ibin", counted(0xFFFFFFFF, 0xFFFFFFFF, b""), "4294967295 queries of 4294967295"),
            ("odd.ivecs", struct.pack("<IIII", 2, 1, 2, 2), "expected a multiple of 12 bytes, found 16"),
            ("truth.txt", "1 2 3", "expected .ibin, .ibin64, .ivecs or .npy"),
        ]:
            self.put(name, content)
            with self.subTest(name):
                self.bad(1, "eval", index, "queries.fbin", "--truth", name, says=(name, says))

    def test_k_of_truth_has_a_bound(self):
        self.put("rows.fbin", fbin(ROWS))
        self.bad(1, "truth", "rows.fbin", "rows.fbin", "-k", "65537", "-o", "t.ibin", says="k of 65537: expected 1 to 65536")

    def test_missing_files_and_folders_are_named(self):
        self.bad(1, "build", "none.fbin", "-o", "x.near", says="none.fbin")
        self.bad(1, "search", "none.near", "none.fbin", says="none.near")
        os.mkdir(self.folder / "folder.fbin")
        self.bad(1, "build", "folder.fbin", "-o", "x.near", says="folder.fbin")
        self.bad(1, "info", "folder.fbin", says="folder.fbin")

    def test_an_input_of_no_rows_makes_an_index_of_no_records(self):
        self.put("none.fbin", counted(0, 4, b""))
        self.good("build", "none.fbin", "-o", "none.near")
        [info] = self.good_json("info", "none.near", "--json")
        self.assertEqual((info["count"], info["dim"]), (0, 4))
        self.good("verify", "none.near", "--full")
        self.put("queries.fbin", fbin(vectors(1, 4)))
        [found] = self.good_json("search", "none.near", "queries.fbin", "-k", "3", "--json")
        self.assertEqual((found["count"], found["ids"], found["distances"]), (0, [], []))
        self.assertEqual(len(self.good("search", "none.near", "queries.fbin").splitlines()), 1)


if __name__ == "__main__":
    support.main()
