"""What a straight line reads out of an utterance's mean latent, beside what of its log-mel."""

from collections.abc import Mapping, Sequence

from ser_vae.report import words
from ser_vae.report.cell import Cell, score
from ser_vae.report.figures import mean, spread
from ser_vae.report.findings import Probe
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset

WHAT = ("emotion", "speaker", "sex")
INPUT = "log-mel, no model"

Probes = Mapping[str, Probe | None]


def probes(subset: Subset) -> list[Section]:
    """The one section, or none where no run was probed."""
    cells = [cell for cell in subset.cells if any(own.probes for own in cell.findings)]
    if not cells:
        return []
    plain = of_the_input(cells)
    return [
        Section(
            f"Linear probes: {subset.place}",
            (
                *words.synthetic(subset.results),
                "UA in %, mean ± standard deviation over runs (seeds, folds), of a linear "
                "classifier on an utterance's mean latent, or on the mean and deviation of its "
                "log-mel.",
            ),
            ("representation", *WHAT),
            1,
            (
                Line((INPUT, *(over_runs(plain, what) for what in WHAT))),
                *map(line, cells),
                Line(("chance", *(chance(plain, what) for what in WHAT)), rule=True),
            ),
        )
    ]


def of_the_input(cells: Sequence[Cell]) -> list[Probes]:
    """Those of the log-mel, once for each seed and fold: they do not depend on the model."""
    of_split = {
        (run.seed, own.fold): own.probes["logmel"]
        for cell in cells
        for run in cell.runs
        if run.result
        for own in run.result.findings
        if own.probes
    }
    return list(of_split.values())


def line(cell: Cell) -> Line:
    latents = [own.probes["latents"] for own in cell.findings if own.probes]
    return Line((cell.name, *(over_runs(latents, what) for what in WHAT)))


def over_runs(found: Sequence[Probes], what: str) -> str:
    """Of the runs in which there was such a probe."""
    scores = [probe.score for own in found if (probe := own.get(what))]
    return spread(score(scores)) if scores else NOTHING


def chance(found: Sequence[Probes], what: str) -> str:
    chances = [probe.chance for own in found if (probe := own.get(what))]
    return mean(score(chances), 1) if chances else NOTHING
