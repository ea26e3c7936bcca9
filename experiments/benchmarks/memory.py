"""Measure the peak memory of a function in a separate process. Needs Linux."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVERY_S = 0.02


def apart(function: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    """Call `function` in a separate process; return its result and its peak memory in MB.

    Pages of mapped files, which the system may take back at any time, are not counted.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: tuple[Any, int] = pool.apply(_watched, (function, arguments))
    return found


def _watched(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, int]:
    with Peak() as peak:
        returned = function(*arguments)
    return returned, peak.mb


class Peak:
    """Samples this process's anonymous memory while the block runs; `mb` is the maximum."""

    def __enter__(self) -> "Peak":
        self.mb, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.mb = max(self.mb, anonymous_mb())
            if self._done.wait(EVERY_S):
                return


def anonymous_mb() -> int:
    """Return the anonymous memory of this process, which is not backed by a file, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("RssAnon:"))
    return int(line.split()[1]) // 1000
