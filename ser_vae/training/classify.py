"""The second stage: an LSTM learns the emotion of a sequence of latents (III-B, IV-C)."""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ser_vae.classifier.head import Head
from ser_vae.data.sets import SequenceBatch, SplitBatch
from ser_vae.model.representation import Representation
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
