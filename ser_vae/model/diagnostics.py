"""How well a representation reconstructs segments, and how much its latents tell about them.

Nothing is shared with `objective`, so that a mistake in the loss cannot hide itself here.

The likelihood. Eq. (3) has |X - X_hat|^2 for -log P(X|z). With P(X|z) = N(X_hat, v I),

    log P(X|z) = -|X - X_hat|^2 / (2 v) - D/2 log(2 pi v)

and the error has weight 1 if v = 1/2. So log P(X|z) = -|X - X_hat|^2 - D/2 log(pi), and by eq.
(2), log P(X) >= -(|X - X_hat|^2 + KL) - D/2 log(pi): the negative loss with beta = 1, plus a
constant, is a lower bound of log P(X). It does not depend on beta: models are compared by the
likelihood of X, not by what they minimised.
"""

import math
from typing import Any

import torch
from torch import Tensor

from ser_vae.model.posterior import Posterior

NOISE_VARIANCE = 0.5  # v above, of each of the D values
ACTIVE_VARIANCE = 0.01  # of mu_d over segments; Burda, Grosse, Salakhutdinov, ICLR 2016


def relative_error(x: Tensor, x_hat: Tensor) -> float:
    """Return the sum of |x - x_hat|^2 over the sum of |x - mean|^2, from (B, D) and (B, D).

    0 is perfect, 1 as good as the mean of these segments, value by value; above 1 is worse.
    """
    return float((x - x_hat).square().sum() / (x - x.mean(dim=0)).square().sum())


def active_units(mu: Tensor) -> int:
    """Count the dimensions in which mu (B, Z) has a variance above `ACTIVE_VARIANCE`.

    A unit already counts at a standard deviation of 0.1: consider the KL too.
    """
    return int((mu.var(dim=0) > ACTIVE_VARIANCE).sum())


def log_density(x: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Return the log density of a diagonal Gaussian in nats, summed over the last dimension."""
    scaled = (x - mu).square() * torch.exp(-log_var)
    return -0.5 * (scaled + log_var + math.log(2 * math.pi)).sum(dim=-1)


def log_likelihood(
    model: Any, x: Tensor, c: Tensor, *, samples: int, generator: torch.Generator
) -> Tensor:
    """Estimate log P(x), or log P(x|c), of each segment: x (B, D), c (B, K) -> (B,) in nats.

    `model` has a posterior, a decoder and the prior N(0, I) of z.

    Importance sampling with the posterior as proposal (Burda et al. 2016, eq. 8). With one sample
    its expectation is the lower bound of eq. (3); it rises to log P(x) with the number of samples,
    and is log P(x) at once if the posterior is exact.
    """
    posterior = model.posterior(x, c)
    noise = x.new_tensor(NOISE_VARIANCE).log()
    zero = x.new_zeros(())
    log_weights = []
    for _ in range(samples):
        z = posterior.sample(generator)
        joint = log_density(x, model.decode(z, c), noise) + log_density(z, zero, zero)
        log_weights.append(joint - log_density(z, posterior.mu, posterior.log_var))
    return torch.logsumexp(torch.stack(log_weights), dim=0) - math.log(samples)


def mutual_information(posterior: Posterior, generator: torch.Generator) -> float:
    """Estimate the mutual information between z and the index of its segment (1 to N), in nats.

    The mean KL is this plus the KL between the aggregate posterior, the mixture of the N, and the
    prior (Hoffman & Johnson, "ELBO surgery", 2016). Estimated from one z per segment. It is at most
    log N for any model: close to log N it is a lower bound of what z tells about x.
    Computed in double precision on the CPU, where `generator` has to be; takes 8 N^2 bytes.
    """
    exact = Posterior(posterior.mu.double().cpu(), posterior.log_var.double().cpu())
    densities = _log_densities(exact.sample(generator), exact)
    mixture = torch.logsumexp(densities, dim=1) - math.log(len(densities))
    return float((densities.diagonal() - mixture).mean())


def _log_densities(z: Tensor, posterior: Posterior) -> Tensor:
    """Return the log density of each z (N, Z) under each posterior: (N, N), one row per z.

    The square is multiplied out, so that two matrix products replace a tensor (N, N, Z).
    """
    precision = torch.exp(-posterior.log_var)
    square = z.square() @ precision.T - 2 * z @ (posterior.mu * precision).T
    constant = posterior.mu.square() * precision + posterior.log_var + math.log(2 * math.pi)
    return -0.5 * (square + constant.sum(dim=1))
