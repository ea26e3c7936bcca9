"""Several variational autoencoders that differ in their first weights alone, side by side."""

from typing import Any

import torch
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.model.vae import VAE


class Joined(nn.Module):
    """`members` VAEs on the same batches; a feature is the features of all, one behind the other.

    None sees another: the gradient of the summed loss is that of each member's own.
    """

    level = "segment"
    conditional = False
    quantities = VAE.quantities

    def __init__(self, *, members: int, **settings: Any) -> None:
        super().__init__()
        if members < 1:
            raise SerVaeError(f"model.members={members}: expected 1 or more")
        self.members = nn.ModuleList(VAE(**settings) for _ in range(members))
        self.latent_size = members * settings["latent"]

    def loss(self, x: Tensor, c: Tensor) -> dict[str, Tensor]:
        """The members' terms, added up: x (B, D), c (B, K) -> each term (B,)."""
        terms = [member.loss(x, c) for member in self._members()]
        return {name: torch.stack([own[name] for own in terms]).sum(0) for name in self.quantities}

    def feature(
        self, x: Tensor, c: Tensor, *, sample: bool, generator: torch.Generator | None = None
    ) -> Tensor:
        """The members' features: x (B, D), c (B, K) -> (B, members x Z)."""
        features = [m.feature(x, c, sample=sample, generator=generator) for m in self._members()]
        return torch.cat(features, dim=-1)

    def _members(self) -> list[VAE]:
        return [member for member in self.members if isinstance(member, VAE)]
