"""Files that are whole or absent: written beside their place, then renamed into it. And locks."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)


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


@contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock `path`; if another process holds it, log the message `waiting` and wait.

    The operating system releases the lock when a process dies, however it dies.
    """
    lock = FileLock(path)
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        log.warning(waiting)
        held = lock.acquire()
    with held:
        yield
