"""Eq. (3): the two terms are sums over a segment, and must be, or the posterior collapses."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ser_vae.model.objective import negative_lower_bound, squared_error
from ser_vae.model.posterior import Posterior
from ser_vae.model.vae import VAE

D, Z, RANK = 800, 16, 8


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


def segments_with_structure(count: int) -> torch.Tensor:
    """Standardised values with 90 % of their variance in `RANK` directions."""
    generator = torch.Generator().manual_seed(1)
    factors = torch.randn(count, RANK, generator=generator)
    directions = torch.randn(RANK, D, generator=generator)
    x = factors @ directions + (RANK / 9) ** 0.5 * torch.randn(count, D, generator=generator)
    return (x - x.mean(dim=0)) / x.std(dim=0)


def trained(beta: float) -> tuple[float, float]:
    """Error relative to the variance, and KL in nats, after a short training."""
    model = VAE(input_size=D, num_classes=4, hidden=[64], latent=Z, activation="relu", beta=beta)
    x, c = segments_with_structure(512), torch.zeros(512, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(20):
        for batch in x.split(64):
            optimizer.zero_grad()
            model.loss(batch, c[:64])["loss"].mean().backward()
            optimizer.step()
    with torch.no_grad():
        terms = {name: value.mean().item() for name, value in model.loss(x, c).items()}
    return terms["squared_error"] / D, terms["kl"]


def test_summed_terms_keep_what_the_segments_have_in_common():
    error, kl = trained(beta=1.0)
    assert error == pytest.approx(0.1, abs=0.08)
    assert kl > 5


def test_an_averaged_error_would_collapse_the_posterior_onto_the_prior():
    error, kl = trained(beta=D)
    assert error == pytest.approx(1.0, abs=0.05)
    assert kl < 0.05
