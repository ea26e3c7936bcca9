"""One vector per utterance -> support vector machine: logmel_svm, egemaps_svm, handcrafted_svm."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ser_vae.baseline.estimator import FloatArray, LabelArray, UtteranceData
from ser_vae.baseline.svm import SVM, speakers_to_hold_out
from ser_vae.baseline.vectors import UtteranceVectors
from ser_vae.features.extractor import Extractor
from ser_vae.features.normalise import Policy
from ser_vae.settings import build


class UtteranceSVM:
    """Classifies functionals over the frames, eGeMAPS functionals, or both.

    Args:
        input_size, num_classes, columns: not needed.
        svm: settings of `baseline.svm.SVM`.
        functionals: the set of functionals over the frames; None for none.
        egemaps: settings of the extractor, with its `_target_`; None for none.
    """

    level = "utterance"
    conditional = False

    def __init__(
        self,
        *,
        input_size: int,  # noqa: ARG002
        num_classes: int,  # noqa: ARG002
        columns: int,  # noqa: ARG002
        svm: Mapping[str, Any],
        functionals: str | None = None,
        egemaps: Mapping[str, Any] | None = None,
    ) -> None:
        self.extractor: Extractor | None = None if egemaps is None else build(egemaps)
        self.vectors = UtteranceVectors(functionals=functionals, whole=egemaps is not None)
        self.svm = SVM(**svm)

    def fit(
        self,
        data: UtteranceData,
        label: LabelArray,
        part: Sequence[str],
        *,
        emotions: Sequence[str],
        normalise: Policy,
        seed: int,
    ) -> None:
        """Fit the normaliser on all utterances (U,) and the machines on the training set.

        Raises:
            SerVaeError: the training set has fewer than two utterances of an emotion.
        """
        train = np.array(part) == "train"
        vectors = self.vectors.fit(data, part, normalise)
        speakers = speakers_to_hold_out(data.speakers, part)
        self.svm.fit(vectors[train], label[train], emotions=emotions, speakers=speakers, seed=seed)

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the probability of each class: (U, K)."""
        return self.svm.predict_proba(self.vectors.transform(data))

    def add_speaker(self, speaker: str, data: UtteranceData) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""
        self.vectors.add_speaker(speaker, data)

    def state(self) -> dict[str, Any]:
        """Return the fitted normaliser and machines."""
        return {"vectors": self.vectors.state(), "svm": self.svm.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self.vectors.load_state(state["vectors"])
        self.svm.load_state(state["svm"])
