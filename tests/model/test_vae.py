"""The variational autoencoder, against its forward pass written out."""

import pytest
import torch
from torch import nn

from ser_vae.model.vae import VAE


def small(beta: float = 1.0) -> VAE:
    return VAE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh", beta=beta)


def affine(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    return x @ layer.weight.T + layer.bias


def test_parameters_counted_by_hand():
    model = VAE(
        input_size=800, num_classes=4, hidden=[512, 256], latent=128, activation="relu", beta=1.0
    )
    encoder = 800 * 512 + 512 + 512 * 256 + 256
    decoder = 128 * 256 + 256 + 256 * 512 + 512 + 512 * 800 + 800
    gaussian = 2 * (256 * 128 + 128)
    assert sum(p.numel() for p in model.parameters()) == encoder + gaussian + decoder


@pytest.mark.parametrize("beta", [0.0, 1.0, 800.0])
def test_the_loss_follows_equation_3(beta):
    model, x = small(beta), torch.randn(7, 6)
    torch.manual_seed(3)
    terms = model.loss(x, torch.zeros(7, 4))
    torch.manual_seed(3)
    eps = torch.randn(7, 3)
    h = torch.tanh(affine(model.encoder[0], x))
    mu, log_var = affine(model.to_mu, h), affine(model.to_log_var, h)
    z = mu + log_var.exp().sqrt() * eps
    x_hat = affine(model.decoder[-1], torch.tanh(affine(model.decoder[0], z)))
    error = ((x - x_hat) ** 2).sum(dim=1)
    kl = (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1) / 2
    assert set(terms) == set(model.quantities)
    torch.testing.assert_close(terms["squared_error"], error)
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["loss"], error + beta * kl)


def test_the_condition_changes_neither_loss_nor_latent():
    model, x = small(), torch.randn(7, 6)
    losses, latents = [], []
    for label in (0, 3):
        c = torch.eye(4)[[label] * 7]
        torch.manual_seed(0)
        losses.append(model.loss(x, c)["loss"])
        latents.append(model.feature(x, c, sample=False))
    assert torch.equal(*losses)
    assert torch.equal(*latents)


def test_the_latent_is_mu_or_a_sample_of_the_posterior():
    model, x, c = small(), torch.randn(7, 6), torch.zeros(7, 4)
    posterior = model.posterior(x, c)
    generators = [torch.Generator().manual_seed(5) for _ in range(2)]
    assert torch.equal(model.feature(x, c, sample=False), posterior.mu)
    sample = model.feature(x, c, sample=True, generator=generators[0])
    assert torch.equal(sample, posterior.sample(generators[1]))
    assert not torch.equal(sample, posterior.mu)


def test_every_parameter_has_a_gradient():
    model = small()
    model.loss(torch.randn(7, 6), torch.zeros(7, 4))["loss"].mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_one_segment_has_the_latent_that_it_has_among_others():
    model, x, c = small(), torch.randn(7, 6), torch.zeros(7, 4)
    together = model.feature(x, c, sample=False)
    torch.testing.assert_close(model.feature(x[2:3], c[:1], sample=False), together[2:3])
