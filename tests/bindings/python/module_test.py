# SPDX-License-Identifier: Apache-2.0
"""The package as it stands: stubs that say what the module has, docstrings, types, and what an import loads."""
import ast
import inspect
import os
import pathlib
import re
import subprocess
import sys
import unittest

import nearline
from nearline import _core, _options

FOLDER = pathlib.Path(nearline.__file__).parent


def stub_members(body: list) -> dict:
    """Name: number of arguments without self, or None of what is no function."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args]
            is_property = any(isinstance(d, ast.Name) and d.id == "property" for d in node.decorator_list)
            found[node.name] = None if is_property else len([a for a in arguments if a.arg != "self"])
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = None
    return found


def real_members(holder) -> dict:
    """The same of the module or a class of it; pybind11 writes signatures into docstrings."""
    found = {}
    for name, member in vars(holder).items():
        if inspect.isclass(member) or (name.startswith("_") and name != "__init__"):
            continue
        if not callable(member):
            found[name] = None
            continue
        found[name] = len(re.findall(r"\barg\d+:", member.__doc__))
    return found


class Module(unittest.TestCase):
    def test_the_stub_says_what_the_module_has(self):
        tree = ast.parse((FOLDER / "_core.pyi").read_text(encoding="utf-8"))
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.assertEqual(stub_members(tree.body), real_members(_core))
        self.assertEqual(sorted(classes), sorted(name for name, kind in vars(_core).items() if inspect.isclass(kind)))
        for name, node in classes.items():
            with self.subTest(name):
                self.assertEqual(stub_members(node.body), real_members(getattr(_core, name)))

    def test_the_package_is_typed_and_told(self):
        self.assertTrue((FOLDER / "py.typed").exists())
        for name in nearline.__all__:
            public = getattr(nearline, name)
            if not callable(public):
                continue
            self.assertTrue(public.__doc__, name)
            members = [public] if inspect.isfunction(public) else [
                member for key, member in vars(public).items()
                if inspect.isfunction(member) and not key.startswith("_") and member.__module__.startswith("nearline")]
            for member in members:
                self.assertTrue(member.__doc__ or member.__name__ in ("memory_usage",), member.__qualname__)
                self.assertIn("return", member.__annotations__, member.__qualname__)

    def test_sizes_are_powers_of_1024(self):
        for text, size in (("64M", 64 << 20), ("2G", 2 << 30), (" 512 KiB", 512 << 10), ("1TB", 1 << 40), ("7", 7), ("7B", 7),
                           (9, 9)):
            self.assertEqual(_options.size(text), size)
        for text in ("", "M", "64iB", "64MM", "64 64", "-1", "1.5G", "64m", "64X", "1" * 30):
            with self.assertRaises(nearline.InvalidArgumentError):
                _options.size(text)

    def test_it_tells_of_the_machine(self):
        self.assertGreaterEqual(nearline.system_info().processors, 1)
        self.assertGreater(nearline.system_info().memory_bytes, 1 << 20)

    def test_an_unknown_target_of_kernels_is_an_error(self):
        program = ("import nearline\ntry: nearline.system_info()\n"
                   "except nearline.InvalidArgumentError as error: print(error)")
        said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True,
                              env={**os.environ, "NEARLINE_KERNELS": "ABACUS"}).stdout
        self.assertIn('NEARLINE_KERNELS is "ABACUS": expected one of ', said)

    def test_numpy_is_loaded_when_it_is_needed(self):
        program = "import sys, nearline; sys.exit('numpy' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", program], check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
