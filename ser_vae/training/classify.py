"""The second stage: an LSTM learns the emotion of a sequence of latents (III-B, IV-C)."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ser_vae.data.datamodule import SequenceBatch
from ser_vae.training.stage import Stage


class Classify(Stage):
    """Trains `classifier` on latents, or on segments together with the encoder that makes them.

    Args:
        classifier: (B, S, Z), (B,) -> logits (B, K).
        seed: of the stage.
        optimizer: keyword arguments of Adam.
        encoder: a representation to fine-tune; None where batches hold latents already.
        encoder_lr: its learning rate.
        sample: whether a fine-tuned encoder hands on a sample of z in training, or mu.
    """

    def __init__(
        self,
        classifier: nn.Module,
        seed: int,
        optimizer: Mapping[str, Any],
        *,
        encoder: Any = None,
        encoder_lr: float = 0.0,
        sample: bool = False,
    ) -> None:
        super().__init__("classify", ("loss", "accuracy"), seed, optimizer)
        self.classifier, self.encoder = classifier, encoder
        self.encoder_lr, self.sample = encoder_lr, sample

    def forward(self, batch: SequenceBatch) -> Tensor:
        """Logits (B, K) of a batch of utterances."""
        z = batch.x if self.encoder is None else self._encode(batch)
        logits: Tensor = self.classifier(z, batch.length)
        return logits

    def terms(self, batch: SequenceBatch) -> dict[str, Tensor]:
        logits = self(batch)
        return {
            "loss": F.cross_entropy(logits, batch.label, reduction="none"),
            "accuracy": (logits.argmax(dim=-1) == batch.label).float(),
        }

    def parameter_groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = [{"params": list(self.classifier.parameters())}]
        if self.encoder is not None:
            groups.append({"params": list(self.encoder.parameters()), "lr": self.encoder_lr})
        return groups

    def _encode(self, batch: SequenceBatch) -> Tensor:
        """Segments (B, S, D) -> latents (B, S, Z); only valid segments pass the encoder."""
        steps = torch.arange(batch.x.shape[1], device=batch.x.device)
        valid = steps < batch.length[:, None]
        c = torch.repeat_interleave(batch.c, batch.length, dim=0)
        rows = self.encoder.feature(batch.x[valid], c, sample=self.sample)
        z: Tensor = rows.new_zeros(*valid.shape, rows.shape[-1])
        z[valid] = rows
        return z
