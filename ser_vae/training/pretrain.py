"""The first stage: a representation learns to reconstruct segments (III-A, IV-C)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ser_vae.data.datamodule import SegmentBatch
from ser_vae.training.health import curves
from ser_vae.training.stage import Stage


class Pretrain(Stage):
    """Trains `model` on segments; a conditional one is told the label of each.

    `label_dropout` is the share of the segments of a step that it is told nothing of, drawn anew
    at each step: a segment is without its label in that share of the steps.

    Of `watched`, the same few segments after every epoch, it logs what `health.curves` finds.
    """

    def __init__(
        self,
        model: Any,
        seed: int,
        optimizer: Mapping[str, Any],
        *,
        label_dropout: float = 0.0,
        watched: SegmentBatch | None = None,
    ) -> None:
        super().__init__("pretrain", model.quantities, seed, optimizer)
        self.model, self.label_dropout = model, label_dropout
        self.watched = watched

    def terms(self, batch: SegmentBatch) -> dict[str, Tensor]:
        c = self.dropped(batch.c) if self.training and self.label_dropout else batch.c
        terms: dict[str, Tensor] = self.model.loss(batch.x, c)
        return terms

    def dropped(self, c: Tensor) -> Tensor:
        """The labels (B, K), a share of them in place of which no label, all classes alike, is."""
        drop = torch.rand(len(c), 1, device=c.device) < self.label_dropout
        return torch.where(drop, torch.full_like(c, 1 / c.shape[1]), c)

    def on_train_epoch_end(self) -> None:
        super().on_train_epoch_end()
        if self.watched:
            found = curves(self.model, self.watched)
            named = {f"{self.stage}/health/{name}": value for name, value in found.items()}
            self.log_dict(named, sync_dist=True)  # equal on all devices: so are the weights
