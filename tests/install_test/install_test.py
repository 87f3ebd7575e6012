#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `meson install` puts down can be used: by pkg-config and CMake, shared and static, and its symbols are the public ones; the
licence and the file format come with it.

    install_test.py BUILD_ROOT CONSUMER.cc CONSUMER.c COMPILER... -- C_COMPILER...
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

build, consumer, c_consumer = (Path(word) for word in sys.argv[1:4])
compiler, c_compiler = sys.argv[4:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
C_HEADERS = ("nearline.h", "nearline_answers.h", "nearline_files.h", "nearline_spaces.h")


def run(*command: str, **options) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_symbols(library: Path) -> None:
    """Of our own symbols only those of the public namespace are visible; no room's are, and no dependency's."""
    rooms = ("nearline::format::", "nearline::io::", "nearline::engine::", "nearline::kernels::")
    visible = [line.split(" ", 2)[-1] for line in run("nm", "-DC", "--defined-only", str(library)).splitlines()]
    if not any("nearline::Index::open" in name for name in visible):
        sys.exit(f"{library}: expected nearline::Index::open among the visible symbols")
    leaked = [name for name in visible if name.split("(")[0].removeprefix("T ").removeprefix("W ").startswith(rooms)]
    leaked += [name for name in visible if "hwy::" in name.split("(")[0] or name.startswith("XXH")]
    if leaked:
        sys.exit(f"{library}: symbols that should be hidden:\n" + "\n".join(leaked[:20]))


def check_soname(library: Path, program: Path, version: str, folder: Path) -> None:
    """Structs grow from one minor version to the next: a program asks for its own, and no other is loaded."""
    soname = "libnearline.so." + ".".join(version.split(".")[:2])
    for file, what in ((library, "SONAME"), (program, "NEEDED")):
        if not re.search(rf"{what}.*\[{re.escape(soname)}\]", run("readelf", "-d", str(file))):
            sys.exit(f"{file}: expected {what} {soname}")
    other = folder / "newer"
    other.mkdir()
    (other / "libnearline.so.0.99").symlink_to(library.resolve())
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False, cwd=folder,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(other)))
    if done.returncode == 0 or soname not in done.stderr:
        sys.exit(f"{program}: expected the loader to miss {soname}, found status {done.returncode}: {done.stderr}")


def check_package(package: Path, prefix: Path, name: str, library: str) -> None:
    """Its flags are its own, and none of the packages that nearline was built with need be there to ask for them."""
    alone = dict(os.environ, PKG_CONFIG_LIBDIR=str(package.parent), PKG_CONFIG_PATH="")
    for question, answer in ((["--cflags"], [f"-I{prefix}/include"]),
                             (["--libs"], [f"-L{package.parent.parent}", library]),
                             (["--static", "--cflags"], [f"-I{prefix}/include"]),
                             (["--print-requires", "--print-requires-private"], [])):
        found = run("pkg-config", f"--define-variable=prefix={prefix}", *question, name, env=alone).split()
        if found != answer:
            sys.exit(f"pkg-config {' '.join(question)}: expected {answer}, found {found}")


def check_documents(prefix: Path) -> None:
    source = Path(__file__).resolve().parents[2]
    for file in (source / "LICENSE", source / "format" / "SPEC.md"):
        if (prefix / "share" / "doc" / "nearline" / file.name).read_bytes() != file.read_bytes():
            sys.exit(f"{file.name}: expected a copy of the source's under share/doc/nearline")


def check_standard(prefix: Path) -> None:
    """What a compiler for older C++ says first of any header is what to do."""
    headers = sorted(h for h in (prefix / "include" / "nearline").glob("*.h") if h.name not in C_HEADERS)
    for header in headers:
        done = subprocess.run([*compiler, "-std=c++17", "-fsyntax-only", f"-I{prefix}/include", "-x", "c++", str(header)],
                              capture_output=True, text=True, check=False)
        first = next((line for line in done.stderr.splitlines() if "error" in line), "")
        if done.returncode == 0 or "nearline needs C++20" not in first:
            sys.exit(f"{header.name} as C++17: expected to be told of C++20, found: {first or done.stderr}")
    if not headers:
        sys.exit(f"{prefix}: expected headers")


def check_cmake(prefix: Path, folder: Path) -> None:
    """A CMake project finds each library, shared and static; one of another minor version is none."""
    source, target = folder / "cmake", folder / "cmake-build"
    source.mkdir()
    programs = {"shared": (consumer, "nearline"), "static": (consumer, "nearline_static"),
                "c_shared": (c_consumer, "nearline_c"), "c_static": (c_consumer, "nearline_c_static")}
    lines = ["cmake_minimum_required(VERSION 3.20)", "project(consumer C CXX)", "find_package(nearline ${WANTED} REQUIRED)"]
    for name, (file, library) in programs.items():
        lines += [f"add_executable({name} {file.resolve()})", f"target_link_libraries({name} PRIVATE nearline::{library})"]
    (source / "CMakeLists.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    configure = ["cmake", "-S", str(source), "-B", str(target), f"-DCMAKE_PREFIX_PATH={prefix}"]
    run(*configure, "-DWANTED=0.1")
    run("cmake", "--build", str(target))
    for name in programs:
        run(str(target / name), cwd=folder)
        (folder / "consumer.near").unlink()
    done = subprocess.run([*configure, "-DWANTED=0.99"], capture_output=True, text=True, check=False)
    if done.returncode == 0 or "0.99" not in done.stderr:
        sys.exit(f"find_package of 0.99: expected to find none, found status {done.returncode}: {done.stderr}")


def check_c(prefix: Path, libraries: Path, package: Path, folder: Path) -> None:
    """The C headers are C99 and C++ of any age; a program in C needs no library of nearline but its own, by a soname that
    outlives minor versions, and links statically, too."""
    for header in C_HEADERS:
        (folder / "alone.c").write_text(f"#include <nearline/{header}>\n", encoding="utf-8")
        check = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{prefix}/include", "-x"]
        run(*c_compiler, "-std=c99", "-pedantic", *check, "c", str(folder / "alone.c"))
        run(*compiler, "-std=c++11", *check, "c++", str(folder / "alone.c"))
    environment = dict(os.environ, PKG_CONFIG_PATH=str(package.parent))
    ask = ["pkg-config", f"--define-variable=prefix={prefix}", "nearline-c"]
    strict = [*c_compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", str(c_consumer)]
    run(*strict, "-o", str(folder / "c_shared"), *run(*ask, "--cflags", "--libs", env=environment).split())
    run(str(folder / "c_shared"), cwd=folder, env=dict(os.environ, LD_LIBRARY_PATH=str(libraries)))
    (folder / "consumer.near").unlink()
    private = [flag for flag in run(*ask, "--static", "--libs", env=environment).split() if flag != "-lnearline_c"]
    run(*strict, f"-I{prefix}/include", "-o", str(folder / "c_static"), str(libraries / "libnearline_c.a"), *private)
    run(str(folder / "c_static"), cwd=folder)
    (folder / "consumer.near").unlink()
    needed = run("readelf", "-d", str(libraries / "libnearline_c.so"))
    if "[libnearline_c.so.0]" not in needed or re.search(r"NEEDED.*nearline", needed):
        sys.exit(f"libnearline_c.so: expected the soname libnearline_c.so.0 and no other nearline, found:\n{needed}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run("meson", "install", "-C", str(build), "--no-rebuild", "--quiet", "--destdir", str(root / "stage"))
        package = next((root / "stage").rglob("nearline.pc"))
        prefix = package.parents[2] if package.parent.name == "pkgconfig" else None
        while prefix and not (prefix / "include").is_dir():
            prefix = prefix.parent
        environment = dict(os.environ, PKG_CONFIG_PATH=str(package.parent))
        libraries = package.parent.parent

        def flags(*options: str) -> list[str]:
            return run("pkg-config", f"--define-variable=prefix={prefix}", *options, "nearline", env=environment).split()

        check_package(package, prefix, "nearline", "-lnearline")
        check_package(package, prefix, "nearline-c", "-lnearline_c")
        check_documents(prefix)
        check_standard(prefix)
        check_symbols(libraries / "libnearline.so")
        run(*compiler, "-std=c++20", str(consumer), "-o", str(root / "shared"), *flags("--cflags", "--libs"))
        run(str(root / "shared"), cwd=folder, env=dict(os.environ, LD_LIBRARY_PATH=str(libraries)))
        version = run("pkg-config", "--modversion", "nearline", env=environment).strip()
        check_soname(libraries / "libnearline.so", root / "shared", version, root)
        (root / "consumer.near").unlink()
        check_c(prefix, libraries, package, root)
        check_cmake(prefix, root)
        private = [flag for flag in flags("--static", "--libs") if flag != "-lnearline"]
        run(*compiler, "-std=c++20", str(consumer), *flags("--cflags"), str(libraries / "libnearline.a"), *private,
            "-o", str(root / "static"))
        run(str(root / "static"), cwd=folder)
        shown = run(str(prefix / "bin" / "nearline"), "--version", env=dict(os.environ, LD_LIBRARY_PATH=str(libraries)))
        if version not in shown:
            sys.exit(f"nearline --version: expected {version}, found {shown}")


main()
