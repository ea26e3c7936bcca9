"""The curves of both stages, as a run's folder holds them."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from ser_vae import SerVaeError
from ser_vae.report.page.place import Place
from ser_vae.report.record import Run
from ser_vae.report.section import NOTHING, Line, Section

STAGES = ("pretrain", "classify")
KNOWN = (*STAGES, "epoch", "step")  # what a column's name begins with
DIGITS = 5  # that count: finer than a line can be seen

Curves = Mapping[str, list[float | None]]  # quantity -> a value an epoch


def read(folder: Path) -> Curves:
    """Of both stages; of a stage that wrote none, nothing.

    Raises:
        SerVaeError: a file holds something that is no number, or ends in the middle of a line.
    """
    found: dict[str, list[float | None]] = {}
    for path in (folder / f"{stage}.csv" for stage in STAGES):
        if path.is_file():
            rows = table(path)
            names = [name for name in (rows[0] if rows else ()) if name not in ("epoch", "step")]
            found |= {name: [number(row[name], path) for row in rows] for name in names}
    return found


def table(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("a table that is not whole")
        header, *lines = csv.reader(text.splitlines())
        if unlike := [name for name in header if name.split("/")[0] not in KNOWN]:
            raise ValueError(f"a column {unlike[0]!r}")
        return [dict(zip(header, line, strict=True)) for line in lines]
    except (OSError, ValueError, csv.Error) as error:
        raise unreadable(path, str(error)) from error


def unreadable(path: Path, reason: str) -> SerVaeError:
    return SerVaeError(
        f"{path}: expected numbers, found {reason}.\nRun that command again with force=true."
    )


def number(text: str, path: Path) -> float | None:
    """Rounded; None where there is no number to draw."""
    try:
        value = float(text) if text else math.nan
    except ValueError as error:
        raise unreadable(path, repr(text)) from error
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def curves(place: Place, folder: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A curve bundle for each run that has any, by cell; and run -> why it can't be drawn."""
    bundles: list[dict[str, Any]] = []
    lacking: dict[str, str] = {}
    for cell, runs in place.runs.items():
        for run in runs:
            try:
                found = read(folder / run.folder)
            except SerVaeError as error:
                lacking[f"{cell}, {named(run)}"] = str(error).splitlines()[0]
                continue
            if found:
                bundles.append({"cell": cell, "run": named(run), "y": found})
    return bundles, lacking


def named(run: Run) -> str:
    fold = "" if run.fold is None else f", fold {run.fold}"
    return f"seed {run.seed}{fold}{'' if run.state == 'finished' else f', {run.state}'}"


def quantities(bundles: list[dict[str, Any]]) -> list[str]:
    """In the order in which runs have them: pretraining first."""
    found = list(dict.fromkeys(name for bundle in bundles for name in bundle["y"]))
    return sorted(found, key=lambda name: STAGES.index(name.split("/")[0]))


def last_epochs(bundles: list[dict[str, Any]]) -> Section:
    """What the curves end with, for who can't see them."""
    cells = list(dict.fromkeys(bundle["cell"] for bundle in bundles))
    of = {cell: [own["y"] for own in bundles if own["cell"] == cell] for cell in cells}
    return Section(
        "Where the curves end",
        ("Values of the last epoch, means over runs.",),
        ("quantity", *cells),
        1,
        tuple(
            Line((name, *(ending(of[cell], name) for cell in cells)))
            for name in quantities(bundles)
        ),
    )


def ending(runs: list[Curves], name: str) -> str:
    ends = [own[name][-1] for own in runs if name in own]
    numbers = [end for end in ends if end is not None]
    return f"{mean(numbers):.4g}" if numbers else NOTHING
