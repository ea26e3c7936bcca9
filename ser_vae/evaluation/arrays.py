"""A run's arrays on disk: NumPy's .npz, written whole or not at all, and read without pickles."""

import math
import re
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.files import atomic_write

Arrays = Mapping[str, npt.NDArray[Any]]

HEADER = re.compile(  # of a .npy, as NumPy writes it; two bytes in it say how long it is
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[<>|=]?[A-Za-z]\d*)', "
    rb"'fortran_order': (?P<columns_first>False|True), 'shape': \((?P<shape>[\d, ]*)\), \} *\n",
    re.DOTALL,
)


def write(path: Path, arrays: Arrays) -> None:
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Arrays:
    """Raises:
    SerVaeError: the file can't be read, is not whole, or would run code.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return {name.removesuffix(".npy"): _array(file.read(name)) for name in file.namelist()}
    except (
        *(OSError, ValueError, TypeError, EOFError, KeyError),
        *(zipfile.BadZipFile, zlib.error),
        *(NotImplementedError, RuntimeError),  # packed in another way, or encrypted
    ) as error:
        raise unreadable(path, error) from error


def _array(content: bytes) -> npt.NDArray[Any]:
    """Of a .npy; one that promises more than it holds is refused before there is room made for it.

    Raises:
        ValueError, TypeError: it does, or is no .npy, or holds pickles.
    """
    if not (header := HEADER.match(content)):
        raise ValueError("an array without NumPy's header")
    dtype, sizes = np.dtype(header["dtype"].decode()), header["shape"].decode().split(",")
    if dtype.hasobject:
        raise ValueError("an array of objects; allow_pickle=False")
    if not dtype.itemsize:
        raise ValueError(f"an array of {dtype}: of nothing, any number")
    shape = tuple(int(size) for size in sizes if size.strip())
    promised, held = math.prod(shape) * dtype.itemsize, len(content) - header.end()
    if promised != held:
        raise ValueError(f"an array of {held:,} bytes, where {promised:,} are promised")
    order: Literal["F", "C"] = "F" if header["columns_first"] == b"True" else "C"
    found: npt.NDArray[Any] = np.ndarray(
        shape, dtype, buffer=content, offset=header.end(), order=order
    )
    return found


def words(array: npt.NDArray[Any]) -> tuple[str, ...]:
    """Raises:
    ValueError: the array is no list of words.
    """
    if array.ndim != 1 or (array.dtype.kind != "U" and array.size):
        raise ValueError(f"expected words, found {array.dtype} {array.shape}")
    letters = np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
    if (np.frombuffer(array.tobytes(), letters) > sys.maxunicode).any():
        raise ValueError("expected words, found what are no letters")
    found = tuple(map(str, array))
    "".join(found).encode()  # halves of letters can't be written anywhere: a UnicodeEncodeError
    return found


def numbers(array: npt.NDArray[Any], dimensions: int) -> npt.NDArray[Any]:
    """Raises:
    ValueError: the array holds no numbers, or has another number of dimensions.
    """
    if array.ndim != dimensions or array.dtype.kind not in "fiu":
        raise ValueError(f"expected {dimensions} dimensions, found {array.dtype} {array.shape}")
    return array


def unreadable(path: Path, reason: object) -> SerVaeError:
    return SerVaeError(
        f"{path} is not as a run writes it: {reason}.\nRun that command again with force=true."
    )
