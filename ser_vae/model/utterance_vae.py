"""A variational autoencoder of whole utterances that also learns to classify the emotion from z.

Unlabelled utterances train encoder and decoder. Labelled ones also train the class head, which
influences what the encoder keeps of an utterance in its Z numbers. This follows Kingma et al.,
"Semi-supervised Learning with Deep Generative Models", NeurIPS 2014, but the label is predicted
from z instead of being a second latent variable. Not in the paper.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ser_vae.baseline.estimator import FloatArray, UtteranceData
from ser_vae.baseline.utterance_svm import UtteranceVectors
from ser_vae.features.functionals import functionals as compute_functionals
from ser_vae.model.objective import negative_lower_bound
from ser_vae.model.posterior import Noise, Posterior
from ser_vae.model.vae import VAE


class Member(VAE):
    """One network: a VAE of vectors of E values, with a class head, z -> K.

    Dropout acts on the input of the encoder, but the whole input is reconstructed. If `elbo_weight`
    is 0, the decoder is not trained and z is mu; if `trained` is false, only the class head is
    trained, on mu.
    """

    quantities = ("loss", "cross_entropy", "accuracy", "squared_error", "kl")

    def __init__(
        self,
        *,
        num_classes: int,
        latent: int,
        dropout: float,
        elbo_weight: float,
        label_smoothing: float,
        trained: bool,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, latent=latent, **settings)
        self.label_smoothing = label_smoothing
        self.elbo_weight = elbo_weight if trained else 0.0
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(latent, num_classes)
        for module in (self.decoder, self.to_log_var):
            module.requires_grad_(self.elbo_weight > 0)
        for module in (self.encoder, self.to_mu):
            module.requires_grad_(trained)

    def posterior(self, x: Tensor, c: Tensor | None = None) -> Posterior:
        """Return Q(z|X): x (B, E) -> mu, log_var (B, Z)."""
        h = self.dropout(self.encoder(self.dropout(x)))
        return Posterior(self.to_mu(h), self.to_log_var(h))

    def logits(self, x: Tensor) -> Tensor:
        """Classify mu: x (B, E) -> (B, K)."""
        return self.head(self.posterior(x).mu)

    def loss(self, x: Tensor, c: Tensor, generator: Noise = None) -> dict[str, Tensor]:
        """Return cross-entropy and negative lower bound of each utterance: each term (B,).

        Args:
            x: (B, E).
            c: (B, K) one-hot labels times the weight of the cross-entropy; 0 for unlabelled ones.
            generator: of the noise.
        """
        posterior = self.posterior(x)
        z = posterior.sample(generator) if self.elbo_weight else posterior.mu
        logits, label, weight = self.head(z), c.argmax(dim=-1), c.sum(dim=-1)
        cross_entropy = weight * F.cross_entropy(
            logits, label, label_smoothing=self.label_smoothing, reduction="none"
        )
        bound = negative_lower_bound(x, self.decoder(z), posterior, self.beta)
        return {
            **bound,
            "loss": cross_entropy + self.elbo_weight * bound["loss"] / x.shape[1],
            "cross_entropy": cross_entropy,
            "accuracy": weight * (logits.argmax(dim=-1) == label).float(),
        }


class UtteranceVAE(UtteranceVectors, nn.Module):
    """eGeMAPS and functionals over the frames -> z -> emotion; an ensemble of `members` networks.

    The members differ in initial weights and noise; they see the same batches and are trained
    independently. It is a `baseline.estimator.UtteranceEstimator`, but has no `fit`: it is trained
    by gradient on `fit_vectors`.

    Args:
        input_size: not needed.
        num_classes: K.
        columns: F, of a frame.
        egemaps: settings of the extractor, with its `_target_`.
        functionals: the set of functionals over the frames, see `features.functionals`.
        clip: standardised values beyond ±clip are set to it; in standard deviations.
        members: number of networks.
        training: how it is trained; not needed here.
        settings: of each `Member`.
    """

    quantities = Member.quantities

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        columns: int,
        egemaps: Mapping[str, Any],
        functionals: str,
        clip: float,
        members: int,
        training: Mapping[str, Any],
        **settings: Any,
    ) -> None:
        nn.Module.__init__(self)
        UtteranceVectors.__init__(self, functionals, egemaps, clip)
        assert self.extractor is not None
        over_time = compute_functionals(functionals, np.zeros((1, columns))).size
        input_size = len(self.extractor.names) + over_time
        self.members: Any = nn.ModuleList(
            Member(input_size=input_size, num_classes=num_classes, **settings)
            for _ in range(members)
        )

    def loss(self, x: Tensor, c: Tensor, generator: Noise = None) -> dict[str, Tensor]:
        """Average the members' terms: x (B, E), weighted labels c (B, K) -> each term (B,)."""
        losses = [member.loss(x, c, generator) for member in self.members]
        return {q: torch.stack([terms[q] for terms in losses]).mean(0) for q in self.quantities}

    def forward(self, x: Tensor) -> Tensor:
        """Average the members' log-probabilities, up to a constant: x (B, E) -> logits (B, K)."""
        each = [member.logits(x).log_softmax(dim=-1) for member in self.members]
        return torch.stack(each).mean(dim=0)

    @torch.no_grad()
    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the probability of each class, computed on the CPU: (U, K)."""
        self.eval().float().cpu()
        x = torch.from_numpy(self.transform(data)).float()
        return self(x).double().softmax(dim=-1).numpy()
