"""The autoencoder: the sizes of the paper, and its loss."""

import torch

from ser_vae.model.ae import AE
from ser_vae.model.vae import VAE

PAPER = {
    "input_size": 800,
    "num_classes": 4,
    "hidden": [512, 256],
    "latent": 128,
    "activation": "relu",
}


def test_the_number_of_parameters_is_that_counted_by_hand():
    encoder = 800 * 512 + 512 + 512 * 256 + 256
    decoder = 128 * 256 + 256 + 256 * 512 + 512 + 512 * 800 + 800
    latent = 256 * 128 + 128
    counts = [sum(p.numel() for p in m.parameters()) for m in (AE(**PAPER), VAE(**PAPER, beta=1.0))]
    assert counts == [encoder + latent + decoder, encoder + 2 * latent + decoder]


def test_the_loss_is_the_squared_error_of_the_decoded_latent_and_not_random():
    model = AE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="tanh")
    x, c = torch.randn(7, 6), torch.rand(7, 4)
    before = torch.get_rng_state()
    terms = model.loss(x, c)
    assert torch.equal(before, torch.get_rng_state())
    x_hat = model.decoder(model.feature(x, c, sample=False))
    torch.testing.assert_close(terms["loss"], ((x - x_hat) ** 2).sum(dim=1))
    assert torch.equal(terms["loss"], terms["squared_error"])
