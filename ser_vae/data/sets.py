"""Datasets that are indexed by a whole batch: segments, and sequences of segments or latents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ser_vae.data.batch import BatchIndex

MAX_PADDED = 500_000  # segments, as max_batch_segments in conf/config.yaml


class Source(Protocol):
    """Returns rows for indices: segments (B, D), or a tensor of latents (B, Z)."""

    def __getitem__(self, index: Tensor, /) -> Tensor: ...
    def to(self, device: torch.device, /) -> "Source": ...
    @property
    def nbytes(self) -> int: ...


class SegmentBatch(NamedTuple):
    x: Tensor  # (B, D)
    c: Tensor  # (B, K) one-hot
    loss_scale: float  # see batch.BatchIndex


class SequenceBatch(NamedTuple):
    x: Tensor  # (B, S, Z) latents, or (B, S, D) segments if the encoder is fine-tuned
    length: Tensor  # (B,) valid segments
    c: Tensor  # (B, K) the encoder's condition
    label: Tensor  # (B,)
    loss_scale: float


class SplitBatch(NamedTuple):
    """A batch in parts of similar length, which are padded and processed one after another."""

    parts: Sequence[SequenceBatch]
    order: Tensor  # (B,) for each item of the batch, where it is in the joined parts
    label: Tensor  # (B,)
    loss_scale: float


@dataclass(eq=False)
class SegmentSet(Dataset[SegmentBatch]):
    """N segments and their conditions (N, K), indexed by a whole batch at once."""

    source: Source
    condition: Tensor

    def __len__(self) -> int:
        return len(self.condition)

    def __getitem__(self, index: BatchIndex) -> SegmentBatch:
        items = index.items.to(self.condition.device, non_blocking=True)
        return SegmentBatch(self.source[items], self.condition[items], index.loss_scale)

    def __getitems__(self, indices: Sequence[BatchIndex]) -> list[SegmentBatch]:
        """Return several batches, by one indexing operation."""
        sizes = [len(index.items) for index in indices]
        whole = self[BatchIndex(torch.cat([index.items for index in indices]), 1.0)]
        parts = zip(torch.split(whole.x, sizes), torch.split(whole.c, sizes), indices, strict=True)
        return [SegmentBatch(x, c, index.loss_scale) for x, c, index in parts]

    def resident(self, device: torch.device) -> "SegmentSet":
        """Return a copy on the GPU if it takes at most half of the free memory, else self.

        A step then transfers the indices of its segments instead of the segments.
        """
        if device.type != "cuda":
            return self
        free, _ = torch.cuda.mem_get_info(device)
        if self.source.nbytes + self.condition.nbytes > free / 2:
            return self
        return SegmentSet(self.source.to(device), self.condition.to(device))


@dataclass(eq=False)
class SequenceSet(Dataset[SequenceBatch | SplitBatch]):
    """Utterances as sequences of rows of `source`, indexed by a whole batch at once.

    A batch is padded to its longest utterance. If it then has more than `max_padded` rows, it is
    split, so that an utterance of an hour among short ones does not take all memory.

    Args:
        source: rows; those of an utterance are consecutive.
        first: (U,) the first row of each utterance.
        count: (U,) number of rows of each utterance.
        condition: (U, K) condition of the encoder.
        label: (U,) class indices.
        max_padded: rows, with padding, of utterances that are processed together; one utterance is
            never cut.
    """

    source: Source
    first: Tensor
    count: Tensor
    condition: Tensor
    label: Tensor
    max_padded: int = MAX_PADDED

    def __len__(self) -> int:
        return len(self.count)

    def __getitem__(self, index: BatchIndex) -> SequenceBatch | SplitBatch:
        length = self.count[index.items]
        if len(length) * int(length.max()) <= self.max_padded:
            return self._padded(index)
        by_length = length.argsort(stable=True)
        parts = [
            self._padded(BatchIndex(index.items[by_length[first:end]], index.loss_scale))
            for first, end in split_by_size(length[by_length].tolist(), self.max_padded)
        ]
        return SplitBatch(parts, by_length.argsort(), self.label[index.items], index.loss_scale)

    def _padded(self, index: BatchIndex) -> SequenceBatch:
        length = self.count[index.items]
        steps = torch.arange(int(length.max()))
        valid = steps < length[:, None]  # (B, S)
        rows = self.source[(self.first[index.items, None] + steps)[valid]]
        x = rows.new_zeros(*valid.shape, rows.shape[-1])
        x[valid] = rows
        return SequenceBatch(
            x, length, self.condition[index.items], self.label[index.items], index.loss_scale
        )


def split_by_size(length: Sequence[int], max_padded: int) -> Iterator[tuple[int, int]]:
    """Split ascending lengths into ranges of at most `max_padded` when padded, or one length."""
    first = 0
    for index, longest in enumerate(length):
        if index > first and (index - first + 1) * longest > max_padded:
            yield first, index
            first = index
    yield first, len(length)
