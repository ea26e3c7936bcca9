"""A CSV in UTF-8 that lists recordings, one per line.

Required columns are path, emotion and speaker. Optional ones, whose cells may be empty, are
session, dialogue, script, sex (F, M), style (improvised, scripted), split (train, dev, test), and
start and end (s) if an utterance is a segment of its file. Paths are relative to the folder of the
CSV.
"""

import csv
import math
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.completeness import list_warning
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance

REQUIRED = ("path", "emotion", "speaker")
FREE_TEXT = ("session", "dialogue", "script")
BOUNDS = ("start", "end")
CHOICES: dict[str, dict[str, str]] = {  # column -> cell -> attribute
    "sex": {"F": "F", "M": "M"},
    "style": {"improvised": "improvised", "scripted": "scripted"},
    "split": {"train": "train", "dev": "validation", "test": "test"}
    | dict.fromkeys(("val", "valid", "validation"), "validation"),
}
# How pandas, R and spreadsheets write a missing value.
MISSING = ("nan", "NaN", "NA", "N/A", "n/a", "<NA>", "#N/A", "None", "null", "NULL")


def read_table(table: Path) -> tuple[list[Utterance], tuple[str, ...]]:
    """Read the utterances that a CSV lists, and warnings about the CSV.

    Raises:
        SerVaeError: the file does not exist or is not a CSV in UTF-8, a column or cell is missing,
            a value is not allowed in its column, a path is not a file or occurs twice.
    """
    line = 0  # the last that was read
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = {}
            reader = csv.reader(file, strict=True)
            for row in reader:
                line = reader.line_num
                rows[line - sum(cell.count("\n") for cell in row)] = row
    except FileNotFoundError:
        raise SerVaeError(
            f"{table}: expected a CSV, found no file.\n"
            "corpus.csv is relative to corpus.root if both are given."
        ) from None
    except csv.Error as error:
        raise SerVaeError(
            f"{table}, line {line + 1}: expected cells separated by commas: {error}.\n"
            'A cell that begins with " needs a " at its end, and "" for each " inside.'
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SerVaeError(
            f"{table}: expected a CSV in UTF-8: {error}.\nSave it again as CSV in UTF-8."
        ) from error
    columns = [column.strip() for column in rows.pop(next(iter(rows), 1), [])]
    check_columns(table, columns)
    utterances = list(parse_rows(table, columns, rows))
    unknown = sorted(set(columns) - {*REQUIRED, *FREE_TEXT, *CHOICES, *BOUNDS})
    unused = (f"{table}: columns not used: {', '.join(unknown)}",) if unknown else ()
    return utterances, (*unused, *warn_of_overlaps(utterances))


def check_columns(table: Path, columns: Collection[str]) -> None:
    if not set(REQUIRED) <= set(columns) or len(set(columns)) < len(columns):
        raise SerVaeError(
            f"{table}: expected columns {', '.join(REQUIRED)}, each once, separated by commas; "
            f"found {', '.join(columns) or 'none'}.\n"
            "Name them in the first line. Some spreadsheets save semicolons instead of commas."
        )


def parse_rows(
    table: Path, columns: Sequence[str], rows: Mapping[int, Sequence[str]]
) -> Iterator[Utterance]:
    """Yield an utterance per row; `rows` maps the number of its first line to its cells."""
    lines: dict[Any, int] = {}
    for line, row in rows.items():
        where = f"{table}, line {line}"
        if not row:
            continue
        if len(row) != len(columns):
            raise SerVaeError(
                f"{where}: expected {len(columns)} cells as in line 1, found {len(row)}"
            )
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=True)}
        path = table.parent / os.path.normpath(cells["path"])
        if cells["path"] and not is_file(path):
            raise SerVaeError(
                f"{where}: {path} is not a file.\n"
                "Paths are relative to the folder of the CSV; correct the line or remove it."
            )
        utterance = parse_cells(cells, where, path)
        earlier = lines.setdefault((path.resolve(), utterance.clip), line)
        if earlier != line:
            raise SerVaeError(
                f"{where}: {utterance.path} is in line {earlier} already.\nRemove one of them."
            )
        yield utterance


def parse_cells(cells: Mapping[str, str], where: str, path: Path) -> Utterance:
    """Return the utterance that cells describe; its id is its path without `./` and `x/../`.

    Args:
        cells: column -> text; path, emotion and speaker are required.
        where: the place of the cells, for errors.
        path: the audio file.

    Raises:
        SerVaeError: a required cell is empty or a mark of a missing value, or a value is not
            allowed in its column.
    """
    values = {column: "" if cell in MISSING else cell for column, cell in cells.items()}
    for column in REQUIRED:
        if not values[column]:
            problem = f"{cells[column]!r}, a missing value" if cells[column] else "empty"
            raise SerVaeError(f"{where}: {column} is {problem}")
    chosen: dict[str, Any] = {}
    for column, choices in CHOICES.items():
        value = values.get(column, "")
        if value and value not in choices:
            expected = ", ".join(choices)
            raise SerVaeError(f"{where}: {column} is {value!r}, expected {expected} or ''")
        chosen[column] = choices.get(value)
    name = PurePath(os.path.normpath(values["path"])).as_posix()
    clip = parse_clip([values.get(column, "") for column in BOUNDS], where)
    speaker = values["speaker"]
    return Utterance(
        id=f"{name}[{clip[0]}-{clip[1]}]" if clip else name,
        path=path,
        emotion=values["emotion"],
        speaker=UNKNOWN_SPEAKER if speaker.casefold() == UNKNOWN_SPEAKER else speaker,
        sex=chosen["sex"],
        session=values.get("session") or None,
        dialogue=values.get("dialogue") or (name if clip else None),
        style=chosen["style"],
        script=values.get("script") or None,
        start_s=clip[0] if clip else None,
        end_s=clip[1] if clip else None,
        part=chosen["split"],
        clip=clip,
    )


def parse_clip(cells: Sequence[str], where: str) -> tuple[float, float] | None:
    """Return start and end of a segment (s), None if both cells are empty."""
    if not any(cells):
        return None
    try:
        start, end = map(float, cells)
    except ValueError:
        start, end = math.nan, math.nan
    if not 0 <= start < end < math.inf:
        raise SerVaeError(
            f"{where}: start is {cells[0]!r} and end is {cells[1]!r}, expected two times in s, "
            "start before end, or both ''"
        )
    return start, end


def warn_of_overlaps(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    """Return a warning if segments of a file overlap, which a split may put on both sides."""
    whole = Counter(utterance.path for utterance in utterances)
    clips = [(u.path, *(u.clip or (0.0, math.inf)), u.id) for u in utterances if whole[u.path] > 1]
    overlapping = [b[3] for a, b in pairwise(sorted(clips)) if a[0] == b[0] and b[1] < a[2]]
    return list_warning("segments overlap another segment of their file", overlapping)


def is_file(path: Path) -> bool:
    """Whether there is a file, or a broken link, which is reported when it is read."""
    try:
        return path.is_file() or (path.is_symlink() and not path.exists())
    except (OSError, ValueError):  # too long or with a zero byte; its folder may not be read
        return False
