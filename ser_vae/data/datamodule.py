"""The batches that the two stages are fed with: segments to pretraining, sequences to the LSTM."""

from typing import Any, NamedTuple, Protocol

import lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ser_vae.data.batch import Batches, Pick


class Source(Protocol):
    """Anything that gives rows for indices: segments (B, D), or a tensor of latents (B, Z)."""

    def __getitem__(self, index: Tensor, /) -> Tensor: ...
    def to(self, device: torch.device, /) -> "Source": ...
    @property
    def nbytes(self) -> int: ...


class SegmentBatch(NamedTuple):
    x: Tensor  # (B, D)
    c: Tensor  # (B, K) one-hot
    share: float  # see batch.Pick


class SequenceBatch(NamedTuple):
    x: Tensor  # (B, S, Z) latents, or (B, S, D) segments where the encoder is fine-tuned
    length: Tensor  # (B,) valid segments
    c: Tensor  # (B, K) what the encoder is told of the label
    label: Tensor  # (B,)
    share: float


class SegmentSet(Dataset[SegmentBatch]):
    """Segments and the condition (N, K) of each; indexed with a whole batch at once."""

    def __init__(self, source: Source, condition: Tensor) -> None:
        self.source, self.condition = source, condition

    def __len__(self) -> int:
        return len(self.condition)

    def __getitem__(self, pick: Pick) -> SegmentBatch:
        items = pick.items.to(self.condition.device, non_blocking=True)
        return SegmentBatch(self.source[items], self.condition[items], pick.share)

    def resident(self, device: torch.device) -> "SegmentSet":
        """A copy on a GPU, where it takes less than half of what is free there: a step then sends
        the numbers of its segments, not the segments. Elsewhere the set itself.
        """
        if device.type != "cuda":
            return self
        free, _ = torch.cuda.mem_get_info(device)
        if self.source.nbytes + self.condition.nbytes > free / 2:
            return self
        return SegmentSet(self.source.to(device), self.condition.to(device))


class SequenceSet(Dataset[SequenceBatch]):
    """Utterances as sequences of rows of `source`; indexed with a whole batch at once.

    Args:
        source: rows, those of an utterance one behind the other.
        first: (U,) the first row of each utterance.
        count: (U,) rows of each utterance.
        condition: (U, K).
        label: (U,) class indices.
    """

    def __init__(
        self, source: Source, first: Tensor, count: Tensor, condition: Tensor, label: Tensor
    ) -> None:
        self.source, self.first, self.count = source, first, count
        self.condition, self.label = condition, label

    def __len__(self) -> int:
        return len(self.count)

    def __getitem__(self, pick: Pick) -> SequenceBatch:
        length = self.count[pick.items]
        steps = torch.arange(int(length.max()))
        valid = steps < length[:, None]  # (B, S)
        rows = self.source[(self.first[pick.items, None] + steps)[valid]]
        x = rows.new_zeros(*valid.shape, rows.shape[-1])
        x[valid] = rows
        return SequenceBatch(
            x, length, self.condition[pick.items], self.label[pick.items], pick.share
        )


class BatchModule(lightning.LightningDataModule):
    """Serves one stage: shuffled training batches, and ordered validation batches if there are any.

    The data are one tensor in memory, mapped from a file, or on the GPU, so that a batch is one
    indexing operation: there are no worker processes, and nothing is done item by item.
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

    def setup(self, stage: str) -> None:  # noqa: ARG002
        if self.trainer and isinstance(self.train, SegmentSet):
            self.train = self.train.resident(self.trainer.strategy.root_device)

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        if device.type == "cpu":
            return batch  # it is there: to look through it at each step takes time
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def train_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.train, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        empty = len(self.validation) == 0  # type: ignore[arg-type]
        return [] if empty else self._loader(self.validation, shuffle=False)

    def _loader(self, dataset: Dataset[Any], *, shuffle: bool) -> DataLoader[Any]:
        batches = Batches(
            len(dataset),  # type: ignore[arg-type]
            self.batch_size,
            accumulated=self.accumulated if shuffle else 1,
            seed=self.seed,
            shuffle=shuffle,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
            length=dataset.count if isinstance(dataset, SequenceSet) else None,
        )
        return DataLoader(dataset, sampler=batches, batch_size=None)
