"""The autoencoder: the paper's sizes, and no notice taken of the label."""

import pytest
import torch
from torch import nn

from ser_vae import SerVaeError
from ser_vae.model.ae import AE
from ser_vae.model.vae import VAE

PAPER = {
    "input_size": 800,
    "num_classes": 4,
    "hidden": [512, 256],
    "latent": 128,
    "activation": "relu",
}


def small() -> AE:
    return AE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh")


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.named_parameters()}


def test_parameters_counted_by_hand():
    encoder = 800 * 512 + 512 + 512 * 256 + 256
    decoder = 128 * 256 + 256 + 256 * 512 + 512 + 512 * 800 + 800
    latent = 256 * 128 + 128
    assert sum(p.numel() for p in AE(**PAPER).parameters()) == encoder + latent + decoder


def test_it_differs_from_the_vae_in_the_gaussian_layer_alone():
    ae, vae = shapes(AE(**PAPER)), shapes(VAE(**PAPER, beta=1.0))
    gaussian = {name for name in vae if name.startswith(("to_mu.", "to_log_var."))}
    fully_connected = {name for name in ae if name.startswith("to_z.")}
    assert {n: s for n, s in ae.items() if n not in fully_connected} == {
        n: s for n, s in vae.items() if n not in gaussian
    }
    assert ae["to_z.weight"] == vae["to_mu.weight"] == vae["to_log_var.weight"] == (128, 256)


def test_the_latent_layer_is_linear():
    """Twice the hidden layer's output, twice the latent: nothing bends it."""
    model = small()
    nn.init.zeros_(model.to_z.bias)
    h = torch.randn(4, 5)
    torch.testing.assert_close(model.to_z(2 * h), 2 * model.to_z(h))


def test_the_loss_is_the_squared_error_of_the_decoded_latent():
    model, x, c = small(), torch.randn(7, 6), torch.rand(7, 4)
    terms = model.loss(x, c)
    x_hat = model.decoder(model.feature(x, c, sample=False))
    torch.testing.assert_close(terms["loss"], ((x - x_hat) ** 2).sum(dim=1))
    assert torch.equal(terms["loss"], terms["squared_error"])
    assert set(terms) == set(model.quantities)


def test_the_condition_changes_neither_loss_nor_latent():
    model, x = small(), torch.randn(7, 6)
    one, other = torch.eye(4)[[0] * 7], torch.eye(4)[[3] * 7]
    assert torch.equal(model.loss(x, one)["loss"], model.loss(x, other)["loss"])
    assert torch.equal(model.feature(x, one, sample=False), model.feature(x, other, sample=False))


def test_the_loss_draws_no_random_number():
    before = torch.get_rng_state()
    model, x = small(), torch.randn(2, 6)
    before = torch.get_rng_state()
    model.loss(x, torch.zeros(2, 4))
    assert torch.equal(before, torch.get_rng_state())


def test_every_parameter_has_a_gradient():
    model = small()
    model.loss(torch.randn(7, 6), torch.zeros(7, 4))["loss"].mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_a_sample_of_an_autoencoder_is_refused():
    with pytest.raises(SerVaeError, match="no posterior; use latent=mu"):
        small().feature(torch.randn(1, 6), torch.zeros(1, 4), sample=True)
