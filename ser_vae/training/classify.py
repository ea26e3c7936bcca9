"""The second stage: an LSTM learns the emotion of a sequence of latents (III-B, IV-C).

A network of whole utterances learns in this stage too, from labelled and unlabelled vectors.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from ser_vae.baseline.estimator import FloatArray
from ser_vae.classifier.head import Head
from ser_vae.data.batch import BatchIndex
from ser_vae.data.sets import SequenceBatch, SplitBatch
from ser_vae.model.representation import Representation
from ser_vae.model.utterance_vae import UtteranceVAE
from ser_vae.training.predict import classify_batch
from ser_vae.training.stage import Stage


class Classify(Stage):
    """Trains a classifier on latents, or on segments together with their encoder.

    Args:
        head: (B, S, Z), (B,) -> logits (B, K).
        seed: of the stage.
        optimizer: keyword arguments of Adam.
        encoder: a representation to fine-tune; None if batches hold latents.
        encoder_lr: its learning rate.
        sample: whether a fine-tuned encoder passes on a sample of z, or mu.
    """

    def __init__(
        self,
        head: Head,
        seed: int,
        optimizer: Mapping[str, Any],
        *,
        encoder: Representation | None = None,
        encoder_lr: float | None = None,
        sample: bool = False,
    ) -> None:
        super().__init__("classify", ("loss", "accuracy"), seed, optimizer)
        self.head, self.encoder = head, encoder
        self.encoder_lr, self.sample = encoder_lr, sample
        self.has_unused_parameters = encoder is not None

    def terms(self, batch: SequenceBatch | SplitBatch) -> dict[str, Tensor]:
        logits = classify_batch(self.head, self.encoder, batch, sample=self.sample)
        return {
            "loss": F.cross_entropy(logits, batch.label, reduction="none"),
            "accuracy": (logits.argmax(dim=-1) == batch.label).float(),
        }

    def parameter_groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = [{"params": list(self.head.parameters())}]
        if self.encoder is not None:
            groups.append({"params": list(self.encoder.parameters()), "lr": self.encoder_lr})
        return groups


class UtteranceBatch(NamedTuple):
    x: Tensor  # (B, E)
    label: Tensor  # (B,) below 0 for an unlabelled utterance
    weight: Tensor  # (B,) of the terms that need the label
    loss_scale: float  # see batch.BatchIndex


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

    def __getitem__(self, batch: BatchIndex) -> UtteranceBatch:
        index, scale = batch
        return UtteranceBatch(self.values[index], self.label[index], self.weight[index], scale)


class ClassifyUtterances(Stage):
    """Trains a `UtteranceVAE`; its curves are named like those of a classifier."""

    def __init__(self, model: UtteranceVAE, seed: int, optimizer: Mapping[str, Any]) -> None:
        super().__init__("classify", model.quantities, seed, optimizer)
        self.model = model

    def terms(self, batch: UtteranceBatch) -> dict[str, Tensor]:
        return self.model.loss(batch.x, batch.label, batch.weight)
