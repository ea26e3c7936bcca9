"""The conditional VAE: c enters the encoder and the decoder, and nothing else differs."""

import torch
from torch import nn

from ser_vae.model.cvae import CVAE

ONE_HOT = torch.eye(4)


def small() -> CVAE:
    return CVAE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh", beta=1.0)


def sizes(stack: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in stack.modules() if isinstance(m, nn.Linear)]


def test_the_label_joins_the_input_and_the_latent_and_no_other_layer():
    model = CVAE(
        input_size=800, num_classes=4, hidden=[512, 256], latent=128, activation="relu", beta=1.0
    )
    assert sizes(model.encoder) == [(804, 512), (512, 256)]
    assert sizes(model.to_mu) == sizes(model.to_log_var) == [(256, 128)]
    assert sizes(model.decoder) == [(132, 256), (256, 512), (512, 800)]


def test_the_encoder_hears_the_condition():
    model, x = small(), torch.randn(7, 6)
    posteriors = [model.posterior(x, ONE_HOT[[k] * 7]) for k in (0, 1)]
    assert not torch.isclose(posteriors[0].mu, posteriors[1].mu).any()
    assert not torch.isclose(posteriors[0].log_var, posteriors[1].log_var).any()


def test_the_decoder_hears_the_condition():
    model, z = small(), torch.randn(7, 3)
    one, other = (model.decode(z, ONE_HOT[[k] * 7]) for k in (0, 1))
    assert not torch.isclose(one, other).any()


def test_the_loss_changes_with_the_condition():
    model, x = small(), torch.randn(7, 6)
    losses = []
    for k in (0, 1):
        torch.manual_seed(0)
        losses.append(model.loss(x, ONE_HOT[[k] * 7])["loss"])
    assert not torch.isclose(*losses).any()


def test_the_loss_follows_equation_4():
    """X and c side by side into the encoder, z and c into the decoder, the prior as it was."""
    model, x, c = small(), torch.randn(7, 6), ONE_HOT[[0, 1, 2, 3, 0, 1, 2]]
    torch.manual_seed(3)
    terms = model.loss(x, c)
    torch.manual_seed(3)
    h = model.encoder(torch.cat([x, c], dim=1))
    mu, log_var = model.to_mu(h), model.to_log_var(h)
    z = mu + (log_var / 2).exp() * torch.randn(7, 3)
    x_hat = model.decoder(torch.cat([z, c], dim=1))
    kl = (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1) / 2
    torch.testing.assert_close(terms["loss"], ((x - x_hat) ** 2).sum(dim=1) + kl)


def test_a_condition_belongs_to_its_own_segment():
    model, x, c = small(), torch.randn(4, 6), ONE_HOT
    together = model.feature(x, c, sample=False)
    alone = [model.feature(x[k : k + 1], c[k : k + 1], sample=False) for k in range(4)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_every_parameter_has_a_gradient():
    model = small()
    model.loss(torch.randn(8, 6), ONE_HOT.repeat(2, 1))["loss"].mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_it_says_that_it_is_conditional():
    assert small().conditional
