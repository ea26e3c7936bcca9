"""Every run in one table that can be sorted and searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ser_vae.report.cell import PERCENT
from ser_vae.report.record import METRICS, Run
from ser_vae.report.section import NOTHING

HEADER = (
    *("corpus", "protocol", "data", "model", "seed", "fold"),
    *("UA", "WA", "F1", "audit", "state", "settings", "folder"),
)
NUMBERS = ("seed", "fold", "UA", "WA", "F1")
CHOSEN = ("corpus", "protocol", "data", "model", "audit", "state")  # a choice among values


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        cells: as they are written, in the order of the header, but for the folder.
        link: to its folder, from the page.
        marks: what its score must not be read without.
    """

    cells: tuple[str, ...]
    reason: str
    link: str
    address: str
    marks: tuple[str, ...]
    synthetic: bool


def rows(runs: Sequence[Run]) -> list[Row]:
    return [row(run) for run in runs]


def row(run: Run) -> Row:
    result = run.result
    audits = [found.audit.verdict for found in result.findings if found.audit] if result else []
    scores = [f"{PERCENT * result.score[m]:.2f}" for m in METRICS] if result else [NOTHING] * 3
    return Row(
        (
            *(run.corpus, run.protocol, run.data, run.model, str(run.seed)),
            NOTHING if run.fold is None else str(run.fold),
            *scores,
            ", ".join(dict.fromkeys(audits)) or NOTHING,
            run.state,
            ", ".join(run.deviations.values()) or NOTHING,
        ),
        run.reason,
        f"{quote(run.folder)}/",
        run.folder.rpartition("-")[2],
        marks(run),
        bool(result and result.synthetic),
    )


def marks(run: Run) -> tuple[str, ...]:
    if not run.result:
        return ()
    health = [found.health for found in run.result.findings if found.health]
    said = {
        "LEAKS": run.result.leaks,
        "COLLAPSED": any(own.collapsed for own in health),
    }
    return tuple(word for word, holds in said.items() if holds)


def choices(found: Sequence[Row]) -> dict[str, list[str]]:
    """Column -> its values, of those columns in which runs differ."""
    columns = {name: sorted({r.cells[HEADER.index(name)] for r in found}) for name in CHOSEN}
    return {name: values for name, values in columns.items() if len(values) > 1}
