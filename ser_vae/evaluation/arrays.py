"""Store a run's arrays as NumPy .npz files, written atomically and read without pickle."""

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
        SerVaeError: the file is missing or damaged, or contains pickled objects.
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
        f"{path} can't be read as a file of a run: {reason}.\nRepeat the run with force=true."
    )
