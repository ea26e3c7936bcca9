"""What holds for every representation: its interface, its shapes and its use of the condition."""

from typing import Any

import numpy as np
import pytest
import torch
from composed import composed
from run_files import assert_same_weights

from ser_vae.data.segment import Segmentation, cut
from ser_vae.model.representation import Decoder, Fitted, HasPosterior
from ser_vae.settings import build
from ser_vae.training import weights
from ser_vae.training.illustrate import has_trained_decoder

D, K, Z = 6, 4, 3
NAMES = ("ae", "vae", "cvae", "untrained", "pca", "logmel_lstm")
EACH = pytest.mark.parametrize("name", NAMES)
X, ONE_HOT = torch.randn(7, D, generator=torch.Generator().manual_seed(1)), torch.eye(K)
C = ONE_HOT[[0, 1, 2, 3, 0, 1, 2]]


def make(name: str, seed: int = 3) -> Any:
    """Build a small model as configured; PCA is fitted."""
    sizes = {"latent": Z, "hidden": [5], "activation": "tanh"}
    config = composed(f"model={name}")["model"]
    torch.manual_seed(seed)
    small = {key: sizes.get(key, value) for key, value in config.items()}
    model = build(small, input_size=D, num_classes=K)
    if isinstance(model, Fitted):
        values = np.random.default_rng(seed).normal(0, 1, (40, D)).astype(np.float32)
        model.fit(cut([values], Segmentation(1, 1, "drop")))
    return model


@EACH
def test_it_has_the_parts_that_its_kind_has(name):
    model = make(name)
    assert isinstance(model, HasPosterior) is (name in ("vae", "cvae", "untrained"))
    assert isinstance(model, Decoder) is (name in ("ae", "vae", "cvae", "untrained"))
    assert isinstance(model, Fitted) is (name == "pca")
    assert model.conditional is (name == "cvae")
    assert bool(model.quantities) is (name in ("ae", "vae", "cvae"))
    assert has_trained_decoder(model) is bool(model.quantities)
    assert model.latent_size == (D if name == "logmel_lstm" else Z)
    assert model.feature(X, C, sample=False).shape == (7, model.latent_size)


@EACH
def test_a_loss_has_the_named_quantities_of_each_segment(name):
    terms = make(name).loss(X, C)
    if name != "untrained":
        assert tuple(terms) == make(name).quantities
    assert all(term.shape == (7,) for term in terms.values())


@EACH
def test_the_condition_changes_everything_in_a_conditional_model_and_nothing_in_others(name):
    model, outputs = make(name), []
    for k in (0, 3):
        c = ONE_HOT[[k] * 7]
        output = [model.feature(X, c, sample=False)]
        output += model.loss(X, c, torch.Generator().manual_seed(0)).values()
        if isinstance(model, HasPosterior):
            output += model.posterior(X, c)
        if isinstance(model, Decoder):
            output.append(model.decode(X[:, :Z], c))
        outputs.append(output)
    for one, other in zip(*outputs, strict=True):
        assert not torch.isclose(one, other).any() if model.conditional else torch.equal(one, other)


@pytest.mark.parametrize("name", ["ae", "vae", "cvae"])
def test_every_parameter_has_a_gradient(name):
    model = make(name)
    model.loss(X, C)["loss"].mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize("name", ["ae", "vae", "cvae"])
def test_a_reconstruction_is_the_decoded_feature(name):
    model = make(name)
    z = model.feature(X, C, sample=False)
    expected = model.decoder(torch.cat([z, C], dim=1) if model.conditional else z)
    assert torch.equal(model.reconstruct(X, C), expected)


@pytest.mark.parametrize("name", ["vae", "cvae", "untrained"])
def test_the_latent_is_mu_or_a_sample_of_the_posterior(name):
    model = make(name)
    posterior = model.posterior(X, C)
    first, second = (torch.Generator().manual_seed(5) for _ in range(2))
    assert torch.equal(model.feature(X, C, sample=False), posterior.mu)
    sample = model.feature(X, C, sample=True, generator=first)
    assert torch.equal(sample, posterior.sample(second))
    assert not torch.equal(sample, posterior.mu)


@EACH
def test_it_is_saved_and_loaded(name, tmp_path):
    model, other = make(name), make(name, seed=4)
    weights.save(model, tmp_path / "pretrained.ckpt")
    weights.load(other, tmp_path / "pretrained.ckpt")
    assert torch.equal(other.feature(X, C, sample=False), model.feature(X, C, sample=False))


def test_untrained_is_the_vae_of_the_same_seed():
    assert_same_weights(make("untrained").state_dict(), make("vae").state_dict())


def test_without_a_representation_the_latent_is_the_segment():
    model = make("logmel_lstm")
    assert torch.equal(model.feature(X, C, sample=False), X)
    assert not list(model.parameters())
