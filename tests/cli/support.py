# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running it, and making small input files. Standard library only."""
import json
import os
import random
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

NEARLINE = "nearline"  # main() puts the built program here
GOLDEN = Path(__file__).resolve().parent.parent / "golden"


class CliTest(unittest.TestCase):
    """A test with a folder of its own, in which commands run."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nearline-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_tool(self, *words, **how):
        """Runs the command; returns its exit status, stdout and stderr."""
        how.setdefault("timeout", 120)
        return subprocess.run([NEARLINE, *map(str, words)], cwd=self.folder, capture_output=True, text=True, **how)

    def good(self, *words, **how):
        """Runs a command that must succeed in silence on stderr; returns stdout."""
        done = self.run_tool(*words, **how)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def good_json(self, *words):
        """The objects that a command prints, one a line."""
        return [json.loads(line) for line in self.good(*words).splitlines()]

    def bad(self, status, *words, says=(), **how):
        """Runs a command that must fail: this status, one line on stderr, of the form of every error."""
        before = sorted(os.listdir(self.folder))
        done = self.run_tool(*words, **how)
        self.assertEqual(done.returncode, status, (words, done.stderr))
        self.assertRegex(done.stderr, r"\Anearline: [^\n]+\n\Z", words)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.stderr, words)
        self.assertEqual(sorted(os.listdir(self.folder)), before, f"{words} left something behind")
        return done

    def worked_example(self, heading):
        """Runs the commands of a section of docs/capabilities.md, each of which prints the lines behind it; how many."""
        pages = GOLDEN.parent.parent / "docs" / "capabilities.md"
        text = pages.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
        said, ran = "", 0
        for line in re.findall(r"^    (.*)$", text, re.MULTILINE):
            if line.startswith("$ nearline "):
                done = self.run_tool(*shlex.split(line)[2:])
                self.assertEqual(done.returncode, 0, (line, done.stderr))
                said, ran = done.stdout, ran + 1
            else:
                self.assertIn(line + "\n", said)
        return ran

    def put(self, name, content):
        """Writes a file; bytes or text."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def index(self, name="index.near", rows=60, dim=8, metric="l2", **options):
        """Builds a small index of f32 vectors; returns its name. rows.fbin stays beside it."""
        self.put("rows.fbin", fbin(vectors(rows, dim)))
        words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
        self.good("build", "rows.fbin", "-o", name, "--metric", metric, *words)
        return name


def vectors(rows, dim, seed=1):
    """Rows of numbers that f16 holds exactly and no two of which are equal."""
    draw = random.Random(seed)
    return [[draw.randrange(-512, 512) / 64 for _ in range(dim)] for _ in range(rows)]


def counted(rows, dim, body):
    """The bin form: two counts, then bytes."""
    return struct.pack("<II", rows, dim) + body


def fbin(rows):
    return counted(len(rows), len(rows[0]), b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows))


def hbin(rows):
    return counted(len(rows), len(rows[0]), b"".join(struct.pack(f"<{len(row)}e", *row) for row in rows))


def u8bin(rows):
    return counted(len(rows), len(rows[0]), b"".join(bytes(row) for row in rows))


def fvecs(rows):
    return b"".join(struct.pack(f"<I{len(row)}f", len(row), *row) for row in rows)


def ibin(ids, distances):
    """Rows of ids, rows of distances."""
    k = len(ids[0])
    return (counted(len(ids), k, b"".join(struct.pack(f"<{k}I", *row) for row in ids)) +
            b"".join(struct.pack(f"<{k}f", *row) for row in distances))


def npy(descr, shape, body, version=1, order="False"):
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"
    start = 10 if version == 1 else 12
    text += " " * (-(start + len(text) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode() + body


def main():
    """Runs the tests of the calling file: FILE NEARLINE [UNITTEST OPTION...]."""
    global NEARLINE
    NEARLINE = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
