"""`report.csv`, a row for each cell and metric, in %; `runs.csv`, a row a run, fractions of 1."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ser_vae.report import paper
from ser_vae.report.layout import SHOWN
from ser_vae.report.record import METRICS, Run
from ser_vae.report.table import Row, Table

CELL = (
    *("table", "corpus", "protocol", "settings", "data", "variant", "model", "metric"),
    *("mean_percent", "sd_percent", "n", "seeds", "majority_percent", "paper_percent"),
    *("synthetic", "leaks"),
)
RUN = (
    *("folder", "state", "reason", "corpus", "protocol", "data", "model", "seed", "settings"),
    *METRICS,
    *(f"majority_{metric}" for metric in METRICS),
    *("emotions", "test_utterances", "test_speakers", "test_speakers_in_train"),
    *("synthetic", "leaks", "material", "caveats"),
)


def cells_csv(tables: Sequence[Table]) -> str:
    """`settings` and `variant` hold what differs from the defaults; a missing cell has n = 0."""
    return _text(CELL, (cell for at in enumerate(tables, start=1) for cell in _cells(*at)))


def _cells(number: int, table: Table) -> Iterator[dict[str, Any]]:
    for place, found in [*_filled(table), *_gaps(table)]:
        yield {
            "table": number,
            "corpus": table.corpus,
            "protocol": table.protocol,
            "settings": "; ".join(table.deviations),
            **place,
            "paper_percent": _paper(table, place["data"], place["model"]),
            **found,
        }


def _filled(table: Table) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    for row in table.rows:
        for model in row.cells:
            for metric in SHOWN:
                yield _place(row.data, row.apart, model, metric), _found(row, model, metric)


def _gaps(table: Table) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    for (data, variant), lacking in table.missing.items():
        for model in lacking:
            for metric in SHOWN:
                yield _place(data, variant, model, metric), {"n": 0}


def _place(data: str, apart: Sequence[str], model: str, metric: str) -> dict[str, str]:
    return {"data": data, "variant": "; ".join(apart), "model": model, "metric": metric}


def _found(row: Row, model: str, metric: str) -> dict[str, Any]:
    score = row.score(model, metric)
    return {
        "mean_percent": f"{score.mean:.2f}",
        "sd_percent": "" if score.sd is None else f"{score.sd:.2f}",
        "n": score.n,
        "seeds": " ".join(str(run.seed) for run in row.cells[model]),
        "majority_percent": f"{row.majority(metric):.2f}",
        "synthetic": any(result.synthetic for result in row.results),
        "leaks": row.leaks,
    }


def _paper(table: Table, data: str, model: str) -> str:
    cited = paper.TABLE_I.get(data, {}).get(model) if table.compared else None
    return "" if cited is None else f"{cited:.2f}"


def runs_csv(runs: Iterable[Run]) -> str:
    return _text(RUN, map(_run, runs))


def _run(run: Run) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in RUN if hasattr(run, name)}
    row["settings"] = "; ".join(run.deviations.values())
    if run.result:
        row |= {name: getattr(run.result, name) for name in RUN if hasattr(run.result, name)}
        row |= run.result.score
        row |= {f"majority_{metric}": value for metric, value in run.result.majority.items()}
        row |= {"emotions": "; ".join(run.result.emotions)}
        row |= {"caveats": "; ".join(run.result.caveats)}
    return row


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
