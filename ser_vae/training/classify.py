"""The second stage: an LSTM learns the emotion of a sequence of latents (III-B, IV-C)."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ser_vae.data.sets import SequenceBatch, SplitBatch
from ser_vae.training.predict import LatentClassifier, classify_batch
from ser_vae.training.stage import Stage


class Classify(Stage):
    """Trains a classifier on latents, or on segments together with their encoder.

    Args:
        classifier: its head learns, and its encoder if it is to be fine-tuned.
        seed: of the stage.
        encoder_lr: the learning rate of the encoder.
    """

    def __init__(
        self, classifier: LatentClassifier, seed: int, encoder_lr: float | None = None
    ) -> None:
        super().__init__("classify", ("loss", "accuracy"), seed)
        self.head: Any = classifier.head
        self.encoder = classifier.encoder if classifier.fine_tuned else None
        self.encoder_lr, self.sample = encoder_lr, classifier.sample
        self.has_unused_parameters = classifier.fine_tuned

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
