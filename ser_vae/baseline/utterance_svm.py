"""One vector per utterance -> support vector machine.

The models pooled_svm, logmel_svm, egemaps_svm and handcrafted_svm, which differ in the vector.
"""

from collections.abc import Mapping
from typing import Any

from ser_vae.baseline.estimator import FloatArray, Training, UtteranceData
from ser_vae.baseline.svm import SVM, speakers_to_hold_out
from ser_vae.baseline.vectors import UtteranceVectors
from ser_vae.features.extractor import Extractor
from ser_vae.settings import build


class OneVector:
    """Classifies one vector per utterance; a subclass chooses the vector and the classifier."""

    level = "utterance"
    conditional = False
    extractor: Extractor | None
    vectors: UtteranceVectors
    classifier: Any  # SVM, or another class with its methods

    def fit(self, data: UtteranceData, training: Training) -> None:
        """Fit the normaliser on all utterances (U,) and the classifier on the training set.

        Raises:
            SerVaeError: the training set has fewer than two utterances of an emotion.
        """
        vectors = self.vectors.fit(data, training.part, training.normalise)
        self.classifier.fit(
            vectors[training.in_train],
            training.label[training.in_train],
            emotions=training.emotions,
            speakers=speakers_to_hold_out(data.speakers, training.part),
            seed=training.seed,
        )

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the probability of each class: (U, K)."""
        probability: FloatArray = self.classifier.predict_proba(self.vectors.transform(data))
        return probability

    def add_speaker(self, speaker: str, data: UtteranceData) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""
        self.vectors.add_speaker(speaker, data)

    def state(self) -> dict[str, Any]:
        """Return the fitted normaliser and classifier."""
        return {"vectors": self.vectors.state(), "classifier": self.classifier.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self.vectors.load_state(state["vectors"])
        self.classifier.load_state(state["classifier"])


class UtteranceSVM(OneVector):
    """Classifies functionals over the frames, eGeMAPS functionals, or both.

    Args:
        input_size, num_classes, columns: not needed.
        svm: settings of `baseline.svm.SVM`.
        functionals: the set of functionals over the frames; None for none.
        egemaps: settings of the extractor, with its `_target_`; None for none.
    """

    classifier: SVM

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
        self.extractor = None if egemaps is None else build(egemaps)
        self.vectors = UtteranceVectors(functionals=functionals, whole=egemaps is not None)
        self.classifier = SVM(**svm)
