#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C interface shows the symbols that bindings/c/symbols.txt lists, those that its headers declare and no others, and
its structs and constants are those of bindings/c/abi.txt, to the byte. Both lists only grow, at the end of what there is.

    abi_test.py SOURCE_ROOT LIBRARY C_COMPILER...    LIBRARY: libnearline_c.so, or - for none
    abi_test.py --write SOURCE_ROOT C_COMPILER...       writes abi.txt anew
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEADERS = ("nearline.h", "nearline_answers.h", "nearline_files.h", "nearline_spaces.h")


def declared(text: str) -> set[str]:
    return set(re.findall(r"\b(nearline_\w+)\(", re.sub(r"//.*", "", text))) - {"nearline_progress_fn"}


def layout(root: Path, text: str, compiler: list[str]) -> str:
    """One line for each struct, field and constant, as the compiler has them."""
    lines = []
    text = re.sub(r"//.*", "", text)
    for struct, body in re.findall(r"typedef struct (\w+) \{(.*?)\n\}", text, re.DOTALL):
        lines.append(f'printf("{struct} %zu\\n", sizeof({struct}));')
        for field in re.findall(r"(\w+)(?:\[\w+\])?;", body):
            lines.append(f'printf("{struct}.{field} %zu\\n", offsetof({struct}, {field}));')
    for body in re.findall(r"enum \{(.*?)\}", text, re.DOTALL):
        for name in re.findall(r"NEARLINE_\w+", body):
            lines.append(f'printf("{name} %d\\n", (int){name});')
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "layout.c", Path(folder) / "layout"
        includes = "".join(f'#include "nearline/{header}"\n' for header in HEADERS)
        source.write_text("#include <stdio.h>\n" + includes + "int main(void) {\n  " + "\n  ".join(lines) + "\n  return 0;\n}\n", encoding="utf-8")
        subprocess.run([*compiler, "-std=c99", f"-I{root}/include", str(source), "-o", str(program)], check=True)
        return subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout


def compare(what: str, expected: list[str], found: list[str]) -> list[str]:
    return ([f"{what}: {line}: expected, not found" for line in expected if line not in found] +
            [f"{what}: {line}: found, not expected" for line in found if line not in expected])


def main() -> int:
    write = sys.argv[1] == "--write"
    root = Path(sys.argv[2 if write else 1])
    compiler = sys.argv[3:]
    text = "".join((root / "include" / "nearline" / header).read_text(encoding="utf-8") for header in HEADERS)
    found = layout(root, text, compiler)
    recorded = root / "bindings" / "c" / "abi.txt"
    if write:
        recorded.write_text(found, encoding="utf-8")
        return 0
    complaints = compare("abi.txt", recorded.read_text(encoding="utf-8").splitlines(), found.splitlines())
    listed = (root / "bindings" / "c" / "symbols.txt").read_text(encoding="utf-8").split()
    complaints += compare("headers", listed, sorted(declared(text)))
    if sys.argv[2] != "-":
        shown = subprocess.run(["nm", "-D", "--defined-only", sys.argv[2]], capture_output=True, text=True, check=True)
        complaints += compare(Path(sys.argv[2]).name, listed, [line.split()[-1] for line in shown.stdout.splitlines()])
    for line in complaints:
        print(line)
    return 1 if complaints or not listed else 0


sys.exit(main())
