"""Log-mel frames, summed up over an utterance, to a support vector machine."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ser_vae.data.statistics import Statistics, Values
from ser_vae.features.functionals import functionals
from ser_vae.model.svm import SVM


class LogMelSVM:
    """The functionals of an utterance's frames (whatever `features` are) to an SVM."""

    level = "utterance"
    conditional = False
    extractor = None

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

    def probabilities(self, statistics: Statistics) -> Values:
        """(U of test, K)."""
        return self.svm.probabilities(over_frames(self.functionals, statistics), statistics)


def over_frames(name: str, statistics: Statistics) -> Values:
    """The set `name` of functionals over each utterance's frames, standardised: (U, n F)."""
    values = np.stack([functionals(name, frames) for frames in statistics.frames])
    return statistics.standardised(values)
