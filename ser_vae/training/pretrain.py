"""The first stage: a representation learns to reconstruct segments (III-A, IV-C)."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae.baseline.estimator import FloatArray
from ser_vae.data.sets import SegmentBatch, SegmentSet
from ser_vae.model.representation import Representation
from ser_vae.model.utterance_vae import UtteranceVAE
from ser_vae.training.health import epoch_health
from ser_vae.training.stage import Stage


class Pretrain(Stage):
    """Trains a representation on segments; a conditional one is given the label of each.

    It also trains a `UtteranceVAE` on vectors of utterances, as the stage that classifies.

    Args:
        model: the representation.
        seed: of the stage.
        label_dropout: probability that a segment loses its label, drawn again at each step.
        monitored: a few segments on which `health.epoch_health` is measured after every epoch.
        name: of the stage.
    """

    def __init__(
        self,
        model: Representation | UtteranceVAE,
        seed: int,
        *,
        label_dropout: float = 0.0,
        monitored: SegmentBatch | None = None,
        name: str = "pretrain",
    ) -> None:
        super().__init__(name, model.quantities, seed)
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


def utterance_set(vectors: FloatArray, label: Tensor, classes: int) -> SegmentSet:
    """Pair vectors (U, E) of utterances with weighted one-hot labels, 0 for unlabelled ones.

    The mean of a weighted quantity over all utterances is its mean over the labelled ones.
    """
    labelled = (label >= 0).float()
    weight = labelled * len(label) / labelled.sum()
    c = one_hot(label.clamp(min=0), classes) * weight[:, None]
    return SegmentSet(torch.from_numpy(vectors).float(), c)
