"""The conditional VAE: c enters the encoder and the decoder, and nothing else differs."""

import torch
from torch import nn

from ser_vae.model.cvae import CVAE


def sizes(stack: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in stack.modules() if isinstance(m, nn.Linear)]


def test_the_label_is_concatenated_to_the_input_and_the_latent_only():
    model = CVAE(
        input_size=800, num_classes=4, hidden=[512, 256], latent=128, activation="relu", beta=1.0
    )
    assert sizes(model.encoder) == [(804, 512), (512, 256)]
    assert sizes(model.to_mu) == sizes(model.to_log_var) == [(256, 128)]
    assert sizes(model.decoder) == [(132, 256), (256, 512), (512, 800)]


def test_the_loss_follows_equation_4():
    """X and c side by side into the encoder, z and c into the decoder; the prior is unchanged."""
    x, c = torch.randn(7, 6), torch.eye(4)[[0, 1, 2, 3, 0, 1, 2]]
    model = CVAE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh", beta=1.0)
    torch.manual_seed(3)
    terms = model.loss(x, c)
    torch.manual_seed(3)
    h = model.encoder(torch.cat([x, c], dim=1))
    mu, log_var = model.to_mu(h), model.to_log_var(h)
    z = mu + (log_var / 2).exp() * torch.randn(7, 3)
    x_hat = model.decoder(torch.cat([z, c], dim=1))
    kl = (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1) / 2
    torch.testing.assert_close(terms["loss"], ((x - x_hat) ** 2).sum(dim=1) + kl)
