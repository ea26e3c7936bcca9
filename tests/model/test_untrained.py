"""The untrained encoder: the VAE that pretraining would begin with."""

import torch

from ser_vae.configuration import build
from ser_vae.model.untrained import Untrained
from ser_vae.model.vae import VAE
from ser_vae.run import configure


def both() -> tuple[VAE, Untrained]:
    """As configured, and as the pipeline makes them: from one seed."""
    made = []
    for name in ("vae", "untrained"):
        torch.manual_seed(3)
        made.append(build(configure(f"model={name}")["model"], input_size=800, num_classes=4))
    return made[0], made[1]


def test_it_is_the_vae_of_the_same_seed():
    vae, untrained = both()
    assert isinstance(untrained, Untrained)
    for name, value in vae.state_dict().items():
        assert torch.equal(value, untrained.state_dict()[name])


def test_the_classifier_gets_mu():
    vae, untrained = both()
    x, c = torch.randn(5, 800), torch.zeros(5, 4)
    assert torch.equal(untrained.feature(x, c, sample=False), vae.posterior(x, c).mu)


def test_there_is_nothing_to_minimise():
    assert Untrained.quantities == ()
