"""One vector per utterance -> logistic regression: the model pooled_linear."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_vae.baseline.estimator import FloatArray, LabelArray
from ser_vae.baseline.svm import fit_temperature, inner_folds
from ser_vae.baseline.utterance_svm import OneVector
from ser_vae.baseline.vectors import UtteranceVectors

MAX_STEPS = 1000  # of the optimizer; it needs tens


class Linear:
    """Multinomial logistic regression with calibrated probabilities.

    Values are scaled to a standard deviation of 1 in training.

    Args:
        C, class_weight: as in scikit-learn.
        folds: inner folds of the training set, from 2, on which the temperature is fitted.

    Attributes:
        temperature: by which log-probabilities are divided before the softmax.
    """

    temperature: float
    machine: Pipeline

    def __init__(self, *, C: float, class_weight: str | None, folds: int) -> None:  # noqa: N803
        self.C, self.class_weight, self.folds = C, class_weight, folds

    def fit(
        self,
        vectors: FloatArray,
        label: LabelArray,
        *,
        emotions: Sequence[str],
        speakers: npt.NDArray[np.str_] | None,
        seed: int,
    ) -> None:
        """Learn from the training set; see `SVM.fit` for the arguments and errors."""
        folds = inner_folds(label, self.folds, emotions=emotions, speakers=speakers, seed=seed)
        held_out = np.empty((len(label), len(emotions)))
        for fitted, rest in folds:
            machine = self._machine().fit(vectors[fitted], label[fitted])
            held_out[rest] = machine.predict_log_proba(vectors[rest])
        self.temperature = fit_temperature(held_out, label)
        self.machine = self._machine().fit(vectors, label)

    def predict_proba(self, vectors: FloatArray) -> FloatArray:
        """Return the softmax of the scaled log-probabilities: (M, E) -> (M, K)."""
        scaled = self.machine.predict_log_proba(vectors) / self.temperature
        probability: FloatArray = softmax(scaled, axis=1)
        return probability

    def state(self) -> dict[str, Any]:
        """Return the fitted regression and its temperature."""
        return {"machine": self.machine, "temperature": self.temperature}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self.machine, self.temperature = state["machine"], state["temperature"]

    def _machine(self) -> Pipeline:
        regression = LogisticRegression(
            C=self.C, class_weight=self.class_weight, max_iter=MAX_STEPS
        )
        return make_pipeline(StandardScaler(), regression)


class UtteranceLinear(OneVector):
    """Classifies functionals over the frames.

    Args:
        input_size, num_classes, columns: not needed.
        functionals: the set of functionals.
        C, class_weight, folds: settings of `Linear`.
    """

    def __init__(
        self,
        *,
        input_size: int,  # noqa: ARG002
        num_classes: int,  # noqa: ARG002
        columns: int,  # noqa: ARG002
        functionals: str,
        **linear: Any,
    ) -> None:
        self.extractor = None
        self.vectors = UtteranceVectors(functionals=functionals, whole=False)
        self.classifier = Linear(**linear)
