"""The fully connected stacks, against their formulas."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ser_vae.model import layers

FORMULAS = {"relu": F.relu, "tanh": torch.tanh, "elu": F.elu, "gelu": F.gelu}


@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
def test_each_hidden_layer_is_followed_by_an_activation(activation):
    stack = layers.hidden_layers([5, 4, 3], activation)
    first, second = (layer for layer in stack if isinstance(layer, nn.Linear))
    x = torch.randn(7, 5)
    hidden = FORMULAS[activation](x @ first.weight.T + first.bias)
    expected = FORMULAS[activation](hidden @ second.weight.T + second.bias)
    torch.testing.assert_close(stack(x), expected)
