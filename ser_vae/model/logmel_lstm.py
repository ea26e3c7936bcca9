"""No representation: the classifier gets the segments themselves."""

import torch
from torch import Tensor, nn


class Identity(nn.Module):
    """Returns segments of D values unchanged, so that Z = D; there is nothing to pretrain."""

    level = "segment"
    conditional = False
    quantities: tuple[str, ...] = ()

    def __init__(self, *, input_size: int, num_classes: int) -> None:
        super().__init__()
        self.latent_size = input_size

    def feature(
        self, x: Tensor, c: Tensor, *, sample: bool, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the segment: x (B, D) -> (B, D)."""
        return x

    def loss(
        self, x: Tensor, c: Tensor, generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return no quantity: there is nothing to minimise."""
        return {}
