"""Build the tables of the report: from frames of numbers to text.

A table consists of the lines of one or more test sets. The renderers know only `Table`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.evaluation.predictions import CONTROLS
from ser_vae.report.contents import CONTENTS, LIMITS, MODELS, heading
from ser_vae.report.runs import MAIN, Record
from ser_vae.report.scores import PERCENT, Results
from ser_vae.settings import did_you_mean

MISSING = "–"
LEAKS = "LEAKS, no result"
ALARM = "alarm"  # key of a line whose score must not be used as a result
MEASURED = CONTENTS["measured"]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        columns: the header.
        rows: the cells.
        text: how many columns, from the left, hold text; the others hold numbers.
        alarms: numbers of the rows whose scores must not be used as results.
    """

    title: str
    columns: list[str]
    rows: list[tuple[str, ...]]
    text: int
    alarms: frozenset[int] = frozenset()


def study_tables(results: Results, study: str) -> list[Table]:
    """Return all tables of a study that have a line."""
    numbers = [n for n, test_set in enumerate(results.test_sets) if test_set.study == study]
    return [table for title in TABLES if (table := make_table(results, title, numbers)).rows]


def make_table(results: Results, title: str, test_sets: Sequence[int]) -> Table:
    """Return one of TABLES with the lines of the test sets; each test set is named once."""
    lines_of, text = TABLES[title]
    names = {number: results.test_sets[number].name for number in test_sets}
    lines = [{"data": names[n], **line} for n in test_sets for line in lines_of(results, n)]
    alarms = frozenset(number for number, line in enumerate(lines) if line.pop(ALARM, False))
    frame = pd.DataFrame(lines, columns=None if lines else ["data"]).fillna(MISSING)
    frame["data"] = frame["data"].mask(frame["data"] == frame["data"].shift(), "")
    frame = frame.loc[:, (frame != MISSING).any()]
    return Table(title, [*frame], [*frame.itertuples(index=False, name=None)], text, alarms)


def pivot_table(results: Results, rows: Sequence[str], columns: Sequence[str]) -> Table:
    """Return the UA of all rows, by the values of any settings.

    A cell has several values if the settings of the table do not distinguish its rows. A setting
    that is given for both makes rows.
    """
    rows = [*dict.fromkeys(rows)]
    columns = [axis for axis in dict.fromkeys(columns) if axis not in rows]
    scores = results.scores[results.scores["row"].notna() & (results.scores["policy"] == MAIN)]
    records, axes = scores.to_dict("records"), [*rows, *columns]
    frame = pd.DataFrame([s["row"].settings | {"corpus": s["corpus"]} for s in records])
    if unknown := [axis for axis in axes if axis not in frame]:
        near = did_you_mean(unknown[0], [*frame])
        raise SerVaeError(f"{unknown[0]}: no run has this setting.\n{near}See a run's config.yaml.")
    frame = frame[axes].astype(object).fillna(MISSING)
    frame = frame.assign(UA=[format_score(score)["UA"] for score in records])
    cells = frame.pivot_table("UA", rows, columns, ", ".join, fill_value=MISSING, sort=False)
    wide = cells.reset_index()
    header = [*rows, *(", ".join(np.atleast_1d(name)) for name in wide.columns[len(rows) :])]
    title = f"UA by {' and '.join(', '.join(axes) for axes in (rows, columns) if axes)}"
    return Table(title, header, [*wide.itertuples(index=False, name=None)], len(rows))


def table_one(results: Results, number: int) -> Iterator[Record]:
    """Yield UA, its interval, WA and the paper's accuracy, for every variant of its models."""
    scores = results.scores_of(number).query("kind == 'paper'")
    for variant in sorted({*scores["variant"]}, key=lambda v: (len(v), [(len(t), t) for t in v])):
        block = scores[[other == variant for other in scores["variant"]]]
        cells = {score["model"]: format_score(score) for score in block.to_dict("records")}
        leaks, first = block["leaks"].any(), block.iloc[0]
        name = ", ".join([first["data"], *variant, *([LEAKS] if leaks else [])])
        for line in ("UA", "95 %", "WA", "paper"):
            texts = {heading(m): cells[m][line] if m in cells else MISSING for m in MODELS}
            best = {"best trivial": format_number(first["best_trivial_ua"])} if line == "UA" else {}
            if {*texts.values()} != {MISSING}:
                yield {"data": name, "in %": line, **texts, **best, ALARM: leaks}


def model_rows(results: Results, number: int) -> Iterator[Record]:
    """Yield every row with all its scores, and marks for scores not to be relied on."""
    for score in results.scores_of(number).to_dict("records"):
        columns = {k: text for k, text in format_score(score).items() if k != "paper"}
        yield {"model": name_with_marks(score), **columns, ALARM: is_alarm(score)}


def corpus_rows(results: Results, number: int) -> Iterator[Record]:
    """Yield the UA of every row on each corpus that a fold left out, and their mean."""
    tested_on = "audit.across.tested_on"
    for row in filter(None, results.scores_of(number)["row"]):
        runs = pd.DataFrame(row.runs, columns=["protocol", "seed", "ua", tested_on])
        runs = runs[runs["protocol"] == "corpus"].dropna()
        if len(runs):
            runs = runs.assign(ua=PERCENT * runs["ua"], corpus=runs[tested_on].str[0])
            ua = runs.pivot(index="seed", columns="corpus", values="ua")
            ua["mean"] = ua.mean(axis=1, skipna=False)
            yield {"model": row.name, **{name: format_mean(ua[name]) for name in ua}}


def format_mean(values: pd.Series) -> str:
    sd = f" ± {values.std():.1f}" if values.count() > 1 else ""
    return format_number(values.mean()) + sd


def format_score(score: Record) -> Record:
    keys = {"WA": "wa", "F1": "macro_f1", "NLL": "nll", "ECE": "ece", "paper": "paper_accuracy"}
    others = {k: format_number(score[key], 2 if k == "NLL" else 1) for k, key in keys.items()}
    sd = "" if pd.isna(score["ua_sd"]) else f" ± {score['ua_sd']:.1f}"
    ends = format_number(score["low"]), format_number(score["high"])
    interval = MISSING if MISSING in ends else " to ".join(ends)
    return {"UA": format_number(score["ua"]) + sd, "95 %": interval, **others}


def name_with_marks(score: Record) -> str:
    """Return the name of a row with the marks that the legend explains."""
    if score["kind"] == "trivial":
        return str(score["name"]) if score["row"] else f"{score['name']} (not run)"
    marks = "†" * (not score["beats_trivial"] and not score["leaks"])
    marks += "‡" * bool(score["one_class"]) + "§" * bool(score["collapsed"])
    return f"{score['name']}{f': {LEAKS}' * score['leaks']} {marks}".strip()


def is_alarm(score: Record) -> bool:
    collapsed = score["collapsed"] and score["model"] != "untrained"  # which never learns
    return bool(score["leaks"] or collapsed or (score["one_class"] and score["kind"] != "trivial"))


def pair_rows(results: Results, number: int) -> Iterator[Record]:
    """Yield the pairs of rows that use audio; if there are many, those of the best row."""
    ranking = results.ranking(results.test_sets[number].study)
    names = list(ranking[ranking["test_set"] == number]["name"])
    pairs = [p for p in results.pairs_of(number) if {p["first"], p["second"]} <= {*names}]
    for pair in pairs:
        if len(pairs) <= LIMITS["pairs"] or names[0] in (pair["first"], pair["second"]):
            yield {"first": pair["first"], "second": pair["second"], **format_pair(pair)}


def format_pair(pair: Record) -> Record:
    return {
        "difference": format_points(pair["difference"]),
        "95 %": f"{format_points(pair['low'])} to {format_points(pair['high'])}",
        "p McNemar": format_p(pair["mcnemar_corrected"]),
        "p bootstrap": format_p(pair["bootstrap_corrected"]),
        "significant": "yes" if pair["significant"] else "no",
    }


def policy_rows(results: Results, number: int) -> Iterator[Record]:
    """Yield every label policy of every CVAE, and its difference from `null`."""
    scores = results.scores[results.scores["test_set"] == number]
    for score in scores[scores["policy"] != MAIN].to_dict("records"):
        name, control = score["policy"], score["policy"] in CONTROLS
        pairs = results.pairs_of(number, f"label policies of {score['name']}")
        pair = next((format_pair(pair) for pair in pairs if pair["first"] == name), {})
        columns = {"model": score["name"], "policy": name + " (control)" * control}
        columns["seeds"] = format_seeds(score["seeds"])
        columns |= {key: format_score(score)[key] for key in ("UA", "95 %", "WA", "F1")}
        columns |= {"UA − null": pair.get("difference"), "significant": pair.get("significant")}
        yield columns | {ALARM: control}


def measurement_rows(results: Results, number: int, title: str) -> Iterator[Record]:
    """Yield what the runs of every row measured for a table, in the order of the scores."""
    columns, of_input = MEASURED[title], MEASURED.get(f"{title}, of the input", {})
    for row in filter(None, results.scores_of(number)["row"]):
        line = format_measurements(row.runs, columns)
        if {*line.values()} != {MISSING}:
            if of_input:
                yield {"model": "log-mel, no model", **format_measurements(row.runs, of_input)}
            yield {"model": row.name, **line}
            of_input = {}


def format_measurements(runs: Sequence[Record], columns: Mapping[str, Any]) -> Record:
    """Return the mean ± standard deviation over the runs that have a key, by column.

    A proportion is followed by its 95 % interval, both ends averaged over the runs. Instead of the
    number of digits, "seeds" asks for the seeds of these runs.
    """
    texts = {}
    for column, (key, digits, factor) in columns.items():
        if digits == "seeds":
            texts[column] = format_seeds(run["seed"] for run in runs if not pd.isna(run.get(key)))
            continue
        ends = [key.removesuffix("share") + end for end in ("low", "high")]
        values = factor * pd.DataFrame(runs, columns=[key, *ends]).astype(float)
        text, *ends = (format_number(mean, digits) for mean in values.mean())
        sd = f" ± {values[key].std():.{digits}f}" if values[key].nunique() > 1 else ""
        texts[column] = f"{text}{sd}" + ("" if MISSING in ends else f" ({' to '.join(ends)})")
    return texts


def test_set_rows(results: Results, number: int) -> Iterator[Record]:
    """Yield the size of a test set, and what it has in common with the training set."""
    runs = results.test_sets[number].rows[0].runs
    counts = {column: format_range(runs, key) for column, key in CONTENTS["counted"].items()}
    verdicts = dict.fromkeys(str(run.get("audit.verdict", MISSING)) for run in runs)
    yield {**counts, "audit": ", ".join(verdicts)}


# title: the lines of a test set, and how many columns hold text
TABLES: dict[str, tuple[Callable[[Results, int], Iterator[Record]], int]] = {
    "Table I": (table_one, 2),
    "Models and baselines": (model_rows, 2),
    "Across corpora": (corpus_rows, 2),
    "Pairs of models": (pair_rows, 3),
    "Label policies": (policy_rows, 4),
    **{name: (partial(measurement_rows, title=name), 2) for name in MEASURED if "," not in name},
    "Test sets": (test_set_rows, 1),
}


def format_range(runs: Iterable[Record], key: str) -> str:
    """Return "87" or "87 to 90": the lowest and the highest count of the runs that have one."""
    counts = sorted(int(run[key]) for run in runs if not pd.isna(run.get(key)))
    return " to ".join(map(str, dict.fromkeys([counts[0], counts[-1]]))) if counts else MISSING


def format_seeds(seeds: Iterable[int]) -> str:
    return ", ".join(map(str, sorted({*seeds}))) or MISSING


def format_number(value: float, digits: int = 1) -> str:
    return MISSING if pd.isna(value) else f"{value:,.{digits}f}".replace("-", "−")


def format_points(points: float) -> str:
    """Return points with a sign; zero has none."""
    text = f"{points:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def format_p(p: float) -> str:
    """Return a p-value without its leading zero, with three digits if it is below .1."""
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return "<.001" if p < 0.001 else "1" if text == "1.00" else text.removeprefix("0")
