"""The fully connected stacks, against their formulas."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ser_vae.model import layers

FORMULAS = {"relu": F.relu, "tanh": torch.tanh, "elu": F.elu, "gelu": F.gelu}


def test_every_activation_has_its_formula_here():
    assert FORMULAS.keys() == layers.ACTIVATIONS.keys()


@pytest.mark.parametrize("activation", FORMULAS)
def test_each_hidden_layer_is_followed_by_an_activation(activation):
    stack = layers.hidden_layers([5, 4, 3], activation)
    first, second = (layer for layer in stack if isinstance(layer, nn.Linear))
    x = torch.randn(7, 5)
    hidden = FORMULAS[activation](x @ first.weight.T + first.bias)
    expected = FORMULAS[activation](hidden @ second.weight.T + second.bias)
    torch.testing.assert_close(stack(x), expected)


@pytest.mark.parametrize("activation", FORMULAS)
def test_a_decoder_can_return_any_value(activation):
    """Standardised log-mel values have both signs and no bound: the last layer is linear."""
    stack = layers.decoder(2, [4], 3, activation)
    assert isinstance(stack[-1], nn.Linear)
    nn.init.constant_(stack[-1].bias, -100.0)
    assert (stack(torch.zeros(1, 2)) < -50).all()
