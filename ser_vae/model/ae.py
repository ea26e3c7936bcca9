"""The conventional autoencoder: "same architecture ... except for Gaussian layer" (IV-C)."""

from collections.abc import Sequence

from torch import Tensor, nn

from ser_vae.model import layers
from ser_vae.model.objective import squared_error
from ser_vae.model.posterior import Noise
from ser_vae.model.representation import Representation


class AE(Representation):
    """D -> hidden -> Z -> mirrored -> D; the latent layer is fully connected.

    The condition c belongs to the interface of every representation; this one ignores it.
    """

    quantities = ("loss", "squared_error")

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        hidden: Sequence[int],
        latent: int,
        activation: str,
    ) -> None:
        super().__init__()
        self.latent_size = latent
        self.encoder = layers.hidden_layers([input_size, *hidden], activation)
        self.to_z = nn.Linear(hidden[-1], latent)
        self.decoder = layers.decoder(latent, hidden, input_size, activation)

    def loss(self, x: Tensor, c: Tensor, generator: Noise = None) -> dict[str, Tensor]:
        """Return the squared error of the reconstruction: x (B, D) -> each term (B,)."""
        error = squared_error(x, self.reconstruct(x, c))
        return {"loss": error, "squared_error": error}

    def reconstruct(self, x: Tensor, c: Tensor) -> Tensor:
        """Encode and decode: x (B, D) -> x_hat (B, D)."""
        return self.decode(self.feature(x, c, sample=False), c)

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Return the decoder's output: z (B, Z) -> x_hat (B, D)."""
        return self.decoder(z)

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Return the latent: x (B, D) -> (B, Z)."""
        return self.to_z(self.encoder(x))
