"""Latents -> segments, for a model whose results can be worked out by hand."""

import torch
from torch import Tensor

from ser_vae.model.cvae import CVAE
from ser_vae.training.illustrate import informativeness, reconstruct, sample_prior, traverse

D, K, Z = 6, 3, 4
ANGRY, SAD = torch.eye(K)[0], torch.eye(K)[1]
SETTINGS = {"input_size": D, "num_classes": K, "latent": Z}
NETWORK = {**SETTINGS, "hidden": [5], "activation": "tanh"}


class Linear:
    """z = x + 10 c_0, x_hat = 2 z + c_1: every result is arithmetic."""

    latent_size = Z

    def feature(self, x: Tensor, c: Tensor, *, sample: bool) -> Tensor:
        assert not sample
        return x[:, :Z] + 10 * c[:, :1]

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        return 2 * z + c[:, 1:2]


def test_a_swapped_label_changes_only_the_decoder():
    x = torch.arange(8.0).reshape(2, Z)
    assert torch.equal(reconstruct(Linear(), x, ANGRY, ANGRY), 2 * (x + 10))
    assert torch.equal(reconstruct(Linear(), x, ANGRY, SAD), 2 * (x + 10) + 1)
    assert torch.equal(reconstruct(Linear(), x, SAD, SAD), 2 * x + 1)


def test_one_dimension_moves_and_the_others_stay():
    z = torch.arange(8.0).reshape(2, Z)
    offsets = torch.tensor([-1.0, 0.0, 3.0])
    shift = traverse(Linear(), z, ANGRY, 2, offsets) - 2 * z
    assert torch.equal(shift[:, :, 2], 2 * offsets[:, None].expand(3, 2))
    assert not shift[:, :, [0, 1, 3]].any()


def test_samples_of_the_prior_are_standard_normal_and_the_same_under_each_label():
    angry, sad = (sample_prior(Linear(), 20_000, label, seed=1) for label in (ANGRY, SAD))
    assert (angry / 2).mean(dim=0).abs().max() < 0.04  # five standard errors
    assert ((angry / 2).std(dim=0) - 1).abs().max() < 0.03
    torch.testing.assert_close(sad - angry, torch.ones(20_000, Z))


def test_the_informativeness_of_a_dimension_is_its_kl():
    model = CVAE(**NETWORK, beta=1.0)
    with torch.no_grad():
        for layer in (model.to_mu, model.to_log_var):
            layer.weight.zero_()
            layer.bias.zero_()
        model.to_mu.bias[2] = 3.0  # KL of N(3, 1) from N(0, 1): 9 / 2
    result = informativeness(model, torch.randn(7, D), torch.eye(K)[[0] * 7])
    torch.testing.assert_close(result, torch.tensor([0.0, 0.0, 4.5, 0.0]))


def test_without_a_posterior_informativeness_is_the_variance():
    x = torch.randn(50, D) * torch.tensor([1.0, 5.0, 1.0, 2.0, 9.0, 9.0])
    result = informativeness(Linear(), x, torch.eye(K)[[1] * 50])
    torch.testing.assert_close(result, x[:, :Z].var(dim=0))
