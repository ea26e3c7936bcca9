"""The interface of a representation, and of its optional abilities."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ser_vae.data.segment import Segments
from ser_vae.model.posterior import Posterior


class Network(Protocol):
    """What every `torch.nn.Module` has."""

    def train(self, mode: bool = True) -> Any: ...
    def eval(self) -> Any: ...
    def float(self) -> Any: ...
    def to(self, device: torch.device, /) -> Any: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def buffers(self) -> Iterator[Tensor]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any], /) -> Any: ...
    @property
    def training(self) -> bool: ...


class Representation(Network, Protocol):
    """Segment -> latent; a `torch.nn.Module`.

    Throughout, x is (B, D), and c (B, K) is the condition: one-hot where the label is given, 1 / K
    in each class where it is not.

    Attributes:
        level: "segment".
        conditional: whether c changes anything; each label policy is reported then.
        quantities: names of the terms of `loss`, "loss" among them; empty if there is no
            pretraining by gradient.
        latent_size: Z.
    """

    level: str
    conditional: bool
    quantities: tuple[str, ...]
    latent_size: int

    def feature(
        self, x: Tensor, c: Tensor, *, sample: bool, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the latents that the classifier gets: (B, Z).

        `sample` asks for a draw from the posterior, with noise from `generator`; it is only set
        for a representation with a posterior.
        """

    def loss(
        self, x: Tensor, c: Tensor, generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return each of `quantities` by its name, (B,); pretraining minimises "loss".

        With "squared_error" and "kl" among them, label policies can use the lower bound of eq. (3).
        """


@runtime_checkable
class HasPosterior(Representation, Protocol):
    """A representation with Q(z|X, c), for training.latent=sample, the KL and its health."""

    def posterior(self, x: Tensor, c: Tensor) -> Posterior:
        """Return the posterior of each segment, with mu and log_var (B, Z)."""


@runtime_checkable
class Decoder(Representation, Protocol):
    """A representation that maps latents back to segments, for its health and for pictures."""

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Return segments (B, D) of latents z (B, Z)."""

    def reconstruct(self, x: Tensor, c: Tensor) -> Tensor:
        """Return x, encoded and decoded without noise: (B, D)."""


@runtime_checkable
class Fitted(Representation, Protocol):
    """A representation that is fitted in closed form in place of pretraining."""

    def fit(self, segments: Segments) -> None:
        """Learn from all segments of the training set."""
