"""The interface of a network that classifies a sequence of latents.

An estimator that takes its place is a `ser_vae.baseline.estimator.UtteranceEstimator`.
"""

from torch import Tensor, nn


class Head(nn.Module):
    """A network that is trained by gradient; one from outside need not derive from this class."""

    def forward(self, z: Tensor, length: Tensor) -> Tensor:
        """Return logits (B, K) of latents (B, S, Z), of which `length` (B,) segments are valid."""
        raise NotImplementedError
