"""The fully connected stacks of which encoders and decoders consist (IV-C)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "gelu": nn.GELU,
}


def hidden_layers(sizes: Sequence[int], activation: str) -> nn.Sequential:
    """Return fully connected layers from `sizes[0]` to `sizes[-1]` units, each with activation."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def decoder(latent: int, hidden: Sequence[int], output: int, activation: str) -> nn.Sequential:
    """Mirror the encoder: `latent` -> reversed `hidden` -> `output`; the last layer is linear."""
    sizes = [latent, *reversed(hidden)]
    return nn.Sequential(*hidden_layers(sizes, activation), nn.Linear(sizes[-1], output))
