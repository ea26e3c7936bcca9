"""Add the predictions of other systems to the runs: `--import FILE --name NAME`.

FILE is a CSV with a row per utterance:

    utterance       as in predictions.csv
    guess           the predicted emotion
    p_EMOTION       optional: a probability per emotion, for NLL and ECE
    seed            optional: the seed of the runs to compare with; without it, those of every seed
    truth, speaker  optional: checked

The rest is taken from `predictions.csv` of a run that was tested on the same utterances. Nothing is
known about the training of these systems.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import COLUMNS, PROBABILITY
from ser_vae.report.runs import MAIN, METRICS, Record, RunFrames

OF_TEST_SET = re.compile(  # keys of a run that do not depend on its model
    "(corpus|protocol|data|seed|folds?|synthetic|emotions|test_speakers)$"
    r"|counts\.test|majority\.|audit\.speaker_lookup_counts|audit\.across"
)
EXAMPLES = 5  # names in a message
TOLERANCE = 0.01  # of the sum of an utterance's probabilities


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
    runs["classes"] = runs["emotions"].map(tuple)
    same = ["corpus", "protocol", "seed", "fold", "tested", "classes"]
    tables, problems, unused = list[pd.DataFrame](), [], {*rows.index}
    records: list[Record] = []
    for run in runs.drop_duplicates(same).to_dict("records"):
        of_run = rows[rows["seed"].isin(["", str(run["seed"])])]
        of_run = of_run[of_run["utterance"].isin(run["tested"])]
        try:
            table = select_tested(of_run, by_run[run["folder"]], run, path)
        except SerVaeError as error:
            problems.append((len(run["tested"]) - len(of_run), str(error)))
            continue
        unused -= {*of_run.index}
        folder = f"{name} (imported), {len(tables)}"
        tables.append(table.assign(run=folder, policy=MAIN))
        record = {"folder": folder, "model": f"{name} (imported)", "reason": path.name}
        records.append(record | describe_run(run, table, rows))
    if problems and (unused or not records):
        raise SerVaeError(min(problems)[1])
    raise_if_any(path, "no run of this seed was tested on", rows.loc[[*unused], "utterance"])
    runs = pd.concat([frames.runs, pd.DataFrame(records)], ignore_index=True)
    return replace(frames, runs=runs, predictions=pd.concat([frames.predictions, *tables]))


def read_rows(path: Path) -> pd.DataFrame:
    """Read the file; an empty seed stands for all.

    Raises:
        SerVaeError: it cannot be read, or a column is missing.
    """
    try:
        rows = pd.read_csv(path, dtype=object, keep_default_na=False)  # a speaker may be NA
        rows = rows.astype({column: float for column in rows if column.startswith(PROBABILITY)})
    except (OSError, ValueError) as error:
        raise SerVaeError(f"{path}: cannot be read: {error}.") from error
    raise_if_any(path, "columns are missing", {"utterance", "guess"} - {*rows})
    return rows if "seed" in rows else rows.assign(seed="")


def select_tested(
    rows: pd.DataFrame, tested: pd.DataFrame, run: Record, path: Path
) -> pd.DataFrame:
    """Return the predictions of a test set in the form of `predictions.csv`.

    Without probabilities, that of the guess is 1.

    Args:
        rows: of the file, about tested utterances.
        tested: predictions.csv of a run.
        run: its record.
        path: the file, for messages.

    Raises:
        SerVaeError: the rows do not fit; the message names the utterances, emotions or columns.
    """
    name, emotions = run["folder"], np.array(run["emotions"])
    columns = [PROBABILITY + emotion for emotion in emotions]
    table = tested[["utterance", "speaker", "dialogue", "truth"]]
    table = table.merge(rows, on="utterance", suffixes=("", "_given"))
    if not has_probabilities(rows):
        table[columns] = table[["guess"] * len(emotions)].to_numpy() == emotions
    p, utterance = table.reindex(columns=columns).to_numpy(dtype=float), table["utterance"]
    differs = {c: table.get(f"{c}_given", table[c]) != table[c] for c in ("truth", "speaker")}
    valid = (p.min(axis=1) >= 0) & (abs(p.sum(axis=1) - 1) < TOLERANCE)
    other = emotions[p.argmax(axis=1)] != table["guess"]
    problems: dict[str, Iterable[str]] = {
        f"utterances tested in {name} are missing": {*tested["utterance"]} - {*utterance},
        "utterances have more than one row": utterance[utterance.duplicated()],
        f"not an emotion of {name}": {*table["guess"]} - {*emotions},
        f"the truth differs from {name}": utterance[differs["truth"]],
        f"the speaker differs from {name}": utterance[differs["speaker"]],
        "columns are missing or unknown": {*columns} ^ {*table.filter(regex=f"^{PROBABILITY}")},
        "probabilities are negative or do not add up to 1": utterance[~valid],
        "the guess is not the most probable emotion": utterance[other],
    }
    for problem, names in problems.items():
        raise_if_any(path, problem, names)
    return table[[*COLUMNS, *columns]].astype(dict.fromkeys(columns, float))


def has_probabilities(rows: pd.DataFrame) -> bool:
    return any(column.startswith(PROBABILITY) for column in rows)


def raise_if_any(path: Path, problem: str, names: Iterable[str]) -> None:
    """Raise an error that names the first of `names`, if there are any."""
    unique = sorted({*names})
    more = f" and {len(unique) - EXAMPLES} more" if len(unique) > EXAMPLES else ""
    if unique:
        raise SerVaeError(f"{path}: {problem}: {', '.join(unique[:EXAMPLES])}{more}.")


def describe_run(run: Record, table: pd.DataFrame, rows: pd.DataFrame) -> Record:
    """Return the record of an imported run; without probabilities it has no NLL and no ECE."""
    values = evaluate(table, "")
    known = METRICS if has_probabilities(rows) else METRICS[:3]
    record = {key: value for key, value in run.items() if OF_TEST_SET.match(key)}
    record |= {"state": "imported", "settings": {}, "files": frozenset(), "policies": []}
    record |= {"overrides": [], "caveats": [], "leaks": False, "written": 0.0}
    record["every_seed"] = not rows["seed"].any()
    return record | {metric: values[f"/test/{metric}"] for metric in known}
