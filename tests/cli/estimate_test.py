# SPDX-License-Identifier: Apache-2.0
"""estimate: what it says of files and of the memory of builds is what builds then take, within a tenth."""
import os
import random
import struct
import subprocess

import support
from support import CliTest, counted

# What a process takes besides: the program's own data, stacks, what the allocator keeps of freed memory.
AROUND = 3 << 20


def random_rows(rows, dim, kind):
    """Rows around 100 centres, as bytes of a file of that form."""
    draw = random.Random(1)
    if kind == "b1":
        return counted(rows, dim, draw.randbytes(rows * (dim // 8)))
    centers = [[draw.randrange(20, 90) for _ in range(dim)] for _ in range(100)]
    form = {"u8": "B", "i8": "b", "f16": "e", "f32": "f"}[kind]
    noise = [draw.randrange(0, 30) for _ in range(4096 + dim)]
    body = bytearray()
    for _ in range(rows):
        at = draw.randrange(4096)
        body += struct.pack(f"<{dim}{form}", *map(sum, zip(draw.choice(centers), noise[at:at + dim])))
    return counted(rows, dim, bytes(body))


class Estimate(CliTest):
    def peak_of_build(self, *words):
        """The object that a build prints, and the most private memory that it had."""
        process = subprocess.Popen([support.NEARLINE, "build", *map(str, words), "--json"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        peak = 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                    peak = max([peak] + [int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon")])
            except OSError:
                pass  # it has just ended
        self.assertEqual((process.returncode, process.stderr.read()), (0, b""), words)
        process.stderr.close()
        return peak

    def test_files_and_builds_are_as_estimated(self):
        for kind, extension, rows, dim, more in [("u8", "u8bin", 6000, 96, []), ("f32", "fbin", 16000, 128, []),
                                                 ("f32", "fbin", 6000, 96, ["--code-bytes", "0"]),
                                                 ("f16", "hbin", 3000, 512, []), ("i8", "i8bin", 5000, 7, []),
                                                 ("b1", "bbin", 8000, 256, ["-R", "16"]),
                                                 ("u8", "u8bin", 12000, 96, ["--layout", "fused"]),
                                                 ("f16", "hbin", 3000, 512, ["--layout", "fused"]),
                                                 ("f32", "fbin", 1200, 1500, [])]:
            with self.subTest(kind=kind, rows=rows, dim=dim, more=more):
                self.put("x." + extension, random_rows(rows, dim, kind))
                shape = ["--count", rows, "--dim", dim, "--type", kind, "--threads", "2", *more]
                [said] = self.good_json("estimate", *shape, "--json")
                # Rows of few bytes leave most to buffers, which a small build does not fill.
                least = 0.9 * said["build_memory_bytes"] - 2 * AROUND
                peak = 0
                for _ in range(3):  # who looks from outside on a busy machine can miss the peak
                    if peak <= least:
                        words = ["x." + extension, "-o", "x.near", "--threads", "2", "--force", *more]
                        peak = max(peak, self.peak_of_build(*words))
                found = os.path.getsize(self.folder / "x.near")
                self.assertLess(abs(said["file_bytes"] - found), 0.1 * found, (said, found))
                self.assertLess(peak, 1.1 * said["build_memory_bytes"] + AROUND)
                self.assertGreater(peak, least)


if __name__ == "__main__":
    support.main()
