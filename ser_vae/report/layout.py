"""A table as lines of text cells, for whatever draws it."""

from collections.abc import Iterator

from ser_vae.report import paper
from ser_vae.report.table import Row, Score, Table
from ser_vae.report.words import models

SHOWN = ("ua", "wa")
NOTHING = "–"


def header(table: Table) -> list[str]:
    return ["data", "in %", *(models([model]) for model in table.models), "majority"]


def lines(table: Table) -> Iterator[tuple[Row, list[str]]]:
    """(row, cells) of each line: a line a metric, then the paper's cells below their models'."""
    for row in table.rows:
        for metric in SHOWN:
            cells = [cell(row, model, metric) for model in table.models]
            majority = f"{row.majority(metric):.2f}" if row.results else NOTHING
            yield row, [name(row) if metric == SHOWN[0] else "", metric.upper(), *cells, majority]
        if table.compared and not row.leaks and row.data in paper.TABLE_I:
            cited = paper.TABLE_I[row.data]
            cells = [f"{cited[m]:.2f}" if m in cited else NOTHING for m in table.models]
            yield row, ["", paper_label(table), *cells, NOTHING]


def name(row: Row) -> str:
    return f"{row.name}: LEAKS, no result" if row.leaks else row.name


def paper_label(table: Table) -> str:
    return "paper" if table.corpus == paper.CORPUS else "paper, IEMOCAP"


def cell(row: Row, model: str, metric: str) -> str:
    return written(row.score(model, metric)) if model in row.cells else NOTHING


def written(score: Score) -> str:
    sd = "" if score.sd is None else f" ± {score.sd:.2f}"
    return f"{score.mean:.2f}{sd} (n={score.n})"
