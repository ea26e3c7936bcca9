"""Files that are whole or absent: written beside their place, then renamed into it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DAY_S = 24 * 60 * 60


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` when the block ends without an error.

    A reader, or the next run after a kill, finds the old file or the new one, never a part of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.chmod(0o644)  # mkstemp is private; results and caches are read by colleagues
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # of a disk that is full
            error.filename = str(path)
        raise


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode())


def remove_parts(folder: Path) -> None:
    """Remove what killed processes left of files: after a day, as no living one writes so long."""
    for part in folder.glob(".*.part"):
        with suppress(FileNotFoundError):  # another process was faster
            if time.time() - part.stat().st_mtime > DAY_S:
                part.unlink()
