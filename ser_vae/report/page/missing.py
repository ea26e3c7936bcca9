"""What a page would draw of a run, where the run's folder has it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ser_vae import SerVaeError
from ser_vae.report.figures import listed

Found = TypeVar("Found")


def read_if_there(path: Path, read: Callable[[Path], Found]) -> tuple[Found | None, str]:
    """What `read` makes of a file, or None with the reason: not there, or not readable."""
    if not path.is_file():
        return None, f"{path.name} is not there"
    try:
        return read(path), ""
    except SerVaeError as error:
        return None, str(error).splitlines()[0]


def in_words(lacking: Mapping[str, str]) -> list[str]:
    """Cell -> reason as a sentence a reason."""
    cells = defaultdict(list)
    for cell, reason in lacking.items():
        cells[reason].append(cell)
    return [f"{listed(names)}: {reason}." for reason, names in cells.items()]
