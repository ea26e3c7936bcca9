"""Training of a network on whole utterances, labelled and unlabelled."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ser_vae.baseline.estimator import FloatArray
from ser_vae.data.batch import Pick
from ser_vae.model.utterance_vae import UtteranceVAE
from ser_vae.training.stage import Stage


class UtteranceBatch(NamedTuple):
    x: Tensor  # (B, E)
    label: Tensor  # (B,) below 0 for an unlabelled utterance
    weight: Tensor  # (B,) of the terms that need the label
    share: float  # see batch.Pick


class UtteranceSet(Dataset[UtteranceBatch]):
    """Vectors (U, E) of utterances and their labels (U,); indexed with a whole batch.

    Weights are 0 for unlabelled utterances, and such that the mean of a weighted quantity over all
    utterances is its mean over the labelled ones.
    """

    def __init__(self, vectors: FloatArray, label: Tensor) -> None:
        self.values, self.label = torch.from_numpy(vectors).float(), label
        labelled = (label >= 0).float()
        self.weight = labelled * len(label) / labelled.sum()

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, pick: Pick) -> UtteranceBatch:
        index = pick.items
        return UtteranceBatch(self.values[index], self.label[index], self.weight[index], pick.share)


class ClassifyUtterances(Stage):
    """Trains a `UtteranceVAE`; its curves are named like those of a classifier."""

    def __init__(self, model: UtteranceVAE, seed: int, optimizer: Mapping[str, Any]) -> None:
        super().__init__("classify", model.quantities, seed, optimizer)
        self.model = model

    def terms(self, batch: UtteranceBatch) -> dict[str, Tensor]:
        return self.model.loss(batch.x, batch.label, batch.weight)
