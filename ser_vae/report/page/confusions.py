"""Who is taken for whom: the confusions of a cell, its seeds added."""

from dataclasses import dataclass

from ser_vae.report.cell import PERCENT, Cell
from ser_vae.report.folds import added


@dataclass(frozen=True)
class Entry:
    """Utterances of one emotion that were taken for one; `share` of those of that emotion."""

    count: int
    share: float | None

    @property
    def percent(self) -> str:
        return "–" if self.share is None else f"{PERCENT * self.share:.0f} %"


@dataclass(frozen=True)
class Confusion:
    """Of one cell; a row a true emotion, a column what it was taken for."""

    cell: str
    leaks: bool
    seeds: int
    emotions: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


def confusion(cell: Cell) -> Confusion:
    total = added([result.confusion for result in cell.results])
    rows = tuple(
        tuple(Entry(count, count / sum(row) if sum(row) else None) for count in row)
        for row in total
    )
    return Confusion(cell.name, cell.leaks, len(cell.results), cell.results[0].emotions, rows)
