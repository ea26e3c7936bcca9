"""One vector per utterance -> logistic regression: the model pooled_linear."""

from sklearn.linear_model import LogisticRegression

from ser_vae.baseline.calibrated import CalibratedClassifier
from ser_vae.baseline.utterance_svm import OneVector

MAX_STEPS = 1000  # of the optimizer; it needs tens


class UtteranceLinear(OneVector):
    """Classifies functionals over the frames.

    Args:
        functionals: the set of functionals.
        C, class_weight: as in scikit-learn.
        folds: inner folds of the training set, from 2, on which the temperature is fitted.
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
        super().__init__(functionals, egemaps=None)
        regression = LogisticRegression(C=C, class_weight=class_weight, max_iter=MAX_STEPS)
        self.classifier = CalibratedClassifier([regression], folds)
