"""A run's arrays on disk: NumPy's .npz, written atomically, and read without pickles."""

import io
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.files import atomic_write

Arrays = Mapping[str, npt.NDArray[Any]]

UNREADABLE = (
    *(OSError, EOFError, ValueError, LookupError, MemoryError, RuntimeError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def write(path: Path, arrays: Arrays) -> None:
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Arrays:
    """Read all arrays of a file.

    Raises:
        SerVaeError: the file is missing, damaged, or would run code.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)))
                for name in archive.namelist()
            }
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def strings(array: npt.NDArray[Any]) -> tuple[str, ...]:
    return tuple(map(str, array))


def unreadable(path: Path, reason: object) -> SerVaeError:
    return SerVaeError(
        f"{path} is not as a run writes it: {reason}.\nRun that command again with force=true."
    )
