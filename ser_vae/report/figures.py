"""Draw figures for a paper: FOLDER/figures/*.pdf and *.png, and captions.md.

Of single runs, such as maps of latents, the first of every row is drawn: its lowest seed and fold.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ser_vae.evaluation import illustrations, latents, projection
from ser_vae.files import write_text
from ser_vae.model.collapse import LARGEST_RELATIVE_ERROR, LEAST_KL
from ser_vae.plots import bars, spectrogram, style
from ser_vae.plots.confusion import confusion
from ser_vae.plots.kl import kl_per_dimension
from ser_vae.plots.latent_map import latent_map
from ser_vae.plots.rate_distortion import rate_distortion
from ser_vae.report.contents import CONTENTS
from ser_vae.report.page import count_guesses, predictions_of, read
from ser_vae.report.paper import heading
from ser_vae.report.runs import Record
from ser_vae.report.scores import Results
from ser_vae.terminal import track

UA = "unweighted accuracy (%)"

Draw = Callable[..., Figure]  # called with the title


def write_figures(results: Results, into: Path) -> str:
    """Draw all figures, and return a sentence about them.

    Raises:
        OSError: a file can't be written.
    """
    studies = dict.fromkeys(place.study for place in results.places)
    plots = [plot for study in studies for plot in plots_of_study(results, study)]
    captions, spoken = ["# Captions"], tuple(p.study for p in results.places if p.run["synthetic"])
    for kind, what, draw in track(plots, "figures", len(plots)):
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{kind}-{what}").replace("-split", "")
        title = f"{what}{', synthetic speech' * what.startswith(spoken)}"
        style.save(draw(title=title), into / name)
        captions.append(f"**{name}.** {CONTENTS['figures'][kind]}")
    write_text(into / "captions.md", "\n\n".join(captions) + "\n")
    return f"{len(plots)} figures as PDF and PNG, and captions.md, in {into}"


def plots_of_study(results: Results, study: str) -> Iterator[tuple[str, str, Draw]]:
    """Yield kind, what it is of, and a function of the title; what leaks is left out."""
    scores = results.scores.query("policy == '' and not leaks and study == @study")
    of_paper = scores[(scores["kind"] == "paper") & ~scores["variant"].astype(bool)]
    if len(of_paper):
        rows, values = ["place", "on", "best_trivial_ua"], ["ua", "low", "high"]
        cells = of_paper.pivot(index=rows, columns="model", values=values)
        models = {model: heading(model) for model in cells["ua"].columns}
        ends = np.stack([cells["low"], cells["high"]], axis=-1)
        names, best = (cells.index.get_level_values(level) for level in rows[1:])
        table = (list(names), models, cells["ua"].to_numpy(), ends, best.to_numpy())
        yield "table-one", study, partial(bars.grouped, *table, quantity=UA)
    places = [place for place in results.places if place.study == study]
    runs = [run for place in places for row in place.rows if not row.leaks for run in row.runs]
    if known := [run for run in runs if not pd.isna(run.get("health.kl"))]:
        kl, error = (np.array([r[f"health.{k}"] for r in known]) for k in ("kl", "relative_error"))
        names = {run["model"]: heading(run["model"]) for run in known}
        limits = {"least_kl": LEAST_KL, "largest_error": LARGEST_RELATIVE_ERROR, "names": names}
        draw = partial(rate_distortion, kl, error, [run["model"] for run in known])
        yield "rate-distortion", study, partial(draw, **limits)
    for place in places:
        what, own = f"{study}, {place.name}", scores[scores["on"] == place.name]
        lighter = own["kind"].isin(["trivial", "baseline"]).tolist()
        ends, best = own[["low", "high"]].to_numpy(), float(own["best_trivial_ua"].iloc[0])
        draw = partial(bars.listed, own["name"].tolist(), own["ua"].to_numpy(), ends, best)
        yield "models", what, partial(draw, baseline=lighter, quantity=UA)
        heard = [row for row in own["row"] if row and row.kind != "trivial"]
        panels = {r.name: count_guesses(predictions_of(results, r.runs), r) for r in heard}
        if panels:
            yield "confusion", what, partial(confusion, panels, [*panels[heard[0].name]])
        for row in place.rows:
            run, folder = row.runs[0], results.frames.folder / row.runs[0]["folder"]
            fold = "" if run["fold"] is None else f", fold {run['fold']}"
            of_run = f"{study}, {row.name}, {place.name}, seed {run['seed']}{fold}"
            yield from ((kind, of_run, draw) for kind, draw in plots_of_run(run, folder))


def plots_of_run(run: Record, folder: Path) -> Iterator[tuple[str, Draw]]:
    """Yield what can be drawn of a single run, as far as it has left the files."""
    stored = read(latents.read, folder / "latents.npz")
    if stored and len(stored.mean) >= projection.LEAST:
        points, explained = projection.pca(stored.mean)
        words = {"emotion": stored.emotion, "speaker": stored.speaker}
        known = {what: [word or "unknown" for word in every] for what, every in words.items()}
        yield "latents", partial(latent_map, points, known, explained=explained.tolist())
    if isinstance(terms := run.get("health.kl_per_dimension"), list):
        yield "kl", partial(kl_per_dimension, terms)
    if not (drawn := read(illustrations.read, folder / "illustrations.npz")):
        return
    names = [f"{e}: {u}" for e, u in zip(drawn.emotion, drawn.utterance, strict=True)]
    labels, after = drawn.emotions if len(drawn.prior) > 1 else ("",), drawn.reconstruction
    moved = (drawn.dimension.tolist(), drawn.step.tolist(), drawn.traversal)
    arrays: dict[str, tuple[Draw, Any]] = {
        "reconstructions": (spectrogram.reconstructions, (names, drawn.input, after)),
        "swapped": (spectrogram.label_swapped, (names, drawn.emotions, drawn.input, drawn.swapped)),
        "traversals": (spectrogram.traversals, moved),
        "prior": (spectrogram.prior_samples, (labels, drawn.prior)),
    }
    for kind, (plot, shown) in arrays.items():
        if len(shown[-1]):
            yield kind, partial(plot, *shown, frame_shift_s=drawn.frame_shift_s)
