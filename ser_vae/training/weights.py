"""Weights on disk."""

import pickle
import zipfile
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
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):  # cut short, or a bare pickle
                raise pickle.UnpicklingError("not a whole file of torch.save")
            file.seek(0)
            state = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except (OSError, RuntimeError, pickle.UnpicklingError, AttributeError, TypeError) as error:
        raise SerVaeError(
            f"{path}: expected the weights of a {type(network).__name__} of the configured sizes, "
            f"got: {str(error).splitlines()[0]}\n"
            "Give the pretrained.ckpt of a run with the same model, corpus classes and segments."
        ) from error
