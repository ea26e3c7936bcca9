"""The pictures of a finished run, by the names under which loggers show them."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.plots.run_figures import run_figures
from ser_vae.plots.scores import confusion
from ser_vae.plots.style import png_bytes
from ser_vae.run_folder import RunFolder

CONFUSION = "media/confusion"
NAMES = {"kl": "media/kl_per_dimension", "latents": "media/latent_map"}  # kind of figure -> name
NAMES |= {"reconstructions": "media/reconstructions", "swapped": "media/label_swapped"}
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
    latents = Latents.read_or_none(folder.latents)
    examples = Illustrations.read_or_none(folder.illustrations)
    kl = (results["health"] or {}).get("kl_per_dimension")
    for kind, draw in run_figures(latents, examples, kl):
        if kind in NAMES:
            figures[NAMES[kind]] = draw(title=title)
    return {
        name: Image.open(io.BytesIO(png_bytes(figure, DPI))).convert("RGB")
        for name, figure in figures.items()
    }
