"""Collect the sentences of the report: the answer, and what is wrong with the runs, or missing.

The sentences are in templates/answer.jinja and templates/remarks.jinja, one per line.
"""

from collections import Counter

from ser_vae.report.contents import render_template
from ser_vae.report.paper import CORPUS
from ser_vae.report.scores import Results
from ser_vae.report.tables import format_number

NO_REMARK = ("model", "data", "seed", "fold", "split", "corpus", "logger", "threads")  # overrides


def order_studies(results: Results) -> list[str]:
    """Return the studies: on the corpus of the paper first, then those with most rows."""
    rows = Counter(test_set.study for test_set in results.test_sets for _ in test_set.rows)
    return sorted(rows, key=lambda study: (not study.startswith(f"{CORPUS},"), -rows[study]))


def answer_sentences(results: Results, study: str) -> list[str]:
    """Return what a study shows, in one sentence; then what else matters to its reading.

    The models of the paper are compared if there are two of them; otherwise all that use audio.
    """
    rows = results.ranking(study)
    rows = rows.assign(where=rows["name"] + " on " + rows["data"].astype(str))
    of_paper = rows[rows["kind"] == "paper"]
    compared = of_paper if of_paper["name"].nunique() > 1 else rows
    keys = {*zip(compared["test_set"], compared["name"], strict=True)}
    every = [(n, pair) for n in dict.fromkeys(rows["test_set"]) for pair in results.pairs_of(n)]
    pairs = [pair for n, pair in every if {(n, pair["first"]), (n, pair["second"])} <= keys]
    pairs.sort(key=lambda pair: -pair["difference"])
    names = sorted({*compared["name"]}, key=len)
    values = {"rows": rows.to_dict("records"), "pairs": pairs, "number": format_number}
    return render_template("answer", values | {"compared": names}).splitlines()


def find_remarks(results: Results) -> list[str]:
    """Return what limits the runs: shared settings, caveats, and what is missing; each once."""
    runs = results.frames.runs
    caveats = runs.explode("caveats").groupby("caveats", sort=False)["model"].unique()
    values = {"settings": shared_settings(results), "caveats": caveats.to_dict()}
    values |= {"repeated": results.repeated, "damaged": results.frames.damaged}
    values |= {"test_sets": results.test_sets, "runs": runs.to_dict("records")}
    return render_template("remarks", values).splitlines()


def shared_settings(results: Results) -> list[str]:
    """Return the overrides that the commands of all finished runs have in common."""
    runs = results.frames.runs[results.frames.runs["state"] == "finished"]
    shared = set.intersection(*map(set, runs["overrides"])) if len(runs) else set()
    return sorted(override for override in shared if override.partition("=")[0] not in NO_REMARK)
