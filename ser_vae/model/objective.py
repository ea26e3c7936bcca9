"""The terms that pretraining minimises: eq. (3), and eq. (4) with a condition."""

from torch import Tensor

from ser_vae.model.posterior import Posterior


def squared_error(x: Tensor, x_hat: Tensor) -> Tensor:
    """Return |X - X_hat|^2 of eq. (3): (B, D), (B, D) -> (B,).

    It is summed over the D values, as the KL is summed over Z. Averaged over D it would be D times
    too weak, and the posterior would collapse onto the prior.
    """
    return (x - x_hat).square().sum(dim=-1)


def negative_lower_bound(
    x: Tensor, x_hat: Tensor, posterior: Posterior, beta: float
) -> dict[str, Tensor]:
    """Return the term in braces of eq. (3) and its two parts, each (B,); `beta` weights the KL."""
    error = squared_error(x, x_hat)
    kl = posterior.kl().sum(dim=-1)
    return {"loss": error + beta * kl, "squared_error": error, "kl": kl}
