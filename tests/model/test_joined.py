"""Members of a joined representation have nothing in common but the batches."""

import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.model.joined import Joined
from ser_vae.model.vae import VAE

SETTINGS = {
    "input_size": 6,
    "num_classes": 3,
    "hidden": [5],
    "latent": 2,
    "activation": "tanh",
    "beta": 1.0,
}
X, C = torch.randn(4, 6, generator=torch.Generator().manual_seed(0)), torch.full((4, 3), 1 / 3)


def test_one_member_is_the_vae_itself():
    torch.manual_seed(3)
    alone = VAE(**SETTINGS)
    torch.manual_seed(3)
    joined = Joined(members=1, **SETTINGS)
    assert torch.equal(joined.feature(X, C, sample=False), alone.feature(X, C, sample=False))
    losses = []
    for model in (alone, joined):
        torch.manual_seed(5)
        losses.append(model.loss(X, C)["loss"])
    assert torch.equal(*losses)


def test_features_stand_one_behind_the_other_and_differ():
    joined = Joined(members=3, **SETTINGS)
    found = joined.feature(X, C, sample=False)
    assert found.shape == (4, 6)
    assert joined.latent_size == 6
    each = [member.feature(X, C, sample=False) for member in joined.members]
    assert torch.equal(found, torch.cat(each, dim=1))
    assert not torch.isclose(each[0], each[1]).any()


def test_a_members_gradient_is_its_own():
    """As if each had been given its loss alone, from the same noise."""
    joined = Joined(members=2, **SETTINGS)
    torch.manual_seed(1)
    joined.loss(X, C)["loss"].sum().backward()
    torch.manual_seed(1)
    for member in joined.members:
        expected = torch.autograd.grad(member.loss(X, C)["loss"].sum(), list(member.parameters()))
        for parameter, gradient in zip(member.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.grad, gradient)


def test_no_member_is_too_few():
    with pytest.raises(SerVaeError, match="expected 1 or more"):
        Joined(members=0, **SETTINGS)
