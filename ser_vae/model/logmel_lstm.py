"""No representation: the segment itself, for the classifier to see."""

import torch
from torch import Tensor, nn

from ser_vae import SerVaeError


class Identity(nn.Module):
    """Segments of D values as they are, so that Z = D; there is nothing to pretrain."""

    level = "segment"
    conditional = False
    quantities = ()

    def __init__(self, *, input_size: int, num_classes: int) -> None:  # noqa: ARG002
        super().__init__()
        self.latent_size = input_size

    def feature(
        self,
        x: Tensor,
        c: Tensor,  # noqa: ARG002
        *,
        sample: bool,
        generator: torch.Generator | None = None,  # noqa: ARG002
    ) -> Tensor:
        """The segment: x (B, D) -> (B, D).

        Raises:
            SerVaeError: `sample` is asked for; there is no distribution to draw from.
        """
        if sample:
            raise SerVaeError("training.latent=sample: a segment is no posterior; use latent=mu")
        return x
