#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of a build install, and what they bring works: the command, its manual, the libraries, Python, SQLite.

    deb_test.py BUILD_ROOT CONSUMER.cc COMPILER...
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

build, consumer = (Path(word).resolve() for word in sys.argv[1:3])
compiler = sys.argv[3:]
SOURCE = Path(__file__).resolve().parents[2]
PACKAGES = {"nearline", "libnearline0.1", "libnearline-c0", "libnearline-dev", "python3-nearline", "nearline-sqlite"}
LARGEST = 5 << 20  # what a package to download may take


def run(*command, **options) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(what: str, good: bool) -> None:
    if not good:
        sys.exit(f"expected {what}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [Path(line) for line in run(SOURCE / "tools" / "deb.sh", folder / "debs", build).split()]
        expect(f"packages {sorted(PACKAGES)}, found {[file.name for file in made]}",
               {file.name.split("_")[0] for file in made} == PACKAGES)
        for file in made:
            expect(f"{file.name} of at most {LARGEST} bytes, found {file.stat().st_size}", file.stat().st_size <= LARGEST)
        # Into a root of its own, without the scripts that would compile the module in the system's: what the packages need
        # is this system's.
        root = folder / "root"
        (root / "var/lib/dpkg/updates").mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "var/lib/dpkg/info").mkdir()
        run("dpkg", f"--root={root}", "--force-not-root", "--log=/dev/null", "--unpack", *made)
        usr = root / "usr"
        libraries = next(usr.glob("lib/*/libnearline.so")).parent
        environment = dict(os.environ, LD_LIBRARY_PATH=str(libraries), PYTHONPATH=str(usr / "lib/python3/dist-packages"),
                           PKG_CONFIG_PATH=str(libraries / "pkgconfig"), PYTHONDONTWRITEBYTECODE="1")
        tool = usr / "bin" / "nearline"
        python = ("import nearline, numpy; nearline.build('a.near', numpy.eye(4, dtype='f4')); "
                  "print(nearline.open('a.near').search([0, 0, 1, 0], 1).ids[0])")
        expect("Python to find 2", run("/usr/bin/python3", "-c", python, cwd=folder, env=environment) == "2\n")
        expect("the command to read what Python made", run(tool, "count", "a.near", cwd=folder).startswith("4"))
        sql = f".load {libraries}/nearline/nearline_sqlite\nCREATE VIRTUAL TABLE v USING nearline('a.near');\n" \
              "SELECT id FROM v WHERE vector MATCH '[0, 1, 0, 0]' AND k = 1;\n"
        expect("SQLite to find 1", run("sqlite3", ":memory:", input=sql, cwd=folder) == "1\n")
        for page in ("nearline.1.gz", "nearline-build.1.gz"):
            expect(f"a manual page {page}", (usr / "share/man/man1" / page).is_file())
        for place in ("bash-completion/completions/nearline", "zsh/site-functions/_nearline", "doc/nearline/copyright",
                      "doc/libnearline-dev/SPEC.md.gz"):
            expect(f"share/{place}", (usr / "share" / place).is_file())
        flags = run("pkg-config", f"--define-variable=prefix={usr}", "--cflags", "--libs", "nearline", env=environment).split()
        run(*compiler, "-std=c++20", consumer, "-o", folder / "program", *flags)
        expect("a program to run", run(folder / "program", cwd=folder, env=environment) == "consumer: ok\n")


main()
