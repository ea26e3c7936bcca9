"""Frames -> segments: "segment length 100ms, which correspond to 10 frames" (IV-B).

The frames of a corpus are in memory or, above `memory_gb`, in a file.
"""

import math
import mmap
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser_vae import SerVaeError

GIB = 2**30

# Called with the first frames (B,) and the length of segments that are read next.
Prefetch = Callable[[Tensor, int], None]


def allocate(
    frames: int, columns: int, memory_gb: float, folder: Path
) -> tuple[Tensor, Prefetch | None]:
    """Allocate up to `memory_gb` GiB in memory, more in an unnamed file in `folder`.

    The values are the same either way. The file is gone when the process ends, however it ends.

    Returns:
        Uninitialised frames (T, F), and a function that prefetches them if on disk.

    Raises:
        OSError: they do not fit on the disk.
    """
    row = columns * torch.float32.itemsize
    size = frames * row
    if size <= memory_gb * GIB:
        return torch.empty(frames, columns), None
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a disk that fills up later kills the process
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
            memory = mmap.mmap(file.fileno(), size)
    except OSError as error:
        needed = f"{size / GIB:.2f} GiB, for frames above memory_gb={memory_gb:g}"
        raise OSError(error.errno, f"{error.strerror} ({needed})", str(folder)) from error

    def prefetch(start: Tensor, length: int) -> None:
        """Request all segments of a batch at once: three times faster than in turn."""
        for first in (start * row).tolist():
            page = first - first % mmap.PAGESIZE
            memory.madvise(mmap.MADV_WILLNEED, page, first + length * row - page)

    return torch.frombuffer(memory, dtype=torch.float32).view(frames, columns), prefetch


Remainder = Literal["drop", "pad"]


@dataclass(frozen=True)
class Segmentation:
    """How an utterance is cut.

    Attributes:
        length: frames in a segment.
        hop: frames from the start of one segment to that of the next.
        remainder: what happens to frames after the last whole segment: `drop` them, or `pad` them
            to a whole segment by repeating the last frame.
    """

    length: int
    hop: int
    remainder: Remainder

    @classmethod
    def from_seconds(
        cls, segment_s: float, hop_s: float, remainder: Remainder, frame_shift_s: float
    ) -> "Segmentation":
        """Round durations in seconds to frames.

        Raises:
            SerVaeError: a duration is shorter than half a frame shift.
        """
        length, hop = round(segment_s / frame_shift_s), round(hop_s / frame_shift_s)
        if min(length, hop) < 1:
            raise SerVaeError(
                f"data.segment_s={segment_s}, data.hop_s={hop_s}: expected at least one frame, "
                f"which is {frame_shift_s} s with these features.\nUse longer segments."
            )
        return cls(length, hop, remainder)

    def frames_kept(self, available: int) -> int:
        """Return how many frames the segments of an utterance cover, including padding.

        0 if the utterance is shorter than a segment and nothing is added.
        """
        if self.remainder == "pad":
            steps = max(0, -(-(available - self.length) // self.hop))
            steps = min(steps, (available - 1) // self.hop)  # no segment is padding alone
        else:
            steps = (available - self.length) // self.hop
        return self.length + steps * self.hop if steps >= 0 else 0


@dataclass(frozen=True)
class Segments:
    """The segments of a list of utterances, as windows on one tensor of all their frames.

    Nothing is copied until a batch is cut: overlapping segments cost no memory.

    Attributes:
        frames: (all T, F), one utterance after another.
        start: (N,) the frame at which each segment begins.
        count: (U,) the number of segments of each utterance; they are stored one after another.
        length: frames in a segment.
        prefetch: called with the frames that are read next, if they are stored on a disk.
    """

    frames: Tensor
    start: Tensor
    count: Tensor
    length: int
    prefetch: Prefetch | None = None

    def __len__(self) -> int:
        return len(self.start)

    @property
    def size(self) -> int:
        """D, the number of values in a segment."""
        return self.length * self.frames.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes that `to` copies."""
        return self.frames.nbytes + self.start.nbytes

    def to(self, device: torch.device) -> "Segments":
        """Copy frames and indices to `device`; frames on a disk are read completely."""
        return replace(
            self, frames=self.frames.to(device), start=self.start.to(device), prefetch=None
        )

    @property
    def first(self) -> Tensor:
        """(U,) the index of each utterance's first segment."""
        return self.count.cumsum(0) - self.count

    @property
    def utterance(self) -> Tensor:
        """(N,) the index of the utterance that each segment belongs to."""
        return torch.repeat_interleave(torch.arange(len(self.count)), self.count)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Copy segments out of the frames: index (B,) -> (B, D), frame after frame."""
        columns = self.frames.shape[1]
        windows = self.frames.as_strided(
            (len(self.frames) - self.length + 1, self.size), (columns, 1)
        )
        start = self.start.index_select(0, index)
        if self.prefetch:
            self.prefetch(start, self.length)
        return windows.index_select(0, start)

    def frames_by_utterance(self) -> list[Tensor]:
        """Return the frames that each utterance's segments cover: U views (T, F) of `frames`."""
        begin = self.start[self.first].tolist()
        end = (self.start[self.first + self.count - 1] + self.length).tolist()
        return [self.frames[b:e] for b, e in zip(begin, end, strict=True)]

    def mean_by_utterance(self, rows: Tensor) -> Tensor:
        """Average each utterance's rows, one per segment: (N, Z) -> (U, Z)."""
        total = rows.new_zeros(len(self.count), rows.shape[1])
        return total.index_add_(0, self.utterance, rows) / self.count[:, None]

    def split(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Split rows, one per segment, into those of each utterance: (N, Z) -> U times (S, Z)."""
        return torch.split(rows, self.count.tolist())

    def of(self, mask: Tensor) -> "Segments":
        """Select the segments of some of the utterances by a mask (U,)."""
        return replace(self, start=self.start[mask[self.utterance]], count=self.count[mask])


def join_segments(rows: Tensor, start: Tensor, length: int) -> Tensor:
    """Join segments to the frames that they cover: rows (S, D), start (S,) -> (T, F).

    A frame that several segments cover is their mean; one that none covers, where the hop is
    above the length, is 0.
    """
    frames = rows.reshape(len(rows) * length, -1)
    index = ((start - start[0])[:, None] + torch.arange(length)).flatten().to(rows.device)
    count = index.bincount()
    total = frames.new_zeros(len(count), frames.shape[1]).index_add_(0, index, frames)
    return total / count.clamp(min=1)[:, None]


def cut(
    utterances: Iterable[npt.NDArray[np.float32]],
    segmentation: Segmentation,
    *,
    memory_gb: float = math.inf,
    folder: Path = Path(),
    available: Sequence[int] | None = None,
) -> Segments:
    """Join the frames (T, F) of the utterances and cut them into segments.

    Args:
        utterances: frames; they are visited one by one, and none is held.
        segmentation: lengths in frames.
        memory_gb: the frames are in memory up to this size, otherwise in a file in `folder`.
        folder: see `memory_gb`.
        available: T of each utterance; needed if `utterances` can be visited only once.
    """
    available = available or [len(frames) for frames in utterances]
    kept = [segmentation.frames_kept(count) for count in available]
    length, hop = segmentation.length, segmentation.hop
    starts: list[Tensor] = []
    first = 0
    for frames, size in zip(utterances, kept, strict=True):
        if not starts:
            joined, prefetch = allocate(sum(kept), frames.shape[1], memory_gb, folder)
        whole = min(size, len(frames))
        joined[first : first + whole] = torch.from_numpy(np.array(frames[:whole]))
        joined[first + whole : first + size] = joined[first + whole - 1 : first + whole]
        starts.append(torch.arange(first, first + size - length + 1, hop))
        first += size
    count = torch.tensor([len(start) for start in starts])
    return Segments(joined, torch.cat(starts), count, length, prefetch)
