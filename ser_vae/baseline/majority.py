"""The most frequent emotion of the training set: what every other score has to exceed."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ser_vae.baseline.estimator import (
    FloatArray,
    LabelArray,
    Training,
    UtteranceData,
    UtteranceEstimator,
)


class Majority(UtteranceEstimator):
    """Predicts the class frequencies of the training set for every utterance."""

    learned: ClassVar[tuple[str, ...]] = ("frequencies",)  # (K,)

    def __init__(self, *, input_size: int, num_classes: int, columns: int) -> None:
        """Accept what every baseline is built with; there is nothing to set."""

    def fit(self, data: UtteranceData, training: Training) -> None:
        """Count the emotions of the training set."""
        self.frequencies = class_frequencies(training.label[training.in_train], training.emotions)

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the same row for each utterance: (U, K)."""
        return np.tile(self.frequencies, (len(data.speakers), 1))


def class_frequencies(label: LabelArray, emotions: Sequence[str]) -> FloatArray:
    """Return the relative frequency of each of K emotions in labels (U,): (K,).

    Among equally frequent emotions, the first in alphabetical order gets the next larger number, so
    that the prediction equals that of `data.audit.lookup_counts`.
    """
    frequencies: FloatArray = np.bincount(label, minlength=len(emotions)) / len(label)
    most_frequent = min(range(len(emotions)), key=lambda k: (-frequencies[k], emotions[k]))
    frequencies[most_frequent] = np.nextafter(frequencies[most_frequent], np.inf)
    return frequencies
