"""No representation: what goes in comes out."""

import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.model.logmel_lstm import Identity
from ser_vae.training import weights


def test_a_segment_is_its_own_representation():
    model, x = Identity(input_size=800, num_classes=4), torch.randn(3, 800)
    assert model.latent_size == 800
    assert torch.equal(model.feature(x, torch.zeros(3, 4), sample=False), x)


def test_there_is_nothing_to_pretrain_nor_to_save(tmp_path):
    model = Identity(input_size=800, num_classes=4)
    assert model.quantities == ()
    assert not list(model.parameters())
    weights.save(model, tmp_path / "pretrained.ckpt")
    weights.load(model, tmp_path / "pretrained.ckpt")


def test_a_sample_of_a_segment_is_refused():
    model = Identity(input_size=8, num_classes=4)
    with pytest.raises(SerVaeError, match="no posterior; use latent=mu"):
        model.feature(torch.randn(1, 8), torch.zeros(1, 4), sample=True)
