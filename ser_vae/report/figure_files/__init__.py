"""Runs -> figures for a paper: `FOLDER/figures/*.pdf` and `*.png`, and a caption for each.

Scores come from the same cells as the report's tables. Of single runs, such as maps of latents, the
lowest seed of a cell is drawn, and of that the lowest fold: the title names both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.plots.style import save
from ser_vae.report.contents import Study
from ser_vae.report.figure_files import runs as of_runs
from ser_vae.report.figure_files import scores as of_scores
from ser_vae.report.figure_files.drawing import Drawing
from ser_vae.report.record import Run
from ser_vae.terminal import track


def write_figures(folder: Path, studies: Sequence[Study], runs: Sequence[Run]) -> list[str]:
    """Draw all that the runs below `folder` let one draw, into `folder`/figures.

    `runs` are those of the studies before their folds were joined.

    Returns:
        Lines for the reader: how many were written, and what could not be drawn, and why.

    Raises:
        SerVaeError: a file can't be written.
    """
    into, notes = folder / "figures", list[str]()
    captions = ["# Captions"]
    try:
        found = unique(drawings(folder, studies, runs, notes))
        for drawing in track(found, "figures", None):
            save(drawing.draw(), into / drawing.name)
            captions.append(f"**{drawing.name}.** {drawing.caption}")
        write_text(into / "captions.md", "\n\n".join(captions) + "\n")
    except OSError as error:
        raise SerVaeError(f"{into} can't be written: {error.strerror}.") from error
    return [
        f"written: {len(captions) - 1} figures as PDF and PNG, and captions.md, in {into}",
        *notes,
    ]


def drawings(
    folder: Path, studies: Sequence[Study], runs: Sequence[Run], notes: list[str]
) -> Iterator[Drawing]:
    """One after another, so that one is in memory at a time; what is lacking goes to `notes`."""
    for study in studies:
        yield from of_scores.drawings(*study, notes)
    yield from of_scores.rate_distortions(runs)
    yield from of_runs.drawings(folder, of_runs.chosen(runs), notes)


def unique(found: Iterable[Drawing]) -> Iterator[Drawing]:
    """Number the later of two names that differ in nothing a file name can show."""
    seen: Counter[str] = Counter()
    for drawing in found:
        seen[drawing.name] += 1
        number = seen[drawing.name]
        yield drawing if number == 1 else drawing.renamed(f"{drawing.name}-{number}")
