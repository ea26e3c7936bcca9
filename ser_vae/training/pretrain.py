"""The first stage: a representation learns to reconstruct segments (III-A, IV-C)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ser_vae.data.sets import SegmentBatch
from ser_vae.model.representation import Representation
from ser_vae.training.health import epoch_health
from ser_vae.training.stage import Stage


class Pretrain(Stage):
    """Trains a representation on segments; a conditional one is given the label of each.

    Args:
        model: the representation.
        seed: of the stage.
        optimizer: keyword arguments of Adam.
        label_dropout: probability that a segment loses its label, drawn again at each step.
        monitored: a few segments on which `health.epoch_health` is measured after every epoch.
    """

    def __init__(
        self,
        model: Representation,
        seed: int,
        optimizer: Mapping[str, Any],
        *,
        label_dropout: float = 0.0,
        monitored: SegmentBatch | None = None,
    ) -> None:
        super().__init__("pretrain", model.quantities, seed, optimizer)
        self.model, self.label_dropout = model, label_dropout
        self.monitored = monitored

    def terms(self, batch: SegmentBatch) -> dict[str, Tensor]:
        c = self.drop_labels(batch.c) if self.training and self.label_dropout else batch.c
        return self.model.loss(batch.x, c)

    def drop_labels(self, c: Tensor) -> Tensor:
        """Replace some of the labels (B, K) by equal weights for all classes."""
        drop = torch.rand(len(c), 1, device=c.device) < self.label_dropout
        return torch.where(drop, torch.full_like(c, 1 / c.shape[1]), c)

    def epoch_metrics(self) -> dict[str, float]:
        """Return the means of an epoch, and the health after it."""
        health = epoch_health(self.model, self.monitored) if self.monitored else {}
        self.model.train()
        named = {f"{self.stage}/health/{name}": float(value) for name, value in health.items()}
        return {**super().epoch_metrics(), **named}
