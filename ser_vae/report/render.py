r"""Render the report: on a terminal, as CSV, and by templates as Markdown, LaTeX and a page."""

from functools import partial
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.report import notes
from ser_vae.report.contents import CONTENTS, render
from ser_vae.report.runs import METRICS
from ser_vae.report.scores import Results
from ser_vae.report.tables import Table, tables_of

PRINTED = ("Models and baselines", "Table I")  # tables on the terminal, in this order
Document = dict[str, Any]


def describe(results: Results) -> Document:
    """Return what templates know: synthetic, chapters (title, answer, tables), legend, remarks."""
    chapters = [
        {"title": s, "answer": notes.answer(results, s), "tables": tables_of(results, s)}
        for s in notes.studies_of(results)
    ]
    cited = [CONTENTS["paper"]] if any(place.layout for place in results.places) else []
    said = {"legend": CONTENTS["legend"] + cited, "remarks": notes.remarks(results)}
    spoken = any(place.run["synthetic"] for place in results.places)
    said |= {"synthetic": f"{SYNTHETIC.capitalize()}." * spoken, "captions": CONTENTS["captions"]}
    return {"chapters": chapters, **said}


def render_file(name: str, document: Document) -> str:
    """Return the contents of report.md, report.tex or report.html."""
    return render(name, document, **{form: partial(escape, form) for form in CONTENTS["escapes"]})


def escape(form: str, text: object) -> str:
    return str(text).translate({ord(s): code for s, code in CONTENTS["escapes"][form].items()})


def csv_files(results: Results) -> dict[str, str]:
    """Return file name -> its contents: one row per score, per tested pair, per run."""
    by_metric = []
    for metric in METRICS:  # the interval is of UA; the paper's accuracy may be either
        own = results.scores.assign(metric=metric, unit="nats" if metric == "nll" else "percent")
        own = own.assign(mean=own[metric], sd=own[f"{metric}_sd"])
        empty = ["low", "high", "interval_over"] if metric != "ua" else []
        empty += ["cited"] if metric not in ("ua", "wa") else []
        by_metric.append(own.assign(**dict.fromkeys(empty)))
    frames = {"report.csv": pd.concat(by_metric).sort_index(kind="stable")}
    frames |= {"comparisons.csv": pd.DataFrame(results.pairs), "runs.csv": results.frames.runs}
    shared = " ".join(notes.shared_settings(results))
    return {name: as_csv(name, frame.assign(settings=shared)) for name, frame in frames.items()}


def as_csv(name: str, frame: pd.DataFrame) -> str:
    """Return the columns that a file has, a list as one cell; one that is missing is empty."""
    keys = {column: key or column for column, key in CONTENTS["columns"][name].items()}
    cells = pd.DataFrame({column: frame.get(key) for column, key in keys.items()})
    joined = cells.map(lambda c: " ".join(map(str, c)) if isinstance(c, list | tuple) else c)
    digits = "%.4f" if name == "report.csv" else None
    return str(joined.to_csv(index=False, lineterminator="\n", float_format=digits))


def show(document: Document, console: Console) -> None:
    """Print remarks, scores and answers, the most important study last: above the prompt."""
    for remark in document["remarks"]:
        console.print(remark, style="dim")
    for chapter in reversed(document["chapters"]):
        console.rule(chapter["title"])
        tables = {table.title: table for table in chapter["tables"]}
        for table in (tables[title] for title in PRINTED if title in tables):
            console.print(terminal_table(table))
        console.print(" ".join(chapter["answer"]), style="bold")
    console.print(document["synthetic"], style="bold red")


def terminal_table(table: Table) -> RichTable:
    """Return a table for a terminal, alarms in red."""
    made = RichTable(box=box.SIMPLE_HEAD, title=table.title, title_justify="left")
    made.padding = (0, 1, 0, 0)
    for number, column in enumerate(table.columns):
        words = number < table.text
        made.add_column(column, justify="left" if words else "right", no_wrap=not words)
        made.columns[-1].overflow = "fold"
    for number, row in enumerate(table.rows):
        made.add_row(*row, style="red" if number in table.loud else None)
    return made
