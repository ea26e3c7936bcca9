"""Collect the sentences and tables of the report, and render them on a terminal and as CSV.

The sentences are in templates/answer.jinja and templates/remarks.jinja, one per line. Templates
also make the Markdown, LaTeX and HTML.
"""

from collections import Counter

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.report.contents import CONTENTS, CORPUS, render_template
from ser_vae.report.runs import METRICS, Record
from ser_vae.report.scores import Results
from ser_vae.report.tables import TABLES, Table, format_number, study_tables
from ser_vae.terminal import merge_numbers

# These are too long for a terminal.
NOT_PRINTED = {*TABLES} - {"Models and baselines", "Across corpora", "Table I"}
NO_REMARK = ("model", "data", "seed", "fold", "split", "corpus", "logger", "threads")  # overrides


def order_studies(results: Results) -> list[str]:
    """Return the studies: on the corpus of the paper first, then those with most rows."""
    rows = Counter(test_set.study for test_set in results.test_sets for _ in test_set.rows)
    return sorted(rows, key=lambda study: (not study.startswith(f"{CORPUS},"), -rows[study]))


def answer_sentences(results: Results, study: str) -> list[str]:
    """Return what a study shows, in one sentence, followed by what its reader should know.

    The models of the paper are compared if there are two of them; otherwise all that use audio.
    """
    rows = results.ranking(study)
    rows = rows.assign(where=rows["name"] + " on " + rows["data"].astype(str))
    of_paper = rows[rows["kind"] == "paper"]
    compared = of_paper if of_paper["name"].nunique() > 1 else rows
    names = sorted({*compared["name"]}, key=lambda name: (len(name), name))
    pairs = [pair for n in dict.fromkeys(rows["test_set"]) for pair in results.pairs_of(n)]
    pairs = [pair for pair in pairs if {pair["first"], pair["second"]} <= {*names}]
    pairs.sort(key=lambda pair: -pair["difference"])
    values = {"rows": rows.to_dict("records"), "pairs": pairs, "number": format_number}
    return render_template("answer", values | {"compared": names}).splitlines()


def find_remarks(results: Results) -> list[str]:
    """Return what limits the runs: shared settings, caveats, and what is missing; each once."""
    runs = results.frames.runs
    caveats = runs.explode("caveats").dropna(subset="caveats")
    merged = caveats["caveats"].map(merge_numbers(caveats["caveats"]))
    caveats = caveats.groupby(merged, sort=False)["model"].unique()
    values = {"settings": shared_settings(results), "caveats": caveats.to_dict()}
    values |= {"repeated": results.repeated, "damaged": results.frames.damaged}
    values |= {"test_sets": results.test_sets, "runs": runs.to_dict("records")}
    return render_template("remarks", values).splitlines()


def shared_settings(results: Results) -> list[str]:
    """Return the overrides that the commands of all finished runs have in common."""
    runs = results.frames.runs[results.frames.runs["state"] == "finished"]
    shared = set.intersection(*map(set, runs["overrides"])) if len(runs) else set()
    # members of a joined corpus are listed with their folders
    excluded = ("corpus.members", "corpus@corpus.members", *(f"{key}=" for key in NO_REMARK))
    return sorted(override for override in shared if not override.startswith(excluded))


def build_document(results: Results) -> Record:
    """Return the values of a template: synthetic, chapters, captions, legend, remarks.

    A chapter has a title, the sentences of the answer, and tables.
    """
    chapters = [
        {"title": study, "answer": answer_sentences(results, study)}
        | {"tables": study_tables(results, study)}
        for study in order_studies(results)
    ]
    has_paper_layout = any(test_set.paper_layout for test_set in results.test_sets)
    legend = CONTENTS["legend"] + [CONTENTS["paper"]] * has_paper_layout
    warning = f"{SYNTHETIC.capitalize()}." * any(t.run["synthetic"] for t in results.test_sets)
    document = {"chapters": chapters, "legend": legend, "remarks": find_remarks(results)}
    return document | {"synthetic": warning, "captions": CONTENTS["captions"]}


def build_csv_files(results: Results) -> dict[str, str]:
    """Return file name -> contents: one row per score, per tested pair, and per run."""
    frames = []
    for metric in METRICS:  # the interval is of UA; the paper's accuracy may be UA or WA
        unit = "nats" if metric == "nll" else "percent"
        frame = results.scores.assign(metric=metric, unit=unit, mean=results.scores[metric])
        empty = ["low", "high", "interval_over"] if metric != "ua" else []
        empty += ["paper_accuracy"] if metric not in ("ua", "wa") else []
        frames.append(frame.assign(sd=frame[f"{metric}_sd"], **dict.fromkeys(empty)))
    tables = {"report.csv": pd.concat(frames).sort_index(kind="stable")}
    tables |= {"comparisons.csv": pd.DataFrame(results.pairs), "runs.csv": results.frames.runs}
    shared = " ".join(shared_settings(results))
    return {name: to_csv(name, frame.assign(settings=shared)) for name, frame in tables.items()}


def to_csv(name: str, frame: pd.DataFrame) -> str:
    """Return the columns of a file; a list is joined in one cell, a missing column is empty."""
    keys = {column: key or column for column, key in CONTENTS["columns"][name].items()}
    cells = pd.DataFrame({column: frame.get(key) for column, key in keys.items()})
    joined = cells.map(lambda c: " ".join(map(str, c)) if isinstance(c, list | tuple) else c)
    digits = "%.4f" if name == "report.csv" else None
    return str(joined.to_csv(index=False, lineterminator="\n", float_format=digits))


def print_document(document: Record, console: Console) -> None:
    """Print remarks, scores and answers; the most important study last, just above the prompt."""
    for remark in document["remarks"]:
        console.print(remark, style="dim")
    for chapter in reversed(document["chapters"]):
        console.rule(chapter["title"])
        tables = [table for table in chapter["tables"] if table.title not in NOT_PRINTED]
        for table in sorted(tables, key=lambda table: table.title == "Table I"):
            console.print(to_rich_table(table))
        console.print(" ".join(chapter["answer"]), style="bold")
    console.print(document["synthetic"], style="bold red")


def to_rich_table(table: Table) -> RichTable:
    """Return a table for a terminal, with alarms in red."""
    rich_table = RichTable(box=box.SIMPLE_HEAD, title=table.title, title_justify="left")
    rich_table.padding = (0, 1, 0, 0)
    for number, column in enumerate(table.columns):
        is_text = number < table.text
        rich_table.add_column(column, justify="left" if is_text else "right", no_wrap=not is_text)
        rich_table.columns[-1].overflow = "fold"
    for number, row in enumerate(table.rows):
        rich_table.add_row(*row, style="red" if number in table.alarms else None)
    return rich_table
