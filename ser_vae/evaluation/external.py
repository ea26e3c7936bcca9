"""Read the predictions of another system, and check that they fit a test set.

The file is a CSV with a row per utterance:

    utterance       as in predictions.csv
    guess           the predicted emotion
    p_EMOTION       optional: a probability per emotion, for NLL and ECE
    seed            optional: the seed of the runs to compare with; without it, those of every seed
    truth, speaker  optional: checked

The rest is taken from `predictions.csv` of a run that was tested on the same utterances.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.evaluation.predictions import COLUMNS, PROBABILITY

EXAMPLES = 5  # names in a message
TOLERANCE = 0.01  # of the sum of an utterance's probabilities


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
    raise_if_any(path, "columns are missing", [c for c in ("utterance", "guess") if c not in rows])
    return rows if "seed" in rows else rows.assign(seed="")


def select_tested(
    rows: pd.DataFrame, tested: pd.DataFrame, emotions: Sequence[str], run: str, path: Path
) -> pd.DataFrame:
    """Return the predictions of a test set in the form of `predictions.csv`.

    Without probabilities, that of the guess is 1.

    Args:
        rows: of the file, about tested utterances.
        tested: predictions.csv of a run.
        emotions: its classes.
        run: its name, for messages.
        path: the file, for messages.

    Raises:
        SerVaeError: the rows do not fit; the message names the utterances, emotions or columns.
    """
    missing = {*tested["utterance"]} - {*rows["utterance"]}
    raise_if_any(path, f"utterances tested in {run} are missing", missing)
    twice = rows["utterance"][rows["utterance"].duplicated()]
    raise_if_any(path, "utterances have more than one row", twice)
    raise_if_any(path, f"not an emotion of {run}", {*rows["guess"]} - {*emotions})
    table = tested[["utterance", "speaker", "dialogue", "truth"]]
    table = table.merge(rows, on="utterance", suffixes=("", "_given"))
    for column in ("truth", "speaker"):
        differs = table.get(f"{column}_given", table[column]) != table[column]
        raise_if_any(path, f"the {column} differs from {run}", table["utterance"][differs])
    columns = [PROBABILITY + emotion for emotion in emotions]
    if not has_probabilities(rows):
        table[columns] = table[["guess"] * len(emotions)].to_numpy() == np.array(emotions)
    unknown = {*columns}.symmetric_difference(c for c in table if c.startswith(PROBABILITY))
    raise_if_any(path, "columns are missing or unknown", unknown)
    p = table[columns].to_numpy(dtype=float)
    valid = (p.min(axis=1) >= 0) & (abs(p.sum(axis=1) - 1) < TOLERANCE)
    raise_if_any(
        path, "probabilities are negative or do not add up to 1", table["utterance"][~valid]
    )
    other = np.array(emotions)[p.argmax(axis=1)] != table["guess"]
    raise_if_any(path, "the guess is not the most probable emotion", table["utterance"][other])
    return table[[*COLUMNS, *columns]].astype(dict.fromkeys(columns, float))


def has_probabilities(rows: pd.DataFrame) -> bool:
    return any(column.startswith(PROBABILITY) for column in rows)


def raise_if_any(path: Path, problem: str, names: Iterable[str]) -> None:
    """Raise an error that names the first of `names`, if there are any."""
    unique = sorted({*names})
    more = f" and {len(unique) - EXAMPLES} more" if len(unique) > EXAMPLES else ""
    if unique:
        raise SerVaeError(f"{path}: {problem}: {', '.join(unique[:EXAMPLES])}{more}.")
