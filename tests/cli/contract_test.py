# SPDX-License-Identifier: Apache-2.0
"""What scripts rely on: files, names and JSON keys of the documented contract."""
import struct

import support
from support import CliTest, fbin, vectors

EVAL_KEYS = ["L", "k", "recall", "qps", "mean_us", "p50_us", "p99_us", "reads_per_query", "bytes_per_query",
             "distance_computations", "memory_bytes", "rss_bytes", "io", "threads", "ranking", "code_bytes",
             "resident_code_bytes", "bytes_for_all_codes"]
COMMIT_KEYS = ["generation", "count", "segments", "merged_records", "file_bytes", "free_bytes"]
INFO_KEYS = ["count", "dim", "metric", "type", "layout", "generation", "segments", "deleted", "file_bytes",
             "bytes_per_vector", "build", "format_version"]


class Contract(CliTest):
    def test_build_truth_search_eval_fit_together(self):
        index = self.index(rows=300, dim=8)
        self.put("queries.fbin", fbin(vectors(50, 8, seed=2)))
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "20", "--metric", "l2", "-o", "truth.ibin")
        raw = (self.folder / "truth.ibin").read_bytes()
        self.assertEqual(struct.unpack("<II", raw[:8]), (50, 20))
        self.assertEqual(len(raw), 8 + 50 * 20 * 8)
        lines = self.good_json("eval", index, "queries.fbin", "--truth", "truth.ibin", "-k", "10", "-L", "10,300", "--json")
        self.assertEqual([line["L"] for line in lines], [10, 300])
        for line in lines:
            self.assertEqual(list(line), EVAL_KEYS)
            self.assertEqual((line["k"], line["threads"]), (10, 1))
            self.assertIn(line["io"], ["mapped", "direct", "pread"])
            self.assertGreater(line["distance_computations"], 0)
            self.assertGreater(line["rss_bytes"], 0)
            self.assertLessEqual(line["p50_us"], line["p99_us"])
        self.assertEqual(lines[1]["recall"], 1.0)

    def test_eval_fails_below_a_recall(self):
        index = self.index(rows=300, dim=8)
        self.put("queries.fbin", fbin(vectors(20, 8, seed=2)))
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "10", "-o", "truth.ibin")
        call = ["eval", index, "queries.fbin", "--truth", "truth.ibin", "-L", "10,300"]
        self.good(*call, "--fail-below", "1")
        self.good("truth", "queries.fbin", "queries.fbin", "-k", "10", "-o", "other.ibin")
        call[4] = "other.ibin"
        done = self.bad(1, *call, "--fail-below", "0.95", says="recall: expected at least 0.95, found 0")
        self.assertIn("recall@10", done.stdout)

    def test_info_has_the_documented_keys(self):
        index = self.index(rows=100, dim=8, metric="cosine")
        [info] = self.good_json("info", index, "--json")
        self.assertEqual(list(info)[:len(INFO_KEYS)], INFO_KEYS)
        self.assertEqual((info["count"], info["dim"], info["metric"], info["type"]), (100, 8, "cosine", "f32"))
        self.assertEqual((info["layout"], info["generation"], info["segments"], info["deleted"]), ("lean", 1, 1, 0))
        self.assertEqual(info["file_bytes"], (self.folder / index).stat().st_size)
        self.assertEqual(info["build"] | {"mean_degree": 0},
                         {"degree": 32, "l_build": 100, "alpha": 1.2, "seed": 1, "mean_degree": 0})
        self.assertRegex(info["format_version"], r"^\d+\.\d+$")
        self.assertRegex(info["file_id"], r"^[0-9a-f]{32}$")

    def test_fused_pages_answer_as_lean_ones_do(self):
        lean = self.index("lean.near", rows=700, dim=8)
        fused = self.index("fused.near", rows=700, dim=8, layout="fused", page_records="5")
        self.put("queries.fbin", fbin(vectors(20, 8, seed=2)))
        [info] = self.good_json("info", fused, "--json")
        self.assertEqual((info["layout"], info["records_per_page"]), ("fused", 5))
        answers = [self.good("search", index, "queries.fbin", "-k", "5", "-L", "700", "--io", io)
                   for index in (lean, fused) for io in ("mapped", "pread")]
        self.assertEqual(len(set(answers)), 1)
        self.good("verify", fused, "--full")
        self.assertIn(".target[0].code = ", self.good("inspect", fused, "--all"))
        sizes = [self.good_json("estimate", "--count", "100000", "--dim", "128", "--type", "u8", "--layout", layout,
                                "--json")[0] for layout in ("lean", "fused")]
        self.assertGreater(sizes[1]["bytes_per_vector"], 2 * sizes[0]["bytes_per_vector"])

    def test_search_prints_rows_for_people_and_objects_for_programs(self):
        index = self.index(rows=100, dim=8)
        self.put("queries.fbin", fbin(vectors(3, 8)))  # the first rows themselves
        head, *lines = self.good("search", index, "queries.fbin", "-k", "2").splitlines()
        self.assertEqual(head.split(), ["query", "rank", "id", "distance"])
        places = [[str(row), str(rank)] for row in range(3) for rank in (1, 2)]
        self.assertEqual([line.split()[:2] for line in lines], places)
        self.assertEqual([line.split()[2:] for line in lines[0::2]], [[str(row), "0"] for row in range(3)])
        self.assertEqual({line.rindex("  ") for line in [head, *lines]}, {head.index("distance") - 2})  # columns
        found = self.good_json("search", index, "queries.fbin", "-k", "2", "--json")
        keys = ["query", "count", "ids", "distances", "expected_recall", "stats", "ranking", "code_bytes", "resident_code_bytes",
                "bytes_for_all_codes"]
        self.assertEqual([list(line) for line in found], [keys] * 3)
        self.assertEqual([(line["query"], line["ids"][0], line["distances"][0]) for line in found],
                         [(row, row, 0.0) for row in range(3)])
        self.assertGreater(found[0]["stats"]["distance_computations"], 0)

    def test_columns_are_as_wide_as_the_longest_id(self):
        self.put("rows.fbin", fbin(vectors(3, 4)))
        self.good("build", "rows.fbin", "-o", "x.near", "--ids", f"7,{2**64 - 2},12345678")
        head, *lines = self.good("search", "x.near", "rows.fbin", "-k", "1").splitlines()
        self.assertEqual([line.split()[2] for line in lines], ["7", str(2**64 - 2), "12345678"])
        self.assertEqual({line.rindex("  ") for line in [head, *lines]}, {head.index("distance") - 2})

    def test_fewer_records_than_k_give_short_rows_with_their_counts(self):
        index = self.index(rows=30, dim=8)
        self.put("queries.fbin", fbin(vectors(2, 8)))
        for io in ["mapped", "pread"]:
            found = self.good_json("search", index, "queries.fbin", "-k", "50", "--io", io, "--json")
            self.assertEqual([(line["count"], sorted(line["ids"]), len(line["distances"])) for line in found],
                             [(30, list(range(30)), 30)] * 2)
        lines = self.good("search", index, "queries.fbin", "-k", "50").splitlines()[1:]
        self.assertEqual([line.split()[:2] for line in lines], [[str(q), str(i + 1)] for q in range(2) for i in range(30)])
        self.good("search", index, "queries.fbin", "-k", "50", "-o", "found.ibin")
        raw = (self.folder / "found.ibin").read_bytes()
        self.assertEqual(struct.unpack("<II", raw[:8]), (2, 50))
        ids, distances = struct.unpack("<100I", raw[8:408]), struct.unpack("<100f", raw[408:])
        for row in range(2):
            self.assertEqual(sorted(ids[50 * row:50 * row + 30]), list(range(30)))
            self.assertEqual(set(ids[50 * row + 30:50 * row + 50]), {2**32 - 1})
            self.assertEqual(set(distances[50 * row + 30:50 * row + 50]), {float("inf")})
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "50", "-o", "truth.ibin")
        self.assertEqual((self.folder / "truth.ibin").read_bytes()[:408], raw[:408])
        [line] = self.good_json("eval", index, "queries.fbin", "--truth", "truth.ibin", "-k", "50", "-L", "50", "--json")
        self.assertEqual((line["k"], line["recall"]), (50, 1.0))
        self.good("delete", index, "--ids", "0,1,2,3,4")
        found = self.good_json("search", index, "queries.fbin", "-k", "30", "--json")
        self.assertEqual([(line["count"], sorted(line["ids"])) for line in found], [(25, list(range(5, 30)))] * 2)

    def test_ids_may_stand_on_the_line(self):
        self.put("rows.fbin", fbin(vectors(3, 4)))
        self.good("build", "rows.fbin", "-o", "x.near", "--ids", "70,80,90")
        self.good("insert", "x.near", "rows.fbin", "--ids", "1,2,3")
        [said] = self.good_json("delete", "x.near", "--ids", "80", "--json")
        self.assertEqual((said["deleted"], said["count"]), (1, 5))
        self.put("1,2", "3\n")
        [said] = self.good_json("delete", "x.near", "--ids", "./1,2", "--json")
        self.assertEqual((said["deleted"], said["count"]), (1, 4))
        self.bad(1, "delete", "x.near", "--strict", "--ids", "70,5", says="--ids: 1 of 2 ids: expected a record for each")
        self.bad(1, "build", "rows.fbin", "-o", "y.near", "--ids", "1,2", says="--ids: ids: expected 3")
        for wrong in ["1,,2", ",", "1,2,", str(2**64 - 1), str(2**64)]:
            self.bad(1, "delete", "x.near", "--ids", wrong, says=("expected ids from 0 to 18446744073709551614", wrong))
        self.bad(1, "delete", "x.near", "--ids", "1-3", says="1-3: ")

    def test_search_writes_results_like_truth(self):
        index = self.index(rows=100, dim=8)
        self.put("queries.fbin", fbin(vectors(5, 8, seed=2)))
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "4", "-o", "truth.ibin")
        self.assertEqual(self.good("search", index, "queries.fbin", "-k", "4", "--exact", "-o", "found.ibin"), "")
        truth, found = ((self.folder / name).read_bytes() for name in ("truth.ibin", "found.ibin"))
        self.assertEqual(found[:8 + 80], truth[:8 + 80])

    def test_ids_travel_through_build_search_and_export(self):
        ids = [10**15 + 7 * row for row in range(60)]
        self.put("ids.txt", "".join(f"{number}\n" for number in ids))
        index = self.index(rows=60, dim=8, ids="ids.txt")
        self.put("queries.fbin", fbin(vectors(2, 8)))
        found = self.good_json("search", index, "queries.fbin", "-k", "1", "--json")
        self.assertEqual([line["ids"] for line in found], [[ids[0]], [ids[1]]])
        self.bad(1, "search", index, "queries.fbin", "-k", "1", "-o", "r.ibin", says=("r.ibin", "at most 4294967294"))
        self.good("search", index, "queries.fbin", "-k", "1", "-o", "r.ibin64")
        self.assertEqual(struct.unpack("<IIQQ", (self.folder / "r.ibin64").read_bytes()[:24]), (2, 1, ids[0], ids[1]))
        self.good("export", index, "-o", "out.fbin", "--ids-out", "out.u64bin")
        self.assertEqual((self.folder / "out.fbin").read_bytes(), (self.folder / "rows.fbin").read_bytes())
        raw = (self.folder / "out.u64bin").read_bytes()
        self.assertEqual((struct.unpack("<II", raw[:8]), list(struct.unpack("<60Q", raw[8:]))), ((60, 1), ids))
        self.good("build", "out.fbin", "--ids", "out.u64bin", "-o", "again.near")
        self.assertEqual((self.folder / "again.near").read_bytes(), (self.folder / index).read_bytes())

    def test_the_same_input_makes_the_same_bytes_at_any_thread_count(self):
        first = (self.folder / self.index("a.near", rows=900, threads="1")).read_bytes()
        second = (self.folder / self.index("b.near", rows=900, threads="2")).read_bytes()
        self.assertEqual(first, second)
        other = (self.folder / self.index("c.near", rows=900, seed="2")).read_bytes()
        self.assertNotEqual(first, other)

    def test_insert_delete_compact_and_salvage_speak_json(self):
        index = self.index(rows=100, dim=8)
        self.put("gone.txt", "1\n2\n1000\n")
        for words, done, records in [(("insert", index, "rows.fbin"), "inserted", 100),
                                     (("delete", index, "--ids", "gone.txt"), "deleted", 2),
                                     (("compact", index), "compacted", 198)]:
            [said] = self.good_json(*words, "--json")
            self.assertEqual(list(said)[:2 + len(COMMIT_KEYS)], ["index", done] + COMMIT_KEYS)
            self.assertEqual((said["index"], said[done]), (index, records))
            if done == "inserted":
                self.assertEqual((said["first_ids"], said["last_ids"]), ([100], [199]))
        [said] = self.good_json("salvage", index, "-o", "saved.near", "--json")
        self.assertEqual((said["complete"], said["saved"], said["lost"]), (True, 198, 0))

    def test_build_estimate_verify_and_profile_speak_json(self):
        self.put("rows.fbin", fbin(vectors(100, 8)))
        [built] = self.good_json("build", "rows.fbin", "-o", "x.near", "--json")
        self.assertEqual((built["count"], built["dim"], built["type"], built["metric"]), (100, 8, "f32", "l2"))
        self.assertEqual(built["file_bytes"], (self.folder / "x.near").stat().st_size)
        [estimate] = self.good_json("estimate", "--count", "100", "--dim", "8", "--type", "f32", "--json")
        self.assertAlmostEqual(estimate["file_bytes"] / built["file_bytes"], 1, delta=0.5)
        for key in ["build_memory_bytes", "least_build_memory_bytes", "search_memory_bytes", "build_cpu_seconds"]:
            self.assertIn(key, estimate)
        [verified] = self.good_json("verify", "x.near", "--full", "--json")
        self.assertEqual((verified["ok"], verified["findings"], verified["records_checked"]), (True, 0, 100))
        [profile] = self.good_json("profile", "rows.fbin", "--json")
        self.assertEqual((profile["rows"], profile["dim"], profile["type"]), (100, 8, "f32"))
        self.assertEqual((profile["invalid_vectors"], profile["first_invalid_row"], profile["duplicates"]), (0, None, 0))
        self.assertEqual(list(profile["norm"]), ["min", "mean", "max"])
        self.assertEqual(list(profile["lid"]), ["mean", "median", "k", "sample"])

    def test_profile_counts_what_an_index_would_refuse_or_suffer_from(self):
        rows = vectors(50, 4)
        rows[7] = [float("nan")] * 4
        rows[9] = rows[3]
        rows[20] = [0.0] * 4
        self.put("rows.fbin", fbin(rows))
        [profile] = self.good_json("profile", "rows.fbin", "--json")
        self.assertEqual((profile["invalid_vectors"], profile["first_invalid_row"]), (1, 7))
        self.assertEqual((profile["duplicates"], profile["zero_vectors"]), (1, 1))
        self.assertIn("the first is row 7", self.good("profile", "rows.fbin"))

    def test_bits_are_compared_by_hamming_unless_said(self):
        self.put("rows.bbin", support.counted(40, 12, bytes(value for row in range(40) for value in (row, row % 16))))
        self.good("build", "rows.bbin", "-o", "bits.near")
        [info] = self.good_json("info", "bits.near", "--json")
        self.assertEqual((info["type"], info["metric"], info["dim"]), ("b1", "hamming", 12))
        self.good("build", "rows.bbin", "-o", "sets.near", "--metric", "jaccard")
        self.good("truth", "rows.bbin", "rows.bbin", "-k", "3", "-o", "truth.ibin")
        [line] = self.good_json("eval", "bits.near", "rows.bbin", "--truth", "truth.ibin", "-k", "3", "-L", "40", "--json")
        self.assertEqual(line["recall"], 1.0)


if __name__ == "__main__":
    support.main()
