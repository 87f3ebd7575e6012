# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/guide do what stands there.

    guide_test.py NEARLINE            runs them
    guide_test.py NEARLINE --write    writes what they print into the pages; "..." of what differs from run to run stays

Blocks of ```console have commands after "$ " and what these print. Blocks of ```python make one program a page, and a block of
```text behind one has what it prints. "..." stands for anything, in a line or as one.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import support

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
BLOCK = re.compile(r"^```(console|python|text)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
PYTHON = "/usr/bin/python3"
MARK = "<<<printed>>>"


class Page:
    """A page whose examples run in a folder of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.program = ""  # of Python, as far as it has come
        folder = tempfile.mkdtemp(prefix="nearline-guide-")
        self.folder = Path(folder)
        for data in (ROOT / "tests" / "data").iterdir():
            (self.folder / data.name).symlink_to(data)
        self.environment = dict(os.environ, PATH=f"{Path(support.NEARLINE).resolve().parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8")

    def shell(self, command: str) -> str:
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=300)
        return done.stdout

    def python(self, block: str) -> str:
        """What this block prints, after those before it."""
        self.program += f"print({MARK!r})\n" + block
        for made in self.folder.glob("python*.near"):
            made.unlink()
        done = subprocess.run([PYTHON, "-c", self.program], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              check=False, timeout=300)
        return done.stdout.split(MARK + "\n")[-1] + done.stderr

    def blocks(self):
        """(kind, what stands there, what it should be) of each block."""
        printed = ""
        for kind, text in BLOCK.findall(self.path.read_text(encoding="utf-8")):
            if kind == "console":
                parts = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
                yield kind, text, "".join(f"$ {command}\n{kept(expected, self.shell(command))}" for command, expected in parts)
            elif kind == "python":
                printed = self.python(text)
                yield kind, text, text
            else:
                yield kind, text, kept(text, printed)


def kept(expected: str, printed: str) -> str:
    """What stands there where what was printed fits it, else what was printed."""
    printed = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    pattern = re.escape(expected).replace(re.escape("...\n"), "(?:.*\n)*?").replace(re.escape("..."), ".*?")
    return expected if re.fullmatch(pattern, printed) else printed


class Guide(unittest.TestCase):
    def test_pages_print_what_they_say(self):
        pages = sorted(GUIDE.glob("*.md"))
        self.assertGreater(len(pages), 5)
        for path in pages:
            page = Page(path)
            self.addCleanup(shutil.rmtree, page.folder, ignore_errors=True)
            for _, expected, found in page.blocks():
                with self.subTest(path.name):
                    self.assertEqual(found, expected)

    def test_links_lead_somewhere(self):
        for path in [*GUIDE.glob("*.md"), ROOT / "README.md"]:
            for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
                if "://" not in link:
                    self.assertTrue((path.parent / link).exists(), f"{path.name}: {link}")

    def test_every_page_is_in_the_list(self):
        listed = set(re.findall(r"\]\((\w+\.md)\)", (GUIDE / "README.md").read_text(encoding="utf-8")))
        self.assertEqual(listed, {path.name for path in GUIDE.glob("*.md")} - {"README.md"})


def write() -> None:
    for path in sorted(GUIDE.glob("*.md")):
        page = Page(path)
        text = path.read_text(encoding="utf-8")
        replaced = iter(list(page.blocks()))

        def renew(match: re.Match) -> str:
            kind, _, found = next(replaced)
            return f"```{kind}\n{found}```\n"

        path.write_text(BLOCK.sub(renew, text), encoding="utf-8")
        shutil.rmtree(page.folder)


if sys.argv[2:] == ["--write"]:
    support.NEARLINE = sys.argv[1]
    write()
else:
    support.main()
