"""The VAE and the conditional VAE, against their forward pass written out."""

import pytest
import torch
from torch import nn

from ser_vae.model.cvae import CVAE
from ser_vae.model.vae import VAE


def affine(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    return x @ layer.weight.T + layer.bias


@pytest.mark.parametrize("beta", [0.0, 1.0, 800.0])
@pytest.mark.parametrize("kind", [VAE, CVAE])
def test_the_loss_follows_equations_3_and_4(kind, beta):
    """Of the CVAE: x and c side by side into the encoder, z and c into the decoder."""
    x, c = torch.randn(7, 6), torch.eye(4)[[0, 1, 2, 3, 0, 1, 2]]
    model = kind(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh", beta=beta)
    torch.manual_seed(3)
    terms = model.loss(x, c)
    torch.manual_seed(3)
    eps = torch.randn(7, 3)
    given = c if kind is CVAE else c[:, :0]
    h = torch.tanh(affine(model.encoder[0], torch.cat([x, given], dim=1)))
    mu, log_var = affine(model.to_mu, h), affine(model.to_log_var, h)
    z = torch.cat([mu + log_var.exp().sqrt() * eps, given], dim=1)
    x_hat = affine(model.decoder[-1], torch.tanh(affine(model.decoder[0], z)))
    error = ((x - x_hat) ** 2).sum(dim=1)
    kl = (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1) / 2
    torch.testing.assert_close(terms["squared_error"], error)
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["loss"], error + beta * kl)
