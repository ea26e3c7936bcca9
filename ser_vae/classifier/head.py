"""The interfaces of what classifies a sequence of latents: a network, or an estimator."""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ser_vae.baseline.estimator import UtteranceEstimator


class Head(nn.Module):
    """A network that is trained by gradient; one from outside need not derive from this class."""

    def forward(self, z: Tensor, length: Tensor) -> Tensor:
        """Return logits (B, K) of latents (B, S, Z), of which `length` (B,) segments are valid."""
        raise NotImplementedError


@runtime_checkable
class SequenceEstimator(UtteranceEstimator, Protocol):
    """A classifier that is fitted without gradients; `UtteranceData.frames` are latents (S, Z)."""
