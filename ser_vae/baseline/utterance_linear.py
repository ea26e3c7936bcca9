"""One vector per utterance -> logistic regression: the model pooled_linear."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_vae.baseline.estimator import FloatArray, LabelArray, Storable
from ser_vae.baseline.svm import fit_temperature, inner_folds, with_temperature
from ser_vae.baseline.utterance_svm import OneVector

MAX_STEPS = 1000  # of the optimizer; it needs tens
LEAST = np.finfo(np.float64).eps  # probability; else one outlier would decide the temperature


class Linear(Storable):
    """Multinomial logistic regression with calibrated probabilities.

    Values are scaled to a standard deviation of 1 in training.

    Args:
        C, class_weight: as in scikit-learn.
        folds: inner folds of the training set, from 2, on which the temperature is fitted.

    Attributes:
        temperature: by which log-probabilities are divided before the softmax.
    """

    learned = ("machine", "temperature")
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
        regression = LogisticRegression(
            C=self.C, class_weight=self.class_weight, max_iter=MAX_STEPS
        )
        self.machine = make_pipeline(StandardScaler(), regression)
        held_out = cross_val_predict(self.machine, vectors, label, cv=folds, method="predict_proba")
        self.temperature = fit_temperature(np.log(np.maximum(held_out, LEAST)), label)
        self.machine.fit(vectors, label)

    def predict_proba(self, vectors: FloatArray) -> FloatArray:
        """Return the softmax of the scaled log-probabilities: (M, E) -> (M, K)."""
        probability = np.maximum(self.machine.predict_proba(vectors), LEAST)
        return with_temperature(probability, self.temperature)


class UtteranceLinear(OneVector):
    """Classifies functionals over the frames.

    Args:
        functionals: the set of functionals.
        C, class_weight, folds: settings of `Linear`.
        sizes: of the data; not needed.
    """

    def __init__(
        self,
        *,
        functionals: str,
        C: float,  # noqa: N803  (as in scikit-learn)
        class_weight: str | None,
        folds: int,
        **sizes: int,
    ) -> None:
        super().__init__(Linear(C=C, class_weight=class_weight, folds=folds), functionals)
