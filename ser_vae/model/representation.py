"""The interface of a representation, and of its optional abilities."""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ser_vae.data.segment import Segments
from ser_vae.model.posterior import Noise, Posterior


class Representation(nn.Module):
    """Segment -> latent. A module from outside this package need not derive from this class.

    Throughout, x is (B, D), and c (B, K) is the condition: one-hot where the label is given, 1 / K
    in each class where it is not.

    Attributes:
        level: "segment".
        conditional: whether c changes anything; each label policy is reported then.
        quantities: names of the terms of `loss`, "loss" among them; empty if there is no
            pretraining by gradient.
        latent_size: Z.
    """

    level = "segment"
    conditional = False
    quantities: tuple[str, ...] = ()
    latent_size: int

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Return the latents that the classifier gets: (B, Z).

        `sample` asks for a draw from the posterior, with noise from `generator`; it is only set
        for a representation with a posterior.
        """
        raise NotImplementedError

    def loss(self, x: Tensor, c: Tensor, generator: Noise = None) -> dict[str, Tensor]:
        """Return each of `quantities` by its name, (B,); pretraining minimises "loss".

        With "squared_error" and "kl" among them, label policies can use the lower bound of eq. (3).
        """
        return {}


@runtime_checkable
class HasPosterior(Protocol):
    """A representation with Q(z|X, c), for training.latent=sample, the KL and its health."""

    def posterior(self, x: Tensor, c: Tensor) -> Posterior:
        """Return the posterior of each segment, with mu and log_var (B, Z)."""


@runtime_checkable
class Decoder(Protocol):
    """A representation that maps latents back to segments, for its health and for pictures."""

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Return segments (B, D) of latents z (B, Z)."""

    def reconstruct(self, x: Tensor, c: Tensor) -> Tensor:
        """Return x, encoded and decoded without noise: (B, D)."""


@runtime_checkable
class Fitted(Protocol):
    """A representation that is fitted in closed form in place of pretraining."""

    def fit(self, segments: Segments) -> None:
        """Learn from all segments of the training set."""
