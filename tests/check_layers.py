#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the #include lines of every source and holds them to the order of the rooms (ARCHITECTURE.md).

    check_layers.py SOURCE_ROOT          prints each line that breaks a rule; exit status 1 if there is one
    check_layers.py --self-test          checks that the rules bite
"""
import re
import sys
from pathlib import Path

# What a file of each room may include of the others, besides its own room.
MAY_SEE = {
    "include": (),
    "format": ("nearline",),
    "io": ("nearline", "format"),
    "engine": ("nearline", "format", "io"),
    "tools": ("nearline",),
    "bindings": ("nearline",),
    "tests": ("nearline", "format", "io", "engine", "tools"),
    "fuzz": ("nearline", "format", "io", "engine", "tests"),
    "bench": ("nearline", "format", "io", "engine"),
}
# Files that may see more than their room: the inspector prints structures of the format; what the tool writes beside an
# index appears as atomically as the index, and is told from its inputs by device and inode.
EXCEPTIONS = {"tools/inspect": ("format",), "tools/command_line": ("format",), "tools/text_file": ("io",), "tools/outputs": ("io",)}

# The rooms of engine/: a file may include those of its own room and of the rooms before it. What lies at the top of
# engine/ serves all of them and includes none.
ENGINE_ROOMS = ("kernels", "records", "space", "transform", "file", "columns", "codes", "walk", "filter", "vectors", "segment", "link", "query", "make",
                "write", "repair", "judge", "api")

# Third-party headers, and the only files that name them.
THIRD_PARTY = {
    r"liburing\.h": r"io/ring_\w+\.cc",
    r"boost/.*": r"io/mapping\.cc",
    r"xxhash\.h": r"format/checksum\.cc",
    r"zstd\.h": r"format/packed_block\.cc",
    r"hwy/.*": r"engine/kernels/.*",
    r"CLI/.*|fmt/.*|nlohmann/.*": r"tools/.*\.(cc|h)",
    r"doctest/.*": r"tests/.*\.(cc|h)",
    r"Eigen/.*": r"engine/codes/principal_axes\.cc|engine/judge/(spectrum|compare_spaces)\.cc",
    r"hnswlib/.*|benchmark/.*": r"bench/.*\.(cc|h)",
    r"faiss/.*|omp\.h": r"bench/faiss_peer\.cc",
    r"pybind11/.*": r"bindings/python/.*\.(cc|h)",
    r"sqlite3(ext)?\.h": r"bindings/sqlite/.*\.(cc|h)",
}
# System calls are io's alone: these headers appear there, in the tools (terminal, signals), and in tests.
SYSTEM = r"(sys|linux|arpa|netinet)/.*|unistd\.h|fcntl\.h|dirent\.h|sched\.h|pthread\.h|signal\.h|termios\.h"
SYSTEM_ROOMS = ("io", "tools", "tests", "fuzz", "bench")
# The format is pure functions of bytes.
FORMAT_NEVER = r"thread|mutex|atomic|future|fstream|filesystem|chrono|ctime|random|cstdlib"


def engine_room(file: str) -> int:
    """Where a file of engine/ stands in the row: -1 at its top, before all rooms; none for a room that is not listed."""
    parts = file.split("/")
    return -1 if len(parts) == 2 else ENGINE_ROOMS.index(parts[1])


def complaint(file: str, quoted: bool, header: str) -> str | None:
    """Why `file` may not include `header`, or None."""
    room = file.split("/", 1)[0]
    for pattern, places in THIRD_PARTY.items():
        if re.fullmatch(pattern, header):
            return None if re.fullmatch(places, file) else f"only {places} may name this library"
    if quoted:
        target = header.split("/", 1)[0] if "/" in header else None
        own = "nearline" if room == "include" else room
        extra = next((more for prefix, more in EXCEPTIONS.items() if file.startswith(prefix)), ())
        if target is None:
            return None if room == "bench" else "a quoted include names its room: \"room/file.h\""
        if target != own and target not in MAY_SEE[room] + extra:
            return f"{room} does not see {target}"
        if room == "engine" and target == "engine":
            rooms = [f.split("/")[1] for f in (file, header) if f.count("/") > 1]
            unknown = [name for name in rooms if name not in ENGINE_ROOMS]
            if unknown:
                return f"engine/{unknown[0]} is no room that check_layers.py knows"
            if engine_room(header) > engine_room(file):
                return f"engine/{rooms[0] if file.count('/') > 1 else ''} does not see engine/{rooms[-1]}"
        return None
    if re.fullmatch(SYSTEM, header):
        return None if room in SYSTEM_ROOMS else "system calls belong to io"
    if room == "format" and re.fullmatch(FORMAT_NEVER, header):
        return "format is pure functions of bytes"
    if header.startswith("nearline/"):
        return None if room == "tests" else "only what stands for a user's program includes it as installed"
    if "/" in header:
        return "a library that check_layers.py does not know"
    return None


def check(root: Path) -> list[str]:
    """All complaints of the tree, as "file:line: why"."""
    found, seen = [], 0
    for room in MAY_SEE:
        for path in sorted(p for p in (root / room).rglob("*") if p.suffix in (".h", ".cc", ".c")):
            seen += 1
            file = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
                why = match and complaint(file, match[1] == '"', match[2])
                if why:
                    found.append(f"{file}:{number}: {match[2]}: {why}")
    if seen == 0:
        found.append(f"{root}: expected sources, found none")
    return found


def self_test() -> list[str]:
    """Cases that must be refused or allowed; returns those that are not."""
    refused = [("format/a.cc", True, "io/file.h"), ("engine/a.h", True, "tools/args.h"), ("io/a.h", True, "engine/a.h"),
               ("include/nearline/a.h", True, "format/a.h"), ("tools/build.cc", True, "engine/a.h"),
               ("tools/build.cc", True, "format/manifest.h"), ("engine/a.cc", False, "liburing.h"),
               ("format/manifest.cc", False, "xxhash.h"), ("engine/a.cc", False, "unistd.h"),
               ("format/a.cc", False, "fstream"), ("engine/walk/a.h", True, "engine/segment/a.h"),
               ("engine/a.h", True, "engine/walk/a.h"), ("engine/hall/a.h", True, "engine/walk/a.h"),
               ("tools/build.cc", True, "io/file.h"), ("io/a.cc", False, "unheard/of.h"), ("io/a.cc", True, "file.h"),
               ("bindings/c/a.cc", True, "engine/a.h"), ("bindings/c/a.cc", False, "pybind11/numpy.h"),
               ("bindings/python/a.cc", True, "format/manifest.h"), ("engine/a.cc", True, "bindings/c/call.h"),
               ("tools/build.cc", False, "sqlite3.h"), ("bindings/sqlite/a.cc", True, "engine/a.h")]
    allowed = [("engine/a.cc", True, "io/file.h"), ("tools/inspect.cc", True, "format/manifest.h"),
               ("io/mapping.cc", False, "boost/interprocess/mapped_region.hpp"), ("io/a.cc", False, "unistd.h"),
               ("include/nearline/a.h", True, "nearline/types.h"), ("tests/a/user.cc", False, "nearline/index.h"),
               ("engine/kernels/a.cc", False, "hwy/highway.h"), ("engine/segment/a.h", True, "engine/walk/a.h"),
               ("engine/walk/a.h", True, "engine/a.h"), ("tools/text_file.h", True, "io/atomic_file.h"),
               ("bindings/c/a.cc", True, "nearline/index.h"), ("bindings/c/a.cc", True, "bindings/c/call.h"),
               ("bindings/python/a.cc", False, "pybind11/numpy.h"), ("bindings/sqlite/a.h", False, "sqlite3ext.h")]
    return ([f"not refused: {case}" for case in refused if not complaint(*case)] +
            [f"refused: {case}" for case in allowed if complaint(*case)])


if __name__ == "__main__":
    complaints = self_test() if sys.argv[1] == "--self-test" else check(Path(sys.argv[1]))
    for line in complaints:
        print(line)
    sys.exit(1 if complaints else 0)
