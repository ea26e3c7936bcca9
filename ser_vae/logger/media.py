"""What a finished run has to look at: pictures, and the table of its predictions."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import wandb
from matplotlib.figure import Figure
from PIL import Image

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.evaluation import illustrations, latents, predictions
from ser_vae.evaluation.latents import Latents
from ser_vae.evaluation.predictions import PROBABILITY, Predictions
from ser_vae.evaluation.projection import LEAST, pca
from ser_vae.logger.shown import Shown
from ser_vae.plots.confusion import confusion
from ser_vae.plots.kl import kl_per_dimension
from ser_vae.plots.latent_map import latent_map
from ser_vae.plots.spectrogram import label_swapped, reconstructions
from ser_vae.plots.style import png_bytes
from ser_vae.run_folder import RunFolder

DPI = 110  # for a screen

CONFUSION, KL, MAP = "media/confusion", "media/kl_per_dimension", "media/latent_map"
RECONSTRUCTIONS, SWAPPED = "media/reconstructions", "media/label_swapped"
PREDICTIONS = "media/predictions"


def of(results: Mapping[str, Any], folder: RunFolder, shown: Shown) -> dict[str, Any]:
    """All that `shown` asks for and the run has, by the names under which W&B shows it."""
    found = predictions.read(folder.predictions)
    where = latents.read(folder.latents) if folder.latents.exists() else None
    media: dict[str, Any] = {}
    if shown.predictions:
        media[PREDICTIONS] = table(found, where, shown)
    if shown.pictures:
        drawn = pictures(results, folder, where)
        media |= {name: image(figure) for name, figure in drawn.items()}
    return media


def pictures(
    results: Mapping[str, Any], folder: RunFolder, where: Latents | None
) -> dict[str, Figure]:
    """Which there are depends on the model: an SVM has no KL, and an AE no label to swap."""
    marked = f"{SYNTHETIC.partition(':')[0]}, " if results["synthetic"] else ""
    name, health = marked + results["run"], results["health"] or {}
    counts = np.array(results[f"{results['protocol']}/test/confusion"])
    drawn = {CONFUSION: confusion({"": counts}, results["emotions"], title=name)}
    if kl := health.get("kl_per_dimension"):
        drawn[KL] = kl_per_dimension(kl, title=name)
    if where and len(where.mean) >= LEAST:
        drawn[MAP] = mapped(where, title=name)
    if folder.illustrations.exists():
        drawn |= spectra(folder.illustrations, title=name)
    return drawn


def mapped(where: Latents, *, title: str) -> Figure:
    points, explained = pca(where.mean)
    categories = {"emotion": where.emotion, "speaker": where.speaker}
    return latent_map(points, categories, explained=explained.tolist(), title=title)


def spectra(path: Path, *, title: str) -> dict[str, Figure]:
    found = illustrations.read(path)
    names, frame_shift_s = found.emotion, found.frame_shift_s
    drawn = {
        RECONSTRUCTIONS: reconstructions(
            names, found.input, found.reconstruction, frame_shift_s=frame_shift_s, title=title
        )
    }
    if found.swapped:
        drawn[SWAPPED] = label_swapped(
            names,
            found.emotions,
            found.input,
            found.swapped,
            frame_shift_s=frame_shift_s,
            title=title,
        )
    return drawn


def image(figure: Figure) -> wandb.Image:
    return wandb.Image(Image.open(io.BytesIO(png_bytes(figure, DPI))))


def table(found: Predictions, where: Latents | None, shown: Shown) -> wandb.Table:
    """The test utterances, those whose truth was held least probable first."""
    of_truth = found.probability[np.arange(len(found.truth)), found.truth]
    order = np.argsort(of_truth, kind="stable")[: shown.predictions].tolist()
    heard = sounds([found.utterance[row] for row in order[: shown.audio]], where, shown)
    columns: list[str | int] = ["utterance", "speaker", "truth", "guess", "right"]
    columns += [PROBABILITY + emotion for emotion in found.emotions]
    rows = [described(found, row) for row in order]
    if heard:
        columns.append("audio")
        rows = [[*row, heard.get(row[0])] for row in rows]
    return wandb.Table(columns=columns, data=rows)


def described(found: Predictions, row: int) -> list[Any]:
    truth, guess = found.truth[row], found.guess[row]
    said = [found.utterance[row], found.speaker[row], found.emotions[truth], found.emotions[guess]]
    return [*said, bool(truth == guess), *found.probability[row].tolist()]


def sounds(names: list[str], where: Latents | None, shown: Shown) -> dict[str, wandb.Audio]:
    """The audio of some utterances, where the run noted its place and the file is small enough."""
    paths = dict(zip(where.utterance, where.audio, strict=True)) if where else {}
    return {
        name: wandb.Audio(paths[name])
        for name in names
        if name in paths and small(Path(paths[name]), shown.audio_bytes)
    }


def small(path: Path, most_bytes: int) -> bool:
    """Whether a file is there, and no larger."""
    return path.exists() and path.stat().st_size <= most_bytes
