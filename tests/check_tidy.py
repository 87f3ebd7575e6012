#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy has nothing to say about the library, the bindings, the tools and the fuzz targets (.clang-tidy lists the checks).

    check_tidy.py [--all] [--analyze] SOURCE_ROOT BUILD_ROOT [FILE...]
    check_tidy.py --self-test            checks that the choice of files leaves out nothing that changed

FILE: only these, relative to SOURCE_ROOT. --analyze: the checks of clang's static analyzer, too; they run over all.

Without --all and FILE it checks what changed since the whole tree was clean: tests/tidied names that commit and the
clang-tidy that said so (tools/tidy.sh writes it). Each changed source counts, and each source that includes a changed
header directly. All are checked where nobody can say what changed, and where the checks or the flags did.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOMS = ("format", "io", "engine", "bindings", "tools", "fuzz")
MARK = "tests/tidied"

# NewDeleteLeaks loses the unique_ptr inside a moved Result; LeakSanitizer runs the suite instead.
ANALYZER = "--checks=clang-analyzer-*,-clang-analyzer-cplusplus.NewDeleteLeaks"


class Unknown(Exception):
    """Why nobody can say what changed."""


def git(root: Path, *words: str) -> str:
    """Standard output of git; Unknown where it fails."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unknown(f"git does not run: {error}") from error
    if done.returncode != 0:
        raise Unknown(f"git {words[0]}: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
    return done.stdout


def version() -> str:
    """What clang-tidy says of itself, in one line."""
    said = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    return next(line.strip() for line in said.splitlines() if "version" in line)


def changes_since_mark(root: Path) -> tuple[str, set[str]]:
    """The commit that tests/tidied names, and the files that differ from it now, committed or not, tracked or not."""
    mark = (root / MARK).read_text(encoding="ascii").splitlines() if (root / MARK).is_file() else []
    if len(mark) != 2 or not re.fullmatch(r"[0-9a-f]{40}", mark[0]):
        raise Unknown(f"{MARK}: expected a commit and a version of clang-tidy")
    if mark[1] != version():
        raise Unknown(f"{MARK} was written with {mark[1]}, this is {version()}")
    if Path(git(root, "rev-parse", "--show-toplevel").strip()).resolve() != root:
        raise Unknown("the sources are a part of another repository")
    changed = git(root, "diff", "--no-renames", "--no-ext-diff", "--name-only", "-z", mark[0], "--").split("\0")
    changed += git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    builds = [name for name in changed if decides_flags(name)]
    for name in builds:
        before = git(root, "show", f"{mark[0]}:{name}") if git(root, "ls-tree", mark[0], "--", name) else ""
        now = (root / name).read_text(encoding="utf-8") if (root / name).is_file() else ""
        if without_sources(before) != without_sources(now):
            raise Unknown(f"{name} changed in more than its list of sources since {mark[0][:10]}")
    for name in (".clang-tidy", "tests/check_tidy.py"):
        if name in changed:
            raise Unknown(f"{name} changed since {mark[0][:10]}")
    return mark[0], set(filter(None, changed))


def decides_flags(name: str) -> bool:
    """Whether the flags of a checked source can come from this file."""
    path = Path(name)
    return path.name in ("meson.build", "meson_options.txt", "meson.options") and path.parts[0] in (
        *ROOMS, "include", path.name)


def without_sources(text: str) -> list[str]:
    """The lines of a meson.build that can change flags: no names of sources and headers alone on theirs, no comments."""
    return [line for line in text.splitlines() if not re.fullmatch(r"\s*('[\w/.]+',?)?\s*(#.*)?", line)]


def choose(sources: list[str], includes: dict[str, set[str]], changed: set[str]) -> tuple[dict[str, str], list[str]]:
    """Why each source that must be checked is, and the changed files of the rooms that no source leads to.

    includes: of every source and header the files that it includes, by their names under the root.
    """
    why = {name: "changed" for name in sources if name in changed}
    built, lost = set(sources), []
    for header in sorted(changed):
        if header.split("/", 1)[0] not in (*ROOMS, "include") or not header.endswith((".h", ".cc")) or header in built:
            continue
        if header not in includes:  # deleted: who included it has changed, too
            continue
        readers, seen = {header}, {header}
        # Directly; where only headers include it, whoever includes those.
        while readers and not (found := {name for name in sources if readers & includes[name]}):
            readers = {name for name, of in includes.items() if readers & of and name not in seen}
            seen |= readers
        if not readers:
            lost.append(header)
            continue
        for name in found:
            why.setdefault(name, f"includes {header}")
    return why, lost


def read_includes(root: Path) -> dict[str, set[str]]:
    """Of every source and header what it includes of ours; a public header has its name with and without include/."""
    includes = {}
    for room in (*ROOMS, "include", "tests"):
        for path in (p for p in (root / room).rglob("*") if p.suffix in (".h", ".cc")):
            lines = re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.MULTILINE)
            includes[path.relative_to(root).as_posix()] = {
                "include/" + name if name.startswith("nearline/") else name for name in lines}
    return includes


def plain_commands(build: Path) -> list[dict]:
    """The compile commands without g++'s precompiled headers, which clang cannot read: each source says what it needs."""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    for command in commands:
        command["command"] = re.sub(r" -include \S+| -Winvalid-pch| -fpch-preprocess", "", command["command"])
    return commands


def check(root: Path, build: Path, only: set[str], more: list[str], everything: bool) -> int:
    """Says what is checked and why, and what clang-tidy finds; the exit status."""
    commands = plain_commands(build)
    paths = {(Path(c["directory"]) / c["file"]).resolve() for c in commands}
    sources = sorted(path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root))
    sources = [name for name in sources if name.split("/", 1)[0] in ROOMS and name.endswith(".cc")]
    if not sources:
        sys.exit(f"{build}: expected sources of {ROOMS} in compile_commands.json, found none")
    if unknown := only - set(sources):
        sys.exit(f"{build} does not build {', '.join(sorted(unknown))}")
    why = dict.fromkeys(sorted(only) or sources, "asked for")
    if not only and not everything:
        try:
            commit, changed = changes_since_mark(root)
            why, lost = choose(sources, read_includes(root), changed)
            print(f"since {commit[:10]}, where all of {len(sources)} were clean:")
            for name in lost:
                print(f"  {name}: changed, and nothing that this build compiles reads it: not checked, nor by --all")
        except Unknown as reason:
            print(f"all {len(sources)} files: {reason}")
            why = dict.fromkeys(sources, "all")
    if len(why) < len(sources):
        print("".join(f"  {name}: {reason}\n" for name, reason in sorted(why.items())), end="")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "compile_commands.json").write_text(json.dumps(commands), encoding="utf-8")

        def tidy(name: str) -> str:
            """What clang-tidy says of one file; empty when it is content."""
            done = subprocess.run(["clang-tidy", "--quiet", "-p", folder, "--extra-arg=-Wno-unknown-warning-option",
                                   *more, str(root / name)], capture_output=True, text=True, check=False)
            return "" if done.returncode == 0 else f"{name}: status {done.returncode}\n{done.stdout}{done.stderr}"

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            findings = [said for said in pool.map(tidy, sorted(why)) if said]
    print("".join(findings), end="")
    print(f"{len(why)} of {len(sources)} files checked, {len(findings)} with findings")
    return 1 if findings else 0


def self_test() -> list[str]:
    """Choices that must come out as they do here; returns those that do not."""
    sources = ["io/a.cc", "io/b.cc", "engine/c.cc"]
    includes = {"io/a.cc": {"io/a.h"}, "io/b.cc": {"io/b.h", "io/a.h"}, "engine/c.cc": {"io/b.h"},
                "io/a.h": {"include/nearline/t.h", "io/deep.h"}, "io/b.h": set(), "include/nearline/t.h": set(),
                "io/deep.h": {"io/deeper.h"}, "io/deeper.h": set(), "io/ring.h": {"io/ring.h"}, "io/new.cc": set()}
    cases = [(set(), set(), []), ({"io/a.cc"}, {"io/a.cc"}, []), ({"io/a.h"}, {"io/a.cc", "io/b.cc"}, []),
             ({"io/b.h", "engine/c.cc"}, {"io/b.cc", "engine/c.cc"}, []), ({"io/gone.h"}, set(), []),
             ({"include/nearline/t.h"}, {"io/a.cc", "io/b.cc"}, []), ({"io/deeper.h"}, {"io/a.cc", "io/b.cc"}, []),
             ({"io/ring.h"}, set(), ["io/ring.h"]), ({"io/new.cc"}, set(), ["io/new.cc"]),
             ({"tests/a.cc", "README.md"}, set(), [])]
    wrong = []
    for changed, expected, expected_lost in cases:
        why, lost = choose(sources, includes, changed)
        if (set(why), lost) != (expected, expected_lost):
            wrong.append(f"{changed}: expected {expected} and {expected_lost}, found {why} and {lost}")
    text = "engine_lib = static_library('engine',\n  'a/b.cc',  # why\n  'b',\n  # more\n  '-DX',\n  pic: true)\n"
    if without_sources(text) != ["engine_lib = static_library('engine',", "  '-DX',", "  pic: true)"]:
        wrong.append(f"lines that decide flags: {without_sources(text)}")
    decide = [name for name in ("meson.build", "io/meson.build", "engine/kernels/meson.build", "tests/meson.build",
                                "include/meson.build", "meson_options.txt", "io/a.cc") if decides_flags(name)]
    if len(decide) != 5 or "tests/meson.build" in decide:
        wrong.append(f"files that decide flags: {decide}")
    with tempfile.TemporaryDirectory() as folder:
        wrong += self_test_of_changes(Path(folder).resolve())
    return wrong


def self_test_of_changes(root: Path) -> list[str]:
    """What changes_since_mark sees in a repository made for it."""
    wrong = []

    def put(name: str, text: str) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")

    def expect(what: str, expected: set[str] | str) -> None:
        try:
            found = changes_since_mark(root)[1] - {MARK}
        except Unknown as reason:
            found = str(reason)
        if not (expected in found if isinstance(expected, str) else found == expected):
            wrong.append(f"{what}: expected {expected}, found {found}")

    def commit(message: str) -> str:
        git(root, "add", "-A")
        git(root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", message)
        return git(root, "rev-parse", "HEAD").strip()

    expect("no file", "expected a commit")
    git(root, "init", "-q")
    put(".clang-tidy", "Checks: a\n")
    put("io/meson.build", "lib = library('io',\n  'a.cc')\n")
    for name in ("io/a.cc", "io/b.cc", "io/c.cc"):
        put(name, "")
    first = commit("one")
    put(MARK, f"{first}\n{version()}\n")
    expect("nothing", set())
    put("io/a.cc", "int a;")
    commit("two")
    put("io/b.cc", "int b;")
    put("io/new.cc", "")
    put("io/meson.build", "lib = library('io',\n  'new.cc',\n  'a.cc')\n")
    (root / "io/c.cc").unlink()
    expect("committed, changed, added, deleted", {"io/a.cc", "io/b.cc", "io/c.cc", "io/new.cc", "io/meson.build"})
    put("io/meson.build", "lib = library('io', cpp_args: '-DX',\n  'a.cc')\n")
    expect("flags", "io/meson.build changed")
    put("io/meson.build", "lib = library('io',\n  'a.cc')\n")
    put(".clang-tidy", "Checks: b\n")
    expect("checks", ".clang-tidy changed")
    put(MARK, f"{first}\nLLVM version 1\n")
    expect("another clang-tidy", "was written with")
    put(MARK, f"{'0' * 40}\n{version()}\n")
    expect("no such commit", "git diff")
    return wrong


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    options = set(sys.argv[1:]) - set(words)
    if options == {"--self-test"}:
        complaints = self_test()
        print("\n".join(complaints))
        sys.exit(1 if complaints else 0)
    if len(words) < 2 or not options <= {"--all", "--analyze"}:
        sys.exit(__doc__)
    sys.exit(check(Path(words[0]).resolve(), Path(words[1]).resolve(), set(words[2:]),
                   [ANALYZER] if "--analyze" in options else [], bool(options)))
