"""Storage for the frames of a corpus: memory, or a file above `memory_gb`."""

import mmap
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

GIB = 2**30
VALUE = 4  # bytes, float32

# Called with the first frames (B,) and the length of segments that are read next.
Prefetch = Callable[[Tensor, int], None]
# Called with T and F: returns uninitialised frames (T, F), and a prefetch function if on disk.
Allocate = Callable[[int, int], tuple[Tensor, Prefetch | None]]


def in_memory(frames: int, columns: int) -> tuple[Tensor, None]:
    """Allocate T frames of F values in memory."""
    return torch.empty(frames, columns), None


@dataclass(frozen=True)
class MemoryOrFile:
    """Allocate up to `memory_gb` GiB in memory, more in an unnamed file in `folder`.

    The values are the same either way. The file is gone when the process ends, however it ends.
    """

    memory_gb: float
    folder: Path

    def __call__(self, frames: int, columns: int) -> tuple[Tensor, Prefetch | None]:
        """Allocate T frames of F values; `OSError` if they do not fit on the disk."""
        row = columns * VALUE
        size = frames * row
        if size <= self.memory_gb * GIB:
            return in_memory(frames, columns)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                if hasattr(os, "posix_fallocate"):  # a disk that fills up later kills the process
                    os.posix_fallocate(file.fileno(), 0, size)
                file.truncate(size)
                memory = mmap.mmap(file.fileno(), size)
        except OSError as error:
            needed = f"{size / GIB:.2f} GiB, for frames above memory_gb={self.memory_gb:g}"
            raise OSError(error.errno, f"{error.strerror} ({needed})", str(self.folder)) from error
        values = torch.frombuffer(memory, dtype=torch.float32).view(frames, columns)
        return values, FilePrefetch(memory, row)


@dataclass(frozen=True)
class FilePrefetch:
    """Request all segments of a batch from the disk at once: three times faster than in turn."""

    memory: mmap.mmap
    row: int  # bytes of a frame

    def __call__(self, start: Tensor, length: int) -> None:
        for first in (start * self.row).tolist():
            page = first - first % mmap.PAGESIZE
            self.memory.madvise(mmap.MADV_WILLNEED, page, first + length * self.row - page)
