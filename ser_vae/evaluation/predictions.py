"""`predictions.csv`: the predictions of a test set, from which all scores can be recomputed."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.files import write_text

COLUMNS = ("utterance", "speaker", "dialogue", "truth", "guess")
CONTROLS = ("random", "oracle")  # label policies that show the effect of a label; never a result
PROBABILITY = "p_"  # prefix of the column of each emotion's probability


@dataclass(frozen=True)
class Predictions:
    """Predictions of U test utterances.

    Attributes:
        emotions: the K classes, in the order of the probabilities.
        utterance, speaker, dialogue: U names each; an unknown dialogue is empty.
        truth: (U,) class indices.
        probability: (U, K).
    """

    emotions: tuple[str, ...]
    utterance: tuple[str, ...]
    speaker: tuple[str, ...]
    dialogue: tuple[str, ...]
    truth: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]

    @property
    def guess(self) -> npt.NDArray[np.int64]:
        """(U,) indices of the most probable classes."""
        return self.probability.argmax(axis=1)


def collect_predictions(
    utterances: Sequence[Utterance],
    label: npt.NDArray[np.int64],
    emotions: Sequence[str],
    probability: npt.NDArray[np.float64],
) -> Predictions:
    """Combine probabilities (U, K) with utterances and labels (U,), sorted by utterance id."""
    order = sorted(range(len(utterances)), key=lambda index: utterances[index].id)
    ordered = [utterances[index] for index in order]
    names = ((u.id, u.speaker, u.dialogue or "") for u in ordered)
    utterance, speaker, dialogue = zip(*names, strict=True)
    label, probability = label[order], probability[order]
    return Predictions(tuple(emotions), utterance, speaker, dialogue, label, probability)


def pooled(folds: Sequence[Predictions]) -> Predictions:
    """Concatenate the predictions of all folds.

    Raises:
        ValueError: the folds differ in their emotions, or an utterance is in two of them.
    """
    emotions, together = {fold.emotions for fold in folds}, pd.concat(map(to_frame, folds))
    if len(emotions) != 1 or together["utterance"].duplicated().any():
        raise ValueError("expected folds of one experiment, with each utterance in one fold")
    return from_frame(together, folds[0].emotions)


def to_frame(predictions: Predictions) -> pd.DataFrame:
    """Return one row per utterance: COLUMNS, and a probability per emotion."""
    p, emotions = predictions, np.array(predictions.emotions)
    columns = (p.utterance, p.speaker, p.dialogue, emotions[p.truth], emotions[p.guess])
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    table[[PROBABILITY + emotion for emotion in p.emotions]] = p.probability
    return table


def write(path: Path, predictions: Predictions) -> None:
    # All digits are kept: rounding could make two probabilities equal.
    write_text(path, to_frame(predictions).to_csv(index=False, lineterminator="\n"))


def read(path: Path) -> Predictions:
    """Read a file that `write` wrote.

    Raises:
        SerVaeError: the file is missing, truncated or has another format.
    """
    frame = read_frame(path)
    columns = frame.columns[len(COLUMNS) :]
    return from_frame(frame, [column.removeprefix(PROBABILITY) for column in columns])


def read_frame(path: Path) -> pd.DataFrame:
    """Read a file that `write` wrote: one row per utterance, with its columns.

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


def from_frame(frame: pd.DataFrame, emotions: Sequence[str]) -> Predictions:
    """Convert rows as `read_frame` returns them; they may have further columns."""
    utterance, speaker, dialogue = (tuple(frame[name]) for name in COLUMNS[:3])
    truth = pd.Categorical(frame["truth"], categories=list(emotions)).codes.astype(np.int64)
    probability = frame[[PROBABILITY + emotion for emotion in emotions]].to_numpy(dtype=np.float64)
    return Predictions(tuple(emotions), utterance, speaker, dialogue, truth, probability)
