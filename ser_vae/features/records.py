"""Rows of text in files named by what they hold: a process adds a file and never changes one.

A file appears whole or not at all, is the same whoever writes it, and is not believed where its
name says that it once held something else. So many processes may add to one folder, without a lock.
"""

import csv
import hashlib
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ser_vae.files import write_text

Row = Sequence[str | int]

_log = logging.getLogger(__name__)


def add(folder: Path, rows: Iterable[Row]) -> Path:
    """Write rows to a new file in `folder`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path = folder / f"{_name(text.getvalue().encode())}.csv"
    write_text(path, text.getvalue())
    return path


def read(folder: Path, seen: set[str]) -> Iterator[list[str]]:
    """The rows of the files in `folder` whose names are not in `seen`, which they are put in.

    A file that is not as it was written is named in a warning, and passed over.
    """
    for path in sorted(folder.glob("*.csv")):
        if path.name in seen or path.name.startswith("."):
            continue
        seen.add(path.name)
        content = path.read_bytes()
        if _name(content) != path.stem:
            _log.warning("%s: damaged, so not used; it may be deleted", path)
            continue
        yield from csv.reader(io.StringIO(content.decode(), newline=""))


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
