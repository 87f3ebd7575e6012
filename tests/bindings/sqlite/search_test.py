# SPDX-License-Identifier: Apache-2.0
"""Questions in SQL: searches, comparisons that go into the filter, joins, and what is refused."""
import json
import operator
import os
import random
import struct
import unittest

from support import COUNT, DIM, Case, blob


class Search(Case):
    def test_the_nearest_come_with_their_distances(self):
        db = self.connect()
        rows = db.execute("SELECT id, distance FROM v WHERE vector MATCH ? AND k = 3", [blob(7.25)]).fetchall()
        self.assertEqual(rows, [(7, 0.25), (8, 2.25), (6, 6.25)])
        self.assertEqual(self.ids(db, "vector MATCH '[7.25, 7.25, 7.25, 7.25]' AND k = 3"), [7, 8, 6])

    def test_comparisons_are_met_before_the_nearest_are_chosen(self):
        db, near = self.connect(), blob(0)
        for where, expected in (("year > 1950", [51, 52, 53]), ("year > 1950 AND lang = 'de'", [52, 55, 58]),
                                ("lang IN ('de', 'fr')", [1, 4, 7]), ("lang != 'en'", [1, 2, 4]), ("price IS NULL", [1, 3, 5]),
                                ("price BETWEEN 5 AND 6.1", [20, 22, 24]), ("tags MATCH 'bio/*'", [1, 2, 4]),
                                ("tags MATCH 'sky' AND new = 0", [11, 14, 17]), ("new = true AND year >= 1908", [8, 9]),
                                ("id IN (50, 7, 60, 700)", [7, 50, 60]), ("id BETWEEN 33 AND 40", [33, 34, 35]),
                                ("year > '1950'", [51, 52, 53]), ("year < NULL", [])):
            self.assertEqual(self.ids(db, f"vector MATCH ? AND k = 3 AND {where}", near), expected, where)

    def test_what_only_sqlite_compares_takes_from_the_answers(self):
        db = self.connect()
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 6 AND lang LIKE 'D%'", blob(0)), [1, 4])
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 6 AND lang = 'DE' COLLATE NOCASE", blob(0)), [1, 4])
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 6 AND (year = 1901 OR lang = 'en')", blob(0)), [0, 1, 3])
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 6 AND id = 4", blob(0)), [4])
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 6 AND distance < 16", blob(0)), [0, 1])

    def test_a_distance_alone_finds_all_within(self):
        db = self.connect()
        self.assertEqual(self.ids(db, "vector MATCH ? AND distance <= 36", blob(0)), [0, 1, 2, 3])
        self.assertEqual(self.ids(db, "vector MATCH ? AND distance < 36 AND lang != 'en'", blob(0)), [1, 2])
        self.assertEqual(self.ids(db, "vector MATCH ? AND distance <= NULL", blob(0)), [])

    def test_order_limit_and_groups_are_sqlites(self):
        db = self.connect()
        query = "SELECT id FROM v WHERE vector MATCH ? AND k = 5 "
        self.assertEqual(db.execute(query + "ORDER BY distance LIMIT 2", [blob(0)]).fetchall(), [(0,), (1,)])
        self.assertEqual(db.execute(query + "ORDER BY distance DESC LIMIT 2 OFFSET 1", [blob(0)]).fetchall(), [(3,), (2,)])
        self.assertEqual(db.execute(query + "ORDER BY year DESC", [blob(0)]).fetchall()[0], (4,))
        self.assertEqual(db.execute("SELECT lang, count(*) FROM v WHERE vector MATCH ? AND k = 5 GROUP BY lang ORDER BY 2, 1",
                                    [blob(0)]).fetchall(), [("1950", 1), ("de", 2), ("en", 2)])

    def test_hidden_columns_are_hidden_and_there(self):
        db = self.connect()
        names = [column[0] for column in db.execute("SELECT * FROM v LIMIT 1").description]
        self.assertEqual(sorted(names), ["id", "lang", "new", "payload", "price", "tags", "vector", "year"])
        self.assertEqual(db.execute("SELECT k, recall, distance FROM v WHERE vector MATCH ? AND k = 1 AND recall = 1",
                                    [blob(0)]).fetchall(), [(1, 1, 0)])
        self.assertEqual(db.execute("SELECT k, recall, distance FROM v WHERE id = 1").fetchall(), [(None, None, None)])

    def test_a_short_answer_is_one(self):
        self.assertEqual(len(self.ids(self.connect(), "vector MATCH ? AND k = 1000", blob(0))), COUNT)

    def test_joins_go_by_id_in_either_order(self):
        db = self.connect()
        db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)")
        db.executemany("INSERT INTO t VALUES (?, ?)", [(i, f"n{i}") for i in range(0, COUNT, 2)])
        for tables in ("v JOIN t", "t JOIN v", "t CROSS JOIN v"):
            rows = db.execute(f"SELECT v.id, name FROM {tables} ON t.id = v.id WHERE vector MATCH ? AND k = 5 "
                              "ORDER BY distance", [blob(10)]).fetchall()
            self.assertEqual(rows, [(10, "n10"), (8, "n8"), (12, "n12")], tables)
        rows = db.execute("SELECT name FROM t WHERE id IN (SELECT id FROM v WHERE vector MATCH ? AND k = 3)", [blob(10)])
        self.assertEqual(rows.fetchall(), [("n10",)])
        rows = db.execute("SELECT v.id FROM v WHERE vector MATCH ? AND k = 3 AND id IN (SELECT id FROM t WHERE id > 20)",
                          [blob(0)])
        self.assertEqual(rows.fetchall(), [(22,), (24,), (26,)])
        rows = db.execute("SELECT q.id, v.id FROM v AS q JOIN v ON v.vector MATCH q.vector AND v.k = 2 WHERE q.id IN (3, 50) "
                          "ORDER BY q.id, v.distance").fetchall()
        self.assertEqual(rows, [(3, 3), (3, 2), (50, 50), (50, 49)])


class Rows(Case):
    def test_rows_are_got_by_id(self):
        db = self.connect()
        row = db.execute("SELECT id, rowid, vector, year, price, new, lang, tags, payload FROM v WHERE id = 8").fetchone()
        self.assertEqual(row, (8, 8, blob(8), 1908, 2.0, 1, "1950", '["bio/cell","sky"]', b"item 8"))
        self.assertEqual(self.ids(db, "rowid IN (8, 5, 5, 777, 'x', NULL)"), [5, 8])
        self.assertEqual(self.ids(db, "id = 8.0"), [8])
        self.assertEqual(self.ids(db, "id = '8'"), [8])
        self.assertEqual(self.ids(db, "id = 8.5 OR id = -1"), [])

    def test_all_rows_are_there(self):
        db = self.connect()
        self.assertEqual(self.ids(db, "true"), list(range(COUNT)))
        self.assertEqual(db.execute("SELECT count(*), sum(year), max(price), count(price) FROM v").fetchone(),
                         (COUNT, sum(range(1900, 2000)), 24.5, 50))

    def test_ids_beyond_the_sign_are_negative(self):
        ids = [5, 2**63 - 1, 2**63, 2**64 - 2]
        self.build("large.near", [[i] * DIM for i in range(4)], [{"id": i, "a": 1} for i in ids])
        db = self.connect("large.db", "'large.near'")
        signed = [5, 2**63 - 1, -2**63, -2]
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 4", blob(0)), signed)
        for op, holds in (("<", operator.lt), ("<=", operator.le), (">", operator.gt), (">=", operator.ge), ("=", operator.eq),
                          ("!=", operator.ne)):
            for bound in (-2**63, -3, -2, -1, 0, 5, 6, 2**63 - 1):
                self.assertEqual(sorted(self.ids(db, f"id {op} ?", bound)), sorted(i for i in signed if holds(i, bound)), (op, bound))
        self.assertEqual(self.ids(db, "id IN (-2, 5)"), [5, -2])

    def test_comparisons_are_those_of_an_ordinary_table(self):
        """Whatever type the value has that a column is compared with."""
        db = self.connect()
        db.execute("CREATE TABLE r(id INTEGER, year INTEGER, price REAL, new BOOLEAN, lang TEXT)")
        db.execute("INSERT INTO r SELECT id, year, price, new, lang FROM v")
        values = [0, 1, -1, 2, 1950, 1950.0, 1950.5, 2.25, 1e300, float("inf"), float("-inf"), 2**63 - 1, -2**63, 0.5, "1950",
                  "1950.0", " 1950", "de", "", "e", "'", "zz", b"de", b"", None, True]
        for column in ("year", "price", "new", "lang"):
            for op in ("=", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"):
                for value in values:
                    self.same(db, f"{column} {op} ?", value)
            for _ in range(20):
                some = random.Random(column).sample(values, 4)
                self.same(db, f"{column} IN (?, ?, ?, ?)", *some)
                self.same(db, f"{column} NOT IN (?, ?, ?, ?)", *some)
                self.same(db, f"{column} BETWEEN ? AND ?", *some[:2])
            for where in (f"{column} IS NULL", f"{column} NOT NULL", column, f"NOT {column}", f"{column} LIKE '%5%'"):
                self.same(db, where)

        db.execute("CREATE TABLE some(i INTEGER, f REAL, s TEXT, b BLOB)")
        db.executemany("INSERT INTO some VALUES (?, ?, ?, ?)", [(1950, 1950.0, "1950", "1950"), (1, 2.25, "de", b"de"),
                                                                ("x", "y", " 1950", 1950), (None, 0.5, "1950.0", 1.0)])
        for column in ("year", "price", "new", "lang"):
            for op in ("=", "<", ">="):
                for other in ("i", "f", "s", "b", "CAST(s AS INTEGER)", "i + 0"):
                    sql = f"SELECT x.id, some.rowid FROM some CROSS JOIN {{}} AS x ON x.{column} {op} {other} ORDER BY 1, 2"
                    self.assertEqual(db.execute(sql.format("v")).fetchall(), db.execute(sql.format("r")).fetchall(), sql)

    def test_any_question_is_answered_as_by_an_ordinary_table(self):
        """Drawn comparisons with values and with another table's columns, in both orders of a join."""
        db, draw = self.connect(), random.Random(1)
        db.execute("CREATE TABLE r(id INTEGER, year INTEGER, price REAL, new BOOLEAN, lang TEXT, tags TEXT, payload BLOB)")
        db.execute("INSERT INTO r SELECT id, year, price, new, lang, tags, payload FROM v")
        db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, year INT, name TEXT, part REAL)")
        db.executemany("INSERT INTO t VALUES (?, ?, ?, ?)",
                       [(5 * i, 1902 + 3 * i, ("en", "1950", "x")[i % 3], 1950.0 if i % 4 == 0 else i / 4) for i in range(20)])
        columns = ["x." + name for name in ("id", "year", "price", "new", "lang", "tags", "payload")]
        values = ["0", "7", "1950", "-1", "7.5", "1e400", "'de'", "'1950'", "' 7 '", "x'6465'", "NULL", "true", "t.year", "t.id",
                  "t.name", "t.part", "x.year", "x.lang"]

        def drawn(depth: int) -> str:
            column, some = draw.choice(columns), draw.choices(values, k=3)
            if depth < 2 and draw.random() < 0.3:
                return f"{draw.choice(('', 'NOT '))}({drawn(depth + 1)} {draw.choice(('OR', 'AND'))} {drawn(depth + 1)})"
            return draw.choice((f"{column} {draw.choice(('=', '!=', '<', '<=', '>', '>=', 'IS', 'IS NOT', 'LIKE'))} {some[0]}",
                                f"{column} IN ({', '.join(some)})", f"{column} BETWEEN {some[0]} AND {some[1]}",
                                f"{column} IN (SELECT {draw.choice(('id', 'year', 'name', 'part'))} FROM t)",
                                f"{column} IS NULL", column))

        for _ in range(400):
            tables = draw.choice(("{} AS x CROSS JOIN t", "t CROSS JOIN {} AS x", "t LEFT JOIN {} AS x ON x.id = t.id",
                                  "t JOIN {} AS x ON x.lang = t.name"))
            sql = f"SELECT x.id, t.id FROM {tables} WHERE {' AND '.join(drawn(0) for _ in range(draw.randint(1, 3)))} ORDER BY 1, 2"
            self.assertEqual(db.execute(sql.format("v")).fetchall(), db.execute(sql.format("r")).fetchall(), sql)

    def test_what_stands_beside_ids_is_compared_too(self):
        db = self.connect()
        self.assertEqual(self.ids(db, "id IN (3, 20, 21, 22, 700) AND year > 1910 AND lang = 'de'"), [22])
        self.assertEqual(self.ids(db, "id IN (3, 20, 21, 22, 700) AND tags MATCH 'bio/*' AND price IS NULL"), [])
        self.assertEqual(self.ids(db, "id IN (3, 20, 22, 23, 700) AND tags MATCH 'bio/*' AND price IS NULL"), [23])
        self.assertEqual(self.ids(db, "id = 20 AND id IN (20, 21) AND id > 19"), [20])

    def same(self, db, where: str, *values) -> None:
        expected = db.execute(f"SELECT id FROM r WHERE {where} ORDER BY id", values).fetchall()
        self.assertEqual(db.execute(f"SELECT id FROM v WHERE {where} ORDER BY id", values).fetchall(), expected, (where, values))


class Misuse(Case):
    def test_bad_questions_are_sql_errors(self):
        db = self.connect()
        search = "SELECT id FROM v WHERE vector MATCH ? AND k = 3"
        for words, sql, *values in (
                ("expected how many", "SELECT id FROM v WHERE vector MATCH ?", blob(0)),
                ("expected it beside vector MATCH", "SELECT id FROM v WHERE k = 3"),
                ("expected it beside vector MATCH", "SELECT id FROM v WHERE recall = 0.9"),
                ("expected k = VALUE", "SELECT id FROM v WHERE vector MATCH ? AND k > 3", blob(0)),
                ("found two", search + " AND vector MATCH ?", blob(0), blob(0)),
                ("a blob of 16 bytes or a JSON array of 4 numbers, found NULL", search, None),
                ("found a blob of 5 bytes", search, b"12345"), ("found one of 3", search, "[1, 2, 3]"),
                ("found the number 7", search, 7), ("expected a JSON array", search, "[1, 2"), ("expected a JSON array", search, "{}"),
                ("of numbers", search, '[1, 2, "3", 4]'), ("NaN", search, struct.pack("<4f", float("nan"), 0, 0, 0)),
                ("k: expected a whole number from 1, found the number 0", search.replace("3", "0"), blob(0)),
                ("found the number -1", search.replace("3", "-1"), blob(0)), ("found the number 2.5", search.replace("3", "2.5"), blob(0)),
                ("found NULL", search.replace("3", "NULL"), blob(0)), ("found the text 'x'", search.replace("3", "'x'"), blob(0)),
                ("found the number 99999999999", search.replace("3", "99999999999"), blob(0)),
                ("k of 4294967295", search.replace("3", "4294967295"), blob(0)),
                ("recall: expected a share", search + " AND recall = 2", blob(0)),
                ("a number)", "SELECT id FROM v WHERE vector MATCH ? AND distance < 'near'", blob(0)),
                ("radius", "SELECT id FROM v WHERE vector MATCH ? AND distance < -1", blob(0)),
                ("unable to use function MATCH", "SELECT id FROM v WHERE lang MATCH 'x'")):
            self.fails(words, db, sql, *values)

    def test_bad_tables_are_sql_errors(self):
        db = self.connect(table=None)
        self.build("clash.near", [[0] * DIM], [{"id": 1, "Distance": 1}])
        with open("junk.near", "wb") as out:
            out.write(b"not an index")
        for words, table in (("expected the index file", ""), ("expected the index file", "''"), ("nowhere.near", "'nowhere.near'"),
                             ("junk.near", "'junk.near'"), ("unknown option 'speed': expected memory", "'test.near', speed=1"),
                             ("found '10 apples'", "'test.near', memory='10 apples'"), ("memory", "'test.near', memory=1"),
                             ("as NAME=VALUE, found 'fast'", "'test.near', fast"), ("recall: expected", "'test.near', recall=7"),
                             ("wait: expected", "'test.near', wait=-1"), ("durable: expected 0 or 1", "'test.near', durable=yes"),
                             ("'Distance': expected a name", "'clash.near'")):
            with self.assertRaises(Exception) as caught:
                db.execute(f"CREATE VIRTUAL TABLE bad USING nearline({table})")
            self.assertIn(words, str(caught.exception))
        self.assertEqual(db.execute("SELECT count(*) FROM sqlite_schema").fetchone(), (0,))

    def test_a_file_that_is_gone_or_another_is_an_sql_error(self):
        db = self.connect()
        self.build("other.near", [[0] * DIM], [{"id": 1, "a": 1}])
        os.replace("other.near", "test.near")
        self.fails("another index took the file's place", db, "SELECT id FROM v")
        os.remove("test.near")
        self.fails("test.near", db, "SELECT id FROM v")
        self.fails("test.near", self.connect(), "SELECT id FROM v")
        db.execute("DROP TABLE v")

    def test_other_types_of_vectors_have_blobs_of_their_own(self):
        for kind, code in (("u8", "B"), ("i8", "b")):
            self.build(f"{kind}.near", [[i] * DIM for i in range(COUNT)], [{"id": i, "a": i} for i in range(COUNT)], "--type", kind)
            db = self.connect(f"{kind}.db", f"'{kind}.near'")
            stored = struct.pack(f"4{code}", 7, 7, 7, 7)
            self.assertEqual(db.execute("SELECT vector FROM v WHERE id = 7").fetchone(), (stored,))
            self.assertEqual(self.ids(db, "vector MATCH ? AND k = 1", stored), [7])
            self.assertEqual(self.ids(db, "vector MATCH ? AND k = 1", json.dumps([7] * DIM)), [7])
            self.fails(f"component 1 is no {kind}", db, "SELECT id FROM v WHERE vector MATCH '[1, 300, 1, 1]' AND k = 1")
            self.fails(f"component 0 is no {kind}", db, "SELECT id FROM v WHERE vector MATCH '[0.5, 1, 1, 1]' AND k = 1")
        self.build("f16.near", [[i] * DIM for i in range(COUNT)], [{"id": i, "a": i} for i in range(COUNT)], "--type", "f16")
        db = self.connect("f16.db", "'f16.near'")
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 1", struct.pack("<4e", 7, 7, 7, 7)), [7])
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 1", blob(7)), [7])
        self.fails("16 bytes (f32) or 8", db, "SELECT id FROM v WHERE vector MATCH x'00' AND k = 1")


if __name__ == "__main__":
    unittest.main()
