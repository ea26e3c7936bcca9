"""The conventional autoencoder: "same architecture ... except for Gaussian layer" (IV-C)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.model import layers
from ser_vae.model.objective import squared_error


class AE(nn.Module):
    """D -> hidden -> Z -> mirrored -> D; the latent layer is fully connected.

    A condition c is part of every representation's interface; this one takes no notice of it.
    """

    level = "segment"
    conditional = False
    quantities = ("loss", "squared_error")

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,  # noqa: ARG002  (of the interface; nothing is conditioned here)
        hidden: Sequence[int],
        latent: int,
        activation: str,
    ) -> None:
        super().__init__()
        layers.check_sizes(hidden, latent)
        self.latent_size = latent
        self.encoder = layers.hidden_layers([input_size, *hidden], activation)
        self.to_z = nn.Linear(hidden[-1], latent)
        self.decoder = layers.decoder(latent, hidden, input_size, activation)

    def loss(self, x: Tensor, c: Tensor) -> dict[str, Tensor]:
        """Squared error of the reconstruction: x (B, D) -> each term (B,)."""
        error = squared_error(x, self.reconstruct(x, c))
        return {"loss": error, "squared_error": error}

    def reconstruct(self, x: Tensor, c: Tensor) -> Tensor:
        """What the decoder makes of the latent: x (B, D) -> x_hat (B, D)."""
        return self.decode(self.feature(x, c, sample=False), c)

    def decode(self, z: Tensor, c: Tensor) -> Tensor:  # noqa: ARG002
        """The decoder's output: z (B, Z) -> x_hat (B, D)."""
        x_hat: Tensor = self.decoder(z)
        return x_hat

    def feature(
        self,
        x: Tensor,
        c: Tensor,  # noqa: ARG002
        *,
        sample: bool,
        generator: torch.Generator | None = None,  # noqa: ARG002
    ) -> Tensor:
        """The latent that the classifier is given: x (B, D) -> (B, Z).

        Raises:
            SerVaeError: `sample` is asked for; an autoencoder has no distribution to draw from.
        """
        if sample:
            raise SerVaeError(
                "training.latent=sample: an autoencoder has no posterior; use latent=mu"
            )
        z: Tensor = self.to_z(self.encoder(x))
        return z
