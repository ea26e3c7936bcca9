"""Build report.html: the answer first, then one test set and one model at a time.

Every study, test set and row is a <template>; the page's script shows the selected ones.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from ser_vae.corpus.utterance import is_unknown
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.evaluation.metrics import confusion
from ser_vae.evaluation.predictions import probability_of
from ser_vae.plots import spectrogram
from ser_vae.report import charts
from ser_vae.report.comparable import Row
from ser_vae.report.contents import LIMITS, render_template
from ser_vae.report.runs import MAIN, Record
from ser_vae.report.scores import PERCENT, Results
from ser_vae.report.tables import TABLES, make_table
from ser_vae.terminal import track


def render_page(results: Results, document: Record, *, umap: bool, audio: bool) -> str:
    """Return the whole page.

    Args:
        results: what is shown.
        document: its sentences and tables.
        umap: whether to map the latents by UMAP, too.
        audio: whether recordings may be put into the page; synthetic speech always is.
    """
    embedder = spectrogram.Embedder()
    studies = [chapter["title"] for chapter in document["chapters"]]
    ua_charts = [charts.ua_chart(results, s, f"ua{n}") for n, s in enumerate(studies)]
    test_sets = []
    for number, test_set in enumerate(track(results.test_sets, "page", len(results.test_sets))):
        allowed = audio or test_set.run["synthetic"]
        content = describe_test_set(results, number, embedder, umap=umap, audio=allowed)
        test_sets.append({"name": test_set.name, "study": studies.index(test_set.study), **content})
    values = {"title": results.frames.folder.resolve().name, "plotly": get_plotlyjs()}
    values |= {"ua_charts": ua_charts, "test_sets": test_sets}
    return render_template("report.html", document | values)


def describe_test_set(
    results: Results, number: int, embedder: spectrogram.Embedder, *, umap: bool, audio: bool
) -> Record:
    """Return everything that is shown of a test set and its rows, baselines last."""
    folder = results.frames.folder
    scored: list[Row] = [row for row in results.scores_of(number)["row"] if row]
    rows = sorted(scored, key=lambda row: {"trivial": 2, "baseline": 1}.get(row.kind, 0))
    folders = {row: folder / row.runs[0]["folder"] for row in rows}
    every = {folder / run["folder"] for row in rows for run in row.runs}
    latents = {each: Latents.read_or_none(each / "latents.npz") for each in sorted(every)}
    loaded = [stored for stored in latents.values() if stored]
    recordings = {u: clip for each in loaded for u, clip in each.recordings().items()}
    sexes = {u: sex for each in loaded for u, sex in zip(each.utterance, each.sex, strict=True)}
    of_audio = [r for r in rows if r.kind not in ("trivial", "imported") and not r.leaks] or rows
    hardest = hardest_utterances(results, of_audio)
    for record in hardest:
        source = recordings.get(record["utterance"], ("", None))
        sound = spectrogram.encode_mp3(*source) if audio else b""
        record["audio"] = embedder.embed(sound, "audio/mpeg")
    curves, quantities = charts.training_curves(rows, folder, f"curves{number}")
    tables = (make_table(results, title, [number]) for title in TABLES if title != "Table I")
    described = []
    for index, row in enumerate(rows):
        div_id, frame = f"{number}-{index}", predictions_of(results, row.runs)
        latent_map, colourings = charts.latent_map(latents[folders[row]], f"map{div_id}", umap=umap)
        known = not pd.isna(row.runs[0]["nll"])
        calibration = charts.calibration_chart(frame, f"calibration{div_id}") if known else ""
        frame = frame.assign(sex=[sexes.get(u, "") for u in frame["utterance"]])
        groups = pd.concat([recall_by(frame, row, group) for group in ("sex", "speaker")])
        described.append(
            {"name": row.name, "seeds": list(row.predictions[MAIN]), "calibration": calibration}
            | {"health": row.runs[0].get("health.sentence"), "groups": groups}
            | {"confusion": confusion(frame, row.runs[0]["emotions"]), "map": latent_map}
            | {"colourings": colourings, "pictures": spectrogram_grid(folders[row], embedder)}
        )
    content = {"tables": [table for table in tables if table.rows], "hardest": hardest}
    return content | {"curves": curves, "quantities": quantities, "rows": described}


def predictions_of(results: Results, runs: Sequence[Record]) -> pd.DataFrame:
    """Return the predictions of some runs, without those of other label policies."""
    folders, frame = [run["folder"] for run in runs], results.frames.predictions
    return frame[(frame["policy"] == MAIN) & frame["run"].isin(folders)]


def recall_by(frame: pd.DataFrame, row: Row, group: str) -> pd.DataFrame:
    """Return the recall of each emotion and UA, in %, per sex or speaker; the worst first."""
    frame = frame[[bool(name) and not is_unknown(name) for name in frame[group]]]
    frame = frame.assign(correct=PERCENT * (frame["truth"] == frame["guess"]))
    table = frame.pivot_table("correct", group, "truth", "mean")
    table = table.reindex(columns=row.runs[0]["emotions"])
    table.insert(0, "UA", table.mean(axis=1))
    return table.nsmallest(LIMITS["speakers"], "UA")


def hardest_utterances(results: Results, rows: Sequence[Row]) -> list[Record]:
    """Return the utterances of the lowest seed whose true emotion is least probable on average."""
    seeds = [run["seed"] for row in rows for run in row.runs]
    frame = predictions_of(results, [r for row in rows for r in row.runs_of_seed(min(seeds))])
    p = PERCENT * probability_of(frame, "truth")
    frame = frame.assign(p=p, wrong=frame["truth"] != frame["guess"])
    by_utterance = frame.groupby(["utterance", "speaker", "truth"])
    most_frequent = ("guess", lambda guesses: guesses.mode()[0])
    counts = {"wrong": ("wrong", "sum"), "of": ("wrong", "size"), "p": ("p", "mean")}
    worst = by_utterance.agg(guess=most_frequent, **counts).nsmallest(LIMITS["utterances"], "p")
    return list(worst.reset_index().to_dict("records"))


def spectrogram_grid(folder: Path, embedder: spectrogram.Embedder) -> Record:
    """Return the column headings and, by emotion, the spectrograms of a run that has any."""
    if not (examples := Illustrations.read_or_none(folder / "illustrations.npz")):
        return {}
    decoded_as = [f"as {emotion}" for emotion in examples.emotions] if examples.swapped else []
    scale = spectrogram.limits(examples.input)  # the same for all
    lines: dict[str, list[str]] = {}
    for number, emotion in enumerate(examples.emotion):
        swapped = examples.swapped[number] if examples.swapped else ()
        spectra = (examples.input[number], examples.reconstruction[number], *swapped)
        pictures = (spectrogram.encode_webp(spectrum, scale) for spectrum in spectra)
        lines[emotion] = [embedder.embed(picture, "image/webp") for picture in pictures]
    return {"columns": ["input", "reconstruction", *decoded_as], "lines": lines}
