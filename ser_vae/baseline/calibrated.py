"""Classifiers of scikit-learn with calibrated probabilities, selected by cross-validation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_vae import SerVaeError
from ser_vae.baseline.estimator import FloatArray, LabelArray, Storable, Training
from ser_vae.corpus.utterance import is_unknown

Folds = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]  # indices: fitted, held out

# The range in which the temperature is searched; the highest makes classes equal.
TEMPERATURES = (0.05, 1000.0)
LEAST = np.log(np.finfo(np.float64).eps)  # log-probability; else one outlier would decide


class CalibratedClassifier(Storable):
    """The best of some classifiers of vectors, with a temperature for its probabilities.

    Values are scaled to a standard deviation of 1 in training.

    Args:
        classifiers: of scikit-learn, with a `decision_function`.
        folds: inner folds of the training set, from 2.

    Attributes:
        machine: the classifier that was selected and fitted, behind its scaler.
        temperature: by which its decision values are divided before the softmax.
    """

    learned = ("machine", "temperature")
    machine: Pipeline
    temperature: float

    def __init__(self, classifiers: Sequence[Any], folds: int) -> None:
        self.candidates = [make_pipeline(StandardScaler(), each) for each in classifiers]
        self.folds = folds

    def fit(self, vectors: FloatArray, speakers: Sequence[str], training: Training) -> None:
        """Learn from the training set.

        The inner folds select the classifier with the highest UA, the first of equal ones, and the
        temperature that makes the held-out labels most likely.

        Args:
            vectors: (U, E) of all utterances.
            speakers: of all utterances.
            training: their labels and sets.

        Raises:
            SerVaeError: the training set has fewer than two utterances of an emotion.
        """
        vectors, label = vectors[training.in_train], training.label[training.in_train]
        folds = inner_folds(speakers, training, self.folds)
        held_out = [
            log_probability(
                cross_val_predict(each, vectors, label, cv=folds, method="decision_function")
            )
            for each in self.candidates
        ]
        ua = [balanced_accuracy_score(label, each.argmax(axis=1)) for each in held_out]
        best = int(np.argmax(ua))
        self.temperature = fit_temperature(held_out[best], label)
        self.machine = self.candidates[best].fit(vectors, label)

    def predict_proba(self, vectors: FloatArray) -> FloatArray:
        """Return the softmax at the temperature: (M, E) -> (M, K)."""
        values = log_probability(self.machine.decision_function(vectors))
        return softmax(values / self.temperature, axis=1)


def log_probability(decision: FloatArray) -> FloatArray:
    """Return the logarithm of the softmax of decision values (N, K), (N,) if K = 2: (N, K)."""
    if decision.ndim == 1:
        decision = np.column_stack([np.zeros_like(decision), decision])
    return np.maximum(log_softmax(decision, axis=1), LEAST)


def inner_folds(speakers: Sequence[str], training: Training, folds: int) -> Folds:
    """Split the training set for cross-validation; `speakers` are those of all utterances.

    Whole speakers are held out if the test set consists of new speakers, and the training set of
    several known ones, each without whom all emotions remain to learn; otherwise utterances are
    drawn, stratified by emotion.

    Raises:
        SerVaeError: the training set has fewer than two utterances of an emotion.
    """
    label, emotions = training.label[training.in_train], training.emotions
    count = np.bincount(label, minlength=len(emotions))
    rarest = int(count.argmin())
    if count[rarest] < 2:
        raise SerVaeError(
            f"{emotions[rarest]}: {count[rarest]} utterances in the training set, expected 2 or "
            "more.\nIts probabilities are calibrated on held-out utterances."
        )
    groups = np.array(speakers)[training.in_train]
    known, tested = set(groups), set(np.array(speakers)[np.array(training.part) == "test"])
    if len(known) > 1 and not known & tested and not any(map(is_unknown, known)):
        by_speaker = GroupKFold(min(folds, len(known)))
        grouped = list(by_speaker.split(label, label, groups))
        if all(set(label[fitted]) == set(label) for fitted, _ in grouped):
            return grouped
    seed = training.seed % 2**32
    stratified = StratifiedKFold(min(folds, count[rarest]), shuffle=True, random_state=seed)
    return list(stratified.split(label, label))


def fit_temperature(logits: FloatArray, label: LabelArray) -> float:
    """Return the divisor of logits (N, K) that makes labels (N,) most likely under the softmax.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. Of each label, 1 / (N + 2) is
    spread over the classes, as Platt (1999) does: if all N guesses are correct, the lowest
    temperature would otherwise be most likely, and all probabilities would be 0 or 1.
    """
    spread = 1 / (len(label) + 2)

    def loss(log_temperature: float) -> float:
        log_probability = log_softmax(logits / np.exp(log_temperature), axis=1)
        of_label = log_probability[np.arange(len(label)), label].mean()
        return -float((1 - spread) * of_label + spread * log_probability.mean())

    result = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(result.x))


def with_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Divide the logits behind probabilities (U, K) by a temperature; no prediction changes."""
    if temperature == 1:
        return probabilities
    log_probability = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return softmax(log_probability / temperature, axis=1)
