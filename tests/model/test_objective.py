"""Eq. (3): the two terms are sums over a segment, and must be, or the posterior collapses."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ser_vae.model.objective import negative_lower_bound, squared_error
from ser_vae.model.posterior import Posterior

D = 800


def test_the_squared_error_is_summed_over_the_values_of_a_segment():
    x = torch.zeros(3, D)
    offsets = torch.tensor([0.5, 0.0, -2.0])
    torch.testing.assert_close(squared_error(x, x + offsets[:, None]), D * offsets**2)


@given(st.floats(0, 100))
def test_the_loss_is_the_error_plus_beta_times_the_kl_summed_over_latents(beta):
    x, x_hat, mu, log_var = (torch.randn(5, size, dtype=torch.float64) for size in (9, 9, 4, 4))
    posterior = Posterior(mu, log_var)
    terms = negative_lower_bound(x, x_hat, posterior, beta)
    expected = ((x - x_hat) ** 2).sum(dim=1) + beta * posterior.kl().sum(dim=1)
    torch.testing.assert_close(terms["loss"], expected)
    torch.testing.assert_close(terms["loss"], terms["squared_error"] + beta * terms["kl"])
