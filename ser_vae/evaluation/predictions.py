"""`predictions.csv`: the predictions of a test set, from which all scores can be recomputed.

Everywhere in memory, too, predictions are a data frame with these columns, a row per utterance:

    utterance, speaker   their names
    dialogue             empty if unknown
    truth, guess         names of emotions; the guess is the most probable one
    p_EMOTION            the probability of each of the K emotions, in the order of the classes
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance

COLUMNS = ("utterance", "speaker", "dialogue", "truth", "guess")
CONTROLS = ("random", "oracle")  # label policies that show the effect of a label; never a result
PROBABILITY = "p_"  # prefix of the column of each emotion's probability


def collect_predictions(
    utterances: Sequence[Utterance],
    label: npt.NDArray[np.int64],
    emotions: Sequence[str],
    probability: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """Combine probabilities (U, K) with utterances and labels (U,), sorted by utterance id."""
    about = [(u.id, u.speaker, u.dialogue or "") for u in utterances]
    names, frame = np.array(emotions), pd.DataFrame(about, columns=COLUMNS[:3])
    frame = frame.assign(truth=names[label], guess=names[probability.argmax(axis=1)])
    frame[[PROBABILITY + emotion for emotion in emotions]] = probability
    return frame.sort_values("utterance", ignore_index=True)


def pooled(folds: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the predictions of all folds.

    Raises:
        ValueError: the folds differ in their emotions, or an utterance is in two of them.
    """
    together = pd.concat(folds, ignore_index=True)
    columns = {tuple(fold.columns) for fold in folds}
    if len(columns) != 1 or together["utterance"].duplicated().any():
        raise ValueError("expected folds of one experiment, with each utterance in one fold")
    return together


def emotions_of(predictions: pd.DataFrame) -> list[str]:
    """Return the K classes, in the order of the probabilities."""
    columns = predictions.columns[predictions.columns.str.startswith(PROBABILITY)]
    return [*columns.str.removeprefix(PROBABILITY)]


def probability_of(predictions: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """Return the probability (U,) of the emotion in a column, `truth` or `guess`."""
    columns = predictions.columns.get_indexer(PROBABILITY + predictions[column])
    return predictions.to_numpy()[range(len(predictions)), columns].astype(float)


def read(path: Path) -> pd.DataFrame:
    """Read the file of a run.

    Raises:
        SerVaeError: the file is missing, truncated or has another format.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n"):  # digits of the last number may be missing
            raise ValueError("the last line is incomplete")
        frame = pd.read_csv(io.StringIO(text), dtype=object, keep_default_na=False)
        probabilities = [column for column in frame if str(column).startswith(PROBABILITY)]
        frame = frame.astype(dict.fromkeys(probabilities, float))
        if not len(frame) or not np.isfinite(frame[probabilities]).all(axis=None):
            raise ValueError("no row, or a probability that is not finite")
        named = PROBABILITY + pd.concat([frame["truth"], frame["guess"]])
        if [*frame] != [*COLUMNS, *probabilities] or not named.isin(probabilities).all():
            raise ValueError("other columns or emotions")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SerVaeError(
            f"{path}: expected the columns {', '.join(COLUMNS)} and {PROBABILITY}EMOTION for each "
            f"emotion, and one row per utterance: {error!r}.\nRepeat the run with force=true."
        ) from error
    return frame
