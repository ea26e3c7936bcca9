"""The interfaces of what classifies a sequence of latents: a network, or an estimator."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from ser_vae.baseline.estimator import UtteranceEstimator
from ser_vae.model.representation import Network


class Head(Network, Protocol):
    """A network, a `torch.nn.Module`, that is trained by gradient."""

    def __call__(self, z: Tensor, length: Tensor) -> Tensor:
        """Return logits (B, K) of latents (B, S, Z), of which `length` (B,) segments are valid."""


@runtime_checkable
class SequenceEstimator(UtteranceEstimator, Protocol):
    """A classifier that is fitted without gradients; `UtteranceData.frames` are latents (S, Z)."""
