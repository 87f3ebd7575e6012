# SPDX-License-Identifier: Apache-2.0
"""Transforms that an index keeps: each step against a direct computation, through the whole life of an index, queries of
another encoder, and what is refused."""
import json
import math
import random
import re
import shlex
import struct

import support
from support import CliTest, fbin, vectors

DIM, ROWS = 12, 300
BASE = vectors(ROWS, DIM)
QUERIES = vectors(15, DIM, seed=2)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def unit(x):
    return [v / math.sqrt(dot(x, x)) for v in x]


def products(matrix, x):
    return [dot(row, x) for row in matrix]


def sparse_signs(k, d, seed):
    """The matrix of sparse_random, as SPEC.md says it."""
    mask, state, below = (1 << 64) - 1, seed, int(2**63 / math.sqrt(d))
    matrix = []
    for _ in range(k):
        row = []
        for _ in range(d):
            state = z = (state + 0x9E3779B97F4A7C15) & mask
            z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
            u = z ^ z >> 31
            row.append((0 if u >> 1 >= below else -1 if u & 1 else 1) * math.sqrt(math.sqrt(d) / k))
        matrix.append(row)
    return matrix


def rotation(d, seed):
    """Orthonormal rows, by Gram and Schmidt."""
    rows = []
    for row in vectors(d, d, seed):
        for other in rows:
            along = dot(row, other)
            row = [a - along * b for a, b in zip(row, other)]
        rows.append(unit(row))
    return rows


def read_fbin(path):
    raw = path.read_bytes()
    n, d = struct.unpack_from("<II", raw)
    return [list(struct.unpack_from(f"<{d}f", raw, 8 + 4 * d * i)) for i in range(n)]


def nearest(rows, query, k=5):
    """Ids of the k nearest of {id: vector} by l2."""
    return sorted(rows, key=lambda i: (sum((a - b) ** 2 for a, b in zip(rows[i], query)), i))[:k]


class Transforms(CliTest):
    def build(self, transform=None, *options, rows=BASE, name="x.near"):
        self.put("base.fbin", fbin(rows))
        self.put("queries.fbin", fbin(QUERIES))
        words = ["--transform", transform] if transform else []
        self.good("build", "base.fbin", "-o", name, "--force", *words, *options)
        return name

    def stored(self, index):
        """{id: vector} of all that an index stores."""
        self.good("export", index, "-o", "stored.fbin", "--ids-out", "stored.txt", "--force")
        ids = [int(line) for line in (self.folder / "stored.txt").read_text().split()]
        return dict(zip(ids, read_fbin(self.folder / "stored.fbin")))

    def assert_near(self, got, wanted, slack=2e-5):
        self.assertEqual(len(got), len(wanted))
        for a, b in zip(got, wanted):
            self.assertLess(abs(a - b), slack * max(1.0, abs(b)))

    def assert_answers(self, index, rows, queries, file="queries.fbin", *options):
        """What a search finds is what comparing with {id: vector} finds, rows and queries as they are stored."""
        for options_of_way in (["--exact"], ["-L", "100"]):
            found = self.good_json("search", index, file, "-k", "5", "--json", *options_of_way, *options)
            self.assertEqual([line["ids"] for line in found], [nearest(rows, q) for q in queries])

    def test_each_step_is_what_a_direct_computation_says(self):
        matrix, anchors = vectors(7, DIM, seed=3), vectors(9, DIM, seed=4)
        self.put("m.fbin", fbin(matrix))
        self.put("a.fbin", fbin(anchors))
        self.put("turn.fbin", fbin(rotation(DIM, 5)))
        turn = read_fbin(self.folder / "turn.fbin")
        mean = [sum(column) / ROWS for column in zip(*BASE)]
        signs, other = sparse_signs(6, DIM, 1), sparse_signs(4, 7, 99)
        steps = {
            "normalize": unit,
            "center": lambda x: [a - b for a, b in zip(x, mean)],
            "sparse_random(6)": lambda x: products(signs, x),
            "matrix(m.fbin)": lambda x: products(matrix, x),
            "matrix(turn.fbin, orthogonal)": lambda x: products(turn, x),
            "relative(a.fbin)": lambda x: products(map(unit, anchors), unit(x)),
            "center, matrix(m.fbin), sparse_random(4, 99), normalize":
                lambda x: unit(products(other, products(matrix, [a - b for a, b in zip(x, mean)]))),
        }
        for text, step in steps.items():
            with self.subTest(text):
                index = self.build(text)
                rows = self.stored(index)
                for i, row in enumerate(BASE):
                    self.assert_near(rows[i], step(row))
                self.assert_answers(index, rows, [step(q) for q in QUERIES])

    def test_pca_finds_the_directions_of_most_variance(self):
        draw = random.Random(8)
        turn = rotation(6, 9)
        data = [products(zip(*turn), [draw.gauss(0, 4 / (i + 1)) for i in range(6)]) for _ in range(400)]
        turned = self.stored(self.build("pca(6)", rows=data))
        columns = [[row[i] for row in turned.values()] for i in range(6)]
        means = [sum(column) / 400 for column in columns]
        cross = [[sum((a - means[i]) * (b - means[j]) for a, b in zip(columns[i], columns[j])) / 400 for j in range(6)]
                 for i in range(6)]
        variances = [cross[i][i] for i in range(6)]
        self.assertEqual(variances, sorted(variances, reverse=True))
        for i in range(6):
            for j in range(i):
                self.assertLess(abs(cross[i][j]), 1e-4)
        for i in range(1, 400, 17):  # axes are orthonormal: all of them keep distances
            self.assert_near([math.dist(turned[0], turned[i])], [math.dist(data[0], data[i])])
        first = self.stored(self.build("pca(2)", rows=data))
        for i in range(400):
            self.assert_near(first[i], turned[i][:2])

    def test_it_stays_what_it_was_through_the_whole_life_of_an_index(self):
        index = self.build("center, sparse_random(8)")
        mean, signs = [sum(column) / ROWS for column in zip(*BASE)], sparse_signs(8, DIM, 1)
        through = lambda x: products(signs, [a - b for a, b in zip(x, mean)])  # noqa: E731
        rows = {i: through(row) for i, row in enumerate(BASE)}
        queries = [through(q) for q in QUERIES]
        more, other = vectors(150, DIM, seed=6), vectors(20, DIM, seed=7)
        self.put("more.fbin", fbin(more))
        self.put("other.fbin", fbin(other))
        self.good("insert", index, "more.fbin")
        rows.update({ROWS + i: through(row) for i, row in enumerate(more)})
        self.assert_answers(index, rows, queries)
        self.put("some.txt", "".join(f"{i}\n" for i in range(20)))
        self.good("insert", index, "other.fbin", "--ids", "some.txt", "--upsert")
        rows.update({i: through(row) for i, row in enumerate(other)})
        self.assert_answers(index, rows, queries)
        self.good("delete", index, "--ids", "100,101,102,310")
        for i in (100, 101, 102, 310):
            del rows[i]
        self.assert_answers(index, rows, queries)
        self.good("snapshot", index, "-o", "copy.near")
        self.good("salvage", index, "-o", "saved.near")
        self.good("compact", index, "-o", "dense.near")
        self.good("compact", index)
        for name in (index, "copy.near", "saved.near", "dense.near"):
            with self.subTest(name):
                self.assert_answers(name, rows, queries)
                self.good("verify", name, "--full")
                [info] = self.good_json("info", name, "--json")
                self.assertEqual((info["transform"], info["dim"], info["input_dim"], info["query_dim"]),
                                 ("center, sparse_random(8)", 8, DIM, DIM))
                stored = self.stored(name)
                self.assertEqual(sorted(stored), sorted(rows))
                for i, row in rows.items():
                    self.assert_near(stored[i], row)
                self.good("insert", name, "other.fbin")
                self.assert_near(self.stored(name)[ROWS + len(more)], through(other[0]))

    def test_the_same_rows_in_any_order_make_the_same_file(self):
        self.build("normalize, center, pca(5)")
        order = list(range(ROWS))
        random.Random(3).shuffle(order)
        self.put("turned.fbin", fbin([BASE[i] for i in order]))
        self.put("turned.txt", "".join(f"{i}\n" for i in order))
        self.good("build", "turned.fbin", "-o", "y.near", "--ids", "turned.txt", "--transform", "normalize, center, pca(5)")
        self.assertEqual((self.folder / "x.near").read_bytes(), (self.folder / "y.near").read_bytes())

    def test_queries_of_a_space_that_was_turned_scaled_and_permuted_find_the_same(self):
        turn = rotation(DIM, 11)
        order = random.Random(4).sample(range(DIM), DIM)
        there = lambda x: [3.5 * products(turn, x)[i] for i in order]  # noqa: E731
        self.put("a.fbin", fbin(BASE[:30]))
        self.put("b.fbin", fbin([there(x) for x in BASE[:30]]))
        plain = self.build("relative(a.fbin)", "--metric", "cosine", name="plain.near")
        across = self.build("relative(a.fbin)", "--metric", "cosine", "--query-transform", "relative(b.fbin)")
        self.put("there.fbin", fbin([there(q) for q in QUERIES]))
        for way in (["--exact"], ["-L", "30"]):
            here = self.good_json("search", plain, "queries.fbin", "-k", "10", "--json", *way)
            found = self.good_json("search", across, "there.fbin", "-k", "10", "--json", *way)
            self.assertEqual([line["ids"] for line in here], [line["ids"] for line in found])

    def test_queries_of_fewer_components_come_through_a_matrix_and_then_as_records_do(self):
        lift = vectors(DIM, 3, seed=12)
        self.put("lift.fbin", fbin(lift))
        index = self.build("center", "--query-transform", "matrix(lift.fbin), field")
        short = vectors(9, 3, seed=13)
        self.put("short.fbin", fbin(short))
        mean = [sum(column) / ROWS for column in zip(*BASE)]
        self.assert_answers(index, self.stored(index), [[a - b for a, b in zip(products(lift, q), mean)] for q in short],
                            "short.fbin")
        [info] = self.good_json("info", index, "--json")
        self.assertEqual((info["query_transform"], info["query_dim"], info["input_dim"]), (f"matrix({DIM} x 3), field", 3, DIM))
        self.assertIn("queries      3 components by matrix(12 x 3), field to 12\n", self.good("info", index))
        self.bad(1, "search", index, "queries.fbin", says=["queries.fbin", "expected 3 as queries of the index, found 12"])
        # Without a transform of records, too.
        plain = self.build(None, "--query-transform", "matrix(lift.fbin)", name="plain.near")
        self.assert_answers(plain, dict(enumerate(BASE)), [products(lift, q) for q in short], "short.fbin")

    def test_every_command_that_searches_takes_vectors_as_they_come_or_as_they_are_stored(self):
        index = self.build("center, sparse_random(8)")
        self.good("truth", index, "queries.fbin", "-k", "5", "-o", "truth.ibin")
        [line] = self.good_json("eval", index, "queries.fbin", "--truth", "truth.ibin", "-k", "5", "-L", "60", "--json")
        self.assertEqual(line["recall"], 1)
        self.good("get", index, "--ids", "7,8", "-o", "two.npy")
        [first, _] = self.good_json("search", index, "two.npy", "-k", "1", "--as-stored", "--json")
        self.assertEqual((first["ids"], first["distances"]), ([7], [0]))
        inside = first["distances"][0] + 1
        for words in (["--radius", str(inside)], ["--page", "first", "-k", "3"]):
            self.put("one.fbin", fbin([BASE[7]]))
            [line] = self.good_json("search", index, "one.fbin", "--json", *words)
            self.assertEqual(line["ids"][0], 7)
        self.good("calibrate", self.build("center", rows=vectors(1200, DIM)), self.put("many.fbin", fbin(vectors(40, DIM, 5))))
        self.good("report", index, "-o", "report.html", "--sample", "20", "-k", "3")

    def test_what_does_not_fit_is_refused_in_one_clear_line(self):
        self.put("base.fbin", fbin(BASE))
        self.put("m.fbin", fbin(vectors(7, DIM, seed=3)))
        self.put("narrow.fbin", fbin(vectors(7, 5, seed=3)))
        self.put("zero.fbin", fbin([[0.0] * DIM, BASE[0]]))
        for text, part in {
            "normalise": "did you mean 'normalize'?",
            "pca(13)": "step pca to 13 components: expected 1 to 12, the dimension before it",
            "sparse_random(6), pca(7)": "expected 1 to 6, the dimension before it",
            "sparse_random(13)": "expected 1 to 12",
            "matrix(narrow.fbin)": "step matrix of 7 x 5: expected rows of 12 components",
            "relative(narrow.fbin)": "step relative of 7 x 5: expected rows of 12 components",
            "relative(zero.fbin)": "anchor 0 is a zero vector",
            "matrix(m.fbin, orthogonal)": "expected 1 of an orthogonal one",
            "field": "expected it as the last step of a query transform",
        }.items():
            self.bad(1, "build", "base.fbin", "-o", "y.near", "--transform", text, says=part)
        self.bad(1, "build", "base.fbin", "-o", "y.near", "--transform", "matrix(none.fbin)", says="none.fbin")
        self.bad(1, "build", "base.fbin", "-o", "y.near", "--transform", "center", "--query-transform", "center",
                 says="step center of queries: expected steps that learn nothing, or field")
        self.bad(1, "build", "base.fbin", "-o", "y.near", "--query-transform", "matrix(m.fbin)",
                 says="query transform: a transform to 7 components: expected 12")
        self.bad(1, "build", "base.fbin", "-o", "y.near", "--transform", "center", "--type", "u8", says="expected f32, f16 or bf16")
        self.bad(1, "build", "zero.fbin", "-o", "y.near", "--transform", "normalize",
                 says=["zero.fbin", "vector 0 has no direction"])
        self.put("none.fbin", support.counted(0, DIM, b""))
        self.bad(1, "build", "none.fbin", "-o", "y.near", "--transform", "center", says="expected some to learn from")
        index = self.build("relative(base.fbin)", "--metric", "cosine", "--type", "f16", rows=BASE[:20])
        self.bad(1, "insert", index, "zero.fbin", says=["zero.fbin", "vector 0 has no direction"])
        self.bad(1, "insert", index, "narrow.fbin", says="vectors of dimension 5: the index takes dimension 12")
        self.bad(1, "search", index, "narrow.fbin", says="expected 12 as queries of the index, found 5")
        self.bad(1, "search", index, "zero.fbin", says=["zero.fbin", "query 0 has no direction"])
        self.assertEqual(len(self.stored_f16(index)), 20)

    def stored_f16(self, index):
        return self.good_json("get", index, "--ids", ",".join(map(str, range(20))), "--json")

    def test_the_worked_example_of_the_document_runs(self):
        root = support.GOLDEN.parent
        for name in ("sentences.base.hbin", "sentences.query.fbin"):
            (self.folder / name).write_bytes((root / "data" / name).read_bytes())
        text = (root.parent / "docs" / "capabilities.md").read_text().split("## Transforms")[1].split("\n## ")[0]
        said, ran = "", 0
        for line in re.findall(r"^    (.*)$", text, re.MULTILINE):
            if line.startswith("$ nearline "):
                said, ran = self.good(*shlex.split(line)[2:]), ran + 1
            else:
                self.assertIn(line + "\n", said)
        self.assertEqual(ran, 5)

    def test_records_are_saved_without_a_transform_that_is_lost(self):
        index = self.build("center")
        raw = bytearray((self.folder / index).read_bytes())
        [line] = [line for line in self.good("inspect", index, "--all").splitlines() if ".transform.kind = 1" in line]
        raw[int(line.split()[0]) + 60] ^= 1
        (self.folder / index).write_bytes(raw)
        self.bad(2, "search", index, "queries.fbin")
        for words in ((), ("--full",)):
            self.assertEqual(self.run_tool("verify", index, *words).returncode, 2)
        done = self.run_tool("salvage", index, "-o", "saved.near", "--json")
        self.assertEqual(done.returncode, 2)
        report = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((report["saved"], report["lost_transform"], report["complete"]), (ROWS, True, False))
        [info] = self.good_json("info", "saved.near", "--json")
        self.assertEqual(info["transform"], "")


if __name__ == "__main__":
    support.main()
