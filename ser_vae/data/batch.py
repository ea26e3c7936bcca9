"""Divide items into batches, which depend on seed, epoch and rank alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler


class BatchIndex(NamedTuple):
    """The items of one batch on one device.

    Attributes:
        items: (B,) their indices.
        loss_scale: factor of this batch's mean loss. A whole batch is divided among devices and
            accumulated steps into parts that may differ in size; with these factors, the mean over
            the parts is the mean over its items. 1.0 if there is one part; 0.0 if no item was left
            for this one, which then repeats an item to keep in step.
    """

    items: Tensor
    loss_scale: float


POOL = 8  # batches whose items are sorted by length together; more make batches more alike
FEWEST_POOLS = 4  # an epoch has at least this many, so that batches differ between epochs


@dataclass(eq=False)
class Batches(Sampler[BatchIndex]):
    """Cuts `count` items into batches; every item is in one batch of one device per epoch.

    With W devices, `batch_size` items each, and gradients accumulated over A steps, a whole batch
    has the same items in the same order as a batch of A x W x `batch_size` items on one device.
    Even a smaller one has A x W parts, since `Stage` counts batches and divides by A.

    Shuffled items that have a `length` (count,) are cut into batches of similar length, since a
    batch is padded to its longest item: each epoch draws pools of some batches, sorts within each
    and shuffles the batches. On IEMOCAP's training set that processes 1.5 times the number of its
    segments, instead of 4.1.
    """

    count: int
    batch_size: int
    _: KW_ONLY
    accumulated: int
    seed: int
    shuffle: bool
    rank: int
    world_size: int
    length: Tensor | None = None
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; Lightning calls this at its start, on resumption too."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._whole_batches * self.accumulated

    def __iter__(self) -> Iterator[BatchIndex]:
        parts = self.world_size * self.accumulated
        for whole in self._batches():
            for step in torch.tensor_split(whole, self.accumulated):
                items = step[self.rank :: self.world_size]
                scale = len(items) * parts / len(whole)
                yield BatchIndex(items if len(items) else whole[:1], scale)

    @property
    def _whole(self) -> int:
        """The number of items in a whole batch."""
        return self.batch_size * self.world_size * self.accumulated

    @property
    def _whole_batches(self) -> int:
        return math.ceil(self.count / self._whole)

    def _batches(self) -> Sequence[Tensor]:
        if not self.shuffle:
            return torch.split(torch.arange(self.count), self._whole)
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        items = torch.from_numpy(order)
        pool = min(POOL, self._whole_batches // FEWEST_POOLS)
        if self.length is None or pool < 2:
            return torch.split(items, self._whole)
        batches: list[Tensor] = []
        for pooled in torch.split(items, pool * self._whole):
            by_length = pooled[self.length[pooled].argsort(stable=True)]
            batches += torch.split(by_length, self._whole)
        shuffled = np.random.default_rng([self.seed, self.epoch, 1]).permutation(len(batches))
        return [batches[index] for index in shuffled]
