"""Lightning data module for both training stages; apart, as prediction does not need Lightning."""

from typing import Any

import lightning
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset

from ser_vae.data.batch import Batches
from ser_vae.data.sets import SegmentSet, SequenceSet

CHUNK = 32  # batches of segments that are trained on in one call of Lightning


class BatchModule(lightning.LightningDataModule):
    """Shuffled training batches, and ordered validation batches if there are any, of one stage.

    The data are one tensor in memory, in a memory-mapped file or on the GPU, so a batch is one
    indexing operation: no worker processes and no work per item are needed. Training batches come
    in lists of `chunk`, a multiple of `accumulated`. Batches of segments are small, and so are
    their steps, to which Lightning would add its own work for every batch.
    """

    def __init__(
        self,
        train: Dataset[Any],
        validation: Dataset[Any],
        *,
        batch_size: int,
        accumulated: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.train, self.validation = train, validation
        self.batch_size, self.accumulated, self.seed = batch_size, accumulated, seed
        steps = max(1, CHUNK // accumulated) if isinstance(train, SegmentSet) else 1
        self.chunk = steps * accumulated

    @property
    def optimizer_steps(self) -> int:
        """Number of optimizer steps in an epoch."""
        return len(self._batches(self.train, shuffle=True)) // self.accumulated

    def setup(self, stage: str) -> None:  # noqa: ARG002
        if self.trainer and isinstance(self.train, SegmentSet):
            self.train = self.train.resident(self.trainer.strategy.root_device)

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        if device.type == "cpu":
            return batch  # already there; Lightning would inspect it at every step
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def train_dataloader(self) -> DataLoader[Any]:
        batches: Any = self._batches(self.train, shuffle=True)
        chunks = BatchSampler(batches, self.chunk, drop_last=False)
        return DataLoader(self.train, batch_sampler=chunks, collate_fn=list)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        empty = len(self.validation) == 0  # type: ignore[arg-type]
        if empty:
            return []
        batches = self._batches(self.validation, shuffle=False)
        return DataLoader(self.validation, sampler=batches, batch_size=None)

    def _batches(self, dataset: Dataset[Any], *, shuffle: bool) -> Batches:
        return Batches(
            len(dataset),  # type: ignore[arg-type]
            self.batch_size,
            accumulated=self.accumulated if shuffle else 1,
            seed=self.seed,
            shuffle=shuffle,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
            length=dataset.count if isinstance(dataset, SequenceSet) else None,
        )
