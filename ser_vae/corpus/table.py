"""A CSV that lists recordings, one a line, in UTF-8.

Columns path, emotion and speaker; optionally session, dialogue, script, sex (F, M), style
(improvised, scripted) and split (train, test), whose cells may be empty. A path is relative to the
CSV's folder.
"""

import csv
import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance

REQUIRED = ("path", "emotion", "speaker")
FREE = ("session", "dialogue", "script")
CHOICES = {"sex": ("F", "M"), "style": ("improvised", "scripted"), "split": ("train", "test")}


def read_table(table: Path) -> tuple[list[Utterance], tuple[str, ...]]:
    """The utterances that a CSV lists; columns of no use here are the one oddity.

    Raises:
        SerVaeError: no such file, not a CSV in UTF-8, a column or cell missing, a value outside
            its column's, a path that is no file or that is there twice.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or []
            check_columns(table, columns)
            utterances = list(read_rows(table, reader))
    except FileNotFoundError:
        raise SerVaeError(
            f"{table}: expected a CSV, found no file.\n"
            "corpus.csv is relative to corpus.root, where both are given."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SerVaeError(
            f"{table}: expected a CSV in UTF-8: {error}.\nSave it again, as CSV in UTF-8."
        ) from error
    unused = sorted(set(columns) - {*REQUIRED, *FREE, *CHOICES})
    return utterances, (f"{table}: columns not used: {', '.join(unused)}",) if unused else ()


def check_columns(table: Path, columns: Collection[str]) -> None:
    missing = sorted(set(REQUIRED) - set(columns))
    if missing or len(set(columns)) < len(columns):
        raise SerVaeError(
            f"{table}: expected columns {', '.join(REQUIRED)}, each once, separated by commas; "
            f"found {', '.join(columns) or 'none'}.\n"
            "Name them in its first line. A spreadsheet may need telling to save commas, not "
            "semicolons."
        )


def read_rows(table: Path, reader: "csv.DictReader[str]") -> Iterator[Utterance]:
    lines: dict[Path, int] = {}
    for row in reader:
        where = f"{table}, line {reader.line_num}"
        utterance = parse_row(row, where, table.parent)
        earlier = lines.setdefault(utterance.path.resolve(), reader.line_num)
        if earlier != reader.line_num:
            raise SerVaeError(
                f"{where}: {utterance.path} is in line {earlier} already.\nRemove one of them."
            )
        yield utterance


def is_file(path: Path) -> bool:
    """Also of what no file can be called."""
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False


def parse_row(row: dict[Any, Any], where: str, folder: Path) -> Utterance:
    """One line's utterance; its id is the path as the CSV has it, `./` and `x/../` removed."""
    if None in row or None in row.values():  # csv's signs for cells too many and too few
        raise SerVaeError(f"{where}: expected as many cells as columns")
    cells = {column: cell.strip() for column, cell in row.items()}
    if empty := [column for column in REQUIRED if not cells[column]]:
        raise SerVaeError(f"{where}: {', '.join(empty)} is empty")
    for column, choices in CHOICES.items():
        if cells.get(column, "") not in ("", *choices):
            expected = ", ".join(choices)
            raise SerVaeError(f"{where}: {column} is {cells[column]!r}, expected {expected} or ''")
    name = os.path.normpath(cells["path"])
    if not is_file(folder / name):
        raise SerVaeError(
            f"{where}: {folder / name} is not a file.\n"
            "Paths are relative to the CSV's folder; mend the line, or remove it."
        )
    optional: dict[str, Any] = {c: cells.get(c) or None for c in (*FREE, *CHOICES)}
    return Utterance(
        id=PurePath(name).as_posix(),
        path=folder / name,
        emotion=cells["emotion"],
        speaker=cells["speaker"],
        part=optional.pop("split"),
        **optional,
    )
