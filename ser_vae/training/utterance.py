"""A network that looks at an utterance as a whole learns from those with a label and without."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ser_vae.data.batch import Pick
from ser_vae.training.stage import Stage


class UtteranceBatch(NamedTuple):
    x: Tensor  # (B, E)
    label: Tensor  # (B,) below 0 for an utterance that has none
    weight: Tensor  # (B,) of what is asked of the label
    share: float  # see batch.Pick


class UtteranceSet(Dataset[UtteranceBatch]):
    """Utterances as one row each, (U, E), labelled or not, (U,); indexed with a whole batch.

    Those with a label weigh as many times more as makes up for those without: the mean of a
    weighted quantity over all is its mean over the labelled ones.
    """

    def __init__(self, values: Tensor, label: Tensor) -> None:
        self.values, self.label = values, label
        labelled = (label >= 0).float()
        self.weight = labelled * len(label) / labelled.sum()

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, pick: Pick) -> UtteranceBatch:
        chosen = pick.items
        return UtteranceBatch(
            self.values[chosen], self.label[chosen], self.weight[chosen], pick.share
        )


class ClassifyUtterances(Stage):
    """Trains `model`, such as a `UtteranceVAE`, on rows; its curves are those of a classifier."""

    def __init__(self, model: Any, seed: int, optimizer: Mapping[str, Any]) -> None:
        super().__init__("classify", model.quantities, seed, optimizer)
        self.model = model

    def terms(self, batch: UtteranceBatch) -> dict[str, Tensor]:
        terms: dict[str, Tensor] = self.model.loss(batch.x, batch.label, batch.weight)
        return terms


@torch.no_grad()
def probabilities(model: torch.nn.Module, values: Tensor) -> npt.NDArray[np.float64]:
    """Probabilities (U, K) of the emotions of rows (U, E), on the CPU."""
    model.eval().float().cpu()
    said: npt.NDArray[np.float64] = model(values).double().softmax(dim=-1).numpy()
    return said
