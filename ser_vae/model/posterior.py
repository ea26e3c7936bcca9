"""The Gaussian layer: Q(z|X) as a mean and a log-variance in each latent dimension (III-A)."""

from typing import NamedTuple

import torch
from torch import Tensor

Noise = torch.Generator | None  # the source of random numbers; None: the global one


class Posterior(NamedTuple):
    """A diagonal Gaussian for each of B segments; `mu` and `log_var` are (B, Z)."""

    mu: Tensor
    log_var: Tensor

    def sample(self, generator: Noise = None) -> Tensor:
        """Draw z = mu + eps * sigma, eps ~ N(0, 1) (IV-C): (B, Z)."""
        shape, device, dtype = self.mu.shape, self.mu.device, self.mu.dtype
        eps = torch.randn(shape, generator=generator, device=device, dtype=dtype)
        return self.mu + eps * torch.exp(0.5 * self.log_var)

    def kl(self) -> Tensor:
        """Return KL[Q(z|X) || N(0, I)] in nats, of each dimension: (B, Z)."""
        return 0.5 * (self.mu.square() + self.log_var.exp() - 1.0 - self.log_var)
