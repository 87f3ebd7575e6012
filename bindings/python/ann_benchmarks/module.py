# SPDX-License-Identifier: Apache-2.0
"""nearline in ann-benchmarks: copy this folder to ann_benchmarks/algorithms/nearline/."""
import os
import tempfile

import nearline

from ..base.module import BaseANN


class Nearline(BaseANN):
    """options: those of nearline.build. Query arguments: L, or a recall where it is below 1."""

    def __init__(self, metric, options):
        self.metric = {"euclidean": "l2", "angular": "cosine", "hamming": "hamming", "jaccard": "jaccard"}[metric]
        self.options = options
        self.name = f"nearline({options})"
        self.folder = tempfile.TemporaryDirectory()
        self.index = None
        self.how = {}

    def fit(self, X):
        path = os.path.join(self.folder.name, "data.near")
        nearline.build(path, X, metric=self.metric, replace=True, **self.options)
        self.index = nearline.open(path, memory="1G")

    def set_query_arguments(self, effort):
        self.how = {"recall": effort} if effort < 1 else {"L": effort}
        self.name = f"nearline({self.options}, {self.how})"

    def _how(self, n):
        return {"L": max(self.how["L"], n)} if "L" in self.how else self.how

    def query(self, v, n):
        return self.index.search(v, n, **self._how(n)).ids

    def batch_query(self, X, n):
        self.res = self.index.search(X, n, **self._how(n)).ids

    def get_batch_results(self):
        return self.res

    def get_memory_usage(self):
        return self.index.memory_usage().total / 1024 if self.index else 0

    def done(self):
        if self.index:
            self.index.close()
        self.folder.cleanup()
