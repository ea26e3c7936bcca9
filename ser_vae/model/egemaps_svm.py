"""The 88 eGeMAPS functionals of an utterance to a support vector machine."""

from collections.abc import Mapping
from typing import Any

from ser_vae.configuration import build
from ser_vae.data.statistics import Statistics, Values
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.model.svm import SVM


class EGeMAPSSVM:
    """What an expert would measure of an utterance, to an SVM; `features` has no part in it.

    Attributes:
        extractor: waveform -> the `whole` of `data.statistics`.
    """

    level = "utterance"
    conditional = False

    def __init__(
        self,
        *,
        input_size: int,  # noqa: ARG002  (of the interface)
        num_classes: int,  # noqa: ARG002
        egemaps: Mapping[str, Any],
        svm: Mapping[str, Any],
    ) -> None:
        self.extractor: EGeMAPS = build(egemaps)
        self.svm = SVM(**svm)

    def probabilities(self, statistics: Statistics) -> Values:
        """(U of test, K)."""
        return self.svm.probabilities(whole_of(statistics), statistics)


def whole_of(statistics: Statistics) -> Values:
    """(U, 88)."""
    if statistics.whole is None:
        raise ValueError("expected the statistics to hold what the model's extractor gives")
    return statistics.whole
