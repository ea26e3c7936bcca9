"""Sequence of latents -> functionals over time -> emotion, by a support vector machine."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.data.statistics import Statistics, Values
from ser_vae.features.functionals import functionals
from ser_vae.model.svm import SVM


class FunctionalsClassifier:
    """The functionals of an utterance's latents, standardised as frames are, to an SVM.

    In place of an LSTM: it knows no order but what the set of functionals says of it.
    """

    def __init__(
        self,
        *,
        input_size: int,  # noqa: ARG002  (of the interface)
        num_classes: int,  # noqa: ARG002
        functionals: str,
        svm: Mapping[str, Any],
    ) -> None:
        self.functionals = functionals
        self.svm = SVM(**svm)

    def fit_predict(
        self, sequences: Sequence[npt.NDArray[np.floating]], statistics: Statistics
    ) -> Values:
        """Learn from the training part, say of the test part: U x (S, Z) -> (U of test, K)."""
        values = np.stack([functionals(self.functionals, sequence) for sequence in sequences])
        return self.svm.probabilities(statistics.standardised(values), statistics)
