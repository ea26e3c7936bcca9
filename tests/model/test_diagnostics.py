"""Diagnostics of a representation, against torch.distributions, SciPy and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.metrics import r2_score
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from ser_vae.model.cvae import CVAE
from ser_vae.model.diagnostics import (
    active_units,
    log_likelihood,
    mutual_information,
    relative_error,
)
from ser_vae.model.posterior import Posterior
from ser_vae.model.vae import VAE

SIZES = {"input_size": 6, "num_classes": 4, "hidden": [5], "latent": 3, "activation": "tanh"}
NO_LABEL = torch.zeros(0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(posterior: Posterior) -> Independent:
    return Independent(Normal(posterior.mu, (0.5 * posterior.log_var).exp()), 1)


class LinearGaussian:
    """Probabilistic PCA: x = W z + b + noise of variance 1/2, whose likelihood is known.

    The columns of W are orthogonal, so that the true posterior is a diagonal Gaussian. The model's
    posterior has its mean moved by `shift` and its standard deviation multiplied by `scale`.
    """

    def __init__(self, shift: float = 0.0, scale: float = 1.0) -> None:
        columns = torch.linalg.qr(torch.randn(7, 3, generator=seeded(1)).double()).Q
        self.w = columns * torch.tensor([3.0, 1.0, 0.2]).double()
        self.b = torch.randn(7, generator=seeded(2)).double()
        self.shift, self.scale = shift, scale

    def posterior(self, x: Tensor, c: Tensor) -> Posterior:  # noqa: ARG002
        variance = 1 / (1 + 2 * self.w.square().sum(dim=0))
        mu = 2 * (x - self.b) @ self.w * variance
        log_var = (self.scale**2 * variance).log().expand(mu.shape)
        return Posterior(mu + self.shift, log_var)

    def decode(self, z: Tensor, c: Tensor) -> Tensor:  # noqa: ARG002
        return z @ self.w.T + self.b

    def exact(self, x: Tensor) -> np.ndarray:
        covariance = self.w @ self.w.T + 0.5 * torch.eye(7).double()
        return multivariate_normal(self.b.numpy(), covariance.numpy()).logpdf(x.numpy())

    def segments(self, count: int) -> Tensor:
        z = torch.randn(count, 3, generator=seeded(3)).double()
        noise = torch.randn(count, 7, generator=seeded(4)).double()
        return self.decode(z, NO_LABEL) + noise * math.sqrt(0.5)

    def estimate(self, x: Tensor, samples: int) -> np.ndarray:
        return log_likelihood(self, x, NO_LABEL, samples=samples, generator=seeded()).numpy()


def test_the_relative_error_is_what_scikit_learn_leaves_unexplained():
    x = torch.randn(40, 6) * torch.arange(1.0, 7.0) + 3
    x_hat = x + torch.randn(40, 6)
    explained = r2_score(x.numpy(), x_hat.numpy(), multioutput="variance_weighted")
    assert relative_error(x, x_hat) == pytest.approx(1 - explained, rel=1e-5)


def test_a_unit_is_active_where_its_mean_varies():
    """Standard deviations of 0.09 and 0.11 are on both sides of a variance of 0.01."""
    sign = torch.tensor([-1.0, 1.0] * 8)[:, None]
    assert active_units(7 + sign * torch.tensor([0.0, 0.09, 0.11, 2.0])) == 2


@pytest.mark.parametrize("kind", [VAE, CVAE])
def test_the_negative_loss_is_a_lower_bound_of_the_likelihood_up_to_a_constant(kind):
    """One sample of z: its expectation is -loss - D/2 log(pi), with eq. (3)'s beta of 1."""
    model = kind(**SIZES, beta=1.0).double()
    x, c = torch.randn(6).double().expand(40_000, 6), torch.eye(4).double()[[2] * 40_000]
    with torch.no_grad():
        bound = -model.loss(x, c)["loss"] - 6 / 2 * math.log(math.pi)
        one = log_likelihood(model, x, c, samples=1, generator=seeded())
        many = log_likelihood(model, x[:500], c[:500], samples=200, generator=seeded())
    error = math.hypot(bound.std(), one.std()) / 200
    assert bound.mean().item() == pytest.approx(one.mean().item(), abs=5 * error)
    assert many.mean() > bound.mean() + 5 * error


def test_the_estimate_is_the_likelihood_if_the_posterior_is_exact():
    model = LinearGaussian()
    x = model.segments(100)
    for samples in (1, 8):
        np.testing.assert_allclose(model.estimate(x, samples), model.exact(x), rtol=1e-9)


@pytest.mark.parametrize(("shift", "scale"), [(0.3, 1.0), (0.0, 1.5), (-0.2, 0.8)])
def test_the_estimate_lies_between_the_lower_bound_and_the_likelihood(shift, scale):
    true, model = LinearGaussian(), LinearGaussian(shift, scale)
    x = true.segments(2000)
    posteriors = [m.posterior(x, NO_LABEL) for m in (model, true)]
    gap = kl_divergence(*map(gaussian, posteriors)).mean().item()  # of eq. (2), part 1
    lost = {n: true.exact(x) - model.estimate(x, n) for n in (1, 10, 1000)}
    error = {n: 5 * values.std() / math.sqrt(len(x)) for n, values in lost.items()}
    assert lost[1].mean() == pytest.approx(gap, abs=error[1])
    assert error[10] < lost[10].mean() < gap - error[10]
    assert lost[1000].mean() == pytest.approx(0, abs=error[1000] + 0.02)


def test_the_information_of_gaussian_channels_is_shannons():
    """Noise of standard deviation s in each dimension: 1/2 log(1 + 1 / s^2), summed."""
    s = torch.tensor([0.5, 1.0, 3.0]).double()
    x = torch.randn(3000, 3, generator=seeded(5)).double()
    channel = Posterior(x, (2 * s.log()).expand(3000, 3))
    capacity = 0.5 * (1 + 1 / s.square()).log().sum().item()
    assert mutual_information(channel, seeded()) == pytest.approx(capacity, abs=0.1)


def test_the_information_agrees_with_torch_distributions_sample_by_sample():
    posterior = Posterior(*torch.randn(2, 30, 4).double())
    z = posterior.sample(seeded(3))
    each = gaussian(Posterior(*(p[None] for p in posterior))).log_prob(z[:, None])  # (N, N)
    expected = (gaussian(posterior).log_prob(z) - (each.exp().mean(dim=1)).log()).mean()
    assert mutual_information(posterior, seeded(3)) == pytest.approx(expected.item())


def test_the_information_about_n_segments_is_at_most_log_n():
    apart = Posterior(torch.arange(64.0)[:, None].expand(64, 3), torch.full((64, 3), -9.0))
    assert mutual_information(apart, seeded()) == pytest.approx(math.log(64), rel=1e-6)
    assert apart.kl().sum(dim=1).mean() > 1000


def test_information_in_single_precision_is_computed_in_double():
    """Narrow posteriors far from the origin: in single precision their squares would cancel."""
    mu = 30 + 1e-3 * torch.randn(100, 8, generator=seeded(6))
    posterior = Posterior(mu, torch.full((100, 8), -14.0))
    exact = Posterior(mu.double() - 30, torch.full((100, 8), -14.0).double())
    estimate = mutual_information(posterior, seeded())
    assert estimate == pytest.approx(mutual_information(exact, seeded()), abs=1e-3)
