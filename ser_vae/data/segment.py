"""Frames -> segments: "segment length 100ms, which correspond to 10 frames" (IV-B)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.data.room import Ahead, Room, in_memory

Remainder = Literal["drop", "pad"]


@dataclass(frozen=True)
class Segments:
    """The segments of a list of utterances, as windows on one tensor of all their frames.

    Nothing is copied until a batch is cut: overlapping segments cost no memory.

    Attributes:
        frames: (all T, F), one utterance behind the other.
        start: (N,) the frame at which each segment begins.
        count: (U,) the number of segments of each utterance; they stand one after another.
        length: frames in a segment.
        ahead: told which frames are read next, where they lie on a disk.
    """

    frames: Tensor
    start: Tensor
    count: Tensor
    length: int
    ahead: Ahead | None = None

    def __len__(self) -> int:
        return len(self.start)

    @property
    def size(self) -> int:
        """D, the number of values in a segment."""
        return self.length * self.frames.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of what `to` copies."""
        return self.frames.nbytes + self.start.nbytes

    def to(self, device: torch.device) -> "Segments":
        """The same, cut on `device` by indices that lie there; frames on a disk are read whole."""
        return replace(self, frames=self.frames.to(device), start=self.start.to(device), ahead=None)

    @property
    def first(self) -> Tensor:
        """(U,) the index of each utterance's first segment."""
        return self.count.cumsum(0) - self.count

    @property
    def utterance(self) -> Tensor:
        """(N,) the index of the utterance that each segment belongs to."""
        return torch.repeat_interleave(torch.arange(len(self.count)), self.count)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Cut segments out of the frames: index (B,) -> (B, D), frame after frame."""
        bands = self.frames.shape[1]
        windows = self.frames.as_strided(
            (len(self.frames) - self.length + 1, self.size), (bands, 1)
        )
        start = self.start.index_select(0, index)
        if self.ahead:
            self.ahead(start, self.length)
        return windows.index_select(0, start)

    def frames_of_each(self) -> list[Tensor]:
        """The frames that each utterance's segments cover: U views (T, F) of `frames`."""
        begin = self.start[self.first].tolist()
        end = (self.start[self.first + self.count - 1] + self.length).tolist()
        return [self.frames[b:e] for b, e in zip(begin, end, strict=True)]

    def mean_of_each(self, rows: Tensor) -> Tensor:
        """The mean of each utterance's rows, one a segment: (N, Z) -> (U, Z)."""
        total = rows.new_zeros(len(self.count), rows.shape[1])
        return total.index_add_(0, self.utterance, rows) / self.count[:, None]

    def of(self, chosen: Tensor) -> "Segments":
        """The segments of some of the utterances, `chosen` being a mask (U,)."""
        return replace(self, start=self.start[chosen[self.utterance]], count=self.count[chosen])


def rejoined(rows: Tensor, start: Tensor, length: int) -> Tensor:
    """Segments -> the frames that they cover: rows (S, D), start (S,) of one utterance -> (T, F).

    A frame that several cover is their mean; one that none covers, where the hop is above the
    length, is 0.
    """
    frames = rows.reshape(len(rows) * length, -1)
    index = ((start - start[0])[:, None] + torch.arange(length)).flatten().to(rows.device)
    count = index.bincount()
    total = frames.new_zeros(len(count), frames.shape[1]).index_add_(0, index, frames)
    return total / count.clamp(min=1)[:, None]


def frames_kept(available: int, length: int, hop: int, remainder: Remainder) -> int:
    """Frames of an utterance that its segments cover, counting those added by `pad`.

    0 where an utterance is shorter than a segment and nothing is added.
    """
    if not all(type(size) is int and size >= 1 for size in (length, hop)):
        raise SerVaeError(
            f"data.length={length}, data.hop={hop}: expected whole numbers of frames from 1."
        )
    if remainder == "pad":
        steps = max(0, -(-(available - length) // hop))
        steps = min(steps, (available - 1) // hop)  # no segment is made of added frames alone
    elif remainder == "drop":
        steps = (available - length) // hop
    else:
        raise SerVaeError(f"data.remainder={remainder}: expected drop or pad.")
    return length + steps * hop if steps >= 0 else 0


def cut(
    utterances: Sequence[npt.NDArray[np.float32]],
    *,
    length: int,
    hop: int,
    remainder: Remainder,
    room: Room = in_memory,
    available: Sequence[int] | None = None,
) -> Segments:
    """Join the frames (T, F) of the utterances and cut them into segments.

    Args:
        utterances: log-mel frames; gone through one by one, and none is held.
        length: frames in a segment.
        hop: frames from the start of one segment to that of the next.
        remainder: what becomes of frames behind the last whole segment: `drop`, or `pad` it to a
            whole one by repeating the last frame.
        room: where the joined frames are put, such as `room.Bounded`.
        available: how many frames each has, where that is known without reading them.
    """
    available = available or [len(frames) for frames in utterances]
    kept = [frames_kept(count, length, hop, remainder) for count in available]
    joined, ahead = room(sum(kept), utterances[0].shape[1])
    starts: list[Tensor] = []
    first = 0
    for frames, size in zip(utterances, kept, strict=True):
        whole = min(size, len(frames))
        joined[first : first + whole] = torch.from_numpy(np.array(frames[:whole]))
        joined[first + whole : first + size] = joined[first + whole - 1 : first + whole]
        starts.append(torch.arange(first, first + size - length + 1, hop))
        first += size
    count = torch.tensor([len(start) for start in starts])
    return Segments(joined, torch.cat(starts), count, length, ahead)
