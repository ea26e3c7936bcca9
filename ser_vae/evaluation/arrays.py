"""A run's arrays on disk: NumPy's .npz, written whole or not at all, and read without pickles."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.files import atomic_write

Arrays = Mapping[str, npt.NDArray[Any]]


def write(path: Path, arrays: Arrays) -> None:
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Arrays:
    """Raises:
    SerVaeError: the file can't be read, is not whole, or would run code.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, reason: object) -> SerVaeError:
    return SerVaeError(
        f"{path} is not as a run writes it: {reason}.\nRun that command again with force=true."
    )
