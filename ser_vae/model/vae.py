"""The variational autoencoder (III-A, eq. 1 to 3)."""

from collections.abc import Sequence

from torch import Tensor, nn

from ser_vae.model import layers
from ser_vae.model.objective import negative_lower_bound
from ser_vae.model.posterior import Noise, Posterior
from ser_vae.model.representation import Representation


class VAE(Representation):
    """D -> hidden -> (mu, log_var) of Z dimensions; z -> mirrored -> D.

    The condition c belongs to the interface of every representation; this one ignores it.
    """

    quantities: tuple[str, ...] = ("loss", "squared_error", "kl")

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        hidden: Sequence[int],
        latent: int,
        activation: str,
        beta: float,
        condition_size: int = 0,
    ) -> None:
        super().__init__()
        self.latent_size = latent
        self.beta = beta
        self.encoder = layers.hidden_layers([input_size + condition_size, *hidden], activation)
        self.to_mu = nn.Linear(hidden[-1], latent)
        self.to_log_var = nn.Linear(hidden[-1], latent)
        self.decoder = layers.decoder(latent + condition_size, hidden, input_size, activation)

    def posterior(self, x: Tensor, c: Tensor) -> Posterior:
        """Return Q(z|X): x (B, D) -> mu, log_var (B, Z)."""
        h = self.encoder(x)
        return Posterior(self.to_mu(h), self.to_log_var(h))

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Return the mean of P(X|z): z (B, Z) -> x_hat (B, D)."""
        return self.decoder(z)

    def loss(self, x: Tensor, c: Tensor, generator: Noise = None) -> dict[str, Tensor]:
        """Return the negative lower bound from one z: x (B, D), c (B, K) -> each term (B,)."""
        posterior = self.posterior(x, c)
        x_hat = self.decode(posterior.sample(generator), c)
        return negative_lower_bound(x, x_hat, posterior, self.beta)

    def reconstruct(self, x: Tensor, c: Tensor) -> Tensor:
        """Encode and decode mu, without noise: x (B, D), c (B, K) -> x_hat (B, D)."""
        return self.decode(self.posterior(x, c).mu, c)

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Return the latent, mu or a sample of z: x (B, D), c (B, K) -> (B, Z)."""
        posterior = self.posterior(x, c)
        return posterior.sample(generator) if sample else posterior.mu
