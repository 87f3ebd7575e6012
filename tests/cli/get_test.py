# SPDX-License-Identifier: Apache-2.0
"""get: records by their ids, printed or as a file, and what it says of ids that no record has."""
import struct
import subprocess

import support
from support import CliTest, counted, fbin, u8bin, vectors

ROWS = vectors(60, 8)


class Get(CliTest):
    def test_printed_records_are_those_that_were_built_in_the_order_asked_for(self):
        index = self.index()
        lines = self.good("get", index, "--ids", "17,4,59,4").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["17", "4", "59", "4"])
        for line, row in zip(lines, (17, 4, 59, 4)):
            self.assertEqual([float(value) for value in line.split()[1:]], ROWS[row])
        for line, row in zip(self.good_json("get", index, "--ids", "0,59", "--json"), (0, 59)):
            self.assertEqual(line, {"id": row, "vector": ROWS[row]})

    def test_ids_come_from_a_file_or_standard_input(self):
        index = self.index()
        self.put("ids.txt", "3\n58\n")
        wanted = self.good("get", index, "--ids", "3,58")
        self.assertEqual(self.good("get", index, "--ids", "ids.txt"), wanted)
        done = subprocess.run([support.NEARLINE, "get", index, "--ids", "-"], cwd=self.folder, input="3\n58\n",
                              capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, wanted, ""))

    def test_every_form_of_file_holds_them(self):
        index = self.index()
        self.assertEqual(self.good("get", index, "--ids", "5,2", "-o", "out.fbin"), "out.fbin: 2 rows\n")
        self.assertEqual((self.folder / "out.fbin").read_bytes(), fbin([ROWS[5], ROWS[2]]))
        [said] = self.good_json("get", index, "--ids", "5,2", "-o", "out.npy", "--json")
        self.assertEqual(said, {"output": "out.npy", "rows": 2})
        self.assertEqual((self.folder / "out.npy").read_bytes()[-64:], fbin([ROWS[5], ROWS[2]])[8:])
        self.bad(1, "get", index, "--ids", "5", "-o", "out.npy", says=("out.npy", "--force"))
        self.good("get", index, "--ids", "5", "-o", "out.npy", "--force")
        self.bad(1, "get", index, "--ids", "5", "-o", "out.exe", says="out.exe")

    def test_numbers_of_every_type_are_printed_as_they_are_stored(self):
        self.put("u8.u8bin", u8bin([[0, 255, 7], [1, 2, 3]]))
        self.put("i8.i8bin", counted(2, 3, struct.pack("<6b", -128, 127, 0, 1, -1, 5)))
        self.put("f16.fbin", fbin([[0.5, -2.25, 6e-8], [1.0, 65504.0, -0.0]]))
        self.put("b1.bbin", counted(2, 12, bytes([0xAB, 0x0C, 0x01, 0x00])))
        for file, options, row in [("u8.u8bin", (), [0, 255, 7]), ("i8.i8bin", (), [-128, 127, 0]),
                                   ("f16.fbin", ("--type", "f16"), [0.5, -2.25, 5.96046448e-08]),
                                   ("f16.fbin", ("--type", "bf16"), [0.5, -2.25, 6.00703061e-08])]:
            with self.subTest(file, options=options):
                self.good("build", file, "-o", "x.near", "--force", *options)
                [line] = self.good("get", "x.near", "--ids", "0").splitlines()
                self.assertEqual([float(value) for value in line.split()], [0.0, *row])
                [said] = self.good_json("get", "x.near", "--ids", "0", "--json")
                for found, value in zip(said["vector"], row):
                    self.assertAlmostEqual(found, value, places=12)
        self.good("build", "b1.bbin", "-o", "x.near", "--force", "--metric", "hamming")
        self.assertEqual(self.good("get", "x.near", "--ids", "0,1"), "0 ab0c\n1 0100\n")
        self.assertEqual(self.good_json("get", "x.near", "--ids", "1", "--json"), [{"id": 1, "vector": "0100"}])

    def test_an_id_that_no_record_has_is_an_error_unless_it_may_be_left_out(self):
        index = self.index()
        self.good("delete", index, "--ids", "7")
        self.bad(1, "get", index, "--ids", "3,7,99", says=("--ids: 2 of 3 ids have no record, the first is 7",
                                                          "--skip-missing"))
        self.put("ids.txt", "3\n7\n99\n")
        self.bad(1, "get", index, "--ids", "ids.txt", "-o", "out.fbin", says="ids.txt: 2 of 3 ids have no record")
        done = self.run_tool("get", index, "--ids", "ids.txt", "-o", "out.fbin", "--ids-out", "got.txt", "--skip-missing")
        self.assertEqual((done.returncode, done.stdout), (0, "out.fbin: 1 rows\n"))
        self.assertRegex(done.stderr, r"\Anearline: ids.txt: note: 2 of 3 ids have no record, the first is 7\n\Z")
        self.assertEqual((self.folder / "out.fbin").read_bytes(), fbin([ROWS[3]]))
        self.assertEqual((self.folder / "got.txt").read_text(), "3\n")
        self.bad(1, "get", index, says="--ids")
        self.bad(1, "get", index, "--ids", "1,x", says="1,x")

    def test_a_damaged_block_of_keys_is_told_with_its_place(self):
        self.put("rows.fbin", fbin(ROWS))
        self.put("ids.txt", "".join(f"{row * 3 + 5}\n" for row in range(60)))
        self.good("build", "rows.fbin", "-o", "x.near", "--ids", "ids.txt")
        raw = (self.folder / "x.near").read_bytes()
        keys = raw.index(struct.pack("<3I", 5, 8, 11))
        self.put("bad.near", raw[:keys] + b"\x06" + raw[keys + 1:])
        self.bad(2, "get", "bad.near", "--ids", "8", says=("bad.near", f"at byte {keys}"))
        self.bad(2, "delete", "bad.near", "--ids", "8", says=("bad.near", f"at byte {keys}"))
        self.good("salvage", "bad.near", "-o", "saved.near")
        self.assertEqual(self.good("get", "saved.near", "--ids", "8"), self.good("get", "x.near", "--ids", "8"))

    def test_every_way_of_reading_gives_the_same(self):
        index = self.index(rows=400)
        ids = ",".join(str(row) for row in range(0, 400, 7))
        wanted = self.good("get", index, "--ids", ids)
        for io in ("mapped", "pread", "direct"):
            self.assertEqual(self.good("get", index, "--ids", ids, "--io", io, "--memory", "4M"), wanted)


if __name__ == "__main__":
    support.main()
