"""Support vector machines on one vector an utterance: each class against the rest.

Cortes and Vapnik, "Support-Vector Networks", Machine Learning 20, 1995; what is known of an
utterance comes from `data.statistics`, labels of the test part not among it.
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
from ser_vae.data.statistics import Statistics, Values

Labels = npt.NDArray[np.int64]
Folds = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]  # learnt, held out: indices

KERNELS = ("linear", "rbf")
CLASS_WEIGHTS = (None, "balanced")
# Between which a temperature is looked for. Margins lie about ±1, so that the lowest leaves odds of
# e^40 where every held out utterance is right; at the highest all classes are even.
TEMPERATURES = (0.05, 1000.0)


class Setting(NamedTuple):
    kernel: str
    C: float
    class_weight: str | None


class SVM:
    """K machines, one a class against all others; the decision is the class of the largest margin.

    A machine a pair of classes, with votes, scores the same on RAVDESS; but votes say less of how
    sure they are, and their probabilities were less likely (0.67 nats an utterance, here 0.57).

    Attributes:
        chosen: the setting that was used, once `probabilities` has been called.
    """

    def __init__(
        self,
        *,
        kernel: str,
        C: float,  # noqa: N803  (its name everywhere)
        class_weight: str | None,
        tune: bool,
        grid: Mapping[str, Sequence[Any]],
        folds: int,
    ) -> None:
        """State one setting, and a grid of them that stands in its place where `tune` is true.

        Raises:
            SerVaeError: a value that no machine can have, or fewer than two folds.
        """
        if folds < 2:
            raise SerVaeError(f"svm: folds {folds}, expected 2 or more")
        tried = product(grid["kernel"], grid["C"], grid["class_weight"])
        own = Setting(kernel, C, class_weight)
        self.settings = [Setting(*each) for each in tried] if tune else [own]
        for setting in self.settings:
            check(setting)
        self.folds = folds
        self.chosen: Setting | None = None

    def probabilities(self, values: Values, statistics: Statistics) -> Values:
        """Learn from the training part, say of the test part: (U, E) -> (U of test, K).

        Inner folds of the training part choose the setting, by UA, where there are several, and
        the temperature at which a softmax of the margins gives their labels most likelihood. So the
        most probable class is always the machines' decision.

        Raises:
            SerVaeError: an emotion has fewer than two utterances in the training part.
        """
        train, label = values[statistics.in_train], statistics.label
        held_out = out_of_fold(self.settings, train, label, inner_folds(statistics, self.folds))
        said = {s: balanced_accuracy_score(label, m.argmax(1)) for s, m in held_out.items()}
        self.chosen = max(said, key=lambda setting: said[setting])  # of equal ones the first
        (found,) = margins([self.chosen], train, label, values[statistics.in_test]).values()
        probability: Values = softmax(found / temperature(held_out[self.chosen], label), axis=1)
        return probability


def check(setting: Setting) -> None:
    """Refuse a value that no machine can have."""
    if setting.kernel not in KERNELS or setting.class_weight not in CLASS_WEIGHTS or setting.C <= 0:
        raise SerVaeError(
            f"svm: kernel {setting.kernel}, C {setting.C}, class_weight {setting.class_weight}.\n"
            "Expected kernel linear or rbf, C above 0, class_weight null or balanced."
        )


def inner_folds(statistics: Statistics, folds: int) -> Folds:
    """Hold out parts of the training part as the test part is held out.

    Whole speakers where the test speakers are new and each emotion is left to be learnt in every
    fold; otherwise drawn by utterance, stratified by emotion.
    """
    label, speakers = statistics.label, statistics.held_out_speakers()
    count = np.bincount(label, minlength=len(statistics.emotions))
    if (rarest := int(count.min())) < 2:
        raise SerVaeError(
            f"{statistics.emotions[count.argmin()]}: {rarest} utterances in the training part, "
            "expected 2 or more.\nA support vector machine fits its probabilities on held out ones."
        )
    if speakers is not None:
        by_speaker = GroupKFold(min(folds, len(set(speakers))))
        found = list(by_speaker.split(label, label, speakers))
        if all(set(label[learnt]) == set(label) for learnt, _ in found):
            return found
    drawn = StratifiedKFold(min(folds, rarest), shuffle=True, random_state=statistics.seed % 2**32)
    return list(drawn.split(label, label))


def out_of_fold(
    settings: Sequence[Setting], values: Values, label: Labels, folds: Folds
) -> dict[Setting, Values]:
    """The margins (N, K) under each setting, in a fold of machines that have not learnt it."""
    found = {setting: np.empty((len(label), label.max() + 1)) for setting in settings}
    for learnt, held in folds:
        own = margins(settings, values[learnt], label[learnt], values[held])
        for setting in settings:
            found[setting][held] = own[setting]
    return found


def margins(
    settings: Sequence[Setting], train: Values, label: Labels, test: Values
) -> dict[Setting, Values]:
    """The margin of each class under each setting: (N, E) and (N,) learnt, (M, E) -> (M, K).

    Values are scaled to a deviation of 1 in training, so that the width of `rbf` is 1 / E.
    """
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    found = {}
    for kernel in dict.fromkeys(setting.kernel for setting in settings):
        inside, across = (pairwise_kernels(x, train, metric=kernel) for x in (train, test))
        for setting in settings:
            if setting.kernel == kernel:
                found[setting] = _margins(setting, inside, label, across)
    return found


def _margins(setting: Setting, inside: Values, label: Labels, across: Values) -> Values:
    """From the kernel's values among those learnt (N, N), and of others with them (M, N)."""
    machine = SVC(kernel="precomputed", C=setting.C, class_weight=setting.class_weight)
    classes = range(label.max() + 1)
    each = [machine.fit(inside, label == k).decision_function(across) for k in classes]
    return np.stack(each, axis=1)


def temperature(margins: Values, label: Labels) -> float:
    """By which to divide margins (N, K), so that their softmax gives labels (N,) most likelihood.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """

    def loss(log_temperature: float) -> float:
        said = log_softmax(margins / np.exp(log_temperature), axis=1)
        return -float(said[np.arange(len(label)), label].mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))
