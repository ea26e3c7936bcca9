"""The Gaussian layer, against torch.distributions and its definition."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from ser_vae.model.posterior import Posterior

PRIOR = Normal(torch.tensor(0.0, dtype=torch.float64), 1.0)
DRAWS = 200_000


def doubles(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@given(st.floats(-20, 20), st.floats(-20, 10))
def test_kl_agrees_with_torch_distributions(mu, log_var):
    posterior = Posterior(doubles(mu), doubles(log_var))
    q = Normal(doubles(mu), doubles(log_var).exp().sqrt())
    torch.testing.assert_close(posterior.kl(), kl_divergence(q, PRIOR))


def test_samples_have_the_mean_and_standard_deviation_of_the_posterior():
    mu, sigma = torch.tensor([-3.0, 0.0, 7.0]), torch.tensor([0.1, 1.0, 5.0])
    posterior = Posterior(mu.expand(DRAWS, 3), 2 * sigma.log().expand(DRAWS, 3))
    z = posterior.sample(torch.Generator().manual_seed(0))
    standard_error = sigma / DRAWS**0.5
    assert ((z.mean(dim=0) - mu).abs() < 5 * standard_error).all()
    assert ((z.std(dim=0) - sigma).abs() < 5 * standard_error).all()


def test_the_noise_of_two_segments_and_two_dimensions_is_independent():
    z = Posterior(torch.zeros(DRAWS, 2), torch.zeros(DRAWS, 2)).sample(
        torch.Generator().manual_seed(0)
    )
    assert abs((z[:, 0] * z[:, 1]).mean()) < 5 / DRAWS**0.5
    assert abs((z[:-1] * z[1:]).mean()) < 5 / DRAWS**0.5


def test_a_gradient_passes_through_the_sample_into_mean_and_variance():
    """With z = mu + sigma eps, dz/dmu = 1 and dz/dlog_var = sigma eps / 2 = (z - mu) / 2."""
    mu, log_var = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    z = Posterior(mu, log_var).sample()
    z.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones(4, 3))
    torch.testing.assert_close(log_var.grad, (z - mu).detach() / 2)
