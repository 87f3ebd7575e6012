# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: a folder of their own, and vectors whose neighbours are known."""
import os
import tempfile
import unittest

import numpy as np

import nearline


def line(count: int, dim: int = 8) -> np.ndarray:
    """Row i is i, i, i, ...: the neighbours of a row are those before and behind it."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, None], dim, 1)


def cloud(count: int, dim: int = 16, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32)


class Case(unittest.TestCase):
    """Each test runs in an empty folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def index(self, vectors, path: str = "test.near", **options) -> nearline.Index:
        nearline.build(path, vectors, **options)
        index = nearline.open(path, memory="16M")
        self.addCleanup(index.close)
        return index

    def fails(self, kind, words: str, call, *arguments, **options) -> Exception:
        """The exception, which is of that kind and has these words."""
        with self.assertRaises(kind) as caught:
            call(*arguments, **options)
        self.assertIn(words, str(caught.exception))
        return caught.exception
