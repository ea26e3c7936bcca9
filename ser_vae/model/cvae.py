"""The conditional variational autoencoder (III-A.1, eq. 4)."""

from typing import Any

import torch
from torch import Tensor

from ser_vae.model.posterior import Posterior
from ser_vae.model.vae import VAE


class CVAE(VAE):
    """The VAE with c concatenated to the encoder's input and to z: Q(z|X, c), P(X|z, c).

    c is (B, K): one-hot where the label is given, uniform where it is not. The prior P(z|c) is
    N(0, I) for every c, as the paper gives no other.
    """

    conditional = True

    def __init__(self, *, num_classes: int, **settings: Any) -> None:
        super().__init__(num_classes=num_classes, condition_size=num_classes, **settings)

    def posterior(self, x: Tensor, c: Tensor) -> Posterior:
        """Return Q(z|X, c): "simply concatenating X and its class label" (III-A.1)."""
        return super().posterior(torch.cat([x, c], dim=-1), c)

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Return the mean of P(X|z, c): z (B, Z), c (B, K) -> x_hat (B, D)."""
        return super().decode(torch.cat([z, c], dim=-1), c)
