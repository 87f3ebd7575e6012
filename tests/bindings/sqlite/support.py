# SPDX-License-Identifier: Apache-2.0
"""What the SQLite tests share: an index in a folder of its own, and connections that have the extension.

    NEARLINE: the command, which builds the indexes; EXTENSION: the file to load
"""
import json
import os
import sqlite3
import struct
import subprocess
import tempfile
import unittest

NEARLINE, EXTENSION = os.path.abspath(os.environ["NEARLINE"]), os.path.abspath(os.environ["EXTENSION"])
COUNT, DIM = 100, 4


def blob(*components: float) -> bytes:
    """A vector as SQL has it: one number stands for all components."""
    return struct.pack(f"<{DIM}f", *(components if len(components) > 1 else components * DIM))


def said(i: int) -> dict:
    row = {"id": i, "year": 1900 + i, "new": i < 10, "lang": ("en", "de", "1950")[i % 3], "tags": ["bio/cell", "sky"][:i % 3],
           "title": f"item {i}"}
    if i % 2 == 0:
        row["price"] = i / 4
    return row


class Case(unittest.TestCase):
    """test.near: row i is i, i, i, i and says what `said` has."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        self.build("test.near", [[i] * DIM for i in range(COUNT)], [said(i) for i in range(COUNT)])

    def build(self, path: str, vectors: list, rows: list[dict], *options: str) -> None:
        with open(path + ".fbin", "wb") as out:
            out.write(struct.pack("<II", len(vectors), len(vectors[0])))
            for vector in vectors:
                out.write(struct.pack(f"<{len(vector)}f", *vector))
        with open(path + ".jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps({key: value for key, value in row.items() if key != "id"}) + "\n" for row in rows)
        with open(path + ".ids", "w", encoding="utf-8") as out:
            out.writelines(f"{row['id']}\n" for row in rows)
        subprocess.run([NEARLINE, "build", path + ".fbin", "-o", path, "--ids", path + ".ids", "--attributes", path + ".jsonl",
                        "--payload", "title", *options], check=True, capture_output=True)

    def connect(self, path: str = "test.db", table: str | None = "'test.near', memory='16M'") -> sqlite3.Connection:
        """With a table v, which is made where the database has none."""
        db = sqlite3.connect(path, isolation_level=None, timeout=0)
        self.addCleanup(db.close)
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        if table is not None and not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'v'").fetchall():
            db.execute(f"CREATE VIRTUAL TABLE v USING nearline({table})")
        return db

    def ids(self, db: sqlite3.Connection, where: str, *values) -> list[int]:
        return [row[0] for row in db.execute("SELECT id FROM v WHERE " + where, values)]

    def fails(self, words: str, db: sqlite3.Connection, sql: str, *values, kind=sqlite3.OperationalError) -> None:
        with self.assertRaises(kind) as caught:
            db.execute(sql, values).fetchall()
        self.assertIn(words, str(caught.exception))
