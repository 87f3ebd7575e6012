# SPDX-License-Identifier: Apache-2.0
"""The module in its process: threads, closing beside them, fork, pickle, Ctrl-C, progress."""
import contextlib
import io
import os
import pickle
import subprocess
import sys
import threading
import time
import types
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from support import Case, cloud, line

import nearline
from nearline import _progress

INTERRUPTED = """
import os, signal, sys, threading, numpy as np, nearline
vectors = np.random.default_rng(1).standard_normal((40000, 64), dtype=np.float32)
threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    {call}
except KeyboardInterrupt:
    sys.exit(7)
"""


class Process(Case):
    def test_threads_search_side_by_side(self):
        index, queries = self.index(cloud(1000)), cloud(64, seed=2)
        expected = index.search(queries, k=5).ids.tolist()
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: index.search(queries, k=5).ids.tolist(), range(40)):
                self.assertEqual(found, expected)

    def test_others_run_while_a_call_does(self):
        index, steps, over = self.index(cloud(5000), calibrate=False), [0], threading.Event()

        def count():
            while not over.is_set():
                steps[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        index.search(cloud(256), exact=True)  # one call to the library
        over.set()
        thread.join()
        self.assertGreater(steps[0], 2)

    def test_closing_beside_searches_ends_in_words_or_answers(self):
        index, queries = self.index(cloud(1000)), cloud(100, seed=2)

        def search(_):
            try:
                return index.search(queries).ids.shape
            except nearline.InvalidArgumentError as error:
                return str(error)

        with ThreadPoolExecutor(4) as pool:
            work = pool.map(search, range(200))
            index.close()
            self.assertLessEqual(set(work), {(100, 10), "index: expected an open one, found one that was closed"})
        self.assertTrue(index.closed)
        for call in (lambda: len(index), index.refresh, lambda: index.info, lambda: index.get([1]), index.memory_usage):
            self.fails(ValueError, "closed", call)

    def test_a_child_opens_its_own(self):
        index = self.index(line(100))
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                try:
                    index.search(line(1))
                except nearline.Error as error:
                    again = pickle.loads(pickle.dumps(index))
                    good = "expected each process to open the index for itself" in str(error)
                    status = 0 if good and again.search(line(1)).ids[0, 0] == 0 else 2
            os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(index.search(line(1)).ids[0, 0], 0)

    def test_pickling_goes_by_the_path(self):
        again = pickle.loads(pickle.dumps(self.index(line(100))))
        self.addCleanup(again.close)
        self.assertEqual((again.memory_usage().budget, len(again)), (16 << 20, 100))
        with nearline.writer("test.near") as w, self.assertRaises(TypeError):
            pickle.dumps(w)

    def interrupted(self, call: str) -> None:
        program = INTERRUPTED.format(call=call)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (7, ""))

    def test_ctrl_c_ends_a_build(self):
        self.interrupted("nearline.build('x.near', vectors)")
        self.assertEqual(os.listdir("."), [])

    def test_ctrl_c_ends_a_search(self):
        self.index(cloud(8000, 64), calibrate=False)
        self.interrupted("nearline.open('test.near').search(vectors, exact=True)")

    def test_progress_is_told_and_stops_by_false(self):
        phases = []
        nearline.build("a.near", cloud(2000), calibrate=False, progress=lambda phase, done, total: phases.append(phase))
        self.assertIn("link", phases)
        self.fails(nearline.CancelledError, "cancelled", nearline.build, "b.near", cloud(2000), progress=lambda *_: False)
        self.assertFalse(os.path.exists("b.near"))

        def broken(*_):
            raise ZeroDivisionError

        self.assertRaises(ZeroDivisionError, nearline.build, "b.near", cloud(2000), progress=broken)
        self.fails(TypeError, "progress", nearline.build, "b.near", line(10), progress="yes")

    def test_progress_is_a_line_or_tqdm(self):
        errors = io.StringIO()
        with mock.patch.dict(sys.modules, {"tqdm": None, "tqdm.auto": None}), contextlib.redirect_stderr(errors):
            nearline.build("a.near", cloud(2000), progress=True, calibrate=False)
        self.assertRegex(errors.getvalue(), r"(?m)^link \d+/2000 \(\d+\.\d %\)$")
        bars = []

        class Bar:
            def __init__(self, total, desc, **_):
                self.n = 0
                bars.append(desc)

            def update(self, by):
                self.n += by

            def close(self):
                pass

        fake = types.ModuleType("tqdm.auto")
        fake.tqdm = Bar
        with mock.patch.dict(sys.modules, {"tqdm": types.ModuleType("tqdm"), "tqdm.auto": fake}):
            nearline.build("b.near", cloud(2000), progress=True, calibrate=False)
            self.assertIn("link", bars)
            shown = _progress.Shown(True)
            for _ in range(2):  # as a writer's calls, which end where the next begins
                shown.told("link", 1, 2)
                shown.close()
        self.assertEqual(bars[-2:], ["link", "link"])


if __name__ == "__main__":
    unittest.main()
