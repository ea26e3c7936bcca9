"""The variational autoencoder, against its forward pass written out."""

import pytest
import torch
from torch import nn

from ser_vae.model.vae import VAE


def affine(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    return x @ layer.weight.T + layer.bias


@pytest.mark.parametrize("beta", [0.0, 1.0, 800.0])
def test_the_loss_follows_equation_3(beta):
    x = torch.randn(7, 6)
    model = VAE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh", beta=beta)
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
    torch.testing.assert_close(terms["squared_error"], error)
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["loss"], error + beta * kl)
