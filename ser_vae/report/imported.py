"""Add the predictions of other systems to the runs: `--import FILE --name NAME`.

`ser_vae.evaluation.external` describes FILE. Nothing is known about the training of these systems.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ser_vae import SerVaeError
from ser_vae.evaluation.external import has_probabilities, raise_if_any, read_rows, select_tested
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import from_frame
from ser_vae.report.runs import MAIN, METRICS, Record, RunFrames

OF_TEST_SET = re.compile(  # keys of a run that do not depend on its model
    "(corpus|protocol|data|seed|folds?|synthetic|emotions|test_speakers)$"
    r"|counts\.test|majority\.|audit\.speaker_lookup_counts|audit\.across"
)


def import_predictions(frames: RunFrames, path: Path, name: str) -> RunFrames:
    """Add a run with the state "imported" and the model "NAME (imported)" for each test set.

    A test set is what a run was tested on; the file may cover several, such as those of all folds.

    Raises:
        SerVaeError: the file cannot be read, has a seed or an utterance that no run has, covers
            no test set, or contradicts the runs in an emotion, a truth or a speaker.
    """
    rows, main = read_rows(path), frames.predictions[frames.predictions["policy"] == MAIN]
    runs = frames.runs[frames.runs["state"] == "finished"]
    raise_if_any(path, "no run has the seed", {*rows["seed"]} - {"", *runs["seed"].astype(str)})
    raise_if_any(path, "no run was tested on", {*rows["utterance"]} - {*main["utterance"]})
    by_run = dict(iter(main.groupby("run", sort=False)))
    runs = runs.assign(tested=[frozenset(by_run[run]["utterance"]) for run in runs["folder"]])
    same = ["corpus", "protocol", "seed", "fold", "tested"]
    tables, problems, unused = list[pd.DataFrame](), [], {*rows.index}
    records: list[Record] = []
    for run in runs.drop_duplicates(same).to_dict("records"):
        of_run = rows[rows["seed"].isin(["", str(run["seed"])])]
        of_run = of_run[of_run["utterance"].isin(run["tested"])]
        try:
            tested = by_run[run["folder"]]
            table = select_tested(of_run, tested, run["emotions"], run["folder"], path)
        except SerVaeError as error:
            problems.append((len(run["tested"]) - len(of_run), str(error)))
            continue
        unused -= {*of_run.index}
        folder = f"{name} (imported), {len(tables)}"
        tables.append(table.assign(run=folder, policy=MAIN))
        record = {"folder": folder, "model": f"{name} (imported)", "reason": path.name}
        records.append(record | describe_run(run, table, rows))
    if unused or not records:
        raise SerVaeError(min(problems)[1] if problems else f"{path}: no run is finished.")
    runs = pd.concat([frames.runs, pd.DataFrame(records)], ignore_index=True)
    return replace(frames, runs=runs, predictions=pd.concat([frames.predictions, *tables]))


def describe_run(run: Record, table: pd.DataFrame, rows: pd.DataFrame) -> Record:
    """Return the record of an imported run; without probabilities it has no NLL and no ECE."""
    values = evaluate(from_frame(table, run["emotions"]), "")
    known = METRICS if has_probabilities(rows) else METRICS[:3]
    record = {key: value for key, value in run.items() if OF_TEST_SET.match(key)}
    record |= {"state": "imported", "settings": {}, "files": frozenset(), "policies": []}
    record |= {"overrides": [], "caveats": [], "leaks": False, "written": 0.0}
    record["every_seed"] = not rows["seed"].any()
    return record | {metric: values[f"/test/{metric}"] for metric in known}
