"""What is explored together: the models of one subset, and each one's runs, fold by fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ser_vae.report import words
from ser_vae.report.cell import Cell, heading
from ser_vae.report.record import Run
from ser_vae.report.subset import Subset
from ser_vae.report.table import Table, is_of_row, variant

Study = tuple[Table, Sequence[Subset]]


@dataclass(frozen=True)
class Place:
    """One subset.

    Attributes:
        name: no two have the same.
        runs: name of a cell -> its runs, folds apart, those that failed among them; the cells that
            have a result are first and in the order of the tables.
    """

    name: str
    subset: Subset
    runs: Mapping[str, tuple[Run, ...]]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.subset.cells

    def shown(self, cell: Cell) -> Run:
        """The run that stands for a cell where only one can be drawn: its lowest seed and fold."""
        return next(run for run in self.runs[cell.name] if run.result)


def places(studies: Sequence[Study], runs: Sequence[Run]) -> list[Place]:
    """`runs` as they were read: folds apart."""
    return [
        Place(name_of(table, subset, studies), subset, runs_of(subset, runs))
        for table, subsets in studies
        for subset in subsets
    ]


def name_of(table: Table, subset: Subset, studies: Sequence[Study]) -> str:
    """Short, unless another place would be called the same."""
    titles = [words.title(other) for other, _ in studies]
    short = words.title(table)
    if titles.count(short) == 1:
        return f"{short}, {subset.name}"
    return ", ".join([subset.place, *table.deviations])


def runs_of(subset: Subset, runs: Sequence[Run]) -> dict[str, tuple[Run, ...]]:
    found: dict[str, list[Run]] = {cell.name: [] for cell in subset.cells}
    shared, materials = shared_settings(subset.cells[0].runs[0]), set(materials_of(subset))
    for run in sorted(runs, key=lambda run: (run.seed, run.fold or 0, run.folder)):
        if run.result and run.result.material not in materials:
            continue
        if shared_settings(run) == shared and run.data == subset.cells[0].data:
            found.setdefault(cell_name(run), []).append(run)
    return {name: tuple(own) for name, own in found.items()}


def shared_settings(run: Run) -> tuple[object, ...]:
    """What sets tables apart."""
    kept = sorted((key, value) for key, value in run.settings.items() if not is_of_row(key))
    return run.corpus, run.protocol, tuple(kept)


def materials_of(subset: Subset) -> list[str]:
    return [result.material for result in subset.results]


def cell_name(run: Run) -> str:
    return ", ".join([heading(run.model), *variant(run)])
