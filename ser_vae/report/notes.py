"""Find what the report says of the runs: the answer, and what is wrong or missing.

The sentences are in templates/answer.jinja and templates/remarks.jinja, one per line.
"""

from collections import Counter

from ser_vae.report.contents import render
from ser_vae.report.paper import CORPUS
from ser_vae.report.scores import Results
from ser_vae.report.tables import as_number

SHOWN = ("model", "data", "seed", "fold", "split", "corpus", "logger", "threads")  # no remark


def studies_of(results: Results) -> list[str]:
    """Return the studies: the paper's corpus first, then those with most rows."""
    rows = Counter(place.study for place in results.places for _ in place.rows)
    return sorted(rows, key=lambda study: (not study.startswith(f"{CORPUS},"), -rows[study]))


def answer(results: Results, study: str) -> list[str]:
    """Return what a study shows, in a sentence; then what else decides how to read it."""
    rows = results.heard(study)
    rows = rows.assign(where=rows["name"] + " on " + rows["on"].astype(str))
    of_paper = rows[rows["kind"] == "paper"]
    asked = of_paper if of_paper["name"].nunique() > 1 else rows
    known = {*zip(asked["place"], asked["name"], strict=True)}
    tested = [
        pair
        for number in dict.fromkeys(rows["place"])
        for pair in results.pairs_of(number)
        if {(number, pair["first"]), (number, pair["second"])} <= known
    ]
    tested.sort(key=lambda pair: -pair["difference"])
    facts = {"rows": rows.to_dict("records"), "tested": tested}
    facts |= {"asked": sorted({*asked["name"]}, key=len)}
    return render("answer", facts, number=as_number).splitlines()


def remarks(results: Results) -> list[str]:
    """Return what a reader would otherwise take for complete or comparable, each once."""
    runs = results.frames.runs
    caveats = runs.explode("caveats").groupby("caveats", sort=False)["model"].unique()
    facts = {"settings": shared_settings(results), "caveats": caveats.to_dict()}
    facts |= {"repeated": results.repeated, "damaged": results.frames.damaged}
    facts |= {"places": results.places, "runs": runs.to_dict("records")}
    return render("remarks", facts).splitlines()


def shared_settings(results: Results) -> list[str]:
    """Return the overrides that the commands of all finished runs have in common."""
    runs = results.frames.runs[results.frames.runs["state"] == "finished"]
    shared = set.intersection(*map(set, runs["overrides"])) if len(runs) else set()
    return sorted(override for override in shared if override.partition("=")[0] not in SHOWN)
