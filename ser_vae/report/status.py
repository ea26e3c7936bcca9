"""List which runs are finished, failed or unfinished, and which expected runs are missing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from ser_vae.terminal import stdout

COLOURS = {"finished": "green", "failed": "red", "unfinished": "yellow", "missing": "yellow"}
GROUPS = ("split", "model", "data", "corpus")  # identify a run, together with seed and fold


def print_status(runs: pd.DataFrame, expected: Iterable[Mapping[str, str]]) -> None:
    """Print how many runs are in each state, and the names of those that are not finished."""
    rows = list(runs[["state", "folder", "reason"]].itertuples(index=False, name=None))
    folds: dict[tuple[str, ...], set[str]] = defaultdict(set)
    count: dict[str, int] = {}  # folds of a protocol
    for run in runs[runs["state"] == "finished"].to_dict("records"):
        fold = "null" if pd.isna(run["fold"]) else str(int(run["fold"]))
        folds[(*(run["settings"].get(key, "") for key in GROUPS), str(run["seed"]))].add(fold)
        count[run["protocol"]] = int(run["folds"])
    for job in expected:
        key = tuple(job[name] for name in (*GROUPS, "seed"))
        complete = job["fold"] == "all" and len(folds[key]) == count.get(job["split"])
        if not complete and job["fold"] not in folds[key]:
            rows.append(("missing", " ".join(f"{k}={job[k]}" for k in (*GROUPS, "seed")), ""))
    console = stdout()
    for state, name, reason in rows:
        if state != "finished":
            console.print(f"{state}: {name} {reason}", style=COLOURS[state], soft_wrap=True)
    counts = Counter(state for state, *_ in rows)
    console.print(", ".join(f"{counts[state]} {state}" for state in COLOURS if counts[state]))
