"""The fully connected stacks that encoders and decoders are made of (IV-C)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from ser_vae import SerVaeError

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "gelu": nn.GELU,
}


def hidden_layers(sizes: Sequence[int], activation: str) -> nn.Sequential:
    """Fully connected layers from `sizes[0]` to `sizes[-1]` units, an activation behind each.

    Raises:
        SerVaeError: `activation` is none of `ACTIVATIONS`.
    """
    if activation not in ACTIVATIONS:
        raise SerVaeError(
            f"model.activation={activation}: expected one of {', '.join(sorted(ACTIVATIONS))}"
        )
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def check_sizes(hidden: Sequence[int], latent: int) -> None:
    """Raise `SerVaeError` unless there is a hidden layer, and each layer has units."""
    if not hidden or not all(type(size) is int and size >= 1 for size in (*hidden, latent)):
        raise SerVaeError(
            f"model.hidden={[*hidden]}, model.latent={latent}: expected whole numbers from 1, "
            "such as model.hidden=[512,256] model.latent=128."
        )


def decoder(latent: int, hidden: Sequence[int], output: int, activation: str) -> nn.Sequential:
    """The encoder's mirror, `latent` -> reversed `hidden` -> `output`; its last layer is linear."""
    sizes = [latent, *reversed(hidden)]
    return nn.Sequential(*hidden_layers(sizes, activation), nn.Linear(sizes[-1], output))
