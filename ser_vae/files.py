"""Write files atomically, hold locks, and read the tables of users."""

import csv
import errno
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from filelock import FileLock, Timeout

from ser_vae import SerVaeError

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)

log = logging.getLogger(__name__)


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` when the block ends without an error.

    A reader, or the next run after a kill, finds the old file or the new one, never a part of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}.part")  # a long name may be as long as allowed
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # of a disk that is full
            error.filename = str(path)
        raise


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a whole file, see `atomic_write`."""
    with atomic_write(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


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


def read_csv(path: Path, required: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of a CSV in UTF-8: its location, for error messages, and its cells by column.

    The first line names the columns. Blank lines are skipped.

    Raises:
        SerVaeError: the file cannot be read, a `required` column is missing, a column occurs
            twice, or a row has more or fewer cells than there are columns.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets write a BOM
            reader = csv.DictReader(file)
            columns = reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            rows = [(f"{path}, line {reader.line_num}", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SerVaeError(
            f"{path}: expected a CSV in UTF-8: {error}.\nCorrect the path, or save the file again."
        ) from error
    if not set(required) <= set(columns) or len(set(columns)) < len(columns):
        raise SerVaeError(
            f"{path}: expected columns {', '.join(required)}, each once, separated by commas; "
            f"found {', '.join(columns) or 'none'}.\n"
            "Name them in the first line. Some spreadsheets save semicolons instead of commas."
        )
    for where, row in rows:
        if None in row or None in row.values():
            raise SerVaeError(
                f"{where}: expected {len(columns)} cells as in line 1.\n"
                'A cell that holds commas needs a " at both ends.'
            )
        yield where, row
