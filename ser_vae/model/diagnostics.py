"""What a representation keeps of segments, and what its latents say of them.

Nothing here is shared with `objective`: a mistake in what is minimised can't hide itself.

The likelihood. Eq. (3) has |X - X_hat|^2 for -log P(X|z). With P(X|z) = N(X_hat, v I),

    log P(X|z) = -|X - X_hat|^2 / (2 v) - D/2 log(2 pi v)

and the error has weight 1 where v = 1/2. So log P(X|z) = -|X - X_hat|^2 - D/2 log(pi), and by eq.
(2), log P(X) >= -(|X - X_hat|^2 + KL) - D/2 log(pi): the loss with beta = 1, negated, plus a
constant, is a lower bound of log P(X). Another beta is not in it: models are compared by what they
say of X, not by what they were told to minimise.
"""

import math
from typing import Any

import torch
from torch import Tensor

from ser_vae.model.posterior import Posterior

NOISE_VARIANCE = 0.5  # v above, of each of the D values
ACTIVE_VARIANCE = 0.01  # of mu_d over segments; Burda, Grosse, Salakhutdinov, ICLR 2016


def relative_error(x: Tensor, x_hat: Tensor) -> float:
    """Sum of |x - x_hat|^2 over sum of |x - mean|^2: (B, D), (B, D) -> 0 perfect, 1 the mean.

    The mean is that of these segments, value by value. Above 1 is worse than knowing it.
    """
    return float((x - x_hat).square().sum() / (x - x.mean(dim=0)).square().sum())


def active_units(mu: Tensor) -> int:
    """In how many dimensions mu (B, Z) varies over segments by more than `ACTIVE_VARIANCE`.

    A weak alarm, as a unit counts from a standard deviation of 0.1 on: see the KL too.
    """
    return int((mu.var(dim=0) > ACTIVE_VARIANCE).sum())


def log_density(x: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Log density of a diagonal Gaussian in nats, summed over the last dimension."""
    scaled = (x - mu).square() * torch.exp(-log_var)
    return -0.5 * (scaled + log_var + math.log(2 * math.pi)).sum(dim=-1)


def log_likelihood(
    model: Any, x: Tensor, c: Tensor, *, samples: int, generator: torch.Generator
) -> Tensor:
    """Estimate log P(x), or log P(x|c), of each segment: x (B, D), c (B, K) -> (B,) in nats.

    Importance sampling with the posterior as proposal (Burda et al. 2016, eq. 8): its expectation
    lies between the lower bound of eq. (3), which it is with one sample, and log P(x), which it
    reaches with many samples, or at once where the posterior is exact.

    `model` has `posterior(x, c)` and `decode(z, c)`, and the prior N(0, I) of z.
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
    """How much z tells about which of these N segments it was drawn for, in nats.

    The mean KL is this plus the KL between the aggregate posterior, the mixture of the N, and the
    prior (Hoffman & Johnson, "ELBO surgery", 2016); estimated from one z a segment. It is at most
    log N, whatever the model: where it comes near, it is a lower bound of what z tells about x.
    Computed in double precision on the CPU, where `generator` has to be; takes 8 N^2 bytes.
    """
    exact = Posterior(posterior.mu.double().cpu(), posterior.log_var.double().cpu())
    densities = _log_densities(exact.sample(generator), exact)
    mixture = torch.logsumexp(densities, dim=1) - math.log(len(densities))
    return float((densities.diagonal() - mixture).mean())


def _log_densities(z: Tensor, posterior: Posterior) -> Tensor:
    """Log density of each z under each posterior: (N, Z) -> (N, N), a row for a z.

    The square is multiplied out, so that two products of matrices take the place of (N, N, Z).
    """
    precision = torch.exp(-posterior.log_var)
    square = z.square() @ precision.T - 2 * z @ (posterior.mu * precision).T
    constant = posterior.mu.square() * precision + posterior.log_var + math.log(2 * math.pi)
    return -0.5 * (square + constant.sum(dim=1))
