"""Latents -> segments, for a model whose results can be worked out by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ser_vae.data.segment import Segmentation, cut
from ser_vae.features.normalise import IDENTITY
from ser_vae.model.cvae import CVAE
from ser_vae.model.posterior import Posterior
from ser_vae.training.illustrate import Illustrator

COLUMNS, LENGTH, K = 3, 2, 3
D = COLUMNS * LENGTH  # and Z
ANGRY, _, _ = torch.eye(K)


class Linear(nn.Module):
    """z = x + 10 c_0, x_hat = 2 z + c_1: every result is arithmetic."""

    latent_size, conditional = D, True

    def feature(self, x: Tensor, c: Tensor, *, sample: bool) -> Tensor:
        assert not sample
        return x + 10 * c[:, :1]

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        return 2 * z + c[:, 1:2]


class WithPrior(Linear):
    def posterior(self, x: Tensor, c: Tensor) -> Posterior: ...


def illustrator(model: Any, frames: Tensor) -> Illustrator:
    """Illustrate one utterance, which is not scaled."""
    extractor: Any = SimpleNamespace(spectrogram_bands=COLUMNS)
    segments = cut([frames.numpy()], Segmentation(LENGTH, LENGTH, "drop"))
    label = torch.tensor([0])
    return Illustrator(model, extractor, segments, [IDENTITY], label, K, torch.device("cpu"))


def test_a_swapped_label_changes_only_the_decoder():
    x = torch.arange(12.0).reshape(4, COLUMNS)
    source = illustrator(Linear(), x)
    as_angry, as_sad, _ = source.swapped(0)
    assert np.array_equal(source.reconstruction(0), 2 * (x + 10))
    assert np.array_equal(as_angry, 2 * (x + 10))
    assert np.array_equal(as_sad, 2 * (x + 10) + 1)


def test_one_dimension_moves_and_the_others_stay():
    z = torch.arange(12.0).reshape(2, D)
    offsets = torch.tensor([-1.0, 0.0, 3.0])
    source = illustrator(Linear(), torch.zeros(LENGTH, COLUMNS))
    shift = source.traverse(z, ANGRY, 2, offsets) - 2 * z
    assert torch.equal(shift[:, :, 2], 2 * offsets[:, None].expand(3, 2))
    assert not shift[:, :, [0, 1, 3, 4, 5]].any()


def test_samples_of_the_prior_are_standard_normal_and_the_same_under_each_label():
    prior = illustrator(WithPrior(), torch.zeros(LENGTH, COLUMNS)).prior(20_000, seed=1)
    angry, sad, _ = prior.reshape(K, 20_000, D) / 2
    assert abs(angry.mean(axis=0)).max() < 0.04  # five standard errors
    assert abs(angry.std(axis=0) - 1).max() < 0.03
    np.testing.assert_allclose(sad - angry, 0.5, atol=1e-6)


def test_the_dimension_of_largest_kl_is_ranked_first():
    model = CVAE(input_size=D, num_classes=K, latent=4, hidden=[5], activation="tanh", beta=1.0)
    with torch.no_grad():
        for layer in (model.to_mu, model.to_log_var):
            layer.weight.zero_()
            layer.bias.zero_()
        model.to_mu.bias[2], model.to_mu.bias[1] = 3.0, -2.0  # KL 9 / 2 and 4 / 2, variance 0
    assert illustrator(model, torch.randn(8, COLUMNS)).ranked_dimensions(2)[0] == [2, 1]


def test_without_a_posterior_the_dimension_of_largest_variance_is_ranked_first():
    scale = torch.tensor([1.0, 5.0, 3.0])
    source = illustrator(Linear(), torch.randn(200, COLUMNS) * scale)
    assert {d % COLUMNS for d in source.ranked_dimensions(2)[0]} == {1}
