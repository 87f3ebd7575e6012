# SPDX-License-Identifier: Apache-2.0
"""How far long work has come: tqdm where it is installed, else a line of our own on standard error."""
from __future__ import annotations

import sys
import time


class _Bars:
    """A tqdm bar for each phase."""

    def __init__(self, tqdm) -> None:
        self.tqdm, self.bar, self.phase = tqdm, None, None

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != self.phase:
            self.close()
            self.phase = phase
            self.bar = self.tqdm(total=total or None, desc=phase, unit="", unit_scale=True)
        self.bar.update(max(0, done - self.bar.n))

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar, self.phase = None, None


class _Line:
    """On a terminal one line that changes, elsewhere a line a second."""

    def __init__(self) -> None:
        self.phase, self.printed, self.shown = None, 0.0, False
        self.terminal = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr is None or (phase == self.phase and now - self.printed < (0.1 if self.terminal else 1)):
            return
        self.phase, self.printed, self.shown = phase, now, True
        text = f"{phase} {done}" + (f"/{total} ({100 * done / total:.1f} %)" if total else "")
        print(f"\r\033[K{text}" if self.terminal else text, end="" if self.terminal else "\n", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.shown and self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self.shown = False


class Shown:
    """`with Shown(progress) as told`: told is what the library calls, or None. progress: True, False or None, or a function
    (phase, done, total), which stops the work by returning False."""

    def __init__(self, progress) -> None:
        self.display = None
        if progress is True:
            try:
                from tqdm.auto import tqdm
                self.display = _Bars(tqdm)
            except ImportError:
                self.display = _Line()
        elif progress not in (False, None) and not callable(progress):
            raise TypeError(f"progress: expected True, False or a function (phase, done, total), found {progress!r}")
        self.told = self.display or (progress if callable(progress) else None)

    def __enter__(self):
        return self.told

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self.display is not None:
            self.display.close()
