"""Whether a representation still says anything of the speech."""

from collections.abc import Callable, Iterable, Sequence

from ser_vae.report import words
from ser_vae.report.cell import Cell, score
from ser_vae.report.figures import spread
from ser_vae.report.findings import Health
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset
from ser_vae.report.table import Table

# heading -> (what of a run's health, digits)
COLUMNS: dict[str, tuple[Callable[[Health], float | None], int]] = {
    "error": (lambda health: health.relative_error, 2),
    "KL": (lambda health: health.kl, 1),
    "active units": (lambda health: health.active_units, 0),
    "log p(x)": (lambda health: health.log_likelihood, 0),
    "MI": (lambda health: health.mutual_information, 1),
}


def health(table: Table, subsets: Sequence[Subset]) -> list[Section]:
    """The one section, or none where no run measured it."""
    found = [
        (subset.name, cell, healths)
        for subset in subsets
        for cell in subset.cells
        if (healths := [own.health for own in cell.findings if own.health])
    ]
    if not found:
        return []
    return [
        Section(
            f"Health of the representations: {words.title(table)}",
            (
                *words.synthetic(result for _, cell, _ in found for result in cell.results),
                "On segments that were not trained on, mean ± standard deviation over runs (seeds, "
                "folds). error: squared error relative to the segments' variance. KL and log p(x), "
                "importance-sampled, in nats a segment; of a CVAE log p(x|c), told the true label. "
                "MI: mutual information of segment and latent, nats; its estimate can't exceed the "
                "logarithm of the number of segments measured, 6.9 for 1,024. alarm: in how many "
                "runs it sounds.",
            ),
            ("data", "model", *COLUMNS, "alarm"),
            2,
            tuple(line(*own) for own in found),
            words.collapsed(cell for _, cell, _ in found),
        )
    ]


def line(name: str, cell: Cell, healths: Sequence[Health]) -> Line:
    sick = sum(own.collapsed for own in healths)
    figures = {
        heading: over_runs(map(of, healths), digits) for heading, (of, digits) in COLUMNS.items()
    }
    if figures["active units"] != NOTHING:
        figures["active units"] += f" of {healths[0].latent}"
    alarm = f"{sick} of {len(healths)}" if sick else "none"
    loud = sick and cell.model != words.UNTRAINED
    return Line((name, cell.name, *figures.values(), alarm), "alarm" if loud else "plain")


def over_runs(values: Iterable[float | None], digits: int) -> str:
    """Nothing where a model has no such quantity, as an AE has no KL."""
    found = [value for value in values if value is not None]
    return spread(score(found, 1.0), digits) if found else NOTHING
