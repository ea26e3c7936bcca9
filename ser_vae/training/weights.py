"""Weights on disk."""

import io
import pickle
import pickletools
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from ser_vae import SerVaeError
from ser_vae.files import atomic_write

LONGEST_NAME = 1_000
# What PyTorch says of a file that it can't read, wherever in the file that may be.
DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, struct.error, pickle.UnpicklingError),
    *(RuntimeError, AttributeError, TypeError, ValueError, LookupError, AssertionError),
)


def save(network: torch.nn.Module, path: Path) -> None:
    write({name: value.cpu() for name, value in network.state_dict().items()}, path)


def write(state: dict[str, Any], path: Path) -> None:
    """Composed in memory: where a disk is full, PyTorch would say "unexpected pos 8128 vs 8022"."""
    content = io.BytesIO()
    torch.save(state, content)
    with atomic_write(path) as file:
        file.write(content.getbuffer())


class WholeCheckpoints(TorchCheckpointIO):
    """Writes Lightning's checkpoints as all files here are written: whole or not at all.

    Lightning's own are made in the system's temporary folder. From there to another file system
    they are copied: a process killed meanwhile would leave a part of one, from which none goes on.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any = None,  # noqa: ARG002
    ) -> None:
        write(checkpoint, Path(path))


def load(network: torch.nn.Module, path: Path) -> None:
    """Load weights, and nothing but weights: a file from a stranger runs no code.

    Raises:
        SerVaeError: the file is missing, holds no weights, or those of another network.
    """
    try:
        network.load_state_dict(values(path))
    except (NotValuesError, RuntimeError, AttributeError, TypeError) as error:
        raise SerVaeError(
            f"{path}: expected the weights of a {type(network).__name__} of the configured sizes, "
            f"got: {str(error).splitlines()[0]}\n"
            "Give the pretrained.ckpt of a run with the same model, corpus classes and segments."
        ) from error


class NotValuesError(Exception):
    """A file is not what `torch.save` makes of values: it is cut, damaged, or holds more."""


def values(path: Path) -> Any:
    """What `torch.save` wrote: tensors, numbers and words in lists and mappings, and nothing else.

    Raises:
        NotValuesError: it can't be had; no code of the file has been run.
    """
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):  # cut short, or a bare pickle
                raise pickle.UnpicklingError("not a whole file of torch.save")
            check_names(zipfile.ZipFile(file))
            file.seek(0)
            return torch.load(file, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise NotValuesError(str(error) or type(error).__name__) from error


def check_names(archive: zipfile.ZipFile) -> None:
    """Refuse a class of a name that no class has: PyTorch, which refuses it too, takes the square
    of its length to say so, which is hours.
    """
    for record in archive.namelist():
        if record.endswith("data.pkl"):
            for operation, name, _ in pickletools.genops(archive.read(record)):
                if operation.name == "GLOBAL" and len(str(name)) > LONGEST_NAME:
                    raise pickle.UnpicklingError(
                        f"a class whose name has {len(str(name)):,} letters"
                    )
