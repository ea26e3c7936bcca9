"""Room for the frames of a corpus: memory, or a file where they are more than it should take."""

import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

import torch
from torch import Tensor

from ser_vae import SerVaeError

GIB = 2**30
PAGE = mmap.PAGESIZE
VALUE = 4  # bytes, float32

Ahead = Callable[[Tensor, int], None]  # told which frames are read next: first of each, how many


class Frames(NamedTuple):
    """Uninitialised frames (T, F), and whom to tell which are wanted next; None in memory."""

    values: Tensor
    ahead: Ahead | None


Room = Callable[[int, int], Frames]  # for T frames of F values


def in_memory(frames: int, bands: int) -> Frames:
    return Frames(torch.empty(frames, bands), None)


@dataclass(frozen=True)
class Bounded:
    """Memory for up to `memory_gb` GiB of frames; for more a nameless file in `folder`.

    The values are the same. The file is gone when the process ends, however it ends.
    """

    memory_gb: float
    folder: Path

    def __call__(self, frames: int, bands: int) -> Frames:
        """Raise `SerVaeError` where the disk has no room for them."""
        size = frames * bands * VALUE
        if size <= self.memory_gb * GIB:
            return in_memory(frames, bands)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                self._reserve(file, size)
                memory = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise self._full(size) from error
        values = torch.frombuffer(memory, dtype=torch.float32).view(frames, bands)
        return Frames(values, _Disk(memory, bands * VALUE))

    def _reserve(self, file: IO[bytes], size: int) -> None:
        """Take the disk's room at once: a disk that is full later would kill the process."""
        if size > shutil.disk_usage(self.folder).free:
            raise self._full(size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
        for first in range(0, size, GIB):  # macOS
            file.write(bytes(min(GIB, size - first)))
        file.flush()

    def _full(self, size: int) -> SerVaeError:
        free = shutil.disk_usage(self.folder).free / GIB
        return SerVaeError(
            f"{self.folder}: the frames need {size / GIB:.2f} GiB of disk, as they are more than "
            f"memory_gb={self.memory_gb:g}; {free:.2f} GiB are free.\n"
            "Free some, give another folder with cache=…, or raise memory_gb where memory allows."
        )


@dataclass(frozen=True)
class _Disk:
    """Asks the disk for all frames of a batch at once, which takes it little longer than for one.

    Read one after another, each would be waited for, with 128 KiB around it.
    """

    memory: mmap.mmap
    row: int  # bytes

    def __call__(self, start: Tensor, length: int) -> None:
        first = start.sort().values * self.row
        begin, end = first // PAGE, (first + length * self.row - 1) // PAGE + 1
        apart = begin[1:] > end[:-1]
        edge = torch.ones(min(len(start), 1), dtype=torch.bool)  # of none there is none
        begins, ends = begin[torch.cat([edge, apart])], end[torch.cat([apart, edge])]
        for b, e in zip(begins.tolist(), ends.tolist(), strict=True):
            self.memory.madvise(mmap.MADV_WILLNEED, b * PAGE, (e - b) * PAGE)

    def __reduce__(self) -> NoReturn:
        raise SerVaeError(
            "Frames above memory_gb lie in a file that processes started by this one can't share.\n"
            "Use one device, or raise memory_gb where memory allows."
        )
