"""Draw figures for a paper: FOLDER/figures/*.pdf and *.png, and captions.md.

Figures of a single run, such as a map of its latents, are drawn for the first run of every row: the
lowest seed and fold.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.evaluation.metrics import confusion
from ser_vae.files import write_text
from ser_vae.plots import scores as plots
from ser_vae.plots import style
from ser_vae.plots.run_figures import Draw, run_figures
from ser_vae.report.contents import CONTENTS, MODELS, heading
from ser_vae.report.page import predictions_of
from ser_vae.report.scores import Results
from ser_vae.terminal import track


def write_figures(results: Results, folder: Path) -> str:
    """Write all figures, and return a sentence about them.

    Raises:
        OSError: a file cannot be written.
    """
    studies = dict.fromkeys(test_set.study for test_set in results.test_sets)
    plots = [plot for study in studies for plot in study_plots(results, study)]
    synthetic = tuple(t.study for t in results.test_sets if t.run["synthetic"])
    captions = ["# Captions"]
    for kind, subject, draw in track(plots, "figures", len(plots)):
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{kind}-{subject}").replace("-split", "")
        title = f"{subject}{', synthetic speech' * subject.startswith(synthetic)}"
        style.save(draw(title=title), folder / name)
        captions.append(f"**{name}.** {CONTENTS['figures'][kind]}")
    write_text(folder / "captions.md", "\n\n".join(captions) + "\n")
    return f"{len(plots)} figures as PDF and PNG, and captions.md, in {folder}"


def study_plots(results: Results, study: str) -> Iterator[tuple[str, str, Draw]]:
    """Yield kind, subject and a function that draws, given a title; rows that leak are left out."""
    scores = results.scores.query("policy == '' and not leaks and study == @study")
    of_paper = scores[(scores["kind"] == "paper") & ~scores["variant"].astype(bool)]
    if len(of_paper):
        models = {model: heading(model) for model in MODELS if model in {*of_paper["model"]}}
        yield "table-one", study, partial(plots.grouped, of_paper, models)
    test_sets = [test_set for test_set in results.test_sets if test_set.study == study]
    for test_set in test_sets:
        subject, frame = f"{study}, {test_set.name}", scores[scores["data"] == test_set.name]
        yield "models", subject, partial(plots.listed, frame)
        if rows := [row for row in frame["row"] if row and row.kind != "trivial"]:
            emotions = test_set.run["emotions"]
            panels = {r.name: confusion(predictions_of(results, r.runs), emotions) for r in rows}
            yield "confusion", subject, partial(plots.confusion, panels, emotions)
        for row in (row for row in test_set.rows if not row.leaks):
            run, folder = row.runs[0], results.frames.folder / row.runs[0]["folder"]
            of_run = f"{study}, {row.name}, {test_set.name}, seed {run['seed']}"
            latents = Latents.read_or_none(folder / "latents.npz")
            examples = Illustrations.read_or_none(folder / "illustrations.npz")
            kl = run.get("health.kl_per_dimension")  # NaN if only other runs have it
            figures = run_figures(latents, examples, kl if isinstance(kl, list) else None)
            yield from ((kind, of_run, draw) for kind, draw in figures)
