"""Maps of the latents of a place's test utterances: one a model, and one of all models."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ser_vae.evaluation import latents, projection
from ser_vae.evaluation.latents import Latents
from ser_vae.evaluation.projection import Matrix
from ser_vae.report.cell import PERCENT
from ser_vae.report.page.missing import read_if_there
from ser_vae.report.page.place import Place
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.run_folder import RunFolder

SEED = 0  # of UMAP, whatever the runs' own
MOST = 4000  # points of a map, at most: a browser draws so many at once
DIGITS = 3  # that count, of a coordinate
COLOURED_BY = ("emotion", "speaker", "sex")
JOINT = "all models"

Step = Callable[[str], None]  # told what is being worked on


@dataclass(frozen=True)
class Maps:
    """Of one place.

    Attributes:
        utterances: word -> one of each utterance; audio is a path from the page.
        drawn: each map by name, with its points under each method.
        neighbours: what near utterances share, in all dimensions; None without a map.
        lacking: cell -> why it has no map.
    """

    utterances: Mapping[str, list[str]]
    drawn: list[dict[str, Any]]
    neighbours: Section | None
    lacking: Mapping[str, str]


def maps(place: Place, folder: Path, step: Step) -> Maps:
    found: dict[str, Latents] = {}
    lacking: dict[str, str] = {}
    drawn = []
    known: dict[str, int] = {}  # utterance -> its number
    for cell in place.cells:
        step(f"map of {cell.name}")
        own, reason = usable(RunFolder(folder / place.shown(cell).folder).latents)
        if not own:
            lacking[cell.name] = reason
            continue
        found[cell.name] = own = thinned(own)
        for utterance in own.utterance:
            known.setdefault(utterance, len(known))
        drawn.append(one(cell.name, own, known))
    step(f"map of {JOINT}")
    together = joint(found, known) if len(found) > 1 else None
    return Maps(
        table(found.values(), known, folder),
        [*drawn, *([together] if together else [])],
        neighbours(found) if found else None,
        lacking,
    )


def usable(path: Path) -> tuple[Latents | None, str]:
    """Latents that can be drawn, or why not."""
    own, reason = read_if_there(path, latents.read)
    if own and len(own.utterance) < projection.LEAST:
        return None, f"fewer than {projection.LEAST} test utterances"
    if own and not np.isfinite(own.mean).all():
        return None, "its latents are not finite"
    if own and own.mean.shape[1] < 2:
        return None, "a latent of one dimension needs no map"
    return own, reason


def thinned(own: Latents) -> Latents:
    """All utterances, or every second, third … where they are too many to be drawn."""
    every = slice(None, None, stride(len(own.utterance)))
    words = {field.name: getattr(own, field.name)[every] for field in fields(Latents)}
    return Latents(**words)


def stride(points: int) -> int:
    return max(1, -(-points // MOST))


def one(name: str, own: Latents, known: Mapping[str, int]) -> dict[str, Any]:
    who = [known[utterance] for utterance in own.utterance]
    return {"name": name, "who": who, "methods": projected(own.mean)}


def joint(found: Mapping[str, Latents], known: Mapping[str, int]) -> dict[str, Any] | None:
    """All models' latents of those utterances that all of them have; None of too few."""
    common = sorted(set.intersection(*(set(own.utterance) for own in found.values())))
    common = common[:: stride(len(common) * len(found))]
    if len(common) < projection.LEAST:
        return None
    points = projection.joined([own.mean[rows_of(own, common)] for own in found.values()])
    return {
        "name": JOINT,
        "who": [known[utterance] for _ in found for utterance in common],
        "model": [name for name in found for _ in common],
        "methods": projected(points),
    }


def rows_of(own: Latents, utterances: Sequence[str]) -> list[int]:
    place = {utterance: row for row, utterance in enumerate(own.utterance)}
    return [place[utterance] for utterance in utterances]


def projected(points: Matrix) -> dict[str, Any]:
    """Method -> x, y and what its axes are called."""
    xy, explained = projection.pca(points)
    axes = [
        f"component {number} ({PERCENT * share:.1f} % of the variance)"
        for number, share in enumerate(explained, start=1)
    ]
    made = {"PCA": {"x": rounded(xy[:, 0]), "y": rounded(xy[:, 1]), "axes": axes}}
    if projection.umap_installed():
        xy = projection.umap(points, seed=SEED)
        made["UMAP"] = {
            "x": rounded(xy[:, 0]),
            "y": rounded(xy[:, 1]),
            "axes": ["UMAP 1 (no unit)", "UMAP 2 (no unit)"],
        }
    return made


def rounded(values: Matrix) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values.tolist()]


def table(found: Iterable[Latents], known: Mapping[str, int], folder: Path) -> dict[str, list[str]]:
    """What is known of each utterance, in the order of `known`."""
    columns = {name: [""] * len(known) for name in ("utterance", *COLOURED_BY, "audio")}
    for own in found:
        for row, utterance in enumerate(own.utterance):
            at = known[utterance]
            columns["utterance"][at] = utterance
            columns["audio"][at] = link(own.audio[row], folder)
            for name in COLOURED_BY:
                columns[name][at] = getattr(own, name)[row]
    return columns


def link(audio: str, folder: Path) -> str:
    """From the page to a file: no byte of a corpus stands in the page, corpora are licensed."""
    return quote(os.path.relpath(audio, folder.resolve())) if audio else ""


def neighbours(found: Mapping[str, Latents]) -> Section:
    """How alike near utterances are: the maps in figures, for who can't see or won't trust them."""
    return Section(
        "What near utterances have in common",
        (
            f"How often the {projection.NEIGHBOURS} nearest neighbours of an utterance, in all "
            "dimensions of the latent, have its emotion, speaker or sex, in %; in brackets what "
            "neighbours drawn by chance would have. A map shows two dimensions; this counts all.",
        ),
        ("model", *COLOURED_BY),
        1,
        tuple(
            Line((name, *(in_common(own.mean, getattr(own, what)) for what in COLOURED_BY)))
            for name, own in found.items()
        ),
    )


def in_common(points: Matrix, words: Sequence[str]) -> str:
    if "" in words:
        return NOTHING
    share, chance = projection.shared_by_neighbours(points, words)
    return f"{PERCENT * share:.0f} ({PERCENT * chance:.0f})"
