"""The report as plain data: each table is built once, and drawn by whatever draws it.

Markdown, LaTeX and the terminal know this form and nothing of runs.
"""

from dataclasses import dataclass
from typing import Literal

NOTHING = "–"

Kind = Literal["plain", "alarm"]


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes:
        kind: an alarm is no result, or none to rely on, and is drawn so.
        rule: one stands above it.
    """

    cells: tuple[str, ...]
    kind: Kind = "plain"
    rule: bool = False


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes:
        caption: sentences that one must have read to read it.
        text: how many columns, from the left, hold words; the others hold numbers.
        notes: sentences below it: what it says, and what is wrong or lacking.
        folded: for looking up, too long to be read.
    """

    title: str
    caption: tuple[str, ...]
    header: tuple[str, ...]
    text: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Chapter:
    """All tables of one corpus under one protocol and one set of settings.

    Attributes:
        words: what holds for all of them.
        notes: which runs are missing, failed, left out.
    """

    title: str
    words: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The whole of it; `notes` name the folders that could not be read."""

    words: tuple[str, ...]
    first: Section
    chapters: tuple[Chapter, ...]
    notes: tuple[str, ...]
