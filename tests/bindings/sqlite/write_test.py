# SPDX-License-Identifier: Apache-2.0
"""INSERT, UPDATE, DELETE, and what belongs to a transaction and what does not."""
import os
import resource
import sqlite3
import subprocess
import sys
import unittest

from support import COUNT, EXTENSION, NEARLINE, Case, blob

NEW = "INSERT INTO v(id, vector, year) VALUES (?, ?, ?)"


class Changes(Case):
    def test_records_come_go_and_change(self):
        db = self.connect()
        db.execute("INSERT INTO v(vector, year, price, new, lang, tags, payload) VALUES (?, 3000, 1, 0, 'fr', '[\"b\", \"a\\\"\"]', 'x')",
                   [blob(500)])
        self.assertEqual(db.execute("SELECT last_insert_rowid()").fetchone(), (COUNT,))
        row = db.execute("SELECT id, vector, year, price, new, lang, tags, payload FROM v WHERE year = 3000").fetchone()
        self.assertEqual(row, (COUNT, blob(500), 3000, 1.0, 0, "fr", '["a\\"","b"]', b"x"))
        self.assertEqual(db.execute("UPDATE v SET lang = NULL, vector = ? WHERE id = 100", [blob(600)]).rowcount, 1)
        row = db.execute("SELECT vector, year, price, new, lang, tags, payload FROM v WHERE id = 100").fetchone()
        self.assertEqual(row, (blob(600), 3000, 1.0, 0, None, '["a\\"","b"]', b"x"))
        self.assertEqual(db.execute("DELETE FROM v WHERE year BETWEEN 1910 AND 1989").rowcount, 80)
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 3", blob(0)), [0, 1, 2])
        self.assertEqual(db.execute("SELECT count(*) FROM v").fetchone(), (21,))
        self.assertEqual(db.execute("DELETE FROM v").rowcount, 21)
        self.assertEqual(self.ids(db, "vector MATCH ? AND k = 3", blob(0)), [])
        done = subprocess.run([NEARLINE, "verify", "--full", "test.near"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_ids_are_given_or_taken(self):
        db = self.connect()
        db.execute("INSERT INTO v(rowid, vector) VALUES (1000, ?)", [blob(1)])
        db.execute("INSERT INTO v(id, vector) VALUES (-2, ?)", [blob(1)])
        db.execute("INSERT INTO v(vector) VALUES (?), (?)", [blob(1), blob(2)])
        self.assertEqual(self.ids(db, "id >= 100 OR id < 0"), [1000, 1001, 1002, -2])
        db.execute("UPDATE v SET id = 2000 WHERE id = 1000")
        db.execute("UPDATE v SET rowid = 2001 WHERE rowid = 1001")
        self.assertEqual(self.ids(db, "id >= 100"), [1002, 2000, 2001])

    def test_conflicts_are_resolved_as_asked(self):
        db = self.connect()
        self.fails("3", db, NEW, 3, blob(1), 1, kind=sqlite3.IntegrityError)
        self.assertEqual(db.execute("INSERT OR IGNORE INTO v(id, vector, year) VALUES (3, ?, 1), (200, ?, 2)",
                                    [blob(1), blob(1)]).rowcount, 1)
        self.assertEqual(self.ids(db, "year < 100"), [200])
        db.execute("INSERT OR REPLACE INTO v(id, vector, year) VALUES (3, ?, 7)", [blob(1)])
        self.assertEqual(db.execute("SELECT year, lang FROM v WHERE id = 3").fetchone(), (7, None))
        self.fails("4", db, "UPDATE v SET id = 4 WHERE id = 3", kind=sqlite3.IntegrityError)
        db.execute("BEGIN")
        db.execute(NEW, [300, blob(1), 1])
        self.fails("300", db, NEW, 300, blob(1), 2, kind=sqlite3.DatabaseError)
        db.execute("COMMIT")
        self.assertEqual(self.ids(db, "year = 1"), [300])

    def test_values_of_a_wrong_kind_are_refused_and_nothing_is_left(self):
        db = self.connect()
        for words, column, value in (("'year' is i64: expected an integer, found the text 'old'", "year", "old"),
                                     ("found the number 1.5", "year", 1.5), ("'price' is f64", "price", "dear"),
                                     ("'new' is bool: expected 0 or 1", "new", 2), ("'lang' is string", "lang", b"x"),
                                     ("'tags' is tags: expected a JSON array of strings", "tags", "[1]"),
                                     ("JSON array", "tags", "bio"), ("'tags' is tags", "tags", 7), ("no value", "k", 3),
                                     ("no value", "distance", 0.5), ("whole number", "id", "x"), ("id", "id", -1)):
            self.fails(words, db, f"INSERT INTO v(vector, {column}) VALUES (?, ?)", blob(1), value)
        self.fails("found NULL", db, "INSERT INTO v(year) VALUES (3000)")
        self.fails("expected one of them", db, "INSERT INTO v(rowid, id, vector) VALUES (1, 2, ?)", blob(1))
        self.fails("NaN", db, "INSERT INTO v(vector) VALUES (?)", blob(float("nan")))
        self.fails("id: expected a whole number, found NULL", db, "UPDATE v SET id = NULL WHERE id = 1")
        self.assertEqual(db.execute("SELECT count(*) FROM v").fetchone(), (COUNT,))
        db.execute("INSERT INTO v(vector, year, new) VALUES (?, '3000', '1')", [blob(1)])  # as a column of SQLite takes it
        self.assertEqual(db.execute("SELECT typeof(year), new FROM v WHERE year = 3000").fetchone(), ("integer", 1))


class Transactions(Case):
    def test_changes_are_seen_by_nobody_before_the_commit(self):
        db, other = self.connect(), self.connect()
        db.execute("BEGIN")
        db.execute(NEW, [200, blob(1), 3000])
        for reader in (db, other):
            self.assertEqual(self.ids(reader, "year = 3000"), [])
        db.execute("COMMIT")
        for reader in (db, other):
            self.assertEqual(self.ids(reader, "year = 3000"), [200])

    def test_a_rollback_forgets_all(self):
        db = self.connect()
        db.execute("CREATE TABLE t(a)")
        db.execute("BEGIN")
        db.execute("DELETE FROM v WHERE id < 50")
        db.execute("INSERT INTO t VALUES (1)")
        db.execute("ROLLBACK")
        self.assertEqual(db.execute("SELECT count(*) FROM v").fetchone(), (COUNT,))
        self.assertEqual(db.execute("SELECT count(*) FROM t").fetchone(), (0,))

    def test_a_statement_that_fails_leaves_nothing(self):
        db = self.connect()
        self.fails("found one of 1", db, "INSERT INTO v(id, vector) VALUES (200, ?), (201, '[1]')", blob(1))
        db.execute("BEGIN")
        db.execute(NEW, [300, blob(1), 1])
        self.fails("found one of 1", db, "INSERT INTO v(id, vector) VALUES (200, ?), (201, '[1]')", blob(1))
        db.execute(NEW, [301, blob(1), 1])
        db.execute("COMMIT")
        self.assertEqual(self.ids(db, "id >= 100"), [300, 301])

    def test_savepoints_nest(self):
        db = self.connect()
        db.execute("SAVEPOINT a")
        db.execute(NEW, [200, blob(1), 1])
        db.execute("SAVEPOINT b")
        db.execute("INSERT INTO v(vector, year) VALUES (?, 2), (?, 2)", [blob(1), blob(2)])
        db.execute("SAVEPOINT c")
        db.execute("DELETE FROM v WHERE id < 100")
        db.execute("ROLLBACK TO c")
        db.execute(NEW, [400, blob(1), 3])
        db.execute("RELEASE c")
        db.execute("ROLLBACK TO b")
        db.execute("UPDATE v SET year = 4 WHERE id = 7")
        db.execute("RELEASE a")
        self.assertEqual(self.ids(db, "year < 100"), [7, 200])
        self.assertEqual(db.execute("SELECT count(*) FROM v").fetchone(), (COUNT + 1,))

    def test_a_savepoint_before_the_first_change_is_one(self):
        db = self.connect()
        db.execute("BEGIN")
        db.execute("SAVEPOINT a")
        db.execute("SAVEPOINT b")
        db.execute(NEW, [200, blob(1), 1])
        db.execute("ROLLBACK TO a")
        db.execute(NEW, [201, blob(1), 1])
        db.execute("COMMIT")
        self.assertEqual(self.ids(db, "year = 1"), [201])

    def test_there_is_one_writer(self):
        db, other = self.connect(), self.connect()
        other.execute("ATTACH ':memory:' AS m")
        other.execute("CREATE VIRTUAL TABLE m.w USING nearline('test.near')")
        db.execute("BEGIN")
        db.execute("DELETE FROM v WHERE id = 1")
        self.fails("nearline", other, "DELETE FROM w WHERE id = 2")
        db.execute("COMMIT")
        other.execute("DELETE FROM w WHERE id = 2")
        self.assertEqual(self.ids(db, "id < 4"), [0, 3])

    def test_a_statement_goes_on_with_the_commit_that_it_began_on(self):
        db, other = self.connect(), self.connect()
        rows = db.execute("SELECT id FROM v WHERE id < 50")
        seen = [next(rows)[0]]
        other.execute("ATTACH ':memory:' AS m")
        other.execute("CREATE VIRTUAL TABLE m.w USING nearline('test.near')")
        other.execute("DELETE FROM w")
        seen += [row[0] for row in rows]
        self.assertEqual(seen, list(range(50)))
        self.assertEqual(self.ids(db, "true"), [])

    def test_a_commit_that_breaks_a_rule_of_sqlite_commits_nothing(self):
        db = self.connect()
        db.execute("CREATE TABLE parent(id INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE child(parent REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN")
        db.execute(NEW, [200, blob(1), 1])
        db.execute("INSERT INTO child VALUES (7)")
        self.fails("FOREIGN KEY", db, "COMMIT", kind=sqlite3.IntegrityError)
        self.assertEqual(self.ids(db, "year = 1"), [])
        db.execute("ROLLBACK")
        self.assertEqual(self.ids(db, "year = 1"), [])

    def test_the_index_commits_first_and_keeps_what_sqlite_then_cannot(self):
        """As where a reader holds the database: COMMIT may come again, but a ROLLBACK is SQLite's alone then."""
        for end, count in (("COMMIT", 1), ("ROLLBACK", 0)):
            db, other = self.connect(f"{end}.db"), self.connect(f"{end}.db")
            db.execute("CREATE TABLE t(a)")
            db.execute("CREATE TABLE u AS SELECT 1 UNION ALL SELECT 2")
            reader = other.execute("SELECT * FROM u")
            reader.fetchone()
            db.execute("BEGIN")
            db.execute("INSERT INTO t VALUES (1)")
            db.execute("INSERT OR REPLACE INTO v(id, vector, year) VALUES (200, ?, ?)", [blob(1), count])
            self.fails("locked", db, "COMMIT")
            self.assertEqual(self.ids(db, "year = ?", count), [200])
            reader.close()
            db.execute(end)
            self.assertEqual(db.execute("SELECT count(*) FROM t").fetchone(), (count,))
            self.assertEqual(self.ids(db, "year = ?", count), [200])

    def test_a_commit_that_the_index_cannot_make_is_none_of_sqlites(self):
        db = self.connect()
        db.execute("CREATE TABLE t(a)")
        db.execute("BEGIN")
        db.execute("INSERT INTO t VALUES (1)")
        db.execute("DELETE FROM v WHERE id = 1")
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize("test.near") // 2, limit[1]))
        try:
            self.fails("nearline", db, "COMMIT", kind=sqlite3.Error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        if db.in_transaction:
            db.execute("ROLLBACK")
        self.assertEqual(db.execute("SELECT count(*) FROM t").fetchone(), (0,))
        self.assertEqual(self.ids(db, "id < 3"), [0, 1, 2])

    def test_the_working_directory_may_change(self):
        db = self.connect()
        os.mkdir("elsewhere")
        os.chdir("elsewhere")
        db.execute("DELETE FROM v WHERE id = 1")
        self.assertEqual(self.ids(db, "id < 3"), [0, 2])

    def test_a_process_that_dies_leaves_the_last_commit(self):
        code = f"""
import os, sqlite3
db = sqlite3.connect("test.db", isolation_level=None)
db.enable_load_extension(True)
db.load_extension({EXTENSION!r})
db.execute("INSERT INTO v(id, vector) VALUES (200, x'{blob(1).hex()}')")
db.execute("BEGIN")
db.execute("DELETE FROM v WHERE id < 50")
os.kill(os.getpid(), 9)
"""
        db = self.connect()
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, -9)
        self.assertEqual(len(self.ids(db, "true")), COUNT + 1)

    def test_relaxed_commits_are_seen_too(self):
        db = self.connect("r.db", "'test.near', durable=0, wait=1")
        db.execute("DELETE FROM v WHERE id = 1")
        db.execute("DELETE FROM v WHERE id = 2")
        self.assertEqual(self.ids(db, "id < 4"), [0, 3])

    def test_the_file_outlives_the_table(self):
        db = self.connect()
        db.execute("ALTER TABLE v RENAME TO w")
        self.assertEqual(db.execute("SELECT count(*) FROM w").fetchone(), (COUNT,))
        db.execute("DROP TABLE w")
        self.assertTrue(os.path.exists("test.near"))


if __name__ == "__main__":
    unittest.main()
