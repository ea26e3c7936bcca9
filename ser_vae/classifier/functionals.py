"""Sequence of latents -> functionals over time -> emotion, by a support vector machine."""

from collections.abc import Mapping
from typing import Any

from ser_vae.baseline.utterance_svm import UtteranceSVM


class FunctionalsClassifier(UtteranceSVM):
    """Takes the place of the LSTM: `UtteranceSVM` with latents for frames.

    It uses no order of the segments beyond what the functionals describe.

    Args:
        input_size: Z.
        num_classes: K.
        functionals: the set of functionals over the latents, see `features.functionals`.
        svm: settings of `baseline.svm.SVM`.
    """

    def __init__(
        self, *, input_size: int, num_classes: int, functionals: str, svm: Mapping[str, Any]
    ) -> None:
        super().__init__(
            input_size=input_size,
            num_classes=num_classes,
            columns=input_size,
            functionals=functionals,
            svm=svm,
        )
