"""Weights on disk."""

import pickle
from pathlib import Path

import torch

from ser_vae import SerVaeError
from ser_vae.files import atomic_write


def save(network: torch.nn.Module, path: Path) -> None:
    state = {name: value.cpu() for name, value in network.state_dict().items()}
    with atomic_write(path) as file:
        torch.save(state, file)


def load(network: torch.nn.Module, path: Path) -> None:
    """Load weights, and nothing but weights: a file from a stranger runs no code.

    Raises:
        SerVaeError: the file is missing, holds no weights, or those of another network.
    """
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, AttributeError) as error:
        raise SerVaeError(
            f"{path}: expected the weights of a {type(network).__name__} of the configured sizes, "
            f"got: {str(error).splitlines()[0]}\n"
            "Give the pretrained.ckpt of a run with the same model, corpus classes and segments."
        ) from error
