"""`predictions.csv`: what was said of each test utterance. All scores can be recomputed from it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.files import write_text

COLUMNS = ("utterance", "speaker", "dialogue", "truth", "guess")
PROBABILITY = "p_"  # prefix of the column of each emotion's probability


@dataclass(frozen=True)
class Predictions:
    """Of U test utterances.

    Attributes:
        emotions: the K classes, in the order of the probabilities.
        utterance, speaker, dialogue: U names each; a dialogue may be empty.
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
        """(U,) the most probable class of each."""
        guess: npt.NDArray[np.int64] = self.probability.argmax(axis=1)
        return guess


def predictions(
    utterances: Sequence[Utterance],
    label: npt.NDArray[np.int64],
    emotions: Sequence[str],
    probability: npt.NDArray[np.float64],
) -> Predictions:
    """Join probabilities (U, K) with utterances and labels (U,), and sort them by id."""
    order = sorted(range(len(utterances)), key=lambda index: utterances[index].id)
    chosen = [utterances[index] for index in order]
    return Predictions(
        tuple(emotions),
        tuple(utterance.id for utterance in chosen),
        tuple(utterance.speaker for utterance in chosen),
        tuple(utterance.dialogue or "" for utterance in chosen),
        label[order],
        probability[order],
    )


def pooled(folds: Sequence[Predictions]) -> Predictions:
    """Join the predictions of all folds, so that every utterance is scored once.

    Raises:
        ValueError: folds of other emotions, or an utterance in two of them.
    """
    names = [name for fold in folds for name in fold.utterance]
    if len({fold.emotions for fold in folds}) != 1 or len(set(names)) != len(names):
        raise ValueError("expected folds of one experiment, each utterance in one of them")
    return Predictions(
        folds[0].emotions,
        tuple(names),
        tuple(name for fold in folds for name in fold.speaker),
        tuple(name for fold in folds for name in fold.dialogue),
        np.concatenate([fold.truth for fold in folds]),
        np.concatenate([fold.probability for fold in folds]),
    )


def write(path: Path, predictions: Predictions) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(PROBABILITY + emotion for emotion in predictions.emotions)])
    for row in range(len(predictions.utterance)):
        writer.writerow(
            [
                predictions.utterance[row],
                predictions.speaker[row],
                predictions.dialogue[row],
                predictions.emotions[predictions.truth[row]],
                predictions.emotions[predictions.guess[row]],
                *predictions.probability[row].tolist(),  # every digit: rounded, guesses may tie
            ]
        )
    write_text(path, text.getvalue())


def read(path: Path) -> Predictions:
    """Read what `write` wrote.

    Raises:
        SerVaeError: the file is not of that form.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            text = file.read()
        if not text.endswith("\n"):  # the last number may lack digits
            raise ValueError("it ends within a line")
        header, *lines = csv.reader(io.StringIO(text, newline=""))
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        emotions = tuple(c.removeprefix(PROBABILITY) for c in rows[0] if c.startswith(PROBABILITY))
        found = Predictions(
            emotions,
            tuple(row["utterance"] for row in rows),
            tuple(row["speaker"] for row in rows),
            tuple(row["dialogue"] for row in rows),
            np.array([emotions.index(row["truth"]) for row in rows]),
            np.array([[float(row[PROBABILITY + e]) for e in emotions] for row in rows]),
        )
        if not np.isfinite(found.probability).all():
            raise ValueError("a probability that is no number")
        return found
    except (OSError, csv.Error, IndexError, KeyError, ValueError, TypeError) as error:
        raise SerVaeError(
            f"{path}: expected the columns {', '.join(COLUMNS)} and a {PROBABILITY}… for each "
            f"emotion, one row an utterance: {error!r}.\nRun that command again with force=true."
        ) from error
