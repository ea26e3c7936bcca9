"""A CSV in UTF-8 that lists recordings, one per line.

Required columns are path, emotion and speaker. Optional ones, whose cells may be empty, are
session, dialogue, script, sex (F, M), style (improvised, scripted), split (train, dev, test), and
start and end (s) if an utterance is a segment of its file. Paths are relative to the folder of the
CSV.
"""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance, list_warning, normalise_speaker
from ser_vae.files import read_csv

REQUIRED = ("path", "emotion", "speaker")
FREE_TEXT = ("session", "dialogue", "script")
BOUNDS = ("start", "end")
CHOICES: dict[str, dict[str, str]] = {  # column -> cell in lower case -> attribute
    "sex": {"f": "F", "m": "M"},
    "style": {"improvised": "improvised", "scripted": "scripted"},
    "split": {"train": "train", "dev": "validation", "test": "test"}
    | dict.fromkeys(("val", "valid", "validation", "devel"), "validation"),
}
# How pandas, R and spreadsheets write a missing value.
MISSING = ("nan", "NaN", "NA", "N/A", "n/a", "<NA>", "#N/A", "None", "null", "NULL")


def read_table(table: Path) -> tuple[list[Utterance], tuple[str, ...]]:
    """Read the utterances that a CSV lists, and warnings about the CSV.

    Raises:
        SerVaeError: the file does not exist or is not a CSV in UTF-8, a column or cell is missing,
            a value is not allowed in its column, a path is not a file or occurs twice.
    """
    utterances: list[Utterance] = []
    first_location: dict[Any, str] = {}
    unused: set[str] = set()
    for where, row in read_csv(table, REQUIRED):
        cells = {column: cell.strip() for column, cell in row.items()}
        path = table.parent / os.path.normpath(cells["path"])
        if cells["path"] and not os.path.lexists(path):
            raise SerVaeError(
                f"{where}: {path} is not a file.\n"
                "Paths are relative to the folder of the CSV; correct the line or remove it."
            )
        utterance = parse_cells(cells, where, path)
        earlier = first_location.setdefault((path.resolve(), utterance.clip), where)
        if earlier != where:
            raise SerVaeError(
                f"{where}: {utterance.path} is in {earlier} already.\nRemove one of them."
            )
        utterances.append(utterance)
        unused |= cells.keys() - {*REQUIRED, *FREE_TEXT, *CHOICES, *BOUNDS}
    columns = (f"{table}: columns not used: {', '.join(sorted(unused))}",) if unused else ()
    return utterances, (*columns, *warn_of_overlaps(utterances))


def parse_cells(cells: Mapping[str, str], where: str, path: Path) -> Utterance:
    """Return the utterance that cells describe; its id is its path without `./` and `x/../`.

    Args:
        cells: column -> text; path, emotion and speaker are required.
        where: location of the cells, for error messages.
        path: the audio file.

    Raises:
        SerVaeError: a required cell is empty or marks a missing value, or a value is not
            allowed in its column.
    """
    values = {column: "" if cell in MISSING else cell for column, cell in cells.items()}
    for column in REQUIRED:
        if not values[column]:
            raise SerVaeError(f"{where}: {column} is {cells[column]!r}, a missing value")
    stated: dict[str, Any] = {column: values.get(column) or None for column in FREE_TEXT}
    for column, choices in CHOICES.items():
        chosen = choices.get((value := values.get(column, "")).casefold())
        if value and not chosen:
            expected = ", ".join(dict.fromkeys(choices.values()))
            raise SerVaeError(f"{where}: {column} is {value!r}, expected {expected} or ''")
        stated["part" if column == "split" else column] = chosen
    name = PurePath(os.path.normpath(values["path"])).as_posix()
    clip = parse_clip([values.get(column, "") for column in BOUNDS], where)
    if clip:
        stated |= {"dialogue": stated["dialogue"] or name, "clip": clip}
        stated |= dict(zip(("start_s", "end_s"), clip, strict=True))
    return Utterance(
        id=f"{name}[{clip[0]}-{clip[1]}]" if clip else name,
        path=path,
        emotion=values["emotion"],
        speaker=normalise_speaker(values["speaker"]),
        **stated,
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
    """Return a warning if segments of a file overlap, as a split may put them into two sets."""
    clips = [(str(u.path), *(u.clip or (0.0, math.inf)), u.id) for u in utterances]
    table = pd.DataFrame(sorted(clips), columns=["path", "start", "end", "id"])
    table = table.astype({"start": float, "end": float})  # also if it is empty
    latest_end = table.groupby("path")["end"].cummax().groupby(table["path"]).shift()
    overlapping = table["id"][table["start"] < latest_end]
    return list_warning("segments overlap another segment of their file", overlapping)
