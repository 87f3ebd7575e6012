# SPDX-License-Identifier: Apache-2.0
"""A memory bound is a cap: builds, searches and evaluations run where the kernel kills what takes more than the bound
and a fixed allowance for the process around it."""
import json
import random
import re
import signal
import struct

import support
from memory_cap import run_capped
from support import CliTest

ALLOWANCE = 4 << 20  # the program itself, its queries and answers, what the allocator keeps of freed memory
MIB = 1 << 20
ROWS, DIM = 24_000, 128


def clusters(rows, dim, seed):
    """u8 rows around 200 centres; a row is one sum of large integers, whose bytes do not overflow."""
    draw = random.Random(seed)
    centers = [int.from_bytes(bytes(draw.randrange(16, 208) for _ in range(dim)), "little") for _ in range(200)]
    spread = int.from_bytes(b"\x2f" * dim, "little")
    return struct.pack("<II", rows, dim) + b"".join(
        (draw.choice(centers) + (int.from_bytes(draw.randbytes(dim), "little") & spread)).to_bytes(dim, "little")
        for _ in range(rows))


class Budget(CliTest):
    def setUp(self):
        super().setUp()
        self.put("x.u8bin", clusters(ROWS, DIM, 1))
        self.good("convert", "x.u8bin", "x.fbin")

    def capped(self, budget, *words):
        """Runs a command that must live within its budget; returns the object that it prints."""
        words = [support.NEARLINE, *map(str, words), "--memory", str(budget), "--json"]
        done, keeper = run_capped(words, budget + ALLOWANCE, cwd=self.folder, timeout=250)
        self.assertEqual((done.returncode, done.stderr), (0, ""), (budget, keeper, words))
        return json.loads(done.stdout.splitlines()[-1])

    def least(self, *words):
        """The smallest budget that a refusal names."""
        return int(re.search(r"at least (\d+)", self.bad(1, *words, "--memory", "1").stderr)[1])

    def build(self, budget, name, *words):
        return self.capped(budget, "build", "x.fbin", "-o", name, "--threads", "2", *words)

    def test_builds_and_searches_keep_to_their_bounds(self):
        with self.subTest("what takes more than the cap is killed"):
            words = [support.NEARLINE, "build", "x.fbin", "-o", "killed.near", "--no-calibrate"]
            done, keeper = run_capped(words, 4 * MIB + ALLOWANCE, cwd=self.folder, timeout=250)
            print("capped by", keeper, "- status", done.returncode)
            self.assertNotEqual(done.returncode, 0)
            if keeper == "cgroup":
                self.assertEqual(done.returncode, -signal.SIGKILL)
            self.assertFalse((self.folder / "killed.near").exists())
        shape = ["--count", ROWS, "--dim", DIM, "--type", "f32", "--threads", "2"]
        [estimate] = self.good_json("estimate", *shape, "--json")
        with self.subTest("a build in one part, in what was estimated"):
            whole = self.build(estimate["build_memory_bytes"], "whole.near")
            self.assertEqual(whole["partitions"], 1)
        with self.subTest("a build in parts, in the least that is possible"):
            least = self.least("build", "x.fbin", "-o", "parts.near")
            self.assertEqual(least, estimate["least_build_memory_bytes"])
            self.assertGreater(self.build(least, "parts.near")["partitions"], 1)
        self.put("q.u8bin", clusters(200, DIM, 1)[:8 + 200 * DIM])
        self.good("convert", "q.u8bin", "q.fbin")
        self.good("truth", "x.fbin", "q.fbin", "-k", "100", "-o", "truth.ibin")
        for mode in ["mapped", "direct", "pread"]:
            for rank in ["exact", "codes"]:
                how = ["--io", mode, "--rank", rank, "--threads", "2"]
                least = self.least("search", "whole.near", "q.fbin", "-k", "10", *how)
                for budget in [least, 4 * least]:
                    with self.subTest(mode=mode, rank=rank, budget=budget):
                        self.capped(budget, "search", "whole.near", "q.fbin", "-k", "10", "-L", "400", *how)
                with self.subTest(mode=mode, rank=rank, budget="16M", walks="long"):
                    got = self.capped(16 * MIB, "eval", "whole.near", "q.fbin", "--truth", "truth.ibin", "-k", "100",
                                      "-L", "100,2000", *how)
                    self.assertGreater(got["recall"], 0.98)

    def test_changes_and_compactions_keep_to_their_bounds(self):
        self.good("build", "x.u8bin", "-o", "x.near", "--no-calibrate")
        self.put("ids.txt", "".join(f"{ROWS + row}\n" for row in range(ROWS)).encode())
        for budget in [24 * MIB, 64 * MIB]:
            with self.subTest(budget=budget):
                got = self.capped(budget, "insert", "x.near", "x.u8bin", "--ids", "ids.txt", "--upsert", "--commit-every",
                                  "6000", "--threads", "2")
                self.assertEqual(got["count"], 2 * ROWS)
                self.capped(budget, "compact", "x.near", "--threads", "2")
                self.capped(budget, "compact", "x.near", "-o", "y.near", "--force", "--threads", "2")

    def test_fused_pages_are_built_and_searched_within_their_bounds(self):
        shape = ["--count", ROWS, "--dim", DIM, "--type", "f32", "--threads", "2", "--layout", "fused"]
        [estimate] = self.good_json("estimate", *shape, "--json")
        self.build(estimate["build_memory_bytes"], "fused.near", "--layout", "fused")
        self.put("q.u8bin", clusters(200, DIM, 1)[:8 + 200 * DIM])
        self.good("convert", "q.u8bin", "q.fbin")
        for mode in ["direct", "pread"]:
            how = ["--io", mode, "--threads", "2", "-k", "10"]
            least = self.least("search", "fused.near", "q.fbin", *how)
            with self.subTest(mode=mode, budget=least):
                self.capped(least, "search", "fused.near", "q.fbin", "-L", "400", *how)

    def test_a_walk_that_the_bound_has_no_room_for_is_refused(self):
        self.good("build", "x.u8bin", "-o", "x.near", "--no-calibrate", "--l-build", "32", "--code-bytes", "0")
        least = self.least("search", "x.near", "x.u8bin", "-k", "10", "--io", "pread", "--threads", "1")
        self.bad(1, "search", "x.near", "x.u8bin", "-k", "10", "-L", "20000", "--io", "pread", "--threads", "1",
                 "--memory", least, says="room for shorter walks only")


if __name__ == "__main__":
    support.main()
