"""Latents -> segments, against a model whose answers can be worked out by hand."""

import pytest
import torch
from torch import Tensor

from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.joined import Joined
from ser_vae.model.pca import PCA
from ser_vae.model.untrained import Untrained
from ser_vae.training.decode import decodes, drawn, moved, reconstructed, strengths

D, K, Z = 6, 3, 4
ANGRY, SAD = torch.eye(K)[0], torch.eye(K)[1]
SETTINGS = {"input_size": D, "num_classes": K, "latent": Z}
NETWORK = {**SETTINGS, "hidden": [5], "activation": "tanh"}


class Linear:
    """z = x + 10 c_0, x_hat = 2 z + c_1: every answer is arithmetic."""

    latent_size = Z

    def feature(self, x: Tensor, c: Tensor, *, sample: bool) -> Tensor:
        assert not sample
        return x[:, :Z] + 10 * c[:, :1]

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        return 2 * z + c[:, 1:2]


def test_a_swapped_label_changes_the_decoder_alone() -> None:
    x = torch.arange(8.0).reshape(2, Z)
    assert torch.equal(reconstructed(Linear(), x, ANGRY, ANGRY), 2 * (x + 10))
    assert torch.equal(reconstructed(Linear(), x, ANGRY, SAD), 2 * (x + 10) + 1)
    assert torch.equal(reconstructed(Linear(), x, SAD, SAD), 2 * x + 1)


def test_one_dimension_moves_and_the_others_stay() -> None:
    z = torch.arange(8.0).reshape(2, Z)
    by = torch.tensor([-1.0, 0.0, 3.0])
    found = moved(Linear(), z, ANGRY, 2, by)
    assert found.shape == (3, 2, Z)
    assert torch.equal(found[1], 2 * z)
    shift = found - 2 * z
    assert torch.equal(shift[:, :, 2], 2 * by[:, None].expand(3, 2))
    assert not shift[:, :, [0, 1, 3]].any()


def test_samples_of_the_prior_are_standard_normal() -> None:
    generator = torch.Generator().manual_seed(1)
    z = drawn(Linear(), 20_000, ANGRY, generator) / 2
    assert z.mean(dim=0).abs().max() < 0.04  # five standard errors
    assert (z.std(dim=0) - 1).abs().max() < 0.03


def test_the_same_seed_draws_the_same_under_two_labels() -> None:
    found = [drawn(Linear(), 5, c, torch.Generator().manual_seed(3)) for c in (ANGRY, SAD)]
    torch.testing.assert_close(found[1] - found[0], torch.ones(5, Z))


def test_the_strength_of_a_dimension_is_its_kl() -> None:
    model = CVAE(**NETWORK, beta=1.0)
    with torch.no_grad():
        for layer in (model.to_mu, model.to_log_var):
            layer.weight.zero_()
            layer.bias.zero_()
        model.to_mu.bias[2] = 3.0  # KL of N(3, 1) from N(0, 1): 9 / 2
    found = strengths(model, torch.randn(7, D), torch.eye(K)[[0] * 7])
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 4.5, 0.0]))


def test_the_strength_of_a_dimension_without_a_posterior_is_its_variance() -> None:
    x = torch.randn(50, D) * torch.tensor([1.0, 5.0, 1.0, 2.0, 9.0, 9.0])
    found = strengths(Linear(), x, torch.eye(K)[[1] * 50])
    torch.testing.assert_close(found, x[:, :Z].var(dim=0))


def test_the_autoencoder_decodes_what_it_encodes_into_its_reconstruction() -> None:
    model, x = AE(**NETWORK), torch.randn(4, D)
    c = torch.full((4, K), 1 / K)
    assert torch.equal(model.decode(model.feature(x, c, sample=False), c), model.reconstruct(x, c))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (AE(**NETWORK), True),
        (CVAE(**NETWORK, beta=1.0), True),
        (Untrained(**NETWORK, beta=1.0), False),
        (Joined(**NETWORK, beta=1.0, members=2), False),
        (PCA(**SETTINGS), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_trained_decoder_shows_no_pictures(model: object, expected: bool) -> None:
    assert decodes(model) is expected
