"""The paper's Table I: its models as columns over its subsets, and its own cells below ours."""

from collections.abc import Callable, Iterator, Sequence

from ser_vae.report import paper, words
from ser_vae.report.cell import Cell, heading
from ser_vae.report.figures import between, mean, written
from ser_vae.report.section import NOTHING, Kind, Line, Section
from ser_vae.report.subset import Subset
from ser_vae.report.table import Row, Table

WRITTEN: dict[str, Callable[[Cell], str]] = {
    "UA": lambda cell: written(cell.ua),
    "95 %": lambda cell: between(cell.interval),
    "WA": lambda cell: written(cell.scores["wa"]),
}


def table_one(table: Table, subsets: Sequence[Subset]) -> list[Section]:
    """The one section, or none where no model of the paper's was run."""
    rows = [row for row in table.rows if not row.cells.keys().isdisjoint(paper.MODELS)]
    if not rows:
        return []
    cells = [row.cells[model] for row in rows for model in paper.MODELS if model in row.cells]
    return [
        Section(
            f"The paper's Table I: {words.title(table)}",
            (
                *words.synthetic(result for cell in cells for result in cell.results),
                *words.resampled(cell.interval for cell in cells),
                *words.papers_cells(table),
                *(text for subset in subsets for text in words.test_part(subset)),
            ),
            ("data", "in %", *map(heading, paper.MODELS), "majority"),
            2,
            tuple(line for row in rows for line in lines(table, row)),
            words.collapsed(cells),
        )
    ]


def lines(table: Table, row: Row) -> Iterator[Line]:
    """UA with its interval, WA, and the paper's cells unless this row is no result."""
    kind: Kind = "alarm" if row.leaks else "plain"
    first = f"{row.name}: LEAKS, no result" if row.leaks else row.name
    trivial = {"UA": mean(row.majority("ua")), "WA": mean(row.majority("wa"))}
    for name, write in WRITTEN.items():
        cells = (
            write(row.cells[model]) if model in row.cells else NOTHING for model in paper.MODELS
        )
        start = first if name == "UA" else ""
        yield Line((start, name, *cells, trivial.get(name, NOTHING)), kind, rule=bool(start))
    if table.compared and not row.leaks and row.data in paper.TABLE_I:
        cited = [f"{paper.TABLE_I[row.data][model]:.2f}" for model in paper.MODELS]
        label = "paper" if table.corpus == paper.CORPUS else "paper, IEMOCAP"
        yield Line(("", label, *cited, NOTHING), kind)
