"""The first stage: a representation learns to reconstruct segments (III-A, IV-C)."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ser_vae.data.datamodule import SegmentBatch
from ser_vae.training.stage import Stage


class Pretrain(Stage):
    """Trains `model` on segments; a conditional one is told the label of each."""

    def __init__(self, model: Any, seed: int, optimizer: Mapping[str, Any]) -> None:
        super().__init__("pretrain", model.quantities, seed, optimizer)
        self.model = model

    def terms(self, batch: SegmentBatch) -> dict[str, Tensor]:
        terms: dict[str, Tensor] = self.model.loss(batch.x, batch.c)
        return terms
