"""The report for programs: `report.csv`, `comparisons.csv` and `runs.csv`.

They are opened in spreadsheets too: no word of a run or a corpus begins a formula in them.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ser_vae.evaluation.compare import Comparison
from ser_vae.report import paper
from ser_vae.report.cell import PERCENT, Cell, Interval, Score
from ser_vae.report.record import CALIBRATION, METRICS, Run
from ser_vae.report.subset import Subset, kind
from ser_vae.report.table import Table
from ser_vae.report.told import Told, against_honest, policies_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what one begins with
SCORED = (*METRICS, *CALIBRATION)
CELL = (
    *("corpus", "protocol", "settings", "data", "variant", "model", "kind", "policy", "metric"),
    *("unit", "mean", "sd", "n", "seeds", "low", "high", "interval_over"),
    *("best_trivial", "best_trivial_ua", "beats_trivial", "paper", "synthetic", "leaks"),
)
COMPARISON = (
    *("corpus", "protocol", "settings", "data", "of", "first", "second"),
    *("difference_points", "low_points", "high_points", "interval_over", "seeds"),
    *("mcnemar_p", "bootstrap_p", "mcnemar_corrected", "bootstrap_corrected"),
    *("corrected_for", "distinguishable", "control", "synthetic"),
)
RUN = (
    *(
        "folder",
        "state",
        "reason",
        "corpus",
        "protocol",
        "data",
        "model",
        "seed",
        "fold",
        "settings",
    ),
    *SCORED,
    *(f"majority_{metric}" for metric in SCORED),
    *("speaker_lookup_ua", "audit", "collapsed"),
    *("emotions", "test_utterances", "test_speakers", "test_speakers_in_train"),
    *("synthetic", "leaks", "material", "caveats"),
)

Row = dict[str, Any]


def cells_csv(subsets: Sequence[Subset], tables: Iterable[Table]) -> str:
    """A row for each score of a model, of its label policies too; a gap has n = 0."""
    rows = [row for subset in subsets for cell in subset.cells for row in _cell(subset, cell)]
    return _text(CELL, [*rows, *(gap for table in tables for gap in _gaps(table))])


def _cell(subset: Subset, cell: Cell) -> Iterator[Row]:
    best = subset.trivials[0]
    place = _place(subset.table) | {
        "data": subset.name,
        "variant": "; ".join(cell.variant),
        "model": cell.model,
        "kind": kind(cell.model),
        "synthetic": subset.synthetic,
    }
    whole = {
        "seeds": " ".join(str(run.seed) for run in cell.runs),
        "best_trivial": best.name,
        "best_trivial_ua": f"{best.ua.mean:.2f}",
        "beats_trivial": "" if cell.leaks else subset.beats_trivial(cell),
        "leaks": cell.leaks,
    }
    for metric in SCORED:
        cited = paper.TABLE_I.get(cell.data, {}).get(cell.model) if subset.table.compared else None
        told = {"paper": f"{cited:.2f}" if cited is not None and metric in ("ua", "wa") else ""}
        yield place | whole | told | _figures(metric, cell.scores.get(metric), cell.interval)
    for policy in policies_of(cell):
        yield from (place | row for row in _policy(policy))


def _policy(told: Told) -> Iterator[Row]:
    whole = {
        "policy": told.policy,
        "seeds": " ".join(map(str, told.folds)),
        "leaks": told.leaks,
    }
    for metric in SCORED:
        yield whole | _figures(metric, told.scores.get(metric), told.interval)


def _figures(metric: str, found: Score | None, interval: Interval | None) -> Row:
    row = {"metric": metric, "unit": "nats" if metric == "nll" else "percent", "n": 0}
    if found:
        sd = "" if found.sd is None else f"{found.sd:.4f}"
        row |= {"mean": f"{found.mean:.4f}", "sd": sd, "n": found.n}
    if interval and metric == "ua":
        row |= {"low": f"{interval.low:.4f}", "high": f"{interval.high:.4f}"}
        row |= {"interval_over": interval.groups}
    return row


def _gaps(table: Table) -> Iterator[Row]:
    for (data, variant), lacking in table.missing.items():
        for model in lacking:
            yield _place(table) | {
                "data": data,
                "variant": "; ".join(variant),
                "model": model,
                "kind": kind(model),
                "metric": "ua",
                "n": 0,
            }


def _place(table: Table) -> Row:
    return {
        "corpus": table.corpus,
        "protocol": table.protocol,
        "settings": "; ".join(table.deviations),
    }


def comparisons_csv(subsets: Iterable[Subset]) -> str:
    """A row for each pair of models, and for each label policy against the honest one."""
    return _text(COMPARISON, (row for subset in subsets for row in _compared(subset)))


def _compared(subset: Subset) -> Iterator[Row]:
    for own in subset.tested:
        yield _comparison(subset, "models", own, len(subset.tested)) | {"control": False}
    for cell in subset.cells:
        told = policies_of(cell)
        found, controls = against_honest(told), [own.policy for own in told if own.control]
        for policy, own in found.items():
            row = _comparison(subset, f"label policies of {cell.name}", own, len(found))
            yield row | {"control": policy in controls}


def _comparison(subset: Subset, of: str, c: Comparison, pairs: int) -> Row:
    return (
        asdict(c)
        | _place(subset.table)
        | {
            "data": subset.name,
            "of": of,
            "difference_points": f"{PERCENT * c.difference:.4f}",
            "low_points": f"{PERCENT * c.low:.4f}",
            "high_points": f"{PERCENT * c.high:.4f}",
            "interval_over": c.groups,
            "seeds": " ".join(map(str, c.seeds)),
            "corrected_for": pairs,
            "distinguishable": c.distinguishable,
            "synthetic": subset.synthetic,
        }
    )


def runs_csv(runs: Iterable[Run]) -> str:
    """A row a run folder, fractions of 1."""
    return _text(RUN, map(_run, runs))


def _run(run: Run) -> Row:
    row = {name: getattr(run, name) for name in RUN if hasattr(run, name)}
    row["settings"] = "; ".join(run.deviations.values())
    if run.result:
        (found,) = run.result.findings
        row |= {name: getattr(run.result, name) for name in RUN if hasattr(run.result, name)}
        row |= run.result.score
        row |= {f"majority_{metric}": value for metric, value in run.result.majority.items()}
        row |= {"emotions": "; ".join(run.result.emotions)}
        row |= {"caveats": "; ".join(run.result.caveats)}
        if found.audit:
            row |= {"audit": found.audit.verdict, "speaker_lookup_ua": found.audit.lookup["ua"]}
        if found.health:
            row |= {"collapsed": found.health.collapsed}
    return row


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """What a spreadsheet would take for a formula, behind an apostrophe: runs and what is in them
    are called by whoever made them. A number stays a number.
    """
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
