"""Build the report's tables: from frames of numbers to frames of text.

A table is made of the lines of one or more places. Renderers know only `Table`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ser_vae.report.contents import CONTENTS
from ser_vae.report.paper import MODELS, heading
from ser_vae.report.runs import HEADLINE, Record
from ser_vae.report.scores import CONTROLS, Results

NOTHING = "–"
MOST_PAIRS = 10  # of one place; of more, those of its best row are shown
LEAKS = "LEAKS, no result"
UNTRAINED = "untrained"  # a control that is meant to have learned nothing
LOUD = "loud"  # key of a line that is no result, or none to rely on
MEASURED = CONTENTS["measured"]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        columns: the header.
        rows: the cells.
        text: how many columns, from the left, hold words; the others hold numbers.
        loud: numbers of the rows that are no result, or none to rely on.
    """

    title: str
    columns: list[str]
    rows: list[tuple[str, ...]]
    text: int
    loud: frozenset[int]


def tables_of(results: Results, study: str) -> list[Table]:
    """Return all tables of a study that have a line."""
    places = [number for number, place in enumerate(results.places) if place.study == study]
    made = (make_table(results, title, places) for title in TABLES)
    return [table for table in made if table.rows]


def make_table(results: Results, title: str, places: Sequence[int]) -> Table:
    """Return one of TABLES, with the lines of the places; each place is named once."""
    lines_of, text = TABLES[title]
    names = {number: results.places[number].name for number in places}
    lines = [{"data": names[n], **line} for n in places for line in lines_of(results, n)]
    loud = frozenset(number for number, line in enumerate(lines) if line.pop(LOUD, False))
    frame = pd.DataFrame(lines, columns=None if lines else ["data"]).fillna(NOTHING)
    frame["data"] = frame["data"].mask(frame["data"] == frame["data"].shift(), "")
    frame = frame.loc[:, (frame != NOTHING).any()]
    return Table(title, [*frame], [*frame.itertuples(index=False, name=None)], text, loud)


def table_one(results: Results, number: int) -> Iterator[Record]:
    """Yield UA, its interval, WA and the paper's accuracy, for every variant of its models."""
    scores = results.scores_of(number).query("kind == 'paper'")
    for variant in sorted({*scores["variant"]}, key=lambda variant: (len(variant), variant)):
        own = scores[scores["variant"].map(lambda other, this=variant: other == this)]
        cells = {score["model"]: score_columns(score) for score in own.to_dict("records")}
        leaks, first = own["leaks"].any(), own.iloc[0]
        name = ", ".join([first["on"], *variant, *([LEAKS] if leaks else [])])
        for row in ("UA", "95 %", "WA", "paper"):
            texts = {heading(m): cells[m][row] if m in cells else NOTHING for m in MODELS}
            best = {"best trivial": as_number(first["best_trivial_ua"])} if row == "UA" else {}
            if {*texts.values()} != {NOTHING}:
                yield {"data": name, "in %": row, **texts, **best, LOUD: leaks}


def models(results: Results, number: int) -> Iterator[Record]:
    """Yield every row with all its scores, and marks on what not to rely on."""
    for score in results.scores_of(number).to_dict("records"):
        columns = {k: text for k, text in score_columns(score).items() if k != "paper"}
        yield {"model": marked_name(score), **columns, LOUD: is_alarm(score)}


def score_columns(score: Record) -> Record:
    shown = {"WA": "wa", "F1": "macro_f1", "NLL": "nll", "ECE": "ece", "paper": "cited"}
    others = {k: as_number(score[key], 2 if k == "NLL" else 1) for k, key in shown.items()}
    sd = f" ± {score['ua_sd']:.1f}" if score["n"] > 1 else ""
    ends = as_number(score["low"]), as_number(score["high"])
    interval = NOTHING if NOTHING in ends else " to ".join(ends)
    return {"UA": as_number(score["ua"]) + sd, "95 %": interval, **others}


def marked_name(score: Record) -> str:
    """Return a row's name with the marks of what a reader must know of its score."""
    if score["kind"] == "trivial":
        return str(score["name"]) if score["row"] else f"{score['name']} (not run)"
    marks = "†" * (not score["beats_trivial"] and not score["leaks"])
    marks += "‡" * bool(score["one_class"]) + "§" * bool(score["collapsed"])
    return f"{score['name']}{f': {LEAKS}' * score['leaks']} {marks}".strip()


def is_alarm(score: Record) -> bool:
    collapsed = score["collapsed"] and score["model"] != UNTRAINED
    return bool(score["leaks"] or collapsed or (score["one_class"] and score["kind"] != "trivial"))


def pairs(results: Results, number: int) -> Iterator[Record]:
    """Yield the pairs of rows that use audio; of many, those of the best row."""
    heard = results.heard(results.places[number].study)
    names = list(heard[heard["place"] == number]["name"])
    tested = [p for p in results.pairs_of(number) if {p["first"], p["second"]} <= {*names}]
    for pair in tested:
        if len(tested) <= MOST_PAIRS or names[0] in (pair["first"], pair["second"]):
            yield {"first": pair["first"], "second": pair["second"], **pair_columns(pair)}


def pair_columns(pair: Record) -> Record:
    return {
        "difference": signed(pair["difference"]),
        "95 %": f"{signed(pair['low'])} to {signed(pair['high'])}",
        "p McNemar": p_text(pair["mcnemar_corrected"]),
        "p bootstrap": p_text(pair["bootstrap_corrected"]),
        "significant": "yes" if pair["significant"] else "no",
    }


def policies(results: Results, number: int) -> Iterator[Record]:
    """Yield every label policy of every CVAE, compared with the honest one."""
    scores = results.scores[results.scores["place"] == number]
    for score in scores[scores["policy"] != HEADLINE].to_dict("records"):
        name, control = score["policy"], score["policy"] in CONTROLS
        tested = results.pairs_of(number, f"label policies of {score['name']}")
        pair = next((pair_columns(pair) for pair in tested if pair["first"] == name), {})
        columns = {"model": score["name"], "policy": name + " (control)" * control}
        columns |= {key: score_columns(score)[key] for key in ("UA", "95 %", "WA", "F1")}
        columns |= {"− null": pair.get("difference", NOTHING)}
        yield columns | {"significant": pair.get("significant", NOTHING), LOUD: control}


def measures(results: Results, number: int, title: str) -> Iterator[Record]:
    """Yield what the runs of every row measured of a table's columns, in the order of scores."""
    columns, of_input = MEASURED[title], MEASURED.get(f"{title}, of the input", {})
    for row in filter(None, results.scores_of(number)["row"]):
        found = measured(row.runs, columns)
        if {*found.values()} != {NOTHING}:
            if of_input:
                yield {"model": "log-mel, no model", **measured(row.runs, of_input)}
            yield {"model": row.name, **found}
            of_input = {}


def measured(runs: Sequence[Record], columns: Mapping[str, tuple[str, int, float]]) -> Record:
    """Return mean ± standard deviation over those runs that have the key, by column."""
    texts = {}
    for column, (key, digits, factor) in columns.items():
        values = [factor * run[key] for run in runs if not pd.isna(run.get(key))]
        sd = f" ± {np.std(values, ddof=1):.{digits}f}" if len({*values}) > 1 else ""
        texts[column] = f"{as_number(np.mean(values), digits)}{sd}" if values else NOTHING
    return texts


def test_sets(results: Results, number: int) -> Iterator[Record]:
    """Yield what every test set holds, and what it shares with the training set."""
    runs = results.places[number].rows[0].runs
    counts = {column: span(runs, key) for column, key in CONTENTS["counted"].items()}
    verdicts = dict.fromkeys(str(run.get("audit.verdict", NOTHING)) for run in runs)
    yield {**counts, "audit": ", ".join(verdicts)}


# title: the lines of a place, and how many columns hold words
TABLES: dict[str, tuple[Callable[[Results, int], Iterator[Record]], int]] = {
    "Table I": (table_one, 2),
    "Models and baselines": (models, 2),
    "Pairs of models": (pairs, 3),
    "Label policies": (policies, 3),
    **{title: (partial(measures, title=title), 2) for title in MEASURED if "," not in title},
    "Test sets": (test_sets, 1),
}


def span(runs: Iterable[Record], key: str) -> str:
    """Return "87" or "87 to 90": the lowest and the highest of the counts that are known."""
    known = sorted(int(run[key]) for run in runs if not pd.isna(run.get(key)))
    return " to ".join(map(str, dict.fromkeys([known[0], known[-1]]))) if known else NOTHING


def as_number(value: float, digits: int = 1) -> str:
    return NOTHING if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def signed(points: float) -> str:
    """Return points with a sign; zero has none."""
    text = f"{points:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def p_text(p: float) -> str:
    """Return a p-value without its leading zero; three digits where they matter."""
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return "<.001" if p < 0.001 else "1" if text == "1.00" else text.removeprefix("0")
