"""Small sets of utterances for estimators that classify an utterance as a whole."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from composed import composed

from ser_vae.baseline.estimator import FloatArray, Training, UtteranceData

EMOTIONS = ("sad", "angry", "happy")  # not in alphabetical order
RUNTIME = {"input_size": 30, "num_classes": 3, "columns": 3}
SVM_SETTINGS = {
    "kernel": "linear",
    "C": 0.1,
    "class_weight": "balanced",
    "folds": 3,
    "tune": False,
    "grid": {"kernel": ["linear", "rbf"], "C": [0.01, 1.0], "class_weight": [None, "balanced"]},
}
EGEMAPS = composed("model=egemaps_svm")["model"]["egemaps"]


class Utterances(NamedTuple):
    """U utterances with the true label (U,) of each, including the test set's."""

    data: UtteranceData
    label: npt.NDArray[np.int64]
    part: list[str]

    @property
    def train(self) -> npt.NDArray[np.bool_]:
        return np.array(self.part) == "train"

    @property
    def test(self) -> npt.NDArray[np.bool_]:
        return np.array(self.part) == "test"

    def fit(self, estimator: Any, *, normalise: str = "train", seed: int = 7) -> Any:
        """Fit an estimator as a run does: it gets no label outside the training set."""
        label = np.where(self.train, self.label, -1)
        estimator.fit(self.data, Training(label, self.part, EMOTIONS, normalise, seed))
        return estimator

    def select(self, mask: npt.NDArray[np.bool_]) -> UtteranceData:
        """Return the data of the utterances where `mask` (U,) is true."""
        chosen, (frames, whole, speakers) = np.flatnonzero(mask), vars(self.data).values()
        return UtteranceData(
            [frames[index] for index in chosen],
            None if whole is None else whole[chosen],
            tuple(speakers[index] for index in chosen),
        )

    def test_probabilities(self, estimator: Any, **settings: Any) -> FloatArray:
        """Fit an estimator and return its probabilities for the test set."""
        return self.fit(estimator, **settings).predict_proba(self.select(self.test))


def make_utterances(
    label: Sequence[int],
    part: Sequence[str],
    speakers: Sequence[str],
    *,
    values: FloatArray | None = None,
) -> Utterances:
    """Make frames (20, F) around the row of `values` (U, F), by default around the label."""
    rng = np.random.default_rng(0)
    values = np.eye(len(EMOTIONS))[list(label)] if values is None else values
    frames = [rng.normal(row, 0.3, (20, len(row))).astype(np.float32) for row in values]
    whole = np.random.default_rng(2).normal(3, 5, (len(label), 88)).astype(np.float32)
    return Utterances(UtteranceData(frames, whole, tuple(speakers)), np.array(label), list(part))


def four_speakers(utterances: int = 48) -> Utterances:
    """Three emotions by four speakers; the last speaker is the test set."""
    label = [number % 3 for number in range(utterances)]
    speakers = [f"s{number % 4}" for number in range(utterances)]
    part = ["test" if speaker == "s3" else "train" for speaker in speakers]
    values = np.eye(3)[label] + np.random.default_rng(0).normal(0, 0.3, (utterances, 3))
    return make_utterances(label, part, speakers, values=values)
