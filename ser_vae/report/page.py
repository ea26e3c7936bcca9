"""Build report.html: one file with the answer first, then one test set and one model to explore.

Every study, place and row is a <template>; the page's script shows those that are selected.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation import illustrations, latents
from ser_vae.report import charts, media
from ser_vae.report.comparable import Row
from ser_vae.report.render import Document, render_file
from ser_vae.report.runs import HEADLINE, P, Record
from ser_vae.report.scores import PERCENT, Results
from ser_vae.report.tables import TABLES, make_table
from ser_vae.terminal import track

HARDEST = 6  # utterances of a place
MOST_SPEAKERS = 24


def page(results: Results, document: Document, *, umap: bool, audio: bool) -> str:
    """Return the whole page.

    Args:
        results: what is shown.
        document: its sentences and tables.
        umap: whether to map the latents by UMAP, too.
        audio: whether recordings may be put into the page; synthetic speech is in any case.
    """
    budget, studies = media.Budget(), [chapter["title"] for chapter in document["chapters"]]
    answers = [charts.answer(results, s, f"answer{n}") for n, s in enumerate(studies)]
    places = []
    for number, place in enumerate(track(results.places, "report.html", len(results.places))):
        allowed = audio or place.run["synthetic"]
        shown = describe_place(results, number, budget, umap=umap, audio=allowed)
        places.append(shown | {"study": studies.index(place.study), "name": place.name})
    shown = {"title": results.frames.folder.resolve().name, "plotly": get_plotlyjs()}
    return render_file("report.html", document | shown | {"answers": answers, "places": places})


def describe_place(
    results: Results, number: int, budget: media.Budget, *, umap: bool, audio: bool
) -> Record:
    """Return all that is shown of a test set and of its rows, baselines last."""
    folder = results.frames.folder
    used: list[Row] = [row for row in results.scores_of(number)["row"] if row]
    rows = sorted(used, key=lambda row: {"trivial": 2, "baseline": 1}.get(row.kind, 0))
    folders = {row: folder / row.runs[0]["folder"] for row in rows}
    stored = {row: read(latents.read, path / "latents.npz") for row, path in folders.items()}
    known = [own for own in stored.values() if own]
    sounds = {
        utterance: (own.audio[index], own.clip_of(index))
        for own in known
        for index, utterance in enumerate(own.utterance)
    }
    sexes = {who: sex for own in known for who, sex in zip(own.speaker, own.sex, strict=True)}
    heard = [row for row in rows if row.kind != "trivial" and not row.leaks]
    worst = hardest(results, heard or rows)
    for each in worst:
        sound = media.mp3(*sounds.get(each["utterance"], ("", None))) if audio else b""
        each["audio"] = budget.embed(sound, "audio/mpeg")
    curves, quantities = charts.curves(rows, folder, f"curves{number}")
    tables = (make_table(results, title, [number]) for title in TABLES if title != "Table I")
    described = []
    for key, row in enumerate(rows):
        name, frame = f"{number}-{key}", predictions_of(results, row.runs)
        drawn, ways = charts.latent_map(stored[row], f"map{name}", umap=umap)
        calibration = charts.calibration(frame, f"calibration{name}")
        frame = frame.assign(sex=[sexes.get(who, "") for who in frame["speaker"]])
        described.append(
            {"name": row.name, "map": drawn, "ways": ways, "calibration": calibration}
            | {"seeds": list(row.units[HEADLINE]), "health": row.runs[0].get("health.sentence")}
            | {"confusion": count_guesses(frame, row)}
            | {"groups": pd.concat([recalls(frame, row, group) for group in ("sex", "speaker")])}
            | {"pictures": pictures(folders[row], budget)}
        )
    shown = {"tables": [table for table in tables if table.rows], "hardest": worst}
    return shown | {"curves": curves, "quantities": quantities, "rows": described}


def predictions_of(results: Results, runs: Sequence[Record]) -> pd.DataFrame:
    """Return the predictions of some runs, without those of label policies."""
    folders, frame = [run["folder"] for run in runs], results.frames.predictions
    return frame[(frame["policy"] == HEADLINE) & frame["run"].isin(folders)]


def count_guesses(frame: pd.DataFrame, row: Row) -> pd.DataFrame:
    """Return how often each emotion (rows) was taken for each (columns), over all seeds."""
    emotions = row.runs[0]["emotions"]
    counts = pd.crosstab(frame["truth"], frame["guess"])
    return counts.reindex(index=emotions, columns=emotions, fill_value=0)


def recalls(frame: pd.DataFrame, row: Row, group: str) -> pd.DataFrame:
    """Return recall by emotion and UA, in %, of each sex or speaker; the worst first."""
    known = frame[~frame[group].isin(["", UNKNOWN_SPEAKER])]
    known = known.assign(correct=PERCENT * (known["truth"] == known["guess"]))
    table = known.pivot_table("correct", group, "truth", "mean")
    table = table.reindex(columns=row.runs[0]["emotions"])
    table.insert(0, "UA", table.mean(axis=1))
    return table.nsmallest(MOST_SPEAKERS, "UA")


def hardest(results: Results, rows: Sequence[Row]) -> list[Record]:
    """Return the utterances of the lowest seed whose emotion the rows find least probable."""
    seeds = [run["seed"] for row in rows for run in row.runs]
    frame = predictions_of(results, [r for row in rows for r in row.folds_of(min(seeds))])
    probabilities = frame.filter(regex=f"^{P}")
    column = probabilities.columns.get_indexer(P + frame["truth"])
    p = PERCENT * probabilities.to_numpy()[range(len(frame)), column]
    frame = frame.assign(p=p, wrong=frame["truth"] != frame["guess"])
    by_utterance = frame.groupby(["utterance", "speaker", "truth"])
    usual = ("guess", lambda guesses: guesses.mode()[0])
    counts = {"wrong": ("wrong", "sum"), "of": ("wrong", "size"), "p": ("p", "mean")}
    worst = by_utterance.agg(guess=usual, **counts).nsmallest(HARDEST, "p").reset_index()
    return list(worst.to_dict("records"))


def pictures(folder: Path, budget: media.Budget) -> Record:
    """Return the headings of the columns and, by emotion, the pictures that a run has left."""
    if not (drawn := read(illustrations.read, folder / "illustrations.npz")):
        return {}
    as_label = [f"as {emotion}" for emotion in drawn.emotions] if drawn.swapped else []
    lines = dict(media.spectrograms(drawn, budget))
    return {"columns": ["input", "reconstruction", *as_label], "lines": lines}


def read(reader: Callable[[Path], Any], path: Path) -> Any:
    """Return what a file holds; None if it is not there, or damaged."""
    try:
        return reader(path) if path.is_file() else None
    except SerVaeError:
        return None
