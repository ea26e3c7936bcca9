"""A variational autoencoder of whole utterances that also learns to tell the emotion from z.

All that has no label teaches encoder and decoder, all that has one the class head too, at once: the
class head decides which of the many ways to sum an utterance up in Z numbers the encoder takes.
After Kingma et al., "Semi-supervised Learning with Deep Generative Models", NeurIPS 2014, though
with the label behind z and not beside it. Not in the paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.data.statistics import Statistics
from ser_vae.features.functionals import functionals as sum_up
from ser_vae.model import layers
from ser_vae.model.egemaps_svm import whole_of
from ser_vae.model.logmel_svm import over_frames
from ser_vae.model.objective import negative_lower_bound
from ser_vae.model.posterior import Posterior


class Member(nn.Module):
    """One network: E values -> hidden -> (mu, log_var) of Z; z -> mirrored -> E, and z -> K.

    Values are dropped before the encoder, which has to make up for them, and what is reconstructed
    is whole. Where `elbo_weight` is 0 there is no decoder to learn, and z is mu; where `trained` is
    false, besides, the class head alone learns.
    """

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        hidden: Sequence[int],
        latent: int,
        activation: str,
        dropout: float,
        beta: float,
        elbo_weight: float,
        label_smoothing: float,
        trained: bool,
    ) -> None:
        super().__init__()
        layers.check_sizes(hidden, latent)
        self.beta, self.label_smoothing = beta, label_smoothing
        self.elbo_weight = elbo_weight if trained else 0.0
        self.dropout = nn.Dropout(dropout)
        self.encoder = layers.hidden_layers([input_size, *hidden], activation)
        self.to_mu = nn.Linear(hidden[-1], latent)
        self.to_log_var = nn.Linear(hidden[-1], latent)
        self.decoder = layers.decoder(latent, hidden, input_size, activation)
        self.head = nn.Linear(latent, num_classes)
        for part in (self.decoder, self.to_log_var):
            part.requires_grad_(self.elbo_weight > 0)
        for part in (self.encoder, self.to_mu):
            part.requires_grad_(trained)

    def posterior(self, x: Tensor) -> Posterior:
        """Q(z|X): x (B, E) -> mu, log_var (B, Z)."""
        h = self.dropout(self.encoder(self.dropout(x)))
        return Posterior(self.to_mu(h), self.to_log_var(h))

    def logits(self, x: Tensor) -> Tensor:
        """From mu: x (B, E) -> (B, K)."""
        logits: Tensor = self.head(self.posterior(x).mu)
        return logits

    def loss(self, x: Tensor, label: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """Cross-entropy and negative lower bound of each utterance: each term (B,).

        Args:
            x: (B, E).
            label: (B,) class indices; of what has none, any below 0.
            weight: (B,) of the cross-entropy.
        """
        posterior = self.posterior(x)
        z = posterior.sample() if self.elbo_weight else posterior.mu
        logits = self.head(z)
        cross_entropy = weight * F.cross_entropy(
            logits, label.clamp(min=0), label_smoothing=self.label_smoothing, reduction="none"
        )
        bound = negative_lower_bound(x, self.decoder(z), posterior, self.beta)
        return {
            **bound,
            "loss": cross_entropy + self.elbo_weight * bound["loss"] / x.shape[1],
            "cross_entropy": cross_entropy,
            "accuracy": weight * (logits.argmax(dim=-1) == label).float(),
        }


class UtteranceVAE(nn.Module):
    """What `handcrafted_svm` joins of an utterance -> z -> emotion; `members` networks vote.

    They differ in first weights and noise, see the same batches and not each other.

    Attributes:
        extractor: waveform -> the `whole` of `data.statistics`.
    """

    level = "utterance"
    conditional = False
    quantities = ("loss", "cross_entropy", "accuracy", "squared_error", "kl")

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        segment_frames: int,
        egemaps: Mapping[str, Any],
        functionals: str,
        clip: float,
        members: int,
        training: Mapping[str, Any],  # noqa: ARG002  (how the pipeline trains it)
        **settings: Any,
    ) -> None:
        super().__init__()
        if members < 1:
            raise SerVaeError(f"model.members={members}: expected 1 or more")
        self.extractor = build(egemaps)
        self.functionals, self.clip = functionals, clip
        over_time = sum_up(functionals, np.zeros((1, input_size // segment_frames))).size
        self.members = nn.ModuleList(
            Member(
                input_size=len(self.extractor.names) + over_time,
                num_classes=num_classes,
                **settings,
            )
            for _ in range(members)
        )

    def values(self, statistics: Statistics) -> Tensor:
        """Functionals of eGeMAPS and of the frames, standardised and clipped: (U, E)."""
        joined = [whole_of(statistics), over_frames(self.functionals, statistics)]
        return torch.from_numpy(np.hstack(joined)).float().clamp(-self.clip, self.clip)

    def loss(self, x: Tensor, label: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """The members' terms, averaged: x (B, E), label and its weight (B,) -> each term (B,)."""
        terms = [member.loss(x, label, weight) for member in self._members()]
        return {name: torch.stack([own[name] for own in terms]).mean(0) for name in self.quantities}

    def forward(self, x: Tensor) -> Tensor:
        """The members' mean log-probability, up to a constant: x (B, E) -> logits (B, K)."""
        said = [member.logits(x).log_softmax(dim=-1) for member in self._members()]
        return torch.stack(said).mean(dim=0)

    def _members(self) -> list[Member]:
        return [member for member in self.members if isinstance(member, Member)]
