# SPDX-License-Identifier: Apache-2.0
"""tune: measures on the user's vectors, recommends what it measured, and leaves nothing behind."""
import fcntl
import os
import random
import shlex
import signal
import subprocess

import support
from support import CliTest, fbin, u8bin, vectors

KEYS = ["type", "layout", "code_bytes", "ranking", "L", "recall", "reached", "qps", "reads_per_query",
        "distance_computations", "all_qps", "all_reads_per_query", "file_bytes", "least_memory_bytes", "recommended"]


def descriptors(rows, dim, seed=1):
    """Bytes around 40 centres."""
    draw = random.Random(seed)
    centers = [[draw.randrange(20, 200) for _ in range(dim)] for _ in range(40)]
    return [[c + draw.randrange(0, 50) for c in draw.choice(centers)] for _ in range(rows)]


class Tune(CliTest):
    def test_what_is_recommended_was_measured_and_its_commands_work(self):
        rows = descriptors(3000, 32)
        self.put("x.fbin", fbin(rows))
        before = sorted(os.listdir(self.folder))
        *candidates, summary = self.good_json("tune", "x.fbin", "--memory", "1M", "--recall", "0.9", "--sample", "2000",
                                              "--json")
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        for candidate in candidates:
            self.assertEqual(list(candidate), KEYS)
        self.assertEqual({c["type"] for c in candidates}, {"f32", "f16", "u8"})  # bytes in floats are seen to be bytes
        self.assertIn("codes", {c["ranking"] for c in candidates})
        self.assertEqual({c["layout"] for c in candidates}, {"lean", "fused"})
        [best] = [c for c in candidates if c["recommended"]]
        self.assertGreaterEqual(best["recall"], 0.9)
        self.assertEqual((summary["records"], summary["sample"], summary["queries"]), (3000, 2000, 200))
        self.put("q.fbin", fbin(rows[:20]))
        self.put("q.u8bin", u8bin(rows[:20]))
        query = "q.u8bin" if best["type"] == "u8" else "q.fbin"
        for line in [summary["build"], summary["search"]]:
            words = shlex.split(line.replace("INDEX", "x.near").replace("QUERIES", query))
            self.assertEqual(words[0], "nearline")
            self.good(*words[1:])
        [info] = self.good_json("info", "x.near", "--json")
        self.assertLess(abs(info["file_bytes"] - best["file_bytes"]), 0.1 * info["file_bytes"])

    def test_the_same_seed_measures_the_same(self):
        self.put("x.u8bin", u8bin(descriptors(2500, 16)))
        call = ["tune", "x.u8bin", "--memory", "1M", "--sample", "1000", "--json"]
        steady = ["type", "code_bytes", "ranking", "L", "recall", "distance_computations", "recommended"]
        first, second = ([[line.get(key) for key in steady] for line in self.good_json(*call)] for _ in range(2))
        self.assertEqual(first, second)

    def test_an_index_and_queries_of_ones_own_serve_as_well(self):
        rows = descriptors(2200, 16)
        self.put("x.u8bin", u8bin(rows))
        self.put("q.u8bin", u8bin(rows[:30]))
        self.good("build", "x.u8bin", "-o", "x.near", "--l-build", "32")
        text = self.good("tune", "x.near", "--queries", "q.u8bin", "--recall", "0.8", "--sample", "1500")
        self.assertIn("1500 of 2200 records, 30 queries", text)
        self.assertIn("\nnearline build x.near -o INDEX --metric l2 --type u8", text)

    def test_bad_calls_are_one_line(self):
        self.put("x.fbin", fbin(vectors(2100, 4)))
        self.put("few.fbin", fbin(vectors(100, 4)))
        self.put("other.fbin", fbin(vectors(10, 5)))
        for words, says in [
            (["x.fbin", "--recall", "0"], "above 0 and below 1"),
            (["x.fbin", "--recall", "1"], "above 0 and below 1"),
            (["x.fbin", "--recall", "nan"], "above 0 and below 1"),
            (["x.fbin", "--memory", "17000000T"], "expected a size"),
            (["x.fbin", "--memory", "0"], "needs at least"),
            (["x.fbin", "--memory", "1K"], "needs at least"),
            (["x.fbin", "-k", "0"], "from 1 to 1000"),
            (["x.fbin", "--sample", "5"], "from 1000"),
            (["x.fbin", "--metric", "hamming"], "compares f32"),
            (["few.fbin"], "expected at least 2000"),
            (["x.fbin", "--queries", "other.fbin"], "dimension: expected 4"),
            (["no.fbin"], "no.fbin"),
            (["x.fbin", "--work", "nowhere"], "nowhere"),
            ([], "INPUT is required"),
        ]:
            with self.subTest(words):
                self.bad(1, "tune", *words, says=says)
        self.good("tune", "x.fbin", "--memory", "100T", "--sample", "1000")

    def test_a_recall_that_nothing_reaches_says_what_was_reached(self):
        draw = random.Random(1)
        self.put("x.fbin", fbin([[draw.gauss(0, 1) for _ in range(200)] for _ in range(4000)]))
        self.bad(1, "tune", "x.fbin", "--recall", "0.99999", "--sample", "3800", "-k", "100", says="expected at most 0.")

    def test_what_a_killed_tune_left_is_removed_by_the_next_and_nothing_else(self):
        self.put("x.fbin", fbin(vectors(2500, 4)))
        for name in (".nearline-tune.tmp-dead00", ".nearline-tune.tmp-live00", "nearline-tune-result"):
            os.mkdir(self.folder / name)
            self.put(f"{name}/x.near", "an index")
            os.utime(self.folder / name, (1, 1))
        held = os.open(self.folder / ".nearline-tune.tmp-live00", os.O_RDONLY)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.good("tune", "x.fbin", "--sample", "1000")
        self.assertEqual(sorted(os.listdir(self.folder)),
                         [".nearline-tune.tmp-live00", "nearline-tune-result", "x.fbin"])

    def test_ctrl_c_leaves_nothing(self):
        self.put("x.fbin", fbin(vectors(6000, 24)))
        process = subprocess.Popen([support.NEARLINE, "tune", "x.fbin", "--progress"], cwd=self.folder, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if line.startswith("link "):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        self.assertEqual(process.wait(), 130, rest)
        process.stderr.close()
        self.assertEqual(os.listdir(self.folder), ["x.fbin"])


if __name__ == "__main__":
    support.main()
