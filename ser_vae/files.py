"""Files that are whole or absent: written beside their place, then renamed into it. And locks."""

import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ser_vae import SerVaeError

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)

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

    Raises:
        SerVaeError: the file system has no locks.
    """
    lock = FileLock(path)
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        log.warning(waiting)
        held = lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise SerVaeError(
            f"{path.parent}: this file system has no locks ({error.strerror}): give folders on a "
            "disk of this machine, runs=… and cache=…."
        ) from error
    with held:
        yield
