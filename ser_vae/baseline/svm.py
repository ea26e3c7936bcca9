"""Support vector machines, one per class against the rest, with calibrated probabilities.

Cortes and Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ser_vae import SerVaeError
from ser_vae.baseline.estimator import FloatArray, LabelArray, Storable
from ser_vae.corpus.utterance import is_unknown

Folds = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]  # indices: fitted, held out

# The range in which the temperature is searched; the highest makes classes equal.
TEMPERATURES = (0.05, 1000.0)


class Setting(NamedTuple):
    """Hyper-parameters of a support vector machine, named as in scikit-learn."""

    kernel: str
    C: float
    class_weight: str | None


class SVM(Storable):
    """K machines, one per class against the rest; the class of the largest margin is predicted.

    Values are scaled to a standard deviation of 1 in training; gamma of `rbf` is 1 / E.
    One machine per pair of classes, with votes, scores the same on RAVDESS, but its probabilities
    are worse: an NLL of 0.67 nats per utterance instead of 0.57.

    Args:
        kernel, C, class_weight: the setting if `tune` is false.
        tune: whether the setting is selected from all combinations of `grid` instead.
        grid: the values to try of kernel, C and class_weight.
        folds: inner folds of the training set, from 2.

    Attributes:
        setting: the values of the `Setting` in use.
        temperature: by which margins are divided before the softmax.
    """

    learned = ("setting", "temperature", "scaler", "train", "machines")
    setting: list[Any]
    temperature: float
    train: FloatArray  # (N, E), scaled

    def __init__(
        self,
        *,
        kernel: str,
        C: float,  # noqa: N803  (as in scikit-learn)
        class_weight: str | None,
        tune: bool,
        grid: Mapping[str, Sequence[Any]],
        folds: int,
    ) -> None:
        combinations = product(grid["kernel"], grid["C"], grid["class_weight"])
        fixed = Setting(kernel, C, class_weight)
        self.settings = [Setting(*values) for values in combinations] if tune else [fixed]
        self.folds = folds

    def fit(
        self,
        vectors: FloatArray,
        label: LabelArray,
        *,
        emotions: Sequence[str],
        speakers: npt.NDArray[np.str_] | None,
        seed: int,
    ) -> None:
        """Learn from the training set: vectors (N, E), label (N,).

        The inner folds select the setting with the highest UA, the first of equal ones, and the
        temperature that makes the held-out labels most likely.

        Args:
            vectors: (N, E) of the training set.
            label: (N,) class indices.
            emotions: the K classes.
            speakers: (N,) to hold out whole speakers in the inner folds; None to draw utterances.
            seed: of the drawn folds.

        Raises:
            SerVaeError: the training set has fewer than two utterances of an emotion.
        """
        folds = inner_folds(label, self.folds, emotions=emotions, speakers=speakers, seed=seed)
        held_out = held_out_margins(self.settings, vectors, label, folds)
        ua = {s: balanced_accuracy_score(label, m.argmax(axis=1)) for s, m in held_out.items()}
        chosen = max(ua, key=lambda setting: ua[setting])
        self.setting, self.temperature = list(chosen), fit_temperature(held_out[chosen], label)
        self.scaler = StandardScaler().fit(vectors)
        self.train = self.scaler.transform(vectors)
        kernel = pairwise_kernels(self.train, metric=chosen.kernel)
        self.machines = fit_machines(chosen, kernel, label)

    def predict_proba(self, vectors: FloatArray) -> FloatArray:
        """Return the softmax of the scaled margins: (M, E) -> (M, K)."""
        scaled = self.scaler.transform(vectors)
        kernel = pairwise_kernels(scaled, self.train, metric=Setting(*self.setting).kernel)
        return softmax(margins(self.machines, kernel) / self.temperature, axis=1)


def speakers_to_hold_out(
    speakers: Sequence[str], part: Sequence[str]
) -> npt.NDArray[np.str_] | None:
    """Return the speaker of each training utterance (N,) if inner folds should keep them apart.

    That is so if the test set consists of new speakers. None if it shares a speaker with the
    training set, or if the training set has a single speaker or an unknown one.
    """
    in_train = [name for name, subset in zip(speakers, part, strict=True) if subset == "train"]
    in_test = {name for name, subset in zip(speakers, part, strict=True) if subset == "test"}
    train = set(in_train)
    if train & in_test or any(map(is_unknown, train)) or len(train) < 2:
        return None
    return np.array(in_train)


def inner_folds(
    label: LabelArray,
    folds: int,
    *,
    emotions: Sequence[str],
    speakers: npt.NDArray[np.str_] | None,
    seed: int,
) -> Folds:
    """Split the training set (N,) for cross-validation.

    Whole speakers are held out if `speakers` are given and every fold keeps all emotions to learn;
    otherwise utterances are drawn, stratified by emotion.
    """
    count = np.bincount(label, minlength=len(emotions))
    rarest = int(count.argmin())
    if count[rarest] < 2:
        raise SerVaeError(
            f"{emotions[rarest]}: {count[rarest]} utterances in the training set, expected 2 or "
            "more.\nA support vector machine is calibrated on held-out utterances."
        )
    if speakers is not None:
        by_speaker = GroupKFold(min(folds, len(set(speakers))))
        grouped = list(by_speaker.split(label, label, speakers))
        if all(set(label[fitted]) == set(label) for fitted, _ in grouped):
            return grouped
    stratified = StratifiedKFold(min(folds, count[rarest]), shuffle=True, random_state=seed % 2**32)
    return list(stratified.split(label, label))


def held_out_margins(
    settings: Sequence[Setting], vectors: FloatArray, label: LabelArray, folds: Folds
) -> dict[Setting, FloatArray]:
    """Return the margins (N, K) under each setting, from machines not fitted on the utterance.

    Kernels are computed once per fold for all settings that share them.
    """
    result = {setting: np.empty((len(label), label.max() + 1)) for setting in settings}
    for fitted, held_out in folds:
        scaler = StandardScaler().fit(vectors[fitted])
        train, test = scaler.transform(vectors[fitted]), scaler.transform(vectors[held_out])
        for name in dict.fromkeys(setting.kernel for setting in settings):
            inside, across = (pairwise_kernels(x, train, metric=name) for x in (train, test))
            for setting in (s for s in settings if s.kernel == name):
                machines = fit_machines(setting, inside, label[fitted])
                result[setting][held_out] = margins(machines, across)
    return result


def fit_machines(setting: Setting, kernel: FloatArray, label: LabelArray) -> list[SVC]:
    """Fit one machine per class, from the kernel (N, N) of the training vectors."""
    options = {"kernel": "precomputed", "C": setting.C, "class_weight": setting.class_weight}
    return [SVC(**options).fit(kernel, label == k) for k in range(label.max() + 1)]


def margins(machines: Sequence[SVC], kernel: FloatArray) -> FloatArray:
    """Return the margin of each class, from the kernel (M, N) with the training vectors: (M, K)."""
    return np.stack([machine.decision_function(kernel) for machine in machines], axis=1)


def fit_temperature(margins: FloatArray, label: LabelArray) -> float:
    """Return the divisor of margins (N, K) that makes labels (N,) most likely under the softmax.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. Of each label, 1 / (N + 2) is
    spread over the classes, as Platt (1999) does: if all N margins are correct, the lowest
    temperature would otherwise be most likely, and all probabilities would be 0 or 1.
    """
    spread = 1 / (len(label) + 2)

    def loss(log_temperature: float) -> float:
        log_probability = log_softmax(margins / np.exp(log_temperature), axis=1)
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
