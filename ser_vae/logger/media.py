"""The pictures of a finished run, by the names under which loggers show them."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.evaluation.projection import LEAST, pca
from ser_vae.plots.bars import kl_per_dimension
from ser_vae.plots.confusion import confusion
from ser_vae.plots.latent_map import latent_map
from ser_vae.plots.spectrogram import label_swapped, reconstructions
from ser_vae.plots.style import png_bytes
from ser_vae.run_folder import RunFolder

CONFUSION, KL, LATENT_MAP = "media/confusion", "media/kl_per_dimension", "media/latent_map"
RECONSTRUCTIONS, SWAPPED = "media/reconstructions", "media/label_swapped"
PREDICTIONS = "media/predictions"  # a table, of W&B only
DPI = 110  # for a screen


def images(results: Mapping[str, Any], folder: RunFolder) -> dict[str, Image.Image]:
    """Draw the available pictures: an SVM has no KL, other features have no reconstructions.

    Args:
        results: the content of metrics.json.
        folder: of the run.
    """
    mark = f"{SYNTHETIC.partition(':')[0]}, " if results["synthetic"] else ""
    title = mark + results["run"]
    counts = np.array(results[f"{results['protocol']}/test/confusion"])
    figures = {CONFUSION: confusion({"": counts}, results["emotions"], title=title)}
    if kl := (results["health"] or {}).get("kl_per_dimension"):
        figures[KL] = kl_per_dimension(kl, title=title)
    if folder.latents.exists() and len((test := Latents.read(folder.latents)).mean) >= LEAST:
        points, explained = pca(test.mean)
        names = {"emotion": test.emotion, "speaker": test.speaker}
        figures[LATENT_MAP] = latent_map(points, names, explained=explained.tolist(), title=title)
    if folder.illustrations.exists():
        examples = Illustrations.read(folder.illustrations)
        scale: dict[str, Any] = {"frame_shift_s": examples.frame_shift_s, "title": title}
        figures[RECONSTRUCTIONS] = reconstructions(
            examples.emotion, examples.input, examples.reconstruction, **scale
        )
        if examples.swapped:
            figures[SWAPPED] = label_swapped(
                examples.emotion, examples.emotions, examples.input, examples.swapped, **scale
            )
    return {
        name: Image.open(io.BytesIO(png_bytes(figure, DPI))).convert("RGB")
        for name, figure in figures.items()
    }
