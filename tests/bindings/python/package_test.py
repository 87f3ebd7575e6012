# SPDX-License-Identifier: Apache-2.0
"""The package as users get it: `pip install .` without a network, the README's lines, and the ann-benchmarks adapter.

    package_test.py SOURCE_ROOT BUILD_ROOT
"""
import importlib.util
import pathlib
import re
import subprocess
import sys
import types
import unittest

import numpy as np
from support import Case, line

ROOT, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:3])


def run(*command, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(Case):
    def test_pip_installs_a_checkout_and_the_readme_runs(self):
        run(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", "venv")
        python = pathlib.Path("venv/bin/python").absolute()
        alone = {"PATH": "/usr/bin:/bin", "HOME": "."}  # without the tests' PYTHONPATH
        run(python, "-m", "pip", "install", "--no-index", "--no-cache-dir", f"--config-settings=builddir={BUILD}", ROOT,
            env=alone)
        lines = re.search(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)[1]
        self.assertLessEqual(lines.count("\n"), 6)
        self.assertEqual(run(python, "-c", lines, env=alone).strip(), "[0 1 2]")
        blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
        self.assertEqual(run(python, "-c", "".join(blocks), env=alone).split("\n")[1].split(" ", 1)[0], "10")
        where = run(python, "-c", "import nearline; print(nearline.__file__, nearline.__version__)", env=alone).split()
        self.assertTrue(where[0].startswith(str(python.parents[1])))
        self.assertIn(f"version: '{where[1]}'", (ROOT / "meson.build").read_text(encoding="utf-8"))
        self.assertIn("nearline", run(python, "-m", "pip", "list", env=alone))
        self.assertIn("bindings/python", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    def test_the_ann_benchmarks_adapter_runs(self):
        base = types.ModuleType("ann_benchmarks.algorithms.base.module")
        base.BaseANN = object
        for name in ("ann_benchmarks", "ann_benchmarks.algorithms", "ann_benchmarks.algorithms.base",
                     "ann_benchmarks.algorithms.nearline"):
            package = sys.modules.setdefault(name, types.ModuleType(name))
            package.__path__ = []
        sys.modules[base.__name__] = base
        file = ROOT / "bindings" / "python" / "ann_benchmarks" / "module.py"
        spec = importlib.util.spec_from_file_location("ann_benchmarks.algorithms.nearline.module", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        algorithm = module.Nearline("euclidean", {"degree": 16, "l_build": 50})
        algorithm.fit(line(200))
        for effort in (10, 0.9):
            algorithm.set_query_arguments(effort)
            self.assertEqual(algorithm.query(line(200)[7], 1).tolist(), [7])
            algorithm.batch_query(line(5), 2)
            self.assertEqual(np.asarray(algorithm.get_batch_results())[:, 0].tolist(), [0, 1, 2, 3, 4])
        self.assertGreater(algorithm.get_memory_usage(), 0)
        self.assertIn("degree", algorithm.name)
        algorithm.done()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
